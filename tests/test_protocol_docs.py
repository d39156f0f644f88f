"""The tables of docs/protocol.md say what the code does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from slipstream import exchanges, remote, session
from slipstream.exchanges import CODES
from slipstream.frames import MessageType
from slipstream.lifecycle import (
    CONNECTION_TRANSITIONS,
    STREAM_TRANSITIONS,
    ConnectionState,
    StreamEffect,
    StreamEvent,
    StreamState,
)
from slipstream.limits import MAX_COUNTER, MAX_NESTING, MAX_PEER_ID, Limits
from slipstream.transport import NO_CLOSE_FRAME, NORMAL_CODES
from tests.slipstream.wire import HELLO

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "protocol.md").read_text()


def rows(section: int, first_title: str) -> list[list[str]]:
    """The cells of the table with this first title, without its head, backticks taken away."""
    (text,) = re.findall(rf"^## {section}\..*?(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    (table,) = [table for table in tables if table.startswith(f"| {first_title} |")]
    return [
        [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        for line in table.splitlines()[2:]
    ]


EVENTS = {
    "I send data": StreamEvent.SEND_DATA,
    "I send the end": StreamEvent.SEND_END,
    "I send the response": StreamEvent.SEND_RESPONSE,
    "data comes": StreamEvent.DATA,
    "the end comes": StreamEvent.END,
    "the response comes": StreamEvent.RESPONSE,
    "error or cancellation, either way": StreamEvent.ABORT,
    "the connection ends": StreamEvent.CONNECTION_ENDED,
}
CELLS = {
    "local error": StreamEffect.LOCAL_ERROR,
    "nothing": StreamEffect.NOTHING,
    "finding": StreamEffect.FINDING,
    "ignored": StreamEffect.IGNORE,
}


def test_the_types_are_those_of_the_code() -> None:
    assert {row[0] for row in rows(3, "type")} == {kind.value for kind in MessageType}


def test_the_state_table_of_an_exchange_has_every_state_and_every_event() -> None:
    told = {}
    for event, *cells in rows(5, "event"):
        for state, cell in zip(StreamState, cells, strict=True):
            if cell in CELLS:
                told[state, EVENTS[event]] = (state, CELLS[cell])
            else:
                new = state if cell in {"stays", "delivered"} else StreamState(cell)
                told[state, EVENTS[event]] = (new, StreamEffect.PROCEED)
    assert told == STREAM_TRANSITIONS


def test_the_state_table_of_a_connection_is_that_of_the_code() -> None:
    told = {
        ConnectionState[state]: frozenset(
            ConnectionState[name] for name in after.split(", ") if name != "final"
        )
        for state, _, after in rows(6, "state")
    }
    assert told == CONNECTION_TRANSITIONS


def test_the_close_codes_are_those_of_the_code() -> None:
    states = {int(code): state for codes, _, state in rows(6, "close code") for code in codes.split(", ")}
    assert {code for code, state in states.items() if state == "CLOSED"} == NORMAL_CODES
    private = {session.BAD_FRAME_CODE, session.PEER_ID_COLLISION_CODE, session.FLOOD_CODE}
    assert {code for code in states if code >= 4000} == private
    assert states[NO_CLOSE_FRAME] == "LOST"


def test_the_error_codes_are_those_of_the_code() -> None:
    assert {row[0] for row in rows(7, "code")} == CODES


def test_the_findings_are_those_of_the_code() -> None:
    code = Path(exchanges.__file__).read_text()
    made = set(re.findall(r'(?:Finding|_refused)\(\s*"(\w+)",\s*"§(\d+)"', code))
    after_end = re.search(r'rule = "(\w+)" if .* else "(\w+)"\n\s*return _refused\(rule, "§(\d+)"', code)
    assert after_end is not None
    made |= {(after_end[1], after_end[3]), (after_end[2], after_end[3])}
    assert {(rule, row[2]) for row in rows(7, "finding") for rule in row[0].split(", ")} == made


def test_the_hello_is_that_of_the_code() -> None:
    limits = Limits()
    told = (
        f'"hello": {{"version": {remote.VERSION}, "credit": {limits.credit}, "maxFrame": {limits.frame_bytes}'
    )
    assert told in " ".join(PAGE.split())
    assert all(f'"{name}"' in PAGE for name in HELLO)


@pytest.mark.parametrize("field", dataclasses.fields(Limits), ids=lambda field: field.name)
def test_a_limit_and_its_default_are_those_of_the_code(field: dataclasses.Field[object]) -> None:
    told = {setting: default for _, default, setting, _ in rows(11, "limit")}
    assert value_of(told[field.name]) == field.default


def value_of(text: str) -> object:
    if text in {"none", "off"}:
        return None if text == "none" else False
    number, _, unit = text.partition(" ")
    return float(number.replace(",", "")) * {"MiB": 1024 * 1024}.get(unit, 1)


def test_what_it_says_in_the_text_of_limits_is_so() -> None:
    limits = Limits()
    for sentence in (
        f"{MAX_PEER_ID} characters at most",
        f"below 2^{MAX_COUNTER.bit_length() - 1}",
        f"nested deeper than {MAX_NESTING}",
        f"{limits.stream_buffer_bytes // 2**20} MiB for a stream",
        f"{limits.connection_buffer_bytes // 2**20} MiB for all streams",
        f"bounded by {limits.outbox_bytes // 2**20} MiB",
        f"takes nothing for {limits.send_timeout_s:g} s",
        f"{limits.credit // 2} items of {limits.credit}",
        f"items of more than {limits.stream_buffer_bytes // limits.credit // 1024} KiB",
        f"within {limits.close_timeout_s:g} s is left behind",
        f"no answer after {limits.describe_timeout_s:g} s",
    ):
        assert sentence in " ".join(PAGE.split())


def test_every_section_that_is_cited_is_there() -> None:
    there = {int(number) for number in re.findall(r"^## (\d+)\.", PAGE, re.MULTILINE)}
    assert {int(number) for number in re.findall(r"§(\d+)", PAGE)} <= there
