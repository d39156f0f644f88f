"""Help, palette, footer, themes, settings: what every screen has."""

from pathlib import Path

import pytest

from inspector_app import commands, settings
from inspector_app.app import InspectorApp
from inspector_app.display.theme import shipped_folder
from inspector_app.screens.base import CommandScreen, find_action
from inspector_app.screens.home import HomeScreen
from inspector_app.screens.main import MainScreen
from inspector_app.screens.theme_picker import ThemePicker
from inspector_app.settings import Settings
from inspector_app.widgets.key_bar import KeyBar
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import RecordingEngine, live, opened, running

LONG = (120, 150)


async def test_the_help_screen_lists_every_command_with_its_keys(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(1).close(), LONG) as stage:
        await stage.press("question_mark")
        texts: list[str] = []
        while True:
            await stage.pilot.pause()
            texts += [line for line in stage.lines if line not in texts]
            before = stage.text
            await stage.press("pagedown")
            if stage.text == before:
                break
        seen = " ".join("\n".join(texts).replace("│", " ").split())
        for each in commands.COMMANDS:
            assert each.title in seen
            assert " ".join(commands.key_label(key) for key in each.keys) in seen
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)


async def test_every_command_is_carried_out_by_its_screen_or_the_app(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().close()) as stage:
        screens: dict[str, CommandScreen] = {"main": stage.main, "everywhere": stage.main}
        for each in commands.COMMANDS:
            if each.where in screens and not each.name.startswith("view_"):
                assert callable(find_action(screens[each.where], stage.app, each.name))
    async with running(InspectorApp()) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
        assert isinstance(stage.app.screen, HomeScreen)
        for each in commands.commands("home"):
            assert callable(find_action(stage.app.screen, stage.app, each.name))


async def test_the_palette_finds_a_command_by_part_of_its_name_and_runs_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(1).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("ctrl+p")
        await stage.until_shown("Search for commands")
        await stage.type("paus")
        await stage.until_shown("Pause")
        await stage.press("enter")
        await stage.until(lambda: stage.view.paused)


async def test_the_palette_offers_only_what_makes_sense(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(1).close(), LONG) as stage:
        await stage.press("ctrl+p")
        await stage.until_shown("Go to  (:)")
        assert "Cancel  (x)" not in stage.text
        assert "Item  (i)" not in stage.text


async def test_the_footer_lights_what_makes_sense_now(tmp_path: Path) -> None:
    def lit() -> set[str]:
        return {hint.title for hint in stage.main.query_one(KeyBar)._hints if hint.available}

    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: "Send" in lit())
        assert lit().isdisjoint({"Cancel", "Reconnect"})
        recording.request(0).commit()
        await stage.until(lambda: "Cancel" in lit())
        recording.state("CONNECTED", "LOST").commit()
        await stage.until(lambda: "Reconnect" in lit() and "Send" not in lit())


# -- themes -----------------------------------------------------------------------------------------------


async def test_a_theme_is_shown_while_choosing_and_remembered_once_chosen(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().close()
    async with opened(capture) as stage:
        assert stage.app.theme == "dark"
        await stage.press("T")
        await stage.until(lambda: isinstance(stage.app.screen, ThemePicker))
        await stage.press("end")
        await stage.until(lambda: stage.app.theme == "light")
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is stage.main)
    assert settings.load(settings.config_folder()).settings.theme == "light"
    async with opened(capture) as stage:
        assert stage.app.theme == "light"


async def test_escape_brings_the_old_theme_back(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().close()) as stage:
        await stage.press("T")
        await stage.until(lambda: isinstance(stage.app.screen, ThemePicker))
        await stage.press("end")
        await stage.until(lambda: stage.app.theme == "light")
        await stage.press("escape")
        assert stage.app.theme == "dark"
        assert settings.load(settings.config_folder()).settings == Settings()


