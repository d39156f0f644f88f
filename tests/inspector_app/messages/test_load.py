"""A collection run many times: what is counted, and that it ends with its connection."""

from __future__ import annotations

import json

from inspector_app.messages.answers import Answer, Ready
from inspector_app.messages.collection import Message
from inspector_app.messages.load import Load, load_object, load_told, put_load
from inspector_app.messages.repeat import Figures, Pace
from inspector_app.messages.variables import Scope

MESSAGE = Message(name="price", operation="get_quote")


class Lasting:
    """A caller whose connection lasts for so many calls."""

    def __init__(self, calls: int) -> None:
        self.left = calls
        self.called = 0

    async def call(self, message: Ready) -> Answer:
        del message
        self.called += 1
        self.left -= 1
        return Answer(outcome="ok" if self.left >= 0 else "lost", duration_ns=5)


async def put(caller: Lasting, times: int, in_flight: int = 1) -> Load:
    load = Load({MESSAGE.name: Figures()})
    pace = Pace(times=times, in_flight=in_flight)
    await put_load(load, [MESSAGE], Scope(), caller, pace, keep_going=False)
    return load


async def test_every_run_is_counted() -> None:
    load = await put(Lasting(50), 20, in_flight=3)
    assert (load.runs, load.failed_runs, load.ended_early) == (20, 0, False)
    assert load.by_name["price"].percentiles()["max"] == 5


async def test_when_the_connection_has_ended_nothing_more_is_sent_and_it_is_said_how_far_it_got() -> None:
    caller = Lasting(7)
    load = await put(caller, 1000)
    assert (caller.called, load.runs, load.failed_runs) == (8, 8, 1)
    assert "  ended early, after 8 of 1,000: the connection has ended" in load_told(load)
    assert json.loads(load_object(load))["ended_early"] is True
