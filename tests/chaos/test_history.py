"""The checker accepts a good history, and rejects a bad one for every invariant."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import history, records, tape
from tests.chaos.history import violations
from tests.chaos.records import Call, Ending, History, How, Kind, Rest, Transition, Wire
from tests.chaos.tape import CLOSE, TEXT, Tape

MS = 1_000_000
HELLO = {"hello": {"version": 1, "credit": 4}}
TYPES: dict[Kind, str] = {
    "unary": "request",
    "stream": "stream_request",
    "conversation": "stream_stream_request",
}


class Run:
    """Writes a history by hand, a millisecond a step."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.history = History(Wire(), frames_in=[], frames_out=[])
        wire = self.history.wire
        self._to_server = (wire.sent_by_client, wire.came_to_server)
        self._to_client = (wire.sent_by_server, wire.came_to_client)
        for line in (self._to_server, self._to_client):
            self._put(line, b"HTTP/1.1 101\r\n\r\n")
        self._greeted: set[str] = set()
        self.state("connecting", "connected")

    def call(self, kind: Kind, number: int) -> Call:
        """Open an exchange; its ID is `["c", number]`."""
        call = Call(number, kind, self._tick())
        self.history.calls.append(call)
        self.client(TYPES[kind], number, {"operation": "x", "call": number})
        return call

    def client(self, kind: str, number: int | None, data: Any = None, *, arrives: bool = True) -> None:
        text = self._frame("c", kind, number, data)
        assert self.history.frames_out is not None
        self.history.frames_out.append(text)
        self._put(self._to_server, _frame_bytes(TEXT, text.encode()), arrives=arrives)

    def server(self, kind: str, number: int | None, data: Any = None, *, arrives: bool = True) -> None:
        text = self._frame("s", kind, number, data)
        if arrives:
            assert self.history.frames_in is not None
            self.history.frames_in.append(text)
        self._put(self._to_client, _frame_bytes(TEXT, text.encode()), arrives=arrives)

    def raw_to_client(self, text: str) -> None:
        assert self.history.frames_in is not None
        self.history.frames_in.append(text)
        self._put(self._to_client, _frame_bytes(TEXT, text.encode()))

    def close(self, code: int, *, by_client: bool = False) -> None:
        line = self._to_server if by_client else self._to_client
        self._put(line, _frame_bytes(CLOSE, code.to_bytes(2)))

    def received(self, call: Call, *items: Any) -> None:
        call.received += items
        call.first_received_ns = call.first_received_ns or self._tick()

    def ended(self, call: Call, how: How) -> None:
        call.endings.append(Ending(self._tick(), how))

    def state(self, old: str, new: str, code: int | None = None) -> None:
        self.history.transitions.append(Transition(self._tick(), old, new, code))

    def broken(self) -> set[str]:
        return {violation.invariant for violation in violations(self.history)}

    def texts(self) -> str:
        return "; ".join(violation.text for violation in violations(self.history))

    def _frame(self, peer: str, kind: str, number: int | None, data: Any) -> str:
        fields: dict[str, Any] = {"type": kind, "peerID": peer, "data": data}
        if number is not None:
            fields["requestId"] = ["c", number]
        if peer not in self._greeted:
            fields["meta"] = HELLO
            self._greeted.add(peer)
        return json.dumps(fields)

    def _put(self, line: tuple[Tape, Tape], data: bytes, *, arrives: bool = True) -> None:
        for each in line[: 2 if arrives else 1]:
            each.pieces.append((self._tick(), data))

    def _tick(self) -> int:
        self.now_ns += MS
        return self.now_ns


def _frame_bytes(opcode: int, payload: bytes) -> bytes:
    assert len(payload) < 65536
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2)
    return bytes([0x80 | opcode]) + size + payload


def good() -> Run:
    """One call of each kind, all well, then a normal close."""
    run = Run()
    unary = run.call("unary", 0)
    run.server("response", 0, 3)
    run.received(unary, 3)
    run.ended(unary, "normal")
    stream = run.call("stream", 1)
    for item in (1, None, 2):
        run.server("stream_data", 1, item)
        run.received(stream, item)
    run.server("stream_end", 1)
    run.ended(stream, "normal")
    talk = run.call("conversation", 2)
    for letter in "ab":
        talk.sent.append(letter)
        run.client("stream_data", 2, letter)
        run.server("stream_data", 2, letter)
        run.received(talk, letter)
    run.client("stream_end", 2)
    run.server("stream_end", 2)
    run.ended(talk, "normal")
    failed = run.call("unary", 3)
    run.server("error", 3, {"error": "no"})
    run.ended(failed, "remote error")
    return run


