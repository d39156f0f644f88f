"""One side of a run: makes its calls of the plan, answers those of the other side, and keeps its own log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, suppress
from itertools import islice
from typing import Any

from slipstream import (
    BiStreamHandle,
    HandlerError,
    Protocol,
    ProtocolHandler,
    SlipstreamError,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)
from tests.sim.history import History, Part, told
from tests.sim.plan import FRAME_BYTES, Call, Failure, Kind, Leaving, Plan, Style

_BLOCKS = (Leaving.BLOCK, Leaving.FAILING_BLOCK)
_OF_ANOTHER_KIND = {
    Kind.UNARY: Kind.STREAM,
    Kind.STREAM: Kind.BIDI,
    Kind.BIDI: Kind.NOTE,
    Kind.NOTE: Kind.UNARY,
}
_BEFORE_ANSWERING = (Failure.MISSING, Failure.WRONG_KIND)


class WalkoutError(Exception):
    """What a program raises in a block that it leaves early."""


def item(call: Call, way: str, index: int) -> str | None:
    """What is sent as the item of this index, `there` or `back`; every fourth or so is null."""
    if (call.number + index) % 4 == 3:
        return None
    return f"{call.number} {way} {index} {'.' * call.padding}"


def items(call: Call, way: str, count: int) -> Iterator[str | None]:
    """The first items of one direction of a call."""
    return (item(call, way, index) for index in range(count))


def answer_to(call: Call) -> str:
    """The result of a unary call."""
    return f"answer to {call.number} {'.' * call.padding}"


def operation_of(call: Call) -> str:
    """The operation that a call names: the wrong one where it is to fail so."""
    if call.answering.failure is Failure.MISSING:
        return "missing"
    return (_OF_ANOTHER_KIND[call.kind] if call.answering.failure is Failure.WRONG_KIND else call.kind).value


async def pause(seconds: float) -> None:
    """Let time pass, if any is to pass."""
    if seconds > 0:
        await asyncio.sleep(seconds)


class Party:
    """One side's programs. `protocol` is given once it is made."""

    protocol: Protocol

    def __init__(self, side: str, plan: Plan, history: History) -> None:
        self.side = side
        self._plan = plan
        self._history = history
        self._asking = {
            Kind.UNARY: self._ask_unary,
            Kind.STREAM: self._ask_stream,
            Kind.BIDI: self._ask_bidi,
            Kind.NOTE: self._ask_note,
        }

    # -- asking -------------------------------------------------------------------------------------------

    async def ask(self, call: Call) -> None:
        """Make a call, and log the one ending that it has."""
        loop = asyncio.get_running_loop()
        part = self._history.begin(call.number, self.side, asks=True)
        task = loop.create_task(self._log_ending(call, part))

        def cancel() -> None:
            if not task.done():
                part.cancelled_s = loop.time()
                task.cancel()

        after_s = call.asking.cancel_after_s
        timer = loop.call_later(after_s, cancel) if after_s is not None else None
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancel()
            await asyncio.wait([task])
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if not task.cancelled():
            task.result()

    async def _log_ending(self, call: Call, part: Part) -> None:
        try:
            how = await self._asking[call.kind](call, part)
        except (SlipstreamError, asyncio.CancelledError) as error:
            how = told(error)
        self._history.end(part, how)

    def _data(self, call: Call) -> dict[str, Any]:
        data = {"operation": operation_of(call), "call": call.number, "padding": "." * call.padding}
        return {**data, "value": object()} if call.asking.unsayable else data

    async def _ask_unary(self, call: Call, part: Part) -> str:
        part.value = await self.protocol.request_response(self._data(call), **_timeouts(call))
        return "result"

    async def _ask_note(self, call: Call, part: Part) -> str:
        await self.protocol.fire_and_forget(self._data(call))
        return "sent"

    async def _ask_stream(self, call: Call, part: Part) -> str:
        stream = await self.protocol.request_stream(self._data(call), **_timeouts(call))
        leaving = call.asking.leaving
        if leaving not in _BLOCKS:
            how = await self._read(stream, part, call)
            if how == "left" and leaving is Leaving.ACLOSE:
                await stream.aclose()
            return how
        with suppress(WalkoutError):
            async with stream:
                how = await self._read(stream, part, call)
                _walk_out_if(how == "left" and leaving is Leaving.FAILING_BLOCK)
        return how

    async def _ask_bidi(self, call: Call, part: Part) -> str:
        asking = call.asking
        handle = await self.protocol.stream_stream(self._data(call), **_timeouts(call))
        sending = self._send(handle, part, items(call, "there", asking.sends), asking.send_pace_s)
        sender = asyncio.get_running_loop().create_task(sending)
        try:
            how = await self._converse(handle, part, call)
            if how == "left" and asking.leaving is Leaving.DROP:
                sender.cancel()
        except asyncio.CancelledError:
            sender.cancel()
            raise
        finally:
            await _ended(sender)
        return how

    async def _converse(self, handle: BiStreamHandle, part: Part, call: Call) -> str:
        leaving = call.asking.leaving
        if leaving not in _BLOCKS:
            how = await self._read(handle, part, call)
            if how == "left" and leaving is Leaving.ABORT:
                await handle.abort("enough", code="application")
            return how
        with suppress(WalkoutError):
            async with handle:
                how = await self._read(handle, part, call)
                _walk_out_if(how == "left" and leaving is Leaving.FAILING_BLOCK)
        return how

    # -- answering ----------------------------------------------------------------------------------------

    async def answer_unary(self, call: Call) -> Any:
        """The handler of a unary call."""
        part = self._history.begin(call.number, self.side, asks=False)
        try:
            await self._before_answering(call)
            result = _fail(call) if call.answering.failure else answer_to(call)
        except BaseException as error:
            self._history.end(part, told(error))
            raise
        self._history.end(part, "returned")
        return result

    async def answer_note(self, call: Call) -> None:
        """The handler of a fire-and-forget."""
        await self.answer_unary(call)

    async def answer_stream(self, call: Call) -> AsyncGenerator[Any, None]:
        """The handler of a server stream."""
        part = self._history.begin(call.number, self.side, asks=False)
        answering = call.answering
        try:
            await self._before_answering(call)
            for value in items(call, "back", answering.items):
                part.sending_s.append(self._history.clock())
                yield value
                part.sent += 1
                await pause(answering.pace_s)
            if answering.failure:
                yield _fail(call)
        except BaseException as error:
            self._history.end(part, told(error))
            raise
        part.out_ending = "end"
        self._history.end(part, "returned")

    async def answer_bidi(self, call: Call, stream: BiStreamHandle) -> None:
        """The handler of a bidirectional stream."""
        part = self._history.begin(call.number, self.side, asks=False)
        try:
            await self._before_answering(call)
            await self._talk(call, part, stream)
            if call.answering.failure:
                await stream.send(_fail(call))
        except BaseException as error:
            self._history.end(part, told(error))
            raise
        part.out_ending = part.out_ending or "end"
        self._history.end(part, "returned")

    async def _talk(self, call: Call, part: Part, stream: BiStreamHandle) -> None:
        answering = call.answering
        if answering.style is Style.ECHO:
            await self._read(stream, part, call, echo_to=stream)
            return
        values = items(call, "back", answering.items)
        if answering.style is Style.DEAF:
            await self._send(stream, part, values, answering.pace_s, closes=False)
            return
        sending = self._send(stream, part, values, answering.pace_s, closes=False)
        sender = asyncio.get_running_loop().create_task(sending)
        try:
            await self._read(stream, part, call)
        except asyncio.CancelledError:
            sender.cancel()
            raise
        finally:
            await _ended(sender)

    async def _before_answering(self, call: Call) -> None:
        await self._make_along(call.answering.along, at_once=call.answering.all_at_once)
        try:
            await pause(call.answering.wait_s)
        except asyncio.CancelledError:
            if not call.answering.ignores_cancelling:
                raise
            await pause(3600)

    # -- both ---------------------------------------------------------------------------------------------

    async def _make_along(self, numbers: tuple[int, ...], *, at_once: bool) -> None:
        calls = [self._plan.call(number) for number in numbers]
        if not at_once:
            for call in calls:
                await self.ask(call)
            return
        tasks = [asyncio.get_running_loop().create_task(self.ask(call)) for call in calls]
        try:
            for task in tasks:
                await asyncio.wait([task])
        finally:
            for task in tasks:
                task.cancel()

    async def _send(
        self, handle: BiStreamHandle, part: Part, values: Iterator[Any], pace_s: float, *, closes: bool = True
    ) -> None:
        try:
            for value in values:
                await self._send_one(handle, part, value)
                await pause(pace_s)
            if closes:
                await handle.aclose()
        except (SlipstreamError, asyncio.CancelledError) as error:
            part.out_ending = told(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            part.out_ending = "end" if closes else None

    async def _send_one(self, handle: BiStreamHandle, part: Part, value: Any) -> None:
        part.sending_s.append(self._history.clock())
        await handle.send(value)
        part.sent += 1

    async def _read(
        self, source: AsyncIterator[Any], part: Part, call: Call, *, echo_to: BiStreamHandle | None = None
    ) -> str:
        """Read to the ending, which is `end` or raised, or until it leaves: `left`."""
        way = call.asking if part.side == call.side else call.answering
        along = iter(call.asking.along if part.side == call.side else ())
        while len(part.received) != way.takes:
            try:
                value = await anext(source)
            except (StopAsyncIteration, SlipstreamError) as error:
                part.in_ended_s = self._history.clock()
                part.in_ending = "end" if isinstance(error, StopAsyncIteration) else told(error)
                part.after_ending = await _ask_again(source)
                if isinstance(error, SlipstreamError):
                    raise
                return "end"
            part.received.append(value)
            part.received_at_s.append(self._history.clock())
            if echo_to is not None:
                await self._send_one(echo_to, part, value)
            await self._make_along(tuple(islice(along, 1)), at_once=False)
            await pause(way.pace_s)
        return "left"


def _timeouts(call: Call) -> dict[str, float]:
    given = {"timeout": call.asking.timeout_s, "idle_timeout": call.asking.idle_timeout_s}
    return {name: seconds for name, seconds in given.items() if seconds is not None}


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for a task, which goes with the one that waits for it."""
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        raise


async def _ask_again(source: AsyncIterator[Any]) -> str:
    try:
        await anext(source)
    except StopAsyncIteration:
        return "end"
    except SlipstreamError as error:
        return told(error)
    return "an item"


def _walk_out_if(condition: bool) -> None:
    if condition:
        raise WalkoutError


def _fail(call: Call) -> Any:
    match call.answering.failure:
        case Failure.CHOSEN:
            raise HandlerError("no luck", code="invalid_request", details=[call.number])
        case Failure.RAISES:
            raise ValueError("no luck")
        case Failure.CANCELS_ITSELF:
            raise asyncio.CancelledError
        case Failure.UNSAYABLE:
            return object()
        case _:
            return "x" * FRAME_BYTES


class Answerer(ProtocolHandler):
    """The handler of one side: every operation of a plan, answered by its party."""

    def __init__(self, party: Party, plan: Plan) -> None:
        self._party = party
        self._plan = plan

    @request_response
    async def unary(self, data: dict[str, Any]) -> Any:
        return await self._party.answer_unary(self._plan.call(data["call"]))

    @request_stream
    async def stream(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        async with aclosing(self._party.answer_stream(self._plan.call(data["call"]))) as values:
            async for value in values:
                yield value

    @stream_stream
    async def bidi(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        await self._party.answer_bidi(self._plan.call(data["call"]), stream)

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        await self._party.answer_note(self._plan.call(data["call"]))
