"""The rules file: what it can say, and what is said about one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector_app.capture.redaction.rules import Rules, RulesError, load_rules

GOOD = """
[keys]
redact = ["customer_no", "*_pin", "sub*ject"]
keep = ["csrf_token"]

[headers]
redact = ["X-Tenant"]
keep = ["cookie"]

[patterns]
mail = false
card = true
order = 'ORD-\\d{6}'
"""


def rules(tmp_path: Path, text: str) -> Rules:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    return load_rules(path)


def test_a_file_adds_to_and_takes_from_what_is_shipped(tmp_path: Path) -> None:
    found = rules(tmp_path, GOOD)
    assert found.secret_key("customerNo")
    assert found.secret_key("card-pin")
    assert found.secret_key("password")
    assert not found.secret_key("csrfToken")
    assert found.secret_header("x-tenant")
    assert found.secret_header("Authorization")
    assert not found.secret_header("Cookie")
    assert found.off == {"mail"}
    assert found.own["order"].search("ORD-123456")


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("[keys]\nredact = 'x'", 2, "keys.redact", "list of names"),
        ("[keys]\n\nkeep = [1]", 3, "keys.keep", "list of names"),
        ("[keys]\nhide = []", 2, "keys.hide", "use redact or keep"),
        ("\n[kyes]\nredact = []", 2, "kyes", "no such section"),
        ("keys = 3", 1, "keys", "write [keys]"),
        ("[patterns]\nmail = 'x'", 2, "patterns.mail", "true or false"),
        ("[patterns]\nx = false", 2, "patterns.x", "regular expression in quotation marks"),
        ("[patterns]\na = 'b'\nx = '('", 3, "patterns.x", "no pattern"),
        ("[patterns]\nx = 'a*'", 2, "patterns.x", "nothing at all"),
        ("[patterns]\nX = 'a'", 2, "patterns.X", "small letters"),
        ("[patterns]\nx = '" + "a" * 1001 + "'", 2, "patterns.x", "at most 1000"),
        ("[keys]\nredact = [", 2, "", "not TOML"),
        ("a = " + "[" * 5000, 1, "", "nested"),
    ],
)
def test_a_wrong_file_is_refused_with_file_line_and_key(
    tmp_path: Path, text: str, line: int, key: str, words: str
) -> None:
    with pytest.raises(RulesError) as caught:
        rules(tmp_path, text)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'rules.toml'}:{line}: {key + ': ' if key else ''}")
    assert words in told
    assert "\n" not in told


def test_a_file_that_is_missing_too_long_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        load_rules(tmp_path / "none.toml")
    (tmp_path / "long.toml").write_text("#" * 1_000_001)
    with pytest.raises(RulesError, match="more than a megabyte"):
        load_rules(tmp_path / "long.toml")
    (tmp_path / "bytes.toml").write_bytes(b"a = 1\n\xff")
    with pytest.raises(RulesError, match=r"bytes\.toml:2: this is not UTF-8"):
        load_rules(tmp_path / "bytes.toml")
