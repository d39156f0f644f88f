"""Gives each secret one name, looks for known ones everywhere, and keeps count.

Owns the two passes: all texts are looked at first, so that a secret is replaced also where it stands before
the place that gives it away; then each text that leaves is replaced. What is secret is the finder's matter.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from itertools import compress

from inspector_app.capture.redaction.finder import Finder, placeholder
from inspector_app.capture.redaction.rules import DEFAULT_RULES, Rules
from inspector_app.capture.redaction.spellings import SHORTEST, Spelled
from inspector_app.capture.redaction.told import Replaced, Told, hint_of

MOST_SECRETS = 10_000
"""Secrets that get a number and are looked for everywhere. More are replaced only where a rule finds them."""

_PLACES = 3
_MOST_NAMES = 4096
_LONGEST_KNOWN = 4096


class _Secret:
    __slots__ = ("count", "hint", "name", "places", "rules")

    def __init__(self, name: str, hint: str) -> None:
        self.name, self.hint = name, hint
        self.count = 0
        self.rules: list[str] = []
        self.places: list[str] = []

    def met(self, rule: str, place: str) -> None:
        self.count += 1
        if rule not in self.rules:
            self.rules.append(rule)
        if len(self.places) < _PLACES and place not in self.places:
            self.places.append(place)


class Redactor:
    """Replaces secrets in what is exported, the same by the same placeholder throughout.

    First `look_…` is given everything that will leave, then `seal` ends that pass; only then are `text`,
    `messages`, `value` and `name` asked for. `place` says where a text stands, for the report.
    """

    def __init__(self, rules: Rules = DEFAULT_RULES, *, most: int = MOST_SECRETS) -> None:
        self.place = ""
        self._most = most
        self._secrets: dict[str, _Secret] = {}
        self._numbers: dict[str, int] = {}
        self._key = os.urandom(16)
        self._beyond = 0
        self._frames = 0
        self._finder = Finder(rules, self._name)
        self._spelled = Spelled({}, self._found_elsewhere)
        self._sealed = self._needs_rules = False
        self._names: dict[str, str] = {}

    # -- the first pass ------------------------------------------------------------------------------------

    def look_text(self, text: str) -> None:
        """Learn the secrets of a text."""
        self._finder.text(text)

    def look_messages(self, seqs: Sequence[int], raws: Sequence[str | bytes]) -> list[int]:
        """Learn the secrets of messages; give the numbers of those that need the rules again.

        They hold what is too short to be looked for everywhere, or has no room among what is.
        """
        texts = [raw if isinstance(raw, str) else _text_of(raw) for raw in raws]
        again: list[int] = []
        for place in sorted(self._finder.suspects(texts)):
            self.place = f"frame {seqs[place]}"
            self._needs_rules = False
            self._finder.suspect(texts[place])
            if self._needs_rules:
                again.append(seqs[place])
        return again

    def look_value(self, value: object) -> None:
        """Learn the secrets of a JSON value."""
        self._finder.value(value)

    def seal(self) -> None:
        """End the first pass."""
        self._sealed = True
        self._spelled = Spelled(
            {secret: known.name for secret, known in self._secrets.items()}, self._found_elsewhere
        )

    def preview(self) -> Told:
        """Tell what the first pass found; what else it will be found as is counted when it is replaced."""
        return self._told()

    # -- the second pass -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin to count anew: from here on, what is counted is what is replaced."""
        self._beyond = self._frames = 0
        for secret in self._secrets.values():
            secret.count = 0
        if not self._sealed:
            self.seal()

    def text(self, text: str) -> str:
        """Give a text without its secrets; the text itself when it has none."""
        return self._spelled.text(self._finder.text(text))

    def name(self, text: str) -> str:
        """Give a short text, which many frames share, without its secrets."""
        new = self._names.get(text)
        if new is None:
            new = self.text(text)
            if len(self._names) < _MOST_NAMES:
                self._names[text] = new
        return text if new == text else new

    @property
    def idle(self) -> bool:
        """Whether there is nothing to replace in what was looked at."""
        return not self._secrets and not self._beyond

    def messages(self, raws: Sequence[str | bytes], suspect: Sequence[bool]) -> dict[int, str | bytes]:
        """Give those of many messages that hold secrets without them, by their places.

        `suspect`: whether `look_messages` gave the number of each.
        """
        changed: dict[int, str | bytes] = {}
        for place in self._spelled.places(raws).union(compress(range(len(raws)), suspect)):
            new = self._message(raws[place], suspect=suspect[place])
            if new != raws[place]:
                changed[place] = new
        self._frames += len(changed)
        return changed

    def _message(self, raw: str | bytes, *, suspect: bool) -> str | bytes:
        if isinstance(raw, str):
            return self._spelled.text(self._finder.suspect(raw) if suspect else raw)
        if suspect:
            text = _text_of(raw)
            new = self._finder.suspect(text)
            # What is no UTF-8 was read as lone surrogates, and becomes the same bytes again.
            raw = raw if new is text else new.encode("utf-8", "surrogateescape")
        return self._spelled.data(raw)

    def value(self, value: object) -> object:
        """Give a JSON value without its secrets."""
        return self._spelled_in(self._finder.value(value))

    def _spelled_in(self, value: object, depth: int = 0) -> object:
        if isinstance(value, str):
            return self._spelled.text(value)
        if depth > 100:
            return None
        if isinstance(value, list):
            return [self._spelled_in(each, depth + 1) for each in value]
        if isinstance(value, Mapping):
            return {
                self._spelled.text(str(key)): self._spelled_in(each, depth + 1) for key, each in value.items()
            }
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = json.dumps(value)
            new = self._spelled.text(written)
            return value if new == written else new
        return value

    def told(self) -> Told:
        """Tell what was replaced."""
        return self._told()

    # -- names ---------------------------------------------------------------------------------------------

    def _name(self, secret: str, kind: str, rule: str) -> str:
        known = self._secrets.get(secret)
        if known is None:
            if self._sealed or len(self._secrets) >= self._most or len(secret) > _LONGEST_KNOWN:
                self._beyond += 1
                self._needs_rules = True
                return placeholder(kind, f"x{self._digest(secret)}")
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            known = self._secrets[secret] = _Secret(placeholder(kind, number), hint_of(secret))
        if len(secret) < SHORTEST:
            self._needs_rules = True
        known.met(rule, self.place)
        return known.name

    def _digest(self, secret: str) -> str:
        # With a key that is thrown away: nobody can try out what the secret may have been.
        data = secret.encode("utf-8", "surrogatepass")
        return hashlib.blake2s(data, key=self._key, digest_size=6).hexdigest()

    def _found_elsewhere(self, secret: str) -> None:
        self._secrets[secret].count += 1

    def _told(self) -> Told:
        return Told(
            secrets=tuple(
                Replaced(
                    placeholder=known.name,
                    rules=tuple(known.rules),
                    places=tuple(known.places),
                    count=known.count,
                    hint=known.hint,
                )
                for known in self._secrets.values()
            ),
            beyond=self._beyond,
            frames=self._frames,
        )


def _text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
