"""From a filter to a condition in SQL: text of this module's own, and parameters for all that a user wrote.

A condition is about one row of `frames`, is 0 or 1 and never NULL (so that `not` is its opposite), and holds
for captures of any format. Columns are tested as they are, so that indexes are used where there are some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from inspector_app.capture.filter import payload
from inspector_app.capture.filter.clock import time_of_day
from inspector_app.capture.filter.globs import glob_condition
from inspector_app.capture.filter.nodes import (
    All,
    Begins,
    Between,
    Clock,
    Compares,
    Contains,
    Either,
    Equals,
    Glob,
    Near,
    Node,
    Not,
    OneOf,
    Present,
    Regex,
    Term,
    Test,
)
from inspector_app.capture.filter.patterns import text_in_all
from inspector_app.capture.filter.payload import MATCHES, Parameter
from inspector_app.capture.filter.texts import (
    bound,
    encoded,
    glob_around,
    like_around,
    lower,
    spellings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inspector_app.capture.filter.nodes import Operator
    from inspector_app.capture.filter.terms import Filter


class Where(NamedTuple):
    """A condition on a row of `frames`, for `WHERE`; `parameters` belong to its question marks, in order."""

    sql: str
    parameters: tuple[Parameter, ...] = ()


TRUE, FALSE = Where("1"), Where("0")

_COLUMNS = {
    "type": "frames.type",
    "op": "frames.operation",
    "dir": "frames.direction",
    "size": "frames.size_bytes",
    "latency": "frames.latency_ns",
    "exchange": "frames.exchange",
    "number": "frames.number",
    "seq": "frames.seq",
    "conn": "frames.conn",
}
_OF_EXCHANGE = {"status": "e.outcome", "code": "e.code", "kind": "e.kind", "state": "e.state"}
_ANSWERED = (
    "(e.outcome IN ('ok', 'error') OR e.kind <> 'request_response'"
    " AND CASE WHEN e.mine THEN e.items_in ELSE e.items_out END > 0)"
)


def where(filter: Filter, *, now_ns: int) -> Where:  # noqa: A002 - a filter is a filter
    """Give the condition that a filter stands for; `now_ns` is what `age` is counted from."""
    return _node(filter.root, now_ns)


def interpreted(filter: Filter) -> bool:  # noqa: A002 - as above
    """Tell whether Python is asked about most frames: that is done by one thread at a time."""
    return any(map(_asks_python, filter.terms))


def _asks_python(term: Term) -> bool:
    match term:
        case Term("data", test, path):
            return payload.asks_python(path, test)
        case Term("text", Regex(pattern, flags)):
            return not _text_of(pattern, flags)
        case _:
            return False


def _node(node: Node, now_ns: int) -> Where:
    match node:
        case Term():
            return _term(node, now_ns)
        case Not(part):
            sql, parameters = _node(part, now_ns)
            return Where(f"NOT {sql}", parameters)
        case All(parts):
            return _joined(" AND ", (_node(part, now_ns) for part in parts)) if parts else TRUE
        case Either(parts):
            same = _same_column(parts)
            return same or (_joined(" OR ", (_node(part, now_ns) for part in parts)) if parts else FALSE)


def _same_column(parts: tuple[Node, ...]) -> Where | None:
    """Give one condition for values of one column, which an index serves in the order of frames."""
    values: list[str] = []
    fields = set()
    for part in parts:
        if not isinstance(part, Term) or part.field not in {"type", "op"}:
            return None
        match part.test:
            case Equals(str(value)):
                values.append(value)
            case OneOf(some):
                values.extend(some)
            case _:
                return None
        fields.add(part.field)
    return column(_COLUMNS[fields.pop()], OneOf(tuple(values))) if len(fields) == 1 else None


def _joined(by: str, parts: Iterable[Where]) -> Where:
    parts = list(parts)
    sql = by.join(part.sql for part in parts)
    return Where(f"({sql})", tuple(value for part in parts for value in part.parameters))


# -- terms ---------------------------------------------------------------------------------------------------


def _term(term: Term, now_ns: int) -> Where:
    if term.field in _COLUMNS:
        return column(_COLUMNS[term.field], term.test)
    if term.field in _OF_EXCHANGE:
        return _exists("exchanges e", "e.id = frames.exchange", of_exchange(term))
    if term.field == "data":
        return Where(*payload.condition(term.path, term.test))
    if term.field == "age":
        return _age(term.test, now_ns)
    if term.field == "time":
        return _time(term.test, now_ns)
    return _OTHERS[term.field](term.test)


def of_exchange(term: Term) -> Where:
    """Give the condition on a row `e` of `exchanges` that a term about a frame's exchange stands for."""
    if term.field == "answered":
        return Where(_ANSWERED)
    if term.field == "unanswered":
        return Where(f"(e.kind <> 'fire_and_forget' AND NOT {_ANSWERED})")
    return column(_OF_EXCHANGE[term.field], term.test)


