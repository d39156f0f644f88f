"""The control server lets in who knows the token, and nobody's web page."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import InvalidStatus

from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.control import Control, control_server
from inspector_app.engine.recording import Recording
from inspector_app.engine.viewer_handler import ViewerHandler
from inspector_app.engine.wire import INTENTS, call_of
from inspector_app.intents import EndEngine, RecordElsewhere, SendRaw, ServerSpec, Stay
from slipstream import RemoteError, connect, describe

TOKEN = "only the viewer knows"


class Engine:
    """What the control server belongs to, with what was asked of it."""

    def __init__(self) -> None:
        self.stay = False
        self.ended = False
        self.capture: Path | None = None

    def set_stay(self, on: bool) -> None:
        self.stay = on

    def end(self) -> None:
        self.ended = True

    def moved(self, capture: Path) -> None:
        self.capture = capture

    def refuses(self, intent: object) -> str | None:
        return "Not from here." if intent == SendRaw(text="refused") else None


def served(recording: Recording, engine: Engine | None = None) -> AbstractAsyncContextManager[Control]:
    return control_server(recording, TOKEN, engine or Engine())


@pytest.fixture
async def recording(tmp_path: Path):  # type: ignore[no-untyped-def]  # a generator of one recording
    recording = await Recording.begin(ServerSpec(port=0), tmp_path / "one.capture")
    yield recording
    await recording.end()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, "401"),
        ({"Authorization": "Bearer wrong"}, "401"),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "http://localhost"}, "403"),
    ],
)
async def test_a_stranger_and_a_web_page_are_refused(
    recording: Recording, headers: dict[str, str], status: str
) -> None:
    async with served(recording) as control:
        with pytest.raises(InvalidStatus, match=status):
            async with connect_websocket(control.url, additional_headers=headers, proxy=None):
                pass


async def test_it_listens_on_loopback_alone(recording: Recording) -> None:
    async with served(recording) as control:
        assert control.url.startswith("ws://127.0.0.1:")


async def test_it_describes_an_operation_for_every_intent(recording: Recording) -> None:
    async with (
        served(recording) as control,
        connect(control.url, token=TOKEN) as protocol,
    ):
        described = {operation["name"]: operation["doc"] for operation in await describe(protocol) or []}
    assert set(INTENTS) | {"status"} <= set(described)
    assert all(described[name] for name in INTENTS)


async def test_an_intent_is_answered_with_what_became_of_it(recording: Recording) -> None:
    async with (
        served(recording) as control,
        connect(control.url, token=TOKEN) as protocol,
    ):
        done = await protocol.request_response(call_of(SendRaw(text="x")))
    assert done["error"].startswith("No client is connected")


async def test_what_the_engine_refuses_is_not_done_and_it_is_told_why(recording: Recording) -> None:
    async with (
        served(recording) as control,
        connect(control.url, token=TOKEN) as protocol,
    ):
        done = await protocol.request_response(call_of(SendRaw(text="refused")))
    assert done["error"] == "Not from here."


async def test_an_intent_of_a_wrong_shape_is_an_invalid_request(recording: Recording) -> None:
    async with (
        served(recording) as control,
        connect(control.url, token=TOKEN) as protocol,
    ):
        with pytest.raises(RemoteError) as caught:
            await protocol.request_response({"operation": "send_raw", "intent": {"text": 7}})
    assert caught.value.code == "invalid_request"


async def test_the_status_tells_how_the_recording_stands(recording: Recording) -> None:
    recording.recorder.flush(20)
    async with (
        served(recording) as control,
        connect(control.url, token=TOKEN) as protocol,
    ):
        status = await protocol.request_response({"operation": "status"})
    assert status == {
        "address": recording.source.address,
        "capture": str(recording.capture),
        "received": 1,
        "unsaved": 0,
        "failing": None,
        "stays": False,
    }


async def test_a_problem_is_pushed_to_every_viewer(recording: Recording) -> None:
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    handlers = [ViewerHandler(lambda level, text: heard.put_nowait((level, text))) for _ in range(2)]
    async with (
        served(recording) as control,
        connect(control.url, token=TOKEN, handler=handlers[0]) as one,
        connect(control.url, token=TOKEN, handler=handlers[1]) as two,
    ):
        for viewer in (one, two):
            await viewer.request_response({"operation": "status"})
        control.push_problem("problem", "The disk is full.")
        async with asyncio.timeout(20):
            said = [await heard.get(), await heard.get()]
    assert said == [("problem", "The disk is full.")] * 2


async def test_a_viewer_can_have_the_engine_stay_and_end(recording: Recording) -> None:
    engine = Engine()
    async with served(recording, engine) as control, connect(control.url, token=TOKEN) as protocol:
        await protocol.request_response(call_of(Stay(on=True)))
        assert (await protocol.request_response({"operation": "status"}))["stays"] is True
        await protocol.request_response(call_of(Stay(on=False)))
        assert not engine.stay
        await protocol.request_response(call_of(EndEngine()))
        assert engine.ended


async def test_recording_goes_on_where_a_viewer_says_or_it_is_told_why_not(
    recording: Recording, tmp_path: Path
) -> None:
    engine, before, after = Engine(), recording.capture, tmp_path / "two.capture"
    async with served(recording, engine) as control, connect(control.url, token=TOKEN) as protocol:
        for where, told in ((before, "exists already"), (tmp_path / "no" / "x", "does not exist")):
            refused = await protocol.request_response(call_of(RecordElsewhere(capture=str(where))))
            assert told in refused["error"]
        assert (engine.capture, recording.capture) == (None, before)
        done = await protocol.request_response(call_of(RecordElsewhere(capture=str(after))))
    assert done["error"] is None
    assert (engine.capture, recording.capture) == (after, after)
    for capture in (before, after):
        reader = CaptureReader(capture)
        assert "recording goes on in" in reader.notes(0, 9)[-1].text
        reader.close()
