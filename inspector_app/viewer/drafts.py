"""What is being written in the compose forms: kept between two openings, judged, and made into intents.

Owns which form asks for what, and what keeps it from being sent. It sends nothing.
"""

from __future__ import annotations

import json
import math
from typing import Literal

from msgspec import Struct, field

from inspector_app.capture.records import ExchangeRow
from inspector_app.display.json_check import json_problem
from inspector_app.intents import Intent, MessageKind, SendItem, SendMessage, SendRaw
from inspector_app.viewer.operations import Operation

Form = Literal["request", "stream", "bidirectional", "oneway", "raw", "item"]

FORMS: dict[Form, str] = {
    "request": "Request",
    "stream": "Stream",
    "bidirectional": "Bidirectional",
    "oneway": "One-way",
    "raw": "Raw frame",
}
"""The forms to change between, with their titles; an item has its own, since it needs a stream."""

OPENING: dict[str, MessageKind] = {
    "request": "request",
    "stream": "stream",
    "bidirectional": "bidirectional",
    "oneway": "oneway",
}
"""The forms that name an operation."""

_FRAME_TYPES: dict[MessageKind, str] = {
    "request": "request",
    "stream": "stream_request",
    "bidirectional": "stream_stream_request",
    "oneway": "fire_and_forget",
}

MAX_TIMEOUT_S = 86_400.0

DEFAULT_TIMEOUT_S = 600
"""The deadline of a request for which none is typed: that of the library, in seconds."""


def raw_request(peer: str | None, number: int, operation: str) -> str:
    """Write a request frame (protocol.md §2) that this side, `peer`, could send as it stands."""
    me = peer or "me"
    import json

    data = {"operation": operation}
    return json.dumps({"type": "request", "requestId": [me, number], "peerID": me, "data": data})


class Draft(Struct, kw_only=True):
    """What one form holds, as typed. `timeout` in seconds; empty: the connection's own limit."""

    form: Form
    operation: str = ""
    data: str = "{}"
    timeout: str = ""
    offered: str = ""
    """What it was filled in with; as long as that is all, it gives way to what is offered next."""

    @property
    def takes_timeout(self) -> bool:
        """Whether there is an answer to wait for: a single one, after which the exchange is over."""
        return self.form == "request"

    @property
    def takes_operation(self) -> bool:
        """Whether it opens something by name."""
        return self.form in OPENING

    def offer(self, data: str) -> bool:
        """Fill in data to begin with, unless something was typed. Tells whether that changed the data."""
        if self.data.strip() not in ("", "{}", self.offered.strip()):
            return False
        changed, self.data, self.offered = data != self.data, data, data
        return changed

    @property
    def problem_of_call(self) -> str:
        """One sentence on what keeps it from being sent, whatever its data is; empty when nothing does."""
        if self.takes_operation and not self.operation.strip():
            return "Name the operation to call."
        if self.takes_timeout and self.timeout.strip() and self.timeout_s is None:
            return "Give the timeout in seconds, such as 2.5, or nothing."
        return ""

    @property
    def problem(self) -> str:
        """One sentence on what keeps it from being sent; empty when nothing does. Raw is never kept."""
        if self.form == "raw" or self.problem_of_call:
            return self.problem_of_call
        found = json_problem(self.data, "any" if self.form == "item" else "object")
        return f"Data {found}." if found is not None else ""

    @property
    def timeout_s(self) -> float | None:
        """The timeout as a number; None when there is none, or none that can be meant."""
        try:
            seconds = float(self.timeout)
        except ValueError:
            return None
        return seconds if math.isfinite(seconds) and 0 < seconds <= MAX_TIMEOUT_S else None

    def intent(self, *, conn: int | None = None, stream: ExchangeRow | None = None) -> Intent:
        """Make the intent that sends it. `stream` is the one that an item goes to.

        Raises `ValueError` with the sentence of `problem`: nothing invalid becomes an intent.
        """
        if self.problem:
            raise ValueError(self.problem)
        if self.form == "raw":
            return SendRaw(text=self.data, conn=conn)
        if self.form == "item":
            if stream is None:
                raise ValueError("Choose the stream that the item goes to first.")
            return SendItem(conn=stream.conn, opener=stream.opener, number=stream.number, data_json=self.data)
        return SendMessage(
            kind=OPENING[self.form],
            operation=self.operation.strip(),
            data_json=self.data,
            timeout_s=self.timeout_s if self.takes_timeout else None,
            conn=conn,
        )


def _empty_drafts() -> dict[Form, Draft]:
    forms: tuple[Form, ...] = (*FORMS, "item")
    drafts = {form: Draft(form=form) for form in forms}
    drafts["raw"].data = ""
    return drafts


class Drafts(Struct):
    """One draft for each form, and which form was used last."""

    form: Form = "request"
    by_form: dict[Form, Draft] = field(default_factory=_empty_drafts)
    last_opening: Form = "request"
    """The form used last of those that name an operation."""
    begun: bool = False
    """An operation was just chosen, so what is left to type is its data."""
    _offered_raw: str = ""

    @property
    def current(self) -> Draft:
        """The draft of the form that is open."""
        if self.form in OPENING:
            self.last_opening = self.form
        return self.by_form[self.form]

    def begin(self, operation: Operation, form: MessageKind) -> None:
        """Start to write a call of an operation, its data laid out by its schema."""
        self.form = form
        self.begun = True
        draft = self.by_form[form]
        if draft.operation != operation.name:
            draft.operation = operation.name
            from inspector_app.schemas.examples import data_template

            draft.data = draft.offered = data_template(operation.params)

    def frame(self, peer: str | None, number: int) -> str:
        """Write the frame (protocol.md §2) that the form used last would send; empty: it holds none.

        Its data stays as it was typed, behind the operation's name.
        """
        draft = self.by_form[self.last_opening]
        if draft.problem:
            return ""
        body = draft.data.strip()[1:]
        name = json.dumps(draft.operation.strip())
        glue = "" if body.lstrip().startswith("}") else ","
        data = f'{{"operation": {name}{glue}{body}'
        me = json.dumps(peer or "me")
        kind = _FRAME_TYPES[OPENING[self.last_opening]]
        request_id = "" if kind == "fire_and_forget" else f'"requestId": [{me}, {number}], '
        return f'{{"type": "{kind}", {request_id}"peerID": {me}, "data": {data}}}'

    def take_begun(self) -> bool:
        """Tell, once, whether an operation was just chosen."""
        begun, self.begun = self.begun, False
        return begun

    def offer_raw(self, text: str) -> None:
        """Put a frame into the raw form, unless something was typed there."""
        draft = self.by_form["raw"]
        if draft.data in ("", self._offered_raw):
            draft.data = self._offered_raw = text


class StartDrafts(Struct):
    """What was typed into the two forms of the home screen, for the next time they are opened."""

    connect: dict[str, str] = field(default_factory=lambda: {"url": "ws://127.0.0.1:8765"})
    host: dict[str, str] = field(default_factory=lambda: {"host": "127.0.0.1", "port": "8765"})
