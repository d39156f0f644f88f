"""Bad input on the whole app: whatever was on the wire is shown inert, and the app stays alive."""

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.filter import LineFilter
from textual.widgets import Select

import inspector_app
from inspector_app.app import InspectorApp
from inspector_app.display.inert_filter import InertFilter
from inspector_app.intents import Done
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, Stage, live, opened
from tests.inspector_app.widgets.hostile import HOSTILE

DEEP = "[" * 100_000 + "]" * 100_000


def _everything(folder: Path) -> Recording:
    """Every hostile text in every place that something from the wire can be in."""
    recording = Recording(folder).connect(address=f"ws://h/{HOSTILE['escape']}")
    recording.describe(*((text[:300], "request_response", text[:300]) for text in HOSTILE.values()))
    for number, text in enumerate(HOSTILE.values()):
        recording.request(3 * number, text[:300], data=text).respond(3 * number, text)
        recording.request(3 * number + 1).fail(3 * number + 1, text, text[:100])
        recording.frame("out", "stream_stream_request", 3 * number + 2, {"operation": text[:300]})
        recording.frame("in", "stream_data", 3 * number + 2, {text: text})
        recording.raw("in", text).raw("in", text.encode("utf-8", "surrogatepass"))
        recording.note(text[:300], "warning")
        recording.state("CONNECTED", "CONNECTED", code=4000, reason=text[:120])
    return recording


@contextmanager
def no_safety_net() -> Iterator[None]:
    """Take away the filter below everything, so that what it would have caught is seen."""
    kept = InspectorApp.get_line_filters

    def without(self: App[int]) -> list[LineFilter]:
        return [each for each in kept(self) if not isinstance(each, InertFilter)]  # type: ignore[arg-type]  # it is ours

    InspectorApp.get_line_filters = without  # type: ignore[method-assign]  # as told above
    try:
        yield
    finally:
        InspectorApp.get_line_filters = kept  # type: ignore[method-assign]  # put back


def _assert_inert(stage: Stage) -> None:
    for line in stage.lines:
        assert line.isprintable(), repr(line)


async def test_hostile_text_is_shown_inert_in_every_list_without_the_safety_net(tmp_path: Path) -> None:
    with no_safety_net():
        async with opened(_everything(tmp_path).close(), (160, 70)) as stage:
            for key in "123456":
                await stage.press(key)
                for place in ("home", "end"):
                    await stage.press(place)
                    _assert_inert(stage)


async def test_hostile_text_is_shown_inert_in_every_detail_without_the_safety_net(tmp_path: Path) -> None:
    with no_safety_net():
        async with opened(_everything(tmp_path).close(), (100, 40)) as stage:
            for seq in range(1, stage.view.frame_count + 1, 3):
                stage.rows("frames").move_to(seq - 1)
                await stage.press("d")
                _assert_inert(stage)


async def test_nesting_without_end_is_shown_and_the_app_goes_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().raw("in", DEEP)
    recording.raw("in", json.dumps({"type": "response"})[:-1] + f', "data": {DEEP}}}')
    async with opened(recording.close()) as stage:
        assert stage.view.selection.raw() == DEEP
        for _ in range(2):
            for _ in range(6):
                await stage.press("d")
                _assert_inert(stage)
            await stage.press("down")


async def test_what_is_shown_is_inert_but_the_capture_is_exact(tmp_path: Path) -> None:
    text = "\x1b]52;c;ZXZpbA==\x07[/]\ud800\u202e"
    async with opened(Recording(tmp_path).connect().raw("in", text).close()) as stage:
        await stage.press("d", "d", "d")
        await stage.until_shown("␛]52;c;ZXZpbA==␇[/]")
        assert stage.view.selection.raw() == text


async def test_suggestions_and_forms_hold_no_hostile_name(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    recording.describe(
        ("evil\x1b[2J[/]", "request_response", "\x1b[2J[/]"), ("[/good]", "request_response", "[/]")
    )
    recording.commit()
    with no_safety_net():
        async with live(recording.path, RecordingEngine(), LARGE) as stage:
            await stage.until(lambda: stage.view.operations.count == 2)
            await stage.press("c")
            await stage.until_shown("[/good]")
            assert "evil" not in stage.text
            await stage.press("down", "enter")
            _assert_inert(stage)


async def test_a_hostile_sentence_of_the_engine_is_shown_as_text(tmp_path: Path) -> None:
    engine = RecordingEngine()
    engine.answer = Done(error="no \x1b]0;x\x07 [/] [@click=app.exit]way[/]")
    with no_safety_net():
        async with live(Recording(tmp_path).connect().request(0).commit().path, engine, LARGE) as stage:
            await stage.press("2")
            await stage.until(lambda: stage.view.situation().pending)
            await stage.press("x")
            await stage.until_shown("Give up")
            await stage.press("enter")
            await stage.until(lambda: "[@click=app.exit]way[/]" in "".join(stage.text.split()))
            _assert_inert(stage)


def test_the_safety_net_is_there() -> None:
    assert any(isinstance(each, InertFilter) for each in InspectorApp().get_line_filters())


async def test_a_defect_ends_the_app_without_showing_what_was_on_the_wire(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "token-of-a-user"
    app = InspectorApp(None, Recording(tmp_path).connect().request(0, secret).close(), None)

    def fail() -> None:
        local = secret
        raise RuntimeError(f"a defect of length {len(local)}")

    async def run() -> None:
        async with app.run_test() as pilot:
            app.call_later(fail)
            await pilot.pause()
            await pilot.pause()

    with pytest.raises(RuntimeError, match="a defect"):
        await run()
    told = capsys.readouterr().err
    assert "a defect of length" in told
    assert "The capture is kept" in told
    assert secret not in told


def test_the_title_of_a_box_is_never_taken_for_markup() -> None:
    """A text that is put there is; only `Content` is not."""
    folder = Path(inspector_app.__file__).parent
    wrong = []
    for file in sorted((folder / "screens").rglob("*.py")) + sorted((folder / "widgets").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Assign):
                continue
            targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for target, value in zip(targets, values, strict=False):
                is_title = isinstance(target, ast.Attribute) and target.attr.startswith("border_")
                ways = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                is_constant = all(isinstance(way, ast.Constant) for way in ways)
                is_content = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Content"
                if (
                    is_title
                    and not is_constant
                    and not is_content
                    and ast.unparse(value) != "self.TITLE_TEXT"
                ):
                    wrong.append(f"{file.name}:{node.lineno}: {ast.unparse(node)}")
    assert not wrong


async def test_an_operation_of_hostile_name_is_exported(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().describe(("[/]x [red]", "request_response", ""))
    async with opened(recording.close()) as stage:
        await stage.press("6", "X")
        await stage.until_shown("Export operations")
        stage.app.screen.query_one("#which", Select).value = "one"
        await stage.until_shown("[/]x [red] alone")
