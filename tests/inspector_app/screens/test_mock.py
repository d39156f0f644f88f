"""The screen of what is hosted and the console of a stream, with a real engine and real clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from inspector_app.engine.recording import Recording
from inspector_app.intents import (
    AddFault,
    AddRule,
    AnswerHeld,
    DemoSpec,
    Done,
    EditAnswer,
    HoldOperation,
    ServerSpec,
    SwitchFault,
)
from inspector_app.mock import reload
from inspector_app.screens.console import ConsoleScreen
from inspector_app.screens.main import MainScreen
from inspector_app.screens.mock import MockScreen
from inspector_app.screens.mock_forms import rule_of
from inspector_app.widgets.json_editor import JsonEditor
from inspector_app.widgets.row_list import RowList
from slipstream import (
    Protocol,
    ProtocolHandler,
    RemoteError,
    connect,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)
from tests.inspector_app import recordings
from tests.inspector_app.screens.pilots import LARGE, SMALL, RecordingEngine, Stage, live
from tests.inspector_app.screens.test_live import inspecting
from tests.inspector_app.screens.test_type_ahead import burst

WAIT_S = 20.0
SHOP = """[[request]]
operation = "quote"
answer = { price = 7 }

[[stream]]
operation = "ticks"
items = [1, 2]

[[bidirectional]]
operation = "chat"
steps = [ { each = [ { send = "{{ item }}" } ] } ]

[[fault]]
name = "twice"
do = "repeat"
operation = "quote"
on = false
"""


@pytest.fixture(autouse=True)
def files_are_followed_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "LOOK_S", 0.02)
    monkeypatch.setattr(reload, "_SETTLED_S", 0.01)


class NearEngine(RecordingEngine):
    """An engine in this process: a recording, whose source carries out intents."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording

    async def perform(self, intent: Any) -> Done:
        return await self.recording.source.perform(intent)


@asynccontextmanager
async def hosting(
    tmp_path: Path,
    size: tuple[int, int] = SMALL,
    handler: object = None,
    token: str | None = None,
    shop: str = SHOP,
) -> AsyncIterator[tuple[Stage, Protocol]]:
    """A hosted shop on the screen, and a client of it."""
    path = tmp_path / "shop.toml"
    path.write_text(shop)
    spec = ServerSpec(handler=str(path), port=0, token=token)
    recording = await Recording.begin(spec, tmp_path / "c")
    try:
        async with (
            live(tmp_path / "c", NearEngine(recording), size, spec) as stage,
            connect(recording.source.address, handler=handler, token=token) as client,
        ):
            if shop == SHOP:
                await client.request_response({"operation": "quote"})
            await stage.until(lambda: stage.view.connected)
            yield stage, client
    finally:
        await recording.stop()
        await recording.end()


async def opened_mock(stage: Stage) -> MockScreen:
    await stage.press("K")
    await stage.until(lambda: isinstance(stage.app.screen, MockScreen))
    screen = stage.app.screen
    assert isinstance(screen, MockScreen)
    await stage.until(lambda: screen.mock.answerers.count)
    return screen


def calling(client: Protocol, operation: str = "quote") -> asyncio.Task[Any]:
    return asyncio.create_task(client.request_response({"operation": operation, "n": 1}, timeout=WAIT_S))


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_mock_shows_operations_holes_and_faults(tmp_path: Path, size: tuple[int, int]) -> None:
    async with hosting(tmp_path, size) as (stage, client):
        with pytest.raises(RemoteError):
            await client.request_response({"operation": "qoute"})
        await opened_mock(stage)
        await stage.until_shown("shop.toml", "2 calls", "1 call that nothing answers", "hole", "twice", "off")
        assert "quote" in stage.line("line 1")
        if size == LARGE:  # where no toast covers it
            await stage.until_shown("Answers (o edits it):", '"price": 7')
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, MainScreen))


async def test_the_url_with_its_token_is_copied_and_shown_when_asked_for(tmp_path: Path) -> None:
    async with hosting(tmp_path, token="geheim") as (stage, _client):
        for place in ("main", "mock"):
            if place == "mock":
                await opened_mock(stage)
            stage.app.copy_to_clipboard("")
            await stage.press("u")
            await stage.until_shown("Clients come in by", "?token=(hidden)")
            assert stage.app.clipboard.endswith("/?token=geheim")
            assert "geheim" not in stage.text
            await stage.press("space")
            await stage.until_shown("?token=geheim")
            await stage.press("escape")


