"""Stages as a capture keeps them and as lines tell them, whoever wrote the capture."""

from __future__ import annotations

from inspector_app.sources.stages import Stage, complete, excerpt, from_handshake, lines, to_handshake

REFUSED = (
    Stage(name="name", outcome="ok", came="127.0.0.1 is an address"),
    Stage(name="TCP", outcome="failed", tried="connect", came="refused", advice="Start the server"),
)


def test_a_stage_is_a_line_with_its_outcome_what_was_tried_what_came_and_what_to_do() -> None:
    assert lines(complete(REFUSED)) == [
        "name   ok      127.0.0.1 is an address",
        "TCP    FAILED  connect: refused. Start the server.",
        "TLS    -       not reached",
        "HTTP   -       not reached",
        "frame  -       not reached",
    ]


def test_what_a_capture_keeps_is_what_is_read_from_it() -> None:
    stages = complete(REFUSED)
    assert from_handshake({"remote": None, **to_handshake(stages)}) == stages
    assert from_handshake({}) == ()


def test_stages_of_somebody_elses_capture_are_read_in_bounds_or_not_at_all() -> None:
    stage: dict[str, object] = {"name": "TCP", "outcome": "ok", "came": "x" * 10_000}
    read = from_handshake({"stages": [stage] * 100})
    assert len(read) == 5
    assert len(read[0].came) == 500
    for wrong in ("TCP", [1], [{"name": "shoe", "outcome": "ok"}], [{"name": "TCP"}], {"name": "TCP"}):
        assert from_handshake({"stages": wrong}) == ()


def test_an_excerpt_is_the_first_line_that_is_not_empty_cut() -> None:
    assert excerpt("\n\r\n  one \ntwo") == "one"
    assert excerpt(b"\xff\xfeno text") == "\\xff\\xfeno text"
    assert excerpt(b"") == ""
    assert excerpt("x" * 9_999, 10) == "x" * 9 + "…"


def test_advice_that_is_a_question_ends_as_one() -> None:
    stage = Stage(name="HTTP", outcome="failed", came="404", advice="A wrong path?")
    assert stage.text == "404. A wrong path?"
