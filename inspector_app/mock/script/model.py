"""What a mock file may say, as pydantic models: every table, every key, what each takes.

Owns the shape of the file and the texts that editors show (`docs/mock.schema.json` is made of it). What keys
mean together is checked here too; templates are compiled elsewhere. A value of the mock is whatever TOML can
write; None stands for what is not there, which TOML cannot.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from inspector_app.capture.filter.values import DURATIONS, SECOND_NS, BadValueError, amount
from inspector_app.mock.faults.rules import FaultRule

MOST_RULES = 10_000
MOST_STEPS = 10_000
MOST_VARIABLES = 1_000
MOST_ITEMS = 1_000_000
"""Items of one stream, unless it goes on for ever."""
LONGEST_WAIT_S = 7 * 86_400

_DURATION = r"^\d+(\.\d+)?(ns|us|ms|s|m|min|h|d)$"


def _seconds(value: object) -> float:
    try:
        text = value if isinstance(value, str) else ""
        wait_s = amount(text, DURATIONS, bare=None, example="200ms") / SECOND_NS
    except BadValueError:
        units = ", ".join(unit for unit in DURATIONS if unit.isascii())
        example = f'write a number with a unit ({units}), such as "200ms"'
        raise ValueError(f"this is no duration: {example}") from None
    if not 0 <= wait_s <= LONGEST_WAIT_S:
        raise ValueError(f"a duration is from 0 to {LONGEST_WAIT_S // 86_400} days")
    return wait_s


def _many(value: object) -> int | str:
    if value == "forever" or (isinstance(value, str) and "{{" in value):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_ITEMS:
        raise ValueError(f'this must be a whole number up to {MOST_ITEMS:,}, a template or "forever"')
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("this must be a table, such as { id = 7 }")  # noqa: TRY004 - pydantic tells these
    return value


Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["200ms", "2s"]}),
]
"""Seconds; written with a unit, as in filters."""
Many = Annotated[
    int | str,
    BeforeValidator(_many),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}),
]
Object = Annotated[dict[str, Any], BeforeValidator(_object)]
Times = Annotated[int, Field(ge=1, le=MOST_ITEMS)]


class Table(BaseModel):
    """A table of the file: keys that are not known are errors."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ErrorTable(Table):
    """An error to answer with."""

    code: str = Field(default="application", description="What programs go by, such as not_found.")
    message: str = Field(description="What people read. May have templates.")
    details: Any = Field(default=None, description="Any value. May have templates.")


class SetTable(Table):
    """Variables to set, before anything is answered."""

    state: dict[str, Any] = Field(default={}, description="Variables that all peers share.")
    peer: dict[str, Any] = Field(default={}, description="Variables of the peer that calls.")


class PushTable(Table):
    """A message that the mock sends by itself."""

    operation: str = Field(min_length=1, description="What is called at the peer.")
    kind: Literal["oneway", "request"] = Field(
        default="oneway", description="A request is answered by the peer; the answer is seen and not used."
    )
    data: Object = Field(default={}, description="What goes with it. May have templates.")
    to: Literal["caller", "others", "all"] = Field(default="caller", description="Which peers get it.")
    after: Duration = Field(default=0.0, description="How long to wait before.")


class Acting(Table):
    """What may happen beside an answer."""

    set: SetTable | None = Field(default=None, description="Variables to set, before anything is answered.")
    note: str | None = Field(default=None, description="A note in the capture. May have templates.")
    push: list[PushTable] = Field(default=[], description="Messages that the mock sends by itself.")


