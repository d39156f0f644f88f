"""Rules about the connection: I4 nothing is left, I6 transitions are legal, I7 taps tell the wire."""

from __future__ import annotations

from collections.abc import Iterator

from tests.sim.plan import CLOSE_TIMEOUT_S, SIDES, FaultKind
from tests.sim.rules import NEAR_S, Facts, Violation, broken

# protocol.md §6, written out a second time.
_MAY_GO_TO = {
    "CONNECTING": {"CONNECTED", "CLOSED", "LOST"},
    "CONNECTED": {"CLOSING", "CLOSED", "LOST"},
    "CLOSING": {"CLOSED", "LOST"},
    "CLOSED": set(),
    "LOST": set(),
}
_NORMAL_CODES = (1000, 1001)


def nothing_is_left(facts: Facts) -> Iterator[Violation]:
    """I4: no table entry, buffer, task or timer; nothing that was raised and never heard of."""
    history = facts.history
    for side, held in (*history.held_at_rest.items(), *history.left_behind.items()):
        yield from broken("I4", (not held, f"{side} still holds {held}"))
    for text in history.pending:
        yield Violation("I4", f"still running: {text}")
    for text in history.complaints:
        yield Violation("I4", f"unheard: {text}")
    for text in history.findings:
        yield Violation("I4", f"a finding among peers that keep to the protocol: {text}")


def transitions_are_legal(facts: Facts) -> Iterator[Violation]:
    """I6: each state follows the one before it, and the last one tells how the connection ended."""
    for side in SIDES:
        state = "CONNECTING"
        for move in facts.history.moves[side]:
            yield from broken(
                "I6",
                (move.old == state, f"{side} was {state}, and left {move.old}"),
                (move.new in _MAY_GO_TO[move.old], f"{side} went from {move.old} to {move.new}"),
            )
            state = move.new
        yield from _closing_is_told(facts, side)
        yield from _the_last_state_is_right(facts, side, state)


def _closing_is_told(facts: Facts, side: str) -> Iterator[Violation]:
    closing_s, moves = facts.closing_s(side), facts.history.moves[side]
    connected = any(move.new == "CONNECTED" and move.time_s < closing_s for move in moves)
    told = any(move.new == "CLOSING" for move in moves)
    if connected and closing_s < facts.ended_s(side) - NEAR_S:
        yield from broken("I6", (told, f"{side} closed from {closing_s}, and was never CLOSING"))


def _the_last_state_is_right(facts: Facts, side: str, state: str) -> Iterator[Violation]:
    yield from broken("I6", (state in ("CLOSED", "LOST"), f"{side} ended as {state}"))
    ended_s = facts.ended_s(side)
    code = facts.history.close_codes[side]
    on_purpose = (
        facts.closing_s(side) <= ended_s + NEAR_S
        or facts.suffered(side, FaultKind.STOP_LISTENING)
        or facts.suffered(side, FaultKind.CLOSE_UNDERNEATH)
    )
    if not on_purpose and not (state == "LOST" and facts.tight(side)):
        must = "CLOSED" if code in _NORMAL_CODES else "LOST"
        yield from broken("I6", (state == must, f"{side} ended as {state} with {code}"))
    listened = facts.history.listened[side]
    if listened == "returned":
        yield from broken("I6", (state == "CLOSED", f"{side} is {state}, and listen() returned"))
    elif listened == "ConnectionLostError":
        yield from broken("I6", (state == "LOST", f"{side} is {state}, and listen() raised {listened}"))
    elif listened == "CancelledError":
        yield from broken(
            "I6", (facts.suffered(side, FaultKind.STOP_LISTENING), f"listen() of {side} was cancelled")
        )
    else:
        began_s = facts.plan.listens_at_s[side]
        yield from broken("I6", (ended_s <= began_s + NEAR_S, f"listen() of {side} raised {listened}"))


def closing_takes_no_longer_than_it_may(facts: Facts) -> Iterator[Violation]:
    """I1: `aclose()` returns within its time to drain and the two steps of closing."""
    for side in SIDES:
        for began_s, returned_s, drain_s in facts.history.closings[side]:
            most_s = drain_s + 2 * CLOSE_TIMEOUT_S
            if returned_s is None:
                yield Violation("I1", f"aclose() of {side} at {began_s} did not return")
            elif returned_s - began_s > most_s + NEAR_S:
                yield Violation("I1", f"aclose() of {side} took {returned_s - began_s} s, not {most_s} s")


def taps_tell_what_the_wire_did(facts: Facts) -> Iterator[Violation]:
    """I7: taps were told what came in, frame for frame, and what went out; the very last may be cut off."""
    for side in SIDES:
        sent = [seen.text for seen in facts.history.passings if (seen.side, seen.what) == (side, "sent")]
        read = [seen.text for seen in facts.history.passings if (seen.side, seen.what) == (side, "read")]
        told_out, told_in = facts.history.tapped[side, "out"], facts.history.tapped[side, "in"]
        yield from broken(
            "I7",
            (told_in == read[: len(told_in)], f"the taps of {side} were not told what came in"),
            (len(told_in) >= len(read) - 1, f"the taps of {side} were told {len(told_in)} of {len(read)}"),
            (told_out[: len(sent)] == sent, f"the taps of {side} were not told what was sent"),
        )