def column(name: str, test: Test) -> Where:
    """Give the condition on a column, or on an expression that is as good as one."""
    match test:
        case Equals(value):
            return _some(name, f"{name} = ?", bound(value) if isinstance(value, str) else value)
        case OneOf(values):
            if len(values) == 1:
                return column(name, Equals(values[0]))
            return _some(name, f"{name} IN ({', '.join('?' * len(values))})", *map(bound, values))
        case Compares(operator, number):
            return _some(name, f"{name} {operator} ?", number)
        case Between(low, high) if low == high:
            return _some(name, f"{name} = ?", low)
        case Between(low, high):
            return _some(name, f"{name} BETWEEN ? AND ?", low, high)
        case Present():
            return Where(f"{name} IS NOT NULL")
        case Glob(pattern):
            condition, parameters = glob_condition(name, pattern)
            return _some(name, condition, *parameters)
        case Begins(text):
            start = text.encode("utf-8", "surrogatepass")
            return _some(name, f"substr(CAST({name} AS BLOB), 1, ?) = ?", len(start), start)
        case Regex(pattern, flags):
            return _some(name, f"{MATCHES}(?, ?, CAST({name} AS BLOB))", pattern, flags)
        case Contains(text, exact):
            return _contains(name, text, exact=exact)
        case _:
            raise AssertionError(test)


def _some(name: str, condition: str, *parameters: Parameter) -> Where:
    return Where(f"({name} IS NOT NULL AND {condition})", parameters)


def _contains(name: str, text: str, *, exact: bool) -> Where:
    """Find text in a column; letters of ASCII are the same in both cases unless it is to be `exact`."""
    if "\0" in text or isinstance(bound(text), bytes):
        return _instr(name, text, exact=exact)
    like = _some(name, f"CAST({name} AS TEXT) LIKE ? ESCAPE '\\'", like_around(text))
    return _joined(" AND ", (like, _instr(name, text, exact=True))) if exact else like


def _instr(name: str, text: str, *, exact: bool) -> Where:
    haystack = f"CAST({name} AS BLOB)" if exact else f"CAST(lower(CAST({name} AS TEXT)) AS BLOB)"
    return _some(name, f"instr({haystack}, ?) > 0", encoded(text if exact else lower(text)))


def _in_message(test: Test) -> Where:
    """Find text in a message, as it is and as JSON spells it."""
    if isinstance(test, Regex):
        return _expression_in_message(test)
    if not isinstance(test, Contains):
        return column("frames.raw", test)
    anywhere = [_contains("frames.raw", each, exact=test.exact) for each in spellings(test.text)]
    # LIKE is twice as fast as instr(), and ends at a NUL, which no frame has in it.
    odd = "(frames.type IS NULL AND instr(CAST(frames.raw AS BLOB), x'00') > 0 AND {})"
    behind_nul = _instr("frames.raw", test.text, exact=test.exact)
    return _joined(" OR ", (*anywhere, Where(odd.format(behind_nul.sql), behind_nul.parameters)))


def _expression_in_message(test: Regex) -> Where:
    whole = column("frames.raw", test)
    text = _text_of(test.pattern, test.flags)
    if not text:
        return whole
    # Python is asked about the messages that have its longest text in them; GLOB ends at a NUL, as above.
    maybe = "frames.type IS NULL OR CAST(frames.raw AS TEXT) GLOB ?"
    return Where(f"(CASE WHEN {maybe} THEN {whole.sql} ELSE 0 END)", (glob_around(text), *whole.parameters))


