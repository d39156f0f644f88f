"""TOML files that people write: read in bounds, and what is wrong with one told by file, line and key.

Owns the words for what a model refuses.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from inspector_app.capture.filter.values import DURATIONS
from inspector_app.toml_lines import Place, key_text, line_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

MOST_BYTES: Final = 1024 * 1024
MOST_PROBLEMS: Final = 10

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
        self._lines = lines_of(text)

    def problem(self, place: Place, text: str) -> TomlProblem:
        """Tell of something wrong at a place, with the line of what is nearest around it."""
        return TomlProblem(self.path, line_of(self._lines, place), key_text(place), text)

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
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TomlError([TomlProblem(path, 0, "", f"this cannot be read ({reason}).")]) from error
    if len(found) > MOST_BYTES:
        raise TomlError([TomlProblem(path, 0, "", "this is larger than 1 MiB: split it.")])
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found[: error.start].count(b"\n") + 1
        raise TomlError([TomlProblem(path, line, "", "this is not UTF-8: save it as UTF-8.")]) from error


# -- durations ---------------------------------------------------------------------------------------------

_AMOUNT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zµ]+)")
_LONGEST_S: Final = 86_400.0


def seconds_of(value: object, *, bare: bool = False) -> float:
    """Read a duration with its unit, such as `200ms`; with `bare` also a number of seconds.

    Raises `ValueError` with what to write instead.
    """
    found = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None and found[2] in DURATIONS:
        seconds = float(found[1]) * DURATIONS[found[2]] / 1e9
    elif bare and isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise ValueError('this is no time: write it with its unit, such as "200ms" or "2s".')
    if not (math.isfinite(seconds) and 0 < seconds <= _LONGEST_S):
        raise ValueError("a time must be more than nothing and no more than a day.")
    return seconds


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
