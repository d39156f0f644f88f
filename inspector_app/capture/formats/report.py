"""What a report for people tells of an excerpt: counts of all of it, and the beginning of every list.

Owns the bounds, so that the report of a million frames can be opened, and the words for what was left out.
How it looks is the matter of `markdown_out` and `html_out`; every text it gives is inert, and cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inspector_app.capture.excerpt import Frame
from inspector_app.capture.records import FindingRow, Mark, NoteRow, SettledRow, StateRow
from inspector_app.capture.times import believed_ns, to_iso
from inspector_app.display.inert import inert

if TYPE_CHECKING:
    from inspector_app.capture.excerpt import Excerpt
    from inspector_app.capture.happenings import Event
    from inspector_app.capture.records import ConnectionRow, ExchangeRow

MOST_FRAMES = 1000
MOST_ARROWS = 150
MOST_EXCHANGES = 500
MOST_FINDINGS = 500
MOST_MARKS = 500
MOST_CONNECTIONS = 50
MOST_EVENTS = 200
MOST_OPERATIONS = 100
LONGEST_RAW = 2000
LONGEST_TEXT = 300

_MOST_NAMES = 10_000
"""Operations that are counted by name."""


@dataclass(slots=True)
class Report:
    """All that is told. Lists hold their first members; `left_out` says of which not all."""

    title: str
    started: str
    software: str
    source: str
    selection: str
    redaction: list[str]
    longest_raw: int
    frames: int = 0
    cut: int = 0
    """How many of the messages that are shown are not shown to their end."""
    bytes_in: int = 0
    bytes_out: int = 0
    types: Counter[tuple[str, str]] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    first_ns: int = 0
    last_ns: int = 0
    connections: list[ConnectionRow] = field(default_factory=list)
    exchanges: list[ExchangeRow] = field(default_factory=list)
    findings: list[FindingRow] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    shown: list[Frame] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def gather(excerpt: Excerpt, longest_raw: int | None = None) -> Report:
    """Go through an excerpt; of a message come `longest_raw` characters at most. Raises what it raises."""
    meta = excerpt.meta()
    report = Report(
        title="Slipstream capture",
        started=moment(believed_ns(meta.get("created_ns"))),
        software=text(str(meta.get("software") or "")),
        source=_source(meta.get("source")),
        selection=_selection(excerpt),
        redaction=[],
        longest_raw=LONGEST_RAW if longest_raw is None else longest_raw,
    )
    numbers = _Numbers()
    for items in excerpt.portions():
        for item in items:
            if isinstance(item, Frame):
                _count(report, item)
                numbers.add(item.exchange)
            elif isinstance(item, FindingRow):
                numbers.findings += 1
                if len(report.findings) < MOST_FINDINGS:
                    report.findings.append(item)
            elif isinstance(item, Mark):
                numbers.marks += 1
                if len(report.marks) < MOST_MARKS:
                    report.marks.append(item)
            elif isinstance(item, (StateRow, NoteRow, SettledRow)):
                numbers.events += 1
                if len(report.events) < MOST_EVENTS:
                    report.events.append(item)
    _add_connections(report, excerpt)
    found = (excerpt.exchange(number) for number in numbers.first)
    report.exchanges = [row for row in found if row is not None]
    _say_what_is_missing(report, numbers)
    report.redaction = [text(line) for line in excerpt.told.report()]
    return report


class _Numbers:
    """Exchanges in the order they are met, each once: the first by number, the others by count."""

    def __init__(self) -> None:
        self.first: dict[int, None] = {}
        self.exchanges = 0
        self.findings = 0
        self.events = 0
        self.marks = 0
        self.connections = 0
        self._newest = 0

    def add(self, number: int | None) -> None:
        if number is None:
            return
        if number > self._newest:  # numbers are given as exchanges open
            self._newest = number
            self.exchanges += 1
            if len(self.first) < MOST_EXCHANGES:
                self.first[number] = None
        elif len(self.first) < MOST_EXCHANGES and number not in self.first:
            self.exchanges += 1
            self.first[number] = None


def _count(report: Report, frame: Frame) -> None:
    report.frames += 1
    if frame.direction == "in":
        report.bytes_in += frame.size_bytes
    else:
        report.bytes_out += frame.size_bytes
    report.types[frame.direction, frame.type or "(no frame)"] += 1
    if frame.operation is not None and (
        len(report.operations) < _MOST_NAMES or frame.operation in report.operations
    ):
        report.operations[frame.operation] += 1
    report.first_ns = report.first_ns or frame.time_ns
    report.last_ns = max(report.last_ns, frame.time_ns)
    if len(report.shown) < MOST_FRAMES:
        raw = _beginning(frame.raw, report.longest_raw)
        report.cut += len(frame.raw) > report.longest_raw
        report.shown.append(frame._replace(raw=raw))


def _beginning(raw: str | bytes, longest: int) -> str:
    start = raw[:longest]
    text = inert(start if isinstance(start, str) else start.decode("utf-8", "backslashreplace"))
    unit = "characters" if isinstance(raw, str) else "bytes"
    return text if len(raw) <= longest else f"{text} … ({len(raw):,} {unit})"


def _add_connections(report: Report, excerpt: Excerpt) -> None:
    found = excerpt.connections()
    report.connections = found[:MOST_CONNECTIONS]
    if len(found) > MOST_CONNECTIONS:
        report.left_out.append(f"{len(found) - MOST_CONNECTIONS:,} of {len(found):,} connections")


def _say_what_is_missing(report: Report, numbers: _Numbers) -> None:
    for what, there, shown in (
        ("exchanges", numbers.exchanges, len(report.exchanges)),
        ("findings", numbers.findings, len(report.findings)),
        ("marks", numbers.marks, len(report.marks)),
        ("transitions, settlements and notes", numbers.events, len(report.events)),
        ("operations", len(report.operations), min(len(report.operations), MOST_OPERATIONS)),
        ("frames", report.frames, len(report.shown)),
        ("arrows of the diagram", report.frames, min(report.frames, MOST_ARROWS)),
    ):
        if there > shown:
            report.left_out.append(f"{there - shown:,} of {there:,} {what}")
    if report.cut:
        frames = "1 frame" if report.cut == 1 else f"{report.cut:,} frames"
        report.left_out.append(f"what is beyond {report.longest_raw:,} characters of {frames}")


def _source(source: object) -> str:
    if not isinstance(source, dict):
        return ""
    told = [source.get("kind"), source.get("url") or source.get("host"), source.get("port")]
    return text(" ".join(str(part) for part in told if part))


def _selection(excerpt: Excerpt) -> str:
    selection = excerpt.selection
    told: list[str] = []
    if excerpt.filter:
        told.append(f"frames that match {text(excerpt.filter)}")
    if selection.exchanges:
        told.append(f"{len(selection.exchanges):,} chosen exchanges")
    if selection.frames:
        told.append(f"{len(selection.frames):,} chosen frames")
    return " and ".join(told) or "everything"


# -- words and figures, for both reports --------------------------------------------------------------------


def text(value: str, longest: int = LONGEST_TEXT) -> str:
    """Make a text inert and cut it."""
    return inert(value if len(value) <= longest else value[: longest - 1] + "…")


def moment(time_ns: int) -> str:
    """Write a time to the millisecond."""
    return to_iso(time_ns)[:-7].replace("T", " ")


def since(time_ns: int, start_ns: int) -> str:
    """Write a time since the start, in seconds."""
    return f"{(time_ns - start_ns) / 1e9:+.3f} s"


def duration(start_ns: int, end_ns: int | None) -> str:
    """Write how long something took."""
    return "" if end_ns is None else f"{(end_ns - start_ns) / 1e6:,.1f} ms"


def request_id(opener: str | None, number: int | None) -> str:
    """Write the `requestId` of a frame, the opener by its first characters."""
    return "" if opener is None else f"{text(opener[:8])}/{'' if number is None else number}"


def outcome(row: ExchangeRow) -> str:
    """Write how an exchange ended."""
    return " ".join(part for part in (row.outcome, text(row.code or "", 60), text(row.message, 120)) if part)


def event_text(event: Event) -> str:
    """Write what happened besides frames."""
    if isinstance(event, StateRow):
        code = "" if event.code is None else f" ({event.code})"
        return text(f"{event.old} → {event.new}{code} {event.reason}".strip())
    if isinstance(event, NoteRow):
        return text(f"{event.level}: {event.text}")
    return text(f"{event.opener[:8]}/{event.number} ended here: {event.outcome} {event.message}".strip())


def overview(report: Report) -> list[tuple[str, str]]:
    """Give the facts at the top."""
    span = (report.last_ns - report.first_ns) / 1e9 if report.frames else 0.0
    return [
        ("Recorded", report.started),
        ("By", report.software),
        ("Source", report.source),
        ("Selected", report.selection),
        ("Frames", f"{report.frames:,} in {span:,.3f} s"),
        ("Bytes on the wire", f"{report.bytes_in:,} in, {report.bytes_out:,} out"),
    ]


def type_rows(report: Report) -> Iterable[Sequence[str]]:
    """Give direction, type and count, most frequent first."""
    return [
        (direction, text(kind), f"{count:,}") for (direction, kind), count in report.types.most_common(50)
    ]


def operation_rows(report: Report) -> Iterable[Sequence[str]]:
    """Give operation and count of frames, most frequent first."""
    return [(text(name, 80), f"{count:,}") for name, count in report.operations.most_common(MOST_OPERATIONS)]


def connection_rows(report: Report) -> Iterable[Sequence[str]]:
    """Give number, role, address, state and how it came to it."""
    return [
        (
            str(row.conn),
            row.role,
            text(row.address),
            text(row.state),
            moment(row.opened_ns),
            text(f"{'' if row.code is None else row.code} {row.reason}".strip()),
        )
        for row in report.connections
    ]


def exchange_rows(report: Report) -> Iterable[Sequence[str]]:
    """Give of each exchange its number, opening frame, kind, operation, and how and when it ended."""
    return [
        (
            f"#{row.id}",
            str(row.opened_seq),
            "out" if row.mine else "in",
            row.kind,
            text(row.operation or "", 80),
            outcome(row),
            duration(row.opened_ns, row.ended_ns),
            f"{row.items_in:,} in, {row.items_out:,} out",
        )
        for row in report.exchanges
    ]


def finding_rows(report: Report) -> Iterable[Sequence[str]]:
    """Give frame, rule, section of the protocol and text of each finding."""
    return [
        ("" if row.seq is None else str(row.seq), text(row.rule), text(row.section), text(row.text))
        for row in report.findings
    ]


def mark_rows(report: Report) -> Iterable[Sequence[str]]:
    """Give frame, time and note of each mark."""
    return [(str(mark.seq), moment(mark.made_ns), text(mark.note)) for mark in report.marks]


def event_rows(report: Report) -> Iterable[Sequence[str]]:
    """Give time, connection and text of each transition, settlement and note."""
    return [
        (moment(each.time_ns), "" if each.conn is None else str(each.conn), event_text(each))
        for each in report.events
    ]
