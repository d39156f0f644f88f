"""Intents about one connection, carried out over its `Protocol`: messages, items, halves, cancelling.

Owns the checks before anything is sent and the sentences when it cannot be. Which connection is meant is
the source's to find. What becomes of an exchange is seen by taps; nothing waits for it here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Never

from inspector_app.intents import (
    AbortExchange,
    CancelExchange,
    Done,
    EndHalf,
    OnConnection,
    RepeatMessage,
    SendItem,
    SendMessage,
    SendRaw,
    StopRepeating,
    TellExchange,
)
from inspector_app.messages.repeat import Pace
from inspector_app.standing import ExchangeStanding, to_json
from slipstream import ExchangeKind, FrameTooLargeError, OverloadedError, SlipstreamError, StreamClosedError

if TYPE_CHECKING:
    from inspector_app.sources.repeating import Repeater
    from slipstream import Protocol

_KINDS = {
    "request": ExchangeKind.UNARY,
    "stream": ExchangeKind.SERVER_STREAM,
    "bidirectional": ExchangeKind.BIDIRECTIONAL,
}


async def act(intent: OnConnection, protocol: Protocol, conn: int, repeater: Repeater) -> Done:
    """Carry out `intent` on connection number `conn`; `Done.error` says why it was not."""
    try:
        match intent:
            case SendMessage():
                return await _send_message(intent, protocol, conn)
            case RepeatMessage():
                _repeat(intent, protocol, conn, repeater)
            case StopRepeating():
                await _stop(conn, repeater)
            case SendRaw():
                await _send_raw(intent.text, protocol)
            case SendItem():
                item = _read_json(intent.data_json)
                await protocol.send_item(_in_flight(intent, protocol), item)
            case EndHalf():
                await protocol.end_half(_with_open_half(intent, protocol))
            case CancelExchange():
                await protocol.cancel(_in_flight(intent, protocol))
            case AbortExchange():
                await protocol.abort(_in_flight(intent, protocol), intent.code, intent.message)
            case TellExchange():
                return Done(conn=conn, told=_standing(intent, protocol))
    except _RefusedError as refusal:
        return Done(error=str(refusal))
    except SlipstreamError as error:
        return Done(error=_told(error))
    return Done(conn=conn)


class _RefusedError(Exception):
    """Not to be sent; the text is one sentence for the user."""


async def _send_message(intent: SendMessage, protocol: Protocol, conn: int) -> Done:
    data = _message_data(intent)
    if intent.kind == "oneway":
        await protocol.fire_and_forget(data)
        return Done(conn=conn)
    timeout_s = _timeout(intent)
    if timeout_s is None and intent.kind == "request":
        timeout_s = protocol.limits.request_timeout_s
    opener, number = protocol.open_exchange(_KINDS[intent.kind], data, timeout_s=timeout_s)
    return Done(conn=conn, opener=opener, number=number)


def _timeout(intent: SendMessage) -> float | None:
    if intent.timeout_s is not None and intent.timeout_s <= 0:
        raise _RefusedError("The timeout must be more than 0 seconds.")
    return intent.timeout_s


def _repeat(intent: RepeatMessage, protocol: Protocol, conn: int, repeater: Repeater) -> None:
    pace = Pace(times=intent.times, per_second=intent.per_second, in_flight=intent.in_flight)
    if pace.problem:
        raise _RefusedError(pace.problem)
    _message_data(intent.message)
    _timeout(intent.message)
    for item in intent.items_json:
        _read_json(item)
    if not repeater.begin(conn, protocol, intent):
        raise _RefusedError("Something is being repeated on this connection already: stop that first.")


async def _stop(conn: int, repeater: Repeater) -> None:
    if not await repeater.stop(conn):
        raise _RefusedError("Nothing is being repeated on this connection.")


def _message_data(intent: SendMessage) -> dict[str, Any]:
    if not intent.operation:
        raise _RefusedError("The operation is missing: name what to call.")
    data = _read_json(intent.data_json)
    if not isinstance(data, dict):
        raise _RefusedError(
            'The data must be a JSON object, such as {"id": 7}; only a raw frame can hold others.'
        )
    if data.get("operation", intent.operation) != intent.operation:
        raise _RefusedError("The data names another operation: take it out there, or send a raw frame.")
    return {"operation": intent.operation, **data}


async def _send_raw(text: str, protocol: Protocol) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _RefusedError(
            "The text holds half of a surrogate pair, which no text message can carry."
        ) from None
    await protocol.send_raw(text)


def _standing(intent: TellExchange, protocol: Protocol) -> str:
    request_id = (intent.opener, intent.number)
    exchange = protocol.exchange(request_id)
    if exchange is None:
        return ""
    sendable, receivable = protocol.credit(request_id)
    return to_json(
        ExchangeStanding(
            state=exchange.state.name,
            sends=exchange.takes_items,
            items_out=exchange.items_out,
            items_in=exchange.items_in,
            sendable=sendable,
            receivable=receivable,
        )
    )


def _in_flight(
    intent: SendItem | EndHalf | CancelExchange | AbortExchange, protocol: Protocol
) -> tuple[str, int]:
    request_id = (intent.opener, intent.number)
    if not protocol.in_flight(request_id):
        raise _RefusedError(f"Exchange {intent.number} has ended, or never was: nothing was sent.")
    return request_id


def _with_open_half(intent: EndHalf, protocol: Protocol) -> tuple[str, int]:
    request_id = _in_flight(intent, protocol)
    exchange = protocol.exchange(request_id)
    if exchange is not None and not exchange.state.local_open:
        raise _RefusedError(
            f"This side's half of exchange {intent.number} has ended: cancel the exchange instead."
        )
    return request_id


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise _RefusedError(f"The data is no JSON: {error}.") from None
    except RecursionError:
        raise _RefusedError("The data is nested too deeply to be sent.") from None


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON value")


def _told(error: SlipstreamError) -> str:
    if isinstance(error, (FrameTooLargeError, OverloadedError, StreamClosedError)):
        return f"{str(error).rstrip('.')}."
    if isinstance(error, ConnectionError):
        return "The connection has ended: reconnect first."
    return f"Not sent: {str(error).rstrip('.')}."
