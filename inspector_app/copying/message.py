"""The message that is copied, and what all copies have in common. Plain data."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from inspector_app.display.json_layout import in_one_line
from inspector_app.intents import MessageKind

TOKEN_VARIABLE: Final = "SLIPSTREAM_TOKEN"  # noqa: S105 - the name of a variable
"""The environment variable that copies read a token from: no copy has one in it."""

OPENING_TYPE: Final[dict[MessageKind, str]] = {
    "request": "request",
    "stream": "stream_request",
    "bidirectional": "stream_stream_request",
    "oneway": "fire_and_forget",
}
"""The type of the frame that opens an exchange of each kind (protocol.md §3)."""


_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedMessage:
    """A message and where it goes. `data_json`: an object; its `operation` is the field of that name."""

    url: str
    kind: MessageKind
    operation: str
    data_json: str = "{}"
    items_json: tuple[str, ...] = ()
    timeout_s: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    needs_token: bool = field(default=False)
    """The server was given a token; its value is not copied."""

    @property
    def data(self) -> dict[str, Any]:
        """The data of the opening frame, with its operation; numbers as Python reads them."""
        return {"operation": self.operation, **json.loads(self.data_json)}

    @property
    def data_text(self) -> str:
        """The same as JSON on one line in ASCII, with every number and key as it was typed."""
        members = one_line(self.data_json)[1:-1]
        operation = f'"operation":{json.dumps(self.operation)}'
        return f"{{{operation},{members}}}" if members else f"{{{operation}}}"

    def frame_text(self, peer: str) -> str:
        """Give the frame that opens the exchange, likewise."""
        identity = "" if self.kind == "oneway" else f'"requestId":["{peer}",0],'
        return f'{{"type":"{OPENING_TYPE[self.kind]}",{identity}"peerID":"{peer}","data":{self.data_text}}}'


def one_line(text: str) -> str:
    """Write a JSON text on one line in ASCII, with every number and key as it was typed."""
    ascii_alone = _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return in_one_line(ascii_alone).decode()
