"""The option `--filter` of every command that takes one, and what is said of a filter that is none.

Imports the language only once a filter is given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from inspector_app.display.inert import inert
from inspector_app.stderr import say

if TYPE_CHECKING:
    from inspector_app.capture.filter import Filter, FilterError

BAD_USAGE = 2
_MOST = 60
"""Characters of a filter that are shown before, at and behind the place that is wrong."""


def filter_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give the decorator that adds `--filter EXPR`; it arrives as `filter_: Filter | None`."""
    return click.option(
        "--filter", "filter_", metavar="EXPR", callback=_read, help=f"{help_text} See docs/filter.md."
    )


def _read(_context: click.Context, _option: click.Parameter, text: str | None) -> Filter | None:
    if text is None:
        return None
    from inspector_app.capture.filter import FilterError, parse_filter

    try:
        return parse_filter(text)
    except FilterError as error:
        say(error.text)
        _show_place(text, error)
        sys.exit(BAD_USAGE)


def _show_place(text: str, error: FilterError) -> None:
    """Show the filter on stderr, and carets under the place that is wrong."""
    from rich.cells import cell_len

    begin = max(0, error.start - _MOST)
    end = min(error.end, error.start + _MOST)
    before, wrong = inert(text[begin : error.start]), inert(text[error.start : end])
    behind = inert(text[end : end + _MOST])
    click.echo(f"  {before}{wrong}{behind}", err=True)
    click.echo(f"  {' ' * cell_len(before)}{'^' * max(1, cell_len(wrong))}", err=True)
