import asyncio
import io
import json
from typing import Any

import pytest

from inspector_app.schemas.checking import Problem
from inspector_app.schemas.judge import answer_of, request_of, serve
from inspector_app.schemas.judging import Judge

COUNT = {"properties": {"count": {"type": "integer"}}, "required": ["count"]}


def doubling(levels: int) -> dict[str, Any]:
    """A schema whose check takes twice as long with each level."""
    parts = {
        f"d{n}": {
            "anyOf": [
                {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"type": kind}]} for kind in ("string", "number")
            ]
        }
        for n in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**parts, f"d{levels}": {"type": "object"}}}


async def test_data_is_checked_in_a_process_of_its_own() -> None:
    judge = Judge()
    try:
        assert (await judge.check(COUNT, '{"count": 1}')).problems == ()
        assert (await judge.check(COUNT, "{}")).problems == (Problem(("count",), "must be there"),)
        assert (await judge.check({"type": "array"}, "{}")).problems == (
            Problem((), "must be of type array"),
        )
        assert (await judge.check(None, "{}")).problems == ()
    finally:
        judge.close()


async def test_a_schema_whose_check_does_not_end_is_given_up_and_the_loop_goes_on() -> None:
    judge = Judge(time_limit_s=0.3)
    try:
        checking = asyncio.create_task(judge.check(doubling(40), "{}"))
        turns = 0
        while not checking.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert "takes too long" in (await checking).unusable
        assert turns > 5
        assert "takes too long" in (await judge.check(doubling(40), "{}")).unusable
        assert (await judge.check(COUNT, "{}")).problems != ()
    finally:
        judge.close()


@pytest.mark.parametrize("schema", ["nonsense", 7, {"$ref": "http://127.0.0.1:9/x"}, {"type": 5}])
async def test_what_is_no_schema_says_so(schema: object) -> None:
    judge = Judge()
    try:
        assert (await judge.check(schema, "{}")).unusable.endswith("data is not checked.")
    finally:
        judge.close()


async def test_a_check_that_nobody_waits_for_ends_its_process() -> None:
    judge = Judge()
    try:
        await judge.check(COUNT, "{}")
        checking = asyncio.create_task(judge.check(doubling(40), "{}"))
        await asyncio.sleep(0.05)
        checking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await checking
        assert (await judge.check(COUNT, '{"count": 1}')).problems == ()
    finally:
        judge.close()


@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_process_that_was_just_started_is_ended_when_nobody_checks_any_more(cancelled: bool) -> None:
    judge = Judge()
    checking = asyncio.create_task(judge.check(COUNT, "{}"))
    await asyncio.sleep(0)
    judge.close()
    if cancelled:
        checking.cancel()
    await asyncio.wait([checking])
    assert judge._process is None
    assert (await judge.check(COUNT, "{}")).problems == ()


def test_each_request_has_an_answer() -> None:
    asked = request_of("schema", json.dumps(COUNT).encode()) + request_of("value", b'{"count": "x"}')
    answers = io.BytesIO()
    serve(io.BytesIO(asked), answers)
    first, second = answers.getvalue().splitlines()
    assert answer_of(first) == ([], "")
    assert answer_of(second) == ([Problem(("count",), "must be of type integer")], "")
