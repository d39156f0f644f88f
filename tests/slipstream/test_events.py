"""The records that a session hands to its shell."""

from __future__ import annotations

from typing import get_args

import pytest

from slipstream import events
from slipstream.events import Event, ItemArrived
from slipstream.protocol import Protocol


def test_every_record_of_the_module_is_an_event() -> None:
    records = {
        value
        for value in vars(events).values()
        if isinstance(value, type) and value.__module__ == events.__name__
    }
    assert set(get_args(Event)) == records


async def test_the_shell_knows_what_to_do_about_every_event() -> None:
    assert set(Protocol(object())._act) == set(get_args(Event))


@pytest.mark.parametrize("record", get_args(Event), ids=lambda record: record.__name__)
def test_no_event_carries_more_than_it_says(record: type) -> None:
    assert "__dict__" not in dir(record)


def test_events_are_compared_by_what_they_say() -> None:
    assert ItemArrived(("p", 0), [1], 3) == ItemArrived(("p", 0), [1], 3)
    assert ItemArrived(("p", 0), [1], 3) != ItemArrived(("p", 0), [1], 4)
