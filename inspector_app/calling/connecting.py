"""One connection to the server that a person named, or the whole story of why there is none.

Owns that what fails is told in stages, and how long connecting may take.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlunsplit

from inspector_app.calling.answers import Answers
from inspector_app.sources.address import check_url, without_password
from inspector_app.sources.failures import FAILED, SourceError, connect_failure
from inspector_app.sources.first_frame import FirstFrame
from inspector_app.sources.probing import LIMIT_S, find_stages
from inspector_app.sources.tls import tls_context
from slipstream import Limits, Protocol, connect

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec
    from inspector_app.sources.stages import Stage

OPEN_TIMEOUT_S: Final = 10.0
"""Longest time from asking for a connection to its being open."""

_LIMITS: Final = Limits(frame_bytes=16 * 1024 * 1024)


class StagedError(SourceError):
    """There is no connection, or it ended before a frame came; `stages` tell how far it got."""

    def __init__(self, text: str, stages: tuple[Stage, ...]) -> None:
        super().__init__(text, FAILED)
        self.stages = stages


class Clock:
    """What is left of the time that a whole command may take; None: all there is."""

    def __init__(self, limit_s: float | None) -> None:
        self.limit_s = limit_s
        self._end = None if limit_s is None else asyncio.get_running_loop().time() + limit_s

    @property
    def left_s(self) -> float | None:
        """Seconds that are left, at least a moment; None: no limit."""
        return None if self._end is None else max(0.001, self._end - asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class Connection:
    """An open connection, and what was seen on it."""

    protocol: Protocol
    address: str
    answers: Answers
    first_frame: FirstFrame


@asynccontextmanager
async def connected(spec: ClientSpec, clock: Clock) -> AsyncIterator[Connection]:
    """A connection that is open; raises `StagedError`, and `SourceError` for a spec that cannot work."""
    url = check_url(spec.url)
    context = tls_context(spec, secure=url.scheme == "wss")
    address = without_password(urlunsplit(url))
    answers, first_frame = Answers(), FirstFrame(address)
    left_s = clock.left_s
    connecting = connect(
        urlunsplit(url),
        headers=spec.headers,
        token=spec.token,
        subprotocols=spec.subprotocols,
        ssl=context,
        limits=_LIMITS,
        open_timeout_s=OPEN_TIMEOUT_S if left_s is None else min(OPEN_TIMEOUT_S, left_s),
        taps=[first_frame, answers],
        on_handshake=first_frame.opened,
    )
    async with AsyncExitStack() as stack:
        stack.enter_context(_quiet())
        try:
            protocol = await stack.enter_async_context(connecting)
        except Exception as error:
            limit_s = LIMIT_S if clock.limit_s is None else min(LIMIT_S, clock.limit_s)
            stages = await find_stages(spec, context, limit_s=limit_s)
            raise StagedError(connect_failure(error, address), stages) from error
        first_frame.leaves(protocol.taps)
        yield Connection(protocol, address, answers, first_frame)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's log off stderr: what it says of this connection is told in sentences."""
    handler = logging.NullHandler()
    logger = logging.getLogger()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
