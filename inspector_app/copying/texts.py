"""Every way to copy a message, by name: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector_app.copying.javascript import javascript
from inspector_app.copying.json_text import json_text
from inspector_app.copying.message import CopiedMessage
from inspector_app.copying.python import with_slipstream, with_websockets
from inspector_app.copying.websocat import websocat

COPIES: Final[dict[str, tuple[str, Callable[[CopiedMessage], str]]]] = {
    "python": ("Python with slipstream", with_slipstream),
    "websockets": ("Python with websockets and json alone", with_websockets),
    "javascript": ("JavaScript, for a browser or Node", javascript),
    "websocat": ("websocat, a command line", websocat),
    "json": ("JSON, the frame itself", json_text),
}
"""What each is called, and what makes its text."""
