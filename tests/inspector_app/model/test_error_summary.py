"""What went wrong, on one line, whatever shape it was told in."""

from __future__ import annotations

import pytest

from inspector_app.model.error_summary import error_line, error_summary


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"error": "no such thing", "code": "not_found"}, "not_found: no such thing"),
        ("text", "application: text"),
        ({"a": 1}, "application: {a: 1}"),
        (None, "application"),
        ({"code": "c" * 300, "error": "e" * 300}, "application: " + "e" * 186 + "…"),
    ],
)
def test_an_error_shows_code_and_text(data: object, line: str) -> None:
    assert error_line(data) == line


@pytest.mark.parametrize(
    ("data", "text"), [({"error": "it broke"}, "it broke"), ({"a": 1}, "{a: 1}"), (None, ""), (5, "5")]
)
def test_the_text_alone_leaves_the_code_out(data: object, text: str) -> None:
    assert error_summary(data) == text
