"""The steps of a stream: those that send items are async generators of them, the others just do something.

A server stream and a bidirectional one are the same to them, but that only the latter has items coming in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from inspector_app.mock.script.matching import Matcher
from inspector_app.mock.script.model import MOST_ITEMS
from inspector_app.mock.script.running import Acting, Failure, Run, pause
from inspector_app.mock.script.templates import Template, TemplateError
from inspector_app.mock.script.values import outline
from inspector_app.toml_lines import Place
from slipstream import HandlerError, StreamClosedError

_ITEMS_A_TURN = 64
_NO_MORE = object()


class EndedError(Exception):
    """The stream ends here, normally."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Send items, all of them `rounds` times: a number, `forever`, or what a template gives."""

    items: Sequence[Template]
    rounds: int | str | Template = 1
    every_s: float = 0.0
    jitter_s: float = 0.0
    path: Place = ()

    async def items_of(self, run: Run) -> AsyncGenerator[Any, None]:
        """Give them, each when it is time for it. Raises `TemplateError`."""
        most, index = self._most(run), 0
        while self.items and (most is None or index < most):
            if index:
                await pause(run, self.every_s, self.jitter_s)
            if index % _ITEMS_A_TURN == _ITEMS_A_TURN - 1:
                await asyncio.sleep(0)  # what takes all that it is given must not keep the others waiting
            run.see(index=index)
            yield self.items[index % len(self.items)](run.scope)
            index += 1

    def _most(self, run: Run) -> int | None:
        rounds = self.rounds(run.scope) if isinstance(self.rounds, Template) else self.rounds
        if rounds == "forever":
            return None
        if isinstance(rounds, bool) or not isinstance(rounds, int) or not 0 <= rounds <= MOST_ITEMS:
            raise TemplateError(self.path, f"this must give a whole number up to {MOST_ITEMS:,}")
        return rounds * len(self.items)


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait."""

    seconds: float
    jitter_s: float

    async def do(self, run: Run) -> None:
        """Wait."""
        await pause(run, self.seconds, self.jitter_s)


@dataclass(frozen=True, slots=True)
class Fail:
    """End the stream with an error."""

    failure: Failure

    async def do(self, run: Run) -> None:
        """Raise it."""
        raise self.failure.made(run)


@dataclass(frozen=True, slots=True)
class End:
    """End the stream."""

    async def do(self, run: Run) -> None:
        """End it."""
        del run
        raise EndedError


@dataclass(frozen=True, slots=True)
class Act:
    """Set variables, note something, send messages to peers."""

    acting: Acting

    async def do(self, run: Run) -> None:
        """Do it."""
        self.acting.before(run)
        self.acting.after(run)


@dataclass(frozen=True, slots=True)
class Expect:
    """Wait for an item that fits; what comes instead ends the stream with an error."""

    matcher: Matcher
    within_s: float | None
    path: Place

    async def do(self, run: Run) -> None:
        """Wait for it."""
        item = await _next_item(run, self.within_s, self.path)
        if item is _NO_MORE:
            text = f"{run.place(self.path)}: an item was expected, and the stream has ended"
            raise HandlerError(text, code="invalid_request")
        run.see(item=item)
        if not self.matcher.fits(item, run.scope):
            text = f"{run.place(self.path)}: another item was expected than {outline(item)}"
            raise HandlerError(text, code="invalid_request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is done with an item that fits."""

    matcher: Matcher
    delay_s: float
    acting: Acting
    send: Template | None
    failure: Failure | None
    ends: bool


@dataclass(frozen=True, slots=True)
class Each:
    """Reply to each item that comes, until the other half ends or a reply does."""

    replies: Sequence[Reply]
    within_s: float | None
    path: Place

    async def items_of(self, run: Run) -> AsyncGenerator[Any, None]:
        """Give the replies. Raises `HandlerError` or `TemplateError`."""
        index = 0
        while (item := await _next_item(run, self.within_s, self.path)) is not _NO_MORE:
            run.see(item=item, index=index)
            index += 1
            reply = next((each for each in self.replies if each.matcher.fits(item, run.scope)), None)
            if reply is None:
                run.note(
                    "warning",
                    f"{run.place(self.path)}: no reply fits {outline(item)}: add one.",
                    run.protocol,
                )
                continue
            await pause(run, reply.delay_s)
            reply.acting.before(run)
            if reply.send is not None:
                yield reply.send(run.scope)
            reply.acting.after(run)
            if reply.failure is not None:
                raise reply.failure.made(run)
            if reply.ends:
                return


async def _next_item(run: Run, within_s: float | None, path: Place) -> Any:
    """Give the next item, or `_NO_MORE`. Raises `HandlerError`, or what ended the stream."""
    if run.stream is None:
        return _NO_MORE
    try:
        async with asyncio.timeout(within_s):
            return await run.stream.receive()
    except TimeoutError:
        text = f"{run.place(path)}: no item came within {within_s:g} s"
        raise HandlerError(text, code="deadline_exceeded") from None
    except StreamClosedError:
        return _NO_MORE


Step = Items | Each | Wait | Expect | Act | Fail | End


async def items_of(steps: Sequence[Step], run: Run) -> AsyncGenerator[Any, None]:
    """Give the items of all steps, one step after the other, until one of them ends the stream.

    Raises `HandlerError`, `TemplateError`, or what ended the stream from outside.
    """
    try:
        for step in steps:
            if isinstance(step, (Items, Each)):
                async with aclosing(step.items_of(run)) as items:
                    async for item in items:
                        yield item
            else:
                await step.do(run)
    except EndedError:
        return
