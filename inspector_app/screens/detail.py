"""DetailPane: what is chosen, looked at in one of four ways, or as documentation or handshake.

Owns which lines are made for what is chosen, and that they are made once. It keeps nothing of the capture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical

from inspector_app.capture.records import ConnectionRow, ExchangeRow, FindingRow, FrameRow, NoteRow, StateRow
from inspector_app.display import formats
from inspector_app.display.json_layout import data_of
from inspector_app.display.json_view import JsonLines
from inspector_app.display.lines import LineSource, Part, TextLines
from inspector_app.screens.lists import EXCHANGE_FRAME_COLUMNS
from inspector_app.viewer.connections import ENDED
from inspector_app.viewer.operations import Operation
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip

Thing = TypeVar("Thing")
Lines = list[list[Part]]

DETAIL_TABS = (Tab("data", "Data"), Tab("frame", "Frame"), Tab("raw", "Raw"), Tab("exchange", "Exchange"))

_NOTHING = "Nothing is chosen: move to a row of the list."
_NO_EXCHANGE = "This frame belongs to no exchange."


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the cursor of the list is on, where it is no frame and no exchange."""

    finding: FindingRow | None = None
    operation: Operation | None = None
    connection: ConnectionRow | None = None
    transition: tuple[StateRow, int | None] | None = None
    """With when its new state was left again; None: not yet."""


