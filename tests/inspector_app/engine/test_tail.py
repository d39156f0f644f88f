"""A tail gives each row of a growing capture once, in the order in which things happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from inspector_app.capture.records import (
    Batch,
    ConnectionOpened,
    ConnectionRow,
    ExchangeSettled,
    FindingRow,
    FrameSeen,
    HandshakeSeen,
    Noted,
    OperationsDescribed,
    Record,
    StateChanged,
)
from inspector_app.capture.store import CaptureReader, CaptureWriter
from inspector_app.engine.tail import Described, Item, Tail
from inspector_app.model.fold import Fold
from tests.inspector_app.capture import samples


class Growing:
    """A capture that a test writes to, with a tail on it."""

    def __init__(self, path: Path) -> None:
        self.writer = CaptureWriter(path, source={"kind": "test"}, software="test")
        self.reader = CaptureReader(path)
        self.tail = Tail(self.reader)
        self.fold = Fold()

    def commit(self, *records: Record) -> None:
        for record in records:
            self.fold.apply(record)
        self.writer.write(self.fold.take())

    def drain(self) -> list[str]:
        told: list[str] = []
        while items := self.tail.read():
            told += [tell(item) for item in items]
        return told


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Growing]:
    growing = Growing(tmp_path / "one.capture")
    yield growing
    growing.reader.close()
    growing.writer.close()


def tell(item: Item) -> str:
    if isinstance(item, tuple):
        return f"frame {item[0].seq}"
    if isinstance(item, ConnectionRow):
        return f"connection {item.conn}"
    if isinstance(item, Described):
        return f"described {item.connection.conn}"
    if isinstance(item, FindingRow):
        return f"finding {item.rule}"
    return type(item).__name__.removesuffix("Row").lower()


OPENED = ConnectionOpened(conn=1, time_ns=1, role="client", address="ws://h", local_peer="me")
CONNECTED = StateChanged(conn=1, time_ns=2, old="CONNECTING", new="CONNECTED")


def frame(number: int = 0) -> FrameSeen:
    raw = f'{{"type":"request","requestId":["me",{number}],"peerID":"me","data":{{"operation":"x"}}}}'
    return FrameSeen(conn=1, time_ns=3, direction="out", raw=raw)


def test_rows_come_in_the_order_in_which_they_happened(growing: Growing) -> None:
    settled = ExchangeSettled(conn=1, time_ns=5, request_id=("me", 0), outcome="timeout")
    note = Noted(time_ns=6, level="info", text="hm")
    growing.commit(OPENED, CONNECTED, frame(0), settled, note, frame(1))
    assert growing.drain() == ["connection 1", "state", "frame 1", "settled", "note", "frame 2"]


def test_what_was_given_is_not_given_again(growing: Growing) -> None:
    growing.commit(OPENED, CONNECTED, frame(0))
    growing.drain()
    assert growing.drain() == []
    growing.commit(frame(1), Noted(time_ns=6, level="info", text="hm"))
    assert growing.drain() == ["frame 2", "note"]


def test_a_connection_is_introduced_with_the_handshake_that_is_known_by_then(growing: Growing) -> None:
    growing.commit(OPENED)
    assert growing.drain() == []
    growing.commit(HandshakeSeen(conn=1, time_ns=2, handshake={"request_line": "GET / HTTP/1.1"}), CONNECTED)
    (connection, _) = growing.tail.read()
    assert isinstance(connection, ConnectionRow)
    assert connection.handshake == {"request_line": "GET / HTTP/1.1"}


def test_a_finding_follows_its_frame(growing: Growing) -> None:
    bad = FrameSeen(conn=1, time_ns=3, direction="in", raw="no frame")
    growing.commit(OPENED, CONNECTED, bad, frame(0))
    told = growing.drain()
    assert told[2] == "frame 1"
    assert told[3].startswith("finding ")
    assert told[4:] == ["frame 2"]


def test_operations_are_given_once_they_are_told(growing: Growing) -> None:
    growing.commit(OPENED, CONNECTED)
    growing.drain()
    operation: dict[str, object] = {
        "name": "add",
        "kind": "request_response",
        "doc": "",
        "params": None,
        "returns": None,
    }
    growing.commit(OperationsDescribed(conn=1, time_ns=4, operations=(operation,)))
    assert growing.drain() == ["described 1"]
    assert growing.drain() == []


def test_more_than_a_portion_comes_in_several_without_losing_the_order(growing: Growing) -> None:
    records: list[Record] = [OPENED, CONNECTED]
    for number in range(1300):
        records += [frame(number), Noted(time_ns=9, level="info", text=str(number))]
    growing.commit(*records)
    told = growing.drain()
    assert told[:2] == ["connection 1", "state"]
    expected: list[str] = []
    for number in range(1300):
        expected += [f"frame {number + 1}", "note"]
    assert told[2:] == expected


def test_many_events_between_two_frames_stay_between_them(growing: Growing) -> None:
    notes = [Noted(time_ns=9, level="info", text=str(number)) for number in range(1300)]
    growing.commit(OPENED, CONNECTED, frame(0), *notes, frame(1))
    assert growing.drain() == ["connection 1", "state", "frame 1", *["note"] * 1300, "frame 2"]


def test_many_findings_of_a_frame_come_before_the_next_frame(growing: Growing) -> None:
    for number in range(1, 3):
        growing.commit(OPENED, CONNECTED, frame(number))
    rows = [samples.FINDING] * 1300
    findings = [replace(row, id=number, seq=1) for number, row in enumerate(rows, start=1)]
    growing.writer.write(Batch(findings=findings))
    told = growing.drain()
    assert told.index("frame 2") > max(place for place, item in enumerate(told) if item.startswith("finding"))


def test_a_new_connection_costs_as_much_after_hundreds_as_after_one(growing: Growing) -> None:
    steps = [0]

    def count() -> int:
        steps[-1] += 1
        return 0

    def come_and_go(conn: int) -> None:
        growing.commit(
            ConnectionOpened(conn=conn, time_ns=1, role="server", address="ws://h", local_peer="me"),
            StateChanged(conn=conn, time_ns=2, old="CONNECTING", new="CONNECTED"),
            StateChanged(conn=conn, time_ns=3, old="CONNECTED", new="LOST"),
        )
        steps.append(0)
        assert growing.drain() == [f"connection {conn}", "state", "state"]

    growing.reader._connection.set_progress_handler(count, 1)
    for conn in range(1, 301):
        come_and_go(conn)
    assert steps[300] <= steps[2]
