import json
from typing import Any

import pytest

from inspector_app.capture.records import ExchangeRow
from inspector_app.intents import SendItem, SendMessage, SendRaw
from inspector_app.schemas.examples import data_template
from inspector_app.viewer.drafts import DEFAULT_TIMEOUT_S, FORMS, Draft, Drafts, raw_request
from inspector_app.viewer.operations import Operation
from slipstream.frames import decode
from slipstream.limits import Limits
from tests.inspector_app.recordings import ME, SCHEMA

STREAM = ExchangeRow(
    id=1,
    conn=2,
    opener=ME,
    number=5,
    mine=True,
    kind="stream_stream",
    operation="chat",
    opened_ns=0,
    opened_seq=1,
    state="OPEN",
)


@pytest.mark.parametrize("form", ["request", "stream", "bidirectional", "oneway"])
def test_each_kind_of_message_becomes_an_intent_of_its_kind(form: Any) -> None:
    intent = Draft(form=form, operation=" call ", data='{"a": 1}', timeout="2.5").intent(conn=3)
    timeout = 2.5 if form == "request" else None
    assert intent == SendMessage(kind=form, operation="call", data_json='{"a": 1}', timeout_s=timeout, conn=3)


def test_an_item_is_any_value_and_goes_to_its_stream() -> None:
    intent = Draft(form="item", data="null").intent(stream=STREAM)
    assert intent == SendItem(conn=2, opener=ME, number=5, data_json="null")


@pytest.mark.parametrize("text", ["", "{", "NaN", "\x00", '{"type": "request"}'])
def test_a_raw_frame_is_sent_as_typed_whatever_it_is(text: str) -> None:
    draft = Draft(form="raw", data=text)
    assert draft.problem == ""
    assert draft.intent(conn=1) == SendRaw(text=text, conn=1)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "raw"])
@pytest.mark.parametrize(
    ("operation", "data"),
    [("", "{}"), ("   ", "{}"), ("call", ""), ("call", "{"), ("call", "[1]"), ("call", '{"a": NaN}')],
)
def test_nothing_invalid_becomes_an_intent(form: Any, operation: str, data: str) -> None:
    draft = Draft(form=form, operation=operation, data=data)
    assert draft.problem.endswith(".")
    with pytest.raises(ValueError, match=r"\."):
        draft.intent()


@pytest.mark.parametrize("timeout", ["soon", "0", "-1", "inf", "nan", "1e9"])
def test_a_timeout_that_cannot_be_meant_is_refused(timeout: str) -> None:
    assert "seconds" in Draft(form="request", operation="call", timeout=timeout).problem


def test_a_wrong_timeout_does_not_matter_to_a_form_without_one() -> None:
    assert Draft(form="stream", operation="watch", timeout="soon").problem == ""


def test_the_problem_names_the_place() -> None:
    assert "2:1" in Draft(form="request", operation="call", data='{"a":\n}').problem


def test_an_item_without_a_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="stream"):
        Draft(form="item", data="1").intent()


def test_a_form_begun_from_an_operation_is_laid_out_by_its_schema() -> None:
    drafts = Drafts()
    drafts.begin(Operation(name="watch", kind="request_stream", params=SCHEMA), "stream")
    assert drafts.form == "stream"
    assert drafts.current.operation == "watch"
    assert json.loads(drafts.current.data) == {"symbol": "", "count": 10}


def test_what_was_typed_for_the_same_operation_is_kept() -> None:
    drafts = Drafts()
    operation = Operation(name="watch", kind="request_stream", params=SCHEMA)
    drafts.begin(operation, "stream")
    drafts.current.data = '{"symbol": "BEAN"}'
    drafts.begin(operation, "stream")
    assert drafts.current.data == '{"symbol": "BEAN"}'


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, {}),
        ("nonsense", {}),
        ({"type": "string"}, {}),
        ({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 0}),
        ({"properties": {"a": {"type": "integer"}}}, {}),
        ({"properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]}, {"a": "x"}),
        (
            {
                "properties": {"a": {"$ref": "#/$defs/A"}},
                "required": ["a"],
                "$defs": {"A": {"type": "object", "properties": {"b": {"default": 7}}}},
            },
            {"a": {"b": 7}},
        ),
        ({"properties": {"a": {"$ref": "#/properties/a"}}, "required": ["a"]}, {"a": None}),
        (
            {"properties": {"a": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}, "required": ["a"]},
            {"a": False},
        ),
        ({"properties": {"operation": {"const": "call"}}, "required": ["operation"]}, {}),
    ],
)
def test_a_schema_lays_out_what_is_required_and_what_has_a_default(schema: object, expected: object) -> None:
    assert json.loads(data_template(schema)) == expected


def test_the_deadline_that_is_named_is_the_one_the_library_has() -> None:
    assert Limits().request_timeout_s == DEFAULT_TIMEOUT_S


def test_the_raw_form_is_offered_a_frame_of_this_side_until_something_is_typed() -> None:
    drafts = Drafts()
    drafts.offer_raw(raw_request(ME, 7, "get_quote"))
    frame = decode(drafts.by_form["raw"].data)
    assert (frame.peer_id, frame.request_id) == (ME, (ME, 7))
    drafts.offer_raw(raw_request(ME, 8, "get_quote"))
    assert decode(drafts.by_form["raw"].data).request_id == (ME, 8)
    drafts.by_form["raw"].data = "typed"
    drafts.offer_raw(raw_request(ME, 9, "get_quote"))
    assert drafts.by_form["raw"].data == "typed"


def test_without_a_peer_id_a_raw_frame_is_that_of_a_peer_called_me() -> None:
    assert decode(raw_request(None, 0, "x")).peer_id == "me"


def test_that_an_operation_was_just_chosen_is_told_once() -> None:
    drafts = Drafts()
    drafts.begin(Operation(name="get_quote", kind="request_response"), "request")
    assert [drafts.take_begun(), drafts.take_begun()] == [True, False]


def test_what_is_offered_gives_way_to_what_is_offered_next_until_something_is_typed() -> None:
    draft = Draft(form="request")
    assert draft.offer('{"a": 1}')
    assert draft.offer('{"b": 1}')
    assert not draft.offer('{"b": 1}')
    draft.data = '{"b": 2}'
    assert not draft.offer('{"c": 1}')
    assert draft.data == '{"b": 2}'


@pytest.mark.parametrize(
    ("form", "kind"),
    [("request", "request"), ("bidirectional", "stream_stream_request"), ("oneway", "fire_and_forget")],
)
def test_the_frame_that_a_form_would_send_keeps_its_data_as_it_was_typed(form: Any, kind: str) -> None:
    drafts = Drafts(form=form)
    drafts.current.operation, drafts.current.data = 'say "hi"', '{ "n": 1.00, "n": 2}'
    text = drafts.frame(ME, 7)
    assert text.endswith('"data": {"operation": "say \\"hi\\"", "n": 1.00, "n": 2}}')
    frame = decode(text)
    assert (frame.type.value, frame.peer_id) == (kind, ME)
    assert frame.request_id == (None if form == "oneway" else (ME, 7))
    drafts.current.data = "{}"
    assert decode(drafts.frame(ME, 7)).data == {"operation": 'say "hi"'}
    drafts.current.data = "{"
    assert drafts.frame(ME, 7) == ""
