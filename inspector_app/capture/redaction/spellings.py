"""Every way a known secret may be written elsewhere, and finding all of them in one pass.

Owns the forms: escaped for JSON, HTML or a URL, in base64 at any place of a longer text, twice escaped. Which
secrets there are is told by the caller.
"""

from __future__ import annotations

import base64
import html
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from urllib.parse import quote, quote_plus

from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, MatchKind

SHORTEST = 6
"""Characters a secret must have to be looked for in every text: shorter ones are found in anything."""


_HTML_SAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&'"}
_DEEPEST = 4
"""How often JSON within JSON may be escaped."""


_MOST_FORMS = 200_000
"""Forms that are looked for at a time; of secrets beyond, what they are themselves."""


def spellings(secret: str) -> set[str]:
    """Give the forms in which a secret may appear, itself among them; none of a secret too short."""
    if len(secret) < SHORTEST:
        return set()
    data = secret.encode("utf-8", "surrogatepass")
    forms = {secret, *_in_markup(secret), quote(data, safe=""), quote(data), quote_plus(data)}
    forms |= {form.lower() for form in forms if "%" in form}
    within = {escaped for form in forms for escaped in _in_json(form)}
    for _ in range(_DEEPEST):
        forms = forms | within
        within = {json.dumps(form, ensure_ascii=ascii_)[1:-1] for form in within for ascii_ in (True, False)}
    forms |= _in_base64(data)
    return {form for form in forms if len(form) >= SHORTEST}


def _in_json(text: str) -> set[str]:
    if text.isalnum() and text.isascii():
        return {text}
    ascii_form, plain = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    forms = {ascii_form, plain, _upper_escapes(ascii_form)}
    # Some writers escape more than they must: a slash, or what would matter to HTML.
    forms |= {form.replace("/", "\\/") for form in (ascii_form, plain)}
    return forms | {form.translate(_HTML_SAFE) for form in (ascii_form, plain)}


def _upper_escapes(text: str) -> str:
    """Write the digits of escapes in capitals."""
    parts = text.split("\\u")
    return "\\u".join([parts[0], *(part[:4].upper() + part[4:] for part in parts[1:])])


def _in_markup(text: str) -> set[str]:
    quoted = html.escape(text)
    return {
        quoted,
        html.escape(text, quote=False),
        quoted.replace("&#x27;", "&#39;"),
        quoted.replace("&#x27;", "&apos;"),
    }


def _in_base64(data: bytes) -> set[str]:
    """Give what is fixed of a text in base64 that holds these bytes, at each of the three places."""
    forms: set[str] = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode("ascii")
        fixed = encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        forms |= {fixed, fixed.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= SHORTEST + 2}


class Spelled:
    """Finds the spellings of many secrets in one pass over a text; `names` maps each to its placeholder."""

    def __init__(self, names: Mapping[str, str], counted: Callable[[str], object]) -> None:
        forms: dict[str, str] = {}
        for secret in names:
            if len(secret) >= SHORTEST:
                found = spellings(secret) if len(forms) < _MOST_FORMS else ()
                forms |= dict.fromkeys(found, secret)
        forms |= {secret: secret for secret in names if len(secret) >= SHORTEST}
        self._secrets = list(forms.values())
        self._names = names
        self._counted = counted
        self._texts: AhoCorasick | None = None
        self._bytes: BytesAhoCorasick | None = None
        if forms:
            self._bytes = BytesAhoCorasick(
                [form.encode("utf-8", "surrogatepass") for form in forms], matchkind=MatchKind.LeftmostLongest
            )
            whole = [form for form in forms if _encodable(form)]
            if len(whole) == len(forms):
                self._texts = AhoCorasick(whole, matchkind=MatchKind.LeftmostLongest)

    def places(self, texts: Sequence[str | bytes]) -> set[int]:
        """Give the places, among many texts, of those that hold any spelling."""
        if self._bytes is None:
            return set()
        data, ends = joined(texts)
        return places(self._bytes.find_matches_as_indexes(data), ends)

    def text(self, text: str) -> str:
        """Replace every spelling in a text; the text itself when there is none."""
        if self._bytes is None:
            return text
        if self._texts is not None and _encodable(text):
            found = self._texts.find_matches_as_indexes(text)
            return "".join(self._parts(text, found)) if found else text
        data = text.encode("utf-8", "surrogatepass")
        new = self.data(data)
        return text if new is data else new.decode("utf-8", "surrogatepass")

    def data(self, data: bytes) -> bytes:
        """Replace every spelling in bytes."""
        if self._bytes is None:
            return data
        found = self._bytes.find_matches_as_indexes(data)
        if not found:
            return data
        parts: list[bytes] = []
        done = 0
        for which, start, end in found:
            parts += (data[done:start], self._name(which).encode())
            done = end
        return b"".join((*parts, data[done:]))

    def _parts(self, text: str, found: Iterable[tuple[int, int, int]]) -> Iterable[str]:
        done = 0
        for which, start, end in found:
            name = self._name(which)
            yield text[done:start]
            # A number in JSON becomes a string, or what is left would be no JSON any more.
            yield f'"{name}"' if text[start:end].isdecimal() and _stands_alone(text, start, end) else name
            done = end
        yield text[done:]

    def _name(self, which: int) -> str:
        secret = self._secrets[which]
        self._counted(secret)
        return self._names[secret]


def joined(texts: Sequence[str | bytes]) -> tuple[bytes, list[int]]:
    """Put texts together to be looked at at once; with where each ends."""
    parts = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in texts]
    ends = list(accumulate(len(part) + 1 for part in parts))
    return b"\n".join(parts), ends


def places(matches: Sequence[tuple[int, int, int]], ends: Sequence[int]) -> set[int]:
    """Give in which of the texts that were joined these matches lie."""
    return {bisect_right(ends, start) for _, start, _ in matches}


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 16) : start].rstrip()[-1:], text[end : end + 16].lstrip()[:1]
    return before in (":", "[", ",") and before != "" and after in (",", "]", "}")
