import pytest

from inspector_app.viewer.operation_search import ranked
from inspector_app.viewer.operations import Operation

OPERATIONS = [
    Operation(name=name, kind="request_response", doc=doc)
    for name, doc in (
        ("create_order", "Place an order."),
        ("get_quote", "Give a price.\n\nNot in the first line: zebra."),
        ("market.quote", "Quotes of a market."),
        ("watch_prices", "Send prices as they change."),
        ("unquoted", ""),
    )
]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["create_order", "get_quote", "market.quote", "watch_prices", "unquoted"]),
        ("quote", ["get_quote", "market.quote", "unquoted"]),
        ("GET", ["get_quote"]),
        ("crord", ["create_order"]),
        ("price", ["watch_prices", "get_quote"]),
        ("price give", ["get_quote"]),
        ("zebra", []),
    ],
)
def test_names_come_before_documentation_and_beginnings_before_the_rest(typed: str, names: list[str]) -> None:
    assert [each.name for each in ranked(OPERATIONS, typed)] == names


def test_a_name_made_to_keep_a_search_busy_does_not() -> None:
    """Trying all ways to find the letters would take all memory; the run would not end."""
    hostile = [Operation(name="a " * 5000, kind="request_response", doc="a " * 5000)] * 100
    assert len(ranked(hostile, "aaaaaaaaaa aaaaaaaaaa a a a a")) == 100
