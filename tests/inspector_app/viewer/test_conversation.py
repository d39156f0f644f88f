"""A stream as it is talked on: what each side may still send, what was typed, what a file has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.intents import ClientSpec
from inspector_app.standing import ExchangeStanding
from inspector_app.viewer.conversation import Conversation, Lines, items_of, read_items
from inspector_app.viewer.state import ViewState
from inspector_app.viewer.world import world_of
from tests.inspector_app.recordings import Recording


def talk(recording: Recording) -> Conversation:
    view = ViewState(world_of(ClientSpec(url="ws://127.0.0.1:1")))
    view.attach(CaptureReader(recording.path))
    conversation = Conversation(view, 1)
    conversation.refresh(10**18)
    return conversation


def told(conversation: Conversation) -> list[str]:
    return ["".join(text for text, _ in line) for line in conversation.may]


def standing(sendable: int | None, receivable: int | None) -> ExchangeStanding:
    return ExchangeStanding(
        state="OPEN", sends=True, items_out=0, items_in=0, sendable=sendable, receivable=receivable
    )


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path).connect().frame("out", "stream_stream_request", 0, {"operation": "chat"})


def test_with_both_halves_open_both_may_send_as_their_credit_says(recording: Recording) -> None:
    conversation = talk(recording.commit())
    assert told(conversation) == [
        "→ You may send items, or end your half.",
        "← The peer may send items, end its half or fail.",
    ]
    conversation.standing = standing(1, 0)
    assert told(conversation) == [
        "→ You may send 1 item before more credit, or end your half.",
        "← The peer may send no item before there is credit, end its half or fail.",
    ]
    conversation.standing = standing(1000, 2)
    assert "1,000 items before more credit" in told(conversation)[0]


def test_a_half_that_has_ended_sends_nothing_more(recording: Recording) -> None:
    ended_here = talk(recording.frame("out", "stream_end", 0).commit())
    assert not ended_here.sending
    assert told(ended_here)[0] == "→ You send no items: your half has ended. You may give the stream up."
    assert "may send items" in told(ended_here)[1]


def test_a_stream_that_has_ended_is_said_to_have_ended(recording: Recording) -> None:
    over = talk(recording.frame("out", "stream_end", 0).frame("in", "stream_end", 0).commit())
    assert not over.pending
    assert told(over) == ["The stream has ended: nothing more goes either way.", ""]
    assert "✓ ok" in "".join(text for text, _ in over.headline)


def test_a_stream_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    conversation = talk(Recording(tmp_path).connect().commit())
    assert "Waiting" in conversation.headline[0][0]
    assert conversation.may == ([], [])


def test_lines_that_were_typed_come_back_and_so_does_the_one_that_was_begun() -> None:
    lines = Lines()
    for line in ("1", "2", "2", "3"):
        lines.add(line)
    assert [lines.step(-1, "begun"), *(lines.step(-1, "") for _ in range(3))] == ["3", "2", "1", "1"]
    assert [lines.step(1, typed) for typed in ("", "", "", "begun")] == ["2", "3", "begun", "begun"]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('[1, {"a": [2]}]', ["1", '{"a": [2]}']),
        ('{"a": 1}', ['{"a": 1}']),
        ('1\n\n"x"\r\n{"a":\t2}\n', ["1", '"x"', '{"a":\t2}']),
        ("[1, 2]\n[3]\n", ["[1, 2]", "[3]"]),
        (
            '\n[1.50 ,\n1e400,{"a":1,"a":2},"\\ud800", 123456789012345678901]\n ',
            [
                "1.50",
                "1e400",
                '{"a":1,"a":2}',
                '"\\ud800"',
                "123456789012345678901",
            ],
        ),
        ("[" + "7" * 5_000 + "]", ["7" * 5_000]),
        ("[]", []),
        ("", []),
    ],
)
def test_a_file_is_a_list_or_a_value_a_line(text: str, items: list[str]) -> None:
    assert items_of(text) == items


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1\n{\n", "Line 2 of the file"),
        ("[" * 100_000, "nested"),
        ("[1,]", "Line 1 of the file"),
        ("[1 2]", "Line 1 of the file"),
        ("[1, NaN]", "Item 2 of the file cannot be sent: JSON has no NaN."),
        ("[1, " + "[" * 250 + "]" * 250 + "]", "Item 2 of the file cannot be sent: nested deeper"),
        ("NaN", "Item 1"),
    ],
)
def test_a_file_that_is_no_items_is_told_by_its_line(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        items_of(text)


def test_a_file_of_items_is_read_and_what_is_none_is_told_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "items"
    path.write_bytes(b"\xef\xbb\xbf[1, 2]")
    assert read_items(path) == ["1", "2"]
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin").write_bytes(b'"\xe4"')
    for name, said in (
        ("pipe", "is no file"),
        (".", "is no file"),
        ("gone", "cannot be read: No such file"),
        ("latin", "UTF-8"),
    ):
        with pytest.raises(ValueError, match=said):
            read_items(tmp_path / name)
