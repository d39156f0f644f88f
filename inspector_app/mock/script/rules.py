"""Rules: what of a mock answers which calls, and how often each did.

A rule is a plain object. Its counters are there to be read, and what it answers can be replaced while it is
at work; exchanges that run keep what they began with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from inspector_app.intents import MessageKind
from inspector_app.mock.script.matching import Matcher
from inspector_app.mock.script.running import Acting, Failure
from inspector_app.mock.script.steps import Step
from inspector_app.mock.script.templates import Template
from inspector_app.toml_lines import Place

Ending = Literal["ok", "error", "cancelled"]


@dataclass(frozen=True, slots=True)
class Last:
    """The last call that a rule answered: when it ended, and how; `text` is that of its error."""

    time_ns: int
    ending: Ending
    text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule answers with. `steps` are those of a stream; `source` is what a person wrote, as JSON."""

    source: Any = None
    value: Template | None = None
    failure: Failure | None = None
    steps: tuple[Step, ...] = ()


@dataclass(slots=True, kw_only=True)
class Rule:
    """One rule. `path` and `line` say where in the file it stands."""

    kind: MessageKind
    operation: str
    path: Place
    line: int
    matcher: Matcher
    times: int | None
    delay_s: float
    jitter_s: float
    acting: Acting
    answer: Answer
    make_answer: Callable[[Any], Answer]
    """Compiles an answer of this rule's kind; raises `ValueError` with a sentence."""
    edited: bool = False
    """Whether the answer is another than the file's."""
    hits: int = 0
    """Calls that it took."""
    errors: int = 0
    """Those of them that ended with an error, whether it was meant to be or not."""
    last: Last | None = None

    @property
    def exhausted(self) -> bool:
        """Whether it has fitted as often as it may."""
        return self.times is not None and self.hits >= self.times

    def replace_answer(self, source: Any) -> None:
        """Answer with another value from now on: a request's answer, the list of a stream's items or steps.

        Templates work as in the file. Raises `ValueError` with a sentence, and changes nothing then.
        """
        self.answer = self.make_answer(source)
        self.edited = True

    def ended(self, ending: Ending, text: str = "") -> None:
        """Count how a call ended."""
        self.errors += ending == "error"
        self.last = Last(time.time_ns(), ending, text)


@dataclass(slots=True)
class Operation:
    """One operation of a mock, with its rules in the order of the file."""

    name: str
    kind: MessageKind
    rules: list[Rule] = field(default_factory=list)
    doc: str = ""
    params: dict[str, Any] | None = None
    returns: dict[str, Any] | None = None
    deprecated: bool = False
    calls: int = 0
    """Calls that came, whether a rule fitted or not."""

    @property
    def hits(self) -> int:
        """Calls that a rule took."""
        return sum(rule.hits for rule in self.rules)

    @property
    def errors(self) -> int:
        """Those of them that ended with an error."""
        return sum(rule.errors for rule in self.rules)

    @property
    def last(self) -> Last | None:
        """The last call that a rule answered."""
        found: Sequence[Last] = [rule.last for rule in self.rules if rule.last is not None]
        return max(found, key=lambda last: last.time_ns, default=None)


@dataclass(slots=True)
class Hole:
    """Calls that no rule of the mock fits. `data` is that of the last one, None if it is large."""

    kind: MessageKind
    operation: str
    why: str
    calls: int = 0
    data: Any = None
    last_ns: int = 0
