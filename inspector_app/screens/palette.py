"""The command palette's list: the same commands as everywhere, those that make sense now."""

from __future__ import annotations

import re

from textual.command import DiscoveryHit, Hit, Hits, Provider

from inspector_app import commands
from inspector_app.commands import Command, Situation
from inspector_app.screens.base import CommandScreen

_HAS_NAME = 3.0
_HAS_WORD = 1.0


def rank(similarity: float, each: Command, query: str) -> float:
    """Say how well a command goes with what was typed, 0: not at all. `similarity` is that of its title.

    Letters that are only strewn over a title or a help text do not count: most texts have them.
    """
    typed = query.strip().casefold()
    title = each.title.casefold()
    if typed in title:
        return _HAS_NAME + title.startswith(typed) + len(typed) / len(title) + similarity / 1000
    return _HAS_WORD if re.search(rf"\b{re.escape(typed)}\b", each.help.casefold()) else 0.0


class CommandProvider(Provider):
    """Offers what the screen below the palette can do."""

    def _commands(self) -> list[Command]:
        screen = self.screen
        if not isinstance(screen, CommandScreen):
            return []
        now = screen.situation()
        there = [each for each in commands.commands(screen.PLACE) if commands.offered(each, now)]
        return [each for each in there if each.name != "palette"]

    def _offered(self) -> list[Command]:
        screen = self.screen
        now = screen.situation() if isinstance(screen, CommandScreen) else Situation()
        return [each for each in self._commands() if each.when(now) and commands.offered(each, now)]

    def _run(self, name: str) -> None:
        screen = self.screen
        if isinstance(screen, CommandScreen):
            screen.action_run(name)

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for each in self._offered():
            yield DiscoveryHit(
                f"{each.title}  ({each.key})",
                lambda name=each.name: self._run(name),
                text=each.title,
                help=each.help,
            )

    async def search(self, query: str) -> Hits:
        """Offer what matches; what makes no sense now by its name only, with the reason."""
        matcher = self.matcher(query)
        screen = self.screen
        now = screen.situation() if isinstance(screen, CommandScreen) else Situation()
        for each in self._commands():
            score = rank(matcher.match(each.title), each, query)
            reason = commands.why_not(each, now)
            if score > (_HAS_NAME if reason else 0):
                yield Hit(
                    score,
                    matcher.highlight(f"{each.title}  ({each.key})"),
                    lambda name=each.name: self._run(name),
                    text=each.title,
                    help=f"Not now. {reason}" if reason else each.help,
                )
