"""What differs between two JSON texts, and the program that finds it out.

Owns what a change is, how it travels, and the limits. `python -m inspector_app.comparing.changes` reads two
texts and writes the changes; it is a process of its own since comparing hostile data may take any time and
memory.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["added", "removed", "changed", "moved"]
Path = tuple[str | int, ...]

CHANGES_LIMIT: Final = 1_000
TEXT_LIMIT: Final = 2_000
"""Characters of a value that are told."""

MEMORY_BYTES: Final = 2 * 1024 * 1024 * 1024
LINES_LIMIT: Final = 20_000
_NESTING_LIMIT: Final = 5_000
_NAMES: Final = ("id", "key", "uuid", "name")
"""Members that may tell which item of a list is which."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `old` and `new` are JSON, or lines of text; None where there is nothing.

    `path` leads to it; of what was moved, `moved_to` leads to where it is now.
    """

    kind: Kind
    path: Path
    old: str | None = None
    new: str | None = None
    moved_to: Path = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that differs. `more` is how many changes were left out."""

    changes: tuple[Change, ...]
    more: int = 0
    by_lines: bool = False


def outcome_of(text: bytes) -> Outcome:
    """Read what the program wrote. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
    told = json.loads(text)
    changes = tuple(
        Change(
            kind=each["kind"],
            path=tuple(each["path"]),
            old=each["old"],
            new=each["new"],
            moved_to=tuple(each["moved_to"]),
        )
        for each in told["changes"]
    )
    return Outcome(changes, told["more"], told["by_lines"])


# -- in the process of its own ----------------------------------------------------------------------------


def compare(old: bytes, new: bytes) -> Outcome:
    """Compare two JSON texts by what they hold. Raises `ValueError` for what is none, `RecursionError`."""
    changes: list[Change] = []
    more = 0
    for change in _differences((), _read(old), _read(new)):
        if len(changes) < CHANGES_LIMIT:
            changes.append(change)
        else:
            more += 1
    return Outcome(tuple(changes), more)


def _read(text: bytes) -> Any:
    """Read JSON; a number is a tuple of its digits, so none is lost, and a huge one costs nothing."""
    return json.loads(
        text.decode("utf-8", "surrogatepass"),
        parse_int=lambda digits: (digits,),
        parse_float=lambda digits: (digits,),
        parse_constant=_refuse,
        object_pairs_hook=_members,
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep members of the same name apart."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    members, counts = {}, Counter[str]()
    for name, value in pairs:
        counts[name] += 1
        members[name if counts[name] == 1 else f"{name} ({counts[name]})"] = value
    return members


def _differences(path: Path, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            if name in new:
                yield from _differences((*path, name), value, new[name])
            else:
                yield Change("removed", (*path, name), _text(value))
        for name in new:
            if name not in old:
                yield Change("added", (*path, name), None, _text(new[name]))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(path, old, new)
    else:
        yield Change("changed", path, _text(old), _text(new))


def _of_lists(path: Path, old: list[Any], new: list[Any]) -> Iterator[Change]:
    before, after, by_name = _identities(old, new)
    gone: dict[object, list[int]] = {}
    come: list[int] = []
    for what, first, last, start, end in SequenceMatcher(None, before, after).get_opcodes():
        pairs = min(last - first, end - start) if what in ("equal", "replace") else 0
        if what == "replace" and (by_name or not _alike(old[first:last], new[start:end], pairs)):
            pairs = 0
        for place in range(pairs):
            yield from _differences((*path, start + place), old[first + place], new[start + place])
        for place in range(first + pairs, last):
            gone.setdefault(before[place], []).append(place)
        come += range(start + pairs, end)
    for place in come:
        if places := gone.get(after[place]):
            was = places.pop(0)
            yield Change("moved", (*path, was), _text(old[was]), None, (*path, place))
            yield from _differences((*path, place), old[was], new[place])
        else:
            yield Change("added", (*path, place), None, _text(new[place]))
    for place in sorted(place for places in gone.values() for place in places):
        yield Change("removed", (*path, place), _text(old[place]))


def _identities(old: list[Any], new: list[Any]) -> tuple[list[object], list[object], bool]:
    """Tell which item is which: by a member that has another value in each, else by all that it holds.

    The last of the three says whether it was by a member.
    """
    for name in _NAMES:
        before, after = _values(old, name), _values(new, name)
        if before is not None and after is not None:
            return before, after, True
    return [_text(item, 0) for item in old], [_text(item, 0) for item in new], False


def _values(items: list[Any], name: str) -> list[object] | None:
    values = [
        item[name] for item in items if isinstance(item, dict) and isinstance(item.get(name), (str, tuple))
    ]
    return values if items and len(set(values)) == len(items) else None


def _alike(old: list[Any], new: list[Any], count: int) -> bool:
    """Tell whether items that replace others are those, changed: one by one of a kind, or one by one."""
    return (len(old), len(new)) == (1, 1) or all(
        type(old[place]) is type(new[place]) for place in range(count)
    )


def _text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """Write a value as JSON, as much of it as may be told; 0: all of it."""
    text, size = [], 0
    for piece in _pieces(value):
        text.append(piece)
        size += len(piece)
        if limit and size > limit:
            return "".join(text)[:limit] + "…"
    return "".join(text)


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, tuple):
        yield value[0]
    elif isinstance(value, dict):
        for index, (name, member) in enumerate(value.items()):
            yield f"{', ' if index else '{'}{json.dumps(name, ensure_ascii=False)}: "
            yield from _pieces(member)
        yield "}" if value else "{}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield ", " if index else "["
            yield from _pieces(item)
        yield "]" if value else "[]"
    else:
        yield json.dumps(value, ensure_ascii=False)


def compare_lines(old: bytes, new: bytes) -> Outcome:
    """Compare two texts line by line."""
    before, after = (text.decode("utf-8", "backslashreplace").split("\n", LINES_LIMIT) for text in (old, new))
    changes: list[Change] = []
    more = 0
    for what, first, last, start, end in SequenceMatcher(None, before, after).get_opcodes():
        if what == "equal":
            continue
        if len(changes) == CHANGES_LIMIT:
            more += 1
            continue
        kind: Kind = "changed" if what == "replace" else "removed" if what == "delete" else "added"
        texts = [
            "\n".join(line[:TEXT_LIMIT] for line in lines)[:TEXT_LIMIT] if lines else None
            for lines in (before[first:last], after[start:end])
        ]
        changes.append(Change(kind, ("line", (first if first < last else start) + 1), texts[0], texts[1]))
    return Outcome(tuple(changes), more, by_lines=True)


def main() -> None:
    """Read a line with a mode and the size of the first text, then both texts; write what differs."""
    sys.setrecursionlimit(_NESTING_LIMIT)
    _limit_memory()
    mode, size = sys.stdin.buffer.readline().split()
    old = sys.stdin.buffer.read(int(size))
    outcome = (compare if mode == b"json" else compare_lines)(old, sys.stdin.buffer.read())
    told = {
        "changes": [asdict(change) for change in outcome.changes],
        "more": outcome.more,
        "by_lines": outcome.by_lines,
    }
    sys.stdout.write(json.dumps(told))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
