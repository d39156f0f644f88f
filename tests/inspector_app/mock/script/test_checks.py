"""What `params` and `returns` of a mock say: whether they are schemas, and whether data fits them."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector_app.mock.script.mock import load_mock
from inspector_app.mock.script.reading import MockFileError
from tests.inspector_app.mock.script.hosting import all_of, client, hosting, told

ADD = """
check = true

[[request]]
operation = "add"
params = { type = "object", required = ["a"], properties = { a = { type = "number" } } }
returns = { type = "number" }
times = 1
answer = "{{ data.a + 1 }}"

[[request]]
operation = "add"
answer = "many"

[[stream]]
operation = "ticks"
params = { required = ["n"] }
returns = { type = "integer" }
items = [1, "two"]

[[oneway]]
operation = "say"
params = { required = ["text"] }
note = "said"
"""


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ('{ type = "objct" }', "type must be one of the variants of the schema"),
        ('{ properties = { a = { required = "a" } } }', "properties.a.required must be of type array"),
        ('{ "$ref" = "https://example.com/x" }', "Retrieval is disabled"),
        ('{ "$ref" = "#/nowhere" }', "does not exist"),
    ],
)
@pytest.mark.parametrize("key", ["params", "returns"])
def test_what_is_no_schema_is_told_with_line_and_key(tmp_path: Path, key: str, schema: str, why: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(f'[[request]]\noperation = "add"\nanswer = 1\n{key} = {schema}\n')
    with pytest.raises(MockFileError) as refused:
        load_mock(path)
    assert f"shop.toml:4: request[0].{key}: this is no JSON Schema that can be used: " in str(refused.value)
    assert why in str(refused.value)


async def test_data_that_does_not_fit_is_refused_and_seen_as_a_hole_before_a_rule_is_used(
    tmp_path: Path,
) -> None:
    async with hosting(tmp_path, ADD) as hosted, client(hosted) as protocol:
        refused = ("invalid_request", "mock.toml: the data does not fit its params: data.a: must be there")
        assert await told(protocol, "add", b=1) == refused
        assert await told(protocol, "add", a="1") == (
            "invalid_request",
            "mock.toml: the data does not fit its params: data.a: must be of type number",
        )
        assert await told(protocol, "add", a=1) == 2  # for which the rule may be used once
        (hole,) = hosted.mock.holes.values()
        assert (hole.operation, hole.calls, hole.data) == ("add", 2, {"a": "1"})
        assert "data.a: must be of type number" in hole.why
        (noted,) = [text for level, text in hosted.notes if level == "warning"]
        assert noted.startswith(
            "mock.toml has no answer to the request add: the data does not fit its params"
        )
        assert noted.endswith("The data is an object with b: mend the caller, or the params.")


async def test_what_is_answered_is_sent_and_noted_where_it_does_not_fit(tmp_path: Path) -> None:
    async with hosting(tmp_path, ADD) as hosted, client(hosted) as protocol:
        assert await told(protocol, "add", a=1) == 2
        assert await told(protocol, "add", a=1) == "many"
        assert await all_of(protocol, "ticks", n=1) == [1, "two"]
        noted = [text.partition("mock.toml:")[2] for level, text in hosted.notes if level == "warning"]
        assert noted == [
            "11: request[1]: what is answered does not fit returns: data: must be of type number.",
            "15: stream[0]: what is answered does not fit returns: data: must be of type integer.",
        ]


async def test_streams_and_messages_are_checked_too(tmp_path: Path) -> None:
    async with hosting(tmp_path, ADD) as hosted, client(hosted) as protocol:
        (refused,) = await all_of(protocol, "ticks")
        assert refused[0] == "invalid_request"
        await protocol.fire_and_forget({"operation": "say"})
        await protocol.fire_and_forget({"operation": "say", "text": "hi"})
        assert await told(protocol, "add", a=1) == 2
        assert [each.kind for each in hosted.mock.holes.values()] == ["stream", "oneway"]
        assert [text for level, text in hosted.notes if level == "info"].count("said") == 1


async def test_nothing_is_checked_that_nobody_asked_for(tmp_path: Path) -> None:
    async with hosting(tmp_path, ADD.replace("check = true", "")) as hosted, client(hosted) as protocol:
        assert await told(protocol, "add", a=1.5) == 2.5
        assert await told(protocol, "add") == "many"
        assert not [text for level, text in hosted.notes if level == "warning"]
