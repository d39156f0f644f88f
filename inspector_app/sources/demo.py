"""The demo source: an embedded server that is not recorded, a client that is, and traffic between them.

Owns nothing but the wiring: the market is `mock.demo`, the scenario `traffic`, the recorded end an ordinary
client source, so that everything a person can do to a client works here too.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from inspector_app.intents import ClientSpec, DemoSpec, Done, Intent
from inspector_app.mock.demo import Customer, Market
from inspector_app.sources.client import ClientSource
from inspector_app.sources.failures import SourceError, listen_failure
from inspector_app.sources.traffic import Traffic
from slipstream import Protocol, serve

if TYPE_CHECKING:
    from inspector_app.sources.base import Emit

_HOST = "127.0.0.1"


class DemoSource:
    """Live traffic from `spec.seed`. `pace` 2 is twice as fast as normal, for tests."""

    def __init__(self, spec: DemoSpec, *, pace: float = 1.0) -> None:
        self._spec = spec
        self._pace = pace
        self._client: ClientSource | None = None
        self._listening = contextlib.AsyncExitStack()

    @property
    def address(self) -> str:
        """The URL of the embedded server; empty before the start."""
        return self._client.address if self._client else ""

    async def start(self, emit: Emit) -> None:
        """Start the server, connect to it, and begin the traffic."""
        try:
            server = await self._listening.enter_async_context(serve(Market, _HOST))
        except OSError as error:
            raise SourceError(listen_failure(error, _HOST, 0)) from error
        self._client = ClientSource(ClientSpec(url=server.url), handler=Customer, alongside=self._traffic)
        await self._client.start(emit)

    async def perform(self, intent: Intent) -> Done:
        """Carry out an intent as the client; a new connection gets traffic of its own."""
        if self._client is None:
            return Done(error="The demo has not started yet: try again.")
        return await self._client.perform(intent)

    async def stop(self) -> None:
        """End the client with its traffic, then the server."""
        if self._client is not None:
            await self._client.stop()
        await self._listening.aclose()

    async def _traffic(self, protocol: Protocol) -> None:
        await Traffic(protocol, seed=self._spec.seed, pace=self._pace).run()
