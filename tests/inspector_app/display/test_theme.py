"""Theme files: what is shipped is legible, and what is wrong is refused with file, line and key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from textual.app import App
from textual.color import Color

import inspector_app
from inspector_app.display import formats
from inspector_app.display.theme import ThemeError, find_themes, load_theme, shipped_folder, variable_defaults

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ("dark", "high-contrast", "light")
GROUNDS = ("background", "surface", "panel", "bar-background", "row-cursor", "row-cursor-resting")
INKS = ("foreground", "emphasis", "muted", "primary", "secondary", "accent", "success", "warning", "error")
PAIRS = (
    ("row-header", "row-header-background"),
    ("badge", "role-client"),
    ("badge", "role-server"),
    ("badge", "role-file"),
    ("footer-key-foreground", "footer-key-background"),
    ("footer-description-foreground", "footer-background"),
    ("block-cursor-foreground", "block-cursor-background"),
    ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
    ("input-cursor-foreground", "input-cursor-background"),
    ("input-selection-foreground", "input-selection-background"),
)


def luminance(color: Color) -> float:
    channels = [value / 255 for value in color.rgb]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(ink: str, ground: str) -> float:
    """WCAG 2 contrast ratio of two colours."""
    low, high = sorted((luminance(Color.parse(ink)), luminance(Color.parse(ground))))
    return (high + 0.05) / (low + 0.05)


def shipped_text(name: str = "dark") -> str:
    return (shipped_folder() / f"{name}.toml").read_text(encoding="utf-8")


def refused(folder: Path, text: str) -> ThemeError:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ThemeError) as caught:
        load_theme(path)
    assert caught.value.file == path
    return caught.value


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_dark_a_light_and_a_high_contrast_theme_are_shipped_without_faults() -> None:
    themes, errors = find_themes()
    assert sorted(themes) == sorted(SHIPPED)
    assert not errors
    assert not themes["light"].theme.dark


@pytest.mark.parametrize("name", SHIPPED)
def test_every_ink_is_legible_on_every_ground(name: str) -> None:
    variables = find_themes()[0][name].theme.variables
    inks = [
        ink
        for ink in variables
        if ink in INKS or ink.startswith(("type-", "dir-", "outcome-", "state-", "severity-", "json-"))
    ]
    needed = 7.0 if name == "high-contrast" else 4.5
    pairs = [*((ink, ground) for ink in inks for ground in GROUNDS), *PAIRS]
    poor = {
        f"{ink} on {ground}": round(ratio, 2)
        for ink, ground in pairs
        if (ratio := contrast(variables[ink], variables[ground])) < needed
    }
    assert len(inks) > 40
    assert poor == {}


@pytest.mark.parametrize("name", SHIPPED)
async def test_a_shipped_theme_can_be_activated(name: str) -> None:
    class Bare(App[None]):
        def get_theme_variable_defaults(self) -> dict[str, str]:
            return variable_defaults()

    async with Bare().run_test() as pilot:
        pilot.app.register_theme(find_themes()[0][name].theme)
        pilot.app.theme = name
        await pilot.pause()
        assert (
            pilot.app.theme_variables["type-request"]
            == find_themes()[0][name].theme.variables["type-request"]
        )


def test_every_style_name_of_the_formats_is_in_a_theme() -> None:
    names = {formats.type_style(frame_type) for frame_type in (*formats.TYPE_SHORT, None)}
    names |= {formats.direction_style(direction) for direction in formats.DIRECTION_GLYPH}
    names |= {formats.outcome_style(outcome) for outcome in formats.OUTCOME_GLYPH}
    names |= {formats.state_style(state) for state in formats.STATE_GLYPH}
    names |= {formats.level_style(level) for level in formats.LEVEL_GLYPH}
    assert names <= set(variable_defaults())


def test_a_bad_colour_is_refused_with_line_and_key(tmp_path: Path) -> None:
    text = shipped_text().replace('stream_end = "#a9b4cb"', 'stream_end = "blu"')
    error = refused(tmp_path, text)
    assert (error.line, error.key) == (line_of(text, '"blu"'), "types.stream_end")
    assert str(error).startswith(f"{tmp_path}/mine.toml:{error.line}: types.stream_end: 'blu' is not")


@pytest.mark.parametrize("value", ["7", '"#12161f80"', '"transparent"', '"ansi_red"', '"auto 87%"', "[]"])
def test_a_colour_that_is_not_opaque_is_refused(tmp_path: Path, value: str) -> None:
    error = refused(tmp_path, shipped_text().replace('muted = "#95a0b8"', f"muted = {value}"))
    assert error.key == "base.muted"


def test_the_same_key_in_two_sections_is_told_apart(tmp_path: Path) -> None:
    head, tail = shipped_text().split("[outcomes]")
    text = head + "[outcomes]" + tail.replace('error = "#ff8d8d"', 'error = "?"', 1)
    error = refused(tmp_path, text)
    assert (error.line, error.key) == (line_of(text, '"?"'), "outcomes.error")


def test_a_missing_key_is_refused_at_its_section(tmp_path: Path) -> None:
    text = shipped_text().replace('timeout = "#ffa36b"\n', "")
    error = refused(tmp_path, text)
    assert (error.line, error.key) == (line_of(text, "[outcomes]"), "outcomes.timeout")


def test_an_unknown_key_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    text = shipped_text().replace("[directions]", '[directions]\nsideways = "red"')
    error = refused(tmp_path, text)
    assert (error.line, error.key) == (line_of(text, "sideways"), "directions.sideways")
    assert "in, out" in error.text


def test_an_unknown_section_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    text = shipped_text()
    assert refused(tmp_path, text + "\n[extra]\n").key == "extra"
    assert refused(tmp_path, text.replace("[json]", "[bar.json]")).key == "bar.json"
    assert refused(tmp_path, text[: text.index("[json]")]).key == "json"


def test_a_missing_or_mistyped_title_is_refused(tmp_path: Path) -> None:
    text = shipped_text()
    assert refused(tmp_path, text.replace('title = "Dark"\n', "")).key == "title"
    error = refused(tmp_path, text.replace("dark = true", 'dark = "yes"'))
    assert (error.line, error.key) == (line_of(text, "dark = true"), "dark")


def test_broken_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, 'title = "x"\ndark = \n').line == 2
    assert refused(tmp_path, 'title = "x"\n[base').line == 2


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b'title = "x"\n\xff')
    with pytest.raises(ThemeError, match=r"bytes\.toml:2: is not UTF-8"):
        load_theme(tmp_path / "bytes.toml")
    with pytest.raises(ThemeError, match="cannot be read"):
        load_theme(tmp_path / "none.toml")


@pytest.mark.parametrize("content", ["a = " + "[" * 100_000, "a = " + "9" * 6000])
def test_a_theme_file_without_end_is_refused(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, content).line == 1


def test_a_theme_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_text(shipped_text() + "#" * 2_000_000, encoding="utf-8")
    with pytest.raises(ThemeError, match="larger than 1 MiB"):
        load_theme(large)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_theme_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ThemeError, match="not a regular file"):
        load_theme(tmp_path / "pipe.toml")


def test_a_theme_of_the_user_replaces_a_shipped_one_and_a_bad_one_is_reported(tmp_path: Path) -> None:
    (tmp_path / "dark.toml").write_text(shipped_text().replace('"Dark"', '"Mine"'), encoding="utf-8")
    (tmp_path / "bad.toml").write_text("nonsense", encoding="utf-8")
    themes, errors = find_themes(tmp_path)
    assert themes["dark"].title == "Mine"
    assert [error.file.name for error in errors] == ["bad.toml"]


def test_themes_are_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "inspector_app"
    (package / "themes").mkdir(parents=True)
    monkeypatch.setattr(inspector_app, "__file__", str(package / "__init__.py"))
    assert shipped_folder() == package / "themes"
