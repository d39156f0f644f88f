"""The columns of the frame list: which there are, which are shown, in which order and how wide.

Owns their names, their widths and what the filter language calls their cells. What is in a cell is `frames`'
matter, how it is drawn the widgets'. A choice of columns may come from a file, so it is checked and bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from inspector_app.payload_path import steps_of

MOST_COLUMNS = 24
WIDEST = 200
PATH_LENGTH = 200
_PATH_CELLS = 14


class Shown(Struct, frozen=True):
    """A column as it is shown: its key, and its width in cells; 0 is its usual one."""

    key: str
    width: int = 0


class Kind(Struct, frozen=True, kw_only=True):
    """A column that may be shown. `width` 0 shares what the others leave; `roomy` is for wide lists."""

    key: str
    title: str
    help: str
    width: int = 0
    roomy: int = 0
    right: bool = False
    hidden_below: int = 0
    """Not shown in a list narrower than this, unless its width was chosen."""
    field: str = ""
    """What the filter language calls what is in its cells; empty: it has no word for it."""


KINDS: tuple[Kind, ...] = (
    Kind(
        key="seq",
        title="#",
        width=6,
        roomy=8,
        right=True,
        help="Number of the frame, with its marks.",
        field="seq",
    ),
    Kind(key="time", title="Time", width=12, help="Time, told as the key t says."),
    Kind(key="clock", title="Time of day", width=12, help="Time of day."),
    Kind(key="since", title="Since start", width=12, right=True, help="Time since the first frame."),
    Kind(key="delta", title="Delta", width=9, right=True, help="Time since the row above."),
    Kind(key="dir", title="", width=1, help="Which way it went.", field="dir"),
    Kind(key="type", title="Type", width=10, roomy=11, help="Type of the frame.", field="type"),
    Kind(key="conn", title="Conn", width=4, right=True, help="Number of the connection.", field="conn"),
    Kind(key="exchange", title="Exch", width=6, roomy=8, help="Exchange it belongs to.", field="exchange"),
    Kind(key="opener", title="Opener", width=8, help="Peer that opened the exchange."),
    Kind(key="op", title="Operation", width=13, roomy=24, help="Name of the operation.", field="op"),
    Kind(
        key="size",
        title="Size",
        width=6,
        roomy=8,
        right=True,
        hidden_below=90,
        help="Size on the wire.",
        field="size",
    ),
    Kind(
        key="latency",
        title="Answer",
        width=6,
        roomy=8,
        right=True,
        help="Of an answer: time since what it answers.",
        field="latency",
    ),
    Kind(key="note", title="Note", width=20, help="Your note on the frame.", field="note"),
    Kind(key="data", title="Data", help="The payload on one line, after your note."),
)

_BY_KEY = {kind.key: kind for kind in KINDS}

USUAL: tuple[Shown, ...] = tuple(
    Shown(key) for key in ("seq", "time", "dir", "type", "exchange", "op", "size", "latency", "data")
)


def kind_of(key: str) -> Kind:
    """Give the column of a key; a path into the payload is a column of its own. Raises `KeyError`."""
    if is_path(key):
        title = key.removeprefix("data").lstrip(".")
        return Kind(key=key, title=title, width=_PATH_CELLS, roomy=20, help=f"Value at {key}.", field=key)
    return _BY_KEY[key]


def is_path(key: str) -> bool:
    """Tell whether a key names a path into the payload."""
    if not key.startswith(("data.", "data[")) or len(key) > PATH_LENGTH:
        return False
    try:
        return len(steps_of(key)) > 1
    except ValueError:
        return False


def checked(columns: Iterable[tuple[str, int]]) -> tuple[Shown, ...]:
    """Make a choice of columns of what a file holds: what is not known or there twice is left out."""
    found: dict[str, Shown] = {}
    for key, width in columns:
        if (key in _BY_KEY or is_path(key)) and len(found) < MOST_COLUMNS:
            found.setdefault(key, Shown(key, min(max(width, 0), WIDEST)))
    return tuple(found.values()) or USUAL


def why_no_path(path: str, shown: Sequence[Shown]) -> str:
    """Say in one sentence why a path cannot become a column; empty when it can."""
    if not is_path(path):
        return "Type a path into the payload that begins with data., such as data.user.id."
    if any(each.key == path for each in shown):
        return f"There is a column {path} already."
    return "" if len(shown) < MOST_COLUMNS else f"There are {MOST_COLUMNS} columns: take one away first."


def moved(shown: Sequence[Shown], index: int, by: int) -> tuple[Shown, ...]:
    """Move a column by some places; at an end it stays."""
    place = min(max(index + by, 0), len(shown) - 1)
    rest = [*shown[:index], *shown[index + 1 :]]
    return (*rest[:place], shown[index], *rest[place:])


def resized(shown: Sequence[Shown], index: int, width: int) -> tuple[Shown, ...]:
    """Give a column a width in cells; 0 gives it its usual one again."""
    column = replace(shown[index], width=min(max(width, 0), WIDEST))
    return (*shown[:index], column, *shown[index + 1 :])
