from inspector_app.viewer.filter_book import MOST_RECENT, MOST_SAVED, SOURCE_LENGTH, FilterBook


def test_a_filter_that_is_used_again_comes_to_the_front_and_is_there_once() -> None:
    book = FilterBook().used("a").used("b").used("a")
    assert book.recent == ("a", "b")


def test_so_many_recent_filters_are_kept_and_no_more() -> None:
    book = FilterBook()
    for number in range(100):
        book = book.used(f"op:{number}")
    assert len(book.recent) == MOST_RECENT
    assert book.recent[0] == "op:99"


def test_a_filter_saved_under_a_name_that_is_there_replaces_it() -> None:
    book = FilterBook().with_saved("mine", "a").with_saved("yours", "b").with_saved("mine", "c")
    assert dict(book.saved) == {"mine": "c", "yours": "b"}


def test_a_filter_is_forgotten_by_its_name_or_its_text() -> None:
    book = FilterBook().with_saved("mine", "a").used("a").used("b")
    assert book.without("a", name="mine") == FilterBook((), ("b", "a"))
    assert book.without("a").recent == ("b",)


def test_what_a_file_holds_too_much_of_is_left_out() -> None:
    long = "x" * (SOURCE_LENGTH + 1)
    book = FilterBook.of(
        [("", "a"), ("n" * 200, "b"), ("long", long), *((f"n{each}", "c") for each in range(500))],
        ["", " ", long, *(f"r{each}" for each in range(500))],
    )
    assert len(book.saved) == MOST_SAVED
    assert book.saved[0] == ("n0", "c")
    assert len(book.recent) == MOST_RECENT


def test_a_name_is_short_and_printable_and_there_is_room_for_it() -> None:
    book = FilterBook(tuple((f"n{each}", "c") for each in range(MOST_SAVED)))
    assert FilterBook().why_no_name("mine") == ""
    for name in ("", "x" * 61, "a\x1b[2J"):
        assert "Type a name" in FilterBook().why_no_name(name)
    assert "forget one first" in book.why_no_name("new")
    assert book.why_no_name("n5") == ""
