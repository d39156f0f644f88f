"""What the detail says about what is chosen, as lines and parts: facts, findings, handshakes.

Owns the words. It looks at nothing that is not given to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspector_app.capture.records import ConnectionRow, ExchangeRow, FindingRow, FrameRow, NoteRow, StateRow
from inspector_app.display import formats
from inspector_app.display.lines import LineSource, Part, TextLines
from inspector_app.sources.stages import Stage, from_handshake, outcome_word
from inspector_app.viewer.connections import ENDED

Lines = list[list[Part]]


def finding_lines(finding: FindingRow) -> LineSource:
    """Tell what a frame broke."""
    return TextLines.prose(
        [
            [(f"{finding.rule} ", "severity-warning bold"), (f"protocol {finding.section}", "muted")],
            [(finding.text, "")],
            [],
        ]
    )


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
    """Lay out below `above` how far a failed connection got, notes, handshake, and where it is recorded."""
    lines: Lines = [*above, *_stage_lines(from_handshake(row.handshake))]
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


def note_text(note: NoteRow, about: ConnectionRow | None) -> str:
    """Tell a note, and where more is told if it is of a connection that failed."""
    if about is None or note.level != "problem" or not from_handshake(about.handshake):
        return note.text
    return f"{note.text} Connection (4) shows how far it got."


def _stage_lines(stages: Sequence[Stage]) -> Lines:
    lines: Lines = [
        [
            (f"{stage.name:<5}  ", "emphasis" if stage.outcome != "none" else "muted"),
            (f"{outcome_word(stage):<6}  ", _STAGE_STYLE[stage.outcome]),
            (stage.text, "muted" if stage.outcome == "none" else ""),
        ]
        for stage in stages
    ]
    return [*lines, []] if lines else []


_STAGE_STYLE = {"ok": "outcome-ok", "failed": "outcome-error bold", "none": "muted"}


def _pairs(headers: object) -> list[object]:
    return headers if isinstance(headers, list) else []


def _header(pair: object) -> list[Part]:
    if isinstance(pair, (list, tuple)) and len(pair) == 2:
        return [(f"{pair[0]}: ", "json-key"), (str(pair[1]), "")]
    return [(str(pair), "")]
