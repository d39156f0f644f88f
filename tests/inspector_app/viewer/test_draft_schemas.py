"""What is known of data that is being written: told, else learned, from the calls it is like."""

import pytest
from msgspec.structs import replace

from inspector_app.capture.usage import Calls
from inspector_app.viewer.draft_schemas import DraftSchemas
from inspector_app.viewer.learning import LearnedOperation
from inspector_app.viewer.operations import Operation
from tests.inspector_app.viewer.test_drafts import STREAM

TOLD = {"properties": {"a": {"type": "string"}}}


def learned(calls: Calls) -> LearnedOperation:
    made = LearnedOperation(calls.operation)
    made.params.add({"learned": calls.kind})
    made.sent.add("sent")
    made.returns.add(7)
    return made


def test_what_the_other_side_told_goes_before_what_was_seen_for_calls_of_its_kind_alone() -> None:
    schemas = DraftSchemas([Operation(name="get", kind="request_response", params=TOLD)], None, learned)
    assert schemas.of("request", "get") == (TOLD, False)
    assert not schemas.may_learn("request", "get")
    assert schemas.of("stream", "get") == (None, False)
    assert schemas.may_learn("stream", "get")
    schemas.learn("stream", "get")()
    schema, is_learned = schemas.of("stream", "get")
    assert is_learned
    assert "request_stream" in str(schema)
    assert not schemas.may_learn("stream", "get")


def test_what_was_not_taken_over_is_not_known_and_without_a_name_nothing_is_learned() -> None:
    schemas = DraftSchemas([], None, learned)
    schemas.learn("request", "get")
    assert schemas.of("request", "get") == (None, False)
    assert not schemas.may_learn("request", "")
    assert not DraftSchemas([], None, None).may_learn("request", "get")


@pytest.mark.parametrize(("mine", "type_"), [(True, "string"), (False, "integer")])
def test_of_an_item_it_is_known_what_this_side_sent_on_such_a_stream(mine: bool, type_: str) -> None:
    stream = replace(STREAM, mine=mine)
    schemas = DraftSchemas([Operation(name="chat", kind="stream_stream", params=TOLD)], stream, learned)
    schemas.learn("item", "chat")()
    schema, _ = schemas.of("item", "chat")
    assert isinstance(schema, dict)
    assert schema["type"] == type_
