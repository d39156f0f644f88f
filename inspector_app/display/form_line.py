"""One line of a form, as it is drawn: what a widget is told of a place in a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """A line. All texts may come from outside and are not inert yet."""

    name: str
    depth: int = 0
    required: bool = False
    value: str = ""
    """What it shows."""
    typed: str = ""
    """What an edit begins with."""
    kind: str = ""
    """Type and limits, in few words."""
    problem: str = ""
    state: Literal["there", "missing", "unknown", "adds", "null"] = "there"
    fold: Literal["", "open", "closed"] = ""
    edit: Literal["text", "choices", "name", "none"] = "text"
    """What Enter begins: typing a value, choosing one, typing the name of a new member, nothing."""
    choices: tuple[str, ...] = ()
    about: str = ""
    """Documentation and what else there is to know, of the line the cursor is on."""
    hint: str = ""
    """The keys that make sense on it."""
