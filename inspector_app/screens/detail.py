"""DetailPane: what is chosen, looked at in one of four ways, or as documentation or handshake.

Owns which lines are made for what is chosen, and that they are made once. It keeps nothing of the capture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from inspector_app.capture.records import ConnectionRow, ExchangeRow, FindingRow, FrameRow
from inspector_app.display import formats
from inspector_app.display.json_view import JsonLines, data_of
from inspector_app.display.lines import LineSource, Part, TextLines
from inspector_app.screens.lists import EXCHANGE_FRAME_COLUMNS
from inspector_app.viewer.operations import Operation
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip

DETAIL_TABS = (Tab("data", "Data"), Tab("frame", "Frame"), Tab("raw", "Raw"), Tab("exchange", "Exchange"))

_NOTHING = "Nothing is chosen.\nMove to a row of the list."
_NO_EXCHANGE = "This frame belongs to no exchange."


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
        self.query_one("#exchange-frames", RowList).set_source(self._view.exchange_frames)

    @property
    def focus_target(self) -> DetailView | RowList:
        """What takes the keys: the text, or the list of frames."""
        frames = self.query_one("#exchange-frames", RowList)
        return frames if frames.display else self.query_one("#text", DetailView)

    def refresh_chosen(self, finding: FindingRow | None, operation: Operation | None) -> None:
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
        self.query_one("#facts", InfoLine).show(self._facts(finding, operation))
        if exchange_shown:
            self._refresh_exchange(frames)
        else:
            self._refresh_text(operation)

    def _refresh_exchange(self, frames: RowList) -> None:
        view = self._view
        chosen: tuple[object, ...] = ("exchange", view.exchange.id if view.exchange else None)
        if view.view in ("frames", "findings") and view.frame is not None:
            chosen = (*chosen, view.frame.seq)
        if chosen != self._shown:
            self._shown = chosen
            frames.hint = _NO_EXCHANGE if view.frame or view.exchange else _NOTHING
            cursor = view.exchange_frames.index_of(view.frame.seq) if view.frame else 0
            frames.set_source(view.exchange_frames, cursor=cursor)
        else:
            frames.refresh_rows()

    def _refresh_text(self, operation: Operation | None) -> None:
        view = self._view
        text = self.query_one("#text", DetailView)
        if view.view == "connection":
            row = view.current_connection
            notes = tuple(note.text for note in view.notes_of(row.conn)) if row else ()
            chosen: object = (
                "connection",
                row.conn if row else None,
                str(row.handshake) if row else "",
                notes,
            )
            lines: LineSource | None = connection_lines(row, notes) if row else None
        elif view.view == "operations":
            chosen = "operation", operation
            lines = operation_lines(operation) if operation else None
        else:
            chosen = view.detail, view.frame.seq if view.frame else None
            lines = None
        if chosen == self._shown:
            return
        same_sort = (
            isinstance(self._shown, tuple) and isinstance(chosen, tuple) and self._shown[:2] == chosen[:2]
        )
        self._shown = chosen
        if view.view not in ("connection", "operations"):
            raw = view.raw()
            lines = frame_lines(raw, view.detail) if raw is not None else None
        text.show(lines, keep_place=same_sort)

    def _facts(self, finding: FindingRow | None, operation: Operation | None) -> list[Part]:
        view = self._view
        if view.view == "connection":
            row = view.current_connection
            return (
                [("Handshake of connection ", "muted"), (str(row.conn), ""), (f"  {row.address}", "muted")]
                if row
                else []
            )
        if view.view == "operations":
            return (
                [
                    (operation.name, "emphasis bold"),
                    (f"  {formats.KIND_WORD.get(operation.kind, operation.kind)}", "muted"),
                ]
                if operation
                else []
            )
        if view.view == "findings" and finding is not None:
            return [(f"{finding.rule} {finding.section}  ", "severity-warning"), (finding.text, "")]
        if view.detail == "exchange":
            return exchange_facts(view.exchange, view.now_ns) if view.exchange else []
        return frame_facts(view.frame) if view.frame else []


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


def connection_lines(row: ConnectionRow, notes: Sequence[str]) -> TextLines:
    """Lay out the notes on a connection and its handshake."""
    lines: list[list[Part]] = [[(f"✗ {note}", "severity-problem")] for note in notes]
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
    if not shake:
        lines += [[], [("The handshake was not seen.", "muted")]]
    return TextLines(lines)


def _pairs(headers: object) -> list[object]:
    return headers if isinstance(headers, list) else []


def _header(pair: object) -> list[Part]:
    if isinstance(pair, (list, tuple)) and len(pair) == 2:
        return [(f"{pair[0]}: ", "json-key"), (str(pair[1]), "")]
    return [(str(pair), "")]


def operation_lines(operation: Operation) -> TextLines:
    """Lay out what is known of an operation."""
    lines: list[list[Part]] = []
    if operation.deprecated:
        lines.append([("! Deprecated: the other side asks not to use it any more.", "severity-warning")])
    doc = operation.doc.strip() or (
        "No documentation."
        if operation.described
        else "Seen in this capture; the other side does not describe it."
    )
    lines += [[(line, "")] for line in doc.split("\n")]
    lines += [[], [("Enter opens the form to call it.", "muted")]]
    for title, schema in (("Parameters", operation.params), ("Returns", operation.returns)):
        if isinstance(schema, Mapping):
            lines += [[], [(f"{title}, as JSON Schema", "emphasis bold")], *_json(schema)]
    return TextLines(lines)


def _json(value: object) -> list[list[Part]]:
    import json

    source = JsonLines(json.dumps(value))
    return [list(source.line(index)) for index in range(source.count)]
