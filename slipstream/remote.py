"""What is known of the other side of a connection, and what its `meta` says (protocol.md §8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from slipstream.frames import Frame
from slipstream.spelling import CANONICAL, Spelling, follow

VERSION: Final = 1
"""The version of the protocol that this package speaks."""

# A caller that waits longer might as well not have said so, and no clock overflows.
_LONGEST_S = 1e9

# A boolean is none.
_NUMBERS = frozenset({int, float})


@dataclass(slots=True)
class Remote:
    """The other side. `modern` is None until its first frame (protocol.md §8)."""

    peer_id: str | None = None
    modern: bool | None = None
    version: int = VERSION
    software: str = ""
    credit: int | None = None
    max_frame_bytes: int | None = None
    spelling: Spelling = CANONICAL

    def learn(self, frame: Frame) -> bool:
        """Take from a frame of its who it is and how it spells; True for the first one."""
        self.peer_id = self.peer_id or frame.peer_id
        self.spelling = follow(self.spelling, frame.spelled, frame.type.value)
        if self.modern is not None:
            return False
        hello = frame.meta.get("hello") if frame.meta else None
        self.modern = isinstance(hello, dict)
        if isinstance(hello, dict):
            self._read(hello)
        return True

    def _read(self, hello: dict[str, Any]) -> None:
        self.version = min(_whole(hello.get("version"), 1) or VERSION, VERSION)
        self.credit = _whole(hello.get("credit"), 0)
        self.max_frame_bytes = _whole(hello.get("maxFrame"), 1)
        if isinstance(software := hello.get("software"), str):
            self.software = software[:200]


def patience_of(meta: dict[str, Any]) -> float | None:
    """What `meta.timeout` says, in seconds; None where it says nothing that can be kept (§8)."""
    timeout: Any = meta.get("timeout")
    if type(timeout) not in _NUMBERS or not timeout > 0:
        return None
    return float(min(timeout, _LONGEST_S))


def _whole(value: object, least: int) -> int | None:
    return value if type(value) is int and value >= least else None
