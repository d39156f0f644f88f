"""Where things stand in a TOML document: the line of every key and of every place in a list.

Owns nothing but that; `tomllib` reads what they mean, and has accepted the text before it comes here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Place = tuple[str | int, ...]
"""Keys and, in lists, places from 0: `("message", 0, "data")`."""

_TOKEN = re.compile(
    r"""
      (?P<text>
          \"\"\"(?:\\.|(?!\"\"\").)*\"\"\"{1,3}
        | '''(?:(?!''').)*'''{1,3}
        | "(?:\\.|[^"\\\n])*" | '[^'\n]*'
      )
    | (?P<comment>\#[^\n]*)
    | (?P<end>\n)
    | (?P<mark>[\[\]{}=,.])
    | (?P<word>[^\s\[\]{}=,."'\#]+)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def lines_of(text: str) -> dict[Place, int]:
    """Give the line, from 1, of every key and list place of a document that is TOML."""
    return _Reader(_tokens(text)).read()


def _tokens(text: str) -> Iterator[_Token]:
    line, at = 1, 0
    for found in _TOKEN.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        if found.lastgroup and found.lastgroup != "comment":
            yield _Token(found.lastgroup, found[0], line)


class _Reader:
    def __init__(self, tokens: Iterator[_Token]) -> None:
        self._tokens = tokens
        self._next = next(tokens, None)
        self._lines: dict[Place, int] = {}
        self._lists: dict[Place, int] = {}
        """How many tables each list of tables has by now."""

    def read(self) -> dict[Place, int]:
        table: Place = ()
        while (token := self._next) is not None:
            if token.kind == "end":
                self._take()
            elif token.text == "[" and token.kind == "mark":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _take(self) -> _Token:
        token = self._next
        if token is None:
            raise ValueError("This is not TOML")
        self._next = next(self._tokens, None)
        return token

    def _is(self, *marks: str) -> bool:
        return self._next is not None and self._next.kind == "mark" and self._next.text in marks

    def _header(self) -> Place:
        line = self._take().line
        is_list = self._is("[")
        if is_list:
            self._take()
        *before, name = self._keys("]")
        while self._is("]"):
            self._take()
        path: Place = ()
        for key in before:
            path = self._entered((*path, key))
            self._note(path, line)
        path = (*path, name)
        if is_list:
            self._lines.setdefault(path, line)
            self._lists[path] = self._lists.get(path, -1) + 1
        path = self._entered(path)
        self._note(path, line)
        return path

    def _entered(self, path: Place) -> Place:
        return (*path, self._lists[path]) if path in self._lists else path

    def _keys(self, until: str) -> list[str]:
        keys: list[str] = []
        while not self._is(until):
            token = self._take()
            if token.kind == "text":
                keys.append(str(tomllib.loads(f"key = {token.text}")["key"]))
            elif token.kind == "word":
                keys.append(token.text)
        return keys

    def _pair(self, table: Place) -> None:
        line = self._next.line if self._next else 0
        path = table
        for key in self._keys("="):
            path = (*path, key)
            self._note(path, line)
        self._take()
        self._value(path)

    def _note(self, path: Place, line: int) -> None:
        self._lines.setdefault(path, line)

    def _value(self, path: Place) -> None:
        if self._is("["):
            self._list(path)
        elif self._is("{"):
            self._inline_table(path)
        else:
            while self._next is not None and self._next.kind != "end" and not self._is(",", "]", "}"):
                self._take()

    def _list(self, path: Place) -> None:
        self._take()
        place = 0
        while not self._is("]"):
            if self._is(",") or (self._next is not None and self._next.kind == "end"):
                place += self._take().text == ","
            else:
                self._note((*path, place), self._next.line if self._next else 0)
                self._value((*path, place))
        self._take()

    def _inline_table(self, path: Place) -> None:
        self._take()
        while not self._is("}"):
            if self._is(",") or (self._next is not None and self._next.kind == "end"):
                self._take()
            else:
                self._pair(path)
        self._take()


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """Give the line of a place, or of what is around it where it does not stand itself."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return 1


def key_text(place: Place) -> str:
    """Write a place as a person would: `message[0].data`."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in place]
    return "".join(parts).removeprefix(".")
