"""What is said to a person outside of the screen: the one way to stderr.

Owns that nothing said there can drive a terminal, whatever file, peer or handler its words came from. Imports
little, since the command line needs it before anything else.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from inspector_app.display.inert import inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROGRAM = "slipstream-inspector"


def say(text: str) -> None:
    """Say one sentence on stderr, its text made harmless; nobody there to hear it is no failure."""
    with contextlib.suppress(OSError):
        click.echo(f"{PROGRAM}: {inert(text)}", err=True)


def say_below(lines: Iterable[str]) -> None:
    """Say more about the sentence before, a line each, indented; likewise harmless."""
    with contextlib.suppress(OSError):
        for line in lines:
            click.echo(f"  {inert(line)}", err=True)


@contextlib.contextmanager
def inert_usage_errors() -> Iterator[None]:
    """Make the text of what click is going to say about a wrong command line harmless."""
    try:
        yield
    except click.ClickException as error:
        error.message = inert(error.message)  # type: ignore[misc]  # final for click, which has no other way
        raise
