"""A message as a command line of websocat, quoted for a POSIX shell.

Whatever is in the message, the shell sees one word that it takes as it is: the frame is ASCII on one line.
"""

from __future__ import annotations

import shlex
import uuid

from inspector_app.copying.message import TOKEN_VARIABLE, CopiedMessage, one_line


def websocat(message: CopiedMessage) -> str:
    """Give the command. It prints the frames that come: the answer, or a stream's until it is interrupted."""
    peer = str(uuid.uuid4())
    frames = [message.frame_text(peer)]
    if message.kind == "bidirectional":
        identity = f'"requestId":["{peer}",0],"peerID":"{peer}"'
        frames += [
            f'{{"type":"stream_data",{identity},"data":{one_line(item)}}}' for item in message.items_json
        ]
        frames.append(f'{{"type":"stream_end",{identity}}}')
    words = ["printf", shlex.quote("%s\\n"), *map(shlex.quote, frames)]
    words += ["|", "websocat", *_options(message), shlex.quote(message.url)]
    return " ".join(words) + "\n"


def _options(message: CopiedMessage) -> list[str]:
    options = {"request": ["-n1"], "oneway": []}.get(message.kind, ["-n"])
    for name, value in message.headers:
        options += ["-H", shlex.quote(f"{name}: {value}")]
    if message.needs_token:
        options += ["-H", f'"Authorization: Bearer ${TOKEN_VARIABLE}"']
    return options
