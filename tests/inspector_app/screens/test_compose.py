"""The compose forms."""

import json
from pathlib import Path

import pytest
from textual.widgets import Button, Input, TextArea

from inspector_app.intents import Done, SendMessage, SendRaw, ServerSpec
from inspector_app.screens.compose import WHAT_FORMS_SEND, ComposeScreen
from inspector_app.screens.compose_parts import first_value
from inspector_app.widgets.json_editor import JsonEditor
from slipstream.frames import decode
from tests.inspector_app.recordings import ME, Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, Stage, live


def _recording(folder: Path) -> Recording:
    recording = Recording(folder).connect()
    return recording.describe(
        ("get_quote", "request_response", "Give a price."),
        ("get_order", "request_response", ""),
        ("watch", "request_stream", ""),
    ).commit()


async def _open(stage: Stage) -> None:
    await stage.until(lambda: stage.view.connected and stage.view.operations.count)
    await stage.press("c")
    await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
    await stage.until_shown("Request")


def _send_button(stage: Stage) -> Button:
    return stage.app.screen.query_one("#send", Button)


async def test_a_request_is_written_and_sent(tmp_path: Path) -> None:
    engine = RecordingEngine()
    async with live(_recording(tmp_path).path, engine) as stage:
        await _open(stage)
        await stage.type("get_quote")
        stage.app.screen.query_one("#timeout", Input).value = "2.5"
        stage.app.screen.query_one(JsonEditor).focus()
        await stage.press("f7", "delete")
        await stage.type('{"symbol": "BEAN"}')
        await stage.press("ctrl+s")
        expected = SendMessage(
            kind="request", operation="get_quote", data_json='{"symbol": "BEAN"}', timeout_s=2.5, conn=1
        )
        await stage.until(lambda: engine.intents == [expected])
        await stage.until(lambda: stage.app.screen is stage.main)


@pytest.mark.parametrize(
    ("steps", "kind"), [(0, "request"), (1, "stream"), (2, "bidirectional"), (3, "oneway")]
)
async def test_each_form_sends_its_kind(tmp_path: Path, steps: int, kind: str) -> None:
    engine = RecordingEngine()
    async with live(_recording(tmp_path).path, engine) as stage:
        await _open(stage)
        for _ in range(steps):
            await stage.press("ctrl+n")
        await stage.type("call")
        await stage.press("ctrl+s")
        await stage.until(lambda: bool(engine.intents))
        sent = engine.intents[0]
        assert isinstance(sent, SendMessage)
        assert (sent.kind, sent.operation) == (kind, "call")


async def test_operations_of_the_form_are_suggested_and_taken_with_enter(tmp_path: Path) -> None:
    async with live(_recording(tmp_path).path, RecordingEngine(), LARGE) as stage:
        await _open(stage)
        await stage.until_shown("get_order", "get_quote", "Give a price.")
        assert "watch" not in stage.text
        await stage.type("quo")
        await stage.until(lambda: "get_order" not in stage.text)
        await stage.press("down", "enter")
        assert stage.app.screen.query_one("#operation", Input).value == "get_quote"
        data = json.loads(stage.app.screen.query_one(JsonEditor).text)
        assert data == {"symbol": "", "count": 10}


async def test_without_a_description_what_was_seen_is_suggested(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "seen_before").commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await _open(stage)
        await stage.until_shown("seen_before")


async def test_the_editor_says_what_is_wrong_and_where_while_typing_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    engine = RecordingEngine()
    async with live(_recording(tmp_path).path, engine) as stage:
        await _open(stage)
        await stage.type("get_quote")
        stage.app.screen.query_one(JsonEditor).focus()
        await stage.press("f7", "delete")
        await stage.type('{"a": ')
        await stage.until_shown("1:7")
        assert _send_button(stage).disabled
        await stage.press("ctrl+s")
        assert engine.intents == []
        await stage.type("1}")
        await stage.until(lambda: not _send_button(stage).disabled)


async def test_without_an_operation_nothing_is_sent(tmp_path: Path) -> None:
    engine = RecordingEngine()
    async with live(_recording(tmp_path).path, engine) as stage:
        await _open(stage)
        await stage.press("ctrl+s")
        await stage.until_shown("Name the operation")
        assert engine.intents == []


