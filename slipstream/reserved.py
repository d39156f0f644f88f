"""The reserved operations: answering `slipstream.describe` and `slipstream.ping`, asking the first (§10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from slipstream.errors import RemoteError, RequestTimeoutError
from slipstream.exchanges import CREDIT, ExchangeKind
from slipstream.frames import MessageType
from slipstream.handlers import KIND_NAMES, Endpoint, Registry
from slipstream.remote import VERSION

if TYPE_CHECKING:
    from slipstream.protocol import Protocol

DESCRIBE = "slipstream.describe"
PING = "slipstream.ping"


def registry_for(protocol: Protocol, operations: Callable[[], Registry], *, describe: bool) -> Registry:
    """The reserved operations of one connection; `operations` gives what the user's handler offers now."""

    async def tell(_: dict[str, Any]) -> dict[str, Any]:
        """What this side offers."""
        limits = protocol.limits
        told = [endpoint.description() for endpoint in operations().endpoints.values()]
        told += [endpoint.description() for endpoint in endpoints.values()]
        return {
            "version": VERSION,
            "software": protocol.software,
            "peerID": protocol.peer_id,
            "operations": sorted(told, key=lambda operation: str(operation["name"])),
            "limits": {
                "frame": limits.frame_bytes,
                "inFlight": limits.in_flight,
                "streamBuffer": limits.stream_buffer_bytes,
            },
            "extensions": [],
        }

    async def ping(data: dict[str, Any]) -> dict[str, Any]:
        """Whether the application is alive: its state, and how much is in flight."""
        return {"echo": data.get("echo"), "state": protocol.state.value, "inFlight": protocol.exchanges}

    async def credit(_: dict[str, Any]) -> None:
        """Raises how many items the receiver of a stream will take."""  # the session does it (§9)

    endpoints = {
        PING: Endpoint(PING, MessageType.REQUEST, ping),
        CREDIT: Endpoint(CREDIT, MessageType.FIRE_AND_FORGET, credit),
    }
    if describe:
        endpoints[DESCRIBE] = Endpoint(DESCRIBE, MessageType.REQUEST, tell)
    return Registry(endpoints)


async def describe(protocol: Protocol) -> list[dict[str, Any]] | None:
    """The operations that the other side says it offers; None where it does not say (protocol.md §10).

    Waits no longer than `limits.describe_timeout_s`. Raises `ConnectionClosedError` when the connection ends.
    """
    try:
        answer = await protocol.request_response(
            {"operation": DESCRIBE}, timeout=protocol.limits.describe_timeout_s
        )
    except (RemoteError, RequestTimeoutError):
        return None
    operations = answer.get("operations") if isinstance(answer, dict) else None
    if not isinstance(operations, list):
        return None
    kinds = {*KIND_NAMES.values(), *(kind.value for kind in ExchangeKind)}
    return [
        operation
        for operation in operations
        if isinstance(operation, dict)
        and isinstance(operation.get("name"), str)
        and operation.get("kind") in kinds
    ]
