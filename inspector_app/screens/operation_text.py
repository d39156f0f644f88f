"""What the detail says about an operation: documentation and schemas in words, what the traffic shows.

Owns the words. It looks at nothing that is not given to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from inspector_app.display import formats
from inspector_app.display.json_view import JsonLines
from inspector_app.display.lines import Chained, LineSource, Part, TextLines
from inspector_app.schemas.learned_text import seen, table
from inspector_app.schemas.schema_text import parameter_lines, returned

if TYPE_CHECKING:
    from inspector_app.capture.usage import Usage
    from inspector_app.schemas.drift import Difference
    from inspector_app.schemas.learning import Learned
    from inspector_app.viewer.learning import LearnedOperation
    from inspector_app.viewer.operations import Operation

Lines = list[list[Part]]

_MOST_CODES: Final = 20
_HOW: Final = {
    "out": "Enter opens the form to call it, + shows its frames, X exports it.",
    "in": "The other side calls it here. + shows its frames, X exports it.",
}
_STREAMS: Final = ("request_stream", "stream_stream")


def operation_facts(operation: Operation, usage: Usage | None, age_ns: int) -> list[Part]:
    """Tell about an operation on one line: kind, last use, how quickly it is answered."""
    parts: list[Part] = [
        (f"{formats.DIRECTION_GLYPH[operation.direction]} ", formats.direction_style(operation.direction)),
        (operation.name, "emphasis bold"),
        (f"  {formats.KIND_WORD.get(operation.kind, operation.kind)}", "muted"),
    ]
    if not operation.described:
        parts.append(("  learned", "severity-warning"))
    if usage is None:
        return [*parts, ("  not used", "muted")]
    if usage.typical_ns is not None:
        parts += [("  takes ", "muted"), (formats.duration(usage.typical_ns), "")]
    return [*parts, (f"  used {formats.age(age_ns)} ago in #{usage.last_seq}", "muted")]


def operation_lines(operation: Operation, learned: LearnedOperation | None) -> LineSource:
    """Lay out what is known of an operation; `learned` is None while it is being learned."""
    lines: Lines = []
    if operation.deprecated:
        lines.append([("! Deprecated: the other side asks not to use it any more.", "severity-warning")])
    lines += [[(line, "")] for line in _about(operation).split("\n")]
    lines += [[], [(_HOW[operation.direction], "muted")]]
    lines += _described(operation)
    if learned is None:
        lines += [[], [("learning …", "muted")]]
    else:
        lines += _drift(learned)
        lines += _learned(operation, learned)
    sources: list[LineSource] = [TextLines.prose(lines)]
    for title, schema in (("Parameters", operation.params), ("Returns", operation.returns)):
        if isinstance(schema, Mapping):
            head = TextLines.prose([[], [(f"{title}, as JSON Schema", "emphasis bold")]])
            sources += [head, _json(schema)]
    return Chained(sources)


def _about(operation: Operation) -> str:
    if operation.described:
        return operation.doc.strip() or "No documentation."
    if operation.direction == "in":
        return "Called by the other side: what is told below is learned from the traffic."
    return "Not described by the other side: what is told below is learned from the traffic."


def _described(operation: Operation) -> Lines:
    lines: Lines = []
    if isinstance(operation.params, Mapping):
        told = list(parameter_lines(operation.params))
        lines += [
            [],
            [("Parameters", "emphasis bold")],
            *([[(line, "")] for line in told] or [[("none", "")]]),
        ]
    returns = returned(operation.returns)
    if returns is not None:
        lines += [[], [(f"{_answers(operation)}  ", "emphasis bold"), (returns, "")]]
    return lines


def _answers(operation: Operation) -> str:
    return "Items" if operation.kind in _STREAMS else "Answer"


def _drift(learned: LearnedOperation) -> Lines:
    lines: Lines = []
    for title, found in (("calls", learned.params_drift), ("answers", learned.returns_drift)):
        if found:
            head = f"! {title.capitalize()} differ from the description"
            lines += [[], [(head, "severity-warning bold")], *_differences(found)]
    return lines


def _differences(found: Sequence[Difference]) -> Lines:
    return [
        [
            (f"{each.path} ", "json-key"),
            (each.what, ""),
            (f", in {times(each.count)}, first in #{each.first_seq}", "muted"),
        ]
        for each in found
    ]


def times(count: int) -> str:
    """Say in how many messages something was."""
    return f"{count:,} message{'' if count == 1 else 's'}"


def _learned(operation: Operation, learned: LearnedOperation) -> Lines:
    if not learned.messages:
        return [[], [("No message of it is in this capture.", "muted")]] if not operation.described else []
    lines: Lines = []
    for title, part in (
        ("Call data", learned.params),
        ("Items sent", learned.sent),
        (_answers(operation), learned.returns),
    ):
        lines += _part(title, part)
    if learned.codes:
        total = sum(learned.codes.values())
        lines += [[], [("Errors, ", "emphasis bold"), (f"seen in {times(total)}", "muted")]]
        codes = sorted(learned.codes.items(), key=lambda pair: (-pair[1], pair[0]))
        lines += [
            [(f"{code}  ", "severity-problem"), (f"{count:,}", "")] for code, count in codes[:_MOST_CODES]
        ]
    return lines


def _part(title: str, learned: Learned) -> Lines:
    if not learned.count:
        return []
    rows = table(seen(learned)) or ["no data"]
    head: list[Part] = [(f"{title}, ", "emphasis bold"), (f"seen in {times(learned.count)}", "muted")]
    return [[], head, *([(row, "")] for row in rows)]


def _json(value: object) -> LineSource:
    try:
        return JsonLines(json.dumps(value))
    except RecursionError:
        return TextLines([[("nested too deeply to be shown", "severity-warning")]])
