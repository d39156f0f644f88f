"""A message as the JSON of its opening frame."""

from __future__ import annotations

import uuid

from inspector_app.copying.message import CopiedMessage
from inspector_app.display.json_layout import lay_out


def json_text(message: CopiedMessage) -> str:
    """Give the frame, laid out."""
    return lay_out(message.frame_text(str(uuid.uuid4()))).text.decode() + "\n"
