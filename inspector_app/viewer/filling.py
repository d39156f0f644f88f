"""A form that is being filled in: rows over a JSON text, by a schema that was described or learned.

Owns what of a schema is shown for which text, which rows are folded, what is wrong with each, and what
becomes of the text when something is done to a row. The text itself is the editor's: each edit gives another.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from inspector_app.display.form_line import FormLine
from inspector_app.display.json_check import json_problem
from inspector_app.schemas.checking import path_text
from inspector_app.schemas.document import Document, NotJsonError, Path
from inspector_app.schemas.examples import data_template, example
from inspector_app.schemas.judging import Judgement
from inspector_app.schemas.reading import read_field
from inspector_app.schemas.rows import (
    MOST_BYTES,
    MOST_ROWS,
    NotTakenError,
    Row,
    beginning,
    json_of,
    next_choice,
    next_variant,
    readable,
    rows_of,
)
from inspector_app.viewer.form_lines import line_of

OPERATION: Final = "operation"
"""The member of an opening frame's data that names the operation; it has a field of its own."""

_MOST_PASSES: Final = 5
"""Times that a text is filled in: what was put in may make it another variant of a union."""

_NOW: Final[dict[str, Callable[[datetime], str]]] = {
    "date-time": lambda now: now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "date": lambda now: now.date().isoformat(),
    "time": lambda now: now.strftime("%H:%M:%SZ"),
    "uuid": lambda _: str(uuid.uuid4()),
}
"""What stands for now, or for a new one, in a text of a format."""


