"""Operations: what is learned and where it differs, finding one, its frames, writing them to a file."""

import json
from pathlib import Path
from threading import Event

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.screens import operations_export
from inspector_app.screens.operation_list import OperationList
from inspector_app.screens.operations_export import OperationsExport
from inspector_app.viewer import learning, offers
from inspector_app.viewer.learning import LearnedOperation, Lesson, learn
from inspector_app.widgets.detail_view import DetailView
from tests.inspector_app.recordings import PEER, Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, live, opened


def recorded(folder: Path) -> Recording:
    recording = Recording(folder).connect()
    recording.describe(
        ("get_quote", "request_response", "Give a price."), ("watch", "request_stream", "Look.")
    )
    recording.calls(4)
    recording.request(4, symbol=7, extra=True).fail(4, "no", "not_found")
    for number in range(5, 9):
        recording.request(number, operation="log_in", user="ada", tries=number).respond(number, {"ok": True})
    recording.frame("in", "request", 0, {"operation": "approve", "id": 7}, opener=PEER)
    return recording


async def test_the_list_tells_last_use_and_typical_time_of_both_directions(tmp_path: Path) -> None:
    async with opened(recorded(tmp_path).close(), LARGE) as stage:
        await stage.press("6")
        await stage.until(lambda: "10 ms" in stage.line("Give a price."))
        assert stage.line("Give a price.").split()[:2] == ["▌→", "request"]
        await stage.until(lambda: "0 s" in stage.line("not described, learned"))
        assert "log_in" in stage.line("not described, learned")
        assert stage.line("called here, learned").lstrip().startswith("← request")
        assert "watch" in stage.line("Look.")
        assert "ms" not in stage.line("Look.")


async def test_a_described_operation_is_told_in_words_with_where_the_traffic_differs(tmp_path: Path) -> None:
    async with opened(recorded(tmp_path).close(), LARGE) as stage:
        await stage.press("6", "tab", "z")
        await stage.until_shown("symbol: string, required", "count: integer, default 10")
        await stage.until_shown("Calls differ from the description")
        await stage.until_shown("data.extra is not described, in 1 message, first in #9")
        await stage.until_shown("data.symbol is an integer, not a string, in 1 message, first in #9")
        await stage.until_shown("Errors, seen in 1 message")
        await stage.until_shown("not_found  1")


async def test_an_operation_that_nobody_described_is_learned_while_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = Event()

    def slowly(path: Path, lesson: Lesson) -> LearnedOperation:
        assert let_go.wait(20)
        return learn(path, lesson)

    monkeypatch.setattr(learning, "learn", slowly)
    async with opened(recorded(tmp_path).close(), LARGE) as stage:
        await stage.press("6", "down", "down")
        await stage.until_shown("Not described by the other side", "learning …")
        let_go.set()
        await stage.until_shown("Call data, seen in 4 messages", "data.tries  integer  100%  5 to 8")
        await stage.until_shown('data.user   string   100%  "ada"', "Answer, seen in 4 messages")
        assert "learning …" not in stage.text


async def test_what_is_called_for_the_first_time_does_not_move_the_cursor_to_another(tmp_path: Path) -> None:
    recording = recorded(tmp_path).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("6", "down", "down")
        await stage.until(lambda: "log_in" in stage.line("▌"))
        recording.request(20, operation="a_new_one").commit()
        await stage.until_shown("a_new_one")
        await stage.until(lambda: "log_in" in stage.line("▌"))


async def test_an_operation_is_found_by_typing_and_gone_to(tmp_path: Path) -> None:
    async with opened(recorded(tmp_path).close()) as stage:
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, OperationList))
        await stage.type("appr")
        await stage.until(lambda: "get_quote" not in stage.text and "approve" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: stage.view.view == "operations" and "approve" in stage.line("▌"))


async def test_arrows_choose_among_what_was_found(tmp_path: Path) -> None:
    async with opened(recorded(tmp_path).close()) as stage:
        await stage.press("ctrl+o", "down", "down", "enter")
        await stage.until(lambda: stage.view.view == "operations" and "log_in" in stage.line("▌"))


async def test_from_the_chooser_the_form_is_opened(tmp_path: Path) -> None:
    recording = recorded(tmp_path).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until_shown("CONNECTED")
        await stage.press("ctrl+o")
        await stage.type("watch")
        await stage.press("ctrl+s")
        await stage.until_shown("The other side sends items", "symbol*")


async def test_frames_of_an_operation_are_shown_from_the_chooser_and_from_the_list(tmp_path: Path) -> None:
    async with opened(recorded(tmp_path).close()) as stage:
        await stage.press("ctrl+o")
        await stage.type("log_in")
        await stage.press("ctrl+f")
        await stage.until(lambda: stage.view.view == "frames" and stage.view.frames.count == 8)
        await stage.press("6", "plus")
        await stage.until(lambda: stage.view.view == "frames" and stage.view.frames.count == 10)
        assert stage.view.filtering.filter.source == "op:get_quote"


