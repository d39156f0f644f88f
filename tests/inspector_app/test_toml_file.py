from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from inspector_app.toml_file import MOST_PROBLEMS, TomlError, read_toml
from inspector_app.toml_lines import key_text, lines_of

TEXT = '''# a comment
title = "x"

[server]
port = 80
"quoted key" = 1
a.b = 2

[[rule]]
name = "one"
data = """
[not.a.table]
key = 1
"""
list = [
    1, # name = 2
    "]",
]

[rule.match]
code = 'x'

[[rule]]
name = "two"
inline = { a = 1, b = [1, 2] }
'''


def test_each_key_has_its_line() -> None:
    assert lines_of(TEXT) == {
        ("title",): 2,
        ("server",): 4,
        ("server", "port"): 5,
        ("server", "quoted key"): 6,
        ("server", "a"): 7,
        ("server", "a", "b"): 7,
        ("rule",): 9,
        ("rule", 0): 9,
        ("rule", 0, "name"): 10,
        ("rule", 0, "data"): 11,
        ("rule", 0, "list"): 15,
        ("rule", 0, "list", 0): 16,
        ("rule", 0, "list", 1): 17,
        ("rule", 0, "match"): 20,
        ("rule", 0, "match", "code"): 21,
        ("rule", 1): 23,
        ("rule", 1, "name"): 24,
        ("rule", 1, "inline"): 25,
        ("rule", 1, "inline", "a"): 25,
        ("rule", 1, "inline", "b"): 25,
        ("rule", 1, "inline", "b", 0): 25,
        ("rule", 1, "inline", "b", 1): 25,
    }


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    port: int = Field(default=1, ge=1)


class Rules(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rule: list[Rule] = []
    first: Rule | None = None
    named: dict[str, Rule] = {}


def _problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(TomlError) as caught:
        read_toml(path).check(Rules)
    return [line.removeprefix(str(path)) for line in str(caught.value).splitlines()]


def test_what_a_model_refuses_is_told_with_line_and_key(tmp_path: Path) -> None:
    text = '[[rule]]\nname = "a"\n\n[[rule]]\nnmae = "b"\nport = 0\n\n[first]\nname = 3\n'
    text += '\n[named.x]\nprot = 3\nname = "x"\n'
    assert _problems(tmp_path, text) == [
        ":4: rule[1].name: this is missing: add it.",
        ":6: rule[1].port: input should be greater than or equal to 1.",
        ":5: rule[1].nmae: there is no such key: did you mean name?",
        ":9: first.name: input should be a valid string.",
        ":12: named.x.prot: there is no such key: did you mean port?",
    ]
    assert _problems(tmp_path, "colour = 1\n") == [
        ":1: colour: there is no such key: use rule, first, named."
    ]


def test_only_the_first_problems_are_told(tmp_path: Path) -> None:
    assert len(_problems(tmp_path, "\n".join(f"k{n} = 1" for n in range(50)))) == MOST_PROBLEMS


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, "a = 1\nb = = 2\n")
    assert problem.startswith(":2: this is not TOML (")
    assert problem.endswith("): mend it.")


def test_a_file_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for content, said in (
        (None, "there is no such file: check its name."),
        (b"\xff", "this is not UTF-8: save it as UTF-8."),
        (b"#" * (1024 * 1024 + 1), "this is larger than 1 MiB: split it."),
        (b"a = " + b"[" * 5000, "this is nested too deeply: make it flatter."),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(TomlError) as caught:
            read_toml(path)
        assert str(caught.value).endswith(said)
    with pytest.raises(TomlError, match="this cannot be read"):
        read_toml(tmp_path)


def test_a_place_is_written_as_a_person_would() -> None:
    assert key_text(("rule", 1, "match", "code")) == "rule[1].match.code"
