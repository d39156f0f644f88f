"""The verdict on a run, by what its programs and its wire saw; the rules know nothing of the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.sim import rules_calls, rules_connection, rules_wire
from tests.sim.history import History
from tests.sim.plan import Plan
from tests.sim.rules import Facts, Violation

Rule = Callable[[Facts], Iterator[Violation]]

RULES: tuple[Rule, ...] = (
    rules_calls.every_call_ends_once,
    rules_calls.every_ending_has_its_reason,
    rules_calls.items_are_right,
    rules_calls.handlers_stop_when_nobody_waits,
    rules_calls.deadlines_count_from_the_call,
    rules_calls.who_walks_away_stops_the_handler,
    rules_calls.idle_streams_are_given_up,
    rules_calls.who_closes_takes_nothing_new,
    rules_calls.what_can_move_moves,
    rules_calls.what_was_said_before_a_close_is_written,
    rules_calls.who_drains_lets_finish,
    rules_calls.what_was_read_is_answered,
    rules_wire.each_direction_ends_once,
    rules_wire.openings_are_counted,
    rules_wire.the_hello_comes_first,
    rules_wire.legacy_peers_get_nothing_they_would_choke_on,
    rules_wire.credit_is_kept,
    rules_wire.credit_follows_consumption,
    rules_connection.nothing_is_left,
    rules_connection.transitions_are_legal,
    rules_connection.closing_takes_no_longer_than_it_may,
    rules_connection.taps_tell_what_the_wire_did,
)


def violations(plan: Plan, history: History) -> list[Violation]:
    """What is wrong with a run; empty where nothing is."""
    facts = Facts(plan, history)
    return [violation for rule in RULES for violation in rule(facts)]
