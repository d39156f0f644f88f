"""A message as JavaScript that runs in a browser and in Node 22 or newer, without a package.

JSON is JavaScript, so values are written as JSON in ASCII; nothing of a message is ever code or a comment.
"""

from __future__ import annotations

import json
import math

from inspector_app.copying.message import OPENING_TYPE, CopiedMessage, one_line
from inspector_app.display.json_layout import lay_out

_OPEN = """\
const socket = new WebSocket({url});
const peer = crypto.randomUUID();
const requestId = [peer, 0];
const send = (frame) => socket.send(JSON.stringify({{ ...frame, peerID: peer }}));

socket.onerror = () => {{
  console.error("The connection failed.");
  if (typeof process !== "undefined") process.exitCode = 1;
}};
"""

_ONE_WAY = """
socket.onopen = () => {{
  send({{ type: "fire_and_forget", data: {data} }});
  socket.close();
}};
"""

_EXCHANGE = """
socket.onopen = () => {{
  send({{ type: {type}, requestId, data: {data} }});
{items}}};

socket.onmessage = (event) => {{
  const frame = JSON.parse(event.data);
  if (JSON.stringify(frame.requestId) !== JSON.stringify(requestId)) return;
  if (frame.type === "response" || frame.type === "stream_data") console.log(JSON.stringify(frame.data));
  if (frame.type === "error") {{
    console.error(JSON.stringify(frame.data));
    if (typeof process !== "undefined") process.exitCode = 1;
  }}
  if (frame.type !== "stream_data") socket.close();
}};
"""


_ROUNDED = "// A number in here is beyond 2^53 or a double: JavaScript rounds it.\n"
_NO_HEADERS = "// This server was given headers, which a WebSocket of a browser cannot send.\n"


def javascript(message: CopiedMessage) -> str:
    """Give the program. It prints each answer as a line of JSON."""
    text = _OPEN.format(url=json.dumps(message.url))
    if any(_is_rounded(json.loads(each)) for each in (message.data_json, *message.items_json)):
        text = _ROUNDED + text
    if message.headers or message.needs_token:
        text = _NO_HEADERS + text
    if message.kind == "oneway":
        return text + _ONE_WAY.format(data=_expression(message.data_text))
    items = ""
    if message.kind == "bidirectional":
        for item in message.items_json:
            items += f'  send({{ type: "stream_data", requestId, data: {_expression(item)} }});\n'
        items += '  send({ type: "stream_end", requestId });\n'
    return text + _EXCHANGE.format(
        type=json.dumps(OPENING_TYPE[message.kind]), data=_expression(message.data_text), items=items
    )


def _expression(text: str) -> str:
    """JSON is JavaScript, but for one name; in ASCII not even a line separator is in the way."""
    text = one_line(text)
    if '"__proto__"' in json.dumps(json.loads(text)):
        return f"JSON.parse({json.dumps(text)})"  # written out it would not be a member, but the prototype
    return lay_out(text).text.decode().replace("\n", "\n  ")


def _is_rounded(value: object) -> bool:
    match value:
        case dict():
            return any(map(_is_rounded, value.values()))
        case list():
            return any(map(_is_rounded, value))
        case bool():
            return False
        case int():
            return abs(value) > 2**53
        case float():
            return not math.isfinite(value)
        case _:
            return False
