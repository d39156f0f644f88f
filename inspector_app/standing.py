"""How something stands in an engine, for whoever looks: a mock, an exchange, a repetition. Plain data.

The engine makes it, a viewer draws it; between them it is JSON. Nothing of it is kept in a capture. Texts of
the other side are cut, lists are bounded; `more` says how much was left out.
"""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec
from msgspec import Struct

Standing = TypeVar("Standing")


class RuleStanding(Struct, frozen=True, kw_only=True):
    """What answers calls: a rule of a mock, or, without a `place`, an operation of a handler in Python.

    `place` counts the rules of its kind in the file, from 0. `answer_json` is what it answers with, an
    answer, or the items or steps of a stream; empty: there is none, or it is a large one.
    """

    kind: str
    operation: str
    place: int | None = None
    line: int | None = None
    hits: int = 0
    errors: int = 0
    last_ns: int | None = None
    ending: str = ""
    error: str = ""
    answer_json: str = ""
    failure: str = ""
    """The code of the error that it answers with, which another answer takes the place of."""
    edited: bool = False


class HoleStanding(Struct, frozen=True, kw_only=True):
    """Calls that nothing answers."""

    kind: str
    operation: str
    why: str
    calls: int
    last_ns: int
    data_json: str = ""


class FaultStanding(Struct, frozen=True, kw_only=True):
    """One fault. `what` says in words what it does, and to what; one that `is_added` is in no file."""

    title: str
    what: str
    on: bool
    hits: int
    is_added: bool = False


class HeldStanding(Struct, frozen=True, kw_only=True):
    """A call that waits for an answer by hand; of a stream `items` were sent so far."""

    held: int
    conn: int | None
    kind: str
    operation: str
    since_ns: int
    data_json: str
    items: int = 0


class MockStanding(Struct, frozen=True, kw_only=True):
    """What is hosted, all together."""

    name: str
    problem: str = ""
    """Why the newest version of it is not at work; empty when it is."""
    rules: tuple[RuleStanding, ...] = ()
    holes: tuple[HoleStanding, ...] = ()
    calls: int = 0
    """Calls that were answered, by all that answers, and how many of them with an error."""
    errors: int = 0
    unanswered: int = 0
    """Calls that nothing answered, also those of operations that are not listed."""
    faults: tuple[FaultStanding, ...] = ()
    held: tuple[HeldStanding, ...] = ()
    holding: tuple[str, ...] = ()
    """Operations whose calls are held."""
    more: int = 0


class ExchangeStanding(Struct, frozen=True, kw_only=True):
    """An exchange in flight, from the inspected side. Credit is in items; None: there is no limit."""

    state: str
    sends: bool
    """Whether items are what this side may send."""
    items_out: int
    items_in: int
    sendable: int | None
    receivable: int | None


class RepetitionStanding(Struct, frozen=True, kw_only=True):
    """A message that is sent many times. `sent` have been seen to their end, or, without an answer, written.

    `why` is a sentence on why it ended before all were; empty: it did not. `write_ns` has the percentiles of
    how long it took to write one, of messages without an answer.
    """

    over: bool
    sent: int
    why: str = ""
    began_ns: int = 0
    last_ns: int = 0
    write_ns: dict[str, int | None] = {}


def to_json(standing: Struct) -> str:
    """Write it. A lone surrogate, which msgspec's own writer refuses, is an escape."""
    return json.dumps(msgspec.to_builtins(standing))


def standing_of(text: str, shape: type[Standing]) -> Standing | None:
    """Read what `to_json` made; None for anything else, as nothing at all."""
    try:
        return msgspec.convert(json.loads(text), shape)
    except ValueError:  # msgspec's own error is one, too
        return None
