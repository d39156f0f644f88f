"""Spelling of frame types: written, detected, followed."""

from __future__ import annotations

import itertools
from typing import Literal

import pytest

from slipstream.frames import MessageType
from slipstream.spelling import CANONICAL, Spelling, detect, follow

TYPES = [member.value for member in MessageType]
CASES: tuple[Literal["lower", "upper", "camel", "pascal"], ...] = ("lower", "upper", "camel", "pascal")
SEPARATORS: tuple[Literal["_", "-", ""], ...] = ("_", "-", "")
EVERY = [Spelling(case, separator) for case, separator in itertools.product(CASES, SEPARATORS)]


@pytest.mark.parametrize(
    ("spelling", "written"),
    [
        (CANONICAL, "stream_data"),
        (Spelling("upper"), "STREAM_DATA"),
        (Spelling("camel", ""), "streamData"),
        (Spelling("pascal", ""), "StreamData"),
        (Spelling("lower", "-"), "stream-data"),
        (Spelling("upper", "-"), "STREAM-DATA"),
        (Spelling("lower", ""), "streamdata"),
    ],
)
def test_a_spelling_writes_a_type_its_way(spelling: Spelling, written: str) -> None:
    assert spelling.spell("stream_data") == written


@pytest.mark.parametrize("spelling", EVERY)
@pytest.mark.parametrize("name", TYPES)
def test_every_spelling_of_every_type_is_read_as_that_type(spelling: Spelling, name: str) -> None:
    assert MessageType(spelling.spell(name)) is MessageType(name)


@pytest.mark.parametrize("name", TYPES)
def test_what_is_detected_writes_the_same(name: str) -> None:
    for spelling in EVERY:
        written = spelling.spell(name)
        detected = detect(written, name)
        if spelling.case != "camel" or spelling.separator == "":
            assert detected is not None
            assert detected.spell(name) == written


@pytest.mark.parametrize("written", ["sTREAM_dATA", "stream__data", "_stream_data"])
def test_an_irregular_spelling_is_none(written: str) -> None:
    assert MessageType(written) is MessageType.STREAM_DATA
    assert detect(written, "stream_data") is None


def test_a_partner_is_followed_from_the_first_word_on() -> None:
    assert follow(CANONICAL, "REQUEST", "request") == Spelling("upper", "_")
    assert follow(CANONICAL, "Request", "request") == Spelling("pascal", "")


@pytest.mark.parametrize("learned", [Spelling("upper", "-"), Spelling("upper", ""), Spelling("camel", "")])
def test_a_single_word_does_not_undo_what_two_words_taught(learned: Spelling) -> None:
    assert follow(learned, learned.spell("error"), "error") == learned


def test_a_partner_that_changes_its_spelling_is_followed() -> None:
    assert follow(Spelling("upper"), "stream_data", "stream_data") == CANONICAL


def test_an_irregular_spelling_changes_nothing() -> None:
    assert follow(Spelling("upper"), "sTreaM_dAta", "stream_data") == Spelling("upper")


def test_a_partner_that_writes_like_the_protocol_is_left_alone() -> None:
    assert follow(CANONICAL, "stream_data", "stream_data") is CANONICAL
