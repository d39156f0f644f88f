"""One line that tells what went wrong, from the data of an `error` frame (protocol.md §7)."""

from __future__ import annotations

from inspector_app.capture.summary import LIMIT, cut, summary
from slipstream.exchanges import error_facts


def error_line(data: object, limit: int = LIMIT) -> str:
    """Give `code: text`, for the list of frames."""
    _, code = error_facts(data)
    text = error_summary(data, limit)
    return cut(f"{code}: {text}" if text else code, limit)


def error_summary(data: object, limit: int = LIMIT) -> str:
    """Give the text alone, whatever the shape of the data."""
    text, _ = error_facts(data)
    if text:
        return cut(text, limit)
    return summary(data, limit) if data is not None else ""
