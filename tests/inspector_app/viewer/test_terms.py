import json
from pathlib import Path

import pytest

from inspector_app.capture.filter import only, parse_filter
from inspector_app.viewer.columns import KINDS
from inspector_app.viewer.terms import Term, added, paths_of, term_of, terms_of
from tests.inspector_app.recordings import Recording
from tests.inspector_app.viewer.views import open_view


def _frames(folder: Path) -> Recording:
    recording = (
        Recording(folder).connect().request(0, "order.place", user={"id": 42, "full name": 'Ada "L" é'})
    )
    return recording.respond(0, {"ok": True}).raw("in", "no frame \x1b[2J")


def test_every_cell_that_has_a_term_has_one_the_filter_language_reads(tmp_path: Path) -> None:
    reader = open_view(_frames(tmp_path).close()).reader
    assert reader is not None
    for frame in reader.frames(1, 3):
        raw = reader.raw(frame.seq)
        for kind in KINDS:
            term = term_of(frame, kind.key, raw, "a note (so)")
            assert (term is not None) <= bool(kind.field)
        for term in terms_of(frame, raw):
            for negate in (False, True):
                assert parse_filter(only(term.field, term.value, negate=negate))


def test_a_frame_has_a_term_for_each_field_and_each_value_in_its_payload(tmp_path: Path) -> None:
    reader = open_view(_frames(tmp_path).close()).reader
    assert reader is not None
    request, answer, no_frame = reader.frames(1, 3)
    found = terms_of(request, reader.raw(1))
    for term in (
        Term("type", "request"),
        Term("op", "order.place"),
        Term("exchange", "1"),
        Term("dir", "out"),
        Term("data.user.id", "42"),
        Term('data.user."full name"', 'Ada "L" é'),
    ):
        assert term in found
    assert Term("latency", str(answer.latency_ns)) in terms_of(answer, reader.raw(2))
    assert term_of(no_frame, "type", reader.raw(3)) == Term("type", None)
    assert term_of(answer, "data.user.id", reader.raw(2)) == Term("data.user.id", None)


@pytest.mark.parametrize(
    "raw", ["", "x", "[" * 100_000, b"\xff", '{"data": 5}', "[]", '{"data": [1]}', "\ud800"]
)
def test_a_payload_that_is_no_object_has_no_paths_worth_telling(raw: str | bytes) -> None:
    assert paths_of(raw) == []


def test_a_payload_without_end_gives_so_many_paths_and_no_more() -> None:
    wide = json.dumps({"data": {f"k{number}": number for number in range(10_000)}})
    assert len(paths_of(wide)) == 40


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("", "op:x"),
        ("type:request", "type:request op:x"),
        ("a or b", "(a or b) op:x"),
        ("a OR b", "(a OR b) op:x"),
        ("order", "order op:x"),
    ],
)
def test_a_term_is_added_so_that_both_must_hold(source: str, result: str) -> None:
    assert added(source, "op:x") == result
