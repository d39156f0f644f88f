"""Copying something of what is read: to the clipboard of the terminal, or to a file.

Owns what is copied, how large it may be for a clipboard, and that anything large is written in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError, from_os
from inspector_app.capture.reader import CaptureReader
from inspector_app.display import formats
from inspector_app.display.document import bytes_of, text_of
from inspector_app.display.json_layout import in_one_line, lay_out
from inspector_app.screens.base import notify
from inspector_app.screens.prompts import Prompt
from inspector_app.typed_path import here, typed_path
from inspector_app.whole_file import whole_file

if TYPE_CHECKING:
    from inspector_app.capture.records import ExchangeRow
    from inspector_app.display.json_tree import JsonTree
    from inspector_app.screens.main import MainScreen

COPY_LIMIT = 100_000
"""Bytes; terminals drop longer ones without a word."""

_PORTION = 200


@dataclass(frozen=True, slots=True)
class Copy:
    """Something to take away: what it is called, the file it would be, about its size, and how it is got.

    `parts` may read the capture, by a connection of its own, and raise `CaptureError`.
    """

    name: str
    file: str
    size_bytes: int
    parts: Callable[[], Iterator[bytes]]


def copy_of_text(name: str, text: str) -> Copy:
    """Take a text."""
    data = bytes_of(text)
    return Copy(name, f"{name}.txt", len(data), lambda: iter([data]))


def copy_of_value(tree: JsonTree, index: int) -> Copy:
    """Take a value of a tree: a string without its quotes, anything else as JSON."""

    def parts() -> Iterator[bytes]:
        plain = tree.plain(index)
        yield bytes_of(plain) if plain is not None else lay_out(tree.value(index)).text

    return Copy("value", "value.json", tree.size(index), parts)


def copy_of_frame(reader: CaptureReader, seq: int) -> Copy:
    """Take a message as it was on the wire. Raises `CaptureError`."""
    capture = reader.path

    def parts() -> Iterator[bytes]:
        with closing(CaptureReader(capture)) as own:
            yield bytes_of(own.raw(seq))

    return Copy(f"frame {seq}", f"frame-{seq}.json", reader.raw_size(seq), parts)


def copy_of_exchange(capture: Path, exchange: ExchangeRow, count: int) -> Copy:
    """Take the first `count` frames of an exchange, each as one line of JSON."""

    def parts() -> Iterator[bytes]:
        with closing(CaptureReader(capture)) as reader:
            for first in range(0, count, _PORTION):
                for frame in reader.exchange_frames(exchange.id, first, min(_PORTION, count - first)):
                    yield in_one_line(reader.raw(frame.seq)) + b"\n"

    size_bytes = exchange.bytes_in + exchange.bytes_out
    return Copy(f"exchange {exchange.number}", f"exchange-{exchange.id}.jsonl", size_bytes, parts)


def take(main: MainScreen, copy: Copy) -> None:
    """Copy to the clipboard of the terminal; ask for a file where it is too large for one."""
    data = b""
    if copy.size_bytes <= COPY_LIMIT:
        try:
            for part in copy.parts():
                data += part
                if len(data) > COPY_LIMIT:
                    break
        except CaptureError as error:
            notify(main.app, str(error), "error")
            return
    size_bytes = max(copy.size_bytes, len(data))
    if size_bytes > COPY_LIMIT:
        size = formats.size(size_bytes)
        notify(main.app, f"{size} are too large for a terminal's clipboard: choose a file.", "warning")
        write_copy(main, copy)
        return
    # A lone surrogate cannot be encoded, and would be refused.
    main.app.copy_to_clipboard(text_of(data).encode("utf-8", "backslashreplace").decode())
    notify(main.app, f"Copied: {copy.name}. If the terminal takes no clipboard, W writes it to a file.")


def write_copy(main: MainScreen, copy: Copy) -> None:
    """Ask for a file and write it there."""

    def check(typed: str) -> str:
        if not typed or "\0" in typed:
            return "Type the path of a new file."
        path = typed_path(typed)
        if path.exists():
            return f"{path} exists already: type another name."
        return "" if path.absolute().parent.is_dir() else f"There is no folder {path.parent}: make it first."

    def begin(typed: str | None) -> None:
        if typed:
            work = partial(_write, main, copy, typed_path(typed))
            main.run_worker(work, thread=True, group="copying")

    main.app.push_screen(Prompt(f"Write {copy.name} to", value=str(here() / copy.file), check=check), begin)


def _write(main: MainScreen, copy: Copy, path: Path) -> None:
    """Write, in a thread."""
    try:
        with whole_file(path, is_new=True) as file:
            for part in copy.parts():
                file.write(part)
    except (CaptureError, OSError) as error:
        told = from_os(error, path) if isinstance(error, OSError) else error
        main.app.call_from_thread(notify, main.app, str(told), "error")
    else:
        main.app.call_from_thread(notify, main.app, f"Written to {path}.")
