"""What a server says that it offers (protocol.md §10), and what of it a call is looking for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipstream import RemoteError, RequestTimeoutError
from slipstream.reserved import DESCRIBE

if TYPE_CHECKING:
    from inspector_app.intents import MessageKind
    from slipstream import Protocol

KINDS: Final[Mapping[str, MessageKind]] = {
    "request_response": "request",
    "request_stream": "stream",
    "stream_stream": "bidirectional",
    "fire_and_forget": "oneway",
}
"""The kinds of operations as a description names them, and as a person does."""

_RESERVED: Final = "slipstream."


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One operation. `params` and `returns` are whatever the server says; a JSON Schema, if it is right."""

    name: str
    kind: MessageKind
    doc: str = ""
    params: object = None
    returns: object = None
    deprecated: bool = False

    @property
    def reserved(self) -> bool:
        """Whether it is of the protocol, and not of the application."""
        return self.name.startswith(_RESERVED)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The whole description: `raw` is its data as it came, `operations` what can be read of it."""

    raw: Mapping[str, Any]
    operations: tuple[Described, ...]

    def find(self, name: str) -> Described | None:
        """The operation of this name."""
        return next((each for each in self.operations if each.name == name), None)

    def nearest(self, name: str) -> str | None:
        """The name that was perhaps meant."""
        names = [each.name for each in self.operations]
        folded = {each.lower(): each for each in names}
        close = difflib.get_close_matches(name[:100].lower(), folded, n=1, cutoff=0.6)
        return folded[close[0]] if close else None


async def ask_catalogue(protocol: Protocol, *, timeout_s: float | None = None) -> Catalogue | None:
    """Ask a server to describe itself; None if it does not, or not in time (protocol.md §10).

    Waits `limits.describe_timeout_s`, or `timeout_s` if that is less. Raises `ConnectionClosedError` when the
    connection ends.
    """
    patience_s = protocol.limits.describe_timeout_s
    if timeout_s is not None:
        patience_s = min(patience_s, timeout_s)
    try:
        answer = await protocol.request_response({"operation": DESCRIBE}, timeout=patience_s)
    except (RemoteError, RequestTimeoutError):
        return None
    return read_catalogue(answer)


def read_catalogue(answer: object) -> Catalogue | None:
    """Read a description, which may be anything; None if it is none."""
    if not isinstance(answer, dict) or not isinstance(answer.get("operations"), list):
        return None
    return Catalogue(answer, tuple(_readable(answer["operations"])))


def _readable(operations: list[object]) -> Iterator[Described]:
    for each in operations:
        if not isinstance(each, dict) or not isinstance(each.get("name"), str):
            continue
        kind = KINDS.get(str(each.get("kind")))
        if kind is None:
            continue
        doc = each.get("doc")
        yield Described(
            name=each["name"],
            kind=kind,
            doc=doc if isinstance(doc, str) else "",
            params=each.get("params"),
            returns=each.get("returns"),
            deprecated=each.get("deprecated") is True,
        )
