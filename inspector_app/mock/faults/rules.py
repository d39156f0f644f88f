"""Rules of faults as a person writes them: `[[fault]]` tables in TOML.

Owns what can be written. What a fault does to frames is `plan`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from inspector_app.toml_file import read_toml, seconds_of

if TYPE_CHECKING:
    from pathlib import Path

Do = Literal[
    "lose",
    "repeat",
    "delay",
    "swap",
    "change_peer",
    "no_end",
    "unknown_type",
    "broken_json",
    "close",
    "drop",
    "stall",
    "slow",
]

WHAT: Final[dict[Do, str]] = {
    "lose": "do not send the frame",
    "repeat": "send the frame twice",
    "delay": "send the frame later, and what follows it in its exchange",
    "swap": "give two answers each other's data",
    "change_peer": "send the frame with another peerID",
    "no_end": "end a stream without telling",
    "unknown_type": "send the frame with a type that there is none of",
    "broken_json": "send a part of the frame",
    "close": "close the connection instead of sending the frame",
    "drop": "cut the connection off instead of sending the frame",
    "stall": "send nothing more over the connection for a while",
    "slow": "send so many bytes a second from this frame on",
}
"""What each fault does."""

FrameSort = Literal["answer", "response", "item", "end", "error", "any"]

_USUAL_FRAMES: Final[dict[Do, FrameSort]] = {
    "lose": "answer",
    "repeat": "answer",
    "swap": "response",
    "no_end": "end",
}

_SENDABLE_CODES: Final = (*range(1000, 1004), *range(1007, 1015))


Seconds = Annotated[
    float, BeforeValidator(seconds_of), WithJsonSchema({"type": "string", "examples": ["200ms", "2s"]})
]


class FaultRule(BaseModel):
    """One fault: what is done, to which frames, and to which of those."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", max_length=100)
    do: Do
    on: bool = True
    """Whether it is on from the beginning."""

    operation: str = "*"
    """A glob of operations."""
    kind: Literal["request", "stream", "bidirectional"] | None = None
    peer: int | None = Field(default=None, ge=1)
    """Only the so many-th connection."""
    frame: FrameSort | None = None
    item: int | None = Field(default=None, ge=1)
    """Only the so many-th item of a stream."""

    nth: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Only these of the frames that fit, counted from 1 on each connection."""
    every: int | None = Field(default=None, ge=1)
    chance: float | None = Field(default=None, gt=0, le=1)
    """Of how many, from 0 to 1; which ones is decided by the seed."""
    times: int | None = Field(default=None, ge=1)
    """No more than so often on a connection."""

    by: Seconds | None = None
    """How long: of delay, stall and swap."""
    type: str = "no_such_type"
    code: int = 1011
    reason: str = Field(default="fault injected", max_length=120)
    bytes_per_s: int = Field(default=1, ge=1, le=10_000_000)

    @model_validator(mode="after")
    def _fits_together(self) -> FaultRule:
        if self.do == "delay" and self.by is None:
            raise ValueError('a delay needs to know how long: add by = "200ms".')
        if self.item is not None and self.frame not in (None, "item"):
            raise ValueError("item is about the items of a stream: leave frame out.")
        if self.code not in _SENDABLE_CODES and not 3000 <= self.code <= 4999:
            raise ValueError(
                "this is no code that a connection can be closed with: use 1011, or 3000 to 4999."
            )
        if sum(each is not None for each in (self.every, self.chance, self.nth or None)) > 1:
            raise ValueError("nth, every and chance each say which ones: keep one of them.")
        return self

    @property
    def title(self) -> str:
        """Its name, or what it does to what."""
        return self.name or f"{self.do} {self.operation}"

    @property
    def frames(self) -> FrameSort:
        """Which frames it is about, where nothing is said: those that the fault makes sense for."""
        if self.item is not None:
            return "item"
        if self.frame is not None:
            return self.frame
        return _USUAL_FRAMES.get(self.do, "any")


class FaultFile(BaseModel):
    """A file of faults, for a handler in Python."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    fault: tuple[FaultRule, ...] = ()


def read_faults(path: Path) -> FaultFile:
    """Read a file of faults. Raises `TomlError`."""
    return read_toml(path).check(FaultFile)
