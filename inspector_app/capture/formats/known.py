"""Which formats there are, by name and by the ending of a file. Imports none before it is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One form of an export. `module` has `write(excerpt, out)`; `seeks`: it cannot be written to a pipe."""

    name: str
    title: str
    endings: tuple[str, ...]
    module: str
    help: str
    comes_back: bool = False

    def writer(self) -> Callable[[Excerpt, BinaryIO], None]:
        """Give what writes it. Raises `CaptureError` where a package is missing."""
        try:
            write: Callable[[Excerpt, BinaryIO], None] = import_module(
                f"inspector_app.capture.formats.{self.module}"
            ).write
        except ModuleNotFoundError as error:
            raise CaptureError(
                f"{self.title} needs the package {error.name}: "
                f"pip install 'slipstream-inspector[{self.name}]', or choose another --format."
            ) from error
        return write


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(
            name="jsonl",
            title="JSON Lines",
            endings=(".jsonl", ".ndjson"),
            module="jsonl_out",
            help="one object a line, nothing lost; can be imported",
            comes_back=True,
        ),
        Format(
            name="har",
            title="HAR",
            endings=(".har",),
            module="har_out",
            help="for the network panel of a browser; can be imported",
            comes_back=True,
        ),
        Format(
            name="csv",
            title="CSV",
            endings=(".csv",),
            module="csv_out",
            help="one row a frame, for a spreadsheet",
        ),
        Format(
            name="markdown",
            title="Markdown",
            endings=(".md", ".markdown"),
            module="markdown_out",
            help="a report to paste into an issue",
        ),
        Format(
            name="html",
            title="HTML",
            endings=(".html", ".htm"),
            module="html_out",
            help="a report in one file, with a sequence diagram",
        ),
        Format(
            name="parquet",
            title="Parquet",
            endings=(".parquet",),
            module="parquet_out",
            help="one row a frame, for data frames; needs slipstream-inspector[parquet]",
        ),
        Format(
            name="mock",
            title="Mock",
            endings=(".toml",),
            module="mock_out",
            help="a mock that answers as the server did, for `host`",
        ),
        Format(
            name="test",
            title="Test",
            endings=(".py",),
            module="pytest_out",
            help="a pytest file that makes the calls again and expects what came",
        ),
    )
}
"""Every format, by its name on the command line."""

STDOUT = "-"


def format_of_ending(output: str) -> Format | None:
    """Give the format that the ending of a file tells; None when it tells none."""
    lower = output.lower()
    return next((each for each in FORMATS.values() if lower.endswith(each.endings)), None)


def format_for(output: str, named: str | None = None) -> Format:
    """Give the format that is named, or else that of a file's ending; JSON Lines for stdout and devices.

    Raises `CaptureError` for an ending that says nothing.
    """
    if named is not None:
        return FORMATS[named]
    if output == STDOUT or (Path(output).exists() and not Path(output).is_file()):
        return FORMATS["jsonl"]
    told = format_of_ending(output)
    if told is not None:
        return told
    endings = ", ".join(each.endings[0] for each in FORMATS.values())
    raise CaptureError(f"{output} does not tell its format: end it in one of {endings}, or give --format.")
