"""The state tables against protocol.md §5 and §6, written out here a second time, by hand."""

from __future__ import annotations

import itertools

import pytest

from slipstream.lifecycle import (
    CONNECTION_TRANSITIONS,
    ENDED,
    STREAM_TRANSITIONS,
    ConnectionState,
    StreamEffect,
    StreamEvent,
    StreamState,
)

# The table of protocol.md §5. A cell that is dashed there names what cannot be: here whose fault it is.
STREAM_TABLE = """
event               | OPEN                       | HALF_CLOSED_LOCAL        | HALF_CLOSED_REMOTE         | CLOSED
SEND_DATA           | OPEN proceed               | HALF_CLOSED_LOCAL local error | HALF_CLOSED_REMOTE proceed | CLOSED local error
SEND_END            | HALF_CLOSED_LOCAL proceed  | HALF_CLOSED_LOCAL nothing | CLOSED proceed             | CLOSED nothing
SEND_RESPONSE       | OPEN local error           | HALF_CLOSED_LOCAL local error | CLOSED proceed         | CLOSED nothing
DATA                | OPEN proceed               | HALF_CLOSED_LOCAL proceed | HALF_CLOSED_REMOTE finding | CLOSED ignore
END                 | HALF_CLOSED_REMOTE proceed | CLOSED proceed           | HALF_CLOSED_REMOTE finding | CLOSED ignore
RESPONSE            | OPEN finding               | CLOSED proceed           | HALF_CLOSED_REMOTE finding | CLOSED ignore
ABORT               | CLOSED proceed             | CLOSED proceed           | CLOSED proceed             | CLOSED ignore
CONNECTION_ENDED    | CLOSED proceed             | CLOSED proceed           | CLOSED proceed             | CLOSED nothing
"""  # noqa: E501 - a table is read by its columns


def _written_out() -> dict[tuple[str, str], tuple[str, str]]:
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in STREAM_TABLE.strip().splitlines()]
    cells: dict[tuple[str, str], tuple[str, str]] = {}
    for event, *row in rows:
        for state, cell in zip(head[1:], row, strict=True):
            goes_to, _, effect = cell.partition(" ")
            cells[state, event] = (goes_to, effect)
    return cells


def test_the_stream_table_is_that_of_the_protocol() -> None:
    told = {
        (state.value, event.name): (step.state.value, step.effect.value)
        for (state, event), step in STREAM_TRANSITIONS.items()
    }
    assert told == _written_out()


def test_the_stream_table_is_total() -> None:
    assert set(STREAM_TRANSITIONS) == set(itertools.product(StreamState, StreamEvent))


@pytest.mark.parametrize("event", StreamEvent)
def test_nothing_leaves_closed(event: StreamEvent) -> None:
    assert STREAM_TRANSITIONS[StreamState.CLOSED, event].state is StreamState.CLOSED
    assert STREAM_TRANSITIONS[StreamState.CLOSED, event].effect is not StreamEffect.PROCEED


def test_a_half_that_ended_never_opens_again() -> None:
    for (state, _), step in STREAM_TRANSITIONS.items():
        assert state.local_open or not step.state.local_open
        assert state.remote_open or not step.state.remote_open


def test_what_does_not_proceed_changes_nothing() -> None:
    for (state, _), step in STREAM_TRANSITIONS.items():
        assert step.effect is StreamEffect.PROCEED or step.state is state


@pytest.mark.parametrize(
    ("state", "local_open", "remote_open"),
    [
        (StreamState.OPEN, True, True),
        (StreamState.HALF_CLOSED_LOCAL, False, True),
        (StreamState.HALF_CLOSED_REMOTE, True, False),
        (StreamState.CLOSED, False, False),
    ],
)
def test_a_state_says_which_halves_may_still_send(
    state: StreamState, local_open: bool, remote_open: bool
) -> None:
    assert (state.local_open, state.remote_open) == (local_open, remote_open)


def test_the_connection_table_is_that_of_the_protocol() -> None:
    told = {state.name: {goes_to.name for goes_to in row} for state, row in CONNECTION_TRANSITIONS.items()}
    assert told == {
        "CONNECTING": {"CONNECTED", "CLOSED", "LOST"},
        "CONNECTED": {"CLOSING", "CLOSED", "LOST"},
        "CLOSING": {"CLOSED", "LOST"},
        "CLOSED": set(),
        "LOST": set(),
    }


def test_the_ended_states_are_those_that_lead_nowhere() -> None:
    assert {state for state, row in CONNECTION_TRANSITIONS.items() if not row} == ENDED
    assert {ConnectionState.CLOSED, ConnectionState.LOST} == ENDED
