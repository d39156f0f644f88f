"""The names, signatures, bases and texts that code written for this protocol relies on, one by one."""

from __future__ import annotations

import copy
import enum
import inspect
import pickle
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import slipstream
import slipstream.base
from slipstream import (
    BiStreamHandle,
    ConnectionClosedError,
    ConnectionLostError,
    ConnectionState,
    FrameModel,
    HandlerError,
    MessageType,
    Protocol,
    ProtocolError,
    ProtocolHandler,
    RemoteError,
    RequestTimeoutError,
    SlipstreamError,
    StreamOverflowError,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
    validate_incoming_frame,
)

CONTRACT = {
    "BiStreamHandle",
    "ConnectionClosedError",
    "ConnectionLostError",
    "ConnectionState",
    "FrameModel",
    "HandlerError",
    "MessageType",
    "Protocol",
    "ProtocolError",
    "ProtocolHandler",
    "RemoteError",
    "RequestTimeoutError",
    "SlipstreamError",
    "StreamOverflowError",
    "fire_and_forget",
    "request_response",
    "request_stream",
    "stream_stream",
    "validate_incoming_frame",
}
BEYOND = {
    "Backoff",
    "Exchange",
    "ExchangeCancelledError",
    "ExchangeKind",
    "Finding",
    "FrameTap",
    "FrameTooLargeError",
    "ItemStream",
    "Limits",
    "Outcome",
    "OverloadedError",
    "Refused",
    "Server",
    "Spelling",
    "Stats",
    "StreamClosedError",
    "StreamState",
    "Tap",
    "Transition",
    "__version__",
    "connect",
    "current_protocol",
    "describe",
    "serve",
}


# -- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_every_name_is_the_same_in_both_places(name: str) -> None:
    assert getattr(slipstream, name) is getattr(slipstream.base, name)


def test_the_public_names_are_these_and_no_others() -> None:
    assert set(slipstream.base.__all__) == CONTRACT
    assert set(slipstream.__all__) == CONTRACT | BEYOND
    assert len(slipstream.__all__) == len(set(slipstream.__all__))


@pytest.mark.parametrize("name", sorted(BEYOND))
def test_every_further_name_is_there(name: str) -> None:
    assert getattr(slipstream, name) is not None


# -- errors ------------------------------------------------------------------------------------------------


