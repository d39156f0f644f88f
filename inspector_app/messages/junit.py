"""A run as JUnit XML, which continuous integration systems show. Owns what becomes of which element."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from inspector_app.display.inert import inert

if TYPE_CHECKING:
    from inspector_app.messages.sequence import Report


def junit_xml(report: Report, *, suite: str, hide: Callable[[str], str]) -> str:
    """Give the XML text: a suite named after the collection, a case for each message. `hide` masks."""
    made = TestSuite(_safe(suite))
    for step in report.steps:
        case = TestCase(_safe(step.message.name), classname=_safe(suite))
        took_ns = step.answer.duration_ns if step.answer else None
        case.time = round((took_ns or 0) / 1e9, 3)  # of fewer digits no reader makes anything else
        if step.result == "failed":
            reasons = [_safe(hide(reason)) for reason in step.reasons]
            failure = Failure(reasons[0] if reasons else "failed", type_="expectation")
            failure.text = "\n".join(reasons)
            case.result = [failure]
        elif step.result == "skipped":
            case.result = [Skipped(_safe(step.problem) or "A message before it failed.")]
        made.add_testcase(case)
    xml = JUnitXml()
    xml.add_testsuite(made)
    write: Callable[[], bytes] = xml.tostring
    return write().decode()


def _safe(text: str) -> str:
    """XML has no form for most control characters, and a terminal may show the file."""
    return inert(text)
