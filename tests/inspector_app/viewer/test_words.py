import pytest

from inspector_app.screens.list_screen import fits
from inspector_app.viewer.words import in_order


@pytest.mark.parametrize(
    ("text", "letters", "there"),
    [("create_order", "cord", True), ("create_order", "oc", False), ("", "a", False), ("abc", "", True)],
)
def test_letters_are_found_in_their_order(text: str, letters: str, there: bool) -> None:
    assert in_order(text, letters) == there


def test_a_text_that_has_a_letter_in_very_many_ways_is_looked_through_once() -> None:
    told = fits("a" * 40 + "b")
    assert told is not None
    assert not told("a" * 10_000)
