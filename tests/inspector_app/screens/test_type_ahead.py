"""What is typed ahead goes where it was meant to go: a burst is in the queue before its first key acts."""

import asyncio
import json
from pathlib import Path
from typing import ClassVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.pilot import Pilot
from textual.widgets import Button, Input

from inspector_app.intents import Done, EngineIntent, Intent, SendMessage
from inspector_app.screens import type_ahead
from inspector_app.screens.compose import ComposeScreen
from inspector_app.screens.compose_data import DataPane
from inspector_app.screens.console import ConsoleScreen
from inspector_app.screens.type_ahead import TypingApp
from tests.inspector_app.idle import wait_for_idle
from tests.inspector_app.recordings import ME, Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, live
from tests.inspector_app.screens.test_forms import _describing, _open


def burst(app: App[int], *keys: str) -> None:
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_text_typed_right_after_the_key_that_opens_a_form_is_in_the_form(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        await stage.until(lambda: stage.view.connected and stage.view.operations.count)
        burst(stage.app, "c", *"order")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        assert stage.app.screen.query_one("#operation", Input).value == "order"


async def test_keys_typed_right_after_going_over_to_the_json_are_in_the_json(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        assert pane.at_form
        burst(stage.app, "f4", "f7", "delete", *"[7]", "f4")
        await stage.rest()
        assert stage.app.screen.query_one(DataPane).text == "[7]"
        assert pane.at_form


async def test_a_value_entered_and_the_next_one_typed_right_away_are_in_their_lines(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        burst(stage.app, *"BEAN", "enter", "down", "7", "enter")
        await stage.rest()
        data = json.loads(pane.text)
        assert (data["symbol"], data["count"]) == ("BEAN", 7)


class Withholding(RecordingEngine):
    """Says that a message was sent when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        self.intents.append(intent)
        await self.may.wait()
        return Done(conn=1)

    @property
    def data(self) -> object:
        (sent,) = [each for each in self.intents if isinstance(each, SendMessage)]
        return json.loads(sent.data_json)


class Opening(RecordingEngine):
    """Opens a stream in the capture."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        if not isinstance(intent, SendMessage):
            return Done(conn=1)
        self._recording.frame("out", "stream_stream_request", 0, {"operation": intent.operation}).commit()
        return Done(conn=1, opener=ME, number=0)


class Slow(TypingApp):
    """A button whose key has its effect when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()
        self.begun = asyncio.Event()
        self.taken: list[str] = []

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "take", priority=True)]

    def action_take(self) -> None:
        self.taken.append(self.query_one(Input).value)

    class Opener(Button):
        async def on_key(self, event: events.Key) -> None:
            if event.key == "o" and isinstance(self.app, Slow):
                self.app.begun.set()
                await self.app.may.wait()
                self.screen.set_focus(self.app.query_one(Input))

    def compose(self) -> ComposeResult:
        yield self.Opener()
        yield Input()


@pytest.fixture
def slow() -> Slow:
    return Slow()


async def _opening(app: Slow, pilot: Pilot[int], *keys: str) -> None:
    app.set_focus(app.query_one(Slow.Opener))
    await pilot.pause()
    burst(app, "o", *keys)
    await app.begun.wait()


async def test_keys_and_pasted_text_wait_in_their_order(slow: Slow) -> None:
    async with slow.run_test() as pilot:
        await _opening(slow, pilot, "a")
        slow.post_message(events.Paste("bc"))
        burst(slow, "d")
        slow.may.set()
        await pilot.pause()
        assert slow.query_one(Input).value == "abcd"


async def test_a_key_that_the_app_takes_first_does_not_overtake_text(slow: Slow) -> None:
    async with slow.run_test() as pilot:
        slow.set_focus(slow.query_one(Input))
        await pilot.pause()
        burst(slow, "a", "b", "f2", "c", "f2")
        await pilot.pause()
        assert slow.taken == ["ab", "abc"]


async def test_the_key_that_quits_waits_for_nothing(slow: Slow) -> None:
    async with slow.run_test() as pilot:
        await _opening(slow, pilot, "a", "ctrl+q")
        await wait_for_idle()
        ended = slow._exit
        slow.may.set()
        assert ended


async def test_a_key_without_an_effect_holds_up_the_next_one_only_so_long(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with slow.run_test() as pilot:
        field = slow.query_one(Input)
        await _opening(slow, pilot)
        slow.set_focus(field)
        burst(slow, "a")
        await wait_for_idle()
        held = field.value
        monkeypatch.setattr(type_ahead, "PATIENCE_S", 0.0)
        burst(slow, "b")
        await wait_for_idle()
        slow.may.set()
        assert (held, field.value) == ("", "ab")


async def test_what_is_typed_while_a_message_is_sent_goes_to_what_comes_next(tmp_path: Path) -> None:
    engine = Withholding()
    async with live(_describing(tmp_path).path, engine, LARGE) as stage:
        await _open(stage)
        burst(stage.app, *"BEAN", "enter", "ctrl+s", "2")
        await stage.until(lambda: engine.intents)
        await wait_for_idle()
        assert isinstance(stage.app.screen, ComposeScreen)
        engine.may.set()
        await stage.until_shown("Took")
        assert engine.data == {"symbol": "BEAN", "count": 1}


async def test_the_first_item_typed_ahead_is_on_the_console_that_opens(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, Opening(recording), LARGE) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("c", "ctrl+n", "ctrl+n")
        await stage.until_shown("Both sides send items")
        burst(stage.app, *"chat", "ctrl+s", *"7x")
        await stage.until(lambda: isinstance(stage.app.screen, ConsoleScreen))
        await stage.rest()
        assert stage.app.screen.query_one("#line", Input).value == "7x"
