"""A sequence over the app's connection: sent by intents, answered by what the capture has."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.intents import CancelExchange, Done, EndHalf, Intent, SendItem, SendMessage
from inspector_app.messages.answers import Answer, Ready
from inspector_app.viewer import calling, exchange_answers
from inspector_app.viewer.calling import CaptureCaller
from inspector_app.viewer.goal import ExchangeGoal
from tests.inspector_app.recordings import ME, Recording


class Wire:
    """Stands where an engine does: each intent becomes frames in a capture."""

    def __init__(self, folder: Path, answer: Callable[[Recording, int], object]) -> None:
        self.recording = Recording(folder).connect().commit()
        self.reader = CaptureReader(self.recording.path)
        self.intents: list[Intent] = []
        self._answer = answer
        self._number = -1

    async def perform(self, intent: Intent) -> Done:
        self.intents.append(intent)
        recording = self.recording
        match intent:
            case SendMessage(kind="oneway"):
                recording.frame("out", "fire_and_forget", None, {"operation": intent.operation}).commit()
                return Done(conn=1)
            case SendMessage():
                self._number += 1
                opening = {"stream": "stream_request", "bidirectional": "stream_stream_request"}
                data = {"operation": intent.operation, **json.loads(intent.data_json)}
                recording.frame("out", opening.get(intent.kind, "request"), self._number, data)
                if intent.kind != "bidirectional":
                    self._answer(recording, self._number)
                recording.commit()
                return Done(conn=1, opener=ME, number=self._number)
            case SendItem():
                recording.frame("out", "stream_data", intent.number, json.loads(intent.data_json)).commit()
            case EndHalf():
                recording.frame("out", "stream_end", intent.number)
                self._answer(recording, intent.number)
                recording.commit()
            case CancelExchange():
                recording.frame(
                    "out", "error", intent.number, {"error": "given up", "code": "cancelled"}
                ).commit()
        return Done(conn=1)

    def caller(self) -> CaptureCaller:
        return CaptureCaller(self.perform, lambda: self.reader, conn=1)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Callable[[Callable[[Recording, int], object]], Wire]]:
    made: list[Wire] = []

    def make(answer: Callable[[Recording, int], object]) -> Wire:
        made.append(Wire(tmp_path, answer))
        return made[-1]

    yield make
    for each in made:
        each.reader.close()
        each.recording.close()


Make = Callable[[Callable[[Recording, int], object]], Wire]


async def test_the_answer_of_a_request_is_read_with_its_times(wire: Make) -> None:
    at = wire(lambda recording, number: recording.respond(number, {"price": 4}))
    caller = at.caller()
    answer = await caller.call(Ready(kind="request", operation="get", data_json='{"a": 1}', timeout_s=2.0))
    assert (answer.outcome, answer.data) == ("ok", {"price": 4})
    assert (answer.latency_ns, answer.duration_ns) == (10_000_000, 10_000_000)
    assert caller.last == ExchangeGoal(conn=1, opener=ME, number=0)
    assert at.intents == [
        SendMessage(kind="request", operation="get", data_json='{"a": 1}', timeout_s=2.0, conn=1)
    ]


async def test_an_error_is_read_with_code_text_and_details(wire: Make) -> None:
    def fail(recording: Recording, number: int) -> None:
        error = {"error": "no", "code": "not_found", "details": {"id": 7}}
        recording.frame("in", "error", number, error)

    answer = await wire(fail).caller().call(Ready(kind="request", operation="get"))
    assert (answer.outcome, answer.code, answer.message) == ("error", "not_found", "no")
    assert answer.details == {"id": 7}


async def test_the_items_of_a_stream_are_read_and_one_is_given_up_after_enough(wire: Make) -> None:
    def two(recording: Recording, number: int) -> None:
        recording.frame("in", "stream_data", number, 1).frame("in", "stream_data", number, 2)
        recording.frame("in", "stream_data", number, 3)

    at = wire(two)
    answer = await at.caller().call(Ready(kind="stream", operation="watch", take=2))
    assert (answer.outcome, answer.items) == ("ok", (1, 2))
    assert at.intents[-1] == CancelExchange(conn=1, opener=ME, number=0)


@pytest.mark.parametrize("ending", ["stream_end", "error", ""])
async def test_of_a_stream_that_had_sent_more_before_anybody_looked_only_so_many_items_are_taken(
    wire: Make, ending: str
) -> None:
    def ten(recording: Recording, number: int) -> None:
        for item in range(10):
            recording.frame("in", "stream_data", number, item)
        if ending:
            recording.frame("in", ending, number, {"error": "too late", "code": "late"})

    answer = await wire(ten).caller().call(Ready(kind="stream", operation="watch", take=2))
    assert (answer.outcome, answer.items, answer.code, answer.message) == ("ok", (0, 1), "", "")
    assert (answer.latency_ns, answer.duration_ns) == (10_000_000, 20_000_000)


async def test_more_items_than_are_kept_are_an_overflow(wire: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_answers, "MOST_ITEMS", 3)

    def four(recording: Recording, number: int) -> None:
        for item in range(4):
            recording.frame("in", "stream_data", number, item)
        recording.frame("in", "stream_end", number)

    answer = await wire(four).caller().call(Ready(kind="stream", operation="watch"))
    assert (answer.outcome, answer.items) == ("overflow", (0, 1, 2))
    assert answer.message == "more than 3 items came: take fewer"


async def test_a_long_answer_is_read_beside_the_keys(wire: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "AT_ONCE_ITEMS", 2)
    read_in: list[threading.Thread] = []
    real = exchange_answers.answer_of

    def told(*given: Any) -> Answer:
        read_in.append(threading.current_thread())
        return real(*given)

    monkeypatch.setattr(calling, "answer_of", told)

    def three(recording: Recording, number: int) -> None:
        for item in range(3):
            recording.frame("in", "stream_data", number, item)
        recording.frame("in", "stream_end", number)

    answer = await wire(three).caller().call(Ready(kind="stream", operation="watch"))
    assert answer.items == (0, 1, 2)
    assert read_in[0] is not threading.main_thread()


async def test_an_item_that_is_refused_is_what_the_stream_failed_by(
    wire: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "_SETTLING_S", 0.05)
    at = wire(lambda *_: None)

    async def perform(intent: Intent) -> Done:
        return Done(error="That is too large.") if isinstance(intent, SendItem) else await at.perform(intent)

    caller = CaptureCaller(perform, lambda: at.reader, conn=1)
    answer = await caller.call(Ready(kind="bidirectional", operation="chat", items_json=("1",)))
    assert (answer.outcome, answer.code, answer.message) == ("error", "not_sent", "That is too large.")
    assert isinstance(at.intents[-1], CancelExchange)


async def test_items_are_read_also_while_the_peer_lets_no_more_through(wire: Make) -> None:
    at = wire(lambda *_: None)

    async def perform(intent: Intent) -> Done:
        if isinstance(intent, SendItem):
            at.recording.frame("in", "stream_data", intent.number, "back").commit()
            await asyncio.Event().wait()
        return await at.perform(intent)

    caller = CaptureCaller(perform, lambda: at.reader, conn=1)
    asked = Ready(kind="bidirectional", operation="chat", items_json=("1", "2"), take=1)
    assert (await caller.call(asked)).items == ("back",)
    late = Ready(kind="bidirectional", operation="chat", items_json=("1", "2"), timeout_s=0.05)
    assert (await caller.call(late)).outcome == "timeout"


async def test_a_stream_that_does_not_end_in_its_time_is_given_up(wire: Make) -> None:
    at = wire(lambda recording, number: recording.frame("in", "stream_data", number, 1))
    answer = await at.caller().call(Ready(kind="stream", operation="watch", timeout_s=0.05))
    assert (answer.outcome, answer.items) == ("timeout", (1,))
    assert isinstance(at.intents[-1], CancelExchange)


async def test_on_a_bidirectional_stream_its_items_are_sent_and_its_half_is_ended(wire: Make) -> None:
    def end(recording: Recording, number: int) -> None:
        recording.frame("in", "stream_data", number, "back").frame("in", "stream_end", number)

    at = wire(end)
    answer = await at.caller().call(Ready(kind="bidirectional", operation="chat", items_json=("1", '"two"')))
    assert (answer.outcome, answer.items) == ("ok", ("back",))
    assert [type(each).__name__ for each in at.intents] == ["SendMessage", "SendItem", "SendItem", "EndHalf"]


async def test_a_one_way_message_is_done_when_it_is_sent(wire: Make) -> None:
    caller = wire(lambda *_: None).caller()
    assert (await caller.call(Ready(kind="oneway", operation="log"))).outcome == "ok"
    assert caller.last is None


async def test_what_cannot_be_sent_is_an_error_with_the_sentence(tmp_path: Path) -> None:
    del tmp_path

    async def refuse(_: Intent) -> Done:
        return Done(error="Nobody is connected.")

    caller = CaptureCaller(refuse, lambda: None)
    answer = await caller.call(Ready(kind="request", operation="get"))
    assert (answer.outcome, answer.code, answer.message) == ("error", "not_sent", "Nobody is connected.")


async def test_cancelled_it_gives_up_its_exchange(wire: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()
    at = wire(lambda *_: None)
    real = at.reader.find_exchange

    def find(conn: int, opener: str, number: int) -> object:
        looked.set()
        return real(conn, opener, number)

    monkeypatch.setattr(at.reader, "find_exchange", find)
    task = asyncio.create_task(at.caller().call(Ready(kind="request", operation="get")))
    await looked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(at.intents[-1], CancelExchange)


async def test_cancelled_while_it_is_being_sent_it_is_given_up_once_it_is_there(wire: Make) -> None:
    asked, go = asyncio.Event(), asyncio.Event()
    at = wire(lambda *_: None)

    async def slow(intent: Intent) -> Done:
        if isinstance(intent, SendMessage):
            asked.set()
            await go.wait()
        return await at.perform(intent)

    caller = CaptureCaller(slow, lambda: at.reader, conn=1)
    task = asyncio.create_task(caller.call(Ready(kind="stream", operation="watch")))
    await asked.wait()
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert at.intents[-1] == CancelExchange(conn=1, opener=ME, number=0)
