"""A run of `slipstream-inspector check`: connecting, looking what is there, playing case after case.

Owns the connections and the exit code. Each case gets a connection of its own, so that none spoils another.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlunsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.typing import Subprotocol

from inspector_app.check.cases import Case
from inspector_app.check.player import play
from inspector_app.check.probing import PATIENCE_S, NotCheckableError, look_at
from inspector_app.check.verdicts import Result, Server, Verdict, not_applicable
from inspector_app.sources.address import check_url, without_password
from inspector_app.sources.failures import FAILED, SourceError, connect_failure
from inspector_app.sources.tls import tls_context

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec

CONFORMS: Final = 0
"""Exit code: every case that applies passed, and there was one."""

_OPEN_TIMEOUT_S = 5.0
_CLOSE_TIMEOUT_S = 0.5
_FRAME_BYTES = 16 * 1024 * 1024


class Report(Protocol):
    """Who is told what a run finds, as it finds it."""

    def server(self, address: str, server: Server) -> None:
        """The server speaks Slipstream: this is what it told of itself."""

    def result(self, result: Result) -> None:
        """The verdict on one case, in the order of the cases."""

    def summary(self, verdicts: Counter[Verdict]) -> None:
        """All cases have been played, and came out so."""


class Check:
    """Checks the server that `spec` names. Raises `SourceError` for a spec that cannot work."""

    def __init__(self, spec: ClientSpec, *, timeout_s: float) -> None:
        url = check_url(spec.url)
        self._url = urlunsplit(url)
        self._address = without_password(self._url)
        self._timeout_s = timeout_s
        headers = list(spec.headers)
        if spec.token is not None:
            headers.append(("Authorization", f"Bearer {spec.token}"))
        self._options: dict[str, Any] = {
            "additional_headers": headers,
            "subprotocols": [Subprotocol(name) for name in spec.subprotocols] or None,
            "open_timeout": min(timeout_s, _OPEN_TIMEOUT_S),
        }
        context = tls_context(spec, secure=url.scheme == "wss")
        if context is not None:
            self._options["ssl"] = context

    async def run(self, cases: Sequence[Case], report: Report) -> int:
        """Play the cases and report each; gives the exit code.

        Raises `SourceError` when there is no connection, or none that a case could be played on.
        """
        server = await self._look()
        report.server(self._address, server)
        verdicts: Counter[Verdict] = Counter()
        for case in cases:
            result = await self._judge(case, server)
            report.result(result)
            verdicts[result.verdict] += 1
            if result.difference is not None and result.difference.timed_out:
                await self._look_again(case)
        report.summary(verdicts)
        return CONFORMS if verdicts[Verdict.PASS] and not verdicts[Verdict.DIFFERS] else FAILED

    async def _judge(self, case: Case, server: Server) -> Result:
        why = not_applicable(case, server)
        if why is not None:
            return Result(case, Verdict.NOT_APPLICABLE, why)
        async with self._connected() as websocket:
            difference = await play(case, websocket, timeout_s=self._timeout_s)
        return Result(case, Verdict.DIFFERS if difference else Verdict.PASS, difference=difference)

    async def _look(self) -> Server:
        async with self._connected() as websocket:
            try:
                return await look_at(websocket, patience_s=min(self._timeout_s, PATIENCE_S))
            except NotCheckableError as found:
                raise SourceError(f"{self._address} {found}.") from None

    async def _look_again(self, case: Case) -> None:
        """After a case without an answer: a server that is gone for good is not asked a hundred times."""
        try:
            await self._look()
        except SourceError as failure:
            raise SourceError(f"The check ends at {case.path}: since then, {failure.text}") from None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        try:
            websocket = await _Connecting(
                self._url,
                max_size=_FRAME_BYTES,
                compression=None,
                ping_interval=None,
                close_timeout=_CLOSE_TIMEOUT_S,
                proxy=None,
                logger=_quiet_logger(),
                **self._options,
            )
        except Exception as error:
            raise SourceError(connect_failure(error, self._address)) from error
        try:
            yield websocket
        finally:
            with suppress(OSError):
                await websocket.close()


class _Connecting(connect_websocket):
    """Follows no redirect: what is sent along is meant for the server that was named."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Refuse, with the answer that asked for it."""
        return exc


def _quiet_logger() -> logging.Logger:
    # What a server does wrong is told by verdicts, and not by lines of a library's log between them.
    quiet = logging.getLogger("slipstream.check")
    quiet.setLevel(logging.CRITICAL)
    return quiet
