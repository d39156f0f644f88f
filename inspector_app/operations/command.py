"""What `operations` does: read a capture, learn what is not described, print it.

Owns the formats. Every word may come from a stranger, so lines are printed inert, by `Output`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from inspector_app.calling.output import Output, ReaderGoneError
from inspector_app.capture.redaction import DEFAULT_RULES
from inspector_app.capture.taking import opened
from inspector_app.capture.usage import usage_of
from inspector_app.display import formats
from inspector_app.schemas.learned_text import seen, table
from inspector_app.schemas.schema_text import parameter_lines, returned
from inspector_app.transfer import Bar
from inspector_app.viewer.learning import LearnedOperation, learn
from inspector_app.viewer.offers import Layout, Wish, document, worth_telling
from inspector_app.viewer.operations import MESSAGE_KINDS, Operation, known_operations

if TYPE_CHECKING:
    from inspector_app.capture.redaction import Rules
    from inspector_app.capture.usage import Usage

_DOC_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    capture: Path
    format: str
    examples: bool
    redact: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """All that is known of one operation."""

    operation: Operation
    usage: Usage | None
    learned: LearnedOperation


def run_operations(asked: Asked) -> int:
    """Print the operations of a capture. Raises `CaptureError`, and `SourceError` when stdout is closed."""
    return asyncio.run(_print(asked))


async def _print(asked: Asked) -> int:
    with opened(asked.capture) as reader:
        known = known_operations(reader)
        source = reader.meta().get("source")
    url = str(source.get("url", "")) if isinstance(source, dict) else ""
    try:
        async with Output() as output:
            if asked.format == "text":
                await _print_lines(asked, known, output)
                return 0
            bar = Bar("operations", {"": "Learning"})
            try:
                if asked.format == "json":
                    whole = await _whole(asked, known, bar)
                else:
                    whole = await _document(asked, known, url, bar)
            finally:
                bar.clear()
            await output.document(whole.encode())
    except ReaderGoneError:
        pass  # it has all that it wanted
    return 0


async def _document(asked: Asked, known: Sequence[Operation], url: str, bar: Bar) -> str:
    wish = Wish(
        layout=cast("Layout", asked.format),
        title=asked.capture.name,
        url=url,
        examples=asked.examples,
        rules=_rules(asked),
    )
    given_up = False

    def goes_on(done: int, total: int) -> bool:
        bar.progress("", done, total)
        return not given_up

    try:
        return await asyncio.to_thread(document, asked.capture, worth_telling(known), wish, goes_on)
    finally:
        given_up = True


async def _whole(asked: Asked, known: Sequence[Operation], bar: Bar) -> str:
    whole = []
    for done, each in enumerate(known):
        bar.progress("", done, len(known))
        whole.append(_as_json(await asyncio.to_thread(_learned, asked, each), examples=asked.examples))
    return json.dumps(whole)


async def _print_lines(asked: Asked, known: Sequence[Operation], output: Output) -> None:
    own = worth_telling(known)
    described = sum(each.described for each in own)
    await output.line(
        f"{asked.capture.name}: {len(own):,} operation{'' if len(own) == 1 else 's'}, "
        f"{described:,} described, {len(own) - described:,} learned"
    )
    for each in own:
        # Each as soon as it is known: of many it takes a while.
        told = await asyncio.to_thread(_learned, asked, each)
        for line in ("", *_operation(told, values=asked.examples)):
            await output.line(line)
    reserved = dict.fromkeys(each.name for each in known if each not in own)
    if reserved:
        await output.line("")
        await output.line(f"and of the protocol itself: {', '.join(reserved)[:500]}")


def _learned(asked: Asked, operation: Operation) -> _Told:
    """Tell all that is known of an operation, in a thread."""
    with opened(asked.capture) as reader:
        usage = usage_of(reader, operation.calls)
    return _Told(operation, usage, learn(asked.capture, operation.lesson, _rules(asked)))


def _rules(asked: Asked) -> Rules | None:
    return DEFAULT_RULES if asked.examples and asked.redact else None


# -- as JSON ----------------------------------------------------------------------------------------------


def _as_json(told: _Told, *, examples: bool) -> dict[str, object]:
    operation, learned = told.operation, told.learned
    parts = {"params": learned.params, "items": learned.sent, "returns": learned.returns}
    return {
        "name": operation.name,
        "kind": MESSAGE_KINDS.get(operation.kind, operation.kind),
        "called_by": "this side" if operation.direction == "out" else "other side",
        "described": operation.described,
        "deprecated": operation.deprecated,
        "doc": operation.doc,
        "params": operation.params,
        "returns": operation.returns,
        "last_seq": told.usage.last_seq if told.usage else None,
        "last_ns": told.usage.last_ns if told.usage else None,
        "typical_ns": told.usage.typical_ns if told.usage else None,
        "learned": {
            name: {"messages": part.count, "schema": part.schema(examples=examples)}
            for name, part in parts.items()
            if part.count
        },
        "errors": learned.codes,
        "differences": [asdict(each) for each in (*learned.params_drift, *learned.returns_drift)],
    }


# -- for reading ------------------------------------------------------------------------------------------


def _operation(told: _Told, *, values: bool) -> Iterator[str]:
    operation, learned = told.operation, told.learned
    marks = [
        MESSAGE_KINDS.get(operation.kind, operation.kind),
        "deprecated" if operation.deprecated else "",
        "called by the other side" if operation.direction == "in" else "",
        "" if operation.described else "learned",
    ]
    yield f"{operation.name}  ({', '.join(mark for mark in marks if mark)})"
    doc = operation.doc.strip().splitlines()
    yield from (f"    {line}".rstrip() for line in doc[:_DOC_LINES])
    if operation.described:
        yield from (f"    {line}" for line in parameter_lines(operation.params))
        answer = returned(operation.returns)
        if answer is not None and operation.kind != "fire_and_forget":
            yield f"    {'returns' if operation.kind == 'request_response' else 'items'}: {answer}"
    else:
        yield from _seen(told, values=values)
    yield from _usage(told.usage)
    for title, found in (("calls", learned.params_drift), ("answers", learned.returns_drift)):
        for each in found:
            messages = f"in {each.count:,} message{'' if each.count == 1 else 's'}"
            yield f"    ! {title}: {each.path} {each.what}, {messages}, first in frame {each.first_seq}"


def _seen(told: _Told, *, values: bool) -> Iterator[str]:
    learned = told.learned
    answers = "answers" if told.operation.kind == "request_response" else "items"
    for title, part in (("calls", learned.params), ("items sent", learned.sent), (answers, learned.returns)):
        if part.count:
            yield f"    {title}, {part.count:,} seen:"
            yield from (f"      {line}" for line in table(seen(part, values=values)) or ["no data"])
    if learned.codes:
        yield f"    errors: {', '.join(f'{code} {count:,}' for code, count in sorted(learned.codes.items()))}"


def _usage(usage: Usage | None) -> Iterator[str]:
    if usage is None:
        yield "    not used"
        return
    typical = (
        f", typically takes {formats.duration(usage.typical_ns)}" if usage.typical_ns is not None else ""
    )
    yield f"    last used in frame {usage.last_seq}{typical}"
