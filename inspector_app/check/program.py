"""The subject's own program, as the cases speak of it. Only a test of one's own has one at hand."""

from __future__ import annotations

from typing import Any, Protocol


class Program(Protocol):
    """What the program of a subject does. Calls bear the names that the case gives them.

    An ending is an object with `ending`: `result` (with `value`), `end`, `error` (`code`, `message`,
    `details`), `timeout`, `cancelled`, `overflow`, `closed` or `lost` (`code`), `refused` (`why`).
    """

    async def call(self, name: str, kind: str, data: dict[str, Any], **timeouts: float) -> None:
        """Begin a call of this kind, without waiting for what becomes of it.

        `timeouts`: `timeout_s` and `idle_timeout_s`, where the case has them.
        """

    async def notify(self, data: dict[str, Any]) -> None:
        """Send a fire-and-forget."""

    async def write(self, name: str, items: list[Any]) -> None:
        """Begin to send items on a bidirectional stream, behind those that were begun before."""

    async def written(self, name: str) -> dict[str, Any]:
        """How the last `write` ended; `{"ending": "written"}` when all went well."""

    async def end(self, name: str) -> None:
        """End the program's half of a bidirectional stream, behind what was begun before."""

    async def cancel(self, name: str) -> None:
        """Give a call up."""

    async def read(self, name: str, count: int) -> list[Any]:
        """The next so many items of a stream, or fewer if it ends before."""

    async def outcome(self, name: str) -> dict[str, Any]:
        """How a call ended; of a stream, with the `items` that were still to be read before."""

    async def leave(self, code: int, drain_s: float) -> None:
        """Begin to close the connection, giving what is in flight so long to end."""

    def findings(self) -> int:
        """How many findings this side has reported."""
