"""What a cell of the frame list says in the filter language: "only this", and "not this".

Owns which field and value stand for a cell. How a term is written and quoted is the filter language's matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Struct

from inspector_app.capture.records import FrameRow
from inspector_app.viewer.columns import is_path, kind_of
from inspector_app.viewer.payload import MOST_BYTES, value_at

MOST_PATHS = 40
_DEEPEST = 6


class Term(Struct, frozen=True):
    """A field of the filter language and the value that a frame has in it; None: it has none."""

    field: str
    value: str | None


def term_of(frame: FrameRow, key: str, raw: str | bytes, note: str = "") -> Term | None:
    """Give the term of a frame for the column `key`; None when the language has no word for that cell."""
    if is_path(key):
        return Term(key, value_at(raw, key)[0] or None)
    values: dict[str, object] = {
        "seq": frame.seq,
        "note": note or None,
        "dir": frame.direction,
        "type": frame.type,
        "conn": frame.conn,
        "exchange": frame.exchange,
        "op": frame.operation,
        "size": frame.size_bytes,
        "latency": frame.latency_ns,
    }
    field, value = kind_of(key).field, values.get(key)
    if not field:
        return None
    return Term(field, str(value) if value is not None else None)


def terms_of(frame: FrameRow, raw: str | bytes) -> list[Term]:
    """Give every term of a frame: its fields, then what is in its payload."""
    fields = ("type", "op", "exchange", "dir", "conn", "size", "latency", "seq")
    found = [term_of(frame, key, raw) for key in fields]
    paths = paths_of(raw) if len(raw) <= MOST_BYTES else []
    found += [term_of(frame, path, raw) for path in paths]
    return [each for each in found if each is not None and each.value is not None]


def paths_of(raw: str | bytes) -> list[str]:
    """Give the paths to the plain values in a frame's payload, `MOST_PATHS` at most."""
    from inspector_app.capture.filter import path_field

    try:
        frame = msgspec.json.decode(raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return []
    data = frame.get("data") if isinstance(frame, dict) else None
    found = [path_field(*path) for path in islice(_leaves(data), MOST_PATHS)]
    return [path for path in found if is_path(path)]


def _leaves(value: object, *path: str) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        if len(path) < _DEEPEST:
            for name, inner in value.items():
                yield from _leaves(inner, *path, str(name))
    elif not isinstance(value, list):
        yield path


def added(source: str, term: str) -> str:
    """Add a term to a filter: both must hold."""
    source = source.strip()
    if not source:
        return term
    # Side by side binds tighter than `or` does.
    return f"({source}) {term}" if " or " in f" {source} ".casefold() else f"{source} {term}"
