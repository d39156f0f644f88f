"""The demo source: its traffic has something of everything, and it is an ordinary client besides."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from inspector_app.capture.records import (
    ConnectionOpened,
    ExchangeSettled,
    FrameSeen,
    OperationsDescribed,
    StateChanged,
)
from inspector_app.intents import DemoSpec, Disconnect, Reconnect, SendMessage
from inspector_app.model.fold import Fold
from inspector_app.sources.demo import DemoSource
from tests.inspector_app.sources.helpers import Records

PACE = 25.0


class Demo:
    """A running demo at many times its pace."""

    def __init__(self, seed: int = 1) -> None:
        self.source = DemoSource(DemoSpec(seed=seed), pace=PACE)
        self.records = Records()

    async def __aenter__(self) -> Demo:
        await self.source.start(self.records)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.source.stop()


def codes(records: Records) -> set[str]:
    return {
        frame["data"]["code"] for way, frame in records.frames() if way == "in" and frame["type"] == "error"
    }


async def test_every_frame_type_is_seen_both_ways_where_both_can_send_it() -> None:
    expected = {
        *(
            ("out", kind)
            for kind in ("request", "stream_request", "stream_stream_request", "fire_and_forget")
        ),
        *(("in", kind) for kind in ("response", "stream_data", "stream_end", "error", "fire_and_forget")),
        *(("out", kind) for kind in ("stream_data", "stream_end", "error", "response")),
        ("in", "request"),
    }
    async with Demo() as demo:
        await demo.records.until(
            lambda found: expected <= {(way, frame["type"]) for way, frame in found.frames()}
        )


def ended_here(records: Records) -> set[tuple[str, str]]:
    """Operation and outcome of what this side ended on its own."""
    operations = {
        tuple(frame["requestId"]): frame["data"]["operation"]
        for way, frame in records.frames()
        if way == "out" and frame["type"].endswith("request")
    }
    return {(operations[each.request_id], each.outcome) for each in records.of(ExchangeSettled)}


async def test_calls_end_in_every_way() -> None:
    given_up = {("run_report", "timeout"), ("run_report", "cancelled"), ("watch_prices", "cancelled")}
    async with Demo() as demo:
        await demo.records.until(lambda found: given_up <= ended_here(found))
        await demo.records.until(
            lambda found: {"application", "not_found", "invalid_request", "internal"} <= codes(found)
        )


async def test_the_server_breaks_the_protocol_now_and_then_so_that_findings_are_seen() -> None:
    async with Demo() as demo:
        await demo.records.until_frame("in", "stream_data", late=True)
    fold = Fold()
    for record in demo.records.all:
        fold.apply(record)
    assert {finding.section for finding in fold.take().findings} == {"§5"}


async def test_the_server_describes_its_operations() -> None:
    async with Demo() as demo:
        await demo.records.until(lambda found: found.of(OperationsDescribed))
    (described,) = demo.records.of(OperationsDescribed)
    docs = {operation["name"]: operation["doc"] for operation in described.operations}
    assert {"get_quote", "create_order", "watch_prices", "chat", "log_event"} <= set(docs)
    assert all(docs.values())


async def test_a_person_can_take_part() -> None:
    async with Demo() as demo:
        await demo.records.until_state("CONNECTED")
        done = await demo.source.perform(
            SendMessage(kind="request", operation="get_quote", data_json='{"symbol": "SALT"}')
        )

        def answer(found: Records) -> Any:
            return [
                frame["data"]
                for way, frame in found.frames()
                if way == "in" and frame.get("requestId") == [done.opener, done.number]
            ]

        assert await demo.records.until(answer) == [{"symbol": "SALT", "price_cents": 64}]


async def test_after_a_disconnect_the_traffic_rests_and_a_reconnect_wakes_it() -> None:
    async with Demo() as demo:
        await demo.records.until_state("CONNECTED")
        await demo.source.perform(Disconnect())
        await demo.records.until_state("CLOSED")
        assert [each for each in asyncio.all_tasks() if each.get_name().startswith("demo")] == []
        await demo.source.perform(Reconnect())
        await demo.records.until(lambda found: len([f for f in found.of(FrameSeen) if f.conn == 2]) > 20)
    assert [each.conn for each in demo.records.of(ConnectionOpened)] == [1, 2]


async def test_the_same_seed_makes_the_same_choices() -> None:
    async def quotes(seed: int) -> list[str]:
        async with Demo(seed) as demo:

            def asked(found: Records) -> list[str]:
                return [
                    frame["data"]["symbol"]
                    for way, frame in found.frames()
                    if way == "out" and (frame.get("data") or {}).get("operation") == "get_quote"
                ]

            await demo.records.until(lambda found: len(asked(found)) >= 8)
            return asked(demo.records)[:8]

    first, again, other = await quotes(1), await quotes(1), await quotes(2)
    assert first == again
    assert first != other


async def test_stopping_leaves_no_task_behind_and_closes_normally() -> None:
    async with Demo() as demo:
        await demo.records.until_frame("out", "stream_stream_request")
    assert demo.records.of(StateChanged)[-1].new == "CLOSED"
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_all_frames_are_text_in_json() -> None:
    async def collect() -> Records:
        async with Demo() as demo:
            await demo.records.until(lambda found: len(found.of(FrameSeen)) > 100)
        return demo.records

    for frame in asyncio.run(collect()).of(FrameSeen):
        assert isinstance(json.loads(frame.raw), dict)
