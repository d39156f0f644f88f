"""The command palette's list: the same commands as everywhere, those that make sense now."""

from __future__ import annotations

from textual.command import DiscoveryHit, Hit, Hits, Provider

from inspector_app import commands
from inspector_app.commands import Command
from inspector_app.screens.base import CommandScreen


class CommandProvider(Provider):
    """Offers what the screen below the palette can do."""

    def _offered(self) -> list[Command]:
        screen = self.screen
        if not isinstance(screen, CommandScreen):
            return []
        now = screen.situation()
        return [each for each in commands.commands(screen.PLACE) if each.name != "palette" and each.when(now)]

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
        """Offer what matches."""
        matcher = self.matcher(query)
        for each in self._offered():
            text = f"{each.title}: {each.help}"
            score = max(matcher.match(each.title), matcher.match(text))
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(f"{each.title}  ({each.key})"),
                    lambda name=each.name: self._run(name),
                    text=each.title,
                    help=each.help,
                )