def closed(run: Run, code: int = 1000) -> Run:
    run.close(code)
    run.state("connected", "closed" if code in (1000, 1001) else "lost", code)
    return run


# -- good ones -----------------------------------------------------------------------------------------------


def test_the_checker_knows_nothing_of_the_library() -> None:
    for module in (history, records, tape):
        names = {
            name
            for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
            if name is not None
        }
        assert not [name for name in names if name.startswith(("slipstream", "websockets"))]


@pytest.mark.parametrize("code", [1000, 1001, 1011])
def test_a_good_history_breaks_nothing(code: int) -> None:
    run = closed(good(), code)
    run.history.rests.append(Rest("client", {"tables": []}, (3, 3), (9, 8), (50.0, 60.0), 20.0))
    assert violations(run.history) == []


def test_a_stream_that_is_cut_off_and_says_so_breaks_nothing() -> None:
    run = good()
    stream = run.call("stream", 4)
    run.server("stream_data", 4, 0)
    run.server("stream_data", 4, 1, arrives=False)
    run.received(stream, 0)
    run.state("connected", "lost", 1006)
    run.ended(stream, "lost")
    assert violations(run.history) == []


def test_an_error_after_the_end_of_a_half_breaks_nothing() -> None:
    run = good()
    talk = run.call("conversation", 4)
    run.client("stream_end", 4)
    run.client("error", 4, {"error": "no", "code": "cancelled"})
    run.ended(talk, "cancelled")
    assert violations(run.history) == []


# -- I1: each call ends once ---------------------------------------------------------------------------------


def test_a_call_without_an_end_is_rejected() -> None:
    run = good()
    run.call("unary", 4)
    assert run.broken() == {"I1"}


def test_a_call_that_ends_twice_is_rejected() -> None:
    run = good()
    run.ended(run.history.calls[0], "lost")
    assert run.broken() == {"I1"}


def test_a_call_that_ends_long_after_its_connection_is_rejected() -> None:
    run = good()
    call = run.call("unary", 4)
    run.state("connected", "lost", 1006)
    run.now_ns += 1001 * MS
    run.ended(call, "lost")
    assert run.broken() == {"I1"}


def test_a_call_that_ends_before_it_began_is_rejected() -> None:
    run = good()
    run.history.calls[0].endings[0] = Ending(0, "normal")
    assert run.broken() == {"I1"}


# -- I2: nothing follows an end ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "frame", "number"),
    [
        ("server", "response", 0),
        ("server", "error", 0),
        ("client", "error", 0),
        ("server", "stream_data", 1),
        ("server", "stream_end", 1),
        ("client", "stream_data", 2),
        ("server", "stream_end", 2),
    ],
)
def test_a_frame_after_the_end_of_its_senders_half_is_rejected(by: str, frame: str, number: int) -> None:
    run = good()
    if (by, number) == ("client", 0):
        run.client("stream_end", 0)
    getattr(run, by)(frame, number, {"error": "no"})
    assert "I2" in run.broken()


def test_an_error_after_an_error_is_rejected() -> None:
    run = good()
    talk = run.call("conversation", 4)
    for _ in range(2):
        run.client("error", 4, {"error": "no"})
    run.ended(talk, "cancelled")
    assert run.broken() == {"I2"}


@pytest.mark.parametrize(
    ("kind", "by", "frame"),
    [
        ("unary", "client", "response"),
        ("unary", "server", "stream_data"),
        ("stream", "client", "stream_data"),
        ("stream", "server", "response"),
        ("conversation", "server", "response"),
    ],
)
def test_a_frame_that_its_sender_may_never_send_is_rejected(kind: Kind, by: str, frame: str) -> None:
    run = good()
    run.ended(run.call(kind, 4), "cancelled")
    getattr(run, by)(frame, 4)
    assert run.broken() == {"I2"}


def test_a_frame_of_an_exchange_that_nobody_opened_is_rejected() -> None:
    run = good()
    run.server("stream_data", 77, 1)
    assert run.broken() == {"I2"}


# -- I3: what came is what was sent, and an end is an end ----------------------------------------------------