async def test_a_theme_that_is_not_valid_is_refused_with_file_line_and_key(tmp_path: Path) -> None:
    folder = settings.config_folder() / "themes"
    folder.mkdir(parents=True)
    good = (shipped_folder() / "dark.toml").read_text(encoding="utf-8")
    lines = good.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("muted"))
    lines[place] = 'muted = "no colour"'
    (folder / "mine.toml").write_text("\n".join(lines), encoding="utf-8")
    async with opened(Recording(tmp_path).connect().close(), LONG) as stage:
        assert "mine" not in stage.app.available_themes
        await stage.press("T")
        await stage.until_shown("Refused", f"mine.toml:{place + 1}", "base.muted")


async def test_a_theme_of_the_users_own_can_be_chosen(tmp_path: Path) -> None:
    folder = settings.config_folder() / "themes"
    folder.mkdir(parents=True)
    own = (shipped_folder() / "light.toml").read_text(encoding="utf-8").replace('"Light"', '"Mine"')
    (folder / "mine.toml").write_text(own, encoding="utf-8")
    settings.save(settings.config_folder(), Settings(theme="mine"))
    async with opened(Recording(tmp_path).connect().close()) as stage:
        assert stage.app.theme == "mine"


async def test_a_remembered_theme_that_is_gone_gives_way_to_the_default(tmp_path: Path) -> None:
    settings.save(settings.config_folder(), Settings(theme="gone"))
    async with opened(Recording(tmp_path).connect().close()) as stage:
        assert stage.app.theme == "dark"


@pytest.mark.parametrize("name", ["dark", "light"])
async def test_the_remembered_theme_is_worn_from_the_first_picture_on(name: str, tmp_path: Path) -> None:
    settings.save(settings.config_folder(), Settings(theme=name))
    async with opened(Recording(tmp_path).connect().close()) as stage:
        app = stage.app
        wanted = app.get_css_variables()
        assert app.screen.styles.background.hex == wanted["background"]
        assert app.has_class(f"-{name}-mode")
        assert not app.has_class("-light-mode" if name == "dark" else "-dark-mode")


# -- settings ---------------------------------------------------------------------------------------------


async def test_how_times_are_told_is_remembered(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().at(1000).request(0).at(1500).respond(0).close()
    async with opened(capture) as stage:
        await stage.press("t", "t")
        await stage.until_shown("Delta")
    async with opened(capture) as stage:
        await stage.until_shown("Delta", "+500 ms")


async def test_damaged_settings_are_said_and_the_app_is_there(tmp_path: Path) -> None:
    settings.config_folder().mkdir(parents=True)
    (settings.config_folder() / settings.FILE_NAME).write_bytes(b"\xff{")
    async with opened(Recording(tmp_path).connect().close()) as stage:
        assert any(settings.FILE_NAME in toast for toast in stage.toasts)


# -- size -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(50, 24), (80, 10), (20, 5)])
async def test_a_terminal_too_small_is_one_sentence_that_says_what_to_do(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(Recording(tmp_path).connect().calls(1).close()) as stage:
        await stage.pilot.resize_terminal(*size)
        await stage.until_shown("This", "terminal", "has")
        words = " ".join(stage.text.split())
        assert f"This terminal has {size[0]} x {size[1]} cells" in words
        await stage.pilot.resize_terminal(80, 24)
        await stage.until_shown("1 Frames 2")
        assert "terminal has" not in stage.text


async def test_a_dialog_gives_way_to_that_sentence_too_and_is_there_again_afterwards(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().calls(1).close()) as stage:
        await stage.press("question_mark")
        await stage.until_shown("Keys")
        await stage.pilot.resize_terminal(50, 12)
        await stage.until(lambda: "Main screen" not in stage.text)
        await stage.until_shown("terminal has")
        await stage.pilot.resize_terminal(80, 24)
        await stage.until_shown("Keys", "Main screen")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 30), (160, 48), (250, 70)])
async def test_every_list_can_be_drawn_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    recording = Recording(tmp_path).connect().calls(30).raw("in", "x")
    recording.frame("out", "stream_request", 30, {"operation": "watch"})
    async with opened(recording.close(), size) as stage:
        for key in "123456":
            await stage.press(key)
            await stage.until_shown("Frames")
