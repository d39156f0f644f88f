r"""What counts as a secret: names of keys, names of headers, patterns; the shipped rules and a person's own.

Owns the rules file, a TOML document that is checked to the last key:

    [keys]
    redact = ["customer_no", "*_pin"]     # globs; case, - and _ make no difference
    keep = ["csrf_token"]                 # found by a shipped rule, and no secret here

    [headers]
    redact = ["X-Tenant"]
    keep = ["Cookie"]

    [patterns]
    mail = false                          # a shipped pattern is switched off
    order = 'ORD-\d{6}'                   # one of your own; its name names the placeholder

It finds nothing: `finder` does.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import re2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

STEMS = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "credential",
    "authoriz",
    "cookie",
    "sessionid",
    "sessionkey",
    "bearer",
    "jwt",
    "csrf",
    "xsrf",
)
"""A key that holds one of these, without case, `-` and `_`, is a secret's."""

WHOLE_KEYS = frozenset({"auth", "pwd", "pass", "pin", "otp", "cvv", "cvc", "sid", "ssn"})
"""A key that is one of these is a secret's."""

_HARMLESS_KEYS = frozenset(
    {
        *("tokentype", "tokencount", "tokenizer", "maxtokens", "totaltokens", "prompttokens"),
        *("completiontokens", "inputtokens", "outputtokens", "cachedtokens", "reasoningtokens", "secretary"),
    }
)

HEADERS = frozenset(
    {
        "authorization",
        "proxyauthorization",
        "cookie",
        "setcookie",
        "xapikey",
        "xauthtoken",
        "xcsrftoken",
    }
)
"""Headers, folded as keys are, whose values are secrets; a header whose name is a secret's key is one too."""

PATTERNS: dict[str, str] = {
    "jwt": r"\beyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*",
    "bearer": r"(?i:\b(?:bearer|basic)\s+)(?P<secret>[\w.~+/=-]{6,})",
    "api_token": (
        r"\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj[-_]|ant[-_])?[A-Za-z0-9_-]{16,}"
        r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abposr]-[\w-]{10,}"
        r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}"
    ),
    "private_key": (
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----(?:[\s\\rn]{0,8}[A-Za-z-]{1,20}: [^\n\\]{0,80})*"
        r"(?P<secret>[A-Za-z0-9+/=\s\\]{16,})"
    ),
    "url_password": r"\b\w+://[^\s/:]{0,256}:(?P<secret>[^\s/]{1,256})@",
    "mail": r"(?<![\w.%+-])[\w.%+-]++@[\w-]+(?:\.[\w-]+)+",
    "card": r"(?<![\w.])[2-6]\d{3}(?:[ -]?\d){8,15}(?!\.?\d|[A-Za-z_])",
}
"""The shipped patterns by name. A group `secret` is the part that is replaced; without one it is all."""

NEEDED = {"jwt": "eyJ", "private_key": "PRIVATE KEY-"}
"""Patterns that `re` would take time for in proportion to the square of a hostile text, so that RE2 looks for
them, where there is what each needs."""

KINDS = {"jwt": "token", "bearer": "token", "api_token": "token", "url_password": "password"}
"""What a placeholder calls what a pattern found, where that is not the pattern's own name."""

_LONGEST_FILE_BYTES = 1_000_000
_LONGEST_PATTERN = 1000
_PATTERN_MEMORY = 1 << 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)


class Pattern(Protocol):
    """What is used of a compiled pattern, of `re` or of RE2."""

    def search(self, text: str, /) -> Any:
        """Find it; None when it is not there."""

    def match(self, text: str, /) -> Any:
        """Find it at the beginning."""

    def sub(self, name: Callable[[Any], str], text: str, /) -> str:
        """Put names in the places where it is found."""