async def test_operations_are_written_to_a_file_after_a_preview(tmp_path: Path) -> None:
    target = tmp_path / "market.json"
    async with opened(recorded(tmp_path).close(), LARGE) as stage:
        await stage.press("6", "X")
        await stage.until_shown('"title": "test.capture', "will be written")
        screen = stage.app.screen
        assert isinstance(screen, OperationsExport)
        screen.query_one("#target").value = str(target)  # type: ignore[attr-defined]  # an Input
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is stage.main)
    whole = json.loads(target.read_text())
    assert "get_quote.params" in whole["$defs"]
    assert "examples" not in whole["$defs"]["log_in.params"]["properties"]["user"]
    assert "Learned" in whole["$defs"]["log_in.params"]["$comment"]


async def test_while_operations_are_learned_for_a_file_it_is_said_how_many_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = Event()

    def slowly(path: Path, lesson: Lesson, rules: object) -> LearnedOperation:
        assert lesson.calls.operation != "approve" or let_go.wait(20)
        return learn(path, lesson)

    monkeypatch.setattr(offers, "learn", slowly)
    monkeypatch.setattr(operations_export, "TOLD_EVERY_S", 0.0)
    async with opened(recorded(tmp_path).close(), LARGE) as stage:
        await stage.press("6", "X")
        await stage.until_shown("learning, 3 of 4 operations …")
        await stage.press("enter")
        await stage.until_shown("still being made")
        let_go.set()
        await stage.until_shown("will be written")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("~nobody-of-that-name/x", "There is no folder ~nobody-of-that-name"),
        ("x" * 5_000, "cannot be used"),
        ("a\0b", "Type the path of a file."),
    ],
)
async def test_a_path_that_cannot_be_is_told_in_a_sentence(tmp_path: Path, typed: str, said: str) -> None:
    async with opened(recorded(tmp_path).close(), LARGE) as stage:
        await stage.press("6", "X")
        await stage.until_shown("will be written")
        stage.app.screen.query_one("#target").value = typed  # type: ignore[attr-defined]  # an Input
        await stage.press("enter")
        await stage.until_shown(said)


async def test_one_operation_is_written_alone_with_examples_and_nothing_is_replaced_unasked(
    tmp_path: Path,
) -> None:
    target = tmp_path / "taken.json"
    target.write_text("mine")
    async with opened(recorded(tmp_path).close(), LARGE) as stage:
        await stage.press("6", "down", "down", "X")
        await stage.until_shown("will be written")
        screen = stage.app.screen
        assert isinstance(screen, OperationsExport)
        screen.query_one("#which").value = "one"  # type: ignore[attr-defined]  # a Select
        screen.query_one("#layout").value = "asyncapi"  # type: ignore[attr-defined]  # a Select
        screen.query_one("#examples").value = True  # type: ignore[attr-defined]  # a Checkbox
        await stage.until(lambda: '"asyncapi"' in _shown(screen) and '"ada"' in screen._text)
        screen.query_one("#target").value = str(target)  # type: ignore[attr-defined]  # an Input
        await stage.press("enter")
        await stage.until_shown("Enter again replaces it")
        assert target.read_text() == "mine"
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is stage.main)
    assert list(json.loads(target.read_text())["operations"]) == ["log_in"]


def _shown(screen: OperationsExport) -> str:
    text = screen.query_one("#document", DetailView)
    return "\n".join("".join(part for part, _ in text._source.line(n)) for n in range(text._source.count))


async def test_names_and_values_from_the_wire_are_drawn_inert(tmp_path: Path) -> None:
    nasty = "[red]\x1b]0;x\x07[/]"
    recording = Recording(tmp_path).connect()
    for number in range(3):
        recording.request(number, operation=nasty, **{nasty: nasty}).respond(number, {nasty: [nasty]})
    path = recording.close()
    async with opened(path, LARGE) as stage:
        await stage.press("6")
        await stage.until_shown("Call data, seen in 3 messages")
        assert "\x1b" not in stage.text
        assert "[red]" in stage.text
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, OperationList))
        await stage.until_shown("[red]")
        await stage.press("escape", "X")
        await stage.until_shown("will be written")
        assert "\x1b" not in stage.text
        await stage.press("escape", "plus")
        await stage.until(lambda: stage.view.view == "frames" and stage.view.frames.count == 6)
    reader = CaptureReader(path)
    assert reader.seen_operations("out") == [(nasty, "request_response")]
    reader.close()
