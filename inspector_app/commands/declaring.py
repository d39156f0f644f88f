"""What a command is, what it needs to know, and the conditions that several commands share.

Plain data: it carries out nothing, and imports no user interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

Place = Literal[
    "everywhere",
    "home",
    "main",
    "compose",
    "mock",
    "console",
    "history",
    "collections",
    "sequence",
    "repetition",
]
"""Where a command can be given: on every screen, or on one of them."""

Group = Literal[
    "Views",
    "Frames",
    "Find",
    "Operations",
    "Columns",
    "Detail",
    "Exchanges",
    "Connection",
    "Engine",
    "Capture",
    "Program",
    "Start",
    "Compose",
    "Mock",
    "Stream",
    "Messages",
]

EngineState = Literal["none", "starting", "running", "dead"]
"""`none`: a finished capture is looked at, there is nothing to talk to."""


class Situation(Struct, frozen=True, kw_only=True):
    """What a command needs to know to tell whether it makes sense. Made by the view state."""

    view: str = "frames"
    """Name of the list on screen."""
    detail: str = "data"
    """Name of the detail on screen."""
    frames: int = 0
    following: bool = False
    paused: bool = False
    engine: EngineState = "none"
    looks_on: bool = False
    """Another viewer started the engine, and this one asks nothing of it."""
    attached: bool = False
    """Another viewer started the engine."""
    stays: bool = False
    """The engine runs on when the viewer that started it ends."""
    connected: bool = False
    """At least one connection is open."""
    frame: bool = False
    """A frame is selected, and is seen to be."""
    filtered: bool = False
    """Only frames that match a filter are shown."""
    exchange: bool = False
    """An exchange is selected, and is seen to be."""
    pending: bool = False
    """The selected exchange has not ended."""
    hosting: bool = False
    """What is inspected is hosted here."""
    stream: bool = False
    """The selected exchange is a stream."""
    on: str = ""
    """On the screen of a mock: what the cursor is on, `rule`, `hole`, `fault` or `held`."""
    unary: bool = False
    """There: the call that waits has one answer."""
    sending: bool = False
    """The selected exchange is a bidirectional stream whose half on this side is open."""
    captures: int = 0
    """Captures listed on the home screen."""
    pinned: bool = False
    """The one that is selected there is pinned."""
    entry: bool = False
    """In a list of messages one is selected."""
    file: bool = False
    """In the list of collections a file is selected that can be read."""
    busy: bool = False
    """A sequence or a repetition goes on."""


def always(_: Situation) -> bool:
    """Every situation."""
    return True


def live(now: Situation) -> bool:
    """An engine is running."""
    return now.engine == "running"


def engine_lives(now: Situation) -> bool:
    """An engine is running, or about to."""
    return now.engine in ("starting", "running")


def has_capture(now: Situation) -> bool:
    """The home screen lists a capture."""
    return now.captures > 0


def in_frames(now: Situation) -> bool:
    """The frame list is shown."""
    return now.view == "frames"


def in_operations(now: Situation) -> bool:
    """The list of operations is on screen."""
    return now.view == "operations"


def has_details(now: Situation) -> bool:
    """There is more than one way to look at what is chosen."""
    return now.view not in ("connection", "operations")


def has_text(now: Situation) -> bool:
    """A frame is chosen and read as text."""
    return now.frame and now.detail in ("data", "frame", "raw", "hex")


def has_tree(now: Situation) -> bool:
    """A frame is chosen and read as a tree."""
    return now.frame and now.detail == "tree"


def connected(now: Situation) -> bool:
    """An engine is running and has a connection."""
    return live(now) and now.connected


NEEDS_EXCHANGE = "Choose a pending request or an open stream first, in Requests (2) or Streams (3)."
NEEDS_CAPTURE = "There is no capture yet: what is seen is recorded, and listed here."
NEEDS_STREAM = "Choose a bidirectional stream whose half on this side is open first, in Streams (3)."
NEEDS_FRAMES = "This is for the list of frames: press 1 first."
NEEDS_CONNECTION = "Nobody is connected: press r to connect again, or wait for a client."
NEEDS_TREE = "Choose a value in the tree of a frame first: press d until Tree is shown."


class Command(Struct, frozen=True, kw_only=True):
    """One command. `keys` are Textual's names; `otherwise` says what is missing when `when` is false."""

    name: str
    title: str
    keys: tuple[str, ...]
    help: str
    group: Group
    where: Place = "main"
    when: Callable[[Situation], bool] = always
    otherwise: str = ""
    footer: int = 0
    """Place in the footer, the lowest first; 0 keeps it out."""
    at: Callable[[Situation], bool] = always
    """Whether it has that place now. Goes by `view` and `engine` alone, so that no frame moves a place."""
    retitle: Callable[[Situation], str] | None = None
    """Gives the title in a situation, or an empty text for the usual one."""

    def title_in(self, now: Situation) -> str:
        """Give the title, for what the command does in a situation."""
        return (self.retitle(now) if self.retitle is not None else "") or self.title

    @property
    def key(self) -> str:
        """The first key, as a person writes it."""
        return key_label(self.keys[0])


_KEY_LABELS = {
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "colon": ":",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "delete": "Del",
    "slash": "/",
    "equals_sign": "=",
    "plus": "+",
    "minus": "-",
    "full_stop": ".",
    "comma": ",",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "dollar_sign": "$",
}


def key_label(key: str) -> str:
    """Write one of Textual's names of keys as a person does: `ctrl+p` as `^P`, `question_mark` as `?`."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+').upper()}"
    if len(key) > 1 and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _KEY_LABELS.get(key, key)
