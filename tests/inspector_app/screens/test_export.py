"""The export dialog: what it previews, what it writes, and what it never leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Button, Checkbox, Input, Select

from inspector_app.screens.export_form import ExportForm
from inspector_app.screens.importing import Importing
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, SMALL, Stage, opened, running


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    recording = Recording(tmp_path, "one.capture").connect().calls(3)
    recording.request(3, "login", password="hunter22-is-long").respond(3, {"said": "hunter22-is-long"})
    return recording.close()


async def ask(stage: Stage, target: Path) -> ExportForm:
    await stage.press("w")
    form = stage.app.screen
    assert isinstance(form, ExportForm)
    form.query_one("#target", Input).value = str(target)
    await stage.until(lambda: form._taking.stage == "ready")
    await stage.rest()
    return form


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_preview_tells_what_will_be_replaced_and_the_file_has_it_replaced(
    capture: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    target = tmp_path / "out.jsonl"
    async with opened(capture, size) as stage:
        form = await ask(stage, target)
        await stage.until_shown("\u2039password-1\u203a", "8 frames will be written")
        assert "hun\u2026 (16 characters)" in stage.text
        assert "hunter22" not in form._preview()
        await stage.press("enter")
        await stage.until(lambda: any("Written to" in toast for toast in stage.toasts))
        assert any("Redacted 1 secret in 2 places" in toast for toast in stage.toasts)
    assert b"hunter22" not in target.read_bytes()
    assert len(target.read_text().splitlines()) == 11


async def test_without_replacing_the_file_is_the_capture(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    async with opened(capture) as stage:
        form = await ask(stage, target)
        form.query_one("#redact", Checkbox).value = False
        await stage.until_shown("Nothing was redacted")
        form._go()
        await stage.until(lambda: target.exists())
    assert target.read_text().count("hunter22") == 2


async def test_the_ending_follows_the_format_and_one_exchange_can_be_taken(
    capture: Path, tmp_path: Path
) -> None:
    async with opened(capture) as stage:
        await stage.press("down")
        form = await ask(stage, tmp_path / "out.jsonl")
        form.query_one("#format", Select).value = "har"
        form.query_one("#what", Select).value = 1
        await stage.until_shown("2 frames will be written")
        assert form.query_one("#target", Input).value.endswith("out.har")
        form._go()
        await stage.until(lambda: (tmp_path / "out.har").exists())
    log = json.loads((tmp_path / "out.har").read_text())["log"]
    assert len(log["entries"][0]["_webSocketMessages"]) == 2


async def test_the_format_follows_the_ending_that_is_typed(capture: Path, tmp_path: Path) -> None:
    async with opened(capture) as stage:
        form = await ask(stage, tmp_path / "out.markdown")
        assert form.query_one("#format", Select).value == "markdown"
        target = form.query_one("#target", Input)
        assert target.value.endswith("out.markdown")
        target.value = str(tmp_path / "mock.toml")
        await stage.rest()
        await stage.press("enter")
        await stage.until(lambda: (tmp_path / "mock.toml").exists())
    assert "[[request]]" in (tmp_path / "mock.toml").read_text()


async def test_a_file_is_replaced_only_when_that_is_said_twice(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("precious")
    async with opened(capture) as stage:
        await ask(stage, target)
        await stage.press("enter")
        await stage.until_shown("exists already")
        assert target.read_text() == "precious"
        await stage.press("enter")
        await stage.until(lambda: any("Written to" in toast for toast in stage.toasts))
    assert target.read_text() != "precious"


@pytest.mark.parametrize(
    ("name", "told"), [("no/folder/x.jsonl", "There is no folder"), ("one.capture", "cannot be replaced")]
)
async def test_a_target_that_will_not_do_is_told(capture: Path, tmp_path: Path, name: str, told: str) -> None:
    async with opened(capture) as stage:
        await ask(stage, tmp_path / name)
        await stage.press("enter")
        await stage.until_shown(told)


async def test_an_export_that_is_cancelled_leaves_nothing_and_the_form_stays(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from inspector_app.capture.formats import jsonl_out

    begun, go_on = threading.Event(), threading.Event()
    write = jsonl_out.write

    def slow(excerpt: object, out: object) -> None:
        begun.set()
        go_on.wait(30)
        write(excerpt, out)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(jsonl_out, "write", slow)
    async with opened(capture) as stage:
        form = await ask(stage, tmp_path / "out.jsonl")
        await stage.press("enter")
        await stage.until(begun.is_set)
        await stage.until(lambda: str(form.query_one("#close", Button).label) == "Cancel")
        await stage.press("escape")
        go_on.set()
        await stage.until_shown("Cancelled: nothing was written.")
        form._taking.wait()
    assert list(tmp_path.glob("*out*")) == []  # noqa: ASYNC240 - a look into a folder


async def test_a_large_file_is_imported_with_progress(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspector_app.app import InspectorApp
    from inspector_app.capture.formats.known import FORMATS
    from inspector_app.capture.taking import export_capture
    from inspector_app.screens import importing

    monkeypatch.setattr(importing, "_AT_ONCE_BYTES", 10)
    shown: list[object] = []
    monkeypatch.setattr(Importing, "on_mount", lambda screen: shown.append(screen))
    export_capture(capture, str(tmp_path / "out.jsonl"), FORMATS["jsonl"])
    async with running(InspectorApp(None, tmp_path / "out.jsonl", None), SMALL) as stage:
        await stage.until(lambda: "FILE" in stage.text)
        assert len(shown) == 1
        assert not any(isinstance(screen, Importing) for screen in stage.app.screen_stack)


def test_an_import_that_is_given_up_hears_of_it() -> None:
    from inspector_app.capture.taking import Cancelled

    watched = Importing(Path("x"))
    assert watched.heard(1, 1 << 30)
    assert not watched.heard(2, 1 << 30)
    watched.action_leave()
    with pytest.raises(Cancelled):
        watched.heard(3, 1 << 30)


async def test_the_filter_of_the_list_is_that_of_the_export(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    async with opened(capture) as stage:
        await stage.press("/")
        await stage.press(*"op:login", "enter")
        await stage.until(lambda: stage.main.view.filtering.filter.source == "op:login")
        await ask(stage, target)
        await stage.until_shown("2 frames will be written")


async def test_the_end_of_a_long_path_is_seen(capture: Path) -> None:
    async with opened(capture) as stage:
        await stage.press("w")
        field = stage.app.screen.query_one("#target", Input)
        field.value = f"/{'long' * 40}/the-end.jsonl"
        await stage.press("end")
        await stage.until_shown("the-end.jsonl")
