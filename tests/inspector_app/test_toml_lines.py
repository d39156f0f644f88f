"""Lines of keys in TOML, compared with what tomllib says is there."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.toml_lines import Place, key_text, line_of, lines_of

DOCUMENT = '''\
seed = 7 # a comment with [brackets] and = signs

[state]
a.b = { c = 1, "d e" = [1, 2] }
many = [
  "x # no comment",  # one
  { deep = [ [1], [2,
    3] ] },
]

[[request]]
operation = "a"
answer = """
[[request]]
not = "a key" \\""" """
date = 2026-11-22T10:00:00.5Z

  [[request.push]]
  operation = 'x'
  [[request.push]]
  operation = 'y'

[[request]]
operation = "b"
'quoted "key"' = 1.5
  [request.error]
  code = \'\'\'it's\'\'\'
'''


def paths_of(value: Any, path: Place = ()) -> set[Place]:
    found = {path} if path else set()
    match value:
        case dict():
            return found.union(*(paths_of(each, (*path, key)) for key, each in value.items()))
        case list():
            return found.union(*(paths_of(each, (*path, place)) for place, each in enumerate(value)))
    return found


def test_every_key_and_every_place_of_a_list_has_a_line() -> None:
    assert set(lines_of(DOCUMENT)) == paths_of(tomllib.loads(DOCUMENT))


def test_lines_are_those_where_things_stand() -> None:
    lines, written = lines_of(DOCUMENT), DOCUMENT.splitlines()
    for path, line in lines.items():
        if isinstance(path[-1], str):
            assert path[-1].partition(" ")[0] in written[line - 1]
    assert lines["request", 1, "operation"] == written.index('operation = "b"') + 1
    assert lines["request", 0, "push", 1, "operation"] == written.index("  operation = 'y'") + 1
    assert lines["state", "many", 1, "deep", 1, 1] == 8


@pytest.mark.parametrize(
    "text", ["", "\n\n# nothing\n", 'a = ""', "a = ''''x'''''", 'a = """"x"""""\nb = 1', "a = [ ]\nb = {}"]
)
def test_odd_documents_are_read_too(text: str) -> None:
    assert set(lines_of(text)) == paths_of(tomllib.loads(text))


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    assert line_of(lines_of("a = 1\n[b]\nc = 1"), ("b", "x", 3)) == 2
    assert line_of({}, ("a",)) == 1


def test_a_path_is_told_as_it_is_written_elsewhere() -> None:
    assert key_text(("request", 0, "answer", "name")) == "request[0].answer.name"


SCALARS = st.integers(-9, 9) | st.booleans() | st.text("ab\"'#[]{}=,.\n\\ ", max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab ."#', min_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text('ab ."#=[', min_size=1), VALUES, max_size=4))
def test_of_any_document_every_key_and_place_has_a_line_that_is_there(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    lines = lines_of(text)
    assert set(lines) == paths_of(tomllib.loads(text))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
