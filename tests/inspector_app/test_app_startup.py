"""What the first paint may cost: none of what only an engine needs."""

import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from textual.geometry import Region

from inspector_app import settings
from inspector_app.app import InspectorApp
from inspector_app.screens.home import HomeScreen
from inspector_app.screens.main import MainScreen
from inspector_app.widgets.detail_view import DetailView
from tests.inspector_app.commands_line import WAIT_S
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import SMALL, opened, running


@pytest.mark.parametrize(
    "module", ["websockets", "pydantic", "slipstream.protocol", "inspector_app.engine.link"]
)
def test_the_first_paint_does_not_import(module: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from inspector_app.app import InspectorApp\n"
        "from inspector_app.intents import DemoSpec\n"
        "async def main():\n"
        "    app = InspectorApp(DemoSpec(), None, None)\n"
        "    app._start_engine = lambda *, at_start: None\n"
        "    async with app.run_test() as pilot:\n"
        "        await pilot.pause()\n"
        "        assert type(app.screen).__name__ == 'MainScreen', app.screen\n"
        f"    assert {module!r} not in sys.modules\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("key", "shown"), [("slash", "Tab completes"), ("2", "Outcome"), ("colon", "Go to frame")]
)
async def test_a_key_that_comes_before_the_screen_is_complete_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, shown: str
) -> None:
    complete = MainScreen.complete
    monkeypatch.setattr(MainScreen, "complete", lambda screen: None)
    async with opened(Recording(tmp_path).connect().calls(1).close()) as stage:
        await stage.press(key)
        assert shown not in stage.text
        complete(stage.main)
        await stage.until_shown(shown)


async def test_a_tab_that_is_clicked_before_the_screen_is_complete_is_shown_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = MainScreen.complete
    monkeypatch.setattr(MainScreen, "complete", lambda screen: None)
    async with opened(Recording(tmp_path).connect().calls(1).close()) as stage:
        await stage.pilot.click("#views", offset=(stage.line("Requests").index("Requests"), 0))
        complete(stage.main)
        await stage.until_shown("Outcome")


async def test_a_theme_that_is_refused_is_told_at_the_start() -> None:
    folder = settings.config_folder() / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text("title = 1", encoding="utf-8")
    async with running(InspectorApp(), SMALL) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen) and stage.toasts)
        assert any("mine.toml:1" in toast for toast in stage.toasts)


def test_nothing_that_can_wait_comes_before_the_first_screen_is_on_the_terminal(tmp_path: Path) -> None:
    path = Recording(tmp_path).connect().calls(1).close()
    program = (
        "from pathlib import Path\n"
        "from inspector_app.app import run_app\n"
        "from inspector_app.screens.main import MainScreen\n"
        "MainScreen.complete = lambda screen: screen.app._driver.write('<what can wait>')\n"
        f"run_app(capture=Path({str(path)!r}))\n"
    )
    terminal = pexpect.spawn(sys.executable, ["-c", program], dimensions=(24, 80), timeout=WAIT_S)
    try:
        terminal.expect_exact("<what can wait>")
        for part in (b"FILE", b"request", b"Quit"):
            assert part in terminal.before
    finally:
        terminal.close(force=True)


async def test_what_a_frame_says_is_there_at_once_and_its_colours_when_the_screen_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = MainScreen.complete
    monkeypatch.setattr(MainScreen, "complete", lambda screen: None)

    async with opened(Recording(tmp_path).connect().calls(1).close()) as stage:

        def colours() -> set[str]:
            strips = stage.main.query_one("#text", DetailView).render_lines(Region(0, 0, 40, 3))
            styles = {segment.style for strip in strips for segment in strip if segment.text.strip()}
            return {str(style.color) for style in styles if style is not None}

        await stage.until_shown('"operation"')
        assert len(colours()) == 1
        complete(stage.main)
        await stage.until(lambda: len(colours()) > 1)
