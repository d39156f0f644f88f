"""Handlers: the decorators, the base class, and the registry built once from a handler.

The registry knows what a handler offers and how to call it; running the calls is `responder`'s.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from dataclasses import dataclass, field
from types import MethodType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, PydanticUserError, TypeAdapter, ValidationError

from slipstream.errors import HandlerError
from slipstream.exchanges import ExchangeKind
from slipstream.frames import MessageType

if TYPE_CHECKING:
    from slipstream.protocol import Protocol

logger = logging.getLogger("slipstream")

MARK: Final = "_slipstream_endpoint"
RESERVED: Final = "slipstream."
"""Operations that begin so never reach a user's handler (protocol.md §10)."""

Method = TypeVar("Method", bound=Callable[..., Any])


def _marker(message_type: MessageType, returns: str | None) -> Callable[[Method], Method]:
    def decorate(method: Method) -> Method:
        setattr(method, MARK, {"type": message_type, "returns": returns})
        return method

    return decorate


def request_response(method: Method) -> Method:
    """Mark a method as a unary operation: `async def add(self, data) -> value`."""
    return _marker(MessageType.REQUEST, "single")(method)


def request_stream(method: Method) -> Method:
    """Mark an async generator as a server stream: `async def count(self, data)`, yielding items."""
    return _marker(MessageType.STREAM_REQUEST, "stream")(method)


def stream_stream(method: Method) -> Method:
    """Mark a bidirectional stream: `async def chat(self, data, stream)`; its return ends this half."""
    return _marker(MessageType.STREAM_STREAM_REQUEST, "bistream")(method)


def fire_and_forget(method: Method) -> Method:
    """Mark a method as one-way: `async def note(self, data) -> None`. It is never answered."""
    return _marker(MessageType.FIRE_AND_FORGET, None)(method)


class ProtocolHandler:
    """Base class of handlers. Decorated methods are operations, named as the method is.

    `protocol` is the connection that the handler was attached to last; None until then. A handler that
    serves several connections asks `slipstream.current_protocol()` instead.
    """

    protocol: Protocol | None = None


KIND_NAMES: Final[Mapping[MessageType, str]] = {
    MessageType.REQUEST: ExchangeKind.UNARY.value,
    MessageType.STREAM_REQUEST: ExchangeKind.SERVER_STREAM.value,
    MessageType.STREAM_STREAM_REQUEST: ExchangeKind.BIDIRECTIONAL.value,
    MessageType.FIRE_AND_FORGET: "fire_and_forget",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of a handler."""

    name: str
    message_type: MessageType
    method: Callable[..., Any]
    params: type[BaseModel] | None = None
    returns: Any = None
    is_coroutine: bool = field(init=False)
    """Whether calling the method gives a coroutine, without running any of it."""
    hides_operation: bool = field(init=False)
    """Whether the model refuses fields it does not know, and does not know the operation's name."""

    def __post_init__(self) -> None:
        model = self.params
        strict = model is not None and model.model_config.get("extra") == "forbid"
        object.__setattr__(self, "is_coroutine", inspect.iscoroutinefunction(self.method))
        object.__setattr__(self, "hides_operation", strict and not _reads_operation(model))

    def prepare(self, data: dict[str, Any]) -> Any:
        """The argument for the method: the whole object, or the annotated model validated from it.

        Raises `HandlerError` with `invalid_request` that says which fields are wrong.
        """
        if self.params is None:
            return data
        if self.hides_operation:
            data = {key: value for key, value in data.items() if key != "operation"}
        try:
            return self.params.model_validate(data)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            text = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc']) or 'data'}: {fault['msg']}"
                for fault in faults[:5]
            )
            details = [{"loc": list(fault["loc"]), "msg": fault["msg"]} for fault in faults[:20]]
            raise HandlerError(text, code="invalid_request", details=details) from error

    def description(self) -> dict[str, Any]:
        """What `slipstream.describe` tells of it (protocol.md §10)."""
        return {
            "name": self.name,
            "kind": KIND_NAMES[self.message_type],
            "doc": inspect.getdoc(self.method) or "",
            "params": _schema_of(self.params),
            "returns": _schema_of(self._returned(), mode="serialization"),
            "deprecated": bool(getattr(self.method, "__deprecated__", False)),
        }

    def _returned(self) -> Any:
        """What one answer is, or one item: a stream is annotated with the iterator of its items."""
        if self.message_type is MessageType.STREAM_REQUEST and get_origin(self.returns) in _ITERATORS:
            return next(iter(get_args(self.returns)), None)
        return self.returns


