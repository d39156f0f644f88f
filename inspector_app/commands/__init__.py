"""Every command a person can give, declared once.

Owns names, keys, titles, help texts and when each command makes sense; they are declared by subject in the
modules beside this one, and read from here. Bindings, the footer, the command palette, the help screen and
docs/keys.md are all made of them; `python -m inspector_app.commands` writes the last. It carries out nothing,
and imports no user interface.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from inspector_app.commands.captures import HOME_COMMANDS, LEAVING_COMMANDS
from inspector_app.commands.declaring import Command, EngineState, Group, Place, Situation, key_label
from inspector_app.commands.detail import DETAIL_COMMANDS
from inspector_app.commands.engine import ENGINE_COMMANDS
from inspector_app.commands.find import FIND_COMMANDS
from inspector_app.commands.looking import COLUMN_COMMANDS, FRAME_COMMANDS, VIEW_COMMANDS, VIEWS
from inspector_app.commands.messages import (
    COLLECTION_COMMANDS,
    DRAFT_COMMANDS,
    HISTORY_COMMANDS,
    MESSAGE_COMMANDS,
    RUN_COMMANDS,
)
from inspector_app.commands.mock import CONSOLE_COMMANDS, HOSTING_COMMANDS, MOCK_COMMANDS
from inspector_app.commands.operations import OPERATION_COMMANDS
from inspector_app.commands.program import COMPOSE_COMMANDS, PROGRAM_COMMANDS

__all__ = [
    "COMMANDS",
    "VIEWS",
    "Command",
    "EngineState",
    "Group",
    "Place",
    "Situation",
    "command",
    "commands",
    "footer",
    "grouped",
    "key_label",
    "offered",
    "why_not",
]

COMMANDS: tuple[Command, ...] = (
    *VIEW_COMMANDS,
    *ENGINE_COMMANDS,
    *HOSTING_COMMANDS,
    *FRAME_COMMANDS,
    *FIND_COMMANDS,
    *OPERATION_COMMANDS,
    *COLUMN_COMMANDS,
    *DETAIL_COMMANDS,
    *MESSAGE_COMMANDS,
    *LEAVING_COMMANDS,
    *HOME_COMMANDS,
    *COMPOSE_COMMANDS,
    *MOCK_COMMANDS,
    *CONSOLE_COMMANDS,
    *DRAFT_COMMANDS,
    *HISTORY_COMMANDS,
    *COLLECTION_COMMANDS,
    *RUN_COMMANDS,
    *PROGRAM_COMMANDS,
)

_NO_ENGINE: dict[EngineState, str] = {
    "none": "This is a recorded capture: go home (H) to connect, host or run the demo.",
    "starting": "The engine is still starting: try again in a moment.",
    "dead": "The engine has stopped: press r to start it again.",
}

_FOR_ENGINE = ("Exchanges", "Connection", "Engine", "Mock", "Stream")


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
    is_for_hosted = now.hosting and each.when(replace(now, engine="running"))
    lacks_engine = each.group in _FOR_ENGINE or is_for_hosted
    if lacks_engine and now.engine in _NO_ENGINE:
        return _NO_ENGINE[now.engine]
    return each.otherwise or "That makes no sense here."


def footer(place: Place, now: Situation) -> list[Command]:
    """Give what has a place in the footer of this view, in order, whether or not it makes sense now."""
    placed = [each for each in commands(place) if each.footer and each.at(now) and offered(each, now)]
    return sorted(placed, key=lambda each: each.footer)


_BY_NAME = {each.name: each for each in COMMANDS}


def grouped(place: Place) -> dict[Group, list[Command]]:
    """Give the commands declared for exactly this place, by group, in the order they are declared."""
    groups: dict[Group, list[Command]] = {}
    for each in COMMANDS:
        if each.where == place:
            groups.setdefault(each.group, []).append(each)
    return groups
