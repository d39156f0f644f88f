"""What the detail says about an operation, as lines that are made when they are looked at."""

from typing import Any

import pytest

from inspector_app.display import json_view
from inspector_app.display.lines import Part
from inspector_app.screens.operation_text import operation_lines
from inspector_app.viewer.operations import Operation


def described(params: Any) -> Operation:
    return Operation(
        name="order", kind="request_response", doc="Buy.", params=params, returns={"type": "null"}
    )


def test_the_schemas_follow_on_what_is_told_in_words() -> None:
    lines = operation_lines(described({"properties": {"a": {"type": "string"}}}), None)
    told = ["".join(text for text, _ in lines.line(index)) for index in range(lines.count)]
    assert told[0] == "Buy."
    place = told.index("Parameters, as JSON Schema")
    assert told[place + 1 : place + 3] == ["{", '  "properties": {']
    assert told[-4:] == ["Returns, as JSON Schema", "{", '  "type": "null"', "}"]


def test_a_large_schema_is_coloured_where_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured: list[str] = []
    lexed = json_view.lexed

    def counted(line: str) -> list[Part]:
        coloured.append(line)
        return lexed(line)

    monkeypatch.setattr(json_view, "lexed", counted)
    lines = operation_lines(described({"default": {str(number): 1 for number in range(5_000)}}), None)
    assert lines.count > 5_000
    assert coloured == []
    assert lines.line(lines.count - 2)[-1] == ('"null"', "json-string")
    assert len(coloured) == 1


def test_a_schema_that_is_too_deep_says_so() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"items": deep}
    lines = operation_lines(described(deep), None)
    told = ["".join(text for text, _ in lines.line(index)) for index in range(lines.count)]
    assert "nested too deeply to be shown" in told