class RuleTable(Acting):
    """What every rule has. The first rule of an operation that fits answers."""

    operation: str = Field(min_length=1, max_length=1000, description="The operation that is answered.")
    match: Object | None = Field(
        default=None, description="Fits data that has these parts, with these values; more may be there."
    )
    when: str | None = Field(
        default=None, description="Fits when this expression is true, such as data.amount > 100."
    )
    times: Times | None = Field(default=None, description="Fits so many times; then the next rule's turn.")
    delay: Duration = Field(default=0.0, description="How long to wait before anything is answered.")
    jitter: Duration = Field(default=0.0, description="Waits are so much longer or shorter, by chance.")
    doc: str | None = Field(default=None, description="What slipstream.describe says of the operation.")
    params: Object | None = Field(default=None, description="JSON Schema of the data, for describe.")
    returns: Object | None = Field(default=None, description="JSON Schema of answer or item, for describe.")
    deprecated: bool = Field(default=False, description="Whether describe calls the operation deprecated.")


def _only_one(table: Table, names: tuple[str, ...], *, needed: bool = True) -> None:
    given = [name for name in names if name in table.model_fields_set]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other: keep one of them")
    if needed and not given:
        raise ValueError(f"there is no answer here: give {', '.join(names[:-1])} or {names[-1]}")


class RequestTable(RuleTable):
    """Answers a request."""

    answer: Any = Field(default=None, description="The answer: any value. May have templates.")
    answer_file: str | None = Field(
        default=None, description="A JSON file in the folder of this one that is the answer, as it is."
    )
    error: ErrorTable | None = Field(default=None, description="Answer with an error.")

    @model_validator(mode="after")
    def _one_answer(self) -> RequestTable:
        _only_one(self, ("answer", "answer_file", "error"))
        return self


class ReplyTable(Acting):
    """What to do with an item that fits. The first reply that fits counts."""

    match: Any = Field(default=None, description="Fits items that have these parts, or are this value.")
    when: str | None = Field(default=None, description="Fits when this expression is true.")
    delay: Duration = Field(default=0.0, description="How long to wait before.")
    send: Any = Field(default=None, description="The item to send. May have templates.")
    error: ErrorTable | None = Field(default=None, description="End the stream with an error.")
    end: bool = Field(default=False, description="Go on with the next step.")

    @model_validator(mode="after")
    def _one_ending(self) -> ReplyTable:
        if self.error is not None and self.end:
            raise ValueError("error and end exclude each other: keep one of them")
        return self


class StepTable(Table):
    """One step of a stream: exactly one thing to do, and what goes with it."""

    send: Any = Field(default=None, description="Send this item. May have templates.")
    repeat: Many | None = Field(default=None, description="With send: so many times, or forever.")
    every: Duration | None = Field(default=None, description="With send and repeat: the time between items.")
    wait: Duration | None = Field(default=None, description="Wait so long.")
    jitter: Duration | None = Field(default=None, description="With wait: so much longer or shorter.")
    expect: Any = Field(default=None, description="Wait for an item that has these parts, or is this value.")
    when: str | None = Field(default=None, description="With expect: what must be true of the item.")
    within: Duration | None = Field(
        default=None, description="With expect and each: how long to wait for an item."
    )
    each: list[ReplyTable] | None = Field(
        default=None, description="Reply to each item, until the other side ends its half."
    )
    error: ErrorTable | None = Field(default=None, description="End the stream with an error.")
    end: bool | None = Field(default=None, description="End the stream here.")
    set: SetTable | None = Field(default=None, description="Set variables.")
    note: str | None = Field(default=None, description="A note in the capture. May have templates.")
    push: list[PushTable] | None = Field(default=None, description="Messages that the mock sends by itself.")

    ACTIONS: ClassVar[tuple[str, ...]] = (
        "send",
        "wait",
        "expect",
        "each",
        "error",
        "end",
        "set",
        "note",
        "push",
    )
    OPTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "repeat": ("send",),
        "every": ("send",),
        "jitter": ("wait",),
        "when": ("expect",),
        "within": ("expect", "each"),
    }

    @property
    def action(self) -> str:
        """What the step does."""
        return next(name for name in self.ACTIONS if name in self.model_fields_set)

    @model_validator(mode="after")
    def _one_action(self) -> StepTable:
        given = [name for name in self.ACTIONS if name in self.model_fields_set]
        if len(given) != 1:
            told = " and ".join(given) or "nothing"
            raise ValueError(
                f"a step does one thing, and this does {told}: use one of {', '.join(self.ACTIONS)}"
            )
        for name, actions in self.OPTIONS.items():
            if name in self.model_fields_set and given[0] not in actions:
                raise ValueError(f"{name} goes with {' and '.join(actions)}, not with {given[0]}")
        if self.repeat == "forever" and not self.every:
            raise ValueError("what is sent for ever needs a time between items: give every")
        return self


