"""The fields of the filter language: what each is called, which values it takes, what they mean.

One table, read by the parser, by completion and by the documentation. This module knows no SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from inspector_app.capture.filter import readers
from inspector_app.capture.filter.values import DURATIONS, SIZES
from inspector_app.capture.records import Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inspector_app.capture.filter.grammar import Value
    from inspector_app.capture.filter.nodes import Test

TYPES = (
    "request",
    "response",
    "stream_request",
    "stream_stream_request",
    "stream_data",
    "stream_end",
    "fire_and_forget",
    "error",
)
"""The eight types of protocol.md §3."""

INVALID = "invalid"
"""Stands for the type of a message that is no frame."""

_NO_TYPE = ""
_TYPE_CHOICES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in TYPES},
    # As the list of frames names them, which has less room.
    "stream_req": ("stream_request",),
    "bidi_req": ("stream_stream_request",),
    "data": ("stream_data",),
    "end": ("stream_end",),
    "one_way": ("fire_and_forget",),
    INVALID: (_NO_TYPE,),
}
_KIND_CHOICES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in get_args(Kind)},
    "request": ("request_response",),
    "stream": ("request_stream", "stream_stream"),
    "bidirectional": ("stream_stream",),
    "one_way": ("fire_and_forget",),
}
_STATE_CHOICES: dict[str, tuple[str, ...]] = {
    name: (name.upper(),) for name in ("open", "half_closed_local", "half_closed_remote", "closed")
}
_OUTCOME_CHOICES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in get_args(Outcome)},
    "timed_out": ("timeout",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `read` makes a test of a written value, or raises `FilterError`."""

    name: str
    help: str
    examples: tuple[str, ...]
    """Whole terms."""
    read: Callable[[Value], Test]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Every value there is, each with what the capture holds for it."""
    units: tuple[str, ...] = ()
    alone: bool = False
    """Stands as a word of its own too."""
    changes: bool = False
    """What holds for a frame now may not hold later, though the frame stays as it is."""


def _choosing(choices: Mapping[str, tuple[str, ...]], name: str) -> Callable[[Value], Test]:
    return lambda value: readers.choice(value, name, choices)


def _measured(units: dict[str, int], *, bare: int | None, example: str) -> Callable[[Value], Test]:
    return lambda value: readers.measure(value, units, bare=bare, example=example)


_SIZE_UNITS, _TIME_UNITS = tuple(SIZES), tuple(DURATIONS)

_ALL = (
    Field(
        name="type",
        help="type of the frame",
        examples=("type:stream_data", "type:stream_*", "type:invalid"),
        read=_choosing(_TYPE_CHOICES, "type"),
        choices=_TYPE_CHOICES,
    ),
    Field(
        name="op",
        help="operation that the frame or its exchange calls",
        examples=("op:chat", "op:order.*", "op:/^order/i", "-op:*"),
        read=readers.text,
    ),
    Field(
        name="dir",
        help="direction: received or sent by the inspected side",
        examples=("dir:in",),
        read=_choosing({"in": ("in",), "out": ("out",)}, "dir"),
        choices={"in": ("in",), "out": ("out",)},
    ),
    Field(
        name="size",
        help="size of the message",
        examples=("size:>10kb", "size:1kb..2kb", "size:512"),
        read=_measured(SIZES, bare=1, example="10kb"),
        units=_SIZE_UNITS,
    ),
    Field(
        name="latency",
        help="of an answer: time since the opening frame",
        examples=("latency:>=200ms", "latency:1ms..1.5s"),
        read=_measured(DURATIONS, bare=None, example="200ms"),
        units=_TIME_UNITS,
    ),
    Field(
        name="age",
        help="time since the frame went by",
        examples=("age:>5s", "age:<2min"),
        read=_measured(DURATIONS, bare=None, example="5s"),
        units=_TIME_UNITS,
        changes=True,
    ),
    Field(
        name="time",
        help="when the frame went by: time of any day, date, or both",
        examples=(
            "time:14:05",
            "time:>14:05",
            "time:14:05..14:06:30",
            "time:2026-11-22",
            "time:<=2026-11-22T14:05:00Z",
        ),
        read=readers.time,
    ),
    Field(
        name="status",
        help="how the frame's exchange stands or ended",
        examples=("status:pending", "status:error"),
        read=_choosing(_OUTCOME_CHOICES, "status"),
        choices=_OUTCOME_CHOICES,
        changes=True,
    ),
    Field(
        name="code",
        help="error code that the frame's exchange ended with",
        examples=("code:not_found", "code:*"),
        read=readers.text,
        changes=True,
    ),
    Field(
        name="kind",
        help="kind of the frame's exchange",
        examples=("kind:stream", "kind:request_response"),
        read=_choosing(_KIND_CHOICES, "kind"),
        choices=_KIND_CHOICES,
    ),
    Field(
        name="state",
        help="state of the frame's exchange",
        examples=("state:half_closed_remote", "state:half_closed_*"),
        read=_choosing(_STATE_CHOICES, "state"),
        choices=_STATE_CHOICES,
        changes=True,
    ),
    Field(
        name="unanswered",
        help="the frame's exchange has got no answer",
        examples=("unanswered",),
        read=readers.nothing,
        alone=True,
        changes=True,
    ),
    Field(
        name="answered",
        help="the frame's exchange has got an answer; with a duration: its first came after so long",
        examples=("answered", "answered:>200ms"),
        read=_measured(DURATIONS, bare=None, example=">200ms"),
        units=_TIME_UNITS,
        alone=True,
        changes=True,
    ),
    Field(
        name="exchange",
        help="number of the exchange in this capture",
        examples=("exchange:#412", "exchange:412", "exchange:400..420"),
        read=lambda value: readers.whole(value, mark="#"),
    ),
    Field(
        name="number",
        help="counter in the frame's requestId",
        examples=("number:12",),
        read=readers.whole,
    ),
    Field(
        name="seq",
        help="number of the frame",
        examples=("seq:100..200", "seq:>100000"),
        read=lambda value: readers.whole(value, mark="#"),
    ),
    Field(
        name="conn",
        help="number of the connection",
        examples=("conn:2",),
        read=readers.whole,
    ),
    Field(
        name="peer",
        help="other side of the frame's connection, by how its ID begins",
        examples=("peer:7be2d940",),
        read=readers.beginning,
        changes=True,
    ),
    Field(
        name="finding",
        help="rule of the protocol that the frame broke",
        examples=("finding:*", "finding:data_after_end"),
        read=readers.text,
    ),
    Field(
        name="after",
        help="a frame of this type went by shortly before",
        examples=("after:error within:1s",),
        read=_choosing(_TYPE_CHOICES, "after"),
        choices=_TYPE_CHOICES,
    ),
    Field(
        name="before",
        help="a frame of this type went by shortly after",
        examples=("before:error within:200ms",),
        read=_choosing(_TYPE_CHOICES, "before"),
        choices=_TYPE_CHOICES,
        changes=True,
    ),
    Field(
        name="marked",
        help="the frame is marked",
        examples=("marked",),
        read=readers.nothing,
        alone=True,
        changes=True,
    ),
    Field(
        name="note",
        help="the frame has a note; with text: one that has it in it",
        examples=("note", "note:refund"),
        read=readers.content,
        alone=True,
        changes=True,
    ),
    Field(
        name="text",
        help="text anywhere in the message, as words without a field are",
        examples=("text:refund", 'text:"Ada L"', "text:/time ?out/i"),
        read=readers.content,
    ),
    Field(
        name="data",
        help="path into the payload",
        examples=(
            "data.user.id:42",
            'data.items[0].name:"Ada L"',
            "data.items[*].price:>=9.5",
            "data.text:/time ?out/i",
            "data.user:*",
        ),
        read=readers.payload,
    ),
)

FIELDS: dict[str, Field] = {each.name: each for each in _ALL}
"""Every field by its name, in the order of the documentation."""

WITHIN = _measured(DURATIONS, bare=None, example="1s")
