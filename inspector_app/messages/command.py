"""`run`: the messages of a collection, one after the other, without a screen.

Owns what is printed, what is written as JUnit XML, and the exit code: 0 when every message passed, 1 when one
failed or there was no connection, 2 for a file that cannot be used, 130 or 143 after Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from inspector_app.calling.command import carry_out
from inspector_app.calling.connecting import StagedError
from inspector_app.display.formats import duration
from inspector_app.display.inert import inert
from inspector_app.messages.collection import Collection, Message, read_collection
from inspector_app.messages.connection import ConnectionCaller
from inspector_app.messages.environments import beside, read_environments
from inspector_app.messages.load import Load, load_object, load_told, put_load
from inspector_app.messages.repeat import Figures
from inspector_app.messages.sequence import Report, Step, run_sequence
from inspector_app.messages.variables import Scope, VariableError
from inspector_app.sources.address import check_url, without_password
from inspector_app.sources.base import inspector_limits
from inspector_app.sources.failures import BAD_USAGE, FAILED, SourceError, connect_failure
from inspector_app.sources.probing import LIMIT_S, find_stages
from inspector_app.sources.tls import tls_context
from inspector_app.stderr import say
from inspector_app.toml_file import TomlError
from slipstream import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from inspector_app.intents import ClientSpec
    from inspector_app.messages.repeat import Pace
    from slipstream import Protocol

_GIVEN_UP = "The run was given up before this one had ended."
_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsked:
    """What was asked for on the command line. `spec.url` may be empty: then the collection says where."""

    collection: Path
    spec: ClientSpec
    environment: str = ""
    environments: Path | None = None
    variables: Mapping[str, str]
    only: Sequence[str] = ()
    keep_going: bool = False
    junit: Path | None = None
    as_json: bool = False
    pace: Pace | None = None
    """Run it so often, and tell how long it took in place of what each message came to."""
    open_timeout_s: float = 10.0


def run_collection(asked: RunAsked) -> int:
    """Run it, and give the exit code. Raises `SourceError` for what cannot be run at all."""
    try:
        return _run_collection(asked)
    except TomlError as error:
        for line in str(error).splitlines():
            say(line)
        return BAD_USAGE


def _run_collection(asked: RunAsked) -> int:
    collection = read_collection(asked.collection)
    messages = _chosen(collection, asked)
    scope = Scope(layers=_layers(collection, asked), environ=os.environ)
    url = asked.spec.url or collection.url
    url = url or str(_from_environment(asked).get("url", ""))
    if not url:
        raise SourceError(
            f'{asked.collection} does not say where to: add url = "ws://…" or give --url.', BAD_USAGE
        )
    try:
        spec = replace(
            asked.spec, url=scope.text(url), token=asked.spec.token and scope.text(asked.spec.token)
        )
    except VariableError as error:
        raise SourceError(str(error), BAD_USAGE) from None
    _check_url(spec.url, scope)
    if asked.pace is not None:
        load = Load({each.name: Figures() for each in messages})
        code = asyncio.run(carry_out(_put_load(load, spec, messages, scope, asked, asked.pace)))
        if code == FAILED:  # there was no connection, as is told
            return code
        lines = [load_object(load)] if asked.as_json else load_told(load)
        print("\n".join(lines), flush=True)  # noqa: T201 - as below
        return code or (0 if load.passed else FAILED)
    steps: list[Step] = []
    code = asyncio.run(carry_out(_run(spec, messages, scope, asked, steps)))
    if code == FAILED:
        return code
    left = messages[len(steps) :]  # there are some where it was given up
    steps += [Step(message=each, result="skipped", problem=_GIVEN_UP) for each in left]
    report = Report(tuple(steps))
    _finish(report, asked, collection, scope)
    return code or (0 if report.passed else FAILED)


def _check_url(url: str, scope: Scope) -> None:
    try:
        check_url(url)
    except SourceError as error:
        raise SourceError(scope.hide(error.text), BAD_USAGE) from None


def _chosen(collection: Collection, asked: RunAsked) -> list[Message]:
    if not collection.message:
        raise SourceError(f"{asked.collection} holds no message: add a [[message]].", BAD_USAGE)
    for name in asked.only:
        if collection.find(name) is None:
            names = ", ".join(repr(each.name) for each in collection.message[:8])
            raise SourceError(f"{asked.collection} has no message {name!r}: it has {names}.", BAD_USAGE)
    return [each for each in collection.message if not asked.only or each.name in asked.only]


def _layers(collection: Collection, asked: RunAsked) -> list[Mapping[str, Any]]:
    return [asked.variables, _from_environment(asked), collection.variables]


def _from_environment(asked: RunAsked) -> Mapping[str, Any]:
    if not asked.environment:
        return {}
    path = asked.environments or beside(asked.collection)
    known = read_environments(path)
    if asked.environment not in known:
        there = f"it has {', '.join(sorted(known))}" if known else "there is none"
        raise SourceError(f"{path} has no environment {asked.environment!r}: {there}.", BAD_USAGE)
    return known[asked.environment]


@contextlib.asynccontextmanager
async def _connected(spec: ClientSpec, asked: RunAsked, scope: Scope) -> AsyncIterator[Protocol]:
    context = tls_context(spec, secure=spec.url.startswith("wss:"))
    async with contextlib.AsyncExitStack() as stack:
        try:
            protocol = await stack.enter_async_context(
                connect(
                    spec.url,
                    headers=spec.headers,
                    token=spec.token,
                    subprotocols=spec.subprotocols,
                    ssl=context,
                    limits=inspector_limits(spec.bad_frames),
                    open_timeout_s=asked.open_timeout_s,
                )
            )
        except Exception as error:
            stages = await find_stages(spec, context, limit_s=LIMIT_S)
            told = scope.hide(connect_failure(error, without_password(spec.url)))
            hidden = [
                replace(each, tried=scope.hide(each.tried), came=scope.hide(each.came)) for each in stages
            ]
            raise StagedError(told, tuple(hidden)) from error
        yield protocol


async def _run(
    spec: ClientSpec, messages: Sequence[Message], scope: Scope, asked: RunAsked, steps: list[Step]
) -> int:
    def told(step: Step) -> None:
        steps.append(step)
        _print_step(step, scope, as_json=asked.as_json)

    async with _connected(spec, asked, scope) as protocol:
        caller = ConnectionCaller(protocol)
        await run_sequence(messages, scope, caller, keep_going=asked.keep_going, on_step=told)
    return 0


async def _put_load(
    load: Load, spec: ClientSpec, messages: Sequence[Message], scope: Scope, asked: RunAsked, pace: Pace
) -> int:
    async with _connected(spec, asked, scope) as protocol:
        caller = ConnectionCaller(protocol)
        await put_load(load, messages, scope, caller, pace, keep_going=asked.keep_going)
    return 0


def _print_step(step: Step, scope: Scope, *, as_json: bool) -> None:
    if as_json:
        line = json.dumps(_step_told(step, scope), ensure_ascii=True)
    else:
        took = step.answer.duration_ns if step.answer is not None else None
        line = f"{_SIGNS[step.result]} {inert(step.message.name)}"
        line += f"  {duration(took)}" if took is not None else ""
        line += "".join(f"\n    {inert(scope.hide(reason))}" for reason in step.reasons)
    print(line, flush=True)  # noqa: T201 - lines on stdout are what a run without a screen is for


def _step_told(step: Step, scope: Scope) -> dict[str, Any]:
    answer = step.answer
    return {
        "name": step.message.name,
        "result": step.result,
        "outcome": answer.outcome if answer else None,
        "latency_ms": answer.latency_ns / 1e6 if answer and answer.latency_ns is not None else None,
        "duration_ms": answer.duration_ns / 1e6 if answer and answer.duration_ns is not None else None,
        "reasons": [scope.hide(reason) for reason in step.reasons],
    }


def _finish(report: Report, asked: RunAsked, collection: Collection, scope: Scope) -> None:
    counts = [
        f"{report.count(result)} {result}"
        for result in ("passed", "failed", "skipped")
        if report.count(result)
    ]
    if not asked.as_json:
        print(", ".join(counts), flush=True)  # noqa: T201 - as above
    if asked.junit is None:
        return
    from inspector_app.messages.junit import junit_xml

    text = junit_xml(report, suite=collection.name or asked.collection.stem, hide=scope.hide)
    try:
        asked.junit.write_text(text, encoding="utf-8")
    except OSError as error:
        say(f"{asked.junit} cannot be written ({error.strerror or error}): the run itself is told above.")
        sys.exit(FAILED)
