"""One stream as it is talked on: its frames, what each side may still send in words, and what is to be sent.

Owns the reading of a file of items, and the lines that were sent before. It sends nothing.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.display import formats
from inspector_app.display.json_check import json_problem
from inspector_app.viewer.frames import ExchangeFrameRows

if TYPE_CHECKING:
    from inspector_app.capture.records import ExchangeRow
    from inspector_app.display.lines import Part
    from inspector_app.standing import ExchangeStanding
    from inspector_app.viewer.state import ViewState

MOST_FILE_BYTES = 64 * 1024 * 1024
MOST_LINES = 200
"""Lines that are kept to be sent again."""
_COUNT_NS = 200_000_000
_SPACE = re.compile(r"[ \t\n\r]*")
_VALUE = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where a value ends; numbers stay text, since those of thousands of digits would be refused."""


class Conversation:
    """The stream with number `exchange_id` in the capture."""

    def __init__(self, view: ViewState, exchange_id: int) -> None:
        self._view = view
        self._id = exchange_id
        self._counted_ns = 0
        self.exchange: ExchangeRow | None = None
        self.standing: ExchangeStanding | None = None
        """As the engine told it last; None: not yet, or it has ended."""
        self.frames = ExchangeFrameRows(view)

    def refresh(self, now_ns: int) -> None:
        """Take over what the capture holds by now. To count frames is done five times a second at most."""
        reader = self._view.reader
        if reader is None or now_ns - self._counted_ns < _COUNT_NS:
            return
        self._counted_ns = now_ns
        try:
            self.exchange = reader.exchange(self._id)
            self.frames.show(self.exchange, reader.exchange_frame_count(self._id))
        except CaptureError as error:
            self._view.report(str(error))

    @property
    def pending(self) -> bool:
        """Whether the stream has not ended."""
        return self.exchange is not None and self.exchange.outcome == "pending"

    @property
    def sending(self) -> bool:
        """Whether this side may send items: its half is open, and items are what it may send."""
        exchange = self.exchange
        return exchange is not None and self.pending and formats.halves(exchange.state)[0] == "open"

    @property
    def headline(self) -> list[Part]:
        """Name the stream and how it stands."""
        exchange = self.exchange
        if exchange is None:
            return [("Waiting for the stream …", "muted")]
        kind = "bidirectional stream" if exchange.kind == "stream_stream" else "stream"
        who = "opened here" if exchange.mine else f"opened by {formats.short_peer(exchange.opener)}"
        state = formats.state_label(exchange.state)
        if not self.pending:
            state = formats.outcome_label(exchange.outcome, exchange.code)
        label = self._view.label(exchange.conn, exchange.opener, exchange.number)
        return [
            (exchange.operation or "(no operation)", "emphasis bold"),
            (f"  {label}  ", formats.direction_style("out" if exchange.mine else "in")),
            (f"{kind}, {who}  ", "muted"),
            (state, formats.state_style(exchange.state)),
            (f"  {exchange.message}", "outcome-error") if exchange.message else ("", ""),
        ]

    @property
    def may(self) -> tuple[list[Part], list[Part]]:
        """Say what this side may still send, and what the other side may."""
        exchange = self.exchange
        if exchange is None:
            return [], []
        if not self.pending:
            return [("The stream has ended: nothing more goes either way.", "muted")], []
        mine, theirs = formats.halves(exchange.state)
        told = self.standing
        if mine == "open":
            out = f"You may send {_items(told.sendable if told else None)}, or end your half."
        else:
            out = "You send no items: your half has ended. You may give the stream up."
        if theirs == "open":
            into = f"The peer may send {_items(told.receivable if told else None)}, end its half or fail."
        else:
            into = "The peer sends no items: its half has ended. It may give the stream up."
        return (
            [("→ ", "dir-out"), (out, "" if mine == "open" else "muted")],
            [("← ", "dir-in"), (into, "" if theirs == "open" else "muted")],
        )


def _items(credit: int | None) -> str:
    if credit is None:
        return "items"
    if credit == 0:
        return "no item before there is credit"
    return f"{formats.count(credit)} item{'' if credit == 1 else 's'} before more credit"


class Lines:
    """What was typed before, to be gone through by up and down."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._at = 0
        self._typing = ""

    def add(self, line: str) -> None:
        """Keep a line as the newest."""
        if not self._lines or self._lines[-1] != line:
            self._lines = [*self._lines, line][-MOST_LINES:]
        self._at, self._typing = len(self._lines), ""

    def step(self, step: int, typed: str) -> str:
        """Go to the line before (-1) or behind (1) what is `typed`; what was being typed is the last one."""
        if self._at == len(self._lines):
            self._typing = typed
        self._at = min(max(0, self._at + step), len(self._lines))
        return self._lines[self._at] if self._at < len(self._lines) else self._typing


def read_items(path: Path) -> list[str]:
    """Read a file of items, as `items_of` gives them. Raises `ValueError` with a sentence."""
    try:
        if not S_ISREG(path.stat().st_mode):  # a pipe that nobody writes to could not be given up
            raise ValueError(f"{path} is no file: type the path of a file of items.")
        with path.open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if len(data) > MOST_FILE_BYTES:
        raise ValueError(f"{path.name} is larger than 64 MiB: split it.")
    try:
        return items_of(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not UTF-8: save it as UTF-8.") from None


def items_of(text: str) -> list[str]:
    """Give the items of a file, as they are written there: of a list its values, else a value a line.

    Raises `ValueError` with a sentence that says where it is none.
    """
    try:
        items = _values_of(text)
    except RecursionError:
        raise ValueError("The file is nested too deeply.") from None
    if items is None:
        return _lines_of(text)
    for number, item in enumerate(items, 1):
        problem = json_problem(item)
        if problem is not None:
            raise ValueError(f"Item {number:,} of the file cannot be sent: {problem.text}.")
    return items


def _values_of(text: str) -> list[str] | None:
    """Give the values of a list, or the one value there is; None for what is neither."""
    start = _space(text, 0)
    if not text.startswith("[", start):
        try:
            end = _VALUE.raw_decode(text, start)[1]
        except ValueError:
            return None
        return [text[start:end]] if _space(text, end) == len(text) else None
    items: list[str] = []
    at = _space(text, start + 1)
    while not text.startswith("]", at):
        try:
            end = _VALUE.raw_decode(text, at)[1]
        except ValueError:
            return None
        items.append(text[at:end])
        at = _space(text, end)
        if text.startswith(",", at):
            at = _space(text, at + 1)
            if not text.startswith("]", at):
                continue
        elif text.startswith("]", at):
            continue
        return None
    return items if _space(text, at + 1) == len(text) else None


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _lines_of(text: str) -> list[str]:
    items = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if json_problem(line) is not None:
            raise ValueError(f"Line {number:,} of the file is no JSON: write a list, or a value a line.")
        items.append(line.strip())
    return items
