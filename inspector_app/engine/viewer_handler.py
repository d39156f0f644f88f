"""What the engine can tell a viewer over the control channel. Owns nothing but the three operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipstream import ProtocolHandler, fire_and_forget

if TYPE_CHECKING:
    from collections.abc import Callable


class ViewerHandler(ProtocolHandler):
    """Passes on what the engine says."""

    def __init__(
        self,
        on_problem: Callable[[str, str], None],
        on_moved: Callable[[str], None] | None = None,
        on_stays: Callable[[bool], None] | None = None,
    ) -> None:
        self._on_problem = on_problem
        self._on_moved = on_moved
        self._on_stays = on_stays

    @fire_and_forget
    async def problem(self, data: dict[str, Any]) -> None:
        """Hear about a problem of the recording (`level` problem), or that it is over (`level` info)."""
        self._on_problem(str(data.get("level", "problem")), str(data.get("text", "")))

    @fire_and_forget
    async def moved(self, data: dict[str, Any]) -> None:
        """Hear that recording goes on in another `capture`."""
        if self._on_moved is not None:
            self._on_moved(str(data.get("capture", "")))

    @fire_and_forget
    async def stays(self, data: dict[str, Any]) -> None:
        """Hear whether the engine runs on (`on`) when the viewer that started it ends."""
        if self._on_stays is not None:
            self._on_stays(data.get("on") is True)
