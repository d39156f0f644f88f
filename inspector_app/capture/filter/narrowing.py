"""Which frames a filter can fit at most, as far as an index or a small table tells it without a look at them.

A filter gives some queries of numbers of frames, the most promising first. Each finds every frame that fits,
and others perhaps; none is given where only a look at every frame tells. Whether one is worth while is known
when it was run: it may as well give the whole capture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.capture.filter import sql
from inspector_app.capture.filter.nodes import (
    All,
    Between,
    Either,
    Equals,
    Node,
    Not,
    OneOf,
    Present,
    Term,
    Test,
)
from inspector_app.capture.filter.sql import Where

if TYPE_CHECKING:
    from inspector_app.capture.filter.terms import Filter

_MOST = 3
"""Queries of a filter: each that turns out not to be worth while takes some milliseconds."""

_MARKED = {"marked", "note"}
_OF_EXCHANGES = {"status", "code", "kind", "state", "unanswered", "answered"}
# One after the other by the index, so that a name costs the same, however many frames have it.
_NAMES = (
    "WITH RECURSIVE names (operation) AS ("
    "SELECT min(operation) FROM main.frames WHERE operation IS NOT NULL UNION ALL "
    "SELECT (SELECT min(f.operation) FROM main.frames f WHERE f.operation > names.operation) FROM names "
    "WHERE names.operation IS NOT NULL) SELECT operation FROM names AS frames"
)


def narrowings(filter: Filter) -> list[Where]:  # noqa: A002 - a filter is a filter
    """Give queries of the numbers of frames that may fit, the most promising first; maybe none."""
    return [query for _, query in sorted(_of(filter.root), key=lambda ranked: ranked[0])[:_MOST]]


def _of(node: Node) -> list[tuple[int, Where]]:
    """Give queries with their ranks: the lower, the fewer frames are to be expected."""
    match node:
        case Term():
            found = _term(node)
            return [] if found is None else [found]
        case Not(Term("type", Present())):
            return [(1, Where("SELECT seq FROM frames WHERE type IS NULL"))]
        case Not(Not(part)):
            return _of(part)
        case Not():
            return []
        case All(parts):
            return [found for part in parts for found in _of(part)]
        case Either(parts):
            best = [min(_of(part), key=lambda ranked: ranked[0], default=None) for part in parts]
            return _together([each for each in best if each is not None]) if all(best) and best else []


def _together(ranked: list[tuple[int, Where]]) -> list[tuple[int, Where]]:
    union = " UNION ".join(f"SELECT seq FROM ({query.sql})" for _, query in ranked)  # noqa: S608 - our own text
    parameters = tuple(value for _, query in ranked for value in query.parameters)
    return [(max(rank for rank, _ in ranked), Where(union, parameters))]


def _term(term: Term) -> tuple[int, Where] | None:
    if term.field in _MARKED:
        return 0, Where("SELECT seq FROM marks")
    if term.field == "finding":
        return 0, Where("SELECT DISTINCT seq FROM findings WHERE seq IS NOT NULL")
    if term.field == "exchange" and _is_one(term.test):
        return 0, _frames(sql.column("frames.exchange", term.test))
    if term.field == "type" and isinstance(term.test, Equals | OneOf):
        return 1, _frames(sql.column("frames.type", term.test))
    if term.field == "op" and term.test != Present():
        return 1, _of_names(term.test)
    if term.field in _OF_EXCHANGES:
        return _of_exchanges(term)
    return None


def _is_one(test: Test) -> bool:
    return isinstance(test, Equals) or (isinstance(test, Between) and test.low == test.high)


def _frames(condition: Where) -> Where:
    return Where(f"SELECT seq FROM frames WHERE {condition.sql}", condition.parameters)  # noqa: S608 - our own text


def _of_names(test: Test) -> Where:
    condition = sql.column("frames.operation", test)
    if isinstance(test, Equals | OneOf):
        return _frames(condition)
    names = f"{_NAMES} WHERE {condition.sql}"
    return Where(f"SELECT seq FROM main.frames WHERE operation IN ({names})", condition.parameters)  # noqa: S608 - our own text


def _of_exchanges(term: Term) -> tuple[int, Where]:
    if term.field == "answered" and term.test != Present():
        # The answer of an exchange is one of its frames, wherever in it.
        condition = sql.column("a.latency_ns", term.test)
        ids = f"SELECT a.exchange FROM frames a WHERE a.exchange IS NOT NULL AND {condition.sql}"  # noqa: S608 - our own text
        return 3, Where(f"SELECT seq FROM frames WHERE exchange IN ({ids})", condition.parameters)  # noqa: S608 - our own text
    condition = sql.of_exchange(term)
    ids = f"SELECT e.id FROM exchanges e WHERE {condition.sql}"  # noqa: S608 - our own text
    return 2, Where(f"SELECT seq FROM frames WHERE exchange IN ({ids})", condition.parameters)  # noqa: S608 - our own text
