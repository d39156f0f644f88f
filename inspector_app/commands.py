"""Every command a person can give, declared once.

Owns names, keys, titles, help texts and when each command makes sense. Bindings, the footer, the command
palette, the help screen and docs/keys.md are all read from here; `python -m inspector_app.commands` writes
the last of them. It carries out nothing, and imports no user interface.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

Place = Literal["everywhere", "home", "main", "compose"]
"""Where a command can be given: on every screen, or on one of them."""

Group = Literal[
    "Views",
    "Frames",
    "Find",
    "Columns",
    "Detail",
    "Exchanges",
    "Connection",
    "Engine",
    "Capture",
    "Program",
    "Start",
    "Compose",
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
    sending: bool = False
    """The selected exchange is a bidirectional stream whose half on this side is open."""
    captures: int = 0
    """Captures listed on the home screen."""
    pinned: bool = False
    """The one that is selected there is pinned."""


def _always(_: Situation) -> bool:
    return True


def _live(now: Situation) -> bool:
    return now.engine == "running"


def _engine_lives(now: Situation) -> bool:
    return now.engine in ("starting", "running")


def _has_capture(now: Situation) -> bool:
    return now.captures > 0


def _in_frames(now: Situation) -> bool:
    return now.view == "frames"


def _has_details(now: Situation) -> bool:
    return now.view not in ("connection", "operations")


def _has_text(now: Situation) -> bool:
    return now.frame and now.detail in ("data", "frame", "raw", "hex")


def _has_tree(now: Situation) -> bool:
    return now.frame and now.detail == "tree"


def _connected(now: Situation) -> bool:
    return _live(now) and now.connected


class Command(Struct, frozen=True, kw_only=True):
    """One command. `keys` are Textual's names; `otherwise` says what is missing when `when` is false."""

    name: str
    title: str
    keys: tuple[str, ...]
    help: str
    group: Group
    where: Place = "main"
    when: Callable[[Situation], bool] = _always
    otherwise: str = ""
    footer: int = 0
    """Place in the footer, the lowest first; 0 keeps it out."""
    at: Callable[[Situation], bool] = _always
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
}


