"""History, collections, environments, saving and copying, in an app whose engine a test plays."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from inspector_app import commands
from inspector_app.display import formats
from inspector_app.intents import (
    Done,
    EngineIntent,
    Intent,
    RepeatMessage,
    SendItem,
    SendMessage,
    SendRaw,
    ServerSpec,
)
from inspector_app.messages.collection import read_collection
from inspector_app.messages.history import FILE_NAME, History, Sent, SentKind
from inspector_app.screens.base import CommandScreen
from inspector_app.screens.collections import CollectionsScreen
from inspector_app.screens.compose import ComposeScreen
from inspector_app.screens.copy_as import CopyAs
from inspector_app.screens.history import HistoryScreen
from inspector_app.screens.repetition import RepetitionScreen
from inspector_app.screens.save_form import SaveForm
from inspector_app.screens.sequence import SequenceScreen
from inspector_app.widgets.json_editor import JsonEditor
from tests.inspector_app.recordings import ME, Recording
from tests.inspector_app.screens.pilots import LARGE, SMALL, RecordingEngine, Stage, live, opened
from tests.inspector_app.screens.test_type_ahead import burst

SECRET = "opensesame-4711"

ORDERS = """\
# what a team keeps
[variables]
symbol = "BEAN"

[[message]]
name = "price"
operation = "get_quote"
data = '{"symbol": "${symbol}"}'
expect = ["data.cents > 3"]

