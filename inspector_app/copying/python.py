"""A message as a Python program: with the `slipstream` library, or with `websockets` and `json` alone.

Values are written as Python literals by `repr`, so nothing of a message is ever code or a comment.
"""

from __future__ import annotations

import json
import math
import pprint
from typing import Any

from inspector_app.copying.message import OPENING_TYPE, TOKEN_VARIABLE, CopiedMessage

_WIDTH = 100


# -- with slipstream --------------------------------------------------------------------------------------

_SLIPSTREAM = """\
import asyncio
import json
{imports}
from slipstream import connect

DATA = {data}
{items}

async def main():
    async with connect({url}{options}) as protocol:
{body}

asyncio.run(main())
"""

_BODIES = {
    "request": """\
        answer = await protocol.request_response(DATA{timeout})
        print(json.dumps(answer))
""",
    "stream": """\
        async for item in await protocol.request_stream(DATA{timeout}):
            print(json.dumps(item))
""",
    "bidirectional": """\
        async with await protocol.stream_stream(DATA{timeout}) as stream:
            for item in ITEMS:
                await stream.send(item)
            await stream.aclose()
            async for item in stream:
                print(json.dumps(item))
""",
    "oneway": """\
        await protocol.fire_and_forget(DATA)
""",
}


def with_slipstream(message: CopiedMessage) -> str:
    """Give the program. It prints each answer as a line of JSON."""
    options = f", headers={list(message.headers)!r}" if message.headers else ""
    if message.needs_token:
        options += f", token=os.environ[{TOKEN_VARIABLE!r}]"
    takes_timeout = message.timeout_s is not None and message.kind != "oneway"
    timeout = f", timeout={message.timeout_s!r}" if takes_timeout else ""
    return _SLIPSTREAM.format(
        imports="import os\n" if message.needs_token else "",
        data=_literal(message.data),
        items=f"ITEMS = {_items(message)}\n" if message.kind == "bidirectional" else "",
        url=repr(message.url),
        options=options,
        body=_BODIES[message.kind].format(timeout=timeout),
    )


# -- with websockets --------------------------------------------------------------------------------------

_WEBSOCKETS = """\
import asyncio
import json
{imports}import uuid

from websockets.asyncio.client import connect

DATA = {data}
{items}PEER = str(uuid.uuid4())
REQUEST_ID = [PEER, 0]


async def main():
    async with connect({url}{options}) as socket:
{body}

asyncio.run(main())
"""

_ONE_WAY = """\
        await socket.send(json.dumps({"type": "fire_and_forget", "peerID": PEER, "data": DATA}))
"""

_EXCHANGE = """\
        await socket.send(
            json.dumps({{"type": {type!r}, "requestId": REQUEST_ID, "peerID": PEER, "data": DATA}})
        )
{sending}        async for text in socket:
            frame = json.loads(text)
            if frame.get("requestId") != REQUEST_ID:
                continue
            if frame["type"] in ("response", "stream_data"):
                print(json.dumps(frame.get("data")))
            if frame["type"] == "error":
                raise SystemExit(f"The server answered with an error: {{json.dumps(frame.get('data'))}}")
            if frame["type"] != "stream_data":
                break
"""

_SENDING = """\
        for item in ITEMS:
            await socket.send(
                json.dumps({"type": "stream_data", "requestId": REQUEST_ID, "peerID": PEER, "data": item})
            )
        await socket.send(json.dumps({"type": "stream_end", "requestId": REQUEST_ID, "peerID": PEER}))
"""


def with_websockets(message: CopiedMessage) -> str:
    """Give the program, which knows nothing of slipstream. It prints each answer as a line of JSON."""
    headers = repr(list(message.headers)) if message.headers else ""
    if message.needs_token:
        bearer = f'[("Authorization", "Bearer " + os.environ[{TOKEN_VARIABLE!r}])]'
        headers = f"{headers} + {bearer}" if headers else bearer
    body = _ONE_WAY
    if message.kind != "oneway":
        body = _EXCHANGE.format(
            type=OPENING_TYPE[message.kind], sending=_SENDING if message.kind == "bidirectional" else ""
        )
    return _WEBSOCKETS.format(
        imports="import os\n" if message.needs_token else "",
        data=_literal(message.data),
        items=f"ITEMS = {_items(message)}\n" if message.kind == "bidirectional" else "",
        url=repr(message.url),
        options=f", additional_headers={headers}" if headers else "",
        body=body,
    )


# -- literals ---------------------------------------------------------------------------------------------


def _items(message: CopiedMessage) -> str:
    return _literal([json.loads(item) for item in message.items_json])


def _literal(value: Any) -> str:
    """Write a value as Python. What is too large for a float has no literal, and could not be sent either."""
    if _is_finite(value):
        return pprint.pformat(value, width=_WIDTH, sort_dicts=False)
    return f"json.loads({json.dumps(value)!r})  # a number in here is too large for Python to send"


def _is_finite(value: Any) -> bool:
    match value:
        case dict():
            return all(map(_is_finite, value.values()))
        case list():
            return all(map(_is_finite, value))
        case float():
            return math.isfinite(value)
        case _:
            return True