class DetailPane(Vertical):
    """The lower or right part of the main screen."""

    DEFAULT_CSS = """
    DetailPane { width: 1fr; height: 1fr; }
    """

    def __init__(self, view: ViewState, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._view = view
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Give tabs, a line of facts, the text, and the list of an exchange's frames."""
        yield TabStrip(DETAIL_TABS, id="details")
        yield InfoLine(id="facts")
        yield DetailView(hint=_NOTHING, id="text")
        yield RowList(EXCHANGE_FRAME_COLUMNS, hint=_NO_EXCHANGE, id="exchange-frames")

    def on_mount(self) -> None:
        """Show the frames of whatever exchange is chosen."""
        self.query_one("#exchange-frames", RowList).set_source(self._view.selection.frames)

    @property
    def focus_target(self) -> DetailView | RowList:
        """What takes the keys: the text, or the list of frames."""
        frames = self.query_one("#exchange-frames", RowList)
        return frames if frames.display else self.query_one("#text", DetailView)

    def refresh_chosen(self, chosen: Chosen) -> None:
        """Show what is chosen now; costs little when it is shown already."""
        view = self._view
        tabbed = view.view not in ("connection", "operations")
        tabs = self.query_one("#details", TabStrip)
        tabs.display = tabbed
        tabs.active = view.detail
        exchange_shown = tabbed and view.detail == "exchange"
        self.query_one("#text").display = not exchange_shown
        frames = self.query_one("#exchange-frames", RowList)
        frames.display = exchange_shown
        self.query_one("#facts", InfoLine).show(self._facts(chosen))
        if exchange_shown:
            self._refresh_exchange(frames)
        else:
            self._refresh_text(chosen)

    def _refresh_exchange(self, frames: RowList) -> None:
        view = self._view
        key: tuple[object, ...] = (
            "exchange",
            view.selection.exchange.id if view.selection.exchange else None,
        )
        if view.view in ("frames", "findings"):
            key = (*key, view.selection.origin)
        if key == self._shown:
            frames.refresh_rows()
            return
        self._shown = key
        frames.hint = _NO_EXCHANGE if view.selection.frame or view.selection.exchange else _NOTHING
        cursor = view.selection.frames.index_of(view.selection.frame.seq) if view.selection.frame else 0
        frames.set_source(view.selection.frames, cursor=cursor)

    def _refresh_text(self, chosen: Chosen) -> None:
        view = self._view
        if view.view == "connection":
            key, make = self._connection_text(chosen)
        elif view.view == "operations":
            key, make = ("operation", chosen.operation), partial(_maybe, operation_lines, chosen.operation)
        else:
            seq = view.selection.frame.seq if view.selection.frame else None
            key, make = (view.detail, seq, chosen.finding), partial(self._frame_text, chosen.finding)
        if key != self._shown:
            same = isinstance(self._shown, tuple) and self._shown[:2] == key[:2]
            self._shown = key
            self.query_one("#text", DetailView).show(make(), keep_place=same)

    def _connection_text(self, chosen: Chosen) -> tuple[tuple[object, ...], Callable[[], LineSource | None]]:
        row = chosen.connection
        if row is None:
            return ("connection", None), lambda: None
        above: Lines = []
        if chosen.transition is not None:
            state, left_ns = chosen.transition
            above = transition_lines(state, self._view.transitions.spent(state, left_ns))
        notes = tuple(self._view.notes_of(row.conn))
        place = (row.conn, chosen.transition[0].id if chosen.transition else None)
        key = ("connection", place, above, row.remote_peer, len(row.handshake), notes)
        capture = str(self._view.reader.path) if self._view.reader else ""
        return key, partial(connection_lines, above, row, notes, capture)

    def _frame_text(self, finding: FindingRow | None) -> LineSource | None:
        raw = self._view.selection.raw()
        lines = frame_lines(raw, self._view.detail) if raw is not None else None
        return finding_lines(finding, lines) if finding is not None else lines

    def _facts(self, chosen: Chosen) -> list[Part]:
        view = self._view
        if view.view == "connection":
            row = chosen.connection
            return [(f"Connection {row.conn}", "emphasis bold"), (f"  {row.address}", "muted")] if row else []
        if view.view == "operations":
            return operation_facts(chosen.operation) if chosen.operation else []
        if view.detail == "exchange":
            return exchange_facts(view.selection.exchange, view.now_ns) if view.selection.exchange else []
        return frame_facts(view.selection.frame) if view.selection.frame else []


def _maybe(make: Callable[[Thing], LineSource], thing: Thing | None) -> LineSource | None:
    return make(thing) if thing is not None else None


class _Stacked:
    """Lines above other lines."""

    def __init__(self, above: LineSource, below: LineSource) -> None:
        self._above = above
        self._below = below

    @property
    def count(self) -> int:
        return self._above.count + self._below.count

    def line(self, index: int) -> Sequence[Part]:
        above = self._above.count
        return self._above.line(index) if index < above else self._below.line(index - above)


def finding_lines(finding: FindingRow, frame: LineSource | None) -> LineSource:
    """Put what a frame broke above what it is."""
    about = TextLines.prose(
        [
            [(f"{finding.rule} ", "severity-warning bold"), (f"protocol {finding.section}", "muted")],
            [(finding.text, "")],
            [],
        ]
    )
    return _Stacked(about, frame) if frame is not None else about


def operation_facts(operation: Operation) -> list[Part]:
    """Tell about an operation on one line."""
    kind = formats.KIND_WORD.get(operation.kind, operation.kind)
    return [(operation.name, "emphasis bold"), (f"  {kind}", "muted")]


def frame_lines(raw: str | bytes, detail: str) -> LineSource:
    """Make the lines of a frame's data, of the whole frame, or of its text as it was on the wire."""
    if detail == "data":
        data = data_of(raw)
        if data is not None:
            return JsonLines(data)
    if detail != "raw":
        return JsonLines(raw)
    if isinstance(raw, bytes):
        return TextLines.plain(raw.decode("utf-8", "backslashreplace"))
    return TextLines.plain(raw)


def frame_facts(frame: FrameRow) -> list[Part]:
    """Tell about a frame on one line what its text does not."""
    parts: list[Part] = [
        (f"#{frame.seq} ", "muted"),
        (f"{formats.DIRECTION_GLYPH[frame.direction]} ", formats.direction_style(frame.direction)),
        (frame.type or "not a frame", f"{formats.type_style(frame.type)} bold"),
        (f"  {formats.size(frame.size_bytes)}", ""),
    ]
    if frame.binary:
        parts.append(("  binary", "severity-warning"))
    if frame.latency_ns is not None:
        parts += [("  answered after ", "muted"), (formats.duration(frame.latency_ns), "")]
    if frame.findings:
        parts.append((f"  {formats.LEVEL_GLYPH['warning']} broke the protocol", "severity-warning"))
    return parts


def exchange_facts(exchange: ExchangeRow, now_ns: int) -> list[Part]:
    """Tell about an exchange on one line how it stands."""
    ended_ns = exchange.ended_ns if exchange.ended_ns is not None else now_ns
    parts: list[Part] = [
        (
            formats.outcome_label(exchange.outcome, exchange.code),
            f"{formats.outcome_style(exchange.outcome)} bold",
        ),
        (f"  {exchange.operation or '(no operation)'}", "emphasis"),
        (f"  {formats.KIND_WORD.get(exchange.kind, exchange.kind)}", "muted"),
        (f"  {formats.duration(ended_ns - exchange.opened_ns)}", ""),
    ]
    if exchange.kind != "request_response":
        parts.append((f"  {exchange.state}", formats.state_style(exchange.state)))
    if exchange.message:
        parts.append((f"  {exchange.message}", formats.outcome_style(exchange.outcome)))
    return parts


def transition_lines(state: StateRow, spent: Part) -> Lines:
    """Lay out a transition: from and to, when, how long the new state lasted, code, and the whole reason."""
    first: list[Part] = [
        (f"{state.old or '-'} → ", "muted"),
        (formats.state_label(state.new), f"{formats.state_style(state.new)} bold"),
        (f"  at {formats.clock(state.time_ns)}", "muted"),
    ]
    if state.new not in ENDED:
        first += [("  for ", "muted"), spent]
    if state.code is not None:
        first += [("  code ", "muted"), (str(state.code), "emphasis")]
    return [first, *([[(state.reason, "")]] if state.reason else []), []]


def connection_lines(above: Lines, row: ConnectionRow, notes: Sequence[NoteRow], capture: str) -> TextLines:
    """Lay out below `above` the notes on a connection, its handshake, and where it is recorded."""
    lines: Lines = list(above)
    lines += [
        [(f"{formats.LEVEL_GLYPH[note.level]} {note.text}", formats.level_style(note.level))]
        for note in notes
    ]
    if notes:
        lines.append([])
    lines += [
        [("Local peer   ", "muted"), (row.local_peer or "-", "")],
        [("Remote peer  ", "muted"), (row.remote_peer or "not known yet", "")],
    ]
    shake = row.handshake
    for key, title in (("remote", "Remote end   "), ("subprotocol", "Subprotocol  ")):
        if shake.get(key):
            lines.append([(title, "muted"), (str(shake[key]), "")])
    for part in ("request", "response"):
        if shake.get(f"{part}_line"):
            lines += [[], [(str(shake[f"{part}_line"]), "emphasis bold")]]
            lines += [_header(pair) for pair in _pairs(shake.get(f"{part}_headers"))]
    lines += [[], [("Capture  ", "muted"), (capture, "")]]
    if not shake:
        lines += [[], [("The handshake was not seen.", "muted")]]
    return TextLines.prose(lines)


def _pairs(headers: object) -> list[object]:
    return headers if isinstance(headers, list) else []


def _header(pair: object) -> list[Part]:
    if isinstance(pair, (list, tuple)) and len(pair) == 2:
        return [(f"{pair[0]}: ", "json-key"), (str(pair[1]), "")]
    return [(str(pair), "")]


def operation_lines(operation: Operation) -> TextLines:
    """Lay out what is known of an operation."""
    lines: Lines = []
    if operation.deprecated:
        lines.append([("! Deprecated: the other side asks not to use it any more.", "severity-warning")])
    doc = operation.doc.strip() or (
        "No documentation."
        if operation.described
        else "Called before in this capture; the other side does not describe it."
    )
    lines += [[(line, "")] for line in doc.split("\n")]
    lines += [[], [("Enter opens the form to call it.", "muted")]]
    for title, schema in (("Parameters", operation.params), ("Returns", operation.returns)):
        if isinstance(schema, Mapping):
            lines += [[], [(f"{title}, as JSON Schema", "emphasis bold")], *_json(schema)]
    return TextLines.prose(lines)


def _json(value: object) -> list[list[Part]]:
    import json

    source = JsonLines(json.dumps(value))
    return [list(source.line(index)) for index in range(source.count)]
