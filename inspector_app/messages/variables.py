"""Variables in what is sent: `${name}`, `${env:NAME}`, `${uuid}`, `${now}`.

Owns what they mean and where they may stand. What comes from the environment of the process is a secret: it
is put into what is sent, and into nothing that is kept or shown.
"""

from __future__ import annotations

import difflib
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from inspector_app.payload_path import follow, steps_of

MOST_CHARACTERS: Final = 16 * 1024 * 1024
"""Longest text that comes of putting values in."""

_REFERENCE: Final = re.compile(r"\$(\$\{|\{([^{}]*)\})")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KEY: Final = re.compile(r"\s*:")
_DEEPEST: Final = 10
_MOST_LOOKED_UP: Final = 200_000
"""Variables that are put into one text, those within their values too."""
_SHORTEST_SECRET: Final = 4
_CUT_OFF: Final = "…"

BUILT_IN: Final = {
    "uuid": "a new UUID, another each time",
    "now": "the time, as 2026-01-31T12:00:00Z",
    "now:s": "the time in whole seconds since 1970",
    "now:ms": "the time in whole milliseconds since 1970",
}
"""Variables that are always there, with what they stand for."""


class VariableError(ValueError):
    """A variable that has no value; the text is one sentence that says what to do."""


def is_variable(text: str) -> bool:
    """Whether a text is nothing but one variable, and so becomes its value, of whatever type that is."""
    found = _REFERENCE.fullmatch(text)
    return found is not None and found[2] is not None


