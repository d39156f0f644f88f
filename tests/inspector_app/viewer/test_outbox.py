"""What is sent is kept as it was typed, with its answer once that is in the capture; no secret is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.intents import ClientSpec, Done, Intent, SendItem, SendMessage, SendRaw
from inspector_app.messages.history import History
from inspector_app.viewer.outbox import Outbox
from inspector_app.viewer.session import Session
from inspector_app.viewer.state import ViewState
from inspector_app.viewer.world import world_of
from tests.inspector_app.recordings import ME, Recording

SECRET = "opensesame-4711"


class Bench:
    """An outbox over a capture that the test writes."""

    def __init__(self, folder: Path) -> None:
        (folder / "environments.toml").write_text('[local]\ntoken = "${env:TOKEN}"\nsymbol = "BEAN"\n')
        self.recording = Recording(folder).connect().commit()
        self.view = ViewState(world_of(ClientSpec(url="ws://ada:pw@h:1")))
        self.view.attach(CaptureReader(self.recording.path))
        self.history = History(folder / "history.sqlite")
        self.performed: list[Intent] = []
        self.done = Done(conn=1, opener=ME, number=0)
        session = Session(folder, environment="local", environ={"TOKEN": SECRET})
        self.outbox = Outbox(session, self.history, self._perform, self.view)

    async def _perform(self, intent: Intent) -> Done:
        self.performed.append(intent)
        return self.done

    def files_with(self, text: str) -> list[Path]:
        """The files of the history that have a text in them."""
        self.history.close()
        files = self.history.path.parent.glob("history*")
        return [each for each in files if text.encode() in each.read_bytes()]

    def close(self) -> None:
        self.view.close()
        self.history.close()
        self.recording.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


TYPED = SendMessage(kind="request", operation="login", data_json='{"t": "${token}", "s": "${symbol}"}')


async def test_a_request_is_kept_as_typed_and_its_answer_when_it_has_come(
    bench: Bench, tmp_path: Path
) -> None:
    assert (await bench.outbox.send(TYPED)).error is None
    sent = bench.performed[0]
    assert isinstance(sent, SendMessage)
    assert SECRET in sent.data_json
    bench.outbox.follow()
    (kept,) = bench.history.entries()
    assert (kept.operation, kept.data, kept.environment) == ("login", TYPED.data_json, "local")
    assert kept.variables == '{"token": "${env:TOKEN}", "symbol": "BEAN"}'
    assert (kept.url, kept.outcome) == ("ws://h:1", "pending")
    bench.recording.request(0, "login", t=SECRET).respond(0, {"echo": SECRET, "ok": True}).commit()
    bench.outbox.follow()
    (kept,) = bench.history.entries()
    assert (kept.outcome, kept.latency_ns) == ("ok", 10_000_000)
    assert kept.answer == '{"echo": "${env:TOKEN}", "ok": true}'
    assert (kept.capture, kept.conn, kept.opener, kept.number) == (str(bench.recording.path), 1, ME, 0)
    assert bench.files_with(SECRET) == []


async def test_an_error_is_kept_with_its_code(bench: Bench) -> None:
    await bench.outbox.send(SendMessage(kind="request", operation="get"))
    bench.recording.request(0, "get").fail(0, "no such thing", "not_found").commit()
    bench.outbox.follow()
    (kept,) = bench.history.entries()
    assert (kept.outcome, kept.code) == ("error", "not_found")
    assert "no such thing" in kept.answer


async def test_what_has_no_value_is_not_sent_and_not_kept(bench: Bench) -> None:
    done = await bench.outbox.send(SendMessage(kind="request", operation="get", data_json='{"a": "${nope}"}'))
    assert "There is no variable nope" in (done.error or "")
    assert bench.performed == []
    assert bench.history.entries() == []


async def test_what_was_refused_is_not_kept_and_the_sentence_has_no_secret(bench: Bench) -> None:
    await bench.outbox.send(TYPED)
    bench.done = Done(error=f"no {SECRET}")
    assert (await bench.outbox.send(TYPED)).error == "no ${env:TOKEN}"
    assert len(bench.history.entries()) == 1


async def test_raw_frames_items_and_one_way_messages_are_kept_without_an_answer(bench: Bench) -> None:
    await bench.outbox.send(SendItem(conn=1, opener=ME, number=3, data_json="7"))
    bench.done = Done(conn=1)
    await bench.outbox.send(SendRaw(text="not JSON ${symbol}"))
    await bench.outbox.send(SendMessage(kind="oneway", operation="log"))
    kept = bench.history.entries()
    assert [(each.kind, each.outcome) for each in kept] == [
        ("oneway", "sent"),
        ("raw", "sent"),
        ("item", "sent"),
    ]
    assert kept[1].data == "not JSON ${symbol}"


async def test_an_item_is_kept_with_the_operation_of_its_stream(bench: Bench) -> None:
    bench.recording.frame("out", "stream_stream_request", 3, {"operation": "chat"}).commit()
    await bench.outbox.send(SendItem(conn=1, opener=ME, number=3, data_json="7"))
    await bench.outbox.send(SendItem(conn=1, opener=ME, number=9, data_json="8"))
    assert [(each.data, each.operation) for each in bench.history.entries()] == [("8", ""), ("7", "chat")]


async def test_a_history_that_cannot_be_kept_is_told_once_and_keeps_nobody_from_sending(bench: Bench) -> None:
    bench.history.path.mkdir()
    for _ in range(2):
        assert (await bench.outbox.send(TYPED)).error is None
    assert "delete it" in bench.outbox.take_problem()
    await bench.outbox.send(TYPED)
    assert bench.outbox.take_problem() == ""


async def test_what_had_not_ended_when_the_program_did_is_looked_up_in_its_capture(bench: Bench) -> None:
    await bench.outbox.send(TYPED)
    (sent,) = bench.history.entries()
    later = Outbox(bench.outbox.session, bench.history, bench._perform, bench.view)
    bench.recording.request(0, "login").respond(0, {"ok": True}).commit()
    assert sent.outcome == "pending"
    later.look_again(sent)
    (sent,) = bench.history.entries()
    assert (sent.outcome, sent.answer) == ("ok", '{"ok": true}')


async def test_what_is_still_waited_for_or_whose_capture_is_gone_stays_as_it_is(bench: Bench) -> None:
    await bench.outbox.send(TYPED)
    (sent,) = bench.history.entries()
    bench.recording.request(0, "login").respond(0, {"ok": True}).commit()
    bench.outbox.look_again(sent)
    Outbox(bench.outbox.session, bench.history, bench._perform, bench.view).look_again(
        replace(sent, capture="gone.capture")
    )
    assert bench.history.entries()[0].outcome == "pending"


async def test_what_is_under_way_when_its_form_is_left_is_kept_all_the_same(bench: Bench) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(intent: Intent) -> Done:
        asked.set()
        await go.wait()
        return await bench._perform(intent)

    outbox = Outbox(bench.outbox.session, bench.history, slow, bench.view)
    task = asyncio.create_task(outbox.send(TYPED))
    await asked.wait()
    task.cancel()
    await asyncio.wait({task})
    go.set()
    await asyncio.wait(outbox._under_way)
    assert [each.operation for each in bench.history.entries()] == ["login"]
