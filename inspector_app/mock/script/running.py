"""One exchange that a rule answers: what its steps can see, and the waiting.

`Run` is handed from step to step; nothing of it outlives the exchange.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector_app.mock.script.memory import Memory
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.templates import Template, TemplateError
from inspector_app.mock.script.values import ExpressionError
from inspector_app.toml_lines import Place
from slipstream import HandlerError

if TYPE_CHECKING:
    from slipstream import BiStreamHandle, Protocol


@dataclass(slots=True, kw_only=True)
class Run:
    """An exchange, the connection it is on, and the mock's memory. `place` names a path of the file."""

    protocol: Protocol
    scope: Scope
    memory: Memory
    note: Callable[[Any, str, Protocol | None], None]
    place: Callable[[Place], str]
    stream: BiStreamHandle | None = None

    def see(self, **names: Any) -> None:
        """Have expressions see these names from now on."""
        self.scope.names.update(names)

    def set(self, where: str, name: str, value: Any) -> None:
        """Set a variable of `state` or `peer`. Raises `ExpressionError`."""
        variables = self.memory.state if where == "state" else self.memory.peer(self.protocol)
        variables.set(name, value)
        self.scope.names[where] = variables.values


async def pause(run: Run, seconds: float, jitter_s: float = 0.0) -> None:
    """Wait; by chance up to `jitter_s` longer or shorter."""
    if jitter_s:
        seconds += run.scope.chance.uniform(-jitter_s, jitter_s)
    if seconds > 0:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that an exchange is answered with."""

    code: str
    message: Template
    details: Template | None = None

    def made(self, run: Run) -> HandlerError:
        """Give the error. Raises `TemplateError`."""
        details = self.details(run.scope) if self.details is not None else None
        return HandlerError(str(self.message(run.scope)), code=self.code, details=details)


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable to set: `where` is `state` or `peer`."""

    where: str
    name: str
    value: Template
    path: Place

    def do(self, run: Run) -> None:
        """Set it. Raises `TemplateError`."""
        try:
            run.set(self.where, self.name, self.value(run.scope))
        except ExpressionError as error:
            raise TemplateError(self.path, str(error)) from None


_LONGEST_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Acting:
    """What happens beside an answer: variables, a note, messages to peers."""

    settings: tuple[Setting, ...] = ()
    note: Template | None = None
    pushes: tuple[Push, ...] = ()

    def before(self, run: Run) -> None:
        """Set what is to be set, then note what is to be noted. Raises `TemplateError`."""
        for setting in self.settings:
            setting.do(run)
        if self.note is not None:
            run.note("info", str(self.note(run.scope))[:_LONGEST_NOTE], run.protocol)

    def after(self, run: Run) -> None:
        """Send what the mock sends by itself. Raises `TemplateError`."""
        for push in self.pushes:
            push.do(run)


_PUSHED_REQUEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A message that the mock sends by itself."""

    operation: str
    is_request: bool
    data: Template
    to: str
    after_s: float

    def do(self, run: Run) -> None:
        """Have it sent; nothing waits for it. Raises `TemplateError`."""
        data = {"operation": self.operation, **self.data(run.scope)}

        async def send() -> None:
            await asyncio.sleep(self.after_s)
            peers = [run.protocol] if self.to == "caller" else run.memory.peers()
            meant = [peer for peer in peers if self.to != "others" or peer is not run.protocol]
            await asyncio.gather(*(self._send(run, peer, data) for peer in meant))

        if not run.memory.push(send):
            run.note("warning", f"{self.operation} was not sent: too many messages wait.", run.protocol)

    async def _send(self, run: Run, peer: Protocol, data: dict[str, Any]) -> None:
        from slipstream import ConnectionClosedError, RemoteError, RequestTimeoutError, SlipstreamError

        try:
            if self.is_request:
                await peer.request_response(data, timeout=_PUSHED_REQUEST_S)
            else:
                await peer.fire_and_forget(data)
        except (RemoteError, RequestTimeoutError, ConnectionClosedError):
            return  # the frames, or the end of the connection, are in the capture
        except SlipstreamError as error:
            run.note("problem", f"{self.operation} was not sent: {str(error).rstrip('.')}.", peer)