def _reads_operation(model: type[BaseModel] | None) -> bool:
    return model is not None and any(
        "operation" in (name, info.alias, info.validation_alias) for name, info in model.model_fields.items()
    )


_WRAPPERS = (staticmethod, classmethod, MethodType)


@dataclass(frozen=True, slots=True)
class Registry:
    """The operations of one handler, by name."""

    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)

    @classmethod
    def of(cls, handler: object | None) -> Registry:
        """Read the marks of a handler's methods, inherited ones too, without touching its properties."""
        if isinstance(handler, RegistryHandler):
            return handler.operations()
        endpoints: dict[str, Endpoint] = {}
        for name in sorted({name for kind in type(handler).__mro__ for name in vars(kind)}):
            plain = inspect.getattr_static(handler, name)
            function = plain.__func__ if isinstance(plain, _WRAPPERS) else plain
            # Statically here too: an object that answers every name has no mark.
            mark = inspect.getattr_static(function, MARK, None) or inspect.getattr_static(plain, MARK, None)
            if mark is not None and not name.startswith(RESERVED):
                endpoints[name] = _endpoint(name, mark["type"], getattr(handler, name))
        return cls(endpoints)

    def find(self, name: str, message_type: MessageType) -> Endpoint:
        """The operation of this name and kind. Raises `HandlerError`: `not_found` or `wrong_kind` (§7)."""
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            raise HandlerError(f"There is no operation {name[:200]!r} here", code="not_found")
        if endpoint.message_type is not message_type:
            text = (
                f"{name!r} is a {KIND_NAMES[endpoint.message_type]} operation, not {KIND_NAMES[message_type]}"
            )
            raise HandlerError(text, code="wrong_kind")
        return endpoint


class RegistryHandler(ProtocolHandler):
    """Base class of handlers that have no methods to mark: what they offer is made at run time."""

    def operations(self) -> Registry:
        """What this handler offers; asked for when it is attached to a connection."""
        raise NotImplementedError


def _endpoint(name: str, message_type: MessageType, method: Callable[..., Any]) -> Endpoint:
    try:
        first = next(iter(inspect.signature(method).parameters), "")
    except (TypeError, ValueError):
        return Endpoint(name, message_type, method)  # a callable that does not tell what it takes
    params = _annotation(method, first)
    if not (isinstance(params, type) and issubclass(params, BaseModel)):
        params = None
    return Endpoint(name, message_type, method, params, _annotation(method, "return"))


def _annotation(method: Callable[..., Any], name: str) -> Any:
    """One annotation, as a type. One that cannot be resolved describes nothing, and harms no other."""
    function = inspect.unwrap(getattr(method, "__func__", method))
    written = getattr(function, "__annotations__", {})
    if name not in written:
        return None
    alone = SimpleNamespace(__annotations__={name: written[name]})
    try:
        return get_type_hints(alone, globalns=getattr(function, "__globals__", {}))[name]
    except (NameError, TypeError, ValueError, AttributeError, SyntaxError) as error:
        logger.info(
            "The annotation %r of %s is not known when it runs: %s", name, function.__qualname__, error
        )
        return None


_ITERATORS = (AsyncIterator, AsyncIterable, AsyncGenerator, Iterator, Iterable, Generator)


def _schema_of(annotation: Any, *, mode: Literal["validation", "serialization"] = "validation") -> Any:
    if annotation is None or annotation in (type(None), Any):
        return None
    try:
        return TypeAdapter(annotation).json_schema(mode=mode)
    except PydanticUserError:
        return None  # an annotation that has no JSON form