def test_the_bases_of_the_errors() -> None:
    assert SlipstreamError.__bases__ == (Exception,)
    assert ConnectionClosedError.__bases__ == (SlipstreamError, ConnectionError)
    assert ConnectionLostError.__bases__ == (ConnectionClosedError,)
    assert ProtocolError.__bases__ == (SlipstreamError,)
    assert issubclass(RequestTimeoutError, TimeoutError)
    for error in (RemoteError, RequestTimeoutError, StreamOverflowError, HandlerError):
        assert issubclass(error, SlipstreamError)
        assert not issubclass(error, ConnectionClosedError)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionClosedError(1000, "bye"), "Connection closed: bye (code=1000)"),
        (ConnectionClosedError(1001), "Connection closed: no reason given (code=1001)"),
        (ConnectionClosedError(1001, ""), "Connection closed: no reason given (code=1001)"),
        (ConnectionClosedError(), "Connection closed: no reason given (code=None)"),
        (ConnectionLostError(1006, "cable"), "Connection lost: cable (code=1006)"),
        (ConnectionLostError(1006), "Connection lost: unknown reason (code=1006)"),
        (ConnectionLostError(), "Connection lost: unknown reason (code=None)"),
    ],
)
def test_the_texts_of_the_connection_errors(error: ConnectionClosedError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize("kind", [ConnectionClosedError, ConnectionLostError])
def test_code_and_reason_are_attributes_that_copying_and_pickling_keep(
    kind: type[ConnectionClosedError],
) -> None:
    error = kind(4400, "bad frame")
    for twin in (error, copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - own
        assert (twin.code, twin.reason, str(twin)) == (4400, "bad frame", str(error))
    assert (kind().code, kind().reason) == (None, None)
    assert list(inspect.signature(kind).parameters) == ["code", "reason"]


def test_older_except_clauses_catch_both_connection_errors() -> None:
    for error in (ConnectionClosedError(), ConnectionLostError()):
        for older in (ConnectionClosedError, ConnectionError, SlipstreamError):
            with pytest.raises(older):
                raise error


def test_a_remote_error_has_message_code_and_details_and_its_text_holds_the_message() -> None:
    error = RemoteError("no such thing", "not_found", {"id": 7})
    assert (error.message, error.code, error.details) == ("no such thing", "not_found", {"id": 7})
    assert "no such thing" in str(error)


def test_a_handler_error_chooses_the_code() -> None:
    error = HandlerError("no", code="not_found", details={"id": 7})
    assert (error.message, error.code, error.details) == ("no", "not_found", {"id": 7})
    assert list(inspect.signature(HandlerError).parameters) == ["message", "code", "details"]


# -- frames ------------------------------------------------------------------------------------------------


def test_the_message_types_and_their_values() -> None:
    assert issubclass(MessageType, enum.Enum)
    assert {member.name: member.value for member in MessageType} == {
        "REQUEST": "request",
        "RESPONSE": "response",
        "STREAM_REQUEST": "stream_request",
        "STREAM_STREAM_REQUEST": "stream_stream_request",
        "STREAM_DATA": "stream_data",
        "STREAM_END": "stream_end",
        "FIRE_AND_FORGET": "fire_and_forget",
        "ERROR": "error",
    }


def test_the_connection_states() -> None:
    assert issubclass(ConnectionState, enum.Enum)
    assert [state.name for state in ConnectionState] == [
        "CONNECTING",
        "CONNECTED",
        "CLOSING",
        "CLOSED",
        "LOST",
    ]


def test_the_frame_model() -> None:
    assert issubclass(FrameModel, BaseModel)
    fields = FrameModel.model_fields
    assert {name: (field.annotation, field.is_required()) for name, field in fields.items()} == {
        "type": (MessageType, True),
        "peerID": (str | None, False),
        "requestId": (tuple[str, int] | None, False),
        "data": (Any, False),
        "meta": (dict[str, Any] | None, False),
    }
    assert all(field.default is None for name, field in fields.items() if name != "type")
    assert fields["requestId"].alias == "requestId"


@pytest.mark.parametrize(
    "kind", ["request", "stream_request", "stream_stream_request", "fire_and_forget", "REQUEST"]
)
@pytest.mark.parametrize("sender", [{}, {"peerID": None}, {"peerID": ""}])
def test_an_opening_frame_without_a_peer_id_fails_with_this_text(kind: str, sender: dict[str, Any]) -> None:
    fields = {"type": kind, "requestId": ("p", 1), **sender}
    with pytest.raises(ValidationError, match="peerID required for request messages"):
        FrameModel(**fields)
    with pytest.raises(ValidationError, match="peerID required for request messages"):
        FrameModel(**dict(reversed(fields.items())))


def test_a_frame_is_dumped_by_its_wire_names() -> None:
    model = FrameModel(type=MessageType.STREAM_END, requestId=("p", 1))
    assert model.model_dump(mode="json", by_alias=True) == {
        "type": "stream_end",
        "peerID": None,
        "requestId": ["p", 1],
        "data": None,
        "meta": None,
    }


@pytest.mark.parametrize(
    "message",
    ["[1]", "3", "null", "", "{", "[" * 100_000, "1" * 5000, "\ud83d", '{"type":"banana"}', b"\xff", None, 3],
    ids=lambda message: repr(message)[:20],
)
def test_every_invalid_input_whatsoever_is_a_protocol_error(message: Any) -> None:
    with pytest.raises(ProtocolError, match=r"^Invalid frame or data: "):
        validate_incoming_frame(message)


def test_a_valid_frame_is_a_frame_model() -> None:
    model = validate_incoming_frame('{"type":"request","peerID":"p","requestId":["p",1],"data":{"a":null}}')
    assert type(model) is FrameModel
    assert (model.type, model.peerID, model.requestId) == (MessageType.REQUEST, "p", ("p", 1))
    assert (model.data, model.meta) == ({"a": None}, None)


# -- protocol and handle -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "parameters"),
    [
        ("set_handler", ["handler"]),
        ("listen", []),
        ("request_response", ["data"]),
        ("request_stream", ["data"]),
        ("stream_stream", ["data"]),
        ("fire_and_forget", ["data"]),
    ],
)
def test_the_members_of_protocol(member: str, parameters: list[str]) -> None:
    found = inspect.signature(getattr(Protocol, member)).parameters.values()
    positional = [each.name for each in found if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert positional == ["self", *parameters]
    assert all(each.default is not each.empty for each in found if each.kind is each.KEYWORD_ONLY)
    assert inspect.iscoroutinefunction(getattr(Protocol, member)) is (member != "set_handler")


def test_a_protocol_is_made_of_a_websocket_alone() -> None:
    required = [
        parameter.name
        for parameter in inspect.signature(Protocol).parameters.values()
        if parameter.default is parameter.empty
    ]
    assert required == ["websocket"]


def test_a_handler_is_attached_and_told_its_protocol() -> None:
    websocket = object()
    protocol = Protocol(websocket)
    handler = ProtocolHandler()
    assert protocol.websocket is websocket
    assert Protocol(websocket).handler is None
    assert ProtocolHandler.protocol is None
    protocol.set_handler(handler)
    assert protocol.handler is handler
    assert handler.protocol is protocol


def test_the_members_of_the_handle() -> None:
    assert list(inspect.signature(BiStreamHandle).parameters) == ["protocol", "request_id"]
    for member in ("send", "aclose", "__anext__", "__aenter__", "__aexit__"):
        assert inspect.iscoroutinefunction(getattr(BiStreamHandle, member))
    assert not inspect.iscoroutinefunction(BiStreamHandle.is_closed)
    assert list(inspect.signature(BiStreamHandle.send).parameters) == ["self", "data"]


# -- handlers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decorator", "message_type", "returns"),
    [
        (request_response, MessageType.REQUEST, "single"),
        (request_stream, MessageType.STREAM_REQUEST, "stream"),
        (stream_stream, MessageType.STREAM_STREAM_REQUEST, "bistream"),
        (fire_and_forget, MessageType.FIRE_AND_FORGET, None),
    ],
)
def test_a_decorator_returns_the_function_itself_with_its_mark(
    decorator: Any, message_type: MessageType, returns: str | None
) -> None:
    async def method(self: object, data: object) -> None:
        """Nothing."""

    assert decorator(method) is method
    assert vars(method)["_slipstream_endpoint"] == {"type": message_type, "returns": returns}
