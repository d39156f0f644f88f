"""The forms to send with, and what can be done on every screen."""

from __future__ import annotations

from inspector_app.commands.declaring import Command

COMPOSE_COMMANDS: tuple[Command, ...] = (
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
