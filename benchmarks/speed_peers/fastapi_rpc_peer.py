"""`fastapi-websocket-rpc` on uvicorn, without compression. It has no streams."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi_websocket_rpc import RpcMethodsBase, WebSocketRpcClient, WebsocketRPCEndpoint

from speed_peers.workloads import HOST, Measured, call_repeatedly


class Methods(RpcMethodsBase):
    """What the server exposes."""

    async def echo(self, operation: str, number: int, text: str) -> dict:
        """Answer with what came."""
        return {"operation": operation, "number": number, "text": text}


async def serve(listening: Callable[[int], None]) -> None:
    """Serve at `/ws`."""
    app = FastAPI()
    WebsocketRPCEndpoint(Methods()).register_route(app, "/ws")
    config = uvicorn.Config(app, log_level="critical", ws_per_message_deflate=False)
    with socket.create_server((HOST, 0)) as listener:
        listening(listener.getsockname()[1])
        await uvicorn.Server(config).serve(sockets=[listener])


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[FastapiRpcClient]:
    """A client."""
    url = f"ws://{HOST}:{port}/ws"
    async with WebSocketRpcClient(url, RpcMethodsBase(), retry_config=False, compression=None) as client:
        yield FastapiRpcClient(client)


@dataclass(frozen=True, slots=True)
class FastapiRpcClient:
    """Calls only."""

    client: WebSocketRpcClient

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Each worker calls, and waits for its answer."""
        return await call_repeatedly(self._call, data, in_flight, seconds)

    async def _call(self, data: dict[str, Any]) -> Any:
        return (await self.client.call("echo", data)).result

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """There is no equivalent."""
        raise NotImplementedError("it has no streams")

    async def echo(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """There is no equivalent."""
        raise NotImplementedError("it has no streams")