def _text_of(pattern: str, flags: str) -> str | None:
    """Give text that is in whatever an expression fits, spelled as it is."""
    return None if "i" in flags else text_in_all(pattern)


def _exists(table: str, link: str, condition: Where) -> Where:
    return Where(f"EXISTS (SELECT 1 FROM {table} WHERE {link} AND {condition.sql})", condition.parameters)  # noqa: S608 - our own names


def _age(test: Test, now_ns: int) -> Where:
    turned: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    match test:
        case Compares(operator, number):
            return column("frames.time_ns", Compares(turned[operator], now_ns - number))
        case Between(low, high):
            return column("frames.time_ns", Between(now_ns - high, now_ns - low))
        case _:
            return TRUE


def _time(test: Test, now_ns: int) -> Where:
    if not isinstance(test, Clock):
        return column("frames.time_ns", test)
    first, last = test.first_ns, test.last_ns
    clock, places = time_of_day("frames.time_ns", now_ns)
    inside = f"coalesce({clock} BETWEEN ? AND ?, 0)"
    if first <= last:
        return Where(f"({inside})", (*places, first, last))
    return Where(f"(NOT {inside})", (*places, last + 1, first - 1)) if last + 1 < first else TRUE


def _peer(test: Test) -> Where:
    return _exists("connections c", "c.conn = frames.conn", column("c.remote_peer", test))


def _finding(test: Test) -> Where:
    if test == Present():
        sql, parameters = _exists("findings x", "x.seq = frames.seq", TRUE)
    else:
        sql, parameters = _exists("findings x", "x.seq = frames.seq", column("x.rule", test))
    return Where(f"(frames.findings > 0 AND {sql})", parameters)


def _marked(_: Test) -> Where:
    return Where("frames.seq IN (SELECT seq FROM marks)")


def _note(test: Test) -> Where:
    sql, parameters = TRUE if test == Present() else column("note", test)
    return Where(f"frames.seq IN (SELECT seq FROM marks WHERE note <> '' AND {sql})", parameters)  # noqa: S608 - our own text


def _unanswered(_: Test) -> Where:
    return _exists("exchanges e", "e.id = frames.exchange", of_exchange(Term("unanswered", Present())))


def _answered(test: Test) -> Where:
    if test == Present():
        return _exists("exchanges e", "e.id = frames.exchange", Where(_ANSWERED))
    # Its first answer, so that a long stream is not looked through.
    first = (
        "(SELECT a.latency_ns FROM frames a WHERE a.exchange = frames.exchange AND a.latency_ns IS NOT NULL"
        " ORDER BY a.seq LIMIT 1)"
    )
    return _exists("exchanges e", f"e.id = frames.exchange AND {_ANSWERED}", column(first, test))


def _near(test: Test) -> Where:
    if not isinstance(test, Near):
        raise AssertionError(test)  # noqa: TRY004 - no value of a user's
    which, order, within = (
        (">", "ASC", "BETWEEN frames.time_ns AND frames.time_ns + ?")
        if test.later
        else ("<", "DESC", "BETWEEN frames.time_ns - ? AND frames.time_ns")
    )
    other = (
        f"(SELECT a.time_ns FROM frames a WHERE a.type IS ? AND a.seq {which} frames.seq"  # noqa: S608 - our own text
        f" ORDER BY a.seq {order} LIMIT 1)"
    )
    kind = () if test.type is None else (test.type,)
    sql = f"coalesce({other} {within}, 0)"
    return Where(sql if kind else sql.replace("IS ?", "IS NULL"), (*kind, test.within_ns))


def _text(test: Test) -> Where:
    return TRUE if test == Present() else _in_message(test)


_OTHERS: dict[str, Callable[[Test], Where]] = {
    "peer": _peer,
    "finding": _finding,
    "marked": _marked,
    "note": _note,
    "unanswered": _unanswered,
    "answered": _answered,
    "after": _near,
    "before": _near,
    "text": _text,
}
