"""How often each operation of a handler in Python was called, and how that ended."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from slipstream import HandlerError
from slipstream.frames import MessageType
from slipstream.handlers import Endpoint, Registry


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


class Counts:
    """Counts of all operations, by name. They go on when a handler is loaded anew."""

    def __init__(self) -> None:
        self.by_name: dict[str, Count] = {}

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
