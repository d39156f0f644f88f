"""`call` and `describe` from options to exit code: what is asked in which order, what is said beside it.

Exit codes: 0 there was an answer, 1 an error, a timeout or no connection, 2 it was asked in a way that cannot
work, 130 and 143 it was given up by Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from inspector_app.calling.catalogue import Catalogue, ask_catalogue
from inspector_app.calling.connecting import Clock, Connection, StagedError, connected
from inspector_app.calling.data import STDIN, object_of, text_of, typed_text
from inspector_app.calling.describing import FORMATS
from inspector_app.calling.exchange import Exchange
from inspector_app.calling.output import Output, ReaderGoneError
from inspector_app.calling.stdin import Stdin
from inspector_app.calling.telling import EXPLAINED, failure_told, hint
from inspector_app.loop import run_loop
from inspector_app.sources.failures import BAD_USAGE, FAILED, SourceError
from inspector_app.sources.first_frame import UNHEARD, ended_unheard
from inspector_app.sources.stages import Stage, lines
from inspector_app.stderr import say, say_below
from slipstream import ConnectionClosedError, RemoteError, RequestTimeoutError, SlipstreamError

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec, MessageKind

OK: Final = 0
GIVEN_UP: Final = 128
"""Exit code: plus the number of the signal that ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAsked:
    """A call as it was asked for; `data` as it was typed, `kind` None: to be found out."""

    spec: ClientSpec
    operation: str
    data: str
    kind: MessageKind | None
    timeout_s: float | None


def run_call(asked: CallAsked) -> int:
    """Call, print the answer, give the exit code. Raises `SourceError` for what was asked wrongly."""
    return run_loop(carry_out(call(asked)))


def run_describe(spec: ClientSpec, *, format_: str) -> int:
    """Print what a server offers in one of `FORMATS`, give the exit code. Raises `SourceError`."""
    return run_loop(carry_out(describe(spec, format_)))


# -- call -------------------------------------------------------------------------------------------------


async def call(asked: CallAsked) -> int:
    """Do what `run_call` does, on a loop that runs already."""
    typed = None if asked.data == STDIN else object_of(*typed_text(asked.data), asked.operation)
    if asked.kind is not None:
        _check_stdin(asked, asked.kind)
    clock, stdin = Clock(asked.timeout_s), Stdin()
    async with Output() as output, connected(asked.spec, clock) as connection:
        calling = _Call(asked, connection, Exchange(connection, output, stdin), clock)
        try:
            await calling.run(typed, stdin)
        except SlipstreamError as error:
            await output.finish()  # what came before stands above the sentence
            await calling.say_failure(error)
            return FAILED
        finally:
            _say_findings(connection)
    return OK


class _Call:
    """A call on an open connection. What the server offers is asked before it, or when that may help."""

    def __init__(self, asked: CallAsked, connection: Connection, exchange: Exchange, clock: Clock) -> None:
        self._asked = asked
        self._connection = connection
        self._exchange = exchange
        self._clock = clock
        self._kind: MessageKind = asked.kind or "request"
        self._catalogue: Catalogue | None = None

    async def run(self, data: dict[str, Any] | None, stdin: Stdin) -> None:
        """Find out the kind, read the data from stdin if need be, and see the exchange to its end."""
        operation = self._asked.operation
        if self._asked.kind is None:
            self._catalogue = await self._ask()
            self._kind = _kind_of(operation, self._catalogue)
            _check_stdin(self._asked, self._kind)
        if data is None:
            data = object_of(await _text_from(stdin, self._clock), "Stdin", operation)
        await self._exchange.run(self._kind, data, self._clock.left_s)

    async def say_failure(self, error: SlipstreamError) -> None:
        """Say how it failed, what may help, and how far a connection got on which nothing was heard."""
        asked = self._asked
        told = failure_told(error, asked.operation, items=self._exchange.items, limit_s=asked.timeout_s)
        may_help = asked.kind is None
        if not may_help and isinstance(error, RemoteError) and error.code in EXPLAINED:
            with suppress(ConnectionClosedError):  # the error that was there before is the one to tell
                self._catalogue, may_help = await self._ask(), True
        helped = hint(error, asked.operation, self._kind, self._catalogue) if may_help else ""
        say(f"{told} {helped}".rstrip())
        _say_stages(_stages_after(error, self._connection))

    async def _ask(self) -> Catalogue | None:
        return await ask_catalogue(self._connection.protocol, timeout_s=self._clock.left_s)


