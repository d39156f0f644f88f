"""Handlers: what the decorators mark, what the registry finds, what is validated, what is described."""

from __future__ import annotations

import functools
import json
import logging
import typing
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any
from unittest.mock import MagicMock

import pytest
from pydantic import BaseModel, ConfigDict, Field

from slipstream import (
    BiStreamHandle,
    HandlerError,
    MessageType,
    ProtocolHandler,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)
from slipstream.handlers import RESERVED, Endpoint, Registry, RegistryHandler

if TYPE_CHECKING:
    from decimal import Decimal as KnownToTheTypeCheckerOnly


class Sum(BaseModel):
    a: int
    b: int = 0


class Total(BaseModel):
    total: int = Field(serialization_alias="grandTotal")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int


class Named(BaseModel):
    model_config = ConfigDict(extra="forbid")
    called: str = Field(alias="operation")


class Calculator(ProtocolHandler):
    """One operation of each kind."""

    @request_response
    async def add(self, data: Sum) -> Total:
        """Add two numbers.

        Whole ones.
        """
        return Total(total=data.a + data.b)

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[int]:
        yield 1

    @stream_stream
    async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """Talk."""

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        """Remember."""

    async def unmarked(self, data: dict[str, Any]) -> None:
        """No operation."""


def endpoint(handler: object, name: str) -> Endpoint:
    return Registry.of(handler).endpoints[name]


def described(handler: object, name: str) -> dict[str, Any]:
    description = endpoint(handler, name).description()
    assert json.loads(json.dumps(description)) == description
    return description


# -- the registry ------------------------------------------------------------------------------------------


def test_the_operations_are_the_marked_methods() -> None:
    assert {name: found.message_type for name, found in Registry.of(Calculator()).endpoints.items()} == {
        "add": MessageType.REQUEST,
        "count": MessageType.STREAM_REQUEST,
        "chat": MessageType.STREAM_STREAM_REQUEST,
        "note": MessageType.FIRE_AND_FORGET,
    }


def test_no_handler_has_no_operations() -> None:
    assert Registry.of(None).endpoints == {}
    assert Registry().endpoints == {}


def test_an_operation_is_bound_to_its_handler() -> None:
    handler = Calculator()
    assert endpoint(handler, "note").method == handler.note


def test_inherited_operations_count_and_the_nearest_wins() -> None:
    class Extended(Calculator):
        @request_response
        async def more(self, data: dict[str, Any]) -> None:
            """More."""

        @request_stream
        async def add(self, data: Any) -> Any:
            """Another kind now."""
            yield data

    registry = Registry.of(Extended())
    assert set(registry.endpoints) == {"add", "count", "chat", "note", "more"}
    assert registry.endpoints["add"].message_type is MessageType.STREAM_REQUEST


def test_a_subclass_may_take_an_operation_back() -> None:
    class Less(Calculator):
        note = None  # type: ignore[assignment] # the point of the test

    assert "note" not in Registry.of(Less()).endpoints


def test_a_mixin_that_is_no_handler_brings_operations_too() -> None:
    class Mixin:
        @request_response
        async def extra(self, data: dict[str, Any]) -> None:
            """More."""

    class Mixed(Mixin, ProtocolHandler):
        pass

    assert set(Registry.of(Mixed()).endpoints) == {"extra"}


def test_properties_are_not_touched() -> None:
    class Touchy(Calculator):
        @property
        def trap(self) -> None:
            raise AssertionError("touched")

        @functools.cached_property
        def cached_trap(self) -> None:
            raise AssertionError("touched")

    assert "trap" not in Registry.of(Touchy()).endpoints


def test_an_attribute_that_answers_every_name_is_no_operation() -> None:
    class Furious:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

        def __call__(self) -> None:
            """Callable, like a method."""

    class Equipped(Calculator):
        database = MagicMock()
        furious = Furious()

    assert set(Registry.of(Equipped()).endpoints) == {"add", "count", "chat", "note"}


def test_static_and_class_methods_are_operations_whichever_decorator_comes_first() -> None:
    class Unbound(ProtocolHandler):
        @staticmethod
        @request_response
        async def inner_static(data: Sum) -> None:
            """Marked first."""

        @request_response
        @staticmethod
        async def outer_static(data: Sum) -> None:
            """Marked last."""

        @classmethod
        @request_response
        async def inner_class(cls, data: Sum) -> None:
            """Marked first."""

        borrowed = Calculator().add

    found = Registry.of(Unbound()).endpoints
    assert {name: each.params for name, each in found.items()} == dict.fromkeys(
        ["inner_static", "outer_static", "inner_class", "borrowed"], Sum
    )


