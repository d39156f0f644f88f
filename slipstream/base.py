"""The names that code written for earlier implementations imports from here."""

from slipstream.errors import (
    ConnectionClosedError,
    ConnectionLostError,
    HandlerError,
    ProtocolError,
    RemoteError,
    RequestTimeoutError,
    SlipstreamError,
    StreamOverflowError,
)
from slipstream.frames import FrameModel, MessageType, validate_incoming_frame
from slipstream.handlers import (
    ProtocolHandler,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)
from slipstream.lifecycle import ConnectionState
from slipstream.protocol import Protocol
from slipstream.streams import BiStreamHandle

__all__ = [
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
]