async def test_nothing_is_hosted_by_a_client(tmp_path: Path) -> None:
    recorded = recordings.Recording(tmp_path).connect().commit()
    async with live(recorded.path, RecordingEngine(), SMALL, DemoSpec()) as stage:
        await stage.press("K")
        assert any("Nothing is hosted here" in toast for toast in stage.toasts)


async def test_a_held_call_is_answered_from_the_form(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        screen = await opened_mock(stage)
        await stage.press("h")
        await stage.until_shown("held")
        call = calling(client)
        await stage.until(lambda: screen.mock.held.count == 1)
        screen.query_one("#held", RowList).focus()
        await stage.until_shown("request quote waits", '"n": 1')
        await stage.press("enter")
        await stage.until_shown("The response of quote")
        stage.app.screen.query_one(JsonEditor).text = '{"by": "hand"}'
        await stage.press("ctrl+s")
        assert await call == {"by": "hand"}
        await stage.until(lambda: stage.app.screen is screen and screen.mock.held.count == 0)


async def test_a_held_stream_gets_items_one_by_one_and_its_end(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        screen = await opened_mock(stage)
        await stage.press("down", "h")
        await stage.until_shown("held")
        items = await client.request_stream({"operation": "ticks"})
        await stage.until(lambda: screen.mock.held.count == 1)
        screen.query_one("#held", RowList).focus()
        await stage.press("a")
        await stage.until_shown("Items of ticks")
        for n in (5, 6):
            stage.app.screen.query_one(JsonEditor).text = str(n)
            await stage.press("ctrl+s")
            assert await anext(items) == n
        await stage.until_shown("2 sent")
        await stage.press("escape", "e")
        assert [item async for item in items] == []


async def test_items_that_are_typed_ahead_go_out_one_by_one_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = asyncio.Event()
    perform = NearEngine.perform

    async def late(self: NearEngine, intent: Any) -> Done:
        if isinstance(intent, AnswerHeld):
            await may.wait()
        return await perform(self, intent)

    monkeypatch.setattr(NearEngine, "perform", late)
    async with hosting(tmp_path) as (stage, client):
        await opened_mock(stage)
        await stage.press("down", "h")
        await stage.until_shown("held")
        items = aiter(await client.request_stream({"operation": "ticks"}))
        await stage.until_shown("Waiting for you 1")
        burst(stage.app, "tab", "tab", "a", "1", "ctrl+s", "2", "ctrl+s", *"[3]", "ctrl+s", "ctrl+w")
        await stage.rest()
        may.set()
        assert [item async for item in items] == [1, 2, [3]]


async def test_a_held_call_is_answered_with_an_error_or_left_to_the_mock(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        screen = await opened_mock(stage)
        await stage.press("h")
        await stage.until_shown("held")
        failing = calling(client)
        await stage.until(lambda: screen.mock.held.count == 1)
        screen.query_one("#held", RowList).focus()
        await stage.press("x")
        stage.app.screen.query_one(Input).value = "not_found Sold out."
        await stage.press("enter")
        with pytest.raises(RemoteError, match="Sold out"):
            await failing
        await stage.until(lambda: screen.mock.held.count == 0)
        answered = calling(client)
        await stage.until(lambda: screen.mock.held.count == 1)
        await stage.press("l")
        assert await answered == {"price": 7}


async def test_an_answer_is_edited_and_written_into_the_file(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        await opened_mock(stage)
        await stage.press("o")
        await stage.until_shown("What quote answers", '"price": 7')
        stage.app.screen.query_one(JsonEditor).text = '{"price": "{{ 3 + }}"}'
        await stage.press("ctrl+s")
        await stage.until_shown("is not finished")
        stage.app.screen.query_one(JsonEditor).text = '{"price": 8}'
        await stage.press("ctrl+s")
        await stage.until_shown("edited")
        assert await calling(client) == {"price": 8}
        await stage.press("o")
        await stage.press("ctrl+w")
        await stage.until(lambda: "price = 8" in (tmp_path / "shop.toml").read_text())


async def test_a_hole_is_filled_from_the_screen_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may = asyncio.Event()
    perform = NearEngine.perform

    async def late(self: NearEngine, intent: Any) -> Done:
        if isinstance(intent, AddRule):
            await may.wait()
        return await perform(self, intent)

    monkeypatch.setattr(NearEngine, "perform", late)
    async with hosting(tmp_path) as (stage, client):
        with pytest.raises(RemoteError):
            await calling(client, "pay")
        await opened_mock(stage)
        await stage.until_shown("hole")
        burst(stage.app, "end", "o", *'{"paid":true}', "ctrl+s", "ctrl+s")
        await stage.rest()
        may.set()
        await stage.until(lambda: "paid = true" in (tmp_path / "shop.toml").read_text())
        await stage.until(lambda: "hole" not in stage.text)
        assert await calling(client, "pay") == {"paid": True}
        assert (tmp_path / "shop.toml").read_text().count("paid = true") == 1


async def test_an_answer_that_is_typed_ahead_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        await opened_mock(stage)
        burst(stage.app, "o", *'{"price":8}', "ctrl+s")
        await stage.until_shown("edited")
        assert await calling(client) == {"price": 8}


async def test_faults_are_switched_and_added(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        screen = await opened_mock(stage)
        screen.query_one("#faults", RowList).focus()
        await stage.press("space")
        await stage.until(lambda: screen.mock.standing.faults[0].on)
        await calling(client)
        await stage.until(lambda: screen.mock.standing.faults[0].hits == 1)
        await stage.press("n")
        await stage.until_shown("Add a fault")
        form = stage.app.screen
        form.query_one("#do", Input).value = "delay"
        await stage.press("enter")
        await stage.until_shown("a delay needs to know how long")
        form.query_one("#by", Input).value = "10ms"
        form.query_one("#which", Input).value = "often"
        await stage.press("enter")
        await stage.until_shown("write nth 1, 3 or every 5")
        form.query_one("#which", Input).value = "every 2"
        await stage.press("enter")
        await stage.until(lambda: len(screen.mock.standing.faults) == 2)
        await stage.until_shown("delay *")
        (tmp_path / "shop.toml").write_text(SHOP.replace("price = 7", "price = 9"))
        await stage.until(lambda: screen.mock.answerers.row(0).answer_json == '{"price": 9}')  # type: ignore[union-attr]  # it is there
        await stage.press("d")
        await stage.until(lambda: any("is in a file: take it out there" in each for each in stage.toasts))
        await stage.press("down", "d")
        await stage.until(lambda: [each.title for each in screen.mock.standing.faults] == ["twice"])


MARKUP = "[/]x [red]\x1b[31m \ud800 {{ 1 }}"


async def test_calls_of_operations_with_hostile_names_are_held_and_answered(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        await opened_mock(stage)
        with pytest.raises(RemoteError):
            await calling(client, MARKUP)
        await stage.until_shown("hole")
        await stage.press("end", "h")
        await stage.until_shown("held")
        waiting = calling(client, MARKUP)
        await stage.until_shown("Waiting for you 1")
        await stage.press("tab", "tab")
        for key, shown in (("a", "The response of [/]x [red]"), ("x", "The error of [/]x [red]")):
            await stage.press(key)
            await stage.until_shown(shown)
            await stage.press("escape")
        await stage.press("l")
        with pytest.raises(RemoteError):
            await waiting


async def test_a_rule_with_a_hostile_name_is_edited(tmp_path: Path) -> None:
    async with hosting(tmp_path, shop=SHOP.replace('"quote"', json.dumps(MARKUP.replace("\ud800", "")))) as (
        stage,
        _,
    ):
        await opened_mock(stage)
        await stage.press("o")
        await stage.until_shown("What [/]x [red]")


async def test_a_key_that_is_pressed_again_before_the_engine_has_answered_undoes_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = asyncio.Event()
    perform = NearEngine.perform

    async def late(self: NearEngine, intent: Any) -> Done:
        if isinstance(intent, (HoldOperation, SwitchFault)):
            await may.wait()
        return await perform(self, intent)

    monkeypatch.setattr(NearEngine, "perform", late)
    monkeypatch.setattr("inspector_app.screens.mock.ASKED_S", 3600)
    async with hosting(tmp_path) as (stage, _client):
        screen = await opened_mock(stage)
        burst(stage.app, "h", "h", "h", "tab", "space", "space")
        await stage.rest()
        may.set()
        await stage.rest()
        assert screen.mock.standing.holding == ("quote",)
        assert not screen.mock.standing.faults[0].on


async def test_a_version_that_is_broken_is_told_until_it_is_mended(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (stage, client):
        screen = await opened_mock(stage)
        (tmp_path / "shop.toml").write_text("[[request]]\noperation = 3")
        await stage.until_shown("shop.toml:2:", "request[0].operation: this must be a text")
        assert await calling(client) == {"price": 7}
        (tmp_path / "shop.toml").write_text(SHOP)
        await stage.until(lambda: not screen.query_one("#problem").display)


async def test_a_fault_is_added_once_however_often_enter_is_pressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may, asked = asyncio.Event(), []
    perform = NearEngine.perform

    async def late(self: NearEngine, intent: Any) -> Done:
        if isinstance(intent, AddFault):
            asked.append(intent)
            await may.wait()
        return await perform(self, intent)

    monkeypatch.setattr(NearEngine, "perform", late)
    async with hosting(tmp_path) as (stage, _client):
        screen = await opened_mock(stage)
        burst(stage.app, "n", *"lose", "enter", "enter")
        await stage.rest()
        may.set()
        await stage.until(lambda: stage.app.screen is screen and len(screen.mock.standing.faults) == 2)
        assert len(asked) == 1


@pytest.mark.parametrize("keys", [["o", "ctrl+s"], ["n", *"lose", "enter"]])
async def test_what_was_not_done_is_told_also_when_its_form_was_left_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: list[str]
) -> None:
    may = asyncio.Event()
    perform = NearEngine.perform

    async def late(self: NearEngine, intent: Any) -> Done:
        if isinstance(intent, (EditAnswer, AddFault)):
            await may.wait()
            return Done(error="It was not to be.")
        return await perform(self, intent)

    monkeypatch.setattr(NearEngine, "perform", late)
    async with hosting(tmp_path) as (stage, _client):
        screen = await opened_mock(stage)
        burst(stage.app, *keys)
        await stage.rest()
        await stage.press("escape")
        assert stage.app.screen is screen
        may.set()
        await stage.until(lambda: "It was not to be." in stage.toasts)


def test_a_fault_is_made_of_what_was_typed() -> None:
    typed = {"do": "lose", "operation": " greet ", "which": "item 3 and times 2 and peer 1", "by": ""}
    assert rule_of(typed) == {"do": "lose", "operation": "greet", "item": 3, "times": 2, "peer": 1}
    assert rule_of({"do": "drop", "which": "nth 1, 3"}) == {"do": "drop", "nth": [1, 3]}
    with pytest.raises(ValueError, match=r"one of lose, repeat, delay, .*, slow"):
        rule_of({"do": "foo"})
    for which in ("often", "every", "every 5 chance 1", "item 3 and"):
        with pytest.raises(ValueError, match="several with and"):
            rule_of({"do": "lose", "which": which})


# -- the console -------------------------------------------------------------------------------------------


class Talker(ProtocolHandler):
    """A client that can be called in every way."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.may_read = asyncio.Event()

    @request_response
    async def total(self, data: dict[str, Any]) -> int:
        """What was sold."""
        return 5

    @request_stream
    async def sales(self, data: dict[str, Any]) -> AsyncIterator[int]:
        yield 1

    @stream_stream
    async def talk(self, data: dict[str, Any], stream: Any) -> None:
        await stream.send("hello")
        await self.may_read.wait()
        async for item in stream:
            self.heard.append(item)

    @fire_and_forget
    async def told(self, data: dict[str, Any]) -> None:
        self.heard.append(data["n"])


async def opened_console(stage: Stage, talker: Talker) -> ConsoleScreen:
    """Open a stream to the only peer from the form; its console opens by itself."""
    await stage.press("J")
    await stage.until_shown("Send to", "not told")
    await stage.press("d")
    await stage.until_shown("sales, talk, told")
    await stage.press("enter")
    await stage.until_shown("To peer")
    await send(stage, "bidirectional", "talk")
    await stage.until(lambda: isinstance(stage.app.screen, ConsoleScreen))
    screen = stage.app.screen
    assert isinstance(screen, ConsoleScreen)
    await stage.until_shown("talk", "hello", "You may send 256 items", "The peer may send")
    return screen


async def send(stage: Stage, form: str, operation: str, data: str = "{}") -> None:
    screen = stage.app.screen
    screen._change_form(form)  # type: ignore[attr-defined]  # what a click on its tab does
    screen.query_one("#operation", Input).value = operation
    screen.query_one(JsonEditor).text = data
    await stage.rest()
    await stage.press("ctrl+s")


async def test_all_four_kinds_go_to_a_chosen_peer(tmp_path: Path) -> None:
    talker = Talker()
    path = tmp_path / "shop.toml"
    path.write_text(SHOP)
    async with inspecting(ServerSpec(handler=str(path), port=0), LARGE) as stage, AsyncExitStack() as clients:
        await stage.until(lambda: ":0 " not in stage.view.world.address)
        address = stage.view.world.address.partition(" ")[0]
        for handler in (talker, None):
            client = await clients.enter_async_context(connect(address, handler=handler))
            await client.request_response({"operation": "quote"})
        await stage.until(lambda: sum(row.state == "CONNECTED" for row in stage.view.connections) == 2)
        for form, operation in (("request", "total"), ("stream", "sales"), ("oneway", "told")):
            await stage.press("J")
            await stage.until_shown("Send to", "127.0.0.1:")
            await stage.press("enter")
            await stage.until_shown("To peer")
            await send(stage, form, operation, '{"n": 3}')
            await stage.until(lambda: stage.app.screen is stage.main)
        await stage.until(lambda: talker.heard == [3])
        await stage.until(lambda: stage.view.totals.streams == 1 and stage.view.totals.requests == 3)


async def test_items_typed_on_the_console_go_out_and_what_was_typed_comes_back(tmp_path: Path) -> None:
    talker = Talker()
    talker.may_read.set()
    async with hosting(tmp_path, SMALL, talker) as (stage, _):
        await opened_console(stage, talker)
        await stage.type('{"n":1}')
        await stage.press("enter")
        await stage.until(lambda: talker.heard == [{"n": 1}])
        outbox = stage.main.messages.outbox
        outbox.session.saved["n"] = 2
        await stage.type('{"n":"${n}"}')
        await stage.press("enter")
        await stage.until(lambda: talker.heard == [{"n": 1}, {"n": 2}])
        assert [sent.data for sent in outbox.history.entries()[:2]] == ['{"n":"${n}"}', '{"n":1}']
        await stage.type("[")
        await stage.press("enter")
        await stage.until_shown("Not sent, no JSON: 1:2")
        await stage.press("up", "up")
        assert stage.app.screen.query_one("#line", Input).value == '{"n":1}'
        await stage.press("down", "down")
        assert stage.app.screen.query_one("#line", Input).value == "["
        await stage.press("f6")
        await stage.until_shown("The stream has ended")


@pytest.mark.parametrize(("key", "outcome"), [("f7", "cancelled"), ("f8", "error")])
async def test_a_stream_is_given_up_or_ended_with_an_error_on_the_console(
    tmp_path: Path, key: str, outcome: str
) -> None:
    async with hosting(tmp_path, SMALL, Talker()) as (stage, _):
        screen = await opened_console(stage, Talker())
        await stage.press(key)
        if key == "f8":
            await stage.until_shown("End the stream with an error")
            await stage.press("enter")
        await stage.until(lambda: screen.stream.exchange and screen.stream.exchange.outcome == outcome)
        await stage.until_shown("nothing more goes either way")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.main)


async def test_a_file_of_items_waits_for_credit_goes_on_and_can_be_stopped(tmp_path: Path) -> None:
    talker = Talker()
    (tmp_path / "list.json").write_text(json.dumps(list(range(300))))
    (tmp_path / "lines.jsonl").write_text('"a"\n\n"b"\n')
    async with hosting(tmp_path, SMALL, talker) as (stage, _):
        screen = await opened_console(stage, talker)

        async def sent(name: str) -> None:
            await stage.press("f5")
            stage.app.screen.query_one(Input).value = str(tmp_path / name)
            await stage.press("enter")

        await sent("list.json")
        await stage.until_shown("256 of 300 items are sent; waiting for the peer")
        await stage.until_shown("You may send no item before there is credit")
        await stage.press("escape")
        await stage.until_shown("Stopped: 256 of 300 items were sent")
        await stage.type("1")
        await stage.press("enter", "2", "enter")
        await stage.until_shown("2 items wait for credit. F7 gives the stream up.")
        talker.may_read.set()
        await stage.until(lambda: talker.heard == [*range(256), 1, 2])
        await stage.until(lambda: "for credit" not in stage.text)
        assert stage.app.screen is screen
        await sent("lines.jsonl")
        await stage.until(lambda: talker.heard[258:] == ["a", "b"])
        await stage.until_shown("All 2 items of the file were sent")
        await sent("missing")
        await stage.until_shown("cannot be read")
