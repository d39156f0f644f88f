"""Taking a capture away: from the file to an export, whole or not at all.

Owns where an export is written, that no half of one is left behind, and what is told about it. What is taken
is the excerpt's matter, how it is written the format's.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.excerpt import EVERYTHING, Excerpt, Progress, Selection
from inspector_app.capture.formats.known import STDOUT, Format
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.tidying import tidy
from inspector_app.whole_file import replace_file, whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inspector_app.capture.redaction import Rules, Told


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """Raised by a progress function to end the work; nothing is left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export came to."""

    frames: int
    told: Told


def export_capture(
    capture: Path,
    output: str,
    format_: Format,
    *,
    selection: Selection = EVERYTHING,
    rules: Rules | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a capture, or what `selection` takes of it, to a file, or to stdout for `-`.

    With `rules`, secrets are replaced; with None nothing is. The file appears whole or not at all, readable
    by the user alone. Raises `CaptureError`, and what `progress` raises.
    """
    write = format_.writer()
    with opened(capture) as reader:
        target = Path(output)
        if output != STDOUT and target.exists() and target.samefile(capture):
            raise CaptureError(f"{output} is the capture itself: give -o another name.")
        excerpt = excerpt_of(reader, selection, rules, progress)
        return export_excerpt(excerpt, output, write)


@contextlib.contextmanager
def opened(capture: Path) -> Iterator[CaptureReader]:
    """Open a capture for what follows; of one whose writer was killed, a plain file is made first."""
    tidy(capture)
    reader = CaptureReader(capture)
    try:
        yield reader
    finally:
        reader.close()


def excerpt_of(
    reader: CaptureReader, selection: Selection, rules: Rules | None, progress: Progress | None = None
) -> Excerpt:
    """Take an excerpt; with `rules` the secrets in it are looked for, which goes through all of it."""
    if rules is None:
        return Excerpt(reader, selection, None, progress)
    from inspector_app.capture.redaction import Redactor

    return Excerpt(reader, selection, Redactor(rules), progress)


def export_excerpt(excerpt: Excerpt, output: str, write: Callable[[Excerpt, BinaryIO], None]) -> Exported:
    """Write an excerpt to a file or to stdout. Raises `CaptureError`."""
    if "\0" in output:
        raise CaptureError("A name of a file has no NUL in it: type another one.")
    excerpt.begin()
    if output == STDOUT:
        with open(sys.stdout.fileno(), "wb", closefd=False, buffering=1 << 20) as stream:
            write(excerpt, stream)
    else:
        try:
            with whole_file(Path(output)) as stream:
                write(excerpt, stream)
        except OSError as error:
            raise CaptureError(
                f"Cannot write {output} ({error.strerror or error}): give -o another place."
            ) from error
    return Exported(frames=excerpt.frames, told=excerpt.told)


def write_text(target: Path, text: str) -> None:
    """Write a text to a file, which is there whole or not at all. Raises `CaptureError`."""
    try:
        replace_file(target, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise CaptureError(
            f"Cannot write {target} ({error.strerror or error}): choose another place."
        ) from error