async def test_the_raw_form_sends_what_was_typed_valid_or_not(tmp_path: Path) -> None:
    engine = RecordingEngine()
    async with live(_recording(tmp_path).path, engine) as stage:
        await _open(stage)
        for _ in range(4):
            await stage.press("ctrl+n")
        await stage.until_shown("Sent exactly as typed")
        assert isinstance(stage.app.focused, TextArea)
        await stage.press("f7", "delete")
        await stage.type("{no json")
        assert not _send_button(stage).disabled
        await stage.press("ctrl+s")
        await stage.until(lambda: engine.intents == [SendRaw(text="{no json", conn=1)])


async def test_what_the_engine_refuses_is_said_in_the_form_which_stays(tmp_path: Path) -> None:
    engine = RecordingEngine()
    engine.answer = Done(error="There is no open connection: reconnect first.")
    async with live(_recording(tmp_path).path, engine) as stage:
        await _open(stage)
        await stage.type("get_quote")
        await stage.press("ctrl+s")
        await stage.until_shown("There is no open connection")
        engine.answer = Done()
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.app.screen is stage.main)


async def test_after_sending_the_new_exchange_is_chosen(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = _recording(tmp_path).calls(40).commit()
    engine.answer = Done(conn=1, opener=ME, number=40)
    async with live(recording.path, engine) as stage:
        await _open(stage)
        await stage.type("get_quote")
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.app.screen is stage.main)
        recording.request(40, "get_quote").calls(3, first=41).commit()
        await stage.until(lambda: stage.view.view == "requests")
        assert stage.view.selection.exchange is not None
        assert stage.view.selection.exchange.number == 40
        assert stage.rows("requests").cursor == 0


async def test_after_sending_a_stream_it_is_chosen_among_the_streams(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = _recording(tmp_path)
    engine.answer = Done(conn=1, opener=ME, number=0)
    async with live(recording.path, engine) as stage:
        await _open(stage)
        await stage.press("ctrl+n")
        await stage.type("watch")
        await stage.press("ctrl+s")
        recording.frame("out", "stream_request", 0, {"operation": "watch"}).commit()
        await stage.until(lambda: stage.view.view == "streams")
        assert stage.view.selection.exchange is not None
        assert stage.view.selection.exchange.operation == "watch"


async def test_after_sending_a_one_way_message_its_frame_is_chosen(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = _recording(tmp_path).calls(20).commit()
    async with live(recording.path, engine) as stage:
        await stage.press("2")
        await _open(stage)
        for _ in range(3):
            await stage.press("ctrl+n")
        await stage.type("log_event")
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.app.screen is stage.main)
        recording.calls(1, first=20).frame("out", "fire_and_forget", None, {"operation": "log_event"})
        recording.calls(3, first=21).commit()
        await stage.until(lambda: stage.view.view == "frames" and stage.rows("frames").cursor == 42)


async def test_what_was_typed_is_there_when_the_form_is_opened_again(tmp_path: Path) -> None:
    async with live(_recording(tmp_path).path, RecordingEngine()) as stage:
        await _open(stage)
        await stage.press("ctrl+n")
        await stage.type("watch")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.main)
        await stage.press("c")
        await stage.until_shown("Stream")
        assert stage.app.screen.query_one("#operation", Input).value == "watch"


async def test_the_form_can_be_used_by_mouse(tmp_path: Path) -> None:
    engine = RecordingEngine()
    async with live(_recording(tmp_path).path, engine) as stage:
        await _open(stage)
        await stage.pilot.click("#suggestions", offset=(3, 1), times=2)
        await stage.until(lambda: stage.app.screen.query_one("#operation", Input).value == "get_quote")
        await stage.pilot.click("#send")
        await stage.until(lambda: bool(engine.intents))


async def test_the_deadline_of_a_request_without_one_is_named(tmp_path: Path) -> None:
    async with live(_recording(tmp_path).path, RecordingEngine()) as stage:
        await _open(stage)
        assert stage.app.screen.query_one("#timeout", Input).placeholder == "600"


