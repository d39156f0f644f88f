"""From an excerpt to a report in one HTML file: facts, sequence diagram, exchanges, findings, frames.

Owns the page: it holds no script, asks for nothing from anywhere, and says so itself in a policy that a
browser enforces. Every text from the wire is inert and escaped. What is told is `report`'s matter.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from inspector_app.capture.formats import report as told
from inspector_app.capture.formats.sequence import diagram

if TYPE_CHECKING:
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #777; }
:root { --out: #0969da; --in: #1a7f37; --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --out: #6cb6ff; --in: #57ab5a; --bad: #f47067; } }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; }
tr { border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
td { overflow-wrap: anywhere; }
code, pre, svg text { font-family: ui-monospace, monospace; font-size: 12px; }
pre { white-space: pre-wrap; margin: 0; }
svg { max-width: 100%; height: auto; } svg text { fill: currentColor; }
.life { stroke: var(--line); } .soft { fill: var(--soft); color: var(--soft); }
.out { stroke: var(--out); } .in { stroke: var(--in); } .bad { stroke: var(--bad); }
.tip-out { fill: var(--out); } .tip-in { fill: var(--in); } .tip-bad { fill: var(--bad); }
.arrow { fill: none; stroke-width: 1.4; }
tr:target { outline: 2px solid var(--out); }
"""

_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write a report. Raises what the excerpt and `out` raise."""
    out.writelines(part.encode() for part in _page(told.gather(excerpt)))


def _page(report: told.Report) -> Iterator[str]:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(digest=digest)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(report.title)}</h1>\n"
    )
    yield from _table(("", ""), told.overview(report))
    yield from _section("Redaction", _list(report.redaction))
    if report.left_out:
        yield from _section("Left out of this report", _list(report.left_out))
    yield from _section("Sequence", ['<div class="wide">', *diagram(report), "</div>"])
    for title, heads, rows in (
        ("Findings", ("Frame", "Rule", "Section", "What"), told.finding_rows(report)),
        ("Marks", ("Frame", "Made", "Note"), told.mark_rows(report)),
        (
            "Exchanges",
            ("", "Frame", "Direction", "Kind", "Operation", "Outcome", "Took", "Items"),
            told.exchange_rows(report),
        ),
        ("Connections", ("", "Role", "Address", "State", "Opened", "Why"), told.connection_rows(report)),
        ("Frames by type", ("Direction", "Type", "Count"), told.type_rows(report)),
        ("Frames by operation", ("Operation", "Count"), told.operation_rows(report)),
        ("What happened besides", ("Time", "Connection", "What"), told.event_rows(report)),
    ):
        yield from _section(title, _table(heads, rows))
    yield from _section("Frames", _frames(report))
    yield "</body>\n</html>\n"


def _section(title: str, parts: Iterable[str]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2>\n"
    yield from parts


def _list(lines: Iterable[str]) -> Iterator[str]:
    yield "<ul>\n"
    for line in lines:
        yield f"<li>{escape(line)}</li>\n"
    yield "</ul>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        yield "<p>None.</p>\n"
        return
    yield '<div class="wide"><table>\n'
    yield _heads(heads)
    for row in rows:
        cells = (
            f'<a href="#frame-{cell}">{cell}</a>' if head == "Frame" and cell.isdecimal() else escape(cell)
            for head, cell in zip(heads, row, strict=True)
        )
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"
    yield "</table></div>\n"


def _heads(heads: Sequence[str]) -> str:
    if not any(heads):
        return ""
    return f"<tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>\n"


def _frames(report: told.Report) -> Iterator[str]:
    yield '<div class="wide"><table>\n'
    yield _heads(("", "Time", "", "Type", "Exchange", "Operation", "Size", "Message"))
    for frame in report.shown:
        exchange = "" if frame.exchange is None else f"#{frame.exchange}"
        cells = (
            told.moment(frame.time_ns)[11:],
            frame.direction,
            told.text(frame.type or "(no frame)"),
            exchange,
            told.text(frame.operation or "", 80),
            f"{frame.size_bytes:,}",
        )
        yield f'<tr id="frame-{frame.seq}"><td>{frame.seq}</td>'
        yield "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        yield f"<td><pre>{escape(str(frame.raw))}</pre></td></tr>\n"
    yield "</table></div>\n"