[[message]]
name = "order"
operation = "create_order"
"""


class Answering(RecordingEngine):
    """Answers each request in the capture."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording
        self._number = -1

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        self.intents.append(intent)
        if not isinstance(intent, SendMessage):
            return Done(conn=1)
        self._number += 1
        self._recording.request(self._number, intent.operation)
        self._recording.respond(self._number, {"cents": 4, "echo": intent.data_json}).commit()
        return Done(conn=1, opener=ME, number=self._number)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program runs, with collections of a team."""
    made = tmp_path / "work" / "slipstream"
    made.mkdir(parents=True)
    monkeypatch.chdir(made.parent)
    monkeypatch.setenv("MARKET_TOKEN", SECRET)
    (made / "orders.toml").write_text(ORDERS)
    (made / "environments.toml").write_text('[local]\nsymbol = "CORK"\ntoken = "${env:MARKET_TOKEN}"\n')
    return made


def recording_in(folder: Path) -> Recording:
    return Recording(folder).connect().commit()


def kept(operation: str, *, kind: SentKind = "request", data: str = "{}", **more: str) -> Sent:
    return replace(Sent(sent_ns=time.time_ns(), kind=kind, operation=operation, data=data), **more)  # type: ignore[arg-type]  # all of them texts


async def compose(stage: Stage, operation: str, data: str) -> None:
    await stage.until(lambda: stage.view.connected)
    await stage.press("c")
    await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
    await stage.type(operation)
    stage.app.screen.query_one(JsonEditor).text = data
    stage.main.drafts.current.data = data


def messages_of(engine: RecordingEngine) -> list[SendMessage]:
    return [each for each in engine.intents if isinstance(each, SendMessage)]


# -- the history --------------------------------------------------------------------------------------------


async def test_what_was_sent_is_found_again_with_its_answer_and_sent_again(tmp_path: Path) -> None:
    recording = recording_in(tmp_path)
    engine = Answering(recording)
    async with live(recording.path, engine) as stage:
        await compose(stage, "get_quote", '{"symbol": "SALT"}')
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.app.screen is stage.main)
        await stage.press("b")
        await stage.until_shown("History", "get_quote", "✓ ok", "SALT", '"cents"')
        await stage.press("enter")
        await stage.until(lambda: len(messages_of(engine)) == 2)
        await stage.until_shown("2 sent")
        first, second = messages_of(engine)
        assert (first.operation, first.data_json) == (second.operation, second.data_json)
        await stage.press("slash")
        await stage.type("nothing")
        await stage.until_shown("0 of 2 sent")
        await stage.press("escape")
        await stage.until_shown("2 sent")
        await stage.press("x")
        await stage.until_shown("1 sent")
        await stage.press("X", "y")
        await stage.until_shown("Nothing was sent yet.")
        await stage.press("escape")
        assert stage.app.screen is stage.main


async def test_it_is_edited_in_the_form_that_it_was_written_in(tmp_path: Path) -> None:
    recording = recording_in(tmp_path)
    async with live(recording.path, Answering(recording), LARGE) as stage:
        await stage.until(lambda: stage.view.connected)
        stage.main.messages.outbox.history.add(
            Sent(
                sent_ns=time.time_ns(), kind="stream", operation="watch", data='{"count": 3}', outcome="lost"
            )
        )
        await stage.press("b")
        await stage.until_shown("watch", "lost")
        await stage.press("e")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        assert stage.app.screen.query_one("#operation", Input).value == "watch"
        assert stage.app.screen.query_one(JsonEditor).text == '{"count": 3}'
        assert stage.main.drafts.form == "stream"


async def test_it_is_there_across_captures_and_without_an_engine_nothing_is_sent(tmp_path: Path) -> None:
    history = History(tmp_path / "data" / FILE_NAME)
    history.add(
        Sent(sent_ns=time.time_ns(), kind="request", operation="of_another_run", data="{}", capture="gone")
    )
    history.close()
    async with opened(recording_in(tmp_path).close()) as stage:
        await stage.press("b")
        await stage.until_shown("of_another_run", "Its capture is gone")
        await stage.press("enter")
        await stage.until(lambda: any("while connected" in each for each in stage.toasts))


async def test_it_is_sent_again_to_the_peer_that_is_looked_at(tmp_path: Path) -> None:
    history = History(tmp_path / "data" / FILE_NAME)
    history.add(replace(kept("get_quote"), timeout="1e999"))
    history.add(kept("", kind="raw", data="as typed"))
    history.close()
    recording = Recording(tmp_path, role="server").connect(1).connect(2, me="second").request(0).commit()
    engine = RecordingEngine()
    async with live(recording.path, engine, spec=ServerSpec()) as stage:
        await stage.until(lambda: stage.view.connected and stage.view.selection.frame)
        await stage.press("b", "enter")
        await stage.until(lambda: len(engine.intents) == 1)
        await stage.until_shown("3 sent")
        await stage.press("down", "down", "enter")
        await stage.until(lambda: len(engine.intents) == 2)
    message = SendMessage(kind="request", operation="get_quote", data_json="{}", conn=1)
    assert engine.intents == [SendRaw(text="as typed", conn=1), message]


async def test_a_stream_is_sent_again_saved_and_repeated_with_its_items(folder: Path, tmp_path: Path) -> None:
    history = History(tmp_path / "data" / FILE_NAME)
    items = ['{"n": "${symbol}"}', "2"]
    told = {"items": json.dumps(items), "variables": '{"symbol": "BEAN"}'}
    history.add(kept("chat", kind="bidirectional", **told))
    history.close()
    recording = recording_in(tmp_path)
    engine = Answering(recording)
    async with live(recording.path, engine, LARGE) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("b")
        await stage.until_shown("chat", "Items", "${symbol}")
        await stage.press("enter")
        await stage.until_shown("2 sent", "✓ ok")
        sent = [each.data_json for each in engine.intents if isinstance(each, SendItem)]
        assert sent == ['{"n": "BEAN"}', "2"][: len(sent)]
        await stage.press("s")
        await stage.until(lambda: isinstance(stage.app.screen, SaveForm))
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, HistoryScreen))
        assert read_collection(folder / "orders.toml").message[-1].items == tuple(items)
        await stage.press("r")
        await stage.until_shown("At most a second")
        await stage.press("enter")
        await stage.until(lambda: any(isinstance(each, RepeatMessage) for each in engine.intents))
    asked = next(each for each in engine.intents if isinstance(each, RepeatMessage))
    assert asked.items_json == ('{"n": "BEAN"}', "2")


async def test_what_was_sent_on_another_day_is_listed_with_its_date(tmp_path: Path) -> None:
    history = History(tmp_path / "data" / FILE_NAME)
    before = time.time_ns() - 40 * 86_400 * 10**9
    history.add(replace(kept("long_ago"), sent_ns=before))
    history.close()
    async with opened(recording_in(tmp_path).close(), SMALL) as stage:
        await stage.press("b")
        await stage.until_shown("long_ago")
        assert stage.line("long_ago").startswith(f"▌{formats.date_and_clock(before)[2:10]} ")


async def test_text_in_the_history_cannot_drive_the_terminal(tmp_path: Path) -> None:
    history = History(tmp_path / "data" / FILE_NAME)
    bad = "\x1b]0;x\x07[red]\x9b2J"
    history.add(
        Sent(
            sent_ns=time.time_ns(),
            kind="request",
            operation=bad,
            data=f'"{bad}"',
            url=bad,
            environment=bad,
            answer=bad,
        )
    )
    history.close()
    async with opened(recording_in(tmp_path).close(), LARGE) as stage:
        await stage.press("b")
        await stage.until(lambda: isinstance(stage.app.screen, HistoryScreen))
        await stage.until_shown("[red]")
        assert not {"\x1b", "\x07", "\x9b"} & set(stage.text)


async def test_what_is_typed_right_after_the_keys_that_open_a_list_is_searched_there(tmp_path: Path) -> None:
    async with opened(recording_in(tmp_path).close()) as stage:
        history = stage.main.messages.outbox.history
        history.add(kept("get_quote"))
        history.add(kept("watch_prices"))
        burst(stage.app, "b", "slash", *"quote", "enter", "s", *"two")
        await stage.until(lambda: isinstance(stage.app.screen, SaveForm))
        fields = {each.id: each.value for each in stage.app.screen.query(Input)}
        assert fields == {"collection": "messages", "name": "get_quotetwo"}


def kept_in(capture: Path, tmp_path: Path, *, number: int = 1) -> None:
    """Have a message in the history whose exchange is in a capture."""
    history = History(tmp_path / "data" / FILE_NAME)
    history.add(
        replace(kept("get_quote"), outcome="ok", capture=str(capture), conn=1, opener=ME, number=number)
    )
    history.close()


async def goes_to_its_exchange(stage: Stage, capture: Path) -> None:
    await stage.until(lambda: stage.view.reader is not None and stage.view.reader.path == capture)
    await stage.until(lambda: stage.app.screen is stage.main and stage.view.view == "requests")
    exchange = stage.view.selection.exchange
    assert exchange is not None
    assert exchange.number == 1


@pytest.mark.parametrize("is_open", [True, False])
async def test_from_the_history_its_exchange_is_gone_to_in_whichever_capture_has_it(
    tmp_path: Path, is_open: bool
) -> None:
    old = Recording(tmp_path, "old.capture").connect().calls(3).close()
    kept_in(old, tmp_path)
    async with opened(old if is_open else recording_in(tmp_path).close()) as stage:
        await stage.press("b", "E")
        await goes_to_its_exchange(stage, old)


async def test_what_is_live_is_left_for_the_exchange_of_another_capture_only_after_asking(
    tmp_path: Path,
) -> None:
    old = Recording(tmp_path, "old.capture").connect().calls(3).close()
    kept_in(old, tmp_path)
    recording = recording_in(tmp_path)
    engine = RecordingEngine()
    async with live(recording.path, engine) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("b", "E")
        await stage.until_shown("Leave for its capture?")
        await stage.press("n", "E", "y")
        await goes_to_its_exchange(stage, old)
        await stage.until(lambda: engine.stopped)


async def test_why_an_exchange_cannot_be_gone_to_is_said_in_a_sentence(tmp_path: Path) -> None:
    old = Recording(tmp_path, "old.capture").connect().calls(3).close()
    kept_in(old, tmp_path, number=7)
    async with opened(recording_in(tmp_path).close()) as stage:
        await stage.press("b", "E")
        await stage.until(lambda: any("is another capture by now" in each for each in stage.toasts))
        old.write_text("nothing")
        await stage.press("E")
        await stage.until(lambda: any("is not a capture" in each for each in stage.toasts))
        old.unlink()
        await stage.press("E")
        await stage.until(lambda: any("Its capture is gone" in each for each in stage.toasts))
        assert isinstance(stage.app.screen, HistoryScreen)


# -- variables and environments -----------------------------------------------------------------------------


async def test_why_a_message_was_not_sent_stays_when_its_form_was_learned_meanwhile(
    folder: Path, tmp_path: Path
) -> None:
    recording = recording_in(tmp_path)
    async with live(recording.path, Answering(recording), LARGE) as stage:
        await compose(stage, "login", '{"symbol": "${symbol}"}')
        await stage.press("ctrl+s")
        screen = stage.app.screen
        assert isinstance(screen, ComposeScreen)
        await stage.until(lambda: screen._schemas._learned)
        await stage.until_shown("There is no variable symbol")


async def test_a_form_that_was_left_is_looked_at_no_more(tmp_path: Path) -> None:
    recording = recording_in(tmp_path)
    engine = RecordingEngine()
    engine.answer = Done(error="No, not that.")
    async with live(recording.path, engine, LARGE) as stage:
        await compose(stage, "login", "{}")
        form = stage.app.screen
        assert isinstance(form, ComposeScreen)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.main)
        # As when the thread that learns, or the engine, is done while the form is taken apart.
        await form._learn("login")
        await form._send_now(SendMessage(kind="request", operation="login"))
        await stage.until(lambda: "No, not that." in stage.toasts)


async def test_lists_that_were_left_are_looked_at_no_more(folder: Path, tmp_path: Path) -> None:
    recording = recording_in(tmp_path)
    async with live(recording.path, Answering(recording), LARGE) as stage:
        await collections(stage)
        saved = stage.app.screen
        assert isinstance(saved, CollectionsScreen)
        await stage.press("down")
        entry = saved._chosen
        assert entry is not None
        await stage.press("r")
        await stage.until(lambda: isinstance(stage.app.screen, SequenceScreen))
        run = stage.app.screen
        assert isinstance(run, SequenceScreen)
        await stage.until_shown("2 passed")
        await stage.press("escape", "escape", "b")
        await stage.until(lambda: isinstance(stage.app.screen, HistoryScreen))
        history = stage.app.screen
        assert isinstance(history, HistoryScreen)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.main)
        # As when an answer comes, or the clock goes on, while a screen is taken apart.
        await saved._send(entry)
        run._show()
        history._look()
        await history._send(SendMessage(kind="request", operation="get_quote"), {})


async def test_variables_have_the_values_of_the_chosen_environment(folder: Path, tmp_path: Path) -> None:
    recording = recording_in(tmp_path)
    engine = Answering(recording)
    async with live(recording.path, engine, LARGE) as stage:
        await compose(stage, "login", '{"symbol": "${symbol}", "t": "${token}"}')
        await stage.press("ctrl+s")
        await stage.until_shown("There is no variable symbol")
        assert messages_of(engine) == []
        await stage.press("ctrl+b")
        await stage.until_shown("no environment", "local")
        await stage.press("down")
        await stage.until_shown('"CORK"', "${env:MARKET_TOKEN}")
        await stage.press("enter")
        await stage.until_shown("environment: local")
        await stage.press("ctrl+g")
        await stage.until_shown("Would be sent: login", '"CORK"', '"${env:MARKET_TOKEN}"')
        assert SECRET not in stage.text
        await stage.press("escape", "ctrl+s")
        await stage.until(lambda: stage.app.screen is stage.main)
        assert messages_of(engine)[0].data_json == f'{{"symbol": "CORK", "t": "{SECRET}"}}'
        await stage.press("b")
        await stage.until_shown("${token}", 'symbol = "CORK"', "environment local")
        assert SECRET not in stage.text
    kept = [
        each for each in (tmp_path / "data").glob(f"{FILE_NAME}*") if SECRET.encode() in each.read_bytes()
    ]
    assert kept == []


# -- collections --------------------------------------------------------------------------------------------


async def collections(stage: Stage) -> None:
    await stage.until(lambda: stage.view.connected or stage.view.engine == "none")
    await stage.press("l")
    await stage.until(lambda: isinstance(stage.app.screen, CollectionsScreen))
    await stage.until_shown("orders.toml")


async def test_a_saved_message_is_sent_and_held_against_what_is_expected(
    folder: Path, tmp_path: Path
) -> None:
    recording = recording_in(tmp_path)
    engine = Answering(recording)
    async with live(recording.path, engine, LARGE) as stage:
        await collections(stage)
        await stage.press("down", "enter")
        await stage.until_shown("Sent last", "✓ data.cents > 3")
        assert messages_of(engine)[0].data_json == '{"symbol": "BEAN"}'
        await stage.press("escape", "b")
        await stage.until_shown('"${symbol}"')


async def test_a_file_that_is_wrong_is_shown_with_file_line_and_key(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.toml").write_text('[[message]]\nname = "a"\noperation = "b"\nknd = "x"\n')
    async with opened(recording_in(tmp_path).close(), LARGE) as stage:
        await collections(stage)
        await stage.until_shown("bad.toml:4", "message[0].knd", "did you mean")
        await stage.press("slash")
        await stage.type("create")
        await stage.until(lambda: "bad.toml" not in stage.text)
        await stage.until_shown("orders.toml", "order", "create_order")


async def test_a_message_is_renamed_moved_and_deleted(folder: Path, tmp_path: Path) -> None:
    async with opened(recording_in(tmp_path).close(), LARGE) as stage:
        await collections(stage)
        await stage.press("down", "n", "ctrl+u")
        await stage.type("order")
        await stage.press("enter")
        await stage.until_shown("has a message order already")
        await stage.press("ctrl+u")
        await stage.type("quote")
        await stage.press("enter")
        await stage.until_shown("  quote")
        await stage.press("m")
        await stage.type("team")
        await stage.press("enter")
        await stage.until_shown("team.toml")
        await stage.press("home", "down", "x", "y")
        await stage.until(lambda: read_collection(folder / "orders.toml").message == ())
    assert (folder / "orders.toml").read_text().startswith("# what a team keeps")
    assert [each.name for each in read_collection(folder / "team.toml").message] == ["quote"]


async def test_another_folder_is_remembered(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.toml").write_text(ORDERS)
    async with opened(recording_in(tmp_path).close(), LARGE) as stage:
        await collections(stage)
        await stage.press("F")
        stage.app.screen.query_one(Input).value = str(tmp_path / "elsewhere")
        await stage.press("enter")
        await stage.until_shown("mine.toml")
    async with opened(tmp_path / "test.capture", LARGE) as stage:
        await stage.press("l")
        await stage.until_shown("mine.toml")


async def test_a_folder_of_a_user_that_is_not_there_is_a_name_like_any_other(
    folder: Path, tmp_path: Path
) -> None:
    async with opened(recording_in(tmp_path).close()) as stage:
        await collections(stage)
        await stage.press("F", "ctrl+u", *"~nobody.is.called.so", "enter")
        await stage.until_shown("This folder is not there yet.")
        assert stage.main.messages.session.folder == folder.parent / "~nobody.is.called.so"


async def test_a_saved_message_that_was_edited_replaces_itself_and_keeps_what_is_expected(
    folder: Path, tmp_path: Path
) -> None:
    recording = recording_in(tmp_path)
    async with live(recording.path, Answering(recording), LARGE) as stage:
        await collections(stage)
        await stage.press("down", "e")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        stage.app.screen.query_one(JsonEditor).text = '{"symbol": "SALT"}'
        await stage.press("ctrl+o")
        await stage.until_shown("saving replaces it")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
    message = read_collection(folder / "orders.toml").message[0]
    assert (message.name, message.data, message.expect) == (
        "price",
        '{"symbol": "SALT"}',
        ("data.cents > 3",),
    )
    assert (folder / "orders.toml").read_text().startswith("# what a team keeps")


@pytest.mark.parametrize(("button", "kept"), [("reference", False), ("anyway", True)])
async def test_before_a_secret_is_written_it_is_asked(
    folder: Path, tmp_path: Path, button: str, kept: bool
) -> None:
    recording = recording_in(tmp_path)
    before = (folder / "orders.toml").read_text()
    async with live(recording.path, Answering(recording), LARGE) as stage:
        await compose(stage, "login", '{"user": "ada", "accessToken": "hunter2hunter2"}')
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, SaveForm))
        await stage.press("enter")
        await stage.until_shown("Nothing is written yet", "data.accessToken")
        assert (folder / "orders.toml").read_text() == before
        stage.app.screen.query_one(f"#{button}").focus()
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
    data = read_collection(folder / "orders.toml").message[-1].data
    assert ("hunter2hunter2" in data) == kept
    assert ("${env:ACCESS_TOKEN}" in data) != kept


# -- copying ------------------------------------------------------------------------------------------------


async def test_the_message_of_a_frame_is_copied_as_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    path = recording_in(tmp_path).request(0, "get_quote", symbol="BEAN").respond(0, {"cents": 4}).close()
    async with opened(path, SMALL) as stage:
        monkeypatch.setattr(stage.app, "copy_to_clipboard", copied.append)
        await stage.press("down", "a")
        await stage.until(lambda: isinstance(stage.app.screen, CopyAs))
        await stage.until_shown("Python with slipstream", "from slipstream import connect")
        await stage.press("down", "down", "down")
        await stage.until_shown("printf")
        await stage.press("enter")
        await stage.until(lambda: bool(copied))
        assert copied[0].startswith("printf")
        assert "get_quote" in copied[0]
        await stage.press("a", "w")
        await stage.until_shown("get_quote.py")
        stage.app.screen.query_one(Input).value = str(tmp_path / "call.py")
        await stage.press("enter")
        await stage.until(lambda: any("Written to" in each for each in stage.toasts))
    assert "request_response" in (tmp_path / "call.py").read_text()


async def test_a_secret_that_was_put_into_a_message_is_not_copied_from_its_frame(
    folder: Path, tmp_path: Path
) -> None:
    del folder
    path = recording_in(tmp_path).request(0, "login", t=SECRET).respond(0).close()
    async with opened(path, LARGE) as stage:
        stage.main.messages.session.scope().text("${env:MARKET_TOKEN}")  # as when it was sent
        await stage.press("down", "a")
        await stage.until_shown("from slipstream import connect", "${env:MARKET_TOKEN}")
        assert SECRET not in _shown_dialog(stage)


def _shown_dialog(stage: Stage) -> str:
    assert isinstance(stage.app.screen, CopyAs)
    return stage.text.split("Copy as", 1)[1].replace("\n", "")


async def test_what_is_no_message_cannot_be_copied_as_a_program(tmp_path: Path) -> None:
    async with opened(recording_in(tmp_path).raw("in", "no frame").close(), SMALL) as stage:
        await stage.press("a")
        await stage.until(lambda: any("Choose a frame of an exchange" in each for each in stage.toasts))


async def test_a_raw_frame_is_sent_as_typed_and_cannot_be_saved(folder: Path, tmp_path: Path) -> None:
    recording = recording_in(tmp_path)
    engine = RecordingEngine()
    async with live(recording.path, engine, LARGE) as stage:
        await stage.until(lambda: stage.view.connected)
        stage.main.drafts.form = "raw"
        stage.main.drafts.by_form["raw"].data = "${symbol}"
        await stage.press("c", "ctrl+o")
        await stage.until(lambda: any("choose another form" in each for each in stage.toasts))
        await stage.press("ctrl+s")
        await stage.until(lambda: engine.intents == [SendRaw(text="${symbol}", conn=1)])


# -- commands -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", [HistoryScreen, CollectionsScreen, SequenceScreen, RepetitionScreen])
def test_every_command_of_these_screens_is_carried_out_by_the_screen(screen: type[CommandScreen]) -> None:
    declared = [each for group in commands.grouped(screen.PLACE).values() for each in group]
    assert declared
    for each in declared:
        assert callable(getattr(screen, f"do_{each.name}", None)), each.name


async def test_nothing_is_repeated_without_a_value_for_its_variables(folder: Path, tmp_path: Path) -> None:
    recording = recording_in(tmp_path)
    engine = Answering(recording)
    async with live(recording.path, engine, LARGE) as stage:
        await compose(stage, "log", '{"a": "${nope}"}')
        await stage.press("ctrl+r")
        await stage.until_shown("At most a second")
        await stage.press("enter")
        await stage.until_shown("There is no variable nope", "Nothing was sent: r tries again.")
    assert engine.intents == []
