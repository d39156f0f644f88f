"""Each step of a case tells apart a subject that does it right from one that does not."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from inspector_app.check.cases import Case, CaseError, load_cases, load_file
from inspector_app.check.messages import object_in
from inspector_app.check.player import Difference, play
from slipstream.testing import MemoryWebSocket, websocket_pair

Frame = dict[str, Any]
Subject = Callable[[MemoryWebSocket, Frame], Awaitable[None]]
"""What a subject does with each message that is a JSON object."""

ASK = {"send": {"type": "request", "requestId": "$a", "data": {"operation": "x"}}}
OPENINGS = ("request", "stream_request", "stream_stream_request")


def a_case(tmp_path: Any, *steps: Frame, **more: Any) -> Case:
    told = {"name": "a", "role": "responder", "about": "x", "steps": steps, **more}
    (tmp_path / "some.json").write_text(json.dumps({"section": "§7", "cases": [told]}))
    return load_file(tmp_path / "some.json")[0]


async def played(case: Case, subject: Subject, *, timeout_s: float = 5.0) -> Difference | None:
    near, far = websocket_pair()

    async def attend() -> None:
        with suppress(ConnectionClosed):
            while True:
                frame = object_in(await near.recv())
                if frame is not None:
                    await subject(near, frame)

    attending = asyncio.create_task(attend())
    try:
        return await play(case, far, timeout_s=timeout_s)
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)


async def say(websocket: MemoryWebSocket, kind: str, request_id: Any = None, **fields: Any) -> None:
    frame = {"type": kind, "requestId": request_id, "peerID": "subject", **fields}
    await websocket.send(json.dumps({key: value for key, value in frame.items() if value is not None}))


async def right(websocket: MemoryWebSocket, frame: Frame) -> None:
    """Answers every request with a response of 1."""
    if frame.get("type") in OPENINGS:
        await say(websocket, "response", frame.get("requestId"), data=1)


async def mute(websocket: MemoryWebSocket, frame: Frame) -> None:
    """Answers nothing."""


def sending(*messages: Frame | str | bytes, then: Subject = right) -> Subject:
    """Sends these before it answers the first frame; then it goes on as `then`."""
    waiting = list(messages)

    async def subject(websocket: MemoryWebSocket, frame: Frame) -> None:
        while waiting:
            message = waiting.pop(0)
            if isinstance(message, dict):
                message = json.dumps({"peerID": "subject", **message})
            await websocket.send(message)
        await then(websocket, frame)

    return subject


def closing(code: int) -> Subject:
    async def subject(websocket: MemoryWebSocket, frame: Frame) -> None:
        await websocket.close(code, "enough")

    return subject


# -- the driver sends -------------------------------------------------------------------------------------


async def heard(case: Case) -> list[Any]:
    """What a case sends, of which nothing is answered."""
    near, far = websocket_pair()
    await play(case, far, timeout_s=0.01)
    return [message if isinstance(message, bytes) else json.loads(message) for message in near.waiting]


async def test_the_first_frame_of_a_modern_driver_says_hello(tmp_path: Any) -> None:
    first, second = await heard(a_case(tmp_path, ASK, {"send": {"type": "stream_end", "requestId": "$a"}}))
    assert first["meta"]["hello"]["credit"] == 256
    assert "meta" not in second
    assert first["requestId"] == second["requestId"] == [first["peerID"], 0]


async def test_a_hello_may_be_changed_and_a_legacy_driver_has_none(tmp_path: Any) -> None:
    (frame,) = await heard(a_case(tmp_path, ASK, hello={"credit": 3}))
    assert (frame["meta"]["hello"]["credit"], frame["meta"]["hello"]["version"]) == (3, 1)
    (frame,) = await heard(a_case(tmp_path, ASK, peer="legacy"))
    assert "meta" not in frame


async def test_a_hello_that_was_in_no_frame_is_said_again(tmp_path: Any) -> None:
    unread, frame = await heard(a_case(tmp_path, {**ASK, "binary": "utf-16"}, ASK))
    assert json.loads(unread.decode("utf-16"))["meta"] == frame["meta"]


async def test_bytes_and_text_are_sent_as_they_are(tmp_path: Any) -> None:
    case = a_case(tmp_path, {"send_bytes": "ff 00"}, {"send_text": "[$index]", "times": 2})
    assert await heard(case) == [b"\xff\x00", [0], [1]]


async def test_every_driver_has_a_peer_id_of_its_own(tmp_path: Any) -> None:
    case = a_case(tmp_path, ASK)
    (one,), (other,) = await heard(case), await heard(case)
    assert one["peerID"] != other["peerID"]


# -- the driver looks -------------------------------------------------------------------------------------

ANSWER = {"type": "response", "requestId": "$a"}
ITEM = {"type": "stream_data", "requestId": ["x", 1], "data": 0}
TOLD = {"type": "fire_and_forget", "data": {"operation": "news"}}
CREDIT = {"type": "fire_and_forget", "data": {"operation": "slipstream.credit"}}


@pytest.mark.parametrize(
    ("step", "subject"),
    [
        ({"expect": ANSWER}, right),
        ({"expect": ANSWER}, sending(CREDIT)),
        ({"expect": ANSWER}, sending(TOLD)),
        ({"expect": TOLD}, sending(TOLD)),
        ({"expect": ANSWER, "passing": [{"type": "stream_data"}]}, sending(ITEM, ITEM)),
        (
            {"expect": {"type": "stream_data", "data": "$index"}, "times": 2},
            sending(ITEM, {**ITEM, "data": 1}),
        ),
        ({"expect": ANSWER, "spelled": True, "as_text": True, "ascii": True, "lacks": "zzz"}, right),
        ({"expect": ANSWER, "contains": "peerID"}, right),
        ({"expect_all": [ANSWER, {"type": "stream_data"}]}, sending(ITEM)),
        ({"expect_all": [ANSWER]}, sending(CREDIT)),
        ({"alive": True}, sending(ITEM)),
        ({"hello": {"version": 1}}, sending({**TOLD, "meta": {"hello": {"version": 1}}})),
        ({"closed": [4400]}, closing(4400)),
        ({"closed": [1002, 4400]}, closing(4400)),
        ({"closed": []}, closing(1000)),
        ({"findings": 3}, mute),
    ],
)
async def test_a_step_passes(tmp_path: Any, step: Frame, subject: Subject) -> None:
    assert await played(a_case(tmp_path, ASK, step), subject) is None


@pytest.mark.parametrize(
    ("step", "subject", "expected", "came"),
    [
        ({"expect": {**ANSWER, "data": 2}}, right, '"data": 2', '"data": 1'),
        ({"expect": ANSWER}, sending(ITEM), '"response"', '"stream_data"'),
        ({"expect": ANSWER}, sending("[1]"), '"response"', "a message that is no frame: [1]"),
        ({"expect": ANSWER}, sending('{"x":NaN}'), '"response"', "no frame"),
        ({"expect": ANSWER}, sending("[" * 100_000), '"response"', "no frame: [[["),
        ({"expect": ANSWER}, sending(b"\xff\xfe"), '"response"', "no frame: a binary message"),
        ({"expect": ANSWER}, closing(1011), '"response"', "was closed with code 1011 (enough)"),
        ({"expect": {"type": "stream_data"}, "times": 2}, sending(ITEM), "stream_data", '"response"'),
        ({"expect": {"type": "RESPONSE"}, "spelled": True}, right, "spelled so", '"response"'),
        ({"expect": ITEM, "as_text": True}, sending(json.dumps(ITEM).encode()), "text message", "a binary"),
        ({"expect": {}, "ascii": True}, sending('{"x": "é"}'), "in ASCII alone", "é"),
        ({"expect": {}, "contains": "zzz"}, right, "containing 'zzz'", "response"),
        ({"expect": {}, "lacks": "response"}, right, "without 'response'", "response"),
        (
            {"expect_all": [ANSWER, {"type": "stream_data"}]},
            sending(ITEM, ITEM),
            "in any order",
            "stream_data",
        ),
        ({"silent": True}, right, "nothing but the answer to a probe", '"response"'),
        ({"silent": True}, sending(ITEM, then=mute), "nothing but", "stream_data"),
        ({"hello": {"version": 1}}, right, "a meta.hello like", '"response"'),
        ({"closed": [4400]}, closing(1000), "closed with 4400", "was closed with code 1000"),
        ({"closed": []}, right, "closed with any code", "nothing more within"),
        ({"alive": True}, mute, "an answer to a probe", "nothing more within"),
    ],
)
async def test_a_step_differs(tmp_path: Any, step: Frame, subject: Subject, expected: str, came: str) -> None:
    difference = await played(a_case(tmp_path, ASK, step), subject, timeout_s=0.2)
    assert difference is not None
    assert difference.step == 2
    assert expected in difference.expected
    assert came in difference.came
    assert difference.timed_out is ("nothing more" in came)
    assert '"operation": "x"' in difference.sent[0]


async def test_the_subject_is_known_by_its_first_frame(tmp_path: Any) -> None:
    goodbye = {"send": {"type": "error", "requestId": ["$subject", 1]}}
    assert await played(a_case(tmp_path, ASK, {"expect": ANSWER}, goodbye), right) is None


async def test_what_is_sent_to_a_subject_that_has_closed_is_no_difference(tmp_path: Any) -> None:
    closed = {"closed": [4429]}
    case = a_case(tmp_path, ASK, closed, {"send_text": "x"}, closed)
    assert await played(case, closing(4429)) is None


async def test_silence_is_seen_where_there_is_some(tmp_path: Any) -> None:
    assert await played(a_case(tmp_path, {"silent": True}), right) is None


async def test_a_wrong_answer_that_is_slower_than_a_probe_is_seen(tmp_path: Any) -> None:
    held: list[Frame] = []

    async def slow(websocket: MemoryWebSocket, frame: Frame) -> None:
        if frame.get("type") == "fire_and_forget":
            held.append(frame)
            return
        await right(websocket, frame)
        if held:
            await say(websocket, "error", held.pop()["requestId"], data="no")

    told = {"send": {"type": "fire_and_forget", "requestId": "$a", "data": {"operation": "x"}}}
    difference = await played(a_case(tmp_path, told, {"silent": True}), slow)
    assert difference is not None
    assert '"error"' in difference.came


async def test_what_a_subject_opens_on_its_own_account_is_no_answer_for_an_opener(tmp_path: Any) -> None:
    case = a_case(tmp_path, ASK, {"expect": ANSWER}, role="opener")
    assert await played(case, sending(CREDIT)) is None
    difference = await played(case, sending(TOLD))
    assert difference is not None
    assert "news" in difference.came


async def test_a_legacy_driver_gets_no_credit(tmp_path: Any) -> None:
    case = a_case(tmp_path, ASK, {"expect": ANSWER}, peer="legacy")
    assert await played(case, sending(TOLD)) is None
    difference = await played(case, sending(CREDIT))
    assert difference is not None
    assert "slipstream.credit" in difference.came


async def test_a_request_in_the_drivers_name_is_never_passed_over(tmp_path: Any) -> None:
    async def confused(websocket: MemoryWebSocket, frame: Frame) -> None:
        await say(websocket, "request", frame["requestId"], data={"operation": "x"})

    difference = await played(a_case(tmp_path, ASK, {"expect": ANSWER}), confused)
    assert difference is not None
    assert '"request"' in difference.came


async def test_a_subject_that_sends_for_ever_is_left_in_time(tmp_path: Any) -> None:
    async def endless(websocket: MemoryWebSocket, frame: Frame) -> None:
        while True:
            await say(websocket, "fire_and_forget", data={"operation": "news"})
            await asyncio.sleep(0)

    difference = await played(a_case(tmp_path, ASK, {"expect": ANSWER}), endless, timeout_s=0.1)
    assert difference is not None
    assert difference.came == "nothing more within 0.1 s"
    assert len(difference.transcript) <= 200


async def test_long_messages_are_cut_in_what_is_told(tmp_path: Any) -> None:
    difference = await played(
        a_case(tmp_path, ASK, {"expect": ANSWER}), sending({"type": "x", "y": "z" * 9000})
    )
    assert difference is not None
    assert len(difference.came) < 2100
    assert all(len(line.text) < 2100 for line in difference.transcript)


@pytest.mark.parametrize(
    "step",
    [
        {"call": "a", "kind": "request_response", "data": {}},
        {"notify": {}},
        {"write": "a", "items": []},
        {"end": "a"},
        {"cancel": "a"},
        {"read": "a", "items": []},
        {"outcome": "a", "is": {}},
        {"leave": 1000},
    ],
)
async def test_a_step_of_a_program_that_is_not_there_cannot_be_played(tmp_path: Any, step: Frame) -> None:
    with pytest.raises(CaseError, match="7/a, step 1: this step is the subject's own program's"):
        await played(a_case(tmp_path, step), mute)


# -- all cases --------------------------------------------------------------------------------------------

FROM_OUTSIDE = [case for case in load_cases() if not case.needs_program]


async def test_no_case_is_passed_by_a_subject_that_says_nothing() -> None:
    differences = await asyncio.gather(*(played(case, mute, timeout_s=0.3) for case in FROM_OUTSIDE))
    passed = zip(FROM_OUTSIDE, differences, strict=True)
    assert not [case.path for case, difference in passed if difference is None]


async def test_a_subject_that_answers_all_alike_passes_only_where_silence_is_asked_for() -> None:
    differences = await asyncio.gather(*(played(case, right, timeout_s=0.3) for case in FROM_OUTSIDE))
    passed = [case for case, gone in zip(FROM_OUTSIDE, differences, strict=True) if gone is None]
    assert not [case.path for case in passed if any(step.verb.startswith("expect") for step in case.steps)]


def odd(seed: int) -> Subject:
    """A subject that answers with frames of every wrong sort, and with what is none."""
    chance = random.Random(seed)
    values: list[Any] = [None, True, 7, -1, 0.5, "", "x", [], ["x", 1], {}, {"code": []}, {"operation": {}}]

    async def subject(websocket: MemoryWebSocket, frame: Frame) -> None:
        request_id = frame.get("requestId")
        said = {
            "type": chance.choice(["response", "error", "stream_data", "request", *values]),
            "requestId": chance.choice([request_id, request_id, request_id, *values]),
            "peerID": chance.choice(["subject", *values]),
            "data": chance.choice(values),
            "meta": chance.choice(values),
        }
        for field in list(said):
            if chance.random() < 0.1:
                del said[field]
        deep = '{"requestId":' + "[" * 900 + "]" * 900 + "}"
        await websocket.send(chance.choice([json.dumps(said)] * 18 + [deep, "[1]"]))

    return subject


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_a_subject_answers_there_is_a_verdict(seed: int) -> None:
    differences = await asyncio.gather(*(played(case, odd(seed), timeout_s=0.3) for case in FROM_OUTSIDE))
    assert len([difference for difference in differences if difference]) > len(FROM_OUTSIDE) * 0.9


async def test_a_subject_that_never_says_who_it_is_differs(tmp_path: Any) -> None:
    async def nameless(websocket: MemoryWebSocket, frame: Frame) -> None:
        await websocket.send(json.dumps({"type": "response", "requestId": frame["requestId"]}))

    goodbye = {"send": {"type": "error", "requestId": ["$subject", 1]}}
    difference = await played(a_case(tmp_path, ASK, {"expect": ANSWER}, goodbye), nameless)
    assert difference is not None
    assert (difference.step, difference.expected) == (3, "frames that say who sends them, in peerID")


async def test_a_message_that_is_nested_without_end_differs(tmp_path: Any) -> None:
    deep = '{"requestId":' + "[" * 900 + "]" * 900 + "}"
    case = a_case(tmp_path, ASK, {"expect": {"requestId": "$b"}}, {"expect": {"requestId": "$b"}})
    difference = await played(case, sending(deep, deep))
    assert difference is not None
    assert "nested" in difference.came
