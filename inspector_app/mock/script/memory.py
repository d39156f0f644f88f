"""What a mock remembers between calls, and over its own reloads: variables, counters, who is connected.

Owns the bounds of it. Variables are those that the file declares; a peer has its own for as long as its
connection is there.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import weakref
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from inspector_app.mock.script.values import ExpressionError, size_of

if TYPE_CHECKING:
    from inspector_app.schemas.judging import Judge
    from slipstream import Protocol

LARGEST_STATE = 8_000_000
"""Characters, as JSON, of all variables that peers share."""
LARGEST_PEER = 1_000_000
"""Likewise of the variables of one peer."""
MOST_PUSHES = 1_000
"""Messages that wait to be sent by the mock itself."""


_MOST_MISFITS = 3


async def _begun(judge: Judge) -> None:
    await judge.check({}, "null")


class Variables:
    """Named values that begin as declared, and take up so much room at most."""

    def __init__(self, declared: Mapping[str, Any], largest: int) -> None:
        self._largest = largest
        self._begin(declared)

    def _begin(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self._sizes = {name: size_of(value, self._largest) for name, value in values.items()}

    def declare(self, declared: Mapping[str, Any]) -> None:
        """Have exactly these variables; those that were there already keep their values."""
        self._begin({name: self.values.get(name, value) for name, value in declared.items()})

    def set(self, name: str, value: Any) -> None:
        """Set a variable, if it is declared. Raises `ExpressionError` when there is no room."""
        if name not in self.values:
            return  # by an exchange that began with an older file
        size = size_of(value, self._largest)
        if sum(self._sizes.values()) - self._sizes[name] + size > self._largest:
            raise ExpressionError(f"the variables get larger than {self._largest:,} characters")
        self.values[name], self._sizes[name] = value, size


class Memory:
    """The memory of one mock, through all versions of its file."""

    def __init__(self) -> None:
        self.state = Variables({}, LARGEST_STATE)
        self.counters: dict[str, int] = {}
        self.seed = secrets.randbelow(10**9)
        """What is made up comes from this number, where no other is asked for."""
        self.seed_told = False
        self.observers: list[Callable[[], None]] = []
        """Called whenever a call was counted, or the operations have changed."""
        self._judge: Judge | None = None
        self._declared: dict[str, Any] = {}
        self._peers: weakref.WeakKeyDictionary[Protocol, Variables] = weakref.WeakKeyDictionary()
        self._pushes: set[asyncio.Task[None]] = set()

    def declare(self, state: Mapping[str, Any], peer: Mapping[str, Any]) -> None:
        """Take up what a version of the file declares."""
        self.state.declare(state)
        self._declared = dict(peer)
        for variables in self._peers.values():
            variables.declare(peer)

    def peer(self, protocol: Protocol) -> Variables:
        """Give the variables of one peer."""
        found = self._peers.get(protocol)
        if found is None:
            found = self._peers[protocol] = Variables(self._declared, LARGEST_PEER)
        return found

    def peers(self) -> list[Protocol]:
        """Give the peers that are connected."""
        from slipstream import ConnectionState

        return [peer for peer in self._peers if peer.state is ConnectionState.CONNECTED]

    def counter(self, name: str, start: int) -> int:
        """Give the next number of a counter; the first is `start`."""
        self.counters[name] = self.counters.get(name, start - 1) + 1
        return self.counters[name]

    def changed(self) -> None:
        """Tell the observers that there is something new to see."""
        for observer in list(self.observers):
            observer()

    def push(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Have a message sent beside everything else; False when too many wait."""
        if len(self._pushes) >= MOST_PUSHES:
            return False
        task = asyncio.get_running_loop().create_task(work(), name="push")
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)
        return True

    def begin_to_check(self) -> None:
        """Have there be what checks data by schemas: a process, which no call is to begin."""
        if self._judge is None:
            from inspector_app.schemas.judging import Judge

            self._judge = Judge()
            judge = self._judge
            self.push(lambda: _begun(judge))

    async def misfit(self, schema: object, value: Any) -> str:
        """Say why a value does not fit a schema; empty where it does, or that is not known in time."""
        if self._judge is None or schema is None:
            return ""
        judgement = await self._judge.check(schema, json.dumps(value))
        return "; ".join(map(str, judgement.problems[:_MOST_MISFITS]))

    async def end(self) -> None:
        """Send nothing more."""
        if self._judge is not None:
            self._judge.close()
        pushes: Iterable[asyncio.Task[None]] = list(self._pushes)
        for each in pushes:
            each.cancel()
        await asyncio.gather(*pushes, return_exceptions=True)