def test_a_wrapped_method_keeps_its_mark_and_its_model() -> None:
    def logged(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        async def inner(*arguments: Any) -> Any:
            return await method(*arguments)

        return inner

    class Wrapped(ProtocolHandler):
        @logged
        @request_response
        async def inside(self, data: Sum) -> None:
            """Wrapped."""

        @request_response
        @logged
        async def outside(self, data: Sum) -> None:
            """Wrapped."""

    assert endpoint(Wrapped(), "inside").params is Sum
    assert endpoint(Wrapped(), "outside").params is Sum


def test_a_reserved_name_is_never_a_users_operation() -> None:
    @request_response
    async def mine(self: Any, data: dict[str, Any]) -> None:
        """Not to be reached."""

    handler = type("Sly", (ProtocolHandler,), {f"{RESERVED}describe": mine, "slipstream": mine})()
    assert set(Registry.of(handler).endpoints) == {"slipstream"}


@pytest.mark.parametrize("name", ["missing", "unmarked", "set_handler", "protocol", "__class__", "", "Add"])
def test_what_is_no_operation_is_not_found(name: str) -> None:
    with pytest.raises(HandlerError) as caught:
        Registry.of(Calculator()).find(name, MessageType.REQUEST)
    assert caught.value.code == "not_found"


def test_a_name_of_a_megabyte_is_not_told_back_whole() -> None:
    with pytest.raises(HandlerError) as caught:
        Registry.of(Calculator()).find("x" * 1_000_000, MessageType.REQUEST)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("message_type", [MessageType.STREAM_REQUEST, MessageType.FIRE_AND_FORGET])
def test_an_operation_of_another_kind_is_the_wrong_kind(message_type: MessageType) -> None:
    registry = Registry.of(Calculator())
    with pytest.raises(HandlerError, match="'add' is a request_response operation") as caught:
        registry.find("add", message_type)
    assert caught.value.code == "wrong_kind"
    assert registry.find("add", MessageType.REQUEST).name == "add"


# -- the argument ------------------------------------------------------------------------------------------


def test_without_a_model_the_data_comes_whole() -> None:
    data = {"operation": "count", "to": 3}
    assert endpoint(Calculator(), "count").prepare(data) is data


def test_a_model_is_validated_from_the_data() -> None:
    assert endpoint(Calculator(), "add").prepare({"operation": "add", "a": "1"}) == Sum(a=1)


def test_what_fails_the_model_is_an_invalid_request_that_names_the_fields() -> None:
    with pytest.raises(HandlerError) as caught:
        endpoint(Calculator(), "add").prepare({"operation": "add", "b": "x"})
    assert caught.value.code == "invalid_request"
    assert caught.value.message.startswith("a: Field required; b: Input should be a valid integer")
    assert [fault["loc"] for fault in caught.value.details] == [["a"], ["b"]]


def test_a_fault_of_the_whole_is_said_of_the_data() -> None:
    class Whole(BaseModel):
        def model_post_init(self, context: Any, /) -> None:
            raise ValueError("never right")

    with pytest.raises(HandlerError, match=r"^data: Value error, never right"):
        Endpoint("x", MessageType.REQUEST, print, Whole).prepare({"operation": "x"})


def test_a_model_that_forbids_more_need_not_name_the_operation() -> None:
    strict = Endpoint("x", MessageType.REQUEST, print, Strict)
    assert strict.prepare({"operation": "x", "a": 1}) == Strict(a=1)
    with pytest.raises(HandlerError, match="more: Extra inputs are not permitted"):
        strict.prepare({"operation": "x", "a": 1, "more": 2})


def test_a_model_that_allows_more_gets_the_operation_too() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    assert Endpoint("x", MessageType.REQUEST, print, Open).prepare({"operation": "x"}).model_extra == {
        "operation": "x"
    }


def test_a_model_that_reads_the_operation_by_an_alias_gets_it() -> None:
    named = Endpoint("x", MessageType.REQUEST, print, Named)
    assert named.prepare({"operation": "x"}).called == "x"


# -- annotations -------------------------------------------------------------------------------------------


def test_an_annotation_that_is_not_there_when_it_runs_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "slipstream")

    class Partial(ProtocolHandler):
        @request_response
        async def add(self, data: Sum) -> KnownToTheTypeCheckerOnly:
            raise NotImplementedError

        @request_response
        async def other(self, data: KnownToTheTypeCheckerOnly) -> Total:
            raise NotImplementedError

    assert endpoint(Partial(), "add").params is Sum
    assert described(Partial(), "add")["returns"] is None
    assert endpoint(Partial(), "other").params is None
    assert described(Partial(), "other")["returns"]["title"] == "Total"
    assert any("KnownToTheTypeCheckerOnly" in message for message in caplog.messages)


