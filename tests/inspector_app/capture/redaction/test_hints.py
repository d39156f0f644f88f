"""A long text is looked through in pieces, and nothing at their ends is overlooked."""

from __future__ import annotations

import pytest

from inspector_app.capture.redaction.hints import PIECE, is_hinted

HINTS = (
    "@",
    "eyJ",
    "Bearer ",
    "PRIVATE KEY-",
    "-0123456789",
    "o_0123456789",
    "4 1 1 1",
    "4111 1 1 1 1 1 1 1 1",
)


@pytest.mark.parametrize("hint", HINTS)
@pytest.mark.parametrize("length", [PIECE // 2, PIECE * 2 + 100])
def test_a_hint_is_seen_wherever_it_is(hint: str, length: int) -> None:
    expected = hint != "4 1 1 1"
    for start in (0, *range(PIECE - 25, PIECE + 1), PIECE * 2 - 3, length - len(hint)):
        if start + len(hint) <= length:
            text = "x" * start + hint + "x" * (length - start - len(hint))
            assert is_hinted(text) is expected
