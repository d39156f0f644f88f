"""What must be in a text for a shipped rule to find anything in it, looked for in many texts at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ahocorasick_rs import BytesAhoCorasick

from inspector_app.capture.redaction.rules import STEMS, WHOLE_KEYS

_FEWEST_DIGITS = b"0" * 13
_FOLDED_TRIGGERS = (
    *(stem.encode() for stem in STEMS),
    *(f"{key}{end}".encode() for key in sorted(WHOLE_KEYS) for end in "\"'=:\\]>"),
    _FEWEST_DIGITS,
)
"""One of these is in every text, folded as names are, in which a shipped rule finds a key or a card."""

_TRIGGERS = (
    *(b"\\u00", b"eyj", b"basic ", b"bearer", b"@", b"://", b"sk-", b"sk_", b"pk-", b"pk_", b"rk-", b"rk_"),
    *(
        b"ghp_",
        b"gho_",
        b"ghu_",
        b"ghs_",
        b"ghr_",
        b"github_pat_",
        b"glpat-",
        b"xox",
        b"akia",
        b"asia",
        b"aiza",
    ),
)
"""One of these is in every text, in lower case, in which another shipped pattern finds anything."""

_FOLDED_AWAY = b"-_. \t\r\n"
_DIGITS_ALIKE = bytes(0x30 if 0x30 <= code <= 0x39 else code for code in range(256))
_BETWEEN = b"\xff"
"""Stands between texts that are looked at together: in no UTF-8."""


class Triggers:
    """Tells texts that may hold a secret from others; `own`: folded names of rules of one's own."""

    def __init__(self, own: Iterable[str]) -> None:
        self._triggers = BytesAhoCorasick(list(_TRIGGERS))
        self._folded = BytesAhoCorasick([*_FOLDED_TRIGGERS, *(each.encode() for each in own)])

    def places(self, texts: Sequence[str]) -> set[int]:
        """Give the places, among these texts, of those that may hold a secret."""
        data = _BETWEEN.join([text.encode("utf-8", "surrogatepass") for text in texts]).lower()
        found = _places(data, self._triggers.find_matches_as_indexes(data))
        folded = data.translate(_DIGITS_ALIKE, _FOLDED_AWAY)
        return found | _places(folded, self._folded.find_matches_as_indexes(folded))


def _places(data: bytes, matches: Sequence[tuple[int, int, int]]) -> set[int]:
    """In which of the texts in `data` these matches lie."""
    found: set[int] = set()
    place = done = 0
    for _, start, _ in matches:
        place += data.count(_BETWEEN, done, start)
        done = start
        found.add(place)
    return found
