"""Reading a frame in the app: tree, search, taking parts of it away, large and hostile payloads."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.message import Message
from textual.widgets import Input

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.filter import only
from inspector_app.screens.copying import Copy, write_copy
from inspector_app.screens.detail import DetailPane
from inspector_app.screens.main import MainScreen
from inspector_app.screens.wishes import FilterBy
from inspector_app.viewer.reading import AT_ONCE_BYTES, Reading
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.tree_view import TreeView
from tests.inspector_app.recordings import ME, Recording
from tests.inspector_app.screens.pilots import LARGE, SMALL, Stage, opened
from tests.inspector_app.screens.test_hostile import _assert_inert, no_safety_net

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE])
LARGE_TEXT = "x" * (AT_ONCE_BYTES + 1)


def _user(tmp_path: Path) -> Path:
    recording = Recording(tmp_path).connect().request(0)
    data = {"user": {"id": 42, "name": "Ada \ud800 L"}, "tags": ["a", "b"], "ok": True}
    return recording.respond(0, data).close()


def _facts(stage: Stage) -> str:
    top = stage.main.query_one("#facts").region
    return stage.lines[top.y][top.x : top.right].strip()


async def _tree(stage: Stage) -> None:
    """The second frame as a tree, with the keys."""
    await stage.press("down", "d", "z")
    stage.main.query_one(TreeView).focus()
    await stage.press("z", "z")


# -- the tree ---------------------------------------------------------------------------------------------


@SIZES
async def test_a_payload_is_opened_value_by_value(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(_user(tmp_path), size) as stage:
        await _tree(stage)
        await stage.until_shown("▾ data: {…} 3 members", '▸ "user": {…} 2 members')
        await stage.press("down", "right", "down")
        await stage.until_shown('"id": 42')
        assert _facts(stage) == "data.user.id"


async def test_path_and_value_are_copied(tmp_path: Path) -> None:
    async with opened(_user(tmp_path)) as stage:
        await _tree(stage)
        await stage.press("down", "right", "down", "V")
        await stage.until(lambda: stage.app.clipboard == "data.user.id")
        await stage.press("v")
        await stage.until(lambda: stage.app.clipboard == "42")
        await stage.press("down", "v")
        await stage.until(lambda: stage.app.clipboard == "Ada \\ud800 L")
        await stage.press("left", "v")
        await stage.until(lambda: "Ada" in stage.app.clipboard and "{" in stage.app.clipboard)
        assert json.loads(stage.app.clipboard) == {"id": 42, "name": "Ada \ud800 L"}


async def test_a_value_is_offered_to_filter_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes: list[str] = []
    post = MainScreen.post_message

    def keep(self: MainScreen, message: Message) -> bool:
        if isinstance(message, FilterBy):
            wishes.append(message.term)
            return True  # what comes of it is told in test_filtering
        return post(self, message)

    monkeypatch.setattr(MainScreen, "post_message", keep)
    async with opened(_user(tmp_path)) as stage:
        await _tree(stage)
        await stage.press("down", "o")
        await stage.until(lambda: any("several values" in toast for toast in stage.toasts))
        await stage.press("right", "down", "o", "down", "O", "end", "o")
        assert wishes == [
            "data.user.id:42",
            only("data.user.name", "Ada \ud800 L", negate=True),
            "data.ok:true",
        ]


async def test_a_value_that_is_too_long_or_in_no_frame_is_not_offered(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().respond(0, {"k" * 2_000: 1, "v": "x" * 2_000}).raw("in", "[1]")
    async with opened(recording.close()) as stage:
        await stage.press("d")
        await stage.until(lambda: stage.main.query_one(TreeView).display)
        stage.main.query_one(TreeView).focus()
        await stage.press("down", "o", "down", "o")
        await stage.until(
            lambda: any("1000 characters: type a part. (2 times)" in toast for toast in stage.toasts)
        )
        stage.rows("frames").focus()
        await stage.press("down")
        stage.main.query_one(TreeView).focus()
        await stage.press("down", "o")
        await stage.until(lambda: any("no part of a frame's data" in toast for toast in stage.toasts))


async def test_what_is_no_json_has_no_tree_and_says_why(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().raw("in", "no json [/] \x1b[2J").raw("in", b"\xff\x00")
    async with opened(recording.close()) as stage:
        await stage.press("d")
        await stage.until_shown("Not JSON (")
        await stage.press("v", "o")
        assert not stage.main.query_one(TreeView).display
        await stage.until(lambda: any("no value" in toast and "(2 times)" in toast for toast in stage.toasts))
        await stage.press("down")
        await stage.until_shown("\\xff␀")


# -- search -----------------------------------------------------------------------------------------------


@SIZES
async def test_what_is_searched_for_is_counted_marked_and_gone_to(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    recording = Recording(tmp_path).connect().respond(0, [f"needle {index}" for index in range(100)])
    async with opened(recording.close(), size) as stage:
        await stage.press("s")
        await stage.type("NEEDLE 9")
        await stage.press("enter")
        await stage.until(lambda: _facts(stage).startswith("1 of 11: NEEDLE 9"))
        assert '"needle 9",' in stage.text
        await stage.press("n", "n")
        await stage.until(lambda: _facts(stage).startswith("3 of 11"))
        assert '"needle 91",' in stage.text
        await stage.press("N", "f4", "f4")
        await stage.until(lambda: _facts(stage).startswith("11 of 11"))
        await stage.press("f3")
        await stage.until(lambda: _facts(stage).startswith("1 of 11"))


async def test_a_search_goes_on_in_other_views_and_in_other_frames_until_it_is_ended(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().respond(0, "one two two").respond(1, "two")
    async with opened(recording.close(), LARGE) as stage:
        await stage.press("s")
        await stage.type("two")
        await stage.press("enter")
        await stage.until(lambda: _facts(stage).startswith("1 of 2: two"))
        await stage.press("left_square_bracket", "left_square_bracket")
        await stage.until(lambda: _facts(stage).startswith("2: two"))
        assert "74 77 6f" in stage.text
        stage.main.set_focus(stage.rows("frames"))
        await stage.press("down")
        await stage.until(lambda: _facts(stage).startswith("1: two"))
        await stage.press("s")
        await stage.until_shown("Search in this frame")
        stage.app.screen.query_one(Input).value = ""
        await stage.press("enter")
        await stage.until(lambda: "two" not in _facts(stage))


async def test_a_bad_expression_is_refused_where_it_is_typed(tmp_path: Path) -> None:
    async with opened(_user(tmp_path)) as stage:
        await stage.press("f3", "s")
        await stage.type("/[/")
        await stage.press("enter")
        await stage.until_shown("This is no regular expression")
        await stage.press("escape", "d", "s")
        await stage.until(lambda: any("to search in it" in toast for toast in stage.toasts))
        await stage.press("left_square_bracket", "f3")
        await stage.until(lambda: any("hex first (s)" in toast.lower() for toast in stage.toasts))


async def test_what_is_found_by_bytes_is_shown_in_hex(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().raw("in", bytes(200) + b"\xde\xad\xbe\xef" + bytes(200))
    async with opened(recording.close()) as stage:
        await stage.press("left_square_bracket", "left_square_bracket", "s")
        await stage.type("de ad BE ef")
        await stage.press("enter")
        await stage.until(lambda: _facts(stage).startswith("1 of 1"))
        await stage.until_shown("de ad be ef")


# -- taking away ------------------------------------------------------------------------------------------


async def test_the_frames_of_an_exchange_are_copied_one_in_a_line(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    raw = f'{{"type":"response",\n"requestId":["{ME}",0],"data":1.50}}'
    recording.request(0, text="\ud800").raw("in", raw)
    async with opened(recording.close()) as stage:
        await stage.press("Y")
        await stage.until(lambda: stage.app.clipboard.count("\n") == 2)
        first, second, _ = stage.app.clipboard.split("\n")
        assert json.loads(first)["data"]["text"] == "\ud800"
        assert second.endswith('"data":1.50}')


@pytest.mark.parametrize("large", [True, False])
async def test_what_was_copied_is_written_to_a_file(tmp_path: Path, large: bool) -> None:
    text = "\ud800" + "y" * (150_000 if large else 10)
    target = tmp_path / "taken.json"
    async with opened(Recording(tmp_path).connect().raw("in", text).close()) as stage:
        await stage.press("W")
        await stage.until(lambda: any("Nothing was copied" in toast for toast in stage.toasts))
        await stage.press("y")
        if large:
            await stage.until(lambda: any("too large" in toast for toast in stage.toasts))
        else:
            await stage.until(lambda: stage.app.clipboard == "\\ud800" + "y" * 10)
            await stage.press("W")
        await stage.until_shown("Write frame 1 to")
        stage.app.screen.query_one(Input).value = str(target)
        await stage.press("enter")
        await stage.until(lambda: any("Written to" in toast for toast in stage.toasts))
    assert target.read_bytes() == text.encode("utf-8", "surrogatepass")
    assert target.stat().st_mode & 0o777 == 0o600


async def test_a_copy_that_cannot_be_written_to_its_end_leaves_no_half_of_it(tmp_path: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield b"half"
        raise CaptureError("The rest cannot be read.")

    capture = Recording(tmp_path).connect().calls(1).close()
    async with opened(capture) as stage:
        write_copy(stage.main, Copy("all", "all.txt", 10, parts))
        await stage.until_shown("Write all to")
        stage.app.screen.query_one(Input).value = str(tmp_path / "all.txt")
        await stage.press("enter")
        await stage.until(lambda: "The rest cannot be read." in stage.toasts)
    assert not (tmp_path / "all.txt").exists()


async def test_a_large_value_and_a_file_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir()
    recording = Recording(tmp_path).connect().respond(0, {"long": "z" * 200_000})
    async with opened(recording.close()) as stage:
        await stage.press("d")
        await stage.until(lambda: stage.main.query_one(TreeView).display)
        stage.main.query_one(TreeView).focus()
        await stage.press("down", "v")
        await stage.until_shown("Write value to")
        stage.app.screen.query_one(Input).value = str(tmp_path / "value.txt")
        await stage.press("enter")
        await stage.until(lambda: (tmp_path / "value.txt").exists())
        await stage.until(lambda: any("Written to" in toast for toast in stage.toasts))
    assert (tmp_path / "value.txt").read_text(encoding="ascii") == "z" * 200_000


# -- large and hostile ------------------------------------------------------------------------------------


@SIZES
async def test_a_large_frame_is_said_to_be_read_until_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    gate = threading.Event()
    load = Reading.load

    def wait(self: Reading) -> object:
        assert gate.wait(60)
        return load(self)

    recording = Recording(tmp_path).connect().request(0).respond(0, {"small": 1})
    recording.respond(1, {"first": LARGE_TEXT}).respond(2, {"second": LARGE_TEXT})
    path = recording.close()
    monkeypatch.setattr(Reading, "load", wait)
    try:
        async with opened(path, size) as stage:
            await stage.press("down", "down")
            await stage.until_shown("reading …", '"first": "xxx')
            await stage.press("down")
            await stage.until_shown("reading …", '"second": "xxx')
            gate.set()
            await stage.until(lambda: "reading …" not in stage.text)
            assert '"second": "xxx' in _detail(stage)
            assert '"first"' not in _detail(stage)
            await stage.press("up", "up")
            await stage.until_shown('"small": 1')
    finally:
        gate.set()


async def test_what_is_done_with_the_beginning_of_a_frame_stays_when_all_of_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    load = Reading.load

    def wait(self: Reading) -> object:
        assert gate.wait(60)
        return load(self)

    items = [{"id": index, "name": "n" * 40} for index in range(2_000)]
    path = Recording(tmp_path).connect().request(0).respond(0, {"items": items, "last": 1}).close()
    monkeypatch.setattr(Reading, "load", wait)
    try:
        async with opened(path, LARGE) as stage:
            await stage.press("d", "down")
            await stage.until_shown("reading …", '"items": […] large')
            stage.main.query_one(TreeView).focus()
            await stage.press("down", "right", *["down"] * 60, "right", "down", "v")
            await stage.until(lambda: any("still being read" in toast for toast in stage.toasts))
            assert not stage.app.clipboard
            stage.app.clear_notifications()  # it covers some rows
            await stage.until_shown("▾ 59: {…} 2 members")
            gate.set()
            await stage.until(lambda: "reading …" not in stage.text)
            assert "▾ 59: {…} 2 members" in _detail(stage)
            assert _facts(stage) == "data.items[59].id"
            await stage.press("v")
            await stage.until(lambda: stage.app.clipboard == "59")
            await stage.press("home", "end")
            await stage.until_shown('"last": 1')
    finally:
        gate.set()


def _detail(stage: Stage) -> str:
    region = stage.main.query_one(DetailPane).region
    return "\n".join(line[region.x :] for line in stage.lines[region.y : region.bottom])


async def test_the_frame_that_was_laid_out_late_is_not_shown_for_the_one_that_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[object] = []
    begin = DetailPane._begin
    recording = Recording(tmp_path).connect().respond(0, {"first": LARGE_TEXT})
    path = recording.respond(1, {"n": [*range(100), "last"]}).close()

    def hold(self: DetailPane, what: str, work: object) -> None:
        late.append(work())  # type: ignore[operator]  # laid out, and handed over too late
        monkeypatch.setattr(DetailPane, "_begin", begin)

    monkeypatch.setattr(DetailPane, "_begin", hold)
    async with opened(path) as stage:
        await stage.until(lambda: late)
        await stage.press("down")
        await stage.until_shown('"n": [')
        stage.main.query_one(DetailView).focus()
        await stage.press("end")
        await stage.until_shown('"last"')
        pane = stage.main.query_one(DetailPane)
        pane.post_message(DetailPane.Made("reading", late[0]))  # type: ignore[arg-type]  # as above
        await stage.rest()
        assert '"last"' in _detail(stage)


async def test_what_was_laid_out_for_a_view_that_was_left_waits_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    loaded: list[object] = []
    load = Reading.load

    def wait(self: Reading) -> object:
        assert gate.wait(60)
        loaded.append(load(self))
        return loaded[-1]

    path = Recording(tmp_path).connect().request(0).respond(0, {"first": LARGE_TEXT}).close()
    monkeypatch.setattr(Reading, "load", wait)
    try:
        async with opened(path) as stage:
            await stage.press("down")
            await stage.until_shown("reading …")
            await stage.press("left_square_bracket", "4")
            await stage.press("1", "E")
            gate.set()
            await stage.until(lambda: loaded)
            await stage.until_shown("After")
            await stage.press("d")
            await stage.until_shown('"first": "xxx')
    finally:
        gate.set()


PAYLOADS = {
    "escapes and markup": json.dumps(
        {"\x1b[2J[/]": "\x1b]52;c;ZXZpbA==\x07[@click=app.exit]x[/]\u202e\u2066"}
    ),
    "bare escapes": '{"a":"\x1b]52;c;ZXZpbA==\x07\u009b31m\u202e"}',
    "nested 200 deep": "[" * 199 + '"in"' + "]" * 199,
    "a hundred thousand names": json.dumps({f"k{index}": index for index in range(100_000)}),
    "huge numbers": '{"n":' + "9" * 100_000 + ',"e":1e999999999}',
    "one line of a megabyte": '{"a":"' + "中\u0301" * 100_000 + '"}',
    "lone surrogates": json.dumps({"\ud800": "\udfff" * 50_000}),
    "no JSON, long": "\x1b[31m" * 20_000,
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("place", range(len(PAYLOADS)), ids=PAYLOADS)
async def test_hostile_payloads_are_read_in_every_way_without_the_safety_net(
    tmp_path: Path, place: int
) -> None:
    payload, size = list(PAYLOADS.values())[place], (SMALL, LARGE)[place % 2]
    frame = f'{{"type":"response","requestId":["p",1],"peerID":"q","data":{payload}}}'
    path = Recording(tmp_path).connect().request(0).raw("in", frame).close()
    with no_safety_net():
        async with opened(path, size) as stage:
            await stage.press("down")
            for _ in range(5):
                await stage.until(lambda: "Reading" not in _detail(stage))
                view = stage.main.query_one(DetailPane).focus_target
                assert isinstance(view, (DetailView, TreeView))
                view.focus()
                await stage.press("end")
                _assert_inert(stage)
                await stage.press("home", "d")
                _assert_inert(stage)
            assert stage.view.detail == "exchange"
