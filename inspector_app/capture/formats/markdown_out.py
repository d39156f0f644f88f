"""From an excerpt to a report in Markdown. Owns the escaping: no text from the wire becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from inspector_app.capture.formats import report as told

if TYPE_CHECKING:
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt

_MARKUP = re.compile(r"[\\`*_\[\]<>|&~$^@#]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What would be markup, or a link by itself; at the beginning of a line nothing from the wire stands."""
_LONGEST_MESSAGE = 240


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write a report. Raises what the excerpt and `out` raise."""
    report = told.gather(excerpt, _LONGEST_MESSAGE)
    out.writelines(f"{line}\n".encode() for line in _lines(report))


def _lines(report: told.Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield ""
    yield from _table(("", ""), told.overview(report))
    yield from _section("Redaction", [f"- {escaped(line)}" for line in report.redaction])
    if report.left_out:
        yield from _section("Left out of this report", [f"- {escaped(each)}" for each in report.left_out])
    for title, heads, rows in (
        ("Connections", ("", "Role", "Address", "State", "Opened", "Why"), told.connection_rows(report)),
        ("Findings", ("Frame", "Rule", "Section", "What"), told.finding_rows(report)),
        ("Marks", ("Frame", "Made", "Note"), told.mark_rows(report)),
        ("Frames by type", ("Direction", "Type", "Count"), told.type_rows(report)),
        ("Frames by operation", ("Operation", "Count"), told.operation_rows(report)),
        (
            "Exchanges",
            ("", "Frame", "Direction", "Kind", "Operation", "Outcome", "Took", "Items"),
            told.exchange_rows(report),
        ),
        ("What happened besides", ("Time", "Connection", "What"), told.event_rows(report)),
        ("Frames", ("", "Time", "", "Type", "Exchange", "Operation", "Size", "Message"), _frames(report)),
    ):
        yield from _section(title, _table(heads, rows))


def _frames(report: told.Report) -> Iterable[Sequence[str]]:
    for frame in report.shown:
        yield (
            str(frame.seq),
            told.moment(frame.time_ns),
            frame.direction,
            told.text(frame.type or "(no frame)"),
            "" if frame.exchange is None else f"#{frame.exchange}",
            told.text(frame.operation or "", 80),
            f"{frame.size_bytes:,}",
            str(frame.raw),
        )


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield from lines


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    empty = True
    for row in rows:
        if empty:
            yield f"| {' | '.join(heads)} |"
            yield f"|{' --- |' * len(heads)}"
            empty = False
        yield f"| {' | '.join(map(escaped, row))} |"
    if empty:
        yield "None."


def escaped(text: str) -> str:
    """Write a text so that Markdown shows it as it is: no markup, link, image or HTML comes of it."""
    return _MARKUP.sub(r"\\\g<0>", text)
