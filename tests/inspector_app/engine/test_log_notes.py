"""Warnings of the library as notes: a sentence each, and never a flood."""

from __future__ import annotations

import logging

from inspector_app.capture.records import Noted, Record
from inspector_app.engine.log_notes import NOTES_PER_SECOND, noting_warnings
from slipstream.exchanges import Finding
from slipstream.taps import LogTap

logger = logging.getLogger("slipstream")


def texts(records: list[Record]) -> list[str]:
    assert all(isinstance(record, Noted) and record.level == "warning" for record in records)
    return [record.text for record in records if isinstance(record, Noted)]


def fail(error: Exception) -> None:
    logger.warning("The fire-and-forget %r failed", "log", exc_info=error)


def test_a_warning_becomes_one_sentence_with_its_exception_and_no_traceback() -> None:
    records: list[Record] = []
    with noting_warnings(records.append):
        fail(ValueError("no such\n luck."))
    assert texts(records) == ["The fire-and-forget 'log' failed: ValueError: no such luck."]


def test_an_exception_that_cannot_be_told_is_named() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    records: list[Record] = []
    with noting_warnings(records.append):
        fail(OddError())
    assert texts(records) == ["The fire-and-forget 'log' failed: OddError."]


def test_a_long_text_is_cut() -> None:
    records: list[Record] = []
    with noting_warnings(records.append):
        fail(ValueError("x" * 10_000))
    assert len(texts(records)[0]) <= 501


def test_findings_and_what_is_no_warning_are_no_notes() -> None:
    records: list[Record] = []
    with noting_warnings(records.append):
        LogTap(10).finding(Finding(rule="r", section="§7", text="bad", request_id=None), 1)
        logger.info("hm")
    assert records == []


def test_a_flood_is_cut_off_and_counted() -> None:
    records: list[Record] = []
    with noting_warnings(records.append):
        for number in range(NOTES_PER_SECOND + 7):
            logger.warning("number %d", number)
    assert texts(records)[NOTES_PER_SECOND - 1 :] == [
        f"number {NOTES_PER_SECOND - 1}.",
        "7 further warnings came too fast to be noted.",
    ]


def test_nothing_is_noted_behind_the_end() -> None:
    records: list[Record] = []
    with noting_warnings(records.append):
        pass
    logger.warning("late")
    assert records == []