def _check_stdin(asked: CallAsked, kind: MessageKind) -> None:
    if asked.data == STDIN and kind == "bidirectional":
        raise SourceError(
            "--data - reads stdin, which holds the items of a bidirectional stream: give JSON or @file.",
            BAD_USAGE,
        )


def _kind_of(operation: str, catalogue: Catalogue | None) -> MessageKind:
    found = catalogue.find(operation) if catalogue is not None else None
    if found is None:
        return "request"
    if found.deprecated:
        say(f"Warning: {operation!r} is deprecated: the server asks not to use it any more.")
    return found.kind


async def _text_from(stdin: Stdin, clock: Clock) -> str:
    try:
        async with asyncio.timeout(clock.left_s):
            return text_of(await stdin.all(), "Stdin")
    except TimeoutError:
        raise SourceError(f"Stdin did not end within {clock.limit_s:g} s, so nothing was sent.") from None


def _stages_after(error: SlipstreamError, connection: Connection) -> tuple[Stage, ...]:
    """The stages of a connection on which nothing was ever heard."""
    if isinstance(error, ConnectionClosedError):
        return connection.first_frame.stages(ended_unheard(error.code, error.reason or ""))
    return connection.first_frame.stages(UNHEARD) if isinstance(error, RequestTimeoutError) else ()


def _say_findings(connection: Connection) -> None:
    answers = connection.answers
    if answers.first_finding is not None:
        times = "once" if answers.findings == 1 else f"{answers.findings:,} times"
        text = answers.first_finding.text.rstrip(".")[:200]
        say(f"Warning: the server broke the protocol {times}: {text} ({answers.first_finding.section}).")


# -- describe ---------------------------------------------------------------------------------------------


async def describe(spec: ClientSpec, format_: str) -> int:
    """Do what `run_describe` does, on a loop that runs already."""
    async with Output() as output, connected(spec, Clock(None)) as connection:
        connection.answers.watch((connection.protocol.peer_id, connection.protocol.stats().opened_here))
        try:
            catalogue = await ask_catalogue(connection.protocol)
        except ConnectionClosedError as error:
            say(failure_told(error, "slipstream.describe", items=0, limit_s=None))
            _say_stages(_stages_after(error, connection))
            return FAILED
        if catalogue is None:
            say(f"{connection.address} does not describe itself: it answers no `slipstream.describe`.")
            return FAILED
        raw = connection.answers.take(catalogue.raw)
        await FORMATS[format_](output, connection.address, catalogue, raw)
    return OK


# -- both -------------------------------------------------------------------------------------------------

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


async def carry_out(command: Coroutine[Any, Any, int]) -> int:
    """Run a command of this module to its exit code; raises `SourceError` where a sentence is all there is.

    At the first signal it is cancelled, and ends in good order; a second one ends the process.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(command)
    came: list[signal.Signals] = []

    def leave_signals() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def give_up(number: signal.Signals) -> None:
        came.append(number)
        leave_signals()
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, give_up, number)
    try:
        return await task
    except StagedError as failure:
        say(failure.text)
        _say_stages(failure.stages)
        return failure.exit_code
    except ReaderGoneError:
        return OK
    except asyncio.CancelledError:
        if not came:
            raise
        return GIVEN_UP + came[0]
    finally:
        if not came:
            leave_signals()


def _say_stages(stages: tuple[Stage, ...]) -> None:
    say_below(lines(stages))
