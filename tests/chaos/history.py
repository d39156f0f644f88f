"""Judges a run by what went over the wire and by what the callers were told, and by nothing else.

Nothing of the library under test is imported: the rules are written anew from protocol.md. `violations` names
each invariant (notes on reliability: I1 to I7, I9, I10) that a history breaks; a call is found on the wire by
the number that its opening frame carries as `data.call`. Times are ns of the monotonic clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from tests.chaos.records import History, Kind, Transition
from tests.chaos.tape import CLOSE, Seen

Id = tuple[str, int]
Side = Literal["client", "server"]

SECOND_NS = 1_000_000_000
SETTLED_WITHIN_NS = SECOND_NS
CODES_AFTER_GARBAGE = frozenset({1000, 1001, 1002, 1007, 1008, 1009, 4400, 4429})

_KINDS: dict[str, Kind] = {
    "request": "unary",
    "stream_request": "stream",
    "stream_stream_request": "conversation",
}
_MAY_SEND: dict[tuple[Kind, bool], frozenset[str]] = {
    ("unary", True): frozenset({"error", "stream_end"}),
    ("unary", False): frozenset({"error", "response"}),
    ("stream", True): frozenset({"error", "stream_end"}),
    ("stream", False): frozenset({"error", "stream_data", "stream_end"}),
    ("conversation", True): frozenset({"error", "stream_data", "stream_end"}),
    ("conversation", False): frozenset({"error", "stream_data", "stream_end"}),
}
_MAY_BECOME = {
    "connecting": {"connected", "closed", "lost"},
    "connected": {"closing", "closed", "lost"},
    "closing": {"closed", "lost"},
    "closed": set[str](),
    "lost": set[str](),
}


class Violation(NamedTuple):
    """An invariant that a history breaks, and how."""

    invariant: str
    text: str


class _Frame(NamedTuple):
    """A message on the wire; `fields` is None where it is no frame."""

    time_ns: int
    fields: dict[str, Any] | None

    @property
    def type(self) -> str:
        return "" if self.fields is None else str(self.fields["type"])

    @property
    def id(self) -> Id | None:
        named = None if self.fields is None else self.fields.get("requestId")
        return None if named is None else (named[0], named[1])

    @property
    def data(self) -> Any:
        return None if self.fields is None else self.fields.get("data")


class _Track:
    """One tape, read: every message, the frames in order and by exchange."""

    def __init__(self, seen: list[Seen], parsed: dict[bytes, dict[str, Any] | None]) -> None:
        self.texts = [each for each in seen if each.opcode < CLOSE]
        self.close_codes = [(each.time_ns, each.close_code) for each in seen if each.opcode == CLOSE]
        self.frames: list[_Frame] = []
        self._by_id: dict[Id, list[_Frame]] = {}
        for each in self.texts:
            if each.payload not in parsed:
                parsed[each.payload] = _fields(each.payload)
            frame = _Frame(each.time_ns, parsed[each.payload])
            self.frames.append(frame)
            if (request_id := frame.id) is not None:
                self._by_id.setdefault(request_id, []).append(frame)

    def of(self, request_id: Id | None, *types: str) -> list[_Frame]:
        """The frames of these types that belong to an exchange."""
        if request_id is None:
            return []
        return [frame for frame in self._by_id.get(request_id, []) if frame.type in types]


class _Facts:
    """A history, with its tapes read."""

    def __init__(self, history: History) -> None:
        self.history = history
        wire, parsed = history.wire, dict[bytes, dict[str, Any] | None]()
        self.client_sent = _Track(wire.sent_by_client.messages(), parsed)
        self.server_got = _Track(wire.came_to_server.messages(), parsed)
        self.server_sent = _Track(wire.sent_by_server.messages(), parsed)
        self.client_got = _Track(wire.came_to_client.messages(), parsed)
        self.sides: list[tuple[Side, _Track]] = [("client", self.client_sent), ("server", self.server_sent)]
        self.opened: dict[Id, tuple[Kind, Side, int]] = {}
        self.ids: dict[int, Id] = {}
        for side, track in self.sides:
            for frame in track.frames:
                if frame.type in _KINDS and (request_id := frame.id) is not None:
                    self.opened.setdefault(request_id, (_KINDS[frame.type], side, frame.time_ns))
                    if isinstance(frame.data, dict) and "call" in frame.data:
                        self.ids[frame.data["call"]] = request_id


def _fields(payload: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(payload.decode())
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("type"), str) else None


def violations(history: History) -> list[Violation]:
    """Everything that is wrong with a history; nothing where all invariants hold."""
    facts = _Facts(history)
    return [Violation(name, text) for name, check in _CHECKS for text in check(facts)]


# -- what must hold ------------------------------------------------------------------------------------------


def _each_call_ends_once(facts: _Facts) -> Iterator[str]:
    ended = [change.time_ns for change in facts.history.transitions if change.new in ("closed", "lost")]
    for call in facts.history.calls:
        if len(call.endings) != 1:
            yield f"call {call.number} ended {len(call.endings)} times: {[how for _, how in call.endings]}"
        for ending in call.endings:
            if ending.time_ns < call.started_ns:
                yield f"call {call.number} ended before it began"
            if ended and ending.time_ns > ended[0] + SETTLED_WITHIN_NS:
                late_s = (ending.time_ns - ended[0]) / SECOND_NS
                yield f"call {call.number} ended {late_s:.2f} s after its connection"


def _nothing_follows_an_end(facts: _Facts) -> Iterator[str]:
    for side, track in facts.sides:
        ended: dict[Id, str] = {}
        for frame in track.frames:
            request_id = frame.id
            if request_id is None or frame.type in _KINDS:
                continue
            if request_id not in facts.opened:
                yield f"the {side} sent {frame.type} on {request_id}, which was never opened"
                continue
            kind, opener, _ = facts.opened[request_id]
            earlier = ended.get(request_id)
            if frame.type not in _MAY_SEND[kind, opener == side]:
                yield f"the {side} sent {frame.type} on {request_id}, a {kind}"
            elif earlier and not (
                kind == "conversation" and (earlier, frame.type) == ("stream_end", "error")
            ):
                yield f"the {side} sent {frame.type} on {request_id} after {earlier}"
            if frame.type in ("response", "error", "stream_end"):
                ended[request_id] = frame.type


def _what_came_is_what_was_sent(facts: _Facts) -> Iterator[str]:
    for call in facts.history.calls:
        request_id = facts.ids.get(call.number)
        carrier, end = ("response", "response") if call.kind == "unary" else ("stream_data", "stream_end")
        sent = [frame.data for frame in facts.server_sent.of(request_id, carrier)]
        came, count = len(facts.client_got.of(request_id, carrier)), len(call.received)
        if call.received != sent[:count]:
            yield f"call {call.number} received {_excerpt(call.received, sent)}"
        elif count > came:
            yield f"call {call.number} received {count} items, of which {came} can have come"
        how = call.endings[0].how if call.endings else None
        if how == "normal":
            if not facts.client_got.of(request_id, end):
                yield f"call {call.number} ended normally, but no {end} came"
            if count != len(sent):
                yield f"call {call.number} ended normally with {count} of {len(sent)} items"
        if how == "remote error" and not facts.client_got.of(request_id, "error"):
            yield f"call {call.number} ended with a remote error, but none came"


def _what_came_is_what_was_produced(facts: _Facts) -> Iterator[str]:
    for call in facts.history.calls:
        on_wire = [frame.data for frame in facts.client_sent.of(facts.ids.get(call.number), "stream_data")]
        if call.kind == "conversation" and on_wire != call.sent[: len(on_wire)]:
            yield f"call {call.number} put on the wire {_excerpt(on_wire, call.sent)}"
        if call.produced is None:
            continue
        produced = list(call.produced[: len(call.received)])
        if call.received != produced:
            yield f"call {call.number} received {_excerpt(call.received, produced)}"
        elif call.endings and call.endings[0].how == "normal" and len(produced) != len(call.produced):
            yield f"call {call.number} ended normally with {len(produced)} of {len(call.produced)} items"


def _excerpt(got: list[Any], expected: list[Any]) -> str:
    pairs = enumerate(zip(got, expected, strict=False))
    place = next((place for place, (one, other) in pairs if one != other), min(len(got), len(expected)))
    return (
        f"{str(got[place : place + 1])[:100]} where {str(expected[place : place + 1])[:100]} is item {place}"
    )


def _nothing_is_left(facts: _Facts) -> Iterator[str]:
    for rest in facts.history.rests:
        held = {name: value for name, value in rest.held.items() if value}
        if held:
            yield f"the {rest.who} holds {held}"
        for what, (before, after) in (("tasks", rest.tasks), ("open files", rest.files)):
            if after > before:
                yield f"the {rest.who} has {after} {what}, and had {before}"
        for complaint in rest.complaints:
            yield f"the {rest.who}'s event loop complained: {complaint}"


def _memory_is_bounded(facts: _Facts) -> Iterator[str]:
    for rest in facts.history.rests:
        before, after = rest.resident_mib
        if after - before > rest.bound_mib:
            yield f"the {rest.who} grew by {after - before:.1f} MiB, over {rest.bound_mib} MiB"


def _states_follow_the_table(facts: _Facts) -> Iterator[str]:
    state = "connecting"
    for change in facts.history.transitions:
        if change.old != state or change.new not in _MAY_BECOME[change.old]:
            yield f"from {state} the state went {change.old} to {change.new}"
        state = change.new
        if state in ("closed", "lost"):
            yield from _ending_is_told_rightly(facts, change)


def _ending_is_told_rightly(facts: _Facts, change: Transition) -> Iterator[str]:
    normal = change.code in (1000, 1001) or facts.history.closed_here
    if normal is not (change.new == "closed"):
        yield f"the connection ended with {change.code} and is told as {change.new}"
    codes = {code for track in (facts.client_sent, facts.client_got) for _, code in track.close_codes}
    if change.code not in (None, 1006) and change.code not in codes:
        yield f"the connection is told to have ended with {change.code}, which no close frame says"
    for call in facts.history.calls:
        for ending in call.endings:
            if ending.how in ("closed", "lost") and ending.how != change.new:
                yield f"call {call.number} is told that the connection is {ending.how}; it is {change.new}"


def _own_account_is_the_wire(facts: _Facts) -> Iterator[str]:
    history = facts.history
    if history.frames_in is None or history.frames_out is None:
        return
    came, sent = ([each.payload for each in track.texts] for track in (facts.client_got, facts.client_sent))
    own_in, own_out = ([_raw(message) for message in own] for own in (history.frames_in, history.frames_out))
    if own_in != came[: len(own_in)]:
        yield f"of what came, the client's own account has {_excerpt(own_in, came)}"
    if sent != own_out[: len(sent)]:
        yield f"of what was sent, the client's own account lacks {_excerpt(sent, own_out)}"


def _raw(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def _garbage_does_no_harm(facts: _Facts) -> Iterator[str]:
    ways: list[tuple[Side, _Track, _Track]] = [
        ("server", facts.server_got, facts.server_sent),
        ("client", facts.client_got, facts.client_sent),
    ]
    for who, got, sent in ways:
        since_ns = next((frame.time_ns for frame in got.frames if frame.fields is None), None)
        if since_ns is None:
            continue
        code = next((code for time_ns, code in sent.close_codes if time_ns >= since_ns), None)
        if code is not None:
            if code not in CODES_AFTER_GARBAGE:
                yield f"garbage made the {who} close with {code}"
            continue
        asked = {frame.id for frame in got.frames if frame.type == "request" and frame.time_ns > since_ns}
        answered = {frame.id for frame in sent.frames if frame.type in ("response", "error")}
        if asked and not answered & asked and not _cut_off(facts):
            yield f"after garbage the {who} answered none of {len(asked)} requests"


def _cut_off(facts: _Facts) -> bool:
    wire = facts.history.wire
    return wire.came_to_client.ending is not None or wire.came_to_server.ending is not None


def _credit_is_kept(facts: _Facts) -> Iterator[str]:
    # A sender is judged only where it must have known the receiver's hello: the server, which answers; the
    # client once a caller had received anything. A raise counts as known once it has come.
    heard_ns = min(
        (call.first_received_ns or 0 for call in facts.history.calls if call.received), default=None
    )
    ways: list[tuple[Side, _Track, _Track, _Track]] = [
        ("server", facts.server_sent, facts.client_sent, facts.server_got),
        ("client", facts.client_sent, facts.server_sent, facts.client_got),
    ]
    for sender, sent, receiver_sent, came in ways:
        credit = _hello_credit(receiver_sent)
        if credit is None or _hello_credit(sent) is None:
            continue
        raises = _raises(came)
        for request_id, (_, opener, opened_ns) in facts.opened.items():
            if opener != sender or (heard_ns is not None and opened_ns > heard_ns):
                items = sent.of(request_id, "stream_data")
                yield from _credit_exceeded(sender, items, raises.get(request_id, []), credit)


def _raises(track: _Track) -> dict[Id, list[tuple[int, int]]]:
    raises: dict[Id, list[tuple[int, int]]] = {}
    for frame in track.frames:
        if frame.type == "fire_and_forget" and frame.data.get("operation") == "slipstream.credit":
            opener, number = frame.data["requestId"]
            raises.setdefault((opener, number), []).append((frame.time_ns, frame.data["limit"]))
    return raises


def _credit_exceeded(
    sender: Side, items: list[_Frame], raises: list[tuple[int, int]], credit: int
) -> Iterator[str]:
    to_come = list(reversed(raises))
    limit = credit
    for count, item in enumerate(items, 1):
        while to_come and to_come[-1][0] <= item.time_ns:
            limit = max(limit, to_come.pop()[1])
        if count > limit:
            yield f"the {sender} sent item {count} on {item.id} with credit for {limit}"
            return


def _hello_credit(track: _Track) -> int | None:
    frames = track.frames
    meta = frames[0].fields.get("meta") if frames and frames[0].fields is not None else None
    hello = meta.get("hello") if isinstance(meta, dict) else None
    credit = hello.get("credit") if isinstance(hello, dict) else None
    return credit if isinstance(credit, int) else None


_CHECKS: tuple[tuple[str, Callable[[_Facts], Iterator[str]]], ...] = (
    ("I1", _each_call_ends_once),
    ("I2", _nothing_follows_an_end),
    ("I3", _what_came_is_what_was_sent),
    ("I3", _what_came_is_what_was_produced),
    ("I4", _nothing_is_left),
    ("I5", _memory_is_bounded),
    ("I6", _states_follow_the_table),
    ("I7", _own_account_is_the_wire),
    ("I9", _garbage_does_no_harm),
    ("I10", _credit_is_kept),
)