def test_an_annotation_may_be_annotated() -> None:
    class Noted(ProtocolHandler):
        @request_response
        async def add(self, data: Annotated[Sum, "noted"]) -> None:
            """Add."""

    assert endpoint(Noted(), "add").params is Sum


def test_methods_without_annotations_or_parameters_work_too() -> None:
    class Bare(ProtocolHandler):
        @request_response
        async def plain(self, data):  # type: ignore[no-untyped-def] # the point of the test
            """Nothing said."""

        @request_response
        async def empty(self) -> None:
            """Cannot be called, but described."""

    for name in ("plain", "empty"):
        assert endpoint(Bare(), name).params is None
        assert described(Bare(), name)["returns"] is None


def test_a_callable_that_does_not_tell_what_it_takes_is_an_operation_all_the_same() -> None:
    class Opaque:
        _slipstream_endpoint = {"type": MessageType.REQUEST, "returns": "single"}  # noqa: RUF012 - a mark
        __signature__ = "no signature"

        def __call__(self, data: object) -> object:
            return data

    handler = type("Holder", (ProtocolHandler,), {"opaque": Opaque()})()
    assert endpoint(handler, "opaque").params is None


# -- descriptions ------------------------------------------------------------------------------------------


def test_an_operation_describes_itself() -> None:
    assert described(Calculator(), "add") == {
        "name": "add",
        "kind": "request_response",
        "doc": "Add two numbers.\n\nWhole ones.",
        "params": Sum.model_json_schema(),
        "returns": Total.model_json_schema(mode="serialization"),
        "deprecated": False,
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [("count", "request_stream"), ("chat", "stream_stream"), ("note", "fire_and_forget")],
)
def test_each_kind_has_its_name(name: str, kind: str) -> None:
    assert described(Calculator(), name)["kind"] == kind


def test_what_is_not_annotated_or_not_documented_is_said_so() -> None:
    told = described(Calculator(), "count")
    assert (told["doc"], told["params"]) == ("", None)
    assert described(Calculator(), "note")["returns"] is None


def test_a_deprecated_operation_says_so() -> None:
    class Old(Calculator):
        @request_response
        async def ancient(self, data: dict[str, Any]) -> None:
            """Gone soon."""

        ancient.__deprecated__ = "use add"  # type: ignore[attr-defined] # what warnings.deprecated sets

    assert described(Old(), "ancient")["deprecated"] is True


@pytest.mark.parametrize(
    "annotation",
    [
        AsyncIterator[Total],
        AsyncIterable[Total],
        AsyncGenerator[Total, None],
        Iterator[Total],
        Iterable[Total],
        Total,
    ],
    ids=str,
)
def test_a_stream_describes_its_item(annotation: Any) -> None:
    stream = Endpoint("x", MessageType.STREAM_REQUEST, print, returns=annotation)
    assert stream.description()["returns"] == Total.model_json_schema(mode="serialization")


@pytest.mark.parametrize("annotation", [list[int], Iterable[int]], ids=str)
def test_a_list_of_answers_is_a_list(annotation: Any) -> None:
    unary = Endpoint("x", MessageType.REQUEST, print, returns=annotation)
    assert unary.description()["returns"] == {"type": "array", "items": {"type": "integer"}}


class NoSchema(BaseModel):
    hook: Callable[[int], int]


@pytest.mark.parametrize(
    "annotation", [None, type(None), Any, object(), print, NoSchema, "Unknown", AsyncIterator]
)
def test_an_annotation_that_has_no_json_form_describes_nothing(annotation: Any) -> None:
    for kind in (MessageType.REQUEST, MessageType.STREAM_REQUEST):
        assert Endpoint("x", kind, print, returns=annotation).description()["returns"] is None


def test_a_bare_iterator_describes_nothing() -> None:
    bare = Endpoint("x", MessageType.STREAM_REQUEST, print, returns=typing.AsyncIterator)
    assert bare.description()["returns"] is None


def test_a_model_that_has_no_schema_does_not_keep_an_operation_from_being_described() -> None:
    assert Endpoint("x", MessageType.REQUEST, print, NoSchema).description()["params"] is None


def test_a_handler_without_methods_gives_its_registry_itself() -> None:
    async def method(data: dict[str, Any]) -> int:
        return 1

    class Made(RegistryHandler):
        def operations(self) -> Registry:
            return Registry({"a b": Endpoint("a b", MessageType.REQUEST, method)})

    assert Registry.of(Made()).find("a b", MessageType.REQUEST).method is method
    with pytest.raises(NotImplementedError):
        Registry.of(RegistryHandler())
