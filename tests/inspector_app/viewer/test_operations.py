from pathlib import Path

import pytest

from inspector_app.viewer.operations import suggestions
from tests.inspector_app.recordings import PEER, Recording
from tests.inspector_app.viewer.views import open_view, texts


def test_what_the_other_side_described_is_listed_with_the_first_line_of_its_documentation(
    tmp_path: Path,
) -> None:
    recording = Recording(tmp_path).connect()
    recording.describe(
        ("get_quote", "request_response", "Give a price.\n\nIn cents."), ("chat", "stream_stream", "")
    )
    assert texts(open_view(recording.close()).operations) == [
        ("→", "bidirectional", "chat", "", "", ""),
        ("→", "request", "get_quote", "", "", "Give a price."),
    ]


def test_what_either_side_called_without_a_description_is_listed_after_it_and_told_apart(
    tmp_path: Path,
) -> None:
    recording = Recording(tmp_path).connect().calls(2)
    recording.frame("out", "fire_and_forget", None, {"operation": "log_event"})
    recording.frame("in", "request", 0, {"operation": "what_we_offer"}, opener=PEER)
    recording.frame("in", "fire_and_forget", None, {"operation": "told_to_us"})
    recording.describe(("zebra", "request_response", "Stripes."), ("log_event", "fire_and_forget", "Log."))
    rows = texts(open_view(recording.close()).operations)
    assert [(row[0], row[1], row[2], row[5]) for row in rows] == [
        ("→", "one-way", "log_event", "Log."),
        ("→", "request", "zebra", "Stripes."),
        ("→", "request", "get_quote", "not described, learned"),
        ("←", "one-way", "told_to_us", "called here, learned"),
        ("←", "request", "what_we_offer", "called here, learned"),
    ]


def test_a_form_is_offered_operations_of_its_kind_the_reserved_ones_last(tmp_path: Path) -> None:
    recording = (
        Recording(tmp_path)
        .connect()
        .describe(
            ("slipstream.ping", "request_response", ""),
            ("b", "request_response", ""),
            ("a", "request_response", ""),
            ("watch", "request_stream", ""),
        )
    )
    known = open_view(recording.close()).known_operations()
    assert suggestions(known, "request") == ["a", "b", "slipstream.ping"]
    assert suggestions(known, "stream") == ["watch"]
    assert suggestions(known, "bidirectional") == []


def test_a_form_is_not_offered_what_the_other_side_calls_here(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().request(0, "there")
    recording.frame("in", "request", 0, {"operation": "here"}, opener=PEER)
    known = open_view(recording.close()).known_operations()
    assert {each.name for each in known} == {"there", "here"}
    assert suggestions(known, "request") == ["there"]


@pytest.mark.parametrize("name", ["\ud800", "long" * 100])
def test_what_is_described_and_called_is_one_operation_also_where_rows_keep_another_name(
    tmp_path: Path, name: str
) -> None:
    recording = Recording(tmp_path).connect().describe((name, "request_response", ""))
    recording.request(0, operation=name).respond(0)
    (known,) = open_view(recording.close()).known_operations()
    assert (known.name, known.described) == (name, True)
