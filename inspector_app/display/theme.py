"""Themes as data: a TOML file becomes a checked Textual theme, or is refused with its file, line and key.

Owns which keys a theme file has and which style name each becomes. A theme that was loaded is safe to
activate: Textual itself accepts a bad colour and fails when it is first drawn. It switches nothing itself.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct
from textual.color import Color, ColorParseError
from textual.theme import Theme

import inspector_app
from inspector_app.display import formats
from inspector_app.settings import read_small_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")

DEFAULT_THEME: Final = "dark"

_COLORS = ("primary", "secondary", "accent", "success", "warning", "error")
_TYPES = (*formats.TYPE_SHORT, "invalid")
_OUTCOMES = tuple(formats.OUTCOME_GLYPH)
_STATES = tuple(state.lower() for state in formats.STATE_GLYPH)


def _prefixed(prefix: str, *keys: str) -> dict[str, str]:
    return {key: f"{prefix}-{key.replace('_', '-')}" for key in keys}


SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "base": {
        key: key for key in ("background", "surface", "panel", "foreground", "emphasis", "muted", *_COLORS)
    },
    "list": {
        "header": "row-header",
        "header-background": "row-header-background",
        "cursor": "row-cursor",
        "cursor-resting": "row-cursor-resting",
        "cursor-edge": "row-cursor-edge",
        "scrollbar": "bar-track",
        "scrollbar-thumb": "bar-thumb",
    },
    "bar": {
        "background": "bar-background",
        "badge-text": "badge",
        **_prefixed("role", "client", "server", "file"),
    },
    "types": _prefixed("type", *_TYPES),
    "directions": _prefixed("dir", *formats.DIRECTION_GLYPH),
    "outcomes": _prefixed("outcome", *_OUTCOMES),
    "states": _prefixed("state", *_STATES),
    "severity": _prefixed("severity", *formats.LEVEL_GLYPH),
    "json": _prefixed("json", "key", "string", "number", "literal", "punctuation"),
}
"""Section and key of a theme file, all of them required, to the style name and CSS variable it sets."""


class ThemeError(Exception):
    """A theme file that cannot be used. `line` counts from 1; `key` is `section.key`, or empty."""

    def __init__(self, file: Path, line: int, key: str, text: str) -> None:
        super().__init__(file, line, key, text)
        self.file = file
        self.line = line
        self.key = key
        self.text = text

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: "
        return f"{place}{self.key}: {self.text}" if self.key else f"{place}{self.text}"


class LoadedTheme(Struct, frozen=True):
    """A theme that was checked. `name` is that of its file and names it everywhere; `title` is for people."""

    name: str
    title: str
    path: Path
    theme: Theme
    """For `App.register_theme`; its `variables` hold every style name."""


def shipped_folder() -> Path:
    """Return the folder of the themes that come along: in an installed package, beside it in a checkout."""
    package = Path(inspector_app.__file__).parent
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


def find_theme(name: str, user_folder: Path) -> LoadedTheme | None:
    """Load the theme called `name`, of `user_folder` or shipped; None for one that is missing or refused."""
    for path in (*_theme_files(user_folder), *_theme_files(shipped_folder())):
        if path.stem == name:
            with suppress(ThemeError):  # `find_themes` says what is wrong with it
                return load_theme(path)
    return None


def find_themes(user_folder: Path | None = None) -> tuple[dict[str, LoadedTheme], list[ThemeError]]:
    """Load the shipped themes and those in `user_folder`, and what is wrong with those that were refused.

    A theme of the user replaces a shipped one of the same name. Never raises.
    """
    themes: dict[str, LoadedTheme] = {}
    errors: list[ThemeError] = []
    for path in (*_theme_files(shipped_folder()), *(_theme_files(user_folder) if user_folder else ())):
        try:
            loaded = load_theme(path)
        except ThemeError as error:
            errors.append(error)
        else:
            themes[loaded.name] = loaded
    return themes, errors


def _theme_files(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.glob("*.toml"))
    except OSError:
        return  # A folder that cannot be listed offers no themes.


def load_theme(path: Path) -> LoadedTheme:
    """Read and check one theme file. Raises `ThemeError` only."""
    text = _read(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, error) from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or a number of too many digits
        raise ThemeError(path, 1, "", "holds what no theme needs: nesting or numbers without end") from error
    source = _Source(path, text)
    title = source.typed(data, "title", str, "a text")
    dark = source.typed(data, "dark", bool, "true or false")
    colors = source.colors(data)
    return LoadedTheme(path.stem, title, path, _textual_theme(path.stem, colors, dark=dark))


def _read(path: Path) -> str:
    try:
        return read_small_text(path)
    except OSError as error:
        raise ThemeError(path, 1, "", f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ThemeError(
            path, error.object.count(b"\n", 0, error.start) + 1, "", "is not UTF-8 text"
        ) from error


def _syntax_error(path: Path, text: str, error: tomllib.TOMLDecodeError) -> ThemeError:
    message = str(error)
    found = re.search(r"at line (\d+)", message)
    line = int(found[1]) if found else max(1, len(text.splitlines()))
    return ThemeError(path, line, "", f"is not valid TOML: {message}")


class _Source:
    """A file being checked: reads values out of it and says on which line one stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines: dict[tuple[str, str], int] = {}
        section = ""
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.match(r"\s*\[\s*[\"']?([^\"'\]]+?)[\"']?\s*\]", line):
                section = header[1]
                self._lines.setdefault((section, ""), number)
            elif key := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*[.=]", line):
                self._lines.setdefault((section, key[1]), number)

    def error(self, section: str, key: str, text: str) -> ThemeError:
        places = ((section, key), (section, ""), ("", section))
        line = next((self._lines[place] for place in places if place in self._lines), 1)
        return ThemeError(self._path, line, f"{section}.{key}" if section and key else section or key, text)

    def typed(self, data: Mapping[str, object], key: str, kind: type[T], description: str) -> T:
        if key not in data:
            raise self.error("", key, f"is missing: add it, {description}, at the top of the file")
        value = data[key]
        if not isinstance(value, kind):
            raise self.error("", key, f"must be {description}")
        return value

    def colors(self, data: Mapping[str, object]) -> dict[str, str]:
        """Return the colour of every style name."""
        for section in data:
            if section not in {"title", "dark", *SECTIONS}:
                raise self.error(section, "", f"is not known; the sections are {', '.join(SECTIONS)}")
        colors = {}
        for section, names in SECTIONS.items():
            table = data.get(section)
            if not isinstance(table, dict):
                raise self.error(section, "", "is missing, or is no table")
            for key in table:
                if key not in names:
                    raise self.error(section, key, f"is not known; [{section}] has {', '.join(names)}")
            for key, name in names.items():
                if key not in table:
                    raise self.error(section, key, "is missing")
                colors[name] = self._color(section, key, table[key])
        return colors

    def _color(self, section: str, key: str, value: object) -> str:
        try:
            color = Color.parse(value) if isinstance(value, str) else None
        except ColorParseError:
            color = None
        if color is None or color.is_transparent or color.a < 1 or color.ansi is not None:
            raise self.error(section, key, f"{value!r} is not an opaque colour such as '#7cb4ff' or 'white'")
        return color.hex6