async def test_opened_again_the_operation_has_the_keys_and_is_typed_over(tmp_path: Path) -> None:
    async with live(_recording(tmp_path).path, RecordingEngine()) as stage:
        await _open(stage)
        await stage.type("get_quote")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.main)
        await _open(stage)
        await stage.type("get_order")
        assert stage.app.screen.query_one("#operation", Input).value == "get_order"


async def test_opened_for_an_operation_its_first_value_has_the_keys_and_is_typed_over(
    tmp_path: Path,
) -> None:
    async with live(_recording(tmp_path).path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.view.operations.count)
        await stage.press("6", "end", "up", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        await stage.type("BEAN")
        data = json.loads(stage.app.screen.query_one(JsonEditor).text)
        assert data == {"symbol": "BEAN", "count": 10}
        await stage.press("enter", "escape")
        await stage.until(lambda: stage.app.screen is stage.main)
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        await stage.type("CORK")
        assert json.loads(stage.app.screen.query_one(JsonEditor).text) == {"symbol": "CORK", "count": 10}


@pytest.mark.parametrize(
    ("data", "selected"),
    [
        ('{"a": "x\\"y", "b": 1}', 'x\\"y'),
        ('{\n  "a": {\n    "b": -1.5\n  }\n}', "-1.5"),
        ('{"a": []}', ""),
        ("{}", ""),
        ("not json", ""),
    ],
)
def test_the_first_value_is_found(data: str, selected: str) -> None:
    (line, start), (end_line, end) = first_value(data)
    assert line == end_line
    assert data.split("\n")[line][start:end] == selected


async def test_the_raw_form_holds_a_frame_that_can_be_sent_as_it_is(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = _recording(tmp_path).calls(3).commit()
    async with live(recording.path, engine) as stage:
        await _open(stage)
        for _ in range(4):
            await stage.press("ctrl+n")
        await stage.press("ctrl+s")
        await stage.until(lambda: bool(engine.intents))
        sent = engine.intents[0]
        assert isinstance(sent, SendRaw)
        frame = decode(sent.text)
        assert (frame.peer_id, frame.request_id) == (ME, (ME, 3))


async def test_at_a_server_with_several_clients_the_form_says_how_to_reach_another(tmp_path: Path) -> None:
    recording = Recording(tmp_path, role="server").connect(1).commit()
    async with live(recording.path, RecordingEngine(), spec=ServerSpec()) as stage:
        await _open_for_peer(stage, 1)
        assert "another peer" not in stage.text
        await stage.press("escape")
        recording.connect(2, me="second").commit()
        await _open_for_peer(stage, 2)
        assert "For another peer, press J instead of c" in stage.text


async def _open_for_peer(stage: Stage, connections: int) -> None:
    await stage.until(lambda: len(stage.view.connections) == connections and stage.view.connected)
    await stage.press("c")
    await stage.until_shown("To peer")


async def test_an_item_that_was_sent_is_seen_in_the_list_without_a_toast(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = _recording(tmp_path).frame("out", "stream_stream_request", 0, {"operation": "chat"}).commit()
    async with live(recording.path, engine) as stage:
        await stage.press("3")
        await stage.until(lambda: stage.view.selection.exchange is not None)
        await stage.press("i")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.app.screen is stage.main and bool(engine.intents))
        assert stage.toasts == []


async def test_in_a_narrow_terminal_nothing_the_forms_say_is_cut(tmp_path: Path) -> None:
    engine = RecordingEngine()
    engine.answer = Done(error="The frame has 20 MB, more than the other side takes: send less in one frame.")
    async with live(_recording(tmp_path).path, engine, (62, 17)) as stage:
        await _open(stage)
        for what in WHAT_FORMS_SEND.values():
            if what != WHAT_FORMS_SEND["item"]:
                await stage.until_shown(what)
                await stage.press("ctrl+n")
        await stage.until_shown("Name the operation to call.")
        await stage.type("get_quote")
        await stage.press("ctrl+s")
        told = str(engine.answer.error)
        await stage.until(lambda: told in " ".join(stage.text.replace("│", " ").split()))
