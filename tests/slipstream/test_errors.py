"""The exceptions: their tree, their texts, their facts through copy and pickle."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from slipstream import errors
from slipstream.errors import (
    ConnectionClosedError,
    ConnectionLostError,
    ExchangeCancelledError,
    FrameTooLargeError,
    HandlerError,
    OverloadedError,
    ProtocolError,
    RemoteError,
    RemoteTimeoutError,
    RequestTimeoutError,
    SlipstreamError,
    StreamClosedError,
    StreamOverflowError,
)

EVERY = [
    SlipstreamError("text"),
    ProtocolError("text", salvaged={"type": "request"}),
    ProtocolError(),
    FrameTooLargeError(10, 5),
    ConnectionClosedError(1000, "bye"),
    ConnectionClosedError(),
    ConnectionLostError(1006, "cable"),
    ConnectionLostError(),
    StreamClosedError("text"),
    StreamOverflowError("text"),
    RequestTimeoutError("text"),
    OverloadedError("text"),
    ExchangeCancelledError("text"),
    RemoteError("no such thing", "not_found", {"id": 7}),
    RemoteError("no such thing"),
    RemoteTimeoutError("too late", "deadline_exceeded", [1]),
    HandlerError("no such thing", code="not_found", details=[1]),
]


def _round_trip(error: SlipstreamError) -> object:
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - what this test made itself


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, _round_trip])
@pytest.mark.parametrize("error", EVERY, ids=repr)
def test_copying_and_pickling_keep_the_type_the_text_and_the_facts(
    error: SlipstreamError, again: Callable[[SlipstreamError], object]
) -> None:
    twin = again(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)


def test_every_exception_of_the_module_is_tried_above() -> None:
    public = {value for value in vars(errors).values() if isinstance(value, type)}
    assert {type(error) for error in EVERY} == {kind for kind in public if issubclass(kind, SlipstreamError)}


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (ConnectionClosedError, ConnectionError),
        (ConnectionLostError, ConnectionError),
        (StreamClosedError, ConnectionError),
        (RequestTimeoutError, TimeoutError),
        (FrameTooLargeError, ValueError),
    ],
)
def test_some_are_builtin_errors_too_so_that_older_except_clauses_catch_them(
    kind: type[SlipstreamError], builtin: type[Exception]
) -> None:
    assert issubclass(kind, SlipstreamError)
    assert issubclass(kind, builtin)


def test_a_closed_connection_is_not_a_lost_one() -> None:
    assert not issubclass(ConnectionClosedError, ConnectionLostError)


def test_a_frame_too_large_says_both_sizes() -> None:
    error = FrameTooLargeError(2000, 1000)
    assert (error.size_bytes, error.limit_bytes) == (2000, 1000)
    assert "2000 bytes" in str(error)
    assert "limit of 1000" in str(error)


def test_a_remote_error_tells_its_message_and_its_code() -> None:
    assert str(RemoteError("no such thing", "not_found")) == "no such thing (code=not_found)"
    assert RemoteError("x").code == "application"


def test_facts_may_be_given_by_name() -> None:
    error = ConnectionLostError(code=1011, reason="oops")
    assert (error.code, error.reason) == (1011, "oops")
    assert HandlerError("x", code="unavailable", details={"a": 1}).details == {"a": 1}
