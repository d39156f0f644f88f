"""Finds secrets by the rules in any text that a capture holds, and puts names in their places.

Owns how secrets are found in JSON, in JSON within JSON, in other text and in headers. What a secret is called
is asked of the caller. A text in which nothing is found is given back as it is, to the character; of one in
which something is, everything else stays as it was.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from functools import partial

from inspector_app.capture.redaction.cards import in_uuid, is_card
from inspector_app.capture.redaction.hints import is_hinted
from inspector_app.capture.redaction.json_text import TELLING, TOKEN, Place, decoded, is_json, is_schema
from inspector_app.capture.redaction.rules import (
    KINDS,
    NEEDED,
    PATTERNS,
    Pattern,
    Rules,
    fold_name,
    shipped_pattern,
)
from inspector_app.capture.redaction.triggers import Triggers

Name = Callable[[str, str, str], str]
"""Gives the placeholder of a secret, told the secret, its kind (`token`, `mail`, …) and the rule."""

HIDDEN = "(hidden)"
"""Stands in recordings for what was left out already when they were made."""

PLACEHOLDER = re.compile("\u2039[a-z][a-z0-9_]*-[0-9a-z]+\u203a")
"""What stands for a secret, such as `\u2039token-1\u203a`; `placeholder` writes it."""

_KEY = re.compile(r"(?<![\w.\-\[\]])([A-Za-z_][\w.\-\[\]]{0,63})\\*[\"']?\s{0,8}[:=]\s{0,8}")
_ASSIGNED = re.compile(
    r"\\*\"((?:[^\"\\]|\\.)*+)|'([^']*+)|((?:(?i:bearer|basic|token|digest)\s+)?[^\s&;,\"'<>{}\[\]()\\]++)",
    re.DOTALL,
)
_HALVES = re.compile("([\ud800-\udfff]+)")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|token|digest|negotiate)\s+(?=\S)")
_TAGGED = re.compile(r"<([A-Za-z_][\w.:-]{0,63})(?:\s[^<>]{0,200})?>([^<>]{1,4096})</")
_LINE = re.compile(r"[^\r\n\"']*")
_COOKIES = frozenset({"cookie", "setcookie"})
_COOKIE_WORDS = frozenset(
    {
        *("path", "domain", "expires", "max-age", "samesite", "priority", "version"),
        *("secure", "httponly", "partitioned"),
    }
)
_NO_SECRETS = frozenset(
    {
        *("", "null", "true", "false", "none", "undefined", "bearer", "basic", HIDDEN),
        *("string", "number", "integer", "boolean", "object", "array"),
    }
)
_PROTOCOL_WORDS = frozenset(
    {
        *(
            "request",
            "response",
            "stream_request",
            "stream_stream_request",
            "stream_data",
            "stream_end",
            "error",
        ),
        *("fire_and_forget", "type", "data", "requestId", "peerID", "operation"),
    }
)
"""Words a frame is made of: in their place, a secret of that name would take the whole capture apart."""

_DEEPEST = 6


def placeholder(kind: str, number: object) -> str:
    """Write what stands for a secret."""
    return f"\u2039{kind}-{number}\u203a"


class Finder:
    """Replaces, in texts, what `rules` call secret by what `name` calls it."""

    def __init__(self, rules: Rules, name: Name) -> None:
        self._rules = rules
        self._name = name
        self._patterns: list[tuple[str, str, Pattern]] = [
            (which, KINDS.get(which, which), shipped_pattern(which))
            for which in PATTERNS
            if which not in rules.off
        ]
        self._patterns += [(which, which, pattern) for which, pattern in rules.own.items()]
        # With a pattern of one's own, or a glob in the middle of a name, nothing shorter is sure to be there.
        own_keys = [glob.strip("*?") for glob in (*rules.keys, *rules.headers)]
        self._always = bool(rules.own) or any(not each.isalnum() for each in own_keys)
        self._triggers = Triggers(each for each in own_keys if each)

    def suspects(self, texts: Sequence[str]) -> set[int]:
        """Give the places, among these texts, of those that may hold a secret: many are looked at at once."""
        if self._always:
            return set(range(len(texts)))
        return self._triggers.places(texts)

    def text(self, text: str) -> str:
        """Replace the secrets in a text: a message, an address, a note."""
        return self._inside(text, 0) if text and self.suspects((text,)) else text

    def headers(self, pairs: object) -> object:
        """Replace the secrets in pairs of name and value; anything else is treated as a value is."""
        if not isinstance(pairs, list):
            return self.value(pairs)
        return [self._header(pair) for pair in pairs]

    def value(self, value: object, depth: int = 0) -> object:
        """Replace the secrets in a JSON value, also by the keys of its objects."""
        if isinstance(value, str):
            return self.text(value)
        if depth > 100:
            return None
        if isinstance(value, list):
            return [self.value(each, depth + 1) for each in value]
        if isinstance(value, dict):
            return {
                self.text(str(key)): self.headers(each)
                if str(key).endswith("headers")
                else self._all_of(str(key), each, depth)
                if self._rules.secret_key(str(key)) and not is_schema(each)
                else self.value(each, depth + 1)
                for key, each in value.items()
            }
        return value

    def _all_of(self, key: str, value: object, depth: int) -> object:
        if depth > 100:
            return None
        if isinstance(value, dict):
            return {name: self._all_of(key, each, depth + 1) for name, each in value.items()}
        if isinstance(value, list):
            return [self._all_of(key, each, depth + 1) for each in value]
        if isinstance(value, str):
            return self._secret(key, value, f"key {key}")
        if isinstance(value, bool) or value is None:
            return value
        return self._called(str(value), f"key {key}", _kind(key))

    def _header(self, pair: object) -> object:
        match pair:
            case [str(header), str(value)] if self._rules.secret_header(header):
                return [header, self._header_value(header, value)]
            case [str(header), str(value)]:
                return [header, self.text(value)]
            case _:
                return self.value(pair)

    def _header_value(self, header: str, value: str) -> str:
        return self._secret(header, value, f"header {header}")

    # -- deciding ------------------------------------------------------------------------------------------

    def suspect(self, text: str) -> str:
        """Replace the secrets in a text that `suspects` pointed at."""
        return self._inside(text, 0)

    def _called(self, secret: str, rule: str, kind: str) -> str:
        if secret.strip().lower() in _NO_SECRETS or secret in _PROTOCOL_WORDS:
            return secret
        if PLACEHOLDER.fullmatch(secret):
            return secret
        return self._name(secret, kind, rule)

    def _secret(self, name: str, value: str, rule: str) -> str:
        """Replace what is secret in a value, by the name of its key or header."""
        if fold_name(name) in _COOKIES and "=" in value:
            return ";".join(self._cookie(part, rule) for part in value.split(";"))
        return self._credential(value, rule, _kind(name))

    def _cookie(self, part: str, rule: str) -> str:
        name, equals, old = part.partition("=")
        if not equals:
            name = old = part
        if name.strip().lower() in _COOKIE_WORDS:
            return part
        value = old.strip()
        return part[: len(part) - len(old)] + old.replace(value, self._called(value, rule, "cookie"), 1)

    def _credential(self, value: str, rule: str, kind: str) -> str:
        """Replace what proves who somebody is; the scheme before it may stay."""
        scheme = _SCHEME.match(value)
        if scheme is None:
            return self._called(value, rule, kind)
        proof = value[scheme.end() :]
        if scheme[0].lower().startswith("basic"):
            password = _password_in(proof)
            if password:
                self._called(password, rule, "password")
        return scheme[0] + self._called(proof, rule, "token")

    # -- looking -------------------------------------------------------------------------------------------

    def _inside(self, text: str, depth: int) -> str:
        if depth < _DEEPEST and text.lstrip()[:1] in ("{", "["):
            new = self._json(text, depth)
            # What only begins like JSON, or is cut off, is text as well.
            return new if is_json(text) else self._patterned(self._tagged(self._assigned(new)))
        return self._patterned(self._tagged(self._assigned(text)))

    def _json(self, text: str, depth: int) -> str:
        """Replace in JSON, sound or not, by its tokens; what is between them is never touched."""
        parts: list[str] = []
        done = 0
        place = Place(self._rules)
        for token in TOKEN.finditer(text):
            start = text[token.start()]
            if start in "{[":
                place.enter(text, token.start())
            elif start in "}]":
                place.leave()
            elif token[2] is not None:
                written = token[1]
                place.key = decoded(written)
                new = self._patterned(written)
                if new != written:
                    parts += (text[done : token.start(1)], new)
                    done = token.end(1)
            else:
                redacted = self._value(token, place.secret_key(), depth)
                if place.key in TELLING and token[1] is not None:
                    self._learn(place.told(token[1]))
                place.key = ""
                if redacted is not None:
                    parts += (text[done : token.start()], redacted)
                    done = token.end()
        return "".join((*parts, text[done:])) if parts else text

    def _value(self, token: re.Match[str], key: str, depth: int) -> str | None:
        """Give what stands for one value, as JSON; None to leave it."""
        whole = token[0]
        if token[1] is None:
            return self._bare(whole, key)
        content = token[1]
        escaped = "\\" in content
        value = decoded(content) if escaped else content
        new = self._secret(key, value, f"key {key}") if key else self._inside(value, depth + 1)
        if new == value:
            return None
        closed = '"' if whole.endswith('"') and len(whole) > 1 else ""
        if not escaped:
            return f'"{new}{closed}'
        return json.dumps(new, ensure_ascii=whole.isascii())[: None if closed else -1]

    def _learn(self, told: tuple[str, str] | None) -> None:
        """Know a secret from here on that stood before its name."""
        if told is not None:
            self._secret(told[0], decoded(told[1]), f"key {told[0]}")

    def _bare(self, word: str, key: str) -> str | None:
        if key:
            new = self._called(word, f"key {key}", _kind(key))
        elif len(word) > 11:
            new = self._patterned(word)
        else:
            return None
        if new == word:
            return None
        # A number in JSON becomes a string; what was none before need not be JSON now.
        return f'"{new}"' if word.lstrip("-")[:1].isdecimal() else new

    def _assigned(self, text: str) -> str:
        """Replace in `name=value` and `name: value`, as queries, forms, headers and logs have them."""
        if "=" not in text and ":" not in text:
            return text
        parts: list[str] = []
        done = 0
        for found in _KEY.finditer(text):
            name = found[1].rpartition("[")[2].rstrip("]") or found[1]
            if found.end() < done or not self._secret_path(name):
                continue
            value = (_LINE if fold_name(name) in _COOKIES else _ASSIGNED).match(text, found.end())
            if value is None:
                continue
            group = value.lastindex or 0
            new = self._secret(name, value[group], f"key {name}")
            if new != value[group]:
                parts += (text[done : value.start(group)], new)
                done = value.end(group)
        return "".join((*parts, text[done:])) if parts else text

    def _secret_path(self, name: str) -> bool:
        return self._rules.secret_key(name) or self._rules.secret_key(name.rpartition(".")[2])

    def _tagged(self, text: str) -> str:
        """Replace in `<name>value</name>`."""
        return _TAGGED.sub(self._in_tag, text) if "</" in text else text

    def _in_tag(self, found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        if not self._rules.secret_key(name):
            return found[0]
        start, end = found.start(2) - found.start(), found.end(2) - found.start()
        return found[0][:start] + self._secret(name, found[2], f"key {name}") + found[0][end:]

    def _patterned(self, text: str) -> str:
        if not self._always and not is_hinted(text):
            return text
        if text.isascii():
            return self._matched(text)
        # RE2 takes no half of a surrogate pair; none of the patterns finds one either.
        return "".join(
            self._matched(part) if number % 2 == 0 else part
            for number, part in enumerate(_HALVES.split(text))
        )

    def _matched(self, text: str) -> str:
        for which, kind, pattern in self._patterns:
            if NEEDED.get(which, "") in text and pattern.search(text) is not None:
                text = pattern.sub(partial(self._match, which, kind), text)
        return text

    def _match(self, which: str, kind: str, found: re.Match[str]) -> str:
        group = found.re.groupindex.get("secret", 0)
        secret = found[group]
        if which == "card" and not (is_card(secret) and not in_uuid(found)):
            return found[0]
        if not secret or PLACEHOLDER.search(found[0]):
            return found[0]
        start, end = found.start(group) - found.start(), found.end(group) - found.start()
        return found[0][:start] + self._called(secret, f"pattern {which}", kind) + found[0][end:]


def _password_in(basic: str) -> str:
    try:
        return base64.b64decode(basic, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _kind(key: str) -> str:
    folded = fold_name(key)
    for kind in ("password", "token", "cookie"):
        if kind in folded:
            return kind
    return "token" if "authoriz" in folded or folded == "auth" else "secret"
