"""A message as the JSON of its opening frame."""

from __future__ import annotations

import uuid

import msgspec

from inspector_app.copying.message import CopiedMessage


def json_text(message: CopiedMessage) -> str:
    """Give the frame, laid out."""
    text = message.frame_text(str(uuid.uuid4()))
    return msgspec.json.format(text, indent=2) + "\n"
