"""HAR: what browsers read and write, there and back."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.formats import har_in
from inspector_app.capture.formats.lines import Lines
from inspector_app.capture.records import ConnectionOpened, FrameSeen
from tests.inspector_app.capture.formats.exports import exported, hostile
from tests.inspector_app.recordings import START_NS, Recording

# The schema of HAR 1.2: what a log must have, what it may have, and nothing else without an underscore.


class Part(BaseModel):
    model_config = ConfigDict(extra="allow")
    comment: str = ""

    def model_post_init(self, _: object) -> None:
        unknown = [name for name in self.model_extra or () if not name.startswith("_")]
        assert not unknown, f"{unknown} are not in HAR 1.2"


class Named(Part):
    name: str
    value: str


class Request(Part):
    method: str
    url: str
    httpVersion: str  # noqa: N815 - the names are HAR's
    cookies: list[Named]
    headers: list[Named]
    queryString: list[Named]  # noqa: N815
    headersSize: int  # noqa: N815
    bodySize: int  # noqa: N815


class Body(Part):
    size: int
    mimeType: str  # noqa: N815
    text: str = ""


class Response(Part):
    status: int
    statusText: str  # noqa: N815
    httpVersion: str  # noqa: N815
    cookies: list[Named]
    headers: list[Named]
    content: Body
    redirectURL: str  # noqa: N815
    headersSize: int  # noqa: N815
    bodySize: int  # noqa: N815


class Timings(Part):
    blocked: float
    dns: float
    ssl: float
    connect: float
    send: NonNegativeInt
    wait: float = Field(ge=0)
    receive: NonNegativeInt


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: Literal["send", "receive"]
    time: float
    opcode: Literal[1, 2]
    data: str


class Entry(Part):
    pageref: str
    startedDateTime: AwareDatetime  # noqa: N815
    time: float = Field(ge=0)
    request: Request
    response: Response
    cache: dict[str, object]
    timings: Timings
    connection: str
    resource: Literal["websocket"] = Field(alias="_resourceType")
    messages: list[Message] = Field(alias="_webSocketMessages")


class PageTimings(Part):
    onContentLoad: float  # noqa: N815
    onLoad: float  # noqa: N815


class Page(Part):
    startedDateTime: AwareDatetime  # noqa: N815
    id: str
    title: str
    pageTimings: PageTimings  # noqa: N815


class Creator(Part):
    name: str
    version: str


class Log(Part):
    version: Literal["1.2"]
    creator: Creator
    pages: list[Page]
    entries: list[Entry]


class Har(BaseModel):
    model_config = ConfigDict(extra="forbid")
    log: Log


def two_connections(folder: Path) -> Path:
    recording = Recording(folder).connect(address="ws://h:1/a?x=1&y=a%20b").connect(2, address="ws://h:2/")
    recording.request(0).raw("in", "second", conn=2).respond(0).raw("out", b"\xff\x00", conn=2)
    return recording.raw("in", "lone \ud800", conn=1).close()


@pytest.mark.parametrize("capture", [two_connections, hostile, lambda folder: Recording(folder).close()])
def test_what_is_written_is_har_1_2(tmp_path: Path, capture: Any) -> None:
    data = exported(capture(tmp_path), "har")
    assert data.isascii()
    har = Har.model_validate_json(re.sub(rb"(?<!\\)((?:\\\\)*)\\ud800", rb"\1?", data))
    assert {entry.pageref for entry in har.log.entries} <= {page.id for page in har.log.pages}


def test_each_connection_is_an_entry_with_its_messages_in_order(tmp_path: Path) -> None:
    first, second = json.loads(exported(two_connections(tmp_path), "har"))["log"]["entries"]
    assert first["request"]["queryString"] == [{"name": "x", "value": "1"}, {"name": "y", "value": "a b"}]
    assert first["response"]["status"] == 101
    assert [message["type"] for message in first["_webSocketMessages"]] == ["send", "receive", "receive"]
    assert first["_webSocketMessages"][2]["data"] == "lone \ud800"
    binary = second["_webSocketMessages"][1]
    assert (binary["opcode"], base64.b64decode(binary["data"])) == (2, b"\xff\x00")
    assert abs(binary["time"] - (START_NS / 1e9 + 0.1)) < 0.011


def test_there_and_back_every_message_its_time_and_direction_survive(tmp_path: Path) -> None:
    header, records = har_in.read(exported(two_connections(tmp_path), "har"))
    frames = [record for record in records if isinstance(record, FrameSeen)]
    assert [(frame.conn, frame.direction, frame.time_ns - START_NS) for frame in frames] == [
        (1, "out", 70_000_000),
        (2, "in", 80_000_000),
        (1, "in", 90_000_000),
        (2, "out", 100_000_000),
        (1, "in", 110_000_000),
    ]
    assert [frame.raw for frame in frames[3:]] == [b"\xff\x00", "lone \ud800"]
    assert header.source == {"kind": "import", "format": "har"}


HOST = {"name": "Host", "value": "h"}
CHROME = {
    "log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [],
        "entries": [
            {
                "startedDateTime": "2026-01-01T00:00:00.000Z",
                "request": {"method": "GET", "url": "https://h/"},
            },
            {
                "_connectionId": "1",
                "_resourceType": "websocket",
                "_webSocketMessages": [
                    {"type": "send", "time": 1767225600.5, "opcode": 1, "data": "{}"},
                    {"type": "error", "time": 1767225600.5, "opcode": -1, "data": "net::ERR"},
                    {"type": "receive", "time": 1767225600.25, "opcode": 1, "data": "x"},
                ],
                "request": {
                    "method": "GET",
                    "url": "wss://h/rpc",
                    "headers": [{"name": "Host", "value": "h"}],
                },
                "response": {"status": 101, "statusText": "Switching Protocols", "headers": []},
                "startedDateTime": "2026-01-01T00:00:00.125Z",
                "time": 12.5,
            },
        ],
    }
}


def test_what_chrome_saves_is_read() -> None:
    header, records = har_in.read(json.dumps(CHROME).encode())
    found = list(records)
    assert header.software == "WebInspector 537.36"
    assert header.created_ns == 1767225600125000000
    (opened,) = [record for record in found if isinstance(record, ConnectionOpened)]
    assert (opened.address, opened.role) == ("wss://h/rpc", "client")
    assert [record.time_ns for record in found if isinstance(record, FrameSeen)] == [
        1767225600500000000,
        1767225600250000000,
    ]


def spoilt(**message: Any) -> bytes:
    har = json.loads(json.dumps(CHROME))
    har["log"]["entries"][1]["_webSocketMessages"][0].update(message)
    return json.dumps(har).encode()


HAR_OF_THE_FAR_FUTURE = json.dumps(
    {"log": {"entries": [{"startedDateTime": "9999-12-31T23:59:59Z", "_webSocketMessages": []}]}}
).encode()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{", "no HAR that can be read"),
        (b'{"log": {"entries": 3}}', "no HAR that can be read"),
        (b'{"log": ' + b"[" * 100_000, "no HAR that can be read"),
        (b'{"log": {"entries": []}}', "no WebSocket"),
        (spoilt(time="x"), "no HAR that can be read"),
        (spoilt(time=1e300), "none"),
        (spoilt(time=-1), "none"),
        (json.dumps(CHROME).replace("1767225600.5", "1e999999999").encode(), ""),
        (spoilt(time="NaN"), "none"),
        (HAR_OF_THE_FAR_FUTURE, "no HAR that can be read"),
        (spoilt(data=3), "no HAR that can be read"),
        (spoilt(opcode=2, data="?"), "none"),
        (spoilt(opcode=10**40), "no HAR that can be read"),
        (b"\xff\xfe", "no HAR that can be read"),
    ],
)
def test_a_har_that_is_wrong_ends_in_one_sentence(data: bytes, told: str) -> None:
    with pytest.raises(CaptureError) as caught:
        list(har_in.read(data)[1])
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("start", "is_har"),
    [
        (b'{"log": {', True),
        (b"\xef\xbb\xbf {\n", True),
        (b'{"slipstream_capture": 1}\n', False),
        (b"", False),
        (b"[1]", False),
    ],
)
def test_a_har_is_told_from_lines_by_its_beginning(start: bytes, is_har: bool) -> None:
    assert har_in.looks_like(start) is is_har


def test_a_document_or_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector_app.capture.formats import lines

    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    monkeypatch.setattr(lines, "LONGEST_DOCUMENT", 1000)
    with pytest.raises(CaptureError, match="Line 2 is longer than"):
        list(Lines(io.BytesIO(b"{}\n" + b"x" * 5000)))
    with pytest.raises(CaptureError, match="larger than"):
        Lines(io.BytesIO(b"{" * 5000)).rest()
