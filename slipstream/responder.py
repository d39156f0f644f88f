"""Runs handlers: one task for each exchange that the other side opened, and for each fire-and-forget.

Every exchange gets exactly one ending frame, whatever its handler does; a handler whose exchange has ended
is stopped, its generator closed (protocol.md §7, §8). Reserved operations are answered here too (§10).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from slipstream.errors import (
    ConnectionClosedError,
    FrameTooLargeError,
    HandlerError,
    ProtocolError,
    StreamClosedError,
)
from slipstream.events import Called, Notified
from slipstream.exchanges import ExchangeKind, RequestId
from slipstream.frames import MessageType
from slipstream.handlers import RESERVED, Endpoint, Registry
from slipstream.outbox import Outbox
from slipstream.session import Session
from slipstream.streams import BiStreamHandle
from slipstream.taps import log_limit
from slipstream.watch import watched

if TYPE_CHECKING:
    from slipstream.protocol import Protocol

logger = logging.getLogger("slipstream")

_current: ContextVar[Protocol] = ContextVar("slipstream_protocol")

_UNARY = ExchangeKind.UNARY
_TYPES = {
    ExchangeKind.UNARY: MessageType.REQUEST,
    ExchangeKind.SERVER_STREAM: MessageType.STREAM_REQUEST,
    ExchangeKind.BIDIRECTIONAL: MessageType.STREAM_STREAM_REQUEST,
}


def current_protocol() -> Protocol:
    """The connection whose call the running handler answers. Raises `LookupError` outside a handler."""
    return _current.get()


class Flush(Shape):
    """Queues what the session wants written; `caused` by the other side alone, or after waiting for room."""

    def __call__(self, *, caused: bool = True, alone: bool = False) -> None:
        """Queue it."""


class Responder:
    """Answers what the other side calls, with the handler that is attached when the call comes."""

    def __init__(self, protocol: Protocol, session: Session, outbox: Outbox, *, flush: Flush) -> None:
        self._protocol = protocol
        self._session = session
        self._outbox = outbox
        self._flush = flush
        self._notices: set[asyncio.Task[None]] = set()
        self._running: dict[RequestId, asyncio.Task[None]] = {}
        self._spared: set[asyncio.Task[Any] | None] = set()
        self._block_s = session.limits.loop_block_warn_s
        self._log_limit = log_limit(session.limits.findings_logged_per_s)
        self.registry = Registry()
        self.reserved = Registry()

    @property
    def running(self) -> int:
        """How many handlers run."""
        return len(self._running) + len(self._notices)

    def call(self, event: Called) -> None:
        """Start the handler of an exchange, in the order of arrival."""
        if event.request_id in self._running:
            # Used again while the handler of the first time still stops: the two must not mix.
            self._fail(event.request_id, "invalid_request", "The ID of this exchange was used before")
            return
        # It forgets itself; a callback for that would cost as much as a short handler.
        self._running[event.request_id] = asyncio.get_running_loop().create_task(
            self._answer(event), name=event.operation[:40]
        )

    def notify(self, event: Notified) -> None:
        """Start the handler of a fire-and-forget; nothing of what becomes of it goes over the wire."""
        if event.operation.startswith(RESERVED):
            return
        if len(self._notices) >= self._session.limits.in_flight:
            if self._may_log():
                logger.warning("A fire-and-forget was dropped: %d others are running", len(self._notices))
            return
        task = asyncio.get_running_loop().create_task(self._take(event), name=event.operation[:40])
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    def stop(self, request_id: RequestId) -> None:
        """Stop the handler of an exchange that has ended; one that goes on is told again."""
        task = self._running.get(request_id)
        if task is not None and task is not asyncio.current_task() and task not in self._spared:
            _stop(task, self._session.limits.handler_stop_s)
            # One that is stopped before its first step never comes to forget itself.
            task.add_done_callback(lambda task: self._forget(request_id, task))

    @contextmanager
    def spared(self, task: asyncio.Task[Any] | None) -> Iterator[None]:
        """Keep a handler going that closes the connection itself, and for `handler_stop_s` after its end."""
        self._spared.add(task)
        try:
            yield
        finally:
            self._spared.discard(task)

    def stop_all(self) -> None:
        """Stop every handler: the connection has ended."""
        me = asyncio.current_task()
        patience_s = self._session.limits.handler_stop_s
        # Nothing is stopped in the middle of its own step.
        for request_id, task in list(self._running.items()):
            if task in self._spared:
                asyncio.get_running_loop().call_later(patience_s, self.stop, request_id)
            elif task is me:
                asyncio.get_running_loop().call_soon(self.stop, request_id)
            else:
                self.stop(request_id)
        for task in self._notices:
            if task in self._spared:
                asyncio.get_running_loop().call_later(patience_s, _stop, task, patience_s)
            elif task is me:
                asyncio.get_running_loop().call_soon(_stop, task, patience_s)
            else:
                _stop(task, patience_s)

    def _forget(self, request_id: RequestId, task: asyncio.Task[None]) -> None:
        if self._running.get(request_id) is task:
            del self._running[request_id]

    async def _answer(self, event: Called) -> None:
        _current.set(self._protocol)
        request_id = event.request_id
        try:
            registry = self.reserved if event.operation.startswith(RESERVED) else self.registry
            endpoint = registry.find(event.operation, _TYPES[event.kind])
            if event.kind is _UNARY:
                outbox = self._outbox
                if outbox.pending_bytes >= outbox.full_bytes:
                    await outbox.room()  # an answer that nobody takes is not made
                work = _result(endpoint, endpoint.prepare(event.data))
                result = await watched(work, self._block_s, self._blocked, event.operation)
                if outbox.pending_bytes >= outbox.full_bytes:
                    await outbox.room()
                self._respond(request_id, result)
            else:
                work = self._run_stream(endpoint, event)
                await watched(work, self._block_s, self._blocked, event.operation)
        except asyncio.CancelledError:
            # Stopped because its exchange has ended; if it has not, the handler did this to itself.
            self._fail(request_id, "cancelled", "The handler was cancelled")
            raise
        except HandlerError as error:
            self._fail(request_id, error.code, error.message, error.details)
        except (ConnectionClosedError, StreamClosedError) as error:
            # Sending failed because the exchange or the connection has ended: there is nobody to tell.
            # If the exchange is still there, the error is the handler's own, from some other connection.
            self._fail(request_id, "application", str(error))
        except BaseException as error:
            # SystemExit too: a handler ends its exchange, not the program that serves it.
            if self._may_log():
                logger.warning("The handler of %r failed", event.operation[:100], exc_info=True)
            self._fail(request_id, "application", f"{type(error).__name__}: {_text_of(error)}")
        finally:
            self._running.pop(request_id, None)

    def _blocked(self, operation: str, took_s: float) -> None:
        if self._may_log():
            logger.warning(
                "The handler of %r kept the event loop for %d ms, and everyone else waiting: "
                "await what takes time, or make it a plain def, which runs in a thread",
                operation[:100],
                took_s * 1000,
            )

    async def _run_stream(self, endpoint: Endpoint, event: Called) -> None:
        argument = endpoint.prepare(event.data)
        if event.kind is ExchangeKind.SERVER_STREAM:
            await self._stream(endpoint, argument, event.request_id)
        else:
            handle = BiStreamHandle(self._protocol, event.request_id)
            await _result(endpoint, argument, handle)
            await handle.aclose()

    async def _stream(self, endpoint: Endpoint, argument: Any, request_id: RequestId) -> None:
        produced = endpoint.method(argument)
        if inspect.iscoroutine(produced):
            produced = await produced
        if isinstance(produced, Iterator):
            produced = _in_thread(produced)
        if not isinstance(produced, AsyncIterator):
            text = f"{endpoint.name!r} should be an async generator, but returned {type(produced).__name__}"
            raise HandlerError(text, code="internal")
        send_at_once = self._protocol.send_item_at_once
        try:
            if inspect.isasyncgen(produced):
                async with aclosing(produced):
                    async for item in produced:
                        if not send_at_once(request_id, item):
                            await self._protocol.send_item(request_id, item)
            else:
                async for item in produced:
                    if not send_at_once(request_id, item):
                        await self._protocol.send_item(request_id, item)
        except FrameTooLargeError as error:
            raise HandlerError(str(error), code="too_large") from error
        except ProtocolError as error:
            raise HandlerError(str(error), code="internal") from error
        await self._protocol.end_half(request_id)

    def _respond(self, request_id: RequestId, result: Any) -> None:
        try:
            self._session.respond(request_id, result)
        except FrameTooLargeError as error:
            raise HandlerError(str(error), code="too_large") from error
        except ProtocolError as error:
            raise HandlerError(str(error), code="internal") from error
        self._flush(caused=False, alone=True)

    def _fail(self, request_id: RequestId, code: str, message: str, details: Any = None) -> None:
        self._session.fail(request_id, code, message, details)
        self._flush()
        self._protocol.forget(request_id)

    async def _take(self, event: Notified) -> None:
        _current.set(self._protocol)
        try:
            endpoint = self.registry.find(event.operation, MessageType.FIRE_AND_FORGET)
            work = _result(endpoint, endpoint.prepare(event.data))
            await watched(work, self._block_s, self._blocked, event.operation)
        except HandlerError as error:
            if self._may_log():
                logger.warning("The fire-and-forget %r was not taken: %s", event.operation[:100], error)
        except asyncio.CancelledError:
            raise
        except BaseException:
            if self._may_log():
                logger.warning("The fire-and-forget %r failed", event.operation[:100], exc_info=True)

    def _may_log(self) -> bool:
        return self._log_limit.allows(time.time_ns())


def _result(endpoint: Endpoint, *arguments: Any) -> Coroutine[Any, Any, Any]:
    """Call a method: a plain `def` in a thread, so that it never stops the reader."""
    if endpoint.is_coroutine:
        called: Coroutine[Any, Any, Any] = endpoint.method(*arguments)
        return called
    return _result_of_plain(endpoint.method, *arguments)


async def _result_of_plain(method: Callable[..., Any], *arguments: Any) -> Any:
    if inspect.isasyncgenfunction(method) or inspect.isgeneratorfunction(method):
        # Calling it would run nothing of it, and look like a normal end.
        text = (
            f"{method.__name__!r} yields, which only a request_stream method does: return, or use the handle"
        )
        raise HandlerError(text, code="internal")
    result = await asyncio.to_thread(_outcome, method, *arguments)
    return await result if inspect.isawaitable(result) else result


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        logger.warning("The text of a %s cannot be made", type(error).__name__, exc_info=True)
        return "it has no text"


def _outcome(method: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return method(*arguments)
    except StopIteration as error:  # no future can carry it out of the thread
        raise RuntimeError(f"it raised StopIteration({error.value!r})") from error


async def _in_thread(items: Iterator[Any]) -> AsyncIterator[Any]:
    nothing_left = object()
    try:
        while (item := await _whole_step(items, nothing_left)) is not nothing_left:
            yield item
    finally:
        if isinstance(items, Generator):
            await asyncio.to_thread(items.close)


async def _whole_step(items: Iterator[Any], nothing_left: object) -> Any:
    # A thread cannot be stopped, only waited for; and a generator that runs cannot be closed.
    step = asyncio.ensure_future(asyncio.to_thread(next, items, nothing_left))
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        await asyncio.gather(step, return_exceptions=True)
        raise


def _stop(task: asyncio.Task[None], patience_s: float) -> None:
    task.cancel()

    def insist() -> None:
        if not task.done():
            logger.warning("The handler %s did not stop when cancelled; cancelling it again", task.get_name())
            task.cancel()

    reminder = asyncio.get_running_loop().call_later(patience_s, insist)
    task.add_done_callback(lambda _: reminder.cancel())
