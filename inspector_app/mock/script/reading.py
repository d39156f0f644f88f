"""From a mock file to a checked document; for all that is wrong in it, a sentence with file, line and key."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from inspector_app.capture.filter.readers import nearest
from inspector_app.mock.load import HandlerFileError
from inspector_app.mock.script.model import Document, StepTable
from inspector_app.toml_lines import Place, key_text, line_of, lines_of

if TYPE_CHECKING:
    from inspector_app.intents import MessageKind

LARGEST_FILE_BYTES = 8_000_000
MOST_TOLD = 10
"""Problems that are told at once."""


class MockFileError(HandlerFileError):
    """A mock file cannot be used. `problems` has a sentence for each thing that is wrong; the text all."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class MockText:
    """A mock file that was read: what it says, and where. `shown` is its path as a person gave it."""

    path: Path
    shown: str
    document: Document
    values: dict[str, Any]
    """What the document was made of, as it was written."""
    lines: dict[Place, int]

    def problem(self, path: Place, text: str) -> str:
        """Give the sentence about what stands at `path`."""
        return _sentence(self.shown, line_of(self.lines, path), path, text)

    def place(self, path: Place) -> str:
        """Name what stands at `path` for those who are not to know where the file is."""
        return f"{self.path.name}:{line_of(self.lines, path)}: {key_text(path)}"


def read(path: Path) -> MockText:
    """Read a mock file. Raises `MockFileError`."""
    return parsed(path, _text(path, str(path)))


def parsed(path: Path, text: str) -> MockText:
    """Read the text of a mock file. Raises `MockFileError`."""
    shown = str(path)
    try:
        values = tomllib.loads(text)
        lines, wrong = lines_of(text), list(_no_json(values, ()))
    except tomllib.TOMLDecodeError as error:
        raise MockFileError([_no_toml(shown, text, error)]) from None
    except RecursionError:
        raise MockFileError([f"{shown}:1: this is nested too deeply: write it in a simpler way."]) from None
    if wrong:
        raise MockFileError(told([_sentence(shown, line_of(lines, at), at, why) for at, why in wrong]))
    try:
        return MockText(path, shown, Document.model_validate(values), values, lines)
    except ValidationError as error:
        raise MockFileError(_problems(error, shown, lines)) from None


def steps_of(kind: MessageKind, source: Any) -> list[StepTable]:
    """Read steps that a person edits. Raises `ValueError` with a sentence."""
    try:
        document = Document.model_validate({kind: [{"operation": "x", "steps": source}]})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        place = key_text(_path(found)[2:])
        raise ValueError(_ended(f"{place}: {_why(found)}" if place else _why(found))) from None
    rules: list[Any] = document.stream if kind == "stream" else document.bidirectional
    steps: list[StepTable] = rules[0].steps
    return steps


def told(problems: list[str]) -> list[str]:
    """Give the first problems, and how many more there are."""
    more = len(problems) - MOST_TOLD
    return problems if more <= 0 else [*problems[:MOST_TOLD], f"There are {more} more problems behind these."]


def _text(path: Path, shown: str) -> str:
    if path.is_fifo() or path.is_socket():  # of which the end may never come
        raise MockFileError([f"{shown} is no file that can be read: name a plain one."])
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise MockFileError([f"There is no file {shown}: check the path of the mock."]) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise MockFileError([f"{shown} cannot be read ({why}): check the path of the mock."]) from error
    if len(found) > LARGEST_FILE_BYTES:
        raise MockFileError([f"{shown} is larger than 8 MB: put large answers into files of their own."])
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found[: error.start].count(b"\n") + 1
        raise MockFileError([f"{shown}:{line}: this is not UTF-8: save it as UTF-8."]) from error


def _no_toml(shown: str, text: str, error: tomllib.TOMLDecodeError) -> str:
    found = re.search(r"line (\d+)", str(error))
    line = int(found[1]) if found else text.rstrip().count("\n") + 1
    why = re.sub(r" \(at .*\)$", "", str(error))
    return f"{shown}:{line}: this is not TOML: {why[:1].lower()}{why[1:200]}."


def _problems(error: ValidationError, shown: str, lines: dict[Place, int]) -> list[str]:
    found = []
    for each in error.errors(include_url=False, include_input=False):
        path = _path(each)
        line = line_of(lines, path)
        found.append((line, _sentence(shown, line, path, _why(each))))
    return told([sentence for _, sentence in sorted(found)])


def _no_json(value: object, path: Place) -> Iterator[tuple[Place, str]]:
    """Find what TOML can write and JSON cannot carry."""
    match value:
        case dict():
            for key, each in value.items():
                yield from _no_json(each, (*path, key))
        case list():
            for at, each in enumerate(value):
                yield from _no_json(each, (*path, at))
        case float() if not math.isfinite(value):
            yield path, "JSON has no such number: write it as a text"
        case date() | time():  # moments are dates, too
            yield path, "JSON has no dates and times: put it in quotation marks"


def _path(error: ErrorDetails) -> Place:
    return tuple(error["loc"])


def _sentence(shown: str, line: int, path: Place, text: str) -> str:
    key = key_text(path)
    return f"{shown}:{line}: {key + ': ' if key else ''}{_ended(text)}"


def _ended(text: str) -> str:
    return text if text.endswith("?") else f"{text.rstrip('.')}."


_WRONG_TYPES = {
    "string_type": "this must be a text in quotation marks",
    "int_type": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "float_type": "this must be a number",
    "bool_type": "this must be true or false",
    "list_type": "this must be a list, in brackets",
    "dict_type": "this must be a table",
    "model_type": "this must be a table",
    "string_too_short": "this must not be empty",
}


def _why(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "missing":
            return "this key is missing: add it"
        case "extra_forbidden":
            return _unknown(_path(error))
        case "value_error":
            return str(context.get("error", error["msg"]))
        case "literal_error":
            return f"this must be one of {context.get('expected', '')}".replace("'", '"')
        case "model_type" | "dict_type" if _is_rules(_path(error)):
            name = _path(error)[0]
            return f"this must be a list of tables: write [[{name}]]"
        case "list_type" if _is_rules(_path(error)):
            return f"this must be a list of tables: write [[{_path(error)[0]}]]"
    return _WRONG_TYPES.get(kind, error["msg"][:1].lower() + error["msg"][1:])


def _is_rules(path: Place) -> bool:
    return (
        len(path) <= 2 and bool(path) and path[0] in {"request", "stream", "bidirectional", "oneway", "fault"}
    )


def _unknown(path: Place) -> str:
    table = _table_at(path[:-1])
    known = [info.alias or name for name, info in table.model_fields.items()] if table else []
    hint = nearest(str(path[-1]), known).rstrip(".") if known else "take it out"
    return f"there is no such key here: {hint}"


def _table_at(path: Place) -> type[BaseModel] | None:
    """Find the model of the table at a path."""
    table: type[BaseModel] | None = Document
    for key in path:
        if isinstance(key, int) or table is None:
            continue
        info = table.model_fields.get(key)
        table = _model_in(info.annotation) if info else None
    return table


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)