def broken_stream(sent: list[Any], received: list[Any], *, how: How, end: bool, arrives: int = 99) -> Run:
    run = good()
    stream = run.call("stream", 4)
    for place, item in enumerate(sent):
        run.server("stream_data", 4, item, arrives=place < arrives)
    if end:
        run.server("stream_end", 4)
    run.received(stream, *received)
    run.ended(stream, how)
    return run


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ([0, 1, 2], [0, 2]),
        ([0, 1, 2], [1, 2]),
        ([0, 1, 2], [1, 0]),
        ([0, 1, 2], [0, 0]),
        ([0, 1], [0, 1, 2]),
        ([0, None, 1], [0, 1]),
    ],
)
def test_items_with_a_gap_or_out_of_order_are_rejected(sent: list[Any], received: list[Any]) -> None:
    assert broken_stream(sent, received, how="cancelled", end=False).broken() == {"I3"}


def test_an_item_that_cannot_have_come_is_rejected() -> None:
    run = broken_stream([0, 1], [0, 1], how="lost", end=False, arrives=1)
    run.history.frames_in = None
    assert run.broken() == {"I3"}


def test_a_normal_end_with_items_missing_is_rejected() -> None:
    assert broken_stream([0, 1], [0], how="normal", end=True).broken() == {"I3"}


@pytest.mark.parametrize("produced", [range(1, 3), range(3), range(5, 7)])
def test_items_that_the_other_program_did_not_produce_so_are_rejected(produced: range) -> None:
    run = broken_stream([0, 1], [0, 1], how="normal", end=True)
    run.history.calls[-1].produced = range(2)
    assert run.broken() == set()
    run.history.calls[-1].produced = produced
    assert run.broken() == {"I3"}


def test_a_normal_end_of_a_stream_that_was_cut_off_is_rejected() -> None:
    assert broken_stream([0, 1], [0, 1], how="normal", end=False).broken() == {"I3"}


def test_a_normal_end_of_a_call_without_its_response_is_rejected() -> None:
    run = good()
    run.ended(run.call("unary", 4), "normal")
    assert run.broken() == {"I3"}


def test_a_wrong_result_is_rejected() -> None:
    run = good()
    run.history.calls[0].received = [4]
    assert run.broken() == {"I3"}


def test_a_remote_error_that_nobody_sent_is_rejected() -> None:
    run = good()
    run.ended(run.call("unary", 4), "remote error")
    assert run.broken() == {"I3"}


def test_items_on_the_wire_that_the_caller_did_not_send_are_rejected() -> None:
    run = good()
    run.history.calls[2].sent[0] = "z"
    assert run.broken() == {"I3"}


# -- I4, I5: what is left ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rest",
    [
        Rest("client", {"exchanges": 1}),
        Rest("client", tasks=(3, 4)),
        Rest("client", files=(3, 4)),
        Rest("client", complaints=["Task was destroyed but it is pending!"]),
    ],
)
def test_something_left_behind_is_rejected(rest: Rest) -> None:
    run = good()
    run.history.rests.append(rest)
    assert run.broken() == {"I4"}


def test_memory_over_its_bound_is_rejected() -> None:
    run = good()
    run.history.rests.append(Rest("client", resident_mib=(50.0, 71.0), bound_mib=20.0))
    assert run.broken() == {"I5"}


# -- I6: the states of the connection ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        [("connected", "connected")],
        [("connecting", "closed")],
        [("closing", "closed")],
        [("connected", "lost"), ("lost", "closed")],
        [("connected", "lost"), ("connected", "lost")],
        [("connected", "closing"), ("closing", "connected")],
    ],
)
def test_a_step_that_is_not_in_the_table_is_rejected(changes: list[tuple[str, str]]) -> None:
    run = good()
    for old, new in changes:
        run.state(old, new, {"closed": 1000, "lost": 1006}.get(new))
    run.close(1000)
    assert run.broken() == {"I6"}


@pytest.mark.parametrize(
    ("state", "code"), [("closed", 1011), ("closed", 1006), ("lost", 1000), ("lost", 1001)]
)
def test_an_end_told_as_another_is_rejected(state: str, code: int) -> None:
    run = good()
    run.close(code)
    run.state("connected", state, code)
    assert run.broken() == {"I6"}


def test_a_close_code_that_nobody_sent_is_rejected() -> None:
    run = good()
    run.state("connected", "lost", 1011)
    assert run.broken() == {"I6"}


