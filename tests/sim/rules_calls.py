"""Rules about calls as programs saw them: I1 each ends once, for a reason, in time; I3 items are right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from tests.sim.history import Part
from tests.sim.party import answer_to, items
from tests.sim.plan import HANDLER_STOP_S, SIDES, Call, Failure, Kind, Leaving, Style, other
from tests.sim.rules import NEAR_S, Facts, Violation, broken

AFTER_THE_END_S = 1.0
"""A call is over so long after its connection has ended."""

_CODES = {
    Failure.CHOSEN: "invalid_request",
    Failure.RAISES: "application",
    Failure.UNSAYABLE: "internal",
    Failure.TOO_LARGE: "too_large",
    Failure.CANCELS_ITSELF: "cancelled",
    Failure.MISSING: "not_found",
    Failure.WRONG_KIND: "wrong_kind",
}
_NEVER_STARTED = (Failure.MISSING, Failure.WRONG_KIND)
_LARGE_BUFFER_BYTES = 100_000
_ON_THE_WAY_S = 0.3
"""Longer than any message takes where there is always room, and than a freeze lasts."""


def every_call_ends_once(facts: Facts) -> Iterator[Violation]:
    """I1: every call, and every run of a handler, has exactly one ending, in time."""
    asked = facts.history.asked.values()
    runs = [run for runs in facts.history.answered.values() for run in runs]
    for part in (*asked, *runs):
        name = f"call {part.number} at {part.side}"
        yield from broken("I1", (len(part.endings) == 1, f"{name} ended so: {part.endings}"))
        if part.ended_s is None:
            continue
        most_s = max(facts.ended_s(part.side), part.began_s) + AFTER_THE_END_S
        yield from broken("I1", (part.ended_s <= most_s + NEAR_S, f"{name} ended at {part.ended_s}"))
    for number, runs in facts.history.answered.items():
        yield from broken("I1", (len(runs) == 1, f"the handler of call {number} ran {len(runs)} times"))


def every_ending_has_its_reason(facts: Facts) -> Iterator[Violation]:
    """I1: a call ends only in a way that the plan and the wire account for."""
    for part in facts.history.asked.values():
        call = facts.call(part.number)
        for how in part.endings:
            name = f"call {part.number} ({call.kind.value}) of {part.side}"
            legal = _may_end_so(facts, call, part, how)
            yield from broken("I1", (legal, f"{name} ended with {how} at {part.ended_s}, without a reason"))


def _may_end_so(facts: Facts, call: Call, part: Part, how: str) -> bool:
    kind, _, code = how.partition(":")
    assert part.ended_s is not None
    match kind:
        case "result" | "end" | "left" | "sent":
            return not call.asking.unsayable and _as_planned(facts, call, part, how)
        case "RemoteError":
            return _may_be_told(facts, call, part, code)
        case "ConnectionClosedError" | "ConnectionLostError":
            return _tells_how_the_connection_ended(facts, part, kind, part.ended_s)
        case "RequestTimeoutError":
            return _its_time_was_up(call, part)
        case "cancelled":
            return part.cancelled_s is not None
        case "ProtocolError":
            return call.asking.unsayable
        case "OverloadedError":
            return facts.tight(part.side)
        case "StreamOverflowError":
            return _may_overflow(facts, call, part.side, part)
        case _:
            return False


def _its_time_was_up(call: Call, part: Part) -> bool:
    asking, ended_s = call.asking, part.ended_s
    assert ended_s is not None
    if asking.timeout_s is not None and ended_s >= part.began_s + asking.timeout_s - NEAR_S:
        return True
    last_s = part.received_at_s[-1] if part.received else part.began_s
    return asking.idle_timeout_s is not None and ended_s >= last_s + asking.idle_timeout_s - NEAR_S


def _as_planned(facts: Facts, call: Call, part: Part, how: str) -> bool:
    handler = facts.handler(call.number)
    match how:
        case "result":
            good = handler is not None and handler.endings == ["returned"] and call.answering.failure is None
            return call.kind is Kind.UNARY and good and part.value == answer_to(call)
        case "left":
            return call.asking.takes == len(part.received)
        case "end":
            return part.in_ending == "end"
        case _:
            return call.kind is Kind.NOTE


def _may_be_told(facts: Facts, call: Call, part: Part, code: str) -> bool:
    """Whether the other side may have told this error."""
    there, failure, handler = other(part.side), call.answering.failure, facts.handler(call.number)
    assert part.ended_s is not None
    if failure is not None and code == _code_of(call, failure):
        return (handler is None) is (failure in _NEVER_STARTED)
    match code:
        case "unavailable":
            return handler is None and facts.closing_s(there) <= part.ended_s
        case "overloaded":
            return handler is None and facts.tight(there)
        case "deadline_exceeded":
            timeout_s = call.asking.timeout_s
            return timeout_s is not None and part.ended_s - part.began_s >= timeout_s - NEAR_S
        case "overflow":
            return _may_overflow(facts, call, there, handler)
        case _:
            return False


def _code_of(call: Call, failure: Failure) -> str:
    sent_by_hand = call.kind is Kind.BIDI and failure in (Failure.UNSAYABLE, Failure.TOO_LARGE)
    return "application" if sent_by_hand else _CODES[failure]


def _may_overflow(facts: Facts, call: Call, side: str, reader: Part | None) -> bool:
    """Whether the buffer of a reader may have been full, or nobody read it any more."""
    limits = facts.plan.limits[side]
    if min(limits.stream_buffer_bytes, limits.connection_buffer_bytes) < _LARGE_BUFFER_BYTES:
        return True
    if side == call.side:
        return call.asking.takes is not None
    left = call.answering.takes is not None or call.answering.style is Style.DEAF
    return reader is not None and bool(reader.endings) and left


def _tells_how_the_connection_ended(facts: Facts, part: Part, kind: str, time_s: float) -> bool:
    side = part.side
    down_s, closing_s = facts.down_s(side), facts.closing_s(side)
    state = facts.history.final_state(side)
    same = state == ("LOST" if kind == "ConnectionLostError" else "CLOSED")
    was_sent = part.number in facts.exchange_of_call
    if part.began_s < min(down_s, closing_s) - NEAR_S and was_sent:
        return same and time_s >= down_s - NEAR_S
    # What begins on a connection that is down is told what the socket itself knows of it.
    return time_s >= min(down_s, closing_s) - NEAR_S


def items_are_right(facts: Facts) -> Iterator[Violation]:
    """I3: what was received is the beginning of what was sent, in order; all of it if it ended normally."""
    for part in facts.history.asked.values():
        call = facts.call(part.number)
        handler = facts.handler(part.number)
        if call.kind in (Kind.STREAM, Kind.BIDI):
            echoes = call.kind is Kind.BIDI and call.answering.style is Style.ECHO
            way, count = ("there", call.asking.sends) if echoes else ("back", call.answering.items)
            yield from _items_of(facts, call, part, items(call, way, count), handler)
        if call.kind is Kind.BIDI and handler is not None:
            yield from _items_of(facts, call, handler, items(call, "there", call.asking.sends), part)


def _items_of(
    facts: Facts, call: Call, part: Part, all_items: Iterator[str | None], sender: Part | None
) -> Iterator[Violation]:
    got, name = part.received, f"call {part.number}, items at {part.side}"
    expected = list(islice(all_items, len(got)))
    yield from broken("I3", (got == expected, f"{name}: got {got}, expected {expected}"))
    if part.in_ending is None:
        return
    yield from broken(
        "I3", (part.after_ending == part.in_ending, f"{name}: {part.in_ending}, and then {part.after_ending}")
    )
    least, most = (0, 0) if sender is None else (sender.sent, len(sender.sending_s))
    reads = facts.read(part.number, part.side, "stream_data")
    came = len(reads)
    if part.in_ending == "end":
        yield from broken(
            "I3",
            (least <= len(got) <= most, f"{name}: {len(got)} of {most} and a normal end"),
            (
                _ended_normally(facts, call, part, sender),
                f"{name}: ended normally, though its sender did not",
            ),
        )
    elif part.in_ending in ("StreamOverflowError", "RequestTimeoutError"):
        ended_here_s = facts.settled_s(part.side, part.number)
        before = sum(seen.time_s < ended_here_s - NEAR_S for seen in reads)
        before = before if part.in_ending == "RequestTimeoutError" else 0
        yield from broken(
            "I3",
            (before <= len(got) <= came, f"{name}: {part.in_ending} after {len(got)} of {came} that came"),
        )
    else:
        yield from broken(
            "I3", (len(got) == came, f"{name}: {part.in_ending} after {len(got)} of {came} that came")
        )


def _ended_normally(facts: Facts, call: Call, reader: Part, sender: Part | None) -> bool:
    if sender is None:
        return False
    if sender.side != call.side:
        complete = call.kind is Kind.BIDI or sender.sent == call.answering.items
        return sender.endings == ["returned"] and call.answering.failure is None and complete
    left_a_block = call.asking.leaving is Leaving.BLOCK and len(sender.received) == call.asking.takes
    # A peer that is not known to be modern is told of a cancelled stream by its end (protocol.md §8).
    gave_up_s = facts.settled_s(sender.side, sender.number)
    unknown = facts.plan.legacy or not facts.knows_the_other(sender.side, gave_up_s)
    complete = len(sender.sending_s) == call.asking.sends  # it may be cancelled while it says so
    return complete or left_a_block or unknown


def handlers_stop_when_nobody_waits(facts: Facts) -> Iterator[Violation]:
    """I1: a handler whose opener has given up, or whose connection has ended, is stopped in time."""
    for number, (run, *_) in facts.history.answered.items():
        call = facts.call(number)
        told_s = [facts.ended_s(run.side)]
        told_s += [seen.time_s for seen in facts.read(number, run.side, "error")]
        if call.kind is not Kind.BIDI:
            told_s += [seen.time_s for seen in facts.read(number, run.side, "stream_end")]
        opened = [seen for seen in facts.of_call(number) if (seen.side, seen.what) == (run.side, "read")][:1]
        told_s += [
            seen.time_s + seen.frame["meta"]["timeout"]
            for seen in opened
            if "timeout" in (seen.frame.get("meta") or {})
        ]
        patience_s = HANDLER_STOP_S if call.answering.ignores_cancelling else 0.0
        if run.ended_s is not None and call.kind is not Kind.NOTE:
            most_s = max(min(told_s), run.began_s) + patience_s
            text = f"the handler of call {number} ended at {run.ended_s}, not at {most_s}"
            yield from broken("I1", (run.ended_s <= most_s + NEAR_S, text))


def deadlines_count_from_the_call(facts: Facts) -> Iterator[Violation]:
    """I1: a call with a timeout has ended by then, however long it waited before it was sent."""
    timed_out = {
        request_id: time_s
        for side in SIDES
        for time_s, request_id, outcome in facts.history.settled[side]
        if outcome == "timeout"
    }
    for part in facts.history.asked.values():
        asking, exchange = facts.call(part.number).asking, facts.exchange_of_call.get(part.number)
        if asking.timeout_s is None or exchange is None:
            continue
        most_s = part.began_s + asking.timeout_s
        settled_s = timed_out.get(exchange, most_s)
        text = f"call {part.number} timed out at {settled_s}, not at {most_s}"
        yield from broken("I1", (settled_s <= most_s + NEAR_S, text))
        in_time = part.ended_s is None or part.ended_s <= most_s + NEAR_S
        text = f"call {part.number} ended at {part.ended_s}, and had time until {most_s}"
        yield from broken("I1", (in_time or facts.call(part.number).kind is not Kind.UNARY, text))


def who_walks_away_stops_the_handler(facts: Facts) -> Iterator[Violation]:
    """I1: where nothing holds up what is sent, a handler is stopped soon after its opener has left."""
    roads, ends_s = facts.plan.roads.values(), min(map(facts.ended_s, SIDES))
    if facts.plan.legacy or any(road.capacity is not None for road in roads):
        return
    for part in facts.history.asked.values():
        call, run = facts.call(part.number), facts.handler(part.number)
        stays = call.kind is Kind.BIDI and call.asking.leaving is Leaving.BLOCK
        if run is None or call.kind is Kind.NOTE or part.ended_s is None or stays:
            continue
        soon_s = part.ended_s + _ON_THE_WAY_S + (HANDLER_STOP_S if call.answering.ignores_cancelling else 0.0)
        ended_s = run.ended_s if run.ended_s is not None else float("inf")
        text = f"call {part.number} was over at {part.ended_s}, its handler at {ended_s}"
        yield from broken("I1", (ended_s <= soon_s or ends_s <= soon_s, text))


def idle_streams_are_given_up(facts: Facts) -> Iterator[Violation]:
    """I1: with an idle timeout no item is waited for any longer."""
    for part in facts.history.asked.values():
        asking = facts.call(part.number).asking
        if asking.idle_timeout_s is None or asking.along or part.in_ending is None or part.ended_s is None:
            continue
        for before_s, after_s in pairwise([*part.received_at_s, part.in_ended_s]):
            most_s = before_s + asking.pace_s + asking.idle_timeout_s
            text = f"call {part.number} waited for an item from {before_s + asking.pace_s} to {after_s}"
            yield from broken("I1", (after_s <= most_s + NEAR_S, text))


def who_closes_takes_nothing_new(facts: Facts) -> Iterator[Violation]:
    """§6: what is read after this side began to close is refused."""
    for number, (run, *_) in facts.history.answered.items():
        call = facts.call(number)
        read_s = [
            seen.time_s for seen in facts.of_call(number) if (seen.side, seen.what) == (run.side, "read")
        ]
        late = call.kind is not Kind.NOTE and min(read_s, default=0.0) > facts.closing_s(run.side) + NEAR_S
        yield from broken("§6", (not late, f"call {number} was taken by {run.side}, which was closing"))


def what_can_move_moves(facts: Facts) -> Iterator[Violation]:
    """I1: no call stands still until the connection ends, where nothing holds up what is sent."""
    if not facts.nothing_holds_up() or facts.plan.legacy:
        return
    for part in facts.history.asked.values():
        call, end_s = facts.call(part.number), facts.ended_s(part.side)
        simple = call.kind in (Kind.UNARY, Kind.STREAM) and not (call.asking.along or call.answering.along)
        simple = simple and not call.answering.lasts
        moved_s = [seen.time_s for seen in facts.of_call(part.number)] + part.received_at_s
        if not simple or not moved_s or part.ended_s is None or part.ended_s < end_s:
            continue
        text = f"call {part.number} stood still from {max(moved_s)} to the end at {end_s}"
        yield from broken("I1", (end_s - max(moved_s) <= _ON_THE_WAY_S, text))


def what_was_said_before_a_close_is_written(facts: Facts) -> Iterator[Violation]:
    """§6: what was queued when this side closed was written first."""
    if facts.plan.faults or not facts.nothing_holds_up():
        return
    for part in facts.history.asked.values():
        said = part.endings == ["sent"] and part.ended_s is not None
        if said and facts.ended_s(part.side) > facts.closing_s(part.side) > part.began_s:
            written = any(
                passing.what == "sent" and f'"call":{part.number},' in passing.text
                for passing in facts.history.passings
            )
            yield from broken(
                "§6", (written, f"call {part.number} was said before the close, and not written")
            )


def who_drains_lets_finish(facts: Facts) -> Iterator[Violation]:
    """§6: while there is time to drain, and something is in flight, the connection stays."""
    side, plan = facts.plan.ends_by, facts.plan
    closing_s, down_s = facts.closing_s(side), facts.down_s(side)
    if plan.faults or not facts.nothing_holds_up() or down_s >= closing_s + plan.drain_s - NEAR_S:
        return
    asked = [part for part in facts.history.asked.values() if part.number in facts.exchange_of_call]
    answered = [run for runs in facts.history.answered.values() for run in runs]
    for part in (*asked, *answered):
        call = facts.call(part.number)
        cut_off = part.ended_s is not None and part.ended_s >= down_s - NEAR_S and call.kind is not Kind.NOTE
        over_s = facts.over_s(part.number, side)
        text = f"call {part.number} was cut off at {down_s} by a drain that had time"
        mine = part.side == side and part.began_s < closing_s and cut_off
        yield from broken("§6", (not mine or over_s <= down_s + NEAR_S, text))


ALWAYS_ROOM_BYTES = 64 * 1024


def what_was_read_is_answered(facts: Facts) -> Iterator[Violation]:
    """I1: a call that reached the other side started its handler, unless there is a reason to refuse it.

    Nor does it start while answers wait to be taken, which is looked at where there is always room.
    """
    if facts.plan.room_bytes < ALWAYS_ROOM_BYTES:
        return
    for side in SIDES:
        for seen in facts.frames:
            data = seen.frame.get("data")
            if (seen.side, seen.what) != (side, "read") or not isinstance(data, dict) or "call" not in data:
                continue
            call = facts.call(data["call"])
            started = facts.handler(call.number) is not None
            ended = facts.down_s(side) <= seen.time_s + NEAR_S
            refused = facts.closing_s(side) <= seen.time_s or facts.tight(side)
            refused = refused or call.answering.failure in _NEVER_STARTED
            taken_back = any(
                one.place > seen.place
                and (one.side, one.what) == (side, "read")
                and one.time_s <= seen.time_s + NEAR_S
                for one in facts.of_call(call.number)
            )
            text = f"call {call.number} was read and not answered"
            yield from broken("I1", (started or ended or refused or taken_back, text))