Steps = Annotated[list[StepTable], Field(max_length=MOST_STEPS)]


class StreamTable(RuleTable):
    """Answers a stream with items."""

    items: Annotated[list[Any], Field(max_length=MOST_ITEMS)] | None = Field(
        default=None, description="The items, in order. May have templates."
    )
    items_file: str | None = Field(
        default=None, description="A file in the folder of this one: a JSON list, or JSON lines."
    )
    item: Any = Field(default=None, description="Makes each of count items; index counts them from 0.")
    count: Many | None = Field(default=None, description="With item: how many, a template, or forever.")
    repeat: Many | None = Field(default=None, description="With items: so many times, or forever.")
    every: Duration = Field(default=0.0, description="The time between two items.")
    error: ErrorTable | None = Field(default=None, description="End with an error, after the items.")
    steps: Steps | None = Field(default=None, description="What is sent, step by step.")

    @model_validator(mode="after")
    def _one_source(self) -> StreamTable:
        sources = ("items", "items_file", "item", "steps")
        _only_one(self, sources, needed=self.error is None)
        given = self.model_fields_set
        for name, wanted in (("count", {"item"}), ("repeat", {"items", "items_file"})):
            if name in given and not wanted & given:
                raise ValueError(f"{name} goes with {' or '.join(sorted(wanted))}")
        if "item" in given and self.count is None:
            raise ValueError("item needs to know how many: give count")
        if "forever" in (self.count, self.repeat) and not self.every:
            raise ValueError("a stream that goes on for ever needs a time between items: give every")
        if "steps" in given and {"every", "error"} & given:
            raise ValueError("steps have their own waits and errors: write them as steps")
        for step in self.steps or []:
            if step.action in {"expect", "each"}:
                raise ValueError(f"nothing comes in on a stream: {step.action} is for bidirectional ones")
        return self


class BidirectionalTable(RuleTable):
    """Answers a bidirectional stream, step by step. Behind the last step this half ends."""

    steps: Steps = Field(description="What is expected and sent, step by step.")


class OnewayTable(RuleTable):
    """Takes a message that has no answer."""


Variables = Annotated[dict[str, Any], Field(max_length=MOST_VARIABLES)]


class Document(Table):
    """A mock: what a server answers that does not exist."""

    seed: int | None = Field(default=None, description="The same seed makes up the same data and waits.")
    check: bool = Field(
        default=False,
        description="Refuse data that does not fit params; note answers and items that do not fit returns.",
    )
    state: Variables = Field(default={}, description="Variables that all peers share, as they begin.")
    peer: Variables = Field(default={}, description="Variables of each peer, as they begin.")
    request: list[RequestTable] = Field(default=[], max_length=MOST_RULES, description="Rules for requests.")
    stream: list[StreamTable] = Field(default=[], max_length=MOST_RULES, description="Rules for streams.")
    bidirectional: list[BidirectionalTable] = Field(
        default=[], max_length=MOST_RULES, description="Rules for bidirectional streams."
    )
    oneway: list[OnewayTable] = Field(
        default=[], max_length=MOST_RULES, description="Rules for messages that have no answer."
    )
    fault: list[FaultRule] = Field(
        default=[], max_length=MOST_RULES, description="What goes wrong on the wire."
    )
