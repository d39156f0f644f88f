"""TOML files that people write: read in bounds, and what is wrong with one told by file, line and key.

Owns the way from a key to its line, which `tomllib` does not tell, and the words for what a model refuses.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

MOST_BYTES: Final = 1024 * 1024
MOST_PROBLEMS: Final = 10

Place = tuple["str | int", ...]
"""Keys and, in lists, places from 0: `("message", 0, "data")`."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class TomlProblem:
    """One thing that is wrong: `key` as a person would write it, `text` a clause that says what to do."""

    path: Path
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


class TomlError(Exception):
    """A file that cannot be used; its text is a line for each problem, `MOST_PROBLEMS` at most."""

    def __init__(self, problems: Sequence[TomlProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems[:MOST_PROBLEMS]))
        self.problems = tuple(problems)


class TomlFile:
    """A file as it was read."""

    def __init__(self, path: Path, text: str, document: dict[str, Any]) -> None:
        self.path = path
        self.text = text
        self.document = document
        self._lines = line_of_each(text)

    def problem(self, place: Place, text: str) -> TomlProblem:
        """Tell of something wrong at a place, with the line of what is nearest around it."""
        known = place
        while known and known not in self._lines:
            known = known[:-1]
        return TomlProblem(self.path, self._lines.get(known, 1), key_text(place), text)

    def check(self, model: type[Model]) -> Model:
        """Make the model of what the file says. Raises `TomlError`."""
        try:
            return model.model_validate(self.document)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=True)
            raise TomlError([self._refused(model, each) for each in found]) from None

    def _refused(self, model: type[BaseModel], error: ErrorDetails) -> TomlProblem:
        place: Place = error["loc"]
        match error["type"]:
            case "missing":
                text = "this is missing: add it."
            case "extra_forbidden":
                text = f"there is no such key: {_meant(str(place[-1]), _keys_at(model, place[:-1]))}"
            case "value_error":
                text = str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
            case _:
                text = f"{error['msg'][:1].lower()}{error['msg'][1:]}."
        return self.problem(place, text)


def read_toml(path: Path) -> TomlFile:
    """Read a file. Raises `TomlError`."""
    text = _text(path)
    try:
        return TomlFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise TomlError([TomlProblem(path, line, "", f"this is not TOML ({reason}): mend it.")]) from None
    except RecursionError:
        raise TomlError([TomlProblem(path, 1, "", "this is nested too deeply: make it flatter.")]) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise TomlError([TomlProblem(path, 0, "", "there is no such file: check its name.")]) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise TomlError([TomlProblem(path, 0, "", f"this cannot be read ({reason}).")]) from error
    if len(found) > MOST_BYTES:
        raise TomlError([TomlProblem(path, 0, "", "this is larger than 1 MiB: split it.")])
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        line = found[: error.start].count(b"\n") + 1
        raise TomlError([TomlProblem(path, line, "", "this is not UTF-8: save it as UTF-8.")]) from error


def key_text(place: Place) -> str:
    """Write a place as a person would: `message[0].data`."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


# -- what was meant ----------------------------------------------------------------------------------------


def _meant(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word[:60], known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"use {', '.join(known[:12])}." if known else "take it out."


def _keys_at(model: Any, place: Place) -> list[str]:
    """Give the keys that a model knows at a place."""
    for step in place:
        if isinstance(model, type) and issubclass(model, BaseModel) and isinstance(step, str):
            known = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = known.get(step)
        else:
            model = _inner(model)
        model = _model_in(model) if not isinstance(model, type) else model
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner(annotation: Any) -> Any:
    arguments = [each for each in get_args(annotation) if each is not Ellipsis]
    return arguments[-1] if arguments else annotation


def _model_in(annotation: Any) -> Any:
    """Give the model that an optional one or one of several is about; containers stay as they are."""
    models = [each for each in get_args(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
    is_container = getattr(annotation, "__origin__", None) in (list, tuple, dict)
    return models[0] if len(models) == 1 and not is_container else annotation


# -- lines -------------------------------------------------------------------------------------------------

_KEY = r'(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')'
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_STATEMENT: Final = re.compile(
    rf"[ \t]*(?:(?P<table>\[\[?)[ \t]*(?P<header>{_DOTTED})[ \t]*\]\]?|(?P<key>{_DOTTED})[ \t]*=)"
)
_ONE_KEY: Final = re.compile(_KEY)
_IN_VALUE: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]', re.DOTALL
)


def line_of_each(text: str) -> Mapping[Place, int]:
    """Give the line, from 1, on which each key and table of a TOML text is written; inline ones have none."""
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    at, line = 0, 1
    while at < len(text):
        found = _STATEMENT.match(text, at)
        if found is None:
            end = _end_of_value(text, at)
        elif found["key"] is not None:
            lines.setdefault(table + _steps(found["key"], ()), line)
            end = _end_of_value(text, found.end())
        else:
            place = _counted(_steps(found["header"], ()), counts)
            if found["table"] == "[[":
                counts[place] = counts.get(place, -1) + 1
                place = (*place, counts[place])
            table = place
            lines.setdefault(table, line)
            end = _end_of_value(text, found.end())
        line += text.count("\n", at, end)
        at = end
    return lines


def _steps(dotted: str, before: Place) -> Place:
    keys = _ONE_KEY.findall(dotted)
    return before + tuple(key[1:-1] if key[0] in "\"'" else key for key in keys)


def _counted(place: Place, counts: Mapping[Place, int]) -> Place:
    """Give a header's place with, for each list of tables on the way, the table that was begun last."""
    counted: Place = ()
    for number, step in enumerate(place):
        counted = (*counted, step)
        if counted in counts and number < len(place) - 1:
            counted = (*counted, counts[counted])
    return counted


def _end_of_value(text: str, at: int) -> int:
    """Give where the statement ends: behind its line break."""
    depth = 0
    for found in _IN_VALUE.finditer(text, at):
        sign = found[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth = max(0, depth - 1)
        elif sign == "\n" and not depth:
            return found.end()
    return len(text)
