"""The exceptions of slipstream. This module owns them all and imports nothing of the package.

    Exception
     └─ SlipstreamError
         ├─ ProtocolError               a message that is no frame, or a frame this side must not send
         │   └─ FrameTooLargeError      over the size limit (also ValueError)
         ├─ ConnectionClosedError       the connection ended normally (also builtin ConnectionError)
         │   └─ ConnectionLostError     it ended any other way
         ├─ StreamClosedError           sending on a stream or half that ended (also ConnectionError)
         ├─ StreamOverflowError         items came faster than they were consumed
         ├─ RequestTimeoutError         the deadline passed (also builtin TimeoutError)
         ├─ OverloadedError             too many exchanges are in flight; nothing was sent
         ├─ ExchangeCancelledError      this side gave the exchange up
         ├─ RemoteError                 the other side answered with an error frame
         │   └─ RemoteTimeoutError      because its time had run out (also RequestTimeoutError)
         └─ HandlerError                raised by a handler to choose the code of its error frame

An exception carries facts in attributes; its text tells the story. All survive `copy` and `pickle`.
"""

from __future__ import annotations

from typing import Any


class SlipstreamError(Exception):
    """Base of everything that this package raises on its own account."""


class ProtocolError(SlipstreamError):
    """A message is no frame (protocol.md §2), or a frame must not be sent.

    `salvaged` is the JSON object as far as it could be read, for answering a request that cannot be
    understood; None when there was none.
    """

    def __init__(self, message: str = "", salvaged: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.salvaged = salvaged

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.salvaged)


class FrameTooLargeError(ProtocolError, ValueError):
    """A frame is over the size limit (protocol.md §11); nothing was sent, only this call fails.

    `size_bytes` and `limit_bytes` are the size of the frame's text and the limit that it breaks.
    """

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"The frame has {size_bytes} bytes, over the limit of {limit_bytes}: send less in one frame, "
            "or use a stream"
        )
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.size_bytes, self.limit_bytes)


class ConnectionClosedError(SlipstreamError, ConnectionError):
    """The connection ended normally: close code 1000 or 1001, or this side closed it (protocol.md §6)."""

    _story = "Connection closed"
    _no_reason = "no reason given"

    def __init__(self, code: int | None = None, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{self._story}: {reason or self._no_reason} (code={code})")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.reason)


class ConnectionLostError(ConnectionClosedError):
    """The connection ended any other way: another close code, a dead socket, a missed ping."""

    _story = "Connection lost"
    _no_reason = "unknown reason"


class StreamClosedError(SlipstreamError, ConnectionError):
    """Nothing can be sent: the stream, or this side's half of it, has ended (protocol.md §5)."""


class StreamOverflowError(SlipstreamError):
    """Items came faster than they were consumed and the buffer is full (protocol.md §9)."""


class RequestTimeoutError(SlipstreamError, TimeoutError):
    """No answer came within the deadline (protocol.md §11)."""


class OverloadedError(SlipstreamError):
    """Too many exchanges are in flight (protocol.md §11); nothing was sent, so it is safe to try again."""


class ExchangeCancelledError(SlipstreamError):
    """This side gave the exchange up before it ended (protocol.md §8)."""


class RemoteError(SlipstreamError):
    """The other side ended the exchange with an `error` frame (protocol.md §7)."""

    def __init__(self, message: str, code: str = "application", details: Any = None) -> None:
        super().__init__(f"{message} (code={code})")
        self.message = message
        self.code = code
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.code, self.details)


class RemoteTimeoutError(RemoteError, RequestTimeoutError):
    """The other side noticed first that the time was up: code `deadline_exceeded` (protocol.md §8)."""


class HandlerError(SlipstreamError):
    """Raised by a handler: the `error` frame carries this message, code and details (protocol.md §7)."""

    def __init__(self, message: str, code: str = "application", details: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.code, self.details)
