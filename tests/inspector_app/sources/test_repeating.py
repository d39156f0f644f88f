"""A message that is sent many times: seen frame by frame, stopped, and ended with its connection."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from inspector_app.intents import (
    ClientSpec,
    Disconnect,
    MessageKind,
    RepeatMessage,
    SendMessage,
    StopRepeating,
    TellRepetition,
)
from inspector_app.sources import client as client_source
from inspector_app.sources.base import Source, make_source
from inspector_app.sources.client import ClientSource
from inspector_app.standing import RepetitionStanding, standing_of
from slipstream import (
    BiStreamHandle,
    Limits,
    ProtocolHandler,
    fire_and_forget,
    request_response,
    request_stream,
    serve,
    stream_stream,
)
from tests.inspector_app.sources.helpers import Records


class Answers(ProtocolHandler):
    @request_response
    async def add(self, data: dict[str, Any]) -> object:
        return data["a"]

    @request_response
    async def wait(self, data: dict[str, Any]) -> object:
        del data
        return await asyncio.Event().wait()

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[object]:
        del data
        yield 1
        yield 2

    @stream_stream
    async def echo(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        del data
        async for item in stream:
            await stream.send(item)

    @stream_stream
    async def endless(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        del data
        async for item in stream:
            await stream.send(item)
            await stream.send(item)
        await asyncio.Event().wait()

    @fire_and_forget
    async def log(self, data: dict[str, Any]) -> None:
        del data


@asynccontextmanager
async def client() -> AsyncIterator[tuple[Source, Records]]:
    records = Records()
    async with serve(Answers) as server:
        source = make_source(ClientSpec(url=server.url))
        await source.start(records)
        try:
            await records.until_state("CONNECTED")
            yield source, records
        finally:
            await source.stop()


def repeated(operation: str, times: int, kind: MessageKind = "request", **more: Any) -> RepeatMessage:
    message = SendMessage(kind=kind, operation=operation, data_json='{"a": 1}')
    return RepeatMessage(message=message, times=times, **more)


def sent(records: Records, frame_type: str) -> int:
    """How many frames of a type went out, the question of what the server offers not counted."""
    return sum(
        way == "out"
        and frame.get("type") == frame_type
        and not str((frame.get("data") or {}).get("operation")).startswith("slipstream.")
        for way, frame in records.frames()
    )


def came(records: Records) -> Counter[str]:
    return Counter(frame["type"] for way, frame in records.frames() if way == "in")


@pytest.mark.parametrize(
    ("kind", "operation", "opening", "answers"),
    [
        ("request", "add", "request", {"response": 20}),
        ("stream", "count", "stream_request", {"stream_data": 40, "stream_end": 20}),
        ("bidirectional", "echo", "stream_stream_request", {"stream_end": 20}),
        ("oneway", "log", "fire_and_forget", {}),
    ],
)
async def test_each_kind_is_sent_as_often_as_asked(
    kind: MessageKind, operation: str, opening: str, answers: dict[str, int]
) -> None:
    async with client() as (source, records):
        assert (await source.perform(repeated(operation, 20, kind, in_flight=3))).error is None
        await records.until(lambda seen: sent(seen, opening) == 20)
        await records.until(lambda seen: all(came(seen)[each] >= many for each, many in answers.items()))


async def standing(source: Source) -> RepetitionStanding:
    told = standing_of((await source.perform(TellRepetition(conn=1))).told, RepetitionStanding)
    assert told is not None
    return told


async def ended(source: Source) -> RepetitionStanding:
    assert isinstance(source, ClientSource)
    await asyncio.wait({source._repeater._by_conn[1]._task})
    return await standing(source)


async def test_of_messages_without_an_answer_it_tells_how_many_were_written_and_how_long_that_took() -> None:
    async with client() as (source, records):
        assert (await source.perform(TellRepetition(conn=1))).told == ""
        await source.perform(repeated("log", 20, "oneway", in_flight=3))
        await records.until(lambda seen: sent(seen, "fire_and_forget") == 20)
        told = await ended(source)
        assert (told.sent, told.why) == (20, "")
        assert list(told.write_ns) == ["p50", "p90", "p99", "max"]
        assert told.last_ns > told.began_ns


async def test_a_bidirectional_stream_sends_its_items_each_time_and_is_given_up_after_enough() -> None:
    async with client() as (source, records):
        await source.perform(repeated("endless", 5, "bidirectional", items_json=('"a"', '"b"'), take=2))
        assert (await ended(source)).sent == 5
        assert came(records)["stream_data"] >= 10
        items = [
            frame["data"] for way, frame in records.frames() if (way, frame["type"]) == ("out", "stream_data")
        ]
        assert items.count("a") == 5
        await records.until(lambda seen: sent(seen, "error") == 5)


async def test_each_message_has_values_of_its_own_where_a_mark_stands() -> None:
    async with client() as (source, records):
        data = '{"a": "<uuid<", "t": "<now:ms<", "text": "at <now:s<", "\\"<now:s<": 1}'
        message = SendMessage(kind="request", operation="add", data_json=data)
        asked = RepeatMessage(message=message, times=9, in_flight=3, mark="<")
        await source.perform(asked)
        await records.until(lambda seen: sent(seen, "request") == 9)
        frames = [frame["data"] for way, frame in records.frames() if way == "out" and "t" in frame["data"]]
        assert len({UUID(each["a"]) for each in frames}) == 9
        assert all(isinstance(each["t"], int) for each in frames)
        assert all(each["text"].removeprefix("at ").isdigit() for each in frames)
        assert all(any(key.startswith('"1') for key in each) for each in frames)


@pytest.mark.parametrize("how", ["closed", "overload", "stopped"])
async def test_why_it_ended_early_is_told_also_when_its_connection_has_ended(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "overload":
        monkeypatch.setattr(client_source, "inspector_limits", lambda _: Limits(in_flight=2))
    async with client() as (source, records):
        await source.perform(repeated("wait", 1000, in_flight=4))
        if how != "overload":
            await records.until(lambda seen: sent(seen, "request") == 4)
            await source.perform(Disconnect() if how == "closed" else StopRepeating())
        told = await ended(source)
        expected = {"closed": "Connection closed", "overload": "in flight", "stopped": "It was stopped."}
        assert expected[how] in told.why
        assert told.why.endswith(".")


async def test_stopped_it_gives_up_what_is_in_flight_and_sends_no_more() -> None:
    async with client() as (source, records):
        await source.perform(repeated("wait", 1000, in_flight=4))
        await records.until(lambda seen: sent(seen, "request") == 4)
        again = await source.perform(repeated("wait", 1))
        assert "already" in (again.error or "")
        assert (await source.perform(StopRepeating())).error is None
        await records.until(lambda seen: sent(seen, "error") == 4)
        assert sent(records, "request") == 4
        assert (
            await source.perform(StopRepeating())
        ).error == "Nothing is being repeated on this connection."
        assert (await source.perform(repeated("add", 1))).error is None


async def test_it_ends_with_its_connection() -> None:
    async with client() as (source, records):
        await source.perform(repeated("wait", 1000, in_flight=4))
        await records.until(lambda seen: sent(seen, "request") == 4)
        await source.perform(Disconnect())
        await records.until_state("CLOSED")
        await asyncio.sleep(0)
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("repe")]


@pytest.mark.parametrize(
    ("intent", "word"),
    [
        (repeated("add", 0), "times"),
        (repeated("add", 5, in_flight=5000), "in flight"),
        (repeated("add", 5, per_second=-1.0), "rate"),
        (repeated("", 5), "operation"),
    ],
)
async def test_what_cannot_be_repeated_is_refused_in_a_sentence(intent: RepeatMessage, word: str) -> None:
    async with client() as (source, records):
        error = (await source.perform(intent)).error
        assert error is not None
        assert word in error
        assert error.endswith(".")
        assert sent(records, "request") == 0
