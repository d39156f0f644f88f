"""How often each operation of a handler in Python was called, and how that ended."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from slipstream import HandlerError
from slipstream.frames import MessageType
from slipstream.handlers import MARK, Endpoint, Registry

if TYPE_CHECKING:
    from inspector_app.intents import MessageKind


@dataclass(slots=True)
class Count:
    """Calls of one operation. `ending` is `ok`, `error` or `cancelled`, of the last that ended."""

    message_type: MessageType
    hits: int = 0
    errors: int = 0
    last_ns: int | None = None
    ending: str = ""
    error: str = ""

    def failed(self, error: BaseException) -> None:
        """Count a call that ended so."""
        if isinstance(error, Exception):
            self.errors += 1
            self._ended("error", error.message if isinstance(error, HandlerError) else str(error))
        else:
            self._ended("cancelled")

    def went_well(self) -> None:
        """Count a call that ended well."""
        self.last_ns, self.ending, self.error = time.time_ns(), "ok", ""

    def _ended(self, ending: str, error: str = "") -> None:
        self.last_ns, self.ending, self.error = time.time_ns(), ending, error[:500]


MOST_MISSING: Final = 200
"""Operations that are kept for which there is none; a peer may call whatever it likes."""


@dataclass(slots=True)
class Missing:
    """Calls that the handler does not answer."""

    kind: MessageKind
    operation: str
    why: str
    calls: int = 0
    last_ns: int = 0


class Counts:
    """Counts of all operations, by name. They go on when a handler is loaded anew."""

    def __init__(self) -> None:
        self.by_name: dict[str, Count] = {}
        self.holes: dict[tuple[MessageKind, str], Missing] = {}
        self.unanswered = 0

    def know(self, make: object) -> None:
        """Take note of the operations of a class of handlers: those that it has, and no other ones."""
        if not isinstance(make, type):
            return  # what it offers is seen when one is made
        found = _operations_in(make)
        kept = {name: count for name, count in self.by_name.items() if found.get(name) is count.message_type}
        self.by_name = {name: kept.get(name) or Count(each) for name, each in found.items()}
        self.holes = {key: hole for key, hole in self.holes.items() if hole.operation not in found}

    def missed(self, kind: MessageKind, operation: str, why: str) -> None:
        """Count a call that the handler does not answer."""
        operation = operation[:200]
        self.unanswered += 1
        hole = self.holes.get((kind, operation))
        if hole is None:
            if len(self.holes) >= MOST_MISSING:
                return
            hole = self.holes[kind, operation] = Missing(kind, operation, why[:500])
        hole.calls, hole.last_ns = hole.calls + 1, time.time_ns()

    def counted(self, registry: Registry) -> Registry:
        """Have calls counted."""
        return Registry({name: self._counted(each) for name, each in registry.endpoints.items()})

    def _counted(self, endpoint: Endpoint) -> Endpoint:
        count = self.by_name.get(endpoint.name)
        if count is None or count.message_type is not endpoint.message_type:
            count = self.by_name[endpoint.name] = Count(endpoint.message_type)
        if endpoint.message_type is MessageType.STREAM_REQUEST:
            return replace(endpoint, method=_stream(endpoint.method, count))
        return replace(endpoint, method=_call(endpoint.method, count, waits=endpoint.is_coroutine))


def _operations_in(handlers: type) -> dict[str, MessageType]:
    """Give the operations of a class by the marks of its methods, without making one."""
    found: dict[str, MessageType] = {}
    for name in sorted({name for kind in handlers.__mro__ for name in vars(kind)}):
        plain = inspect.getattr_static(handlers, name)
        function = plain.__func__ if isinstance(plain, (staticmethod, classmethod)) else plain
        mark = inspect.getattr_static(function, MARK, None)
        if isinstance(mark, dict) and not name.startswith("slipstream."):
            found[name] = mark["type"]
    return found


def _call(method: Callable[..., Any], count: Count, *, waits: bool) -> Callable[..., Any]:
    @functools.wraps(method)
    def plain(*arguments: Any) -> Any:
        count.hits += 1
        try:
            result = method(*arguments)
        except BaseException as error:
            count.failed(error)
            raise
        count.went_well()
        return result

    @functools.wraps(method)
    async def call(*arguments: Any) -> Any:
        count.hits += 1
        try:
            result = await method(*arguments)
        except BaseException as error:
            count.failed(error)
            raise
        count.went_well()
        return result

    return call if waits else plain


def _stream(method: Callable[..., Any], count: Count) -> Callable[..., Any]:
    @functools.wraps(method)
    def stream(*arguments: Any) -> Any:
        produced = method(*arguments)
        return _items(produced, count) if hasattr(produced, "__aiter__") else produced

    return stream


async def _items(produced: AsyncIterator[Any], count: Count) -> AsyncIterator[Any]:
    count.hits += 1
    try:
        async for item in produced:
            yield item
    except BaseException as error:
        count.failed(error)
        raise
    else:
        count.went_well()
    finally:
        close = getattr(produced, "aclose", None)
        if close is not None:
            await close()