def _now(form: str) -> object:
    now_ns = time.time_ns()
    if form == "now:s":
        return now_ns // 10**9
    if form == "now:ms":
        return now_ns // 10**6
    return datetime.fromtimestamp(now_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Scope:
    """The variables that there are: of several layers that know a name, the first one gives its value.

    Values may have variables in them. `saved` is the first layer, and takes what answers gave.
    """

    layers: Sequence[Mapping[str, object]] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    saved: dict[str, object] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Values that must not be shown, with what stands for each."""
    now: Callable[[str], object] = _now
    new_uuid: Callable[[], str] = lambda: str(uuid.uuid4())
    _looked_up: int = 0

    # -- putting values in --------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """Put values into plain text, such as a URL. Raises `VariableError`."""
        self._looked_up = 0
        return self._filled(text, ())

    def json(self, text: str) -> str:
        """Put values into the strings of a JSON text, whose layout stays as it is. Raises `VariableError`.

        A string that is nothing but one variable becomes the variable's value, of whatever type that is;
        elsewhere in a string it is written as text.
        """
        if "${" not in text:
            return text
        self._looked_up = 0

        def fill(found: re.Match[str]) -> str:
            source = found[0]
            if "$" not in source:
                return source
            try:
                content = json.loads(source, strict=False)
            except ValueError:
                return source
            whole = _REFERENCE.fullmatch(content)
            if whole is not None and whole[2] is not None and not _KEY.match(text, found.end()):
                name = whole[2].strip()
                return _written(name, self._value(name, ()))
            filled = self._filled(content, ())
            return source if filled == content else json.dumps(filled, ensure_ascii=False)

        return _checked(_STRING.sub(fill, text))

    def leaving_marks(self, mark: str) -> Scope:
        """Give a scope that leaves a mark where something new each time is to be put in (`fresh_values`)."""
        return replace(
            self, now=lambda form: f"{mark}{form}{mark}", new_uuid=lambda: f"{mark}uuid{mark}", _looked_up=0
        )

    def hide(self, text: str) -> str:
        """Write what stands for a secret wherever one is in a text, also where it was cut off."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            named = self.secrets[secret]
            forms = (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
            for form in dict.fromkeys(forms):
                text = text.replace(form, named)
                for length in range(len(form) - 1, _SHORTEST_SECRET - 1, -1) if _CUT_OFF in text else ():
                    text = text.replace(f"{form[:length]}{_CUT_OFF}", f"{named}{_CUT_OFF}")
        return text

    def names_in(self, text: str) -> list[str]:
        """Give the names of the variables in a text, as they are written, each once."""
        return list(
            dict.fromkeys(each[2].strip() for each in _REFERENCE.finditer(text) if each[2] is not None)
        )

    @property
    def known(self) -> list[str]:
        """Give the names that have a value, sorted."""
        return sorted({name for layer in (self.saved, *self.layers) for name in layer})

    # -- what they stand for ------------------------------------------------------------------------------

    def _filled(self, text: str, within: tuple[str, ...]) -> str:
        def fill(found: re.Match[str]) -> str:
            if found[2] is None:
                return "${"
            name = found[2].strip()
            value = self._value(name, within)
            return value if isinstance(value, str) else _written(name, value)

        return _checked(_REFERENCE.sub(fill, text))

    def _value(self, name: str, within: tuple[str, ...]) -> object:
        self._looked_up += 1
        if self._looked_up > _MOST_LOOKED_UP:
            raise VariableError(f"These are more than {_MOST_LOOKED_UP:,} variables: put fewer into a text.")
        if name == "uuid":
            return self.new_uuid()
        if name in ("now", "now:s", "now:ms"):
            return self.now(name)
        if name.startswith("env:"):
            return self._of_environment(name.removeprefix("env:").strip())
        return self._of_layers(name, within)

    def _of_environment(self, name: str) -> str:
        value = self.environ.get(name)
        if value is None:
            raise VariableError(f"The environment variable {name} is not set: set it and start again.")
        if len(value) >= _SHORTEST_SECRET:
            self.secrets[value] = f"${{env:{name}}}"
        return value

    def _of_layers(self, name: str, within: tuple[str, ...]) -> object:
        if name in within or len(within) == _DEEPEST:
            chain = " → ".join([*within, name])
            raise VariableError(f"The variable {name} stands for itself ({chain}): give it a value.")
        try:
            first, *rest = steps_of(name)
        except ValueError:
            raise VariableError(f"${{{name}}} names no variable: {_how_to_name()}") from None
        layer = next((each for each in (self.saved, *self.layers) if first in each), None)
        if layer is None or not isinstance(first, str):
            raise VariableError(f"There is no variable {name}: {self._meant(str(first))}")
        value = layer[first]
        if isinstance(value, str) and layer is not self.saved:
            # What an answer gave is data of the other side: a reference in it is none of ours.
            value = self._filled(value, (*within, name))
        try:
            return follow(value, rest)
        except LookupError:
            raise VariableError(
                f"The variable {first} has no {name[len(str(first)) :].lstrip('.')}."
            ) from None

    def _meant(self, name: str) -> str:
        close = difflib.get_close_matches(name, [*self.known, *BUILT_IN], n=1, cutoff=0.6)
        if close:
            return f"did you mean {close[0]}?"
        if self.known:
            return f"there is {', '.join(self.known[:8])}."
        return "give it a value, such as in an environment."


def _how_to_name() -> str:
    return f"write ${{name}}, ${{env:NAME}}, {', '.join(f'${{{name}}}' for name in BUILT_IN)}."


def fresh_values(text: str, mark: str) -> str:
    """Put new values into a JSON text in which `Scope.leaving_marks` has left marks.

    As in `Scope.json`, a string that is nothing but a number of seconds becomes that number.
    """
    marked = re.escape(mark)
    names = "|".join(map(re.escape, BUILT_IN))
    pattern = rf'(?<!\\)"{marked}(now:m?s){marked}"(?!\s*:)|{marked}({names}){marked}'

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return str(uuid.uuid4() if name == "uuid" else _now(name))

    return re.sub(pattern, value, text)


def _checked(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise VariableError("With its variables put in this is longer than 16 million characters.")
    return text


def _written(name: str, value: object) -> str:
    """Write a value as JSON. Raises `VariableError`: an answer may hold a number that became infinite."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise VariableError(
            f"The value of {name} has a number that is too large to be written as JSON: use another value."
        ) from None
