"""What was learned, in words: a row for each place, its types, how often it was there, what it was like.

For reading on a terminal, in bounds. Paths are written as in the filter language; `[*]` is every item. Values
are as they came: whoever draws them makes them inert.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from inspector_app.payload_path import spelled

if TYPE_CHECKING:
    from inspector_app.payload_path import Step
    from inspector_app.schemas.learning import Learned

MOST_ROWS: Final = 200

_LONGEST: Final = 60
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """One place of what was learned. `share`: in which part of the values around it it was, from 0 to 1."""

    path: str
    types: str
    share: float
    like: str
    """The choices, the range or some examples; empty: nothing to tell."""


def seen(learned: Learned, *, values: bool = True) -> list[Seen]:
    """Lay out what was learned of the data of frames, at most `MOST_ROWS` places.

    Without `values` nothing is told that went over the wire.
    """
    return list(islice(_seen(learned, ("data",), 1.0, values=values), MOST_ROWS))


def table(rows: list[Seen]) -> list[str]:
    """Give the rows as lines in columns."""
    path = max((len(row.path) for row in rows), default=0)
    types = max((len(row.types) for row in rows), default=0)
    return [
        f"{row.path:{min(path, _LONGEST)}}  {row.types:{types}}  {percent(row.share):>4}  {row.like}".rstrip()
        for row in rows
    ]


def percent(share: float) -> str:
    """Write a share; what was there at times is neither 0% nor 100%."""
    whole = round(share * 100)
    if 0 < share < 1:
        return "<1%" if whole == 0 else ">99%" if whole == 100 else f"{whole}%"
    return f"{whole}%"


def _seen(learned: Learned, path: tuple[Step, ...], share: float, *, values: bool) -> Iterator[Seen]:
    # Of data that was always an object its members say all there is to say.
    if len(path) > 1 or set(learned.types) != {"object"} or not (learned.members or learned.is_map):
        types = " or ".join(_types(learned)) or "nothing"
        yield Seen(spelled(path), types, share, _like(learned) if values else _shape(learned))
    for name, member in sorted(learned.members.items()):
        yield from _seen(member, (*path, name), learned.share_of(name), values=values)
    if learned.item is not None:
        # Items have no share of their own: an array has as many as it has.
        yield from _seen(learned.item, (*path, "*"), 1.0, values=values)


def _types(learned: Learned) -> list[str]:
    kinds = sorted(learned.types, key=lambda kind: (-learned.types[kind], kind))
    return ["map" if kind == "object" and learned.is_map else kind for kind in kinds]


def _shape(learned: Learned) -> str:
    return min(learned.formats) if learned.formats else ""


def _like(learned: Learned) -> str:
    if learned.choices:
        return "one of " + ", ".join(_json(each) for each in learned.choices)
    told = [_shape(learned), _range(learned)]
    if learned.lowest is None or "string" in learned.types:
        examples = [_json(each) for each in learned.examples if not isinstance(each, bool)]
        told.append(", ".join(examples[:_SHOWN]))
    return "  ".join(part for part in told if part)


def _range(learned: Learned) -> str:
    if learned.lowest is None or learned.highest is None:
        return ""
    if learned.lowest == learned.highest:
        return _json(learned.lowest)
    return f"{_json(learned.lowest)} to {_json(learned.highest)}"


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
