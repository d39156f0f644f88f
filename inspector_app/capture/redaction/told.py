"""What was redacted, told to a person: before it happens as a preview, and afterwards as a report.

Owns the words. Nothing told here holds a secret: a preview shows the first characters of long ones, a report
none.
"""

from __future__ import annotations

from dataclasses import dataclass

_HINT_FROM = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """One secret: its placeholder, the rules that found it, where first, how often it is in the capture."""

    placeholder: str
    rules: tuple[str, ...]
    places: tuple[str, ...]
    count: int
    hint: str
    """The first characters, for the eyes of whoever exports; never part of a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that is replaced. `beyond`: how often a secret was replaced that had no room in `secrets`."""

    secrets: tuple[Replaced, ...] = ()
    beyond: int = 0
    on: bool = True
    frames: int = 0
    """Frames whose text was changed, once they were written."""

    @property
    def count(self) -> int:
        """How many places are replaced."""
        return sum(each.count for each in self.secrets) + self.beyond

    @property
    def _there(self) -> tuple[Replaced, ...]:
        """Those in what is told of: a format may have no place for what held one."""
        return tuple(each for each in self.secrets if each.count)

    def by_rule(self) -> dict[str, tuple[int, int]]:
        """Give, by rule, how many secrets it found and in how many places they stood."""
        found: dict[str, tuple[int, int]] = {}
        for each in self._there:
            secrets, places = found.get(each.rules[0], (0, 0))
            found[each.rules[0]] = (secrets + 1, places + each.count)
        return dict(sorted(found.items(), key=lambda item: (-item[1][1], item[0])))

    def sentence(self) -> str:
        """Say in one sentence what was done."""
        if not self.on:
            return "Nothing was redacted: what was secret on the wire is secret in this file."
        if not self.count:
            return "No rule found anything to redact; nothing was changed."
        secrets = f"{len(self._there):,} secret{'' if len(self._there) == 1 else 's'}"
        if self.beyond:
            secrets = f"more than {secrets}"
        places = f"{self.count:,} place{'' if self.count == 1 else 's'}"
        return f"Redacted {secrets} in {places}; nothing else was changed, and sizes are those of the wire."

    def report(self) -> list[str]:
        """Give the report, line by line, without a character of any secret."""
        lines = [self.sentence()]
        for rule, (secrets, places) in self.by_rule().items():
            lines.append(f"{rule}: {secrets:,} {'secret' if secrets == 1 else 'secrets'}, {times(places)}")
        if self.beyond:
            lines.append(f"beyond the first {len(self.secrets):,} secrets: {times(self.beyond)}, by rule")
        return lines


def times(count: int) -> str:
    """Write how often."""
    return "once" if count == 1 else f"{count:,} times"


def hint_of(secret: str) -> str:
    """Give what may be shown of a secret to whoever holds the capture anyway."""
    return f"{secret[:3] if len(secret) >= _HINT_FROM else ''}… ({len(secret)} characters)"