def _textual_theme(name: str, colors: dict[str, str], *, dark: bool) -> Theme:
    """Return a theme for Textual, whose own widgets take their colours from ours."""
    return Theme(
        name=name,
        dark=dark,
        background=colors["background"],
        surface=colors["surface"],
        panel=colors["panel"],
        foreground=colors["foreground"],
        primary=colors["primary"],
        secondary=colors["secondary"],
        accent=colors["accent"],
        success=colors["success"],
        warning=colors["warning"],
        error=colors["error"],
        variables={
            **colors,
            "text-muted": colors["muted"],
            "text-disabled": colors["muted"],
            **{f"text-{key}": colors[key] for key in _COLORS},
            "foreground-muted": colors["muted"],
            "foreground-disabled": colors["muted"],
            "block-cursor-foreground": colors["emphasis"],
            "block-cursor-background": colors["row-cursor"],
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-foreground": colors["foreground"],
            "block-cursor-blurred-background": colors["row-cursor-resting"],
            "block-hover-background": colors["row-cursor-resting"],
            "border": colors["primary"],
            "border-blurred": colors["bar-track"],
            "surface-active": colors["row-cursor"],
            "footer-background": colors["bar-background"],
            "footer-foreground": colors["foreground"],
            "footer-key-foreground": colors["primary"],
            "footer-key-background": colors["bar-background"],
            "footer-description-foreground": colors["foreground"],
            "footer-description-background": colors["bar-background"],
            "footer-item-background": colors["bar-background"],
            "input-cursor-background": colors["foreground"],
            "input-cursor-foreground": colors["background"],
            "input-selection-background": colors["row-cursor"],
            "input-selection-foreground": colors["emphasis"],
            "scrollbar": colors["bar-thumb"],
            "scrollbar-hover": colors["muted"],
            "scrollbar-active": colors["primary"],
            "scrollbar-background": colors["background"],
            "scrollbar-background-hover": colors["background"],
            "scrollbar-background-active": colors["background"],
            "scrollbar-corner-color": colors["background"],
            "link-color": colors["primary"],
            "link-background-hover": colors["row-cursor"],
            "link-color-hover": colors["emphasis"],
            "button-foreground": colors["foreground"],
            "button-color-foreground": colors["badge"],
        },
    )


@cache
def variable_defaults(*, dark: bool = True) -> dict[str, str]:
    """Return a colour for every style name, for `App.get_theme_variable_defaults` under a foreign theme."""
    variables = load_theme(shipped_folder() / ("dark.toml" if dark else "light.toml")).theme.variables
    own = {name for section in list(SECTIONS)[1:] for name in SECTIONS[section].values()}
    return {name: variables[name] for name in (*sorted(own), "emphasis", "muted")}
