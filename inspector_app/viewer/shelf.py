"""The collections of a folder as one list: each file with its messages below it, or what is wrong with it.

Owns which files are collections, and what may become of one: messages renamed, moved, removed. It reads in
bounds: a folder may be any folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector_app.messages.collection import (
    Collection,
    Message,
    read_collection,
    remove_message,
    save_message,
)
from inspector_app.messages.environments import FILE_NAME
from inspector_app.toml_file import TomlError, TomlProblem

MOST_FILES: Final = 200
_FILE_NAME: Final = re.compile(r"[\w][\w .-]{0,80}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: a file where `message` is None, else a message of it."""

    path: Path
    collection: Collection | None
    message: Message | None = None
    problems: tuple[TomlProblem, ...] = ()

    @property
    def text(self) -> str:
        """What is searched."""
        if self.message is None:
            return f"{self.path.name} {self.collection.name if self.collection else ''}"
        message = self.message
        return f"{self.path.stem} {message.name} {message.operation} {message.kind} {message.doc}"


class Shelf:
    """The collections of a folder, as they were when `read` was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem = ""
        """Why there are no collections, or not all of them, in one sentence; empty: there are all."""
        self.entries: list[Entry] = []

    def read(self) -> None:
        """Read all files anew."""
        self.problem = ""
        self.entries = []
        try:
            # A pipe or a device would be waited for.
            found = sorted(
                each for each in self.folder.glob("*.toml") if each.name != FILE_NAME and each.is_file()
            )
        except OSError as error:
            self.problem = f"{self.folder} cannot be read ({error.strerror or error}): choose another folder."
            return
        if len(found) > MOST_FILES:
            self.problem = f"There are more than {MOST_FILES} files in {self.folder}: the first are shown."
        for path in found[:MOST_FILES]:
            self.entries += _entries(path)

    @property
    def files(self) -> list[Path]:
        """The files that can be read."""
        return [each.path for each in self.entries if each.message is None and each.collection is not None]

    def narrowed(self, fits: Callable[[str], bool]) -> Sequence[Entry]:
        """Give what fits, with the file above each message that does."""
        kept: list[Entry] = []
        head: Entry | None = None
        for entry in self.entries:
            if entry.message is None:
                head = entry
                if fits(entry.text):
                    kept.append(entry)
            elif fits(entry.text):
                if head is not None and head not in kept:
                    kept.append(head)
                kept.append(entry)
        return kept

    def path_of(self, name: str) -> Path:
        """Give the file of a collection that a person named. Raises `ValueError` with one sentence."""
        name = name.strip().removesuffix(".toml")
        if not _FILE_NAME.fullmatch(name) or f"{name}.toml" == FILE_NAME:
            raise ValueError("Name the collection in letters, digits, - and _, such as orders.")
        return self.folder / f"{name}.toml"


def told_path(path: Path) -> str:
    """Write a path as a person does, from the home folder on."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if home != path and path.is_relative_to(home) else str(path)


def _entries(path: Path) -> list[Entry]:
    try:
        collection = read_collection(path)
    except TomlError as error:
        return [Entry(path, None, problems=error.problems)]
    return [Entry(path, collection), *(Entry(path, collection, each) for each in collection.message)]


def rename(path: Path, message: Message, name: str) -> None:
    """Give a message another name. Raises `TomlError`."""
    save_message(path, message.model_copy(update={"name": name}), replaces=message.name)


def move(path: Path, message: Message, to: Path) -> None:
    """Move a message to the end of another collection. Raises `TomlError`; then it is where it was."""
    if to != path:
        save_message(to, message)
        remove_message(path, message.name)
