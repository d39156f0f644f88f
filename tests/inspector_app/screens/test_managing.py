"""Captures on the home screen: renamed, noted, pinned, deleted after asking; what is kept of old ones."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from textual.widgets import Input

from inspector_app import settings
from inspector_app.app import InspectorApp
from inspector_app.capture.files import RecentCapture, data_folder, recent_captures
from inspector_app.capture.in_use import use
from inspector_app.capture.keeping import DAY_NS, Keep, remove_old, set_note, set_pinned
from inspector_app.screens.home import HomeScreen
from inspector_app.screens.keep_form import KeepForm, read_keep
from inspector_app.screens.main import MainScreen
from inspector_app.screens.prompts import Confirm, Prompt
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, Stage, opened, running


def made(name: str = "one.capture", *, age_days: int = 0) -> Path:
    path = Recording(data_folder(), name, kind="demo").connect().calls(3).close()
    when = time.time_ns() - age_days * DAY_NS
    os.utime(path, ns=(when, when))
    return path


def listed() -> list[RecentCapture]:
    return recent_captures(None)


def names() -> list[str]:
    return sorted(path.name for path in data_folder().iterdir())


async def asked(stage: Stage, key: str, kind: type) -> None:
    await stage.until_shown("one")
    await stage.press(key)
    await stage.until(lambda: isinstance(stage.app.screen, kind))


async def test_a_capture_gets_another_name() -> None:
    made()
    async with running(InspectorApp()) as stage:
        await asked(stage, "r", Prompt)
        field = stage.app.screen.query_one(Input)
        assert field.value == "one"
        field.value = "a/b"
        await stage.press("enter")
        await stage.until_shown("Type a name without /")
        field.value = "the bug"
        await stage.press("enter")
        await stage.until_shown("the bug")
    assert names() == ["the bug.capture"]


async def test_a_note_is_listed_with_its_capture_and_drawn_as_it_was_typed() -> None:
    made()
    async with running(InspectorApp()) as stage:
        await asked(stage, "n", Prompt)
        stage.app.screen.query_one(Input).value = "[/] twice \x1b"
        await stage.press("enter")
        await stage.until_shown("[/] twice ␛")
    assert listed()[0].note == "[/] twice \x1b"


async def test_a_note_is_seen_however_long_the_source_is_and_narrow_the_terminal() -> None:
    url = f"ws://{'long' * 40}"
    set_note(Recording(data_folder(), "one.capture", kind="client", url=url).calls(1).close(), "the bug")
    async with running(InspectorApp()) as stage:
        await stage.until_shown("the bug")


async def test_a_pin_is_seen_and_taken_off_by_the_same_key() -> None:
    made()
    async with running(InspectorApp(), LARGE) as stage:
        await stage.until_shown("one")
        await stage.press("p")
        await stage.until_shown("◆", "Unpin")
        assert listed()[0].pinned
        await stage.press("p")
        await stage.until(lambda: "◆" not in stage.text)
    assert not listed()[0].pinned


async def test_a_capture_is_deleted_after_asking_and_not_without() -> None:
    made()
    async with running(InspectorApp()) as stage:
        await asked(stage, "x", Confirm)
        await stage.until_shown("one.capture: 6 frames")
        await stage.press("n")
        assert names() == ["one.capture"]
        await asked(stage, "x", Confirm)
        await stage.press("y")
        await stage.until_shown("No capture yet")
        await stage.until(lambda: names() == [])  # its lock goes last, in the thread that deletes


async def test_what_is_shown_elsewhere_is_not_deleted_and_it_says_why() -> None:
    held = use(made())
    async with running(InspectorApp()) as stage:
        await asked(stage, "x", Confirm)
        await stage.press("y")
        await stage.until(lambda: any("being recorded or shown" in toast for toast in stage.toasts))
    held.end()
    assert names() == ["one.capture"]


async def test_a_capture_that_is_open_in_a_viewer_is_in_use_until_it_is_left() -> None:
    path = made(age_days=20)
    async with opened(path) as stage:
        settings.save(settings.config_folder(), settings.Settings(keep_days=7))
        async with running(InspectorApp()) as second:
            await second.until_shown("one")
            await second.until(lambda: not second.app.workers)
            assert "one.capture" in names()
        await stage.press("H")
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
    assert names() == ["one.capture"]


# -- retention --------------------------------------------------------------------------------------------


async def test_old_captures_are_removed_at_the_start_and_that_is_said() -> None:
    settings.save(settings.config_folder(), settings.Settings(keep_days=7))
    made("ancient.capture", age_days=8)
    set_pinned(made("pinned.capture", age_days=9), True)
    made("new.capture", age_days=6)
    async with running(InspectorApp()) as stage:
        await stage.until(lambda: any("Removed 1 old capture (" in toast for toast in stage.toasts))
        await stage.until(lambda: "ancient" not in stage.text)
    assert names() == ["new.capture", "pinned.capture"]


async def test_what_is_kept_is_asked_for_shown_before_anything_goes_and_remembered() -> None:
    made("one.capture", age_days=40)
    made("two.capture")
    async with running(InspectorApp()) as stage:
        await asked(stage, "K", KeepForm)
        stage.app.screen.query_one("#days", Input).value = "30"
        stage.app.screen.query_one("#size", Input).value = "5 GB"
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        await stage.until_shown("1 capture (", "from one.capture on")
        assert names() == ["one.capture", "two.capture"]
        await stage.press("y")
        await stage.until(lambda: any("Removed 1 old capture" in toast for toast in stage.toasts))
    assert names() == ["two.capture"]
    kept = settings.load(settings.config_folder()).settings
    assert (kept.keep_days, kept.keep_megabytes) == (30, 5000)


async def test_who_does_not_agree_keeps_everything() -> None:
    made("one.capture", age_days=40)
    async with running(InspectorApp()) as stage:
        await asked(stage, "K", KeepForm)
        stage.app.screen.query_one("#days", Input).value = "30"
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        await stage.press("escape")
    assert names() == ["one.capture"]
    assert settings.load(settings.config_folder()).settings == settings.Settings()


async def test_a_live_capture_is_no_capture_to_be_removed() -> None:
    made("one.capture", age_days=40)
    async with running(InspectorApp(None, data_folder() / "one.capture", None)) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, MainScreen))
        await stage.until_shown("FILE")
        assert remove_old(Keep(days=30)).captures == ()


@pytest.mark.parametrize(
    ("days", "size", "keep"),
    [
        ("", "", Keep()),
        ("0", "0", Keep()),
        (" 30 ", "", Keep(days=30)),
        ("", "500 MB", Keep(size_bytes=500_000_000)),
        ("7", "1.5gb", Keep(days=7, size_bytes=1_500_000_000)),
    ],
)
def test_limits_are_read_as_they_are_typed(days: str, size: str, keep: Keep) -> None:
    assert read_keep(days, size) == keep


@pytest.mark.parametrize(
    ("days", "size"), [("x", ""), ("-1", ""), ("36501", ""), ("000000000123456", ""), ("", "5"), ("", "5 kB")]
)
def test_what_is_no_limit_is_refused(days: str, size: str) -> None:
    with pytest.raises(ValueError, match=r"^Type .*\.$"):
        read_keep(days, size)
