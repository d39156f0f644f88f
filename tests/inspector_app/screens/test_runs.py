"""Runs of a collection and repetitions, in the app with a real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.widgets import Input

from inspector_app.app import InspectorApp
from inspector_app.intents import ClientSpec, Done, EngineIntent, Intent, RepeatMessage
from inspector_app.screens.collections import CollectionsScreen
from inspector_app.screens.main import MainScreen
from inspector_app.screens.repetition import RepetitionScreen
from inspector_app.screens.sequence import SequenceScreen
from slipstream import (
    HandlerError,
    ProtocolHandler,
    fire_and_forget,
    request_response,
    request_stream,
    serve,
)
from tests.inspector_app.screens.pilots import LARGE, SMALL, Stage, running

COLLECTION = """\
[variables]
user = "ada"

[[message]]
name = "log in"
operation = "login"
data = '{"user": "${user}"}'
save = { session = "data.session" }
expect = ["data.session exists"]

[[message]]
name = "items"
kind = "stream"
operation = "watch"
data = '{"session": "${session}"}'
take = 2
expect = ["items[0] == \\"s-ada\\"", "count == 2"]

[[message]]
name = "wrong"
operation = "fail"
expect = ["data.ok == true"]

[[message]]
name = "last"
operation = "login"
data = '{"user": "${session}"}'
"""


class Shop(ProtocolHandler):
    def __init__(self, go: asyncio.Event) -> None:
        self._go = go

    @request_response
    async def login(self, data: dict[str, Any]) -> object:
        return {"session": f"s-{data['user']}"}

    @request_stream
    async def watch(self, data: dict[str, Any]) -> AsyncIterator[object]:
        for _ in range(1000):
            yield data["session"]

    @request_response
    async def fail(self, data: dict[str, Any]) -> object:
        del data
        raise HandlerError("no such order", code="not_found")

    @request_response
    async def hang_up(self, data: dict[str, Any]) -> None:
        del data
        assert self.protocol is not None
        await self.protocol.websocket.close(4000, "enough")

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        del data

    @request_response
    async def wait(self, data: dict[str, Any]) -> object:
        del data
        await self._go.wait()
        return 1


@asynccontextmanager
async def shop(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    collection: str = COLLECTION,
    size: tuple[int, int] = LARGE,
) -> AsyncIterator[tuple[Stage, asyncio.Event]]:
    folder = tmp_path / "slipstream"
    folder.mkdir()
    (folder / "shop.toml").write_text(collection)
    monkeypatch.chdir(tmp_path)
    go = asyncio.Event()
    async with serve(lambda: Shop(go)) as server:
        app = InspectorApp(ClientSpec(url=server.url))
        async with running(app, size) as stage:
            await stage.until(lambda: isinstance(app.screen, MainScreen))
            await stage.until(lambda: stage.view.engine == "running" and stage.view.connected)
            await stage.press("l")
            await stage.until(lambda: isinstance(app.screen, CollectionsScreen))
            yield stage, go
            go.set()


async def test_a_run_shows_each_verdict_and_leads_to_each_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop(tmp_path, monkeypatch) as (stage, _):
        await stage.press("r")
        await stage.until(lambda: isinstance(stage.app.screen, SequenceScreen))
        await stage.until_shown("2 passed", "1 failed", "1 skipped")
        await stage.press("down")
        await stage.until_shown("✓ count == 2", "s-ada")
        await stage.press("down")
        await stage.until_shown("no such order")
        await stage.press("K", "r")
        await stage.until_shown("3 passed", "1 failed", "goes on after failures")
        await stage.press("down", "enter")
        await stage.until(lambda: stage.app.screen is stage.main)
        await stage.until(lambda: stage.view.view == "streams")
        assert stage.view.selection.exchange is not None
        assert stage.view.selection.exchange.operation == "watch"
        await stage.press("b")
        await stage.until_shown("7 sent", "${user}")
        await stage.press("escape", "dollar_sign")
        await stage.until_shown("Saved from answers", "session", "s-ada")


async def test_a_run_is_stopped_at_the_message_that_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = '[[message]]\nname = "a"\noperation = "wait"\n[[message]]\nname = "b"\noperation = "wait"\n'
    async with shop(tmp_path, monkeypatch, collection) as (stage, _):
        await stage.press("r")
        await stage.until(lambda: stage.view.totals.requests_pending == 1)
        await stage.until_shown("0 of 2 done")
        await stage.press("x")
        await stage.until(lambda: stage.view.totals.requests_pending == 0)
        await stage.until(lambda: "of 2 done" not in stage.text)
        assert sum(each.operation == "wait" for each in _requests(stage)) == 1


async def test_a_message_is_repeated_with_its_latencies_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop(tmp_path, monkeypatch) as (stage, _):
        await stage.press("down", "R")
        await stage.until_shown("Times", "In flight")
        stage.app.screen.query_one("#times", Input).value = "0"
        await stage.press("enter")
        await stage.until_shown("Repeat from 1 to")
        stage.app.screen.query_one("#times", Input).value = "300"
        stage.app.screen.query_one("#in-flight", Input).value = "7"
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, RepetitionScreen))
        await stage.until_shown("300 of 300 ended", "✓ ok 300", "p50", "p99", "█")
        assert sum(each.operation == "login" for each in _requests(stage)) == 300
        await stage.press("escape", "escape", "b")
        await stage.until_shown("1 sent")


async def test_a_repetition_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = '[[message]]\nname = "a"\noperation = "wait"\n'
    async with shop(tmp_path, monkeypatch, collection) as (stage, _):
        await stage.press("down", "R")
        await stage.until_shown("In flight")
        stage.app.screen.query_one("#in-flight", Input).value = "5"
        await stage.press("enter")
        await stage.until_shown("5 of 5 in flight")
        await stage.press("x")
        await stage.until_shown("stopped", "5 of 100 ended", "⊘")
        await stage.press("escape")
        assert isinstance(stage.app.screen, CollectionsScreen)


async def test_left_before_it_has_begun_a_repetition_is_stopped_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = '[[message]]\nname = "a"\noperation = "wait"\n'
    async with shop(tmp_path, monkeypatch, collection) as (stage, _):
        await stage.press("down", "R")
        await stage.until_shown("In flight")
        left = asyncio.Event()
        perform = stage.main.inspection.perform

        async def late(intent: Intent | EngineIntent) -> Done:
            if isinstance(intent, RepeatMessage):
                await left.wait()
            return await perform(intent)

        monkeypatch.setattr(stage.main.inspection, "perform", late)
        stage.main.messages.outbox._perform = late
        await stage.press("enter", "escape")
        left.set()
        await stage.until(lambda: any(each.outcome == "cancelled" for each in _requests(stage)))
        assert isinstance(stage.app.screen, CollectionsScreen)
        assert sum(each.operation == "wait" for each in _requests(stage)) == 1


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_one_way_messages_are_repeated_with_how_fast_they_were_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    collection = (
        '[[message]]\nname = "a"\noperation = "note"\nkind = "oneway"\ndata = \'{"id": "${uuid}"}\'\n'
    )
    async with shop(tmp_path, monkeypatch, collection, size) as (stage, _):
        await stage.press("down", "R")
        await stage.until_shown("In flight")
        await stage.press("enter")
        await stage.until_shown(
            "done", "100 of 100 sent", "time to write", "p99", "has no answer", "to be written."
        )
        ids = {each.raw for each in _frames(stage) if each.type == "fire_and_forget"}
        assert len(ids) == 100
        await stage.press("escape", "escape", "b")
        await stage.until_shown("1 sent", "→ 100 sent")


async def test_that_a_repetition_ended_early_is_said_with_what_was_done_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = '[[message]]\nname = "a"\noperation = "hang_up"\n'
    async with shop(tmp_path, monkeypatch, collection) as (stage, _):
        await stage.press("down", "R")
        await stage.until_shown("In flight")
        await stage.press("enter")
        await stage.until_shown(
            "ended early", "1 of 100", "It ended early, after 1 of 100. Connection lost: enough"
        )
        await stage.press("x")
        await stage.until(lambda: any("It has ended" in each for each in stage.toasts))


def _frames(stage: Stage) -> list[Any]:
    reader = stage.view.reader
    assert reader is not None
    return [SimpleNamespace(type=each.type, raw=reader.raw(each.seq)) for each in reader.frames(1, 1000)]


def _requests(stage: Stage) -> list[Any]:
    reader = stage.view.reader
    assert reader is not None
    return list(reader.requests(0, 1000))
