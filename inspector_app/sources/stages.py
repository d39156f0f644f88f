"""The stages of a connection that did not come about: how far it got, what came back, what to do.

Owns what a stage is, its form in a capture (`handshake["stages"]`) and as lines of text. Nothing here
connects: `probing` works the stages out, `first_frame` tells those of a connection that was open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

StageName = Literal["name", "TCP", "TLS", "HTTP", "frame"]
STAGES: Final[tuple[StageName, ...]] = ("name", "TCP", "TLS", "HTTP", "frame")
"""In the order in which a connection goes through them."""

STAGES_KEY: Final = "stages"
"""Where the handshake of a connection in a capture has them."""

_LONGEST = 500
"""Characters of one part of a stage; what came back may be anything."""

_WORDS: Final = {"ok": "ok", "failed": "FAILED", "none": "-"}


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage: what was `tried`, what `came` back, and what to do if that is wrong, each as plain text.

    `outcome` is `none` for a stage that was not reached or is not needed, or that tells nothing either way.
    """

    name: StageName
    outcome: Literal["ok", "failed", "none"]
    tried: str = ""
    came: str = ""
    advice: str = ""

    @property
    def text(self) -> str:
        """All that is to be said of it but its outcome, on one line."""
        said = ": ".join(part for part in (self.tried, self.came) if part)
        if not self.advice:
            return said
        return f"{said}. {self.advice}{'' if self.advice.endswith('?') else '.'}"


def complete(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Give all five stages: behind those that are known, the others as not reached."""
    known = tuple(stages)
    return known + tuple(
        Stage(name=name, outcome="none", came="not reached") for name in STAGES[len(known) :]
    )


def to_handshake(stages: Sequence[Stage]) -> dict[str, object]:
    """Give the part of a connection's handshake that a capture keeps of them."""
    return {STAGES_KEY: [msgspec.to_builtins(_cut(stage)) for stage in stages]}


def from_handshake(handshake: Mapping[str, object]) -> tuple[Stage, ...]:
    """Read the stages out of a handshake, which may be anybody's; () if it has none."""
    try:
        stages = msgspec.convert(handshake.get(STAGES_KEY, []), list[Stage])
    except msgspec.ValidationError:
        return ()
    return tuple(_cut(stage) for stage in stages[: len(STAGES)])


def outcome_word(stage: Stage) -> str:
    """Give the word for how a stage went."""
    return _WORDS[stage.outcome]


def lines(stages: Iterable[Stage]) -> list[str]:
    """Tell the stages, one a line: name, outcome, what was tried, what came, what to do."""
    return [f"{stage.name:<5}  {outcome_word(stage):<6}  {stage.text}" for stage in stages]


def excerpt(text: str | bytes, longest: int = 120) -> str:
    """Give the first line of something from the wire that is not empty, cut; not inert yet."""
    if isinstance(text, bytes):
        text = text[: 8 * longest].decode(errors="backslashreplace")
    first = next((line.strip() for line in text[: 8 * longest].splitlines() if line.strip()), "")
    return first if len(first) <= longest else f"{first[: longest - 1]}…"


def _cut(stage: Stage) -> Stage:
    return Stage(
        name=stage.name,
        outcome=stage.outcome,
        tried=stage.tried[:_LONGEST],
        came=stage.came[:_LONGEST],
        advice=stage.advice[:_LONGEST],
    )
