"""The reader: slices in the promised order, one clear sentence for everything that is no capture."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from inspector_app.capture.marks import Marks
from inspector_app.capture.reader import _ENDED, _IS_REQUEST, _IS_STREAM, _PENDING, _select
from inspector_app.capture.records import Batch, ExchangeRow, Totals
from inspector_app.capture.schema import FORMAT_VERSION
from inspector_app.capture.store import CaptureError, CaptureReader
from inspector_app.capture.summary import LONGEST_WITHOUT
from tests.inspector_app.capture import samples
from tests.inspector_app.capture.old_formats import format_1
from tests.inspector_app.capture.samples import EXCHANGE, FRAME, STREAM, ended


@contextmanager
def reading(path: Path) -> Iterator[CaptureReader]:
    reader = CaptureReader(path)
    try:
        yield reader
    finally:
        reader.close()


def ids(rows: list[ExchangeRow]) -> list[int]:
    return [row.id for row in rows]


# -- what is in a capture


def test_meta_tells_what_was_recorded(tmp_path: Path) -> None:
    with reading(samples.capture(tmp_path)) as reader:
        assert reader.meta() == {
            "format": FORMAT_VERSION,
            "software": "tests 1",
            "created_ns": samples.NOW,
            "source": {"kind": "demo", "seed": 1},
        }


def test_an_empty_capture_has_totals_of_nothing(tmp_path: Path) -> None:
    with reading(samples.capture(tmp_path)) as reader:
        assert reader.totals() == Totals()


def test_every_row_comes_back_as_it_was_written(tmp_path: Path) -> None:
    settled = ended(replace(EXCHANGE, code="x", items_in=1, bytes_out=2, last_item_ns=3), 5, "error")
    totals = Totals(**{name: number for number, name in enumerate(samples.column_names(Totals()), 1)})
    frame = replace(FRAME, latency_ns=7, findings=2)
    batch = Batch(
        frames=[samples.folded(frame)],
        exchanges={1: samples.folded_exchange(settled)},
        peers=samples.PEERS,
        connections={1: samples.CONNECTION},
        states=[samples.STATE],
        settled=[samples.SETTLED],
        findings=[samples.FINDING],
        notes=[samples.NOTE],
        operations={1: [samples.OPERATION]},
        totals=totals,
    )
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert reader.frames(1, 9) == [frame]
        assert reader.frames_with_raw(1, 9) == [(frame, "raw")]
        assert reader.exchange(1) == settled
        assert reader.connections() == [samples.CONNECTION]
        assert reader.states(0, 9) == [samples.STATE]
        assert reader.settled(0, 9) == [samples.SETTLED]
        assert reader.findings(0, 9) == [samples.FINDING]
        assert reader.frame_findings(1) == [samples.FINDING]
        assert reader.notes(0, 9) == [samples.NOTE]
        assert reader.operations() == [samples.OPERATION]
        assert reader.totals() == totals


def test_connections_are_given_by_number_all_or_the_newest_or_one(tmp_path: Path) -> None:
    rows = {conn: replace(samples.CONNECTION, conn=conn) for conn in (2, 1, 3)}
    with reading(samples.capture(tmp_path, Batch(connections=rows))) as reader:
        assert [row.conn for row in reader.connections()] == [1, 2, 3]
        assert [row.conn for row in reader.connections(newest=2)] == [2, 3]
        assert reader.connection(2) == rows[2]
        assert reader.connection(4) is None


def test_what_followed_an_event_comes_in_order_whatever_it_is(tmp_path: Path) -> None:
    batch = Batch(
        states=[replace(samples.STATE, id=number) for number in (1, 5)],
        settled=[replace(samples.SETTLED, id=2)],
        notes=[replace(samples.NOTE, id=number) for number in (3, 4)],
        findings=[replace(samples.FINDING, id=number) for number in (1, 2, 3)],
    )
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert [event.id for event in reader.events_after(0, 9)] == [1, 2, 3, 4, 5]
        assert [event.id for event in reader.events_after(1, 3)] == [2, 3, 4]
        assert reader.events_after(5, 9) == []
        assert [finding.id for finding in reader.findings_after(1, 1)] == [2]


def test_notes_on_a_connection_are_those_on_it_and_those_on_none(tmp_path: Path) -> None:
    notes = [
        replace(samples.NOTE, id=number, conn=conn) for number, conn in enumerate([2, None, 2, 1, 1], start=1)
    ]
    with reading(samples.capture(tmp_path, Batch(notes=notes))) as reader:
        assert [note.id for note in reader.notes(0, 9, conn=1)] == [2, 4, 5]
        assert [note.id for note in reader.notes(1, 1, conn=1)] == [4]


def test_frames_are_a_slice_by_number(tmp_path: Path) -> None:
    with reading(samples.capture(tmp_path, samples.frames(*"abcdef"))) as reader:
        assert [row.seq for row in reader.frames(3, 2)] == [3, 4]
        assert [row.seq for row in reader.frames(6, 9)] == [6]
        assert reader.frames(7, 9) == []


def test_frames_are_given_at_any_numbers_in_the_order_that_was_asked(tmp_path: Path) -> None:
    with reading(samples.capture(tmp_path, samples.frames(*"abcdef"))) as reader:
        assert [row.seq for row in reader.frames_at([5, 2, 3])] == [5, 2, 3]
        assert [row.seq for row in reader.frames_at([9, 1, 1 << 70, -1])] == [1]
        assert reader.frames_at([]) == []
        assert reader.frames_at([4]) == reader.frames(4, 1)


def test_a_frame_that_is_not_there_is_none(tmp_path: Path) -> None:
    with reading(samples.capture(tmp_path)) as reader:
        assert reader.frame(1) is None
        assert reader.frame(1 << 70) is None


def test_the_message_of_a_missing_frame_is_an_error(tmp_path: Path) -> None:
    with reading(samples.capture(tmp_path)) as reader, pytest.raises(CaptureError, match="no frame 5"):
        reader.raw(5)


@pytest.mark.parametrize(
    ("raw", "summary"),
    [
        ('{"type":"response","requestId":["a",1],"data":{"price":1.50}}', "{price: 1.5}"),
        ("no frame", "no frame"),
        (b'{"type":"response","requestId":["a",1],"data":[1]}', "[1]"),
        (b"\xff", "\\xff"),
        ('half "\ud83d"', 'half "\\ud83d"'),
        ("\ud83d" * LONGEST_WITHOUT, "\\ud83d" * 33 + "\\…"),
        ("", ""),
    ],
)
def test_a_short_message_has_its_summary_made_when_it_is_read(
    tmp_path: Path, raw: str | bytes, summary: str
) -> None:
    batch = samples.frames(raw)
    batch.frames = [row._replace(summary=None) for row in batch.named_frames()]
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert reader.frames(1, 1)[0].summary == summary
        assert reader.frames_with_raw(1, 1)[0][0].summary == summary
        assert reader.frames_at([1])[0].summary == summary


def test_a_message_of_a_stranger_is_not_read_to_its_end_for_a_summary(tmp_path: Path) -> None:
    batch = samples.frames("[" * 5_000_000)
    batch.frames = [row._replace(summary=None) for row in batch.named_frames()]
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert reader.frames(1, 1)[0].summary == "[" * 199 + "…"


def test_large_messages_are_given_in_smaller_portions(tmp_path: Path) -> None:
    batch = samples.frames("x" * 9_000_000, "y", "z")
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert [row.seq for row, _ in reader.frames_with_raw(1, 3)] == [1]
        assert [row.seq for row, _ in reader.frames_with_raw(2, 3)] == [2, 3]


def test_an_exchange_replaces_what_was_known_of_it(tmp_path: Path) -> None:
    after = replace(ended(EXCHANGE), number=1)
    batches = samples.exchanges(EXCHANGE), samples.exchanges(after)
    with reading(samples.capture(tmp_path, *batches)) as reader:
        assert reader.requests(0, 9) == [after]


def test_an_exchange_is_found_by_its_request_id(tmp_path: Path) -> None:
    other = replace(EXCHANGE, opener="someone")
    batch = samples.exchanges_as_they_are(EXCHANGE, replace(other, id=2), replace(EXCHANGE, id=3, conn=2))
    with reading(samples.capture(tmp_path, batch)) as reader:
        found = reader.find_exchange(1, "someone", 0)
        assert found is not None
        assert found.id == 2
        assert reader.find_exchange(1, "someone", 1) is None
        assert reader.find_exchange(1, "\ud800", 0) is None


def test_of_two_exchanges_with_one_request_id_the_newest_is_found(tmp_path: Path) -> None:
    batch = samples.exchanges_as_they_are(ended(EXCHANGE), replace(EXCHANGE, id=2))
    with reading(samples.capture(tmp_path, batch)) as reader:
        found = reader.find_exchange(1, samples.ME, 0)
        assert found is not None
        assert found.id == 2


def test_the_frames_of_an_exchange_are_a_slice_in_order(tmp_path: Path) -> None:
    batch = samples.frames(*"abcdef")
    batch.frames = [row._replace(exchange=(7 if row.seq % 2 else None)) for row in batch.named_frames()]
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert reader.exchange_frame_count(7) == 3
        assert [row.seq for row in reader.exchange_frames(7, 0, 9)] == [1, 3, 5]
        assert [row.seq for row in reader.exchange_frames(7, 1, 1)] == [3]


def test_requests_are_pending_oldest_first_then_ended_newest_first(tmp_path: Path) -> None:
    batch = samples.exchanges(
        ended(EXCHANGE, 10), EXCHANGE, ended(EXCHANGE, 30), EXCHANGE, ended(EXCHANGE, 20), STREAM
    )
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert ids(reader.requests(0, 9)) == [2, 4, 3, 5, 1]


def test_every_page_of_requests_is_the_same_slice_of_the_whole(tmp_path: Path) -> None:
    batch = samples.exchanges(
        ended(EXCHANGE, 10), EXCHANGE, ended(EXCHANGE, 30), EXCHANGE, ended(EXCHANGE, 20)
    )
    with reading(samples.capture(tmp_path, batch)) as reader:
        whole = ids(reader.requests(0, 9))
        for offset in range(7):
            for count in range(7):
                assert ids(reader.requests(offset, count)) == whole[offset : offset + count]


def test_streams_are_both_kinds_and_no_requests(tmp_path: Path) -> None:
    both = replace(STREAM, kind="stream_stream")
    batch = samples.exchanges(ended(STREAM, 1), EXCHANGE, both, ended(both, 2), STREAM)
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert ids(reader.streams(0, 9)) == [3, 5, 4, 1]


def test_a_request_that_ends_while_a_page_is_read_is_on_it_once(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.exchanges(EXCHANGE, EXCHANGE))
    with reading(writer.path) as reader:

        def end_one_between(statement: str) -> None:
            if "outcome <> 'pending'" in statement:
                writer.write(samples.exchanges(ended(EXCHANGE)))

        reader._connection.set_trace_callback(end_one_between)
        assert ids(reader.requests(0, 9)) == [1, 2]
    writer.close()


@pytest.mark.parametrize("what", ["requests", "streams"])
@pytest.mark.parametrize("part", ["pending", "ended"])
def test_lists_are_paged_through_an_index(tmp_path: Path, what: str, part: str) -> None:
    which = _IS_REQUEST if what == "requests" else _IS_STREAM
    rest = (_PENDING if part == "pending" else _ENDED).format(which=which)
    with reading(samples.capture(tmp_path)) as reader:
        plan = [row[-1] for row in reader._query(f"EXPLAIN QUERY PLAN {_select('exchanges', rest)}", (0, 0))]
    assert re.fullmatch(rf"(SCAN|SEARCH) exchanges USING INDEX {what}_{part}( .*)?", plan[0])
    assert "TEMP B-TREE" not in " ".join(plan)


def test_requests_of_a_capture_of_format_1_are_listed_alike(tmp_path: Path) -> None:
    batch = samples.exchanges(
        ended(EXCHANGE, 10), EXCHANGE, ended(EXCHANGE, 30), EXCHANGE, ended(EXCHANGE, 20), ended(STREAM, 5)
    )
    batch.frames = samples.frames("x").frames
    path = format_1(tmp_path / "old.capture", batch)
    for mark in (False, True):  # with the first mark it is of the current format
        if mark:
            Marks(path).set(1)
        with reading(path) as reader:
            assert ids(reader.requests(0, 9)) == [2, 4, 3, 5, 1]
            assert ids(reader.requests(3, 1)) == [5]
            assert ids(reader.streams(0, 9)) == [6]
            assert reader.requests(0, 1)[0].opener == samples.ME
            found = reader.find_exchange(1, samples.ME, 4)
            assert found is not None


def test_operations_are_those_of_the_newest_connection_that_told(tmp_path: Path) -> None:
    first = samples.OPERATION
    second = [replace(first, conn=2, name="b"), replace(first, conn=2, name="a")]
    batch = Batch(operations={1: [first], 2: second}, connections={3: replace(samples.CONNECTION, conn=3)})
    with reading(samples.capture(tmp_path, batch)) as reader:
        assert [row.name for row in reader.operations()] == ["a", "b"]
        assert [row.name for row in reader.operations(1)] == ["add"]


def test_operations_replace_those_told_before(tmp_path: Path) -> None:
    again = Batch(operations={1: [replace(samples.OPERATION, name="new")]})
    with reading(samples.capture(tmp_path, Batch(operations={1: [samples.OPERATION]}), again)) as reader:
        assert [row.name for row in reader.operations()] == ["new"]


def test_seen_operations_are_distinct_sorted_and_told_apart_by_who_called(tmp_path: Path) -> None:
    batch, again = samples.frames("1"), samples.frames("2", first_seq=2)
    batch.seen = {("log", "fire_and_forget", "out"), ("add", "request_response", "out")}
    again.seen = {("add", "request_response", "out"), ("add", "request_response", "in")}
    with reading(samples.capture(tmp_path, batch, again)) as reader:
        assert reader.seen_operations("out") == [("add", "request_response"), ("log", "fire_and_forget")]
        assert reader.seen_operations("in") == [("add", "request_response")]


def test_a_reader_sees_each_batch_once_it_is_committed(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    with reading(writer.path) as reader:
        seen = [len(reader.frames(1, 9))]
        for seq in (1, 2):
            writer.write(samples.frames("x", first_seq=seq))
            seen.append(len(reader.frames(1, 9)))
    writer.close()
    assert seen == [0, 1, 2]


def test_changed_tells_whether_something_was_committed(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    with reading(writer.path) as reader:
        told = [reader.changed(), reader.changed()]
        writer.write(samples.frames("x"))
        told += [reader.changed(), reader.changed()]
    writer.close()
    assert told == [True, False, True, False]


def test_reading_never_keeps_the_log_from_being_reused(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    with reading(writer.path) as reader:
        for seq in range(1, 60):
            writer.write(samples.frames("x" * 200_000, first_seq=seq))
            reader.frames(1, 50)
            reader.requests(0, 50)
            reader.frames_with_raw(1, 1)
        size = (tmp_path / "a.capture-wal").stat().st_size
    writer.close()
    assert size < 6_000_000


# -- what is no capture


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    with (
        reading(samples.capture(tmp_path)) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader._connection.execute("DELETE FROM frames")


def refusal(path: Path) -> str:
    with pytest.raises(CaptureError) as caught:
        CaptureReader(path)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    assert text.endswith(".")
    assert ": " in text  # what is wrong: what to do
    return text


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "none.capture")


def test_a_folder_is_told(tmp_path: Path) -> None:
    assert "does not name a file" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"SQLite format 2\0", os.urandom(5000)])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert "is not a capture" in refusal(tmp_path / "a")


def test_a_file_that_only_begins_as_a_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert "is not a capture" in refusal(tmp_path / "a")


def test_another_programs_database_is_told(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a")
    other.execute("CREATE TABLE frames (seq)")
    other.close()
    assert "is a database but no capture" in refusal(tmp_path / "a")


def changed_by(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return path


def test_a_newer_format_is_told(tmp_path: Path) -> None:
    path = changed_by(samples.capture(tmp_path), f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    assert "update slipstream-inspector" in refusal(path)


def test_a_capture_without_a_table_is_told(tmp_path: Path) -> None:
    assert "lacks tables" in refusal(changed_by(samples.capture(tmp_path), "DROP TABLE notes"))


def test_a_view_in_the_place_of_a_table_is_refused(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    path = changed_by(samples.capture(tmp_path), "DROP TABLE notes", f"CREATE VIEW notes AS {endless}")
    assert "lacks tables" in refusal(path)


def test_a_capture_without_totals_is_told(tmp_path: Path) -> None:
    assert "does not hold what a capture holds" in refusal(
        changed_by(samples.capture(tmp_path), "DELETE FROM totals")
    )


def test_a_capture_that_lost_its_last_frame_is_told(tmp_path: Path) -> None:
    path = changed_by(samples.capture(tmp_path, samples.frames("x", "y")), "DELETE FROM frames WHERE seq = 2")
    assert "last frames are missing" in refusal(path)


def test_a_truncated_capture_is_told(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames(*["x" * 3000] * 200))
    os.truncate(path, path.stat().st_size // 2)
    assert "is damaged" in refusal(path)


def test_damage_that_sqlite_quotes_though_it_is_no_text_is_told(tmp_path: Path) -> None:
    path = changed_by(
        samples.capture(tmp_path),
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET name = CAST(x'ff41' AS TEXT), sql = 'CREATE TABLE x(' WHERE name = 'notes'",
    )
    assert "is damaged" in refusal(path)


def test_damage_in_the_middle_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames(*["x" * 3000] * 200))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 50_000] = b"\xa5" * 50_000
    path.write_bytes(content)
    with reading(path) as reader, pytest.raises(CaptureError, match=r"is damaged|holds values"):
        reader.frames(1, 200)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE frames SET direction = 'sideways'",
        "UPDATE frames SET size_bytes = 'large'",
        "UPDATE frames SET summary = x'ff'",
        "UPDATE frames SET time_ns = 0.5",
        "UPDATE frames SET summary = CAST(x'ff' AS TEXT)",
    ],
)
def test_values_that_no_writer_makes_are_told(tmp_path: Path, statement: str) -> None:
    path = changed_by(
        samples.capture(tmp_path, samples.frames("x")), "UPDATE totals SET frames = 0", statement
    )
    with reading(path) as reader, pytest.raises(CaptureError):
        reader.frames(1, 9)


def test_columns_of_broken_json_read_as_empty(tmp_path: Path) -> None:
    path = samples.capture(
        tmp_path, Batch(connections={1: samples.CONNECTION}, operations={1: [samples.OPERATION]})
    )
    changed_by(path, "UPDATE connections SET handshake = '[1'", "UPDATE operations SET params = x'00'")
    with reading(path) as reader:
        assert reader.connections()[0].handshake == {}
        assert reader.operations()[0].params is None


def test_json_nested_without_end_reads_as_empty(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, Batch(operations={1: [samples.OPERATION]}))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE operations SET params = ?", ("[" * 200_000,))
    connection.close()
    with reading(path) as reader:
        assert reader.operations()[0].params is None


# -- folders and files that may not be written


@pytest.fixture
def shelf() -> Iterator[Path]:
    """Give a folder that an unprivileged user may reach, and be one if the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="shelf-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def as_a_stranger() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_without_permission_is_told(shelf: Path) -> None:
    path = samples.capture(shelf)
    path.chmod(0)
    with as_a_stranger():
        assert "no permission" in refusal(path)


