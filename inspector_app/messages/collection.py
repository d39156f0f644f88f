"""Collections: saved messages in a TOML file that a person reads and a team keeps in git.

Owns the layout of the file, reading it, and changing one message in it while all else stays as written.
Data with variables in it is kept as it was typed: values of secrets never get here.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from inspector_app.display.json_check import json_problem
from inspector_app.messages.answers import MessageKind
from inspector_app.messages.environments import Value
from inspector_app.messages.expectations import ExpectationError, read_expectation
from inspector_app.messages.rewriting import replace_text, rewrite, without_table
from inspector_app.payload_path import steps_of
from inspector_app.toml_file import read_toml, seconds_of

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

    from inspector_app.toml_file import TomlFile

_NOT_LITERAL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|'''|'$")
"""What cannot stand in a text of TOML as it is."""
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


def _json_text(value: object) -> str:
    """Take JSON as text, or what TOML can write itself."""
    if not isinstance(value, str):
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError("this has a value that JSON has not: write it as text in quotes.") from None
    problem = json_problem(value)
    if problem is not None:
        raise ValueError(f"this is no JSON (line {problem.line}, column {problem.column}): {problem.text}.")
    return value


Seconds = Annotated[float, BeforeValidator(partial(seconds_of, bare=True))]
JsonText = Annotated[str, BeforeValidator(_json_text)]


class Message(BaseModel):
    """One saved message. `data` is JSON as it was typed, with variables in its strings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    operation: str = Field(min_length=1, max_length=1000)
    kind: MessageKind = "request"
    doc: str = ""
    data: JsonText = "{}"
    items: tuple[JsonText, ...] = ()
    """What this side sends on a bidirectional stream, before it ends its half."""
    take: int | None = Field(default=None, ge=1)
    """Give a stream up after so many items."""
    timeout: Seconds | None = None
    save: dict[str, str] = {}
    """Variables to be made of the answer, each with the path of its value."""
    expect: tuple[str, ...] = ()

    @field_validator("data")
    @classmethod
    def _is_object(cls, data: str) -> str:
        problem = json_problem(data, "object")
        if problem is not None:
            raise ValueError(f"the data of a message is an object: {problem.text}.")
        if "operation" in json.loads(data):
            raise ValueError("the operation is named beside the data, not in it: take it out.")
        return data

    @field_validator("expect")
    @classmethod
    def _can_be_read(cls, expect: tuple[str, ...]) -> tuple[str, ...]:
        for source in expect:
            try:
                read_expectation(source)
            except ExpectationError as error:
                raise ValueError(str(error)) from None
        return expect

    @field_validator("save")
    @classmethod
    def _are_paths(cls, save: dict[str, str]) -> dict[str, str]:
        for name, path in save.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a variable: use letters, digits and _.")
            try:
                first = steps_of(path)[:1]
            except ValueError:
                first = []
            if first not in (["data"], ["items"], ["details"]):
                raise ValueError(
                    f"{path!r} is no path into an answer: write data.session.token or items[0].id."
                )
        return save

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Message:
        if self.items and self.kind != "bidirectional":
            raise ValueError('items are sent on a bidirectional stream only: write kind = "bidirectional".')
        if self.take and self.kind not in ("stream", "bidirectional"):
            raise ValueError("take is about the items of a stream: take it out.")
        if self.kind == "oneway" and (self.expect or self.save):
            raise ValueError("a oneway message has no answer: expect and save nothing of it.")
        return self


class Collection(BaseModel):
    """A collection: where it goes by default, variables with their values, messages in their order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    doc: str = ""
    url: str = ""
    variables: dict[str, Value] = {}
    message: tuple[Message, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Collection:
        names = [each.name for each in self.message]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two messages are called {twice!r}: give one another name.")
        return self

    def find(self, name: str) -> Message | None:
        """Give the message of a name."""
        return next((each for each in self.message if each.name == name), None)


def read_collection(path: Path) -> Collection:
    """Read a collection. Raises `TomlError`."""
    return read_toml(path).check(Collection)


# -- changing a file ---------------------------------------------------------------------------------------


def save_message(path: Path, message: Message, *, replaces: str | None = None) -> None:
    """Put a message at the end of a collection, or in the place of the one called `replaces`.

    A file that is not there is made. Raises `TomlError` for one that cannot be read, or not be written.
    """
    old = read_collection(path).find(replaces) if replaces is not None and path.exists() else None

    def put(document: TOMLDocument) -> None:
        import tomlkit

        if not document.get("message"):
            document.pop("message", None)
            document["message"] = tomlkit.aot()
        messages: Any = document["message"]
        place = next((at for at, each in enumerate(messages) if each.get("name") == replaces), None)
        if old is None or place is None:
            messages.append(_new(message, inline=not isinstance(messages, tomlkit.items.AoT)))
        else:
            _replace(messages[place], old, message)

    rewrite(path, put, _is_collection)


def remove_message(path: Path, name: str) -> None:
    """Take a message out of a collection. Raises `TomlError`."""
    if not path.exists():
        return
    text, collection = read_toml(path).text, read_collection(path)
    place = next((at for at, each in enumerate(collection.message) if each.name == name), None)
    if place is None:
        return
    left = without_table(text, ("message", place))
    if left is not None:
        replace_text(path, text, left, _is_collection)
        return

    def take_out(document: TOMLDocument) -> None:
        messages: Any = document["message"]
        del messages[place]

    rewrite(path, take_out, _is_collection)


def _is_collection(file: TomlFile) -> None:
    file.check(Collection)


def _replace(table: Any, old: Message, new: Message) -> None:
    """Change in a table what differs between two messages; all else stays as it is written."""
    kept = _kept(new)
    for key in Message.model_fields:
        if getattr(old, key) == getattr(new, key):
            continue
        if key not in kept:
            table.pop(key, None)
        elif key == "save" and key in table:
            for name in [name for name in table[key] if name not in new.save]:
                del table[key][name]
            table[key].update({name: path for name, path in new.save.items() if path != old.save.get(name)})
        else:
            table[key] = kept[key]


def _new(message: Message, *, inline: bool) -> Any:
    import tomlkit

    table = tomlkit.inline_table() if inline else tomlkit.table()
    for key, value in _kept(message).items():
        table.add(key, value)
    return table


def _kept(message: Message) -> dict[str, Any]:
    """Give what is written of a message: what is not as it would be without."""
    import tomlkit

    kept: dict[str, Any] = {"name": message.name}
    for key in ("kind", "operation", "doc", "data", "items", "take", "timeout", "save", "expect"):
        value = getattr(message, key)
        if key != "operation" and value == Message.model_fields[key].get_default():
            continue
        if key == "data":
            value = _laid_out(value)
        elif key == "save":
            value = tomlkit.inline_table()
            value.update(message.save)
        elif key == "timeout":
            value = f"{value:.9f}".rstrip("0").rstrip(".") + "s"
        elif isinstance(value, tuple):
            value = list(value)
        kept[key] = value
    return kept


def _laid_out(data: str) -> Any:
    """Write data over several lines as it is, where TOML lets it stand so."""
    from tomlkit.items import String, StringType, Trivia

    if "\n" not in data or _NOT_LITERAL.search(data):
        return data
    return String(StringType.MLL, data, f"\n{data}", Trivia())
