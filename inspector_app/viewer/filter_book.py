"""The filters a person keeps: those saved under a name, and those that were used last.

Owns their number and length: they may come from a file. A changed book is another book.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

MOST_SAVED = 100
MOST_RECENT = 20
NAME_LENGTH = 60
SOURCE_LENGTH = 2_000


class Offer(Struct, frozen=True):
    """What may stand from index `start` to `end` of a filter that is typed: the text, and what it means."""

    text: str
    start: int
    end: int
    help: str = ""


class FilterBook(Struct, frozen=True):
    """Saved filters as name and text, in the order they were saved; recent ones, the last first."""

    saved: tuple[tuple[str, str], ...] = ()
    recent: tuple[str, ...] = ()

    @classmethod
    def of(cls, saved: Iterable[tuple[str, str]], recent: Iterable[str]) -> FilterBook:
        """Make a book of what a file holds, leaving out what is too long or too much."""
        named = {
            name: source for name, source in saved if name and _fits(source) and len(name) <= NAME_LENGTH
        }
        used = dict.fromkeys(source for source in recent if _fits(source))
        return cls(tuple(named.items())[:MOST_SAVED], tuple(used)[:MOST_RECENT])

    def offers(self, length: int) -> list[Offer]:
        """Give every filter in place of a text of `length` characters, those with a name first."""
        saved = [Offer(source, 0, length, f"saved: {name}") for name, source in self.saved]
        named = {source for _, source in self.saved}
        return saved + [Offer(each, 0, length, "used before") for each in self.recent if each not in named]

    def used(self, source: str) -> FilterBook:
        """Put a filter first among the recent ones."""
        if not _fits(source):
            return self
        others = tuple(each for each in self.recent if each != source)
        return replace(self, recent=(source, *others)[:MOST_RECENT])

    def with_saved(self, name: str, source: str) -> FilterBook:
        """Save a filter; one of the same name is replaced."""
        others = tuple(each for each in self.saved if each[0] != name)
        return replace(self, saved=(*others, (name, source)))

    def without(self, source: str, *, name: str = "") -> FilterBook:
        """Forget a saved filter by its name, or a recent one."""
        if name:
            return replace(self, saved=tuple(each for each in self.saved if each[0] != name))
        return replace(self, recent=tuple(each for each in self.recent if each != source))

    def why_no_name(self, name: str) -> str:
        """Say in one sentence why a filter cannot be saved under a name; empty when it can."""
        if not name or len(name) > NAME_LENGTH or not name.isprintable():
            return f"Type a name of 1 to {NAME_LENGTH} letters."
        if len(self.saved) >= MOST_SAVED and all(each[0] != name for each in self.saved):
            return f"There are {MOST_SAVED} saved filters: forget one first (F)."
        return ""


def _fits(source: str) -> bool:
    return bool(source.strip()) and len(source) <= SOURCE_LENGTH