def key_label(key: str) -> str:
    """Write one of Textual's names of keys as a person does: `ctrl+p` as `^P`, `question_mark` as `?`."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+').upper()}"
    if len(key) > 1 and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _KEY_LABELS.get(key, key)


_NEEDS_EXCHANGE = "Choose a pending request or an open stream first, in Requests (2) or Streams (3)."
_NEEDS_CAPTURE = "There is no capture yet: what is seen is recorded, and listed here."
_NEEDS_STREAM = "Choose a bidirectional stream whose half on this side is open first, in Streams (3)."
_NEEDS_FRAMES = "This is for the list of frames: press 1 first."
_NEEDS_CONNECTION = "Nobody is connected: press r to connect again, or wait for a client."
_NO_ENGINE: dict[EngineState, str] = {
    "none": "This is a recorded capture: go home (H) to connect, host or run the demo.",
    "starting": "The engine is still starting: try again in a moment.",
    "dead": "The engine has stopped: press r to start it again.",
}

_NEEDS_TREE = "Choose a value in the tree of a frame first: press d until Tree is shown."

VIEWS = ("frames", "requests", "streams", "connection", "findings", "operations")
"""Names of the lists of the main screen, in the order of their number keys."""

_VIEW_HELP = {
    "frames": "Every frame in the order it went by.",
    "requests": "Unary exchanges: the pending first, each with its age, then the finished.",
    "streams": "Streams with the state of both halves and what went each way.",
    "connection": "Every change of state of every connection, and the headers of its handshake.",
    "findings": "What broke the protocol; Enter goes to the frame.",
    "operations": "What the other side says it offers; Enter opens the form.",
}

COMMANDS: tuple[Command, ...] = (
    *(
        Command(
            name=f"view_{view}",
            title=view.capitalize(),
            keys=(str(number),),
            help=_VIEW_HELP[view],
            group="Views",
        )
        for number, view in enumerate(VIEWS, 1)
    ),
    Command(
        name="compose",
        title="Send",
        keys=("c",),
        help="Write and send a request, a stream, a one-way message or a raw frame.",
        group="Exchanges",
        when=_connected,
        otherwise=_NEEDS_CONNECTION,
        footer=2,
        at=_engine_lives,
    ),
    Command(
        name="send_item",
        title="Item",
        keys=("i",),
        help="Write and send one item on the selected bidirectional stream.",
        group="Exchanges",
        when=lambda now: _live(now) and now.sending,
        otherwise=_NEEDS_STREAM,
        footer=5,
        at=lambda now: _engine_lives(now) and now.view == "streams",
    ),
    Command(
        name="end_half",
        title="End half",
        keys=("e",),
        help="End this side's half of the selected bidirectional stream; the other side may go on.",
        group="Exchanges",
        when=lambda now: _live(now) and now.sending,
        otherwise=_NEEDS_STREAM,
        footer=6,
        at=lambda now: _engine_lives(now) and now.view == "streams",
    ),
    Command(
        name="cancel",
        title="Cancel",
        keys=("x",),
        help="Give up the selected pending request or open stream.",
        group="Exchanges",
        when=lambda now: _live(now) and now.pending,
        otherwise=_NEEDS_EXCHANGE,
        footer=7,
        at=lambda now: _engine_lives(now) and _has_details(now),
    ),
    Command(
        name="restart",
        title="Restart",
        keys=("r",),
        help="Start a new engine with a new capture after it has stopped; the old capture is kept as it is.",
        group="Connection",
        when=lambda now: now.engine == "dead",
        otherwise="The engine is running: there is nothing to restart.",
        footer=1,
        at=lambda now: now.engine == "dead",
    ),
    Command(
        name="reconnect",
        title="Reconnect",
        keys=("r",),
        help="Client: drop the connection, if there is one, and make a new one. Server: listen again.",
        group="Connection",
        when=lambda now: _live(now) and (not now.connected or now.view == "connection"),
        otherwise="A connection is open: to drop it and make a new one, go to Connection (4) first.",
        footer=8,
        at=_engine_lives,
    ),
    Command(
        name="disconnect",
        title="Disconnect",
        keys=("D",),
        help="Close the connection normally; of a server, every connection.",
        group="Connection",
        when=_connected,
        otherwise=_NEEDS_CONNECTION,
    ),
    Command(
        name="record_elsewhere",
        title="Elsewhere",
        keys=("U",),
        help="Record into another file from now on: it gets all that is recorded so far, the old one stays.",
        group="Engine",
        when=_live,
    ),
    Command(
        name="stay",
        title="Stay",
        keys=("L",),
        help="Have the engine run on when this viewer ends, to be attached to again; again to undo that.",
        group="Engine",
        when=_live,
        retitle=lambda now: "Stay no more" if now.stays else "",
    ),
    Command(
        name="end_engine",
        title="End engine",
        keys=("Q",),
        help="End an engine that this viewer is attached to, after asking; its capture is kept.",
        group="Engine",
        when=lambda now: _live(now) and now.attached,
        otherwise="The engine ends with this viewer, which started it: quit (q).",
    ),
    Command(
        name="follow",
        title="Follow",
        keys=("f",),
        help="Go to the newest frame and stay there as frames come. Moving up stops it.",
        group="Frames",
        when=lambda now: now.view == "frames" and not now.following and now.frames > 0,
        otherwise="The newest frame is followed already.",
        footer=4,
        at=lambda now: now.view == "frames",
    ),
    Command(
        name="pause",
        title="Pause",
        keys=("p", "space"),
        help="Freeze what is shown; press again to go on. Recording never stops.",
        group="Frames",
        footer=3,
        retitle=lambda now: "Resume" if now.paused else "",
    ),
    Command(
        name="time",
        title="Time",
        keys=("t",),
        help="Show times as time of day, since the start, or since the frame before.",
        group="Frames",
        footer=12,
    ),
    Command(
        name="filter",
        title="Filter",
        keys=("slash",),
        help="Show only frames that match, as you type; Esc brings the filter of before back.",
        group="Find",
        footer=5,
        at=lambda now: now.view == "frames",
    ),
    Command(
        name="unfilter",
        title="All frames",
        keys=("escape",),
        help="Leave the chosen cell, else show all frames again, else end highlighting.",
        group="Find",
    ),
    Command(
        name="only",
        title="Only this",
        keys=("plus",),
        help="Filter further: only frames that have what is in the chosen cell, or what is chosen then.",
        group="Find",
        when=lambda now: now.frame,
        otherwise="Choose a frame first.",
    ),
    Command(
        name="not_this",
        title="Not this",
        keys=("minus",),
        help="Filter further: no frames that have what is in the chosen cell, or what is chosen then.",
        group="Find",
        when=lambda now: now.frame,
        otherwise="Choose a frame first.",
    ),
    Command(
        name="filters",
        title="Filters",
        keys=("F",),
        help="Choose one of the saved and recent filters.",
        group="Find",
    ),
    Command(
        name="save_filter",
        title="Save filter",
        keys=("S",),
        help="Save the filter under a name.",
        group="Find",
        when=lambda now: now.filtered,
        otherwise="No filter is on: type one first (/).",
    ),
    Command(
        name="highlight",
        title="Highlight",
        keys=("h",),
        help="Highlight frames that match a second filter, and go from one to the next.",
        group="Find",
    ),
    Command(
        name="next_match",
        title="Next match",
        keys=("n",),
        help="Go to the next highlighted frame.",
        group="Find",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="previous_match",
        title="Match before",
        keys=("N",),
        help="Go to the highlighted frame before.",
        group="Find",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="mark",
        title="Mark",
        keys=("m",),
        help="Mark the selected frame, or take its mark away. Marks are kept in the capture.",
        group="Find",
        when=lambda now: now.frame,
        otherwise="Choose a frame first.",
    ),
    Command(
        name="note",
        title="Note",
        keys=("M",),
        help="Write a note on the selected frame, which marks it, too.",
        group="Find",
        when=lambda now: now.frame,
        otherwise="Choose a frame first.",
    ),
    Command(
        name="next_mark",
        title="Next mark",
        keys=("full_stop",),
        help="Go to the next frame with a mark.",
        group="Find",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="previous_mark",
        title="Mark before",
        keys=("comma",),
        help="Go to the frame with a mark before.",
        group="Find",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="go_to",
        title="Go to",
        keys=("colon",),
        help="Go to a number or time: 412, 11:20:33, 90s from the start, +5s from here.",
        group="Find",
        when=lambda now: now.frames > 0,
        otherwise="There is no frame yet.",
    ),
    Command(
        name="request",
        title="Its request",
        keys=("R",),
        help="Go to the frame that opened the exchange of the selected one.",
        group="Find",
        when=lambda now: now.exchange,
        otherwise="Choose a frame that belongs to an exchange first.",
    ),
    Command(
        name="answer",
        title="Its answer",
        keys=("A",),
        help="Go to the first answer in the exchange of the selected frame.",
        group="Find",
        when=lambda now: now.exchange,
        otherwise="Choose a frame that belongs to an exchange first.",
    ),
    Command(
        name="columns",
        title="Columns",
        keys=("C",),
        help="Choose the columns of the frame list, their order and width, and paths into the data.",
        group="Columns",
    ),
    Command(
        name="narrower",
        title="Narrower",
        keys=("less_than_sign",),
        help="Make the column of the chosen cell narrower.",
        group="Columns",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="wider",
        title="Wider",
        keys=("greater_than_sign",),
        help="Make the column of the chosen cell wider.",
        group="Columns",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="column_left",
        title="Column left",
        keys=("left_curly_bracket",),
        help="Move the column of the chosen cell to the left.",
        group="Columns",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="column_right",
        title="Column right",
        keys=("right_curly_bracket",),
        help="Move the column of the chosen cell to the right.",
        group="Columns",
        when=_in_frames,
        otherwise=_NEEDS_FRAMES,
    ),
    Command(
        name="detail",
        title="Detail",
        keys=("d", "right_square_bracket"),
        help="Show the next of Data, Tree, Frame, Raw, Hex and Exchange of what is selected.",
        group="Detail",
        when=_has_details,
        otherwise="There is one way to look at this.",
        footer=10,
        at=_has_details,
    ),
    Command(
        name="detail_back",
        title="Detail back",
        keys=("left_square_bracket",),
        help="Show the one before of Data, Tree, Frame, Raw, Hex and Exchange.",
        group="Detail",
        when=_has_details,
        otherwise="There is one way to look at this.",
    ),
    Command(
        name="exchange",
        title="Its exchange",
        keys=("E",),
        help="Show every frame of the exchange that the selected frame belongs to, and go there.",
        group="Detail",
        when=lambda now: now.exchange,
        otherwise="Choose a frame that belongs to an exchange first.",
    ),
    Command(
        name="zoom",
        title="Zoom",
        keys=("z",),
        help="Give the whole screen to the list or the detail, whichever has the focus; again for both.",
        group="Detail",
        footer=13,
    ),
    Command(
        name="copy",
        title="Copy",
        keys=("y",),
        help="Copy the selected frame's text, as it was on the wire, to the terminal's clipboard.",
        group="Detail",
        when=lambda now: now.frame,
        otherwise="Choose a frame first.",
    ),
    Command(
        name="copy_exchange",
        title="Copy exchange",
        keys=("Y",),
        help="Copy every frame of the selected exchange, one in a line, to the terminal's clipboard.",
        group="Detail",
        when=lambda now: now.exchange,
        otherwise="Choose a frame that belongs to an exchange first.",
    ),
    Command(
        name="copy_value",
        title="Copy value",
        keys=("v",),
        help="Copy the value chosen in the tree: text without its quotes, anything else as JSON.",
        group="Detail",
        when=_has_tree,
        otherwise=_NEEDS_TREE,
    ),
    Command(
        name="copy_path",
        title="Copy path",
        keys=("V",),
        help="Copy the path of the value chosen in the tree, as a filter takes it, such as data.user.id.",
        group="Detail",
        when=_has_tree,
        otherwise=_NEEDS_TREE,
    ),
    Command(
        name="write_copy",
        title="Write copy",
        keys=("W",),
        help="Write what was copied last to a file, for a terminal that takes no clipboard.",
        group="Detail",
    ),
    Command(
        name="only_value",
        title="Only this value",
        keys=("o",),
        help="Filter further: only frames that have the value chosen in the tree, at its path.",
        group="Detail",
        when=_has_tree,
        otherwise=_NEEDS_TREE,
    ),
    Command(
        name="not_value",
        title="Not this value",
        keys=("O",),
        help="Filter further: no frames that have the value chosen in the tree, at its path.",
        group="Detail",
        when=_has_tree,
        otherwise=_NEEDS_TREE,
    ),
    Command(
        name="search",
        title="Search",
        keys=("s",),
        help="Search the selected frame for words or, between slashes, a regular expression.",
        group="Detail",
        when=_has_text,
        otherwise="Choose a frame and look at its Data, Frame, Raw or Hex (d) to search in it.",
    ),
    Command(
        name="search_next",
        title="Next place",
        keys=("f3",),
        help="Go to the next place that the search found; n does, too, while the text has the focus.",
        group="Detail",
        when=_has_text,
        otherwise="Search in a frame first (s).",
    ),
    Command(
        name="search_back",
        title="Place before",
        keys=("f4",),
        help="Go to the place before; N does, too, while the text has the focus.",
        group="Detail",
        when=_has_text,
        otherwise="Search in a frame first (s).",
    ),
    Command(
        name="compare",
        title="Compare",
        keys=("equals_sign",),
        help="Pick the selected frame; with another one picked before, show how the two differ.",
        group="Detail",
        when=lambda now: now.frame,
        otherwise="Choose a frame first.",
    ),
    Command(
        name="compare_before",
        title="Compare with before",
        keys=("P",),
        help="Show how the selected frame differs from the last one of its operation, type and direction.",
        group="Detail",
        when=lambda now: now.frame,
        otherwise="Choose a frame first.",
    ),
    Command(
        name="export",
        title="Export",
        keys=("w",),
        help="Write the capture, or a part of it, to a file: JSON Lines, HAR, CSV, a report.",
        group="Capture",
    ),
    Command(
        name="home",
        title="Home",
        keys=("H",),
        help="Leave this capture and go to the home screen; a live connection is closed, the capture kept.",
        group="Capture",
    ),
    Command(
        name="connect",
        title="Connect",
        keys=("c",),
        help="Be a client: connect to a server by its URL.",
        group="Start",
        where="home",
        footer=1,
    ),
    Command(
        name="host",
        title="Host",
        keys=("h",),
        help="Be a server: host a handler from a file, or the demo's own.",
        group="Start",
        where="home",
        footer=2,
    ),
    Command(
        name="demo",
        title="Demo",
        keys=("d",),
        help="Watch live traffic between an embedded server and a client.",
        group="Start",
        where="home",
        footer=3,
    ),
    Command(
        name="open",
        title="Open",
        keys=("o",),
        help="Open a capture, a JSONL export or a HAR by its path.",
        group="Start",
        where="home",
        footer=4,
    ),
    Command(
        name="attach",
        title="Attach",
        keys=("a",),
        help="Look at what a running engine of another window inspects, or take part.",
        group="Start",
        where="home",
        footer=5,
    ),
    Command(
        name="rename_capture",
        title="Rename",
        keys=("r",),
        help="Give the selected capture another name.",
        group="Capture",
        where="home",
        when=_has_capture,
        otherwise=_NEEDS_CAPTURE,
        footer=15,
    ),
    Command(
        name="note_capture",
        title="Note",
        keys=("n",),
        help="Write a line about the selected capture; it is kept in the capture and listed with it.",
        group="Capture",
        where="home",
        when=_has_capture,
        otherwise=_NEEDS_CAPTURE,
        footer=16,
    ),
    Command(
        name="pin_capture",
        title="Pin",
        keys=("p",),
        help="Have the selected capture never be removed by itself; again to allow it.",
        group="Capture",
        where="home",
        when=_has_capture,
        otherwise=_NEEDS_CAPTURE,
        footer=17,
        retitle=lambda now: "Unpin" if now.pinned else "",
    ),
    Command(
        name="delete_capture",
        title="Delete",
        keys=("x", "delete"),
        help="Delete the selected capture for good, after asking.",
        group="Capture",
        where="home",
        when=_has_capture,
        otherwise=_NEEDS_CAPTURE,
        footer=18,
    ),
    Command(
        name="keep",
        title="Keep",
        keys=("K",),
        help="Say for how many days captures are kept, and how much of them; the rest goes at each start.",
        group="Capture",
        where="home",
        footer=19,
    ),
    Command(
        name="send",
        title="Send",
        keys=("ctrl+s", "f5"),
        help="Send what the form holds. Nothing invalid is sent, except from the raw form.",
        group="Compose",
        where="compose",
        footer=1,
    ),
    Command(
        name="next_form",
        title="Next form",
        keys=("ctrl+n",),
        help="Change to the next form: request, stream, bidirectional, one-way, raw.",
        group="Compose",
        where="compose",
        footer=2,
    ),
    Command(
        name="close",
        title="Close",
        keys=("escape",),
        help="Leave the form; what was typed is there when it is opened again.",
        group="Compose",
        where="compose",
        footer=3,
    ),
    Command(
        name="help",
        title="Help",
        keys=("question_mark", "f1"),
        help="List all keys.",
        group="Program",
        where="everywhere",
        footer=9,
    ),
    Command(
        name="palette",
        title="Commands",
        keys=("ctrl+p",),
        help="Find a command by typing part of its name.",
        group="Program",
        where="everywhere",
        footer=14,
    ),
    Command(
        name="theme",
        title="Theme",
        keys=("T",),
        help="Choose colours; the choice is remembered.",
        group="Program",
        where="everywhere",
    ),
    Command(
        name="quit",
        title="Quit",
        keys=("q", "ctrl+q"),
        help="End the program; the capture is kept.",
        group="Program",
        where="everywhere",
        footer=11,
    ),
)


_FOR_ENGINE = ("Exchanges", "Connection", "Engine")


def offered(each: Command, now: Situation) -> bool:
    """Whether a command is there at all: what asks something of an engine is not, where one looks on."""
    return not (now.looks_on and each.group in _FOR_ENGINE)


def commands(place: Place) -> Iterator[Command]:
    """Give the commands of one place and those of every place, in the order they are declared."""
    return (command for command in COMMANDS if command.where in (place, "everywhere"))


def command(name: str) -> Command:
    """Give a command by its name; raises `KeyError` when there is none."""
    return _BY_NAME[name]


def why_not(each: Command, now: Situation) -> str:
    """Say in one sentence why a command makes no sense now; empty when it does."""
    if not offered(each, now):
        return "This viewer looks on: to take part, attach with --control."
    if each.when(now):
        return ""
    if each.group in _FOR_ENGINE and now.engine in _NO_ENGINE:
        return _NO_ENGINE[now.engine]
    return each.otherwise or "That makes no sense here."


def footer(place: Place, now: Situation) -> list[Command]:
    """Give what has a place in the footer of this view, in order, whether or not it makes sense now."""
    placed = [each for each in commands(place) if each.footer and each.at(now) and offered(each, now)]
    return sorted(placed, key=lambda each: each.footer)


_BY_NAME = {each.name: each for each in COMMANDS}

_PLACE_TITLES: dict[Place, str] = {
    "everywhere": "On every screen",
    "home": "Home",
    "main": "Main screen",
    "compose": "Compose",
}


def grouped(place: Place) -> dict[Group, list[Command]]:
    """Give the commands declared for exactly this place, by group, in the order they are declared."""
    groups: dict[Group, list[Command]] = {}
    for each in COMMANDS:
        if each.where == place:
            groups.setdefault(each.group, []).append(each)
    return groups


def keys_page() -> str:
    """Write docs/keys.md."""
    lines = [
        "# Keys",
        "",
        "Written by `python -m inspector_app.commands > docs/keys.md`; the program reads the same list.",
        "Lists also take the arrow keys, `j` and `k`, Page Up and Down, Home and End, and Enter; Tab changes",
        "between the list and its detail. Everything can be done with the mouse, too.",
    ]
    for place, title in _PLACE_TITLES.items():
        lines += ["", f"## {title}", "", "| key | command | what it does |", "|---|---|---|"]
        for group in grouped(place).values():
            lines += [f"| {_keys_cell(each)} | {each.title} | {each.help} |" for each in group]
    return "\n".join(lines) + "\n"


def _keys_cell(each: Command) -> str:
    return ", ".join(f"`{key_label(key)}`" for key in each.keys)


if __name__ == "__main__":
    sys.stdout.write(keys_page())