def test_a_call_that_is_told_another_end_than_its_connection_had_is_rejected() -> None:
    run = good()
    call = run.call("unary", 4)
    run.state("connected", "lost", 1006)
    run.ended(call, "closed")
    assert run.broken() == {"I6"}


def test_closing_on_purpose_is_a_normal_end_whatever_the_code() -> None:
    run = good()
    run.history.closed_here = True
    run.state("connected", "closed", 1006)
    assert run.broken() == set()


# -- I7: the own account is the wire -------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["frames_in", "frames_out"])
def test_an_own_account_that_lacks_a_frame_is_rejected(account: str) -> None:
    run = good()
    del getattr(run.history, account)[2]
    assert run.broken() == {"I7"}


@pytest.mark.parametrize("account", ["frames_in", "frames_out"])
def test_an_own_account_that_differs_in_a_byte_is_rejected(account: str) -> None:
    run = good()
    getattr(run.history, account)[2] += " "
    assert run.broken() == {"I7"}


def test_an_own_account_may_lack_what_had_not_been_read_at_the_end() -> None:
    run = good()
    assert run.history.frames_in is not None
    run.history.frames_in.pop()
    assert run.broken() == set()


# -- I9: garbage does no harm --------------------------------------------------------------------------------


def test_garbage_after_which_nothing_is_answered_is_rejected() -> None:
    run = good()
    run.raw_to_client("[1]")
    run.server("request", 5, {"operation": "x"})
    assert run.broken() == {"I9"}


def test_garbage_after_which_a_request_is_answered_breaks_nothing() -> None:
    run = good()
    run.raw_to_client("{")
    run.server("request", 5, {"operation": "x"})
    run.client("response", 5, 1)
    assert run.broken() == set()


@pytest.mark.parametrize(("code", "broken"), [(1007, set()), (4400, set()), (1011, {"I9"}), (3000, {"I9"})])
def test_garbage_closes_with_a_code_that_is_documented(code: int, broken: set[str]) -> None:
    run = good()
    run.raw_to_client("{")
    run.server("request", 5, {"operation": "x"})
    run.close(code, by_client=True)
    run.state("connected", "lost", code)
    assert run.broken() == broken


# -- I10: credit is kept -------------------------------------------------------------------------------------


def streaming(run: Run, items: int, *, by: str = "server") -> Call:
    call = run.call("conversation", 4)
    for item in range(items):
        if by == "client":
            call.sent.append(item)
        getattr(run, by)("stream_data", 4, item)
    return call


def raise_credit(run: Run, by: str, limit: int, *, arrives: bool = True) -> None:
    data = {"operation": "slipstream.credit", "requestId": ["c", 4], "limit": limit}
    getattr(run, by)("fire_and_forget", None, data, arrives=arrives)


@pytest.mark.parametrize("by", ["server", "client"])
@pytest.mark.parametrize(("items", "broken"), [(4, set()), (5, {"I10"})])
def test_more_items_than_the_credit_of_the_hello_are_rejected(by: str, items: int, broken: set[str]) -> None:
    run = good()
    run.ended(streaming(run, items, by=by), "cancelled")
    assert run.broken() == broken


@pytest.mark.parametrize(
    ("limit", "arrives", "broken"), [(5, True, set()), (4, True, {"I10"}), (9, False, {"I10"})]
)
@pytest.mark.parametrize("by", ["server", "client"])
def test_credit_counts_once_it_has_come(by: str, limit: int, arrives: bool, broken: set[str]) -> None:
    run = good()
    call = streaming(run, 4, by=by)
    raise_credit(run, "client" if by == "server" else "server", limit, arrives=arrives)
    if by == "client":
        call.sent.append("more")
    getattr(run, by)("stream_data", 4, "more")
    run.ended(call, "cancelled")
    assert run.broken() == broken, run.texts()


def test_a_client_that_has_heard_nothing_yet_is_held_to_no_credit() -> None:
    run = Run()
    run.ended(streaming(run, 9, by="client"), "cancelled")
    run.server("stream_data", 4, 1)
    assert run.broken() == set()


def test_a_legacy_peer_is_held_to_no_credit() -> None:
    run = Run()
    run._greeted.add("s")
    run.ended(streaming(run, 9), "cancelled")
    assert run.broken() == set()