class Filling:
    """One form. `rows` are made of the text that was read last."""

    def __init__(self) -> None:
        self.schema: object = None
        self.opens = True
        """Whether the data is that of an opening frame, which names its operation."""
        self.learned = False
        """Whether the schema was learned from the traffic, and not told by the other side."""
        self.rows: list[Row] = []
        self.why = ""
        """Why there are no rows, in a sentence."""
        self.unchecked = ""
        """Why data is not checked, in a sentence."""
        self._field = read_field(None)
        self._document: Document | None = None
        self._folded: set[Path] = set()
        self._problems: dict[Path, str] = {}

    # -- what is shown ------------------------------------------------------------------------------------

    @property
    def is_known(self) -> bool:
        """Whether anything is known of what data looks like."""
        return self.schema is not None

    def use(self, schema: object, *, learned: bool = False) -> None:
        """Show by another schema; None when nothing is known."""
        self.learned = learned
        if schema != self.schema:
            self.schema = schema
            self._field = read_field(schema)
            self._folded.clear()
            self._problems.clear()
            self.unchecked = ""

    @property
    def names_operation(self) -> bool:
        """Whether the schema speaks of the operation's name as a member of the data."""
        return self.opens and any(member.name == OPERATION for member in self._field.members)

    def read(self, text: str | None) -> None:
        """Make the rows anew of a text; None: one that is too long."""
        self._document = readable(text) if text is not None else None
        self.rows = []
        self.why = ""
        if self._document is not None:
            rows = rows_of(self._field, self._document, folded=self._folded)
            self.rows = [row for row in rows if self._is_shown(row, rows)]
            if self._field.kind == "object" and self._field.others is not None and not self._field.members:
                others = self._field.others
                self.rows.append(
                    Row(path=(), depth=0, field=others, known=False, present=False, adds="member")
                )
            if not self.rows:
                self.why = "There is nothing to fill in."
        elif text is None or len(text) > MOST_BYTES:
            self.why = f"Data of more than {MOST_BYTES // 1024} KB is edited as JSON."
        elif text.lstrip()[:1] not in ("{", ""):
            self.why = "What is no object has no form: it is edited as JSON."
        else:
            self.why = "The form is there again once the JSON is an object without mistakes."

    @property
    def lines(self) -> list[FormLine]:
        """The rows as they are drawn."""
        places = {row.path for row in self.rows if not row.adds}
        shown: dict[Path, str] = {}
        for path, text in self._problems.items():
            place = path
            while place and place not in places:
                place = place[:-1]
            told = text if place == path else f"{path_text(path)}: {text}"
            if place:
                shown.setdefault(place, told)
        lines = [line_of(row, "" if row.adds else shown.get(row.path, "")) for row in self.rows]
        if len(lines) >= MOST_ROWS:
            lines.append(FormLine(name="…", edit="none", about="What follows is edited as JSON."))
        return lines

    def index_of(self, path: Path) -> int | None:
        """Find the row of a place; of one without a row, that of what it is in."""
        for end in range(len(path), 0, -1):
            for index, row in enumerate(self.rows):
                if row.path == path[:end] and not row.adds:
                    return index
        return None

    def span(self, path: Path) -> tuple[int, int] | None:
        """Tell from where to where the value of a place stands in the text; the nearest that is there."""
        if self._document is None:
            return None
        while (node := self._document.at(path)) is None:
            path = path[:-1]
        return node.start, node.end

    def path_at(self, index: int) -> Path:
        """Tell which place an index of the text is in."""
        path: Path = ()
        node = self._document.root if self._document is not None else None
        while node is not None and node.nodes:
            starts = node.key_starts or [each.start for each in node.nodes]
            inside = [place for place, start in enumerate(starts) if start <= index <= node.nodes[place].end]
            if not inside:
                break
            path = (*path, node.keys[inside[-1]] if node.kind == "object" else inside[-1])
            node = node.nodes[inside[-1]]
        return path

    # -- what is wrong ------------------------------------------------------------------------------------

    def to_check(self, text: str, operation: str) -> str:
        """Give the text that the schema is about: with the operation's name, where it asks for that."""
        if not self.names_operation:
            return text
        body = text.strip()
        glue = "" if body[1:].lstrip().startswith("}") else ","
        return "{" + f"{json.dumps(OPERATION)}: {json.dumps(operation)}{glue}" + body[1:]

    def judged(self, judgement: Judgement) -> None:
        """Take over what is wrong."""
        self.unchecked = judgement.unusable
        self._problems = {}
        for problem in judgement.problems:
            self._problems.setdefault(problem.path, problem.text)

    @property
    def problem(self) -> str:
        """What is wrong, the first of it, with its path; empty: nothing that is known of."""
        return next((f"{path_text(path)}: {text}" for path, text in self._problems.items()), "")

    @property
    def problem_path(self) -> Path:
        """Where that is."""
        return next(iter(self._problems), ())

    # -- what is done to a row: each gives the new text -----------------------------------------------------

    def typed(self, index: int, text: str) -> str:
        """Take what was typed into a row. Raises `NotTakenError`."""
        row = self.rows[index]
        if row.adds == "member":
            if not text:
                raise NotTakenError("Type the name of the member.")
            if self._at((*row.path, text)):
                raise NotTakenError("There is a member of this name.")
            return self._put((*row.path, text), beginning(row.field))
        return self._put(row.path, _json(row, text))

    def chosen(self, index: int, place: int) -> str:
        """Take one of the choices of a row, or begin with another variant of its union."""
        row = self.rows[index]
        if row.field.kind == "union":
            return self._put(row.path, beginning(row.field.variants[place]))
        return self._put(row.path, json_of(row, line_of(row, "").choices[place]))

    def turned(self, index: int, step: int) -> str | None:
        """Go on to the next choice or variant; None where there is none."""
        row = self.rows[index]
        value = None if row.adds else next_choice(row, step) or next_variant(row, step)
        return None if value is None else self._put(row.path, value)

    def put_in(self, index: int) -> str | None:
        """Put in what is missing, or, at an array or an item, one item more; None where nothing can be."""
        row = self.rows[index]
        if row.adds == "member":
            return None
        if row.adds == "item" or not row.present:
            return self._put(row.path, beginning(row.field))
        path = row.path if row.is_list else row.path[:-1]
        adding = next((each for each in self.rows if each.adds == "item" and each.path[:-1] == path), None)
        return self._put(adding.path, beginning(adding.field)) if adding is not None else None

    def taken_out(self, index: int) -> str | None:
        """Take out a member or an item; None where there is none."""
        row = self.rows[index]
        return (
            None
            if row.adds or not row.present or self._document is None
            else self._document.without(row.path)
        )

    def nulled(self, index: int) -> str | None:
        """Put null there; None where the schema takes none."""
        row = self.rows[index]
        return self._put(row.path, "null") if row.field.nullable and not row.adds else None

    def renewed(self, index: int, now: datetime | None = None) -> str | None:
        """Put the current time there, or a new identifier; None where the schema asks for neither."""
        row = self.rows[index]
        make = _NOW.get(row.field.format)
        if make is None:
            return None
        return self._put(row.path, json.dumps(make(now or datetime.now(UTC))))

    def moved(self, index: int, step: int) -> tuple[str, Path] | None:
        """Let an item change places with the one before (-1) or behind it (1). Gives its new path, too."""
        row = self.rows[index]
        place = row.path[-1]
        if self._document is None or row.adds or not isinstance(place, int):
            return None
        other = (*row.path[:-1], place + step)
        one, two = self._document.at(row.path), self._document.at(other) if place + step >= 0 else None
        if one is None or two is None:
            return None
        first, second = sorted((one, two), key=lambda node: node.start)
        source, text = self._document.source, self._document.text
        return (
            text[: first.start] + source(second) + text[first.end : second.start] + source(first)
            + text[second.end :],
            other,
        )  # fmt: skip

    def fold(self, index: int, *, closed: bool | None = None) -> bool:
        """Fold what is in a row, or unfold it; None: the other of the two. Tells whether it changed."""
        row = self.rows[index]
        wanted = row.open if closed is None else closed
        if row.parts is None or wanted != row.open:
            return False
        (self._folded.add if wanted else self._folded.discard)(row.path)
        self.read(self._document.text if self._document is not None else None)
        return True

    def filled(self, text: str, *, whole: bool) -> str:
        """Put in what must be there, or with `whole` everything, and leave what is there as it is.

        Raises `NotTakenError` where something else than an object is there.
        """
        document = readable(text)
        if document is None and text.strip():
            raise NotTakenError(
                "Put the JSON right first, or take it out."
                if json_problem(text)
                else "Take out what is there first."
            )
        if document is None or not document.root.nodes:
            if self.opens or self._field.kind == "json":
                return data_template(self.schema, whole=whole)
            return json.dumps(example(self._field, whole=whole), indent=2, ensure_ascii=False)
        for _ in range(_MOST_PASSES):
            missing = self._missing(document, whole=whole)
            fuller = readable(document.with_members(missing)) if missing else None
            if fuller is None:
                break
            document = fuller
        return document.text

    def _missing(self, document: Document, *, whole: bool) -> dict[Path, dict[str, str]]:
        """Give examples of the members that are to be put in, by the path of what they are missing in."""
        missing: dict[Path, dict[str, str]] = {}
        room = MOST_BYTES - len(document.text)
        for row in rows_of(self._field, document):
            is_due = not row.present and not row.adds and (whole or row.field.required)
            if not is_due or (self.opens and row.path == (OPERATION,)):
                continue
            value = json.dumps(example(row.field, whole=whole), ensure_ascii=False)
            room -= len(value) + len(row.name)
            if room < 0:
                break
            missing.setdefault(row.path[:-1], {})[row.name] = value
        return missing

    def _is_shown(self, row: Row, rows: list[Row]) -> bool:
        """Leave out the operation's name, and room for more members of what has names for its own."""
        if row.adds == "member" and row.field.kind == "json":
            return not any(each.known and each.path[:-1] == row.path for each in rows)
        return row.path != (OPERATION,) or row.present or not self.opens

    def _at(self, path: Path) -> bool:
        return self._document is not None and self._document.at(path) is not None

    def _put(self, path: Path, value: str) -> str:
        if self._document is None:
            raise NotTakenError("Put the JSON right first.")
        try:
            return self._document.with_value(path, value)
        except NotJsonError as error:
            raise NotTakenError(f"This cannot be put in: {error}.") from error


def _json(row: Row, text: str) -> str:
    """Give the JSON of what was typed; into a union, by the chosen variant, else the first to take it."""
    field = row.field
    if field.kind == "union":
        variants = sorted(field.variants, key=lambda variant: variant.name != row.variant)
        plain = [each for each in variants if each.kind in _PLAIN]
        for variant in plain:
            try:
                return json_of(replace(row, field=variant), text)
            except NotTakenError:
                continue
    return json_of(row, text)


_PLAIN: Final = ("text", "number", "integer", "boolean", "choice", "null")
