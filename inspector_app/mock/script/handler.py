"""A mock as the library sees it: a handler whose operations are those of the file, and those it lacks.

Owns the way from the library's endpoints to the mock's rules, and back as `slipstream.describe` tells it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from slipstream import BiStreamHandle, HandlerError, MessageType
from slipstream.handlers import Endpoint, Registry, RegistryHandler

if TYPE_CHECKING:
    from inspector_app.intents import MessageKind
    from inspector_app.mock.script.mock import Mock
    from inspector_app.mock.script.rules import Operation

_TYPES: dict[MessageKind, MessageType] = {
    "request": MessageType.REQUEST,
    "stream": MessageType.STREAM_REQUEST,
    "bidirectional": MessageType.STREAM_STREAM_REQUEST,
    "oneway": MessageType.FIRE_AND_FORGET,
}
_KINDS = {message_type: kind for kind, message_type in _TYPES.items()}


class ScriptedHandler(RegistryHandler):
    """The handler of one connection of a mock."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    def operations(self) -> Registry:
        """Give the operations of the mock, to which this peer is known from now on."""
        if self.protocol is not None:
            self._mock.memory.peer(self.protocol)
        return self._mock.registry


class ScriptedRegistry(Registry):
    """The operations of a mock; calls of what it lacks are counted and told as holes."""

    __slots__ = ("_mock",)

    _mock: Mock

    def __init__(self, mock: Mock) -> None:
        super().__init__({each.name: ScriptedEndpoint(mock, each) for each in mock.operations.values()})
        object.__setattr__(self, "_mock", mock)

    def find(self, name: str, message_type: MessageType) -> Endpoint:
        """Give the operation of this name and kind, or one that answers with what is missing."""
        endpoint = self.endpoints.get(name)
        if endpoint is not None and endpoint.message_type is message_type:
            return endpoint
        kind = _KINDS[message_type]
        why, code = "there is no rule for it", "not_found"
        if endpoint is not None:
            why, code = f"its rules are for the kind {_KINDS[endpoint.message_type]}", "wrong_kind"
        mock = self._mock

        async def missing(data: dict[str, Any], *_: object) -> None:
            error = mock.hole(kind, name, why, data)
            if message_type is not MessageType.FIRE_AND_FORGET:  # nobody would hear of it
                raise HandlerError(error.message, code=code)

        return Endpoint(name, message_type, missing)


class ScriptedEndpoint(Endpoint):
    """One operation of a mock."""

    __slots__ = ("_operation",)

    _operation: Operation

    def __init__(self, mock: Mock, operation: Operation) -> None:
        super().__init__(operation.name, _TYPES[operation.kind], _method(mock, operation))
        object.__setattr__(self, "_operation", operation)

    def description(self) -> dict[str, Any]:
        """Give what the file says of it."""
        operation = self._operation
        return {
            **super().description(),
            "doc": operation.doc,
            "params": operation.params,
            "returns": operation.returns,
            "deprecated": operation.deprecated,
        }


def _method(mock: Mock, operation: Operation) -> Callable[..., Any]:
    async def answer(data: dict[str, Any]) -> Any:
        return await mock.answer(operation, data)

    async def stream(data: dict[str, Any]) -> AsyncIterator[Any]:
        async with aclosing(mock.stream(operation, data)) as items:
            async for item in items:
                yield item

    async def converse(data: dict[str, Any], handle: BiStreamHandle) -> None:
        async with aclosing(mock.stream(operation, data, handle)) as items:
            async for item in items:
                await handle.send(item)

    async def take(data: dict[str, Any]) -> None:
        await mock.take(operation, data)

    methods: dict[MessageKind, Callable[..., Any]] = {
        "request": answer,
        "stream": stream,
        "bidirectional": converse,
        "oneway": take,
    }
    return methods[operation.kind]