def test_a_folder_without_permission_is_told_to_the_writer(shelf: Path) -> None:
    shelf.chmod(0o555)
    with as_a_stranger(), pytest.raises(CaptureError, match="no permission"):
        samples.writer(shelf)


def test_a_finished_capture_in_a_read_only_folder_is_read(shelf: Path) -> None:
    path = samples.capture(shelf, samples.frames("x"))
    path.chmod(0o444)
    shelf.chmod(0o555)
    with as_a_stranger(), reading(path) as reader:
        assert len(reader.frames(1, 9)) == 1


def test_a_capture_in_log_mode_in_a_read_only_folder_is_read(shelf: Path) -> None:
    path = changed_by(samples.capture(shelf, samples.frames("x")), "PRAGMA journal_mode = WAL")
    path.chmod(0o444)
    shelf.chmod(0o555)
    with as_a_stranger(), reading(path) as reader:
        assert len(reader.frames(1, 9)) == 1


def test_a_capture_whose_writer_was_killed_is_read_in_a_read_only_folder(shelf: Path) -> None:
    working = shelf / "working"
    working.mkdir()
    writer = samples.writer(working)
    writer.write(samples.frames("x"))
    for part in working.iterdir():
        shutil.copy(part, shelf / part.name)
        (shelf / part.name).chmod(0o444)
    writer.close()
    shelf.chmod(0o555)
    with as_a_stranger(), reading(shelf / "a.capture") as reader:
        assert len(reader.frames(1, 9)) == 1


def test_another_program_that_reads_what_is_recorded_here_takes_no_log_away(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.frames("before"))
    reader = CaptureReader(writer.path)  # in the process of the writer, as headless
    select = (
        "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('SELECT max(seq) FROM frames'))"
    )
    subprocess.run([sys.executable, "-c", select, writer.path], check=True)
    writer.write(samples.frames("after", first_seq=2))
    reader.close()
    seen = subprocess.run([sys.executable, "-c", select, writer.path], check=True, stdout=subprocess.PIPE)
    writer.close()
    assert seen.stdout == b"(2,)\n"
