"""Export and import: the same capture, whichever way it went."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.excerpt import Excerpt, Selection
from inspector_app.capture.formats import jsonl
from inspector_app.capture.marks import Marks
from inspector_app.capture.records import (
    ConnectionOpened,
    ExchangeSettled,
    FrameSeen,
    HandshakeSeen,
    Noted,
    OperationsDescribed,
    StateChanged,
)
from inspector_app.capture.store import CaptureError, CaptureReader, CaptureWriter
from inspector_app.model.fold import Fold
from inspector_app.sources.file import import_file
from tests.inspector_app.capture import samples
from tests.inspector_app.model.talk import ME, THEY, Talk, call, message

RAWS: list[str | bytes] = [
    message("request", ME, 0, ME, call("add", text="\x1b]52;c;x\a[/] \u202e ü")),
    r'{"type": "fire_and_forget", "peerID": "they-000", "data": {"operation": "\ud800"}}',
    "lone \ud800 surrogate",
    "not\r\nJSON\u2028\0",
    "",
    b"binary",
    b"\xff\xfe\x00",
    message("request", ME, 1, ME, call("x")).encode(),
]


def conversation() -> list[Any]:
    talk = Talk()
    talk.tell(
        HandshakeSeen(conn=1, time_ns=talk.now, handshake={"request": "GET /", "headers": [["a", "\udcff"]]})
    )
    talk.state("connecting", "connected")
    for raw in RAWS:
        talk.raw("out", raw)
    talk.tell(
        OperationsDescribed(
            conn=1,
            time_ns=talk.now,
            operations=({"name": "b", "params": {"x": [1]}}, {"name": "a", "doc": "A."}),
        )
    )
    other = Talk(talk.fold, conn=2)
    other.into("stream_stream_request", 3, call("chat"), opener=THEY)
    talk.records += other.records
    talk.tell(Noted(time_ns=5, level="problem", text="a gap", conn=2))
    talk.settle(0, "timeout", "too slow")
    talk.tell(Noted(time_ns=4, level="info", text="earlier by its clock"))
    talk.into("response", 0, "late")
    talk.state("connected", "lost", 1006, "gone")
    talk.tell(ConnectionOpened(conn=3, time_ns=9, role="server", address="silent", local_peer="s"))
    talk.tell(Noted(time_ns=talk.now, level="warning", text="the end"))
    return talk.records


def capture_of(path: Path, records: Any, header: jsonl.Header | None = None, portion: int = 7) -> Path:
    """Fold records into a capture, some at a time."""
    fold = Fold()
    writer = CaptureWriter(
        path,
        source=header.source if header else {"kind": "demo", "seed": 1},
        software=header.software if header else "tests 1",
        created_ns=header.created_ns if header else samples.NOW,
    )
    for number, record in enumerate(records, 1):
        fold.apply(record)
        if number % portion == 0:
            writer.write(fold.take())
    writer.write(fold.take())
    writer.close()
    return path


def exported(path: Path) -> str:
    reader = CaptureReader(path)
    try:
        return written(Excerpt(reader))
    finally:
        reader.close()


def written(excerpt: Excerpt) -> str:
    stream = io.BytesIO()
    jsonl.write(excerpt, stream)
    return stream.getvalue().decode()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exported(path).splitlines()]


def imported(path: Path, text: str) -> Path:
    header, records = jsonl.read(io.StringIO(text))
    return capture_of(path, records, header, portion=3)


def parsed(text: str) -> list[Any]:
    return list(jsonl.read(io.StringIO(text))[1])


@pytest.fixture
def original(tmp_path: Path) -> Path:
    return capture_of(tmp_path / "original.capture", conversation())


def test_an_export_of_an_import_is_the_same_to_the_byte(original: Path, tmp_path: Path) -> None:
    text = exported(original)
    assert exported(imported(tmp_path / "again.capture", text)) == text


def test_an_import_has_the_same_rows(original: Path, tmp_path: Path) -> None:
    first = CaptureReader(original)
    second = CaptureReader(imported(tmp_path / "again.capture", exported(original)))
    for rows_of in (
        lambda reader: reader.meta(),
        lambda reader: reader.totals(),
        lambda reader: reader.frames_with_raw(1, 99),
        lambda reader: [reader.exchange(number) for number in range(1, 9)],
        lambda reader: reader.connections(),
        lambda reader: (reader.states(0, 99), reader.settled(0, 99), reader.notes(0, 99)),
        lambda reader: reader.findings(0, 99),
        lambda reader: [reader.operations(conn) for conn in (1, 2, 3)],
        lambda reader: (reader.seen_operations(), reader.seen_operations("in")),
    ):
        assert rows_of(second) == rows_of(first)
    first.close()
    second.close()


def test_marks_come_along_on_the_same_frames_with_their_times(original: Path, tmp_path: Path) -> None:
    Marks(original).set(2, "look \ud800 here")
    Marks(original).set(5)
    text = exported(original)
    assert text.count('"kind": "mark"') == 2
    again = tmp_path / "again.capture"
    (tmp_path / "it.jsonl").write_text(text)
    import_file(str(tmp_path / "it.jsonl"), again)
    assert Marks(again).all() == Marks(original).all()
    assert exported(again) == text


def test_a_mark_goes_with_its_frame_when_that_gets_another_number(original: Path, tmp_path: Path) -> None:
    Marks(original).set(5, "here")
    reader = CaptureReader(original)
    (tmp_path / "it.jsonl").write_text(written(Excerpt(reader, Selection(frames=(4, 5)))))
    reader.close()
    import_file(str(tmp_path / "it.jsonl"), tmp_path / "again.capture")
    assert [(mark.seq, mark.note) for mark in Marks(tmp_path / "again.capture").all()] == [(2, "here")]


def test_every_message_survives_to_the_byte(original: Path) -> None:
    records = parsed(exported(original))
    raws = [record.raw for record in records if isinstance(record, FrameSeen) and record.conn == 1]
    assert raws[: len(RAWS)] == RAWS


def test_the_first_line_is_the_header(original: Path) -> None:
    assert lines(original)[0] == {
        "slipstream_capture": 1,
        "software": "tests 1",
        "created": "2026-11-22T11:20:33.123456789Z",
        "source": {"kind": "demo", "seed": 1},
    }


def test_a_frame_line_tells_all_that_is_promised(tmp_path: Path) -> None:
    raw = message("request", ME, 0, ME, call("add"))
    records = [FrameSeen(conn=1, time_ns=samples.NOW, direction="out", raw=raw)]
    found = [line for line in lines(capture_of(tmp_path / "a", records)) if line.get("kind") == "frame"]
    assert found == [
        {
            "seq": 1,
            "t": "2026-11-22T11:20:33.123456789Z",
            "conn": 1,
            "kind": "frame",
            "dir": "out",
            "type": "request",
            "id": [ME, 0],
            "op": "add",
            "size": len(raw),
            "raw": raw,
        }
    ]


def test_a_state_line_tells_all_that_is_promised(original: Path) -> None:
    line = [line for line in lines(original) if line.get("kind") == "state"][-1]
    assert (line["from"], line["to"], line["code"], line["reason"]) == ("CONNECTED", "LOST", 1006, "gone")


def test_a_finding_line_tells_all_that_is_promised_behind_its_frame(tmp_path: Path) -> None:
    good = message("request", ME, 0, ME, call("add"))
    records = [
        FrameSeen(conn=1, time_ns=samples.NOW, direction="out", raw=raw) for raw in (good, "nonsense", good)
    ]
    told = lines(capture_of(tmp_path / "a", records))
    assert [line.get("kind") for line in told[2:]] == ["frame", "frame", "finding", "frame", "finding"]
    assert told[4] | {"text": ""} == {
        "seq": 1,
        "t": "2026-11-22T11:20:33.123456789Z",
        "conn": 1,
        "kind": "finding",
        "frame": 2,
        "exchange": None,
        "rule": "bad_frame",
        "section": "§7",
        "text": "",
    }
    assert (told[6]["seq"], told[6]["frame"], told[6]["exchange"]) == (2, 3, 1)


def test_findings_are_found_anew_and_not_read(original: Path, tmp_path: Path) -> None:
    text = exported(original)
    without = "".join(line for line in text.splitlines(keepends=True) if '"kind": "finding"' not in line)
    assert without != text
    assert exported(imported(tmp_path / "again.capture", without)) == text


def test_lines_are_in_the_order_in_which_things_happened(original: Path) -> None:
    records = parsed(exported(original))
    told = [record for record in records if not isinstance(record, ConnectionOpened | OperationsDescribed)]
    happened = [
        record
        for record in conversation()
        if not isinstance(record, ConnectionOpened | OperationsDescribed | HandshakeSeen)
    ]
    assert [(type(record), record.time_ns) for record in told] == [
        (type(record), record.time_ns) for record in happened
    ]


def test_a_connection_is_introduced_before_it_is_named(original: Path) -> None:
    introduced = set()
    for line in lines(original)[1:]:
        if line["kind"] == "connection":
            introduced.add(line["conn"])
        assert line["conn"] is None or line["conn"] in introduced
    assert introduced == {1, 2, 3}


def test_an_export_is_plain_ascii(original: Path) -> None:
    text = exported(original)
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames(*"x" * 1200))
    reader = CaptureReader(path)
    told: list[tuple[str, int, int]] = []

    def progress(task: str, done: int, total: int) -> None:
        told.append((task, done, total))

    excerpt = Excerpt(reader, progress=progress)
    written(excerpt)
    reader.close()
    assert excerpt.frames == 1200
    assert told == [("writing", 500, 1200), ("writing", 1000, 1200), ("writing", 1200, 1200)]


def test_an_empty_capture_exports_as_its_header(tmp_path: Path) -> None:
    assert len(lines(samples.capture(tmp_path))) == 1


def test_a_capture_being_recorded_is_exported_as_far_as_it_is(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.frames("x"))
    assert len(lines(writer.path)) == 2
    writer.close()


HEADER = '{"slipstream_capture": 1}\n'


def test_a_log_of_another_program_may_tell_less() -> None:
    text = (
        HEADER
        + '{"kind": "frame", "t": "2026-11-22T11:20:33Z", "conn": 1, "dir": "in", "raw": "{}"}\n\n'
        + '{"kind": "connection", "t": "2026-11-22T11:20:33Z", "conn": 2}\n'
        + '{"kind": "state", "t": "2026-11-22T11:20:33Z", "conn": 2, "from": "CONNECTED", "to": "LOST"}\n'
    )
    assert [type(record) for record in parsed(text)] == [FrameSeen, ConnectionOpened, StateChanged]
    assert jsonl.read(io.StringIO(text))[0] == jsonl.Header(software="", created_ns=None, source={})


def test_lines_as_bytes_are_read_too(original: Path) -> None:
    text = exported(original)
    assert list(jsonl.read(io.BytesIO(text.encode()))[1]) == parsed(text)


@pytest.mark.parametrize(
    "text", ["", "\n", "[]", "3", "not JSON", "{}", '{"slipstream_capture": "1"}', "[" * 99_999]
)
def test_text_without_a_header_is_no_export(text: str) -> None:
    with pytest.raises(CaptureError, match=r"This is no export"):
        jsonl.read(io.StringIO(text))


def test_an_export_of_a_newer_version_is_told() -> None:
    with pytest.raises(CaptureError, match="update slipstream-inspector"):
        parsed('{"slipstream_capture": 2}')


NOTE = {"kind": "note", "t": "2026-11-22T11:20:33Z", "level": "info", "text": "x"}
FRAME = {"kind": "frame", "t": "2026-11-22T11:20:33Z", "conn": 1, "dir": "in", "raw": ""}
SETTLED = {"kind": "settled", "t": "2026-11-22T11:20:33Z", "conn": 1, "id": ["x", 1], "outcome": "timeout"}


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[1]",
        "[" * 99_999,
        "9" * 5000,
        *(
            json.dumps(fields)
            for fields in (
                {},
                {**NOTE, "kind": "novelty"},
                {**NOTE, "kind": 3},
                {**NOTE, "t": 5},
                {**NOTE, "t": "yesterday"},
                {**NOTE, "t": "0001-01-01T00:00:00+23:00"},
                {**NOTE, "t": "9999-01-01T00:00:00Z"},
                {**NOTE, "text": None},
                {**FRAME, "dir": "up"},
                {**FRAME, "dir": []},
                {**FRAME, "conn": True},
                {**FRAME, "conn": -1},
                {**FRAME, "conn": 1 << 63},
                {**FRAME, "raw": {}},
                {**FRAME, "base64": "?"},
                {**FRAME, "binary": True, "raw": "\ud800"},
                {**NOTE, "kind": "mark", "note": "x" * 10_001},
                {**SETTLED, "outcome": "fine"},
                {**SETTLED, "outcome": "pending"},
                {**SETTLED, "id": ["x"]},
                {**SETTLED, "id": ["x", True]},
                {"kind": "operations", "t": NOTE["t"], "conn": 1, "operations": [1]},
            )
        ),
    ],
)
def test_a_line_that_is_no_record_is_named(line: str) -> None:
    with pytest.raises(CaptureError, match=r"^Line 3 of the export is no record \(.+\): mend it"):
        parsed(HEADER + json.dumps(NOTE) + "\n" + line)


def test_a_line_that_is_not_utf8_is_named() -> None:
    with pytest.raises(CaptureError, match=r"^Line 2 .*UTF-8"):
        list(jsonl.read(io.BytesIO(HEADER.encode() + b"\xff\n"))[1])


def test_records_before_a_bad_line_are_given() -> None:
    _, records = jsonl.read(io.StringIO(HEADER + json.dumps(NOTE) + "\nbroken"))
    assert isinstance(next(records), Noted)
    with pytest.raises(CaptureError):
        next(records)


def test_a_settlement_is_read_as_it_was_told() -> None:
    (record,) = parsed(HEADER + json.dumps({**SETTLED, "message": "late"}))
    assert isinstance(record, ExchangeSettled)
    assert (record.request_id, record.outcome, record.message) == (("x", 1), "timeout", "late")
