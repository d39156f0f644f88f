"""The forms to send with, and what can be done on every screen."""

from __future__ import annotations

from inspector_app.commands.declaring import Command

FORM_KEYS: tuple[tuple[str, str, str], ...] = (
    ("a letter", "Edit", "Type over the value of the line; the JSON follows each key that can stand there."),
    ("Enter", "Edit", "Edit the value, choose one from a list, fold; while editing: take what was typed."),
    ("Esc", "Leave", "While editing: leave the value as it was."),
    ("Space", "Next", "Go on to the next choice, yes or no; fold and unfold what has members or items."),
    ("← →", "Next", "Go to the choice or variant beside the one that is there; fold and unfold."),
    ("Ins", "Put in", "Put in what is missing; in a list, one item more."),
    ("Del", "Take out", "Take a member or an item out."),
    ("Backspace", "Null", "Put null there, where that is taken; else begin to type with nothing."),
    ("⇧↑ ⇧↓", "Move item", "Let an item change places with the one before, or behind it."),
)
"""The keys on the lines of a form: key, title, help. They are the widget's own."""

COMPOSE_COMMANDS: tuple[Command, ...] = (
    Command(
        name="send",
        title="Send",
        keys=("ctrl+s", "f5"),
        help="Send what the form holds. Only JSON is sent, and what breaks its schema not before a warning.",
        group="Compose",
        where="compose",
        footer=1,
    ),
    Command(
        name="send_anyway",
        title="Send anyway",
        keys=("f9",),
        help="Send JSON that breaks the schema, too.",
        group="Compose",
        where="compose",
    ),
    Command(
        name="other_half",
        title="Form or JSON",
        keys=("f4",),
        help="Go over to the JSON, or back to the form, at the same place.",
        group="Compose",
        where="compose",
    ),
    Command(
        name="fill_required",
        title="Fill required",
        keys=("f2",),
        help="Put in an example of all that is required and missing.",
        group="Compose",
        where="compose",
    ),
    Command(
        name="fill_all",
        title="Fill all",
        keys=("f3",),
        help="Put in an example of everything that is missing.",
        group="Compose",
        where="compose",
    ),
    Command(
        name="renew",
        title="Now",
        keys=("ctrl+t",),
        help="Put the time it is, or a new UUID, into the chosen line of the form.",
        group="Compose",
        where="compose",
    ),
    Command(
        name="lay_out",
        title="Lay out",
        keys=("ctrl+l",),
        help="Lay the JSON out, a member a line; no digit and no escape of it changes.",
        group="Compose",
        where="compose",
    ),
    Command(
        name="take_frame",
        title="Frame of form",
        keys=("f8",),
        help="Put the frame that the form would send into the raw form.",
        group="Compose",
        where="compose",
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
)

PROGRAM_COMMANDS: tuple[Command, ...] = (
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
