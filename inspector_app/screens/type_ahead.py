"""Typing ahead: a key is handed out once the one before it has had its effect.

Textual hands every key at once to what has the focus, and a key that opens a screen or moves the focus takes
effect only after it has gone through the queues of all that is above. What is typed meanwhile would go to
the wrong place. Owns the order of keys and pasted text, and nothing of what they do.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from textual import events
from textual.app import App
from textual.dom import DOMNode

PATIENCE_S: Final = 1.0
"""How long a key is waited for that has its effect late, or in a widget that has gone meanwhile."""
URGENT: Final = frozenset({"ctrl+q"})
"""Keys that wait for nothing."""
ROUNDS: Final = 2
"""A key goes up once; what it makes a widget say, such as that a line was entered, goes up after it."""

Typed = events.Key | events.Paste


class TypingApp(App[int]):
    """An app in which what is typed ahead goes where it was meant to go."""

    def __init__(self) -> None:
        super().__init__()
        self.type_ahead = TypeAhead(self, super().on_event)

    async def on_event(self, event: events.Event) -> None:
        """Hand out keys one after the other."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.type_ahead.take(event)
        else:
            await super().on_event(event)


class TypeAhead:
    """Hands out what is typed by way of `hand_out`, which is the app's own way."""

    def __init__(self, app: App[int], hand_out: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._hand_out = hand_out
        self._waiting: deque[Typed] = deque()
        self._turn = 0
        self._under_way = False
        self._text_went = False
        self._held = False
        self._since = 0.0

    def hold(self) -> None:
        """Hand out nothing more until `let_go`: what was asked for opens, or closes, what is typed into."""
        self._held = True
        self._since = time.monotonic()

    def let_go(self) -> None:
        """Go on with what was typed meanwhile."""
        if self._held:
            self._held = False
            self._app.call_later(self._settle, self._turn)

    @property
    def is_busy(self) -> bool:
        """Whether something that was typed is still to have its effect, and is waited for."""
        waited_s = time.monotonic() - self._since
        return (bool(self._waiting) or self._under_way) and waited_s <= PATIENCE_S

    async def take(self, typed: Typed) -> None:
        """Take what was typed, and hand it out when it is its turn."""
        if isinstance(typed, events.Key) and typed.key in URGENT:
            await self._hand_out(typed)
            return
        self._waiting.append(typed)
        is_free = not self._under_way and not self._held
        if is_free or time.monotonic() - self._since > PATIENCE_S:
            await self._go_on()

    async def _go_on(self) -> None:
        """Hand out up to and with the next key whose effect may be where the one after it goes."""
        self._turn += 1
        self._under_way = self._held = False
        while self._waiting and not self._under_way:
            target = self._target
            is_text = _is_text(self._waiting[0], target)
            # Text goes one after the other to one field. What an app takes first must not overtake it.
            self._under_way = not is_text
            overtakes, self._text_went = self._text_went and not is_text, is_text
            self._since = time.monotonic()
            if not overtakes:
                await self._hand_out(self._waiting.popleft())
            if self._under_way:
                self._follow(target, target, self._turn, ROUNDS)

    @property
    def _target(self) -> DOMNode:
        return self._app.focused or self._app.screen

    def _follow(self, node: DOMNode | None, start: DOMNode, turn: int, rounds: int) -> None:
        """Go the way the key went: what comes out of a queue after it finds it dealt with there."""
        if node is not None and node is not self._app:
            if not node.call_later(self._follow, node.parent, start, turn, rounds):
                self._follow(node.parent, start, turn, rounds)
        elif rounds > 1:
            self._follow(start, start, turn, rounds - 1)
        else:
            # Last through the app, which moves the focus, and the screen, which may be a new one.
            self._app.call_later(self._settle, turn)

    def _settle(self, turn: int) -> None:
        if not self._app.screen.call_later(self._app.call_later, self._settled, turn):
            self._app.call_later(self._settled, turn)

    async def _settled(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._under_way = False
        if not self._held:
            await self._go_on()


def hold(app: App[Any]) -> None:
    """Have what is typed from now on wait for `let_go`, for `PATIENCE_S` at most."""
    if isinstance(app, TypingApp):
        app.type_ahead.hold()


def let_go(app: App[Any]) -> None:
    """Have what was typed meanwhile go where it goes now."""
    if isinstance(app, TypingApp):
        app.type_ahead.let_go()


def _is_text(typed: Typed, target: DOMNode) -> bool:
    """Whether this only puts text into a field."""
    return isinstance(typed, events.Paste) or target.check_consume_key(typed.key, typed.character)