class RulesError(Exception):
    """A rules file that cannot be used; the text names file, line and key, and says what to do."""

    def __init__(self, path: Path, line: int, key: str, text: str) -> None:
        self.path, self.line, self.key = path, line, key
        super().__init__(f"{path}:{line}: {key + ': ' if key else ''}{text}")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is replaced. Names are folded as `fold_name` does; `own` maps names to compiled patterns."""

    keys: tuple[str, ...] = ()
    kept_keys: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    kept_headers: tuple[str, ...] = ()
    off: frozenset[str] = frozenset()
    own: Mapping[str, Pattern] = field(default_factory=dict)

    def secret_key(self, name: str) -> bool:
        """Tell whether the value of a key is a secret."""
        folded = fold_name(name)
        if not self.keys and not self.kept_keys:
            return _shipped_key(folded)
        if any(fnmatchcase(folded, glob) for glob in self.kept_keys):
            return False
        return _shipped_key(folded) or any(fnmatchcase(folded, glob) for glob in self.keys)

    def secret_header(self, name: str) -> bool:
        """Tell whether the value of a header is a secret."""
        folded = fold_name(name)
        if not self.headers and not self.kept_headers:
            return folded in HEADERS or self.secret_key(name)
        if any(fnmatchcase(folded, glob) for glob in self.kept_headers):
            return False
        return (
            folded in HEADERS
            or any(fnmatchcase(folded, glob) for glob in self.headers)
            or self.secret_key(name)
        )


DEFAULT_RULES = Rules()


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """Write a name without what spellings differ in: `X-Api-Key`, `x_api_key` and `xApiKey` become one."""
    return re.sub(r"[-_.\s]", "", name[:256]).lower()


@lru_cache(maxsize=4096)
def _shipped_key(folded: str) -> bool:
    if folded in _HARMLESS_KEYS:
        return False
    return folded in WHOLE_KEYS or any(stem in folded for stem in STEMS)


def shipped_pattern(which: str) -> Pattern:
    """Compile one of `PATTERNS`."""
    return own_pattern(PATTERNS[which]) if which in NEEDED else re.compile(PATTERNS[which])


def own_pattern(pattern: str) -> Pattern:
    """Compile a pattern of one's own, for RE2: whatever it is, it takes time in proportion to the text.

    Raises `re2.error` and `UnicodeEncodeError`.
    """
    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY
    options.log_errors = False
    made: Pattern = re2.compile(pattern, options)
    return made


def load_rules(path: Path) -> Rules:
    """Read a rules file. Raises `RulesError` for what is no such file."""
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise RulesError(path, line, "", f"this is not TOML ({error}): mend it.") from error
    except RecursionError:
        raise RulesError(path, 1, "", "this is nested too deeply: write it as the manual shows.") from None
    return _Checker(path, text).rules(document)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(_LONGEST_FILE_BYTES + 1)
    except OSError as error:
        raise RulesError(
            path, 0, "", f"the file cannot be read ({error.strerror or error}): check --rules."
        ) from error
    if len(found) > _LONGEST_FILE_BYTES:
        raise RulesError(path, 1, "", "a rules file of more than a megabyte is none: check --rules.")
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        line = found[: error.start].count(b"\n") + 1
        raise RulesError(path, line, "", "this is not UTF-8: save it as UTF-8.") from error


class _Checker:
    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def rules(self, document: dict[str, object]) -> Rules:
        for section in document:
            if section not in ("keys", "headers", "patterns"):
                raise self._wrong(section, "", "there is no such section: use keys, headers, patterns.")
        off, own = self._patterns(self._section(document, "patterns"))
        keys, kept_keys = self._names(document, "keys")
        headers, kept_headers = self._names(document, "headers")
        return Rules(keys, kept_keys, headers, kept_headers, off, own)

    def _section(self, document: dict[str, object], section: str) -> dict[str, object]:
        found = document.get(section, {})
        if not isinstance(found, dict):
            raise self._wrong(section, "", f"this must be a section: write [{section}].")
        return found

    def _names(self, document: dict[str, object], section: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        lists: dict[str, tuple[str, ...]] = {"redact": (), "keep": ()}
        for key, value in self._section(document, section).items():
            if key not in lists:
                raise self._wrong(section, key, "there is no such key: use redact or keep.")
            if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
                raise self._wrong(section, key, 'this must be a list of names, such as ["customer_no"].')
            lists[key] = tuple(fold_name(each) for each in value)
        return lists["redact"], lists["keep"]

    def _patterns(self, section: dict[str, object]) -> tuple[frozenset[str], dict[str, Pattern]]:
        off: set[str] = set()
        own: dict[str, Pattern] = {}
        for key, value in section.items():
            if key in PATTERNS:
                if not isinstance(value, bool):
                    raise self._wrong("patterns", key, "a shipped pattern is switched by true or false.")
                off |= set() if value else {key}
            elif not isinstance(value, str):
                raise self._wrong("patterns", key, "this must be a regular expression in quotation marks.")
            else:
                own[key] = self._pattern(key, value)
        return frozenset(off), own

    def _pattern(self, key: str, value: str) -> Pattern:
        if not _NAME.fullmatch(key):
            raise self._wrong("patterns", key, "a name is small letters, digits and _, a letter first.")
        if len(value) > _LONGEST_PATTERN:
            raise self._wrong("patterns", key, f"a pattern has at most {_LONGEST_PATTERN} characters.")
        try:
            compiled = own_pattern(value)
        except (re2.error, UnicodeEncodeError) as error:
            why = (
                error.args[0].decode(errors="replace")
                if isinstance(error, re2.error)
                else "half a surrogate pair"
            )
            raise self._wrong("patterns", key, f"this is no pattern ({why}): mend it.") from error
        if compiled.match(""):
            raise self._wrong("patterns", key, "this matches nothing at all, too: say what must be there.")
        return compiled

    def _wrong(self, section: str, key: str, text: str) -> RulesError:
        return RulesError(self._path, self._line(section, key), f"{section}.{key}".rstrip("."), text)

    def _line(self, section: str, key: str) -> int:
        """Where a key is written; tomllib does not tell."""
        heading = re.compile(rf"\s*\[\s*[\"']?{re.escape(section)}[\"']?\s*\]|\s*{re.escape(section)}\s*[.=]")
        wanted = re.compile(rf"\s*(?:{re.escape(section)}\s*\.\s*)?[\"']?{re.escape(key)}[\"']?\s*=")
        inside, first = False, 1
        for number, line in enumerate(self._lines, 1):
            if heading.match(line):
                inside, first = True, number
            if inside and key and wanted.match(line):
                return number
        return first
