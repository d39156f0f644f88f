"""What the rules find, in JSON, in text and in headers, and that nothing else is touched."""

from __future__ import annotations

import json

import pytest

from inspector_app.capture.redaction.finder import Finder
from inspector_app.capture.redaction.rules import DEFAULT_RULES, Rules, own_pattern


class Names:
    """Calls secrets `[kind]` and keeps what it was told."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []

    def __call__(self, secret: str, kind: str, rule: str) -> str:
        self.found.append((secret, kind, rule))
        return f"[{kind}]"


def redacted(text: str, rules: Rules = DEFAULT_RULES) -> str:
    return Finder(rules, Names()).text(text)


def secrets(text: str, rules: Rules = DEFAULT_RULES) -> list[str]:
    names = Names()
    Finder(rules, names).text(text)
    return [secret for secret, _, _ in names.found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"token": "abc"}', '{"token": "[token]"}'),
        ('{"Access-Token" :"abc" , "x":1}', '{"Access-Token" :"[token]" , "x":1}'),
        ('{"a": {"userPassword": "a b\\"c"}}', '{"a": {"userPassword": "[password]"}}'),
        ('{"pin": 1234}', '{"pin": "[secret]"}'),
        ('{"api_key": null, "secret": true, "token": ""}', '{"api_key": null, "secret": true, "token": ""}'),
        (
            '{"cookies": ["a1", {"v": "b2"}], "x": "c3"}',
            '{"cookies": ["[cookie]", {"v": "[cookie]"}], "x": "c3"}',
        ),
        ('{"p\\u0061ssword": "abc"}', '{"p\\u0061ssword": "[password]"}'),
        ('{"se_cret": "abc"}', '{"se_cret": "[secret]"}'),
        ('{"x": "{\\"password\\": \\"abc\\"}"}', '{"x": "{\\"password\\": \\"[password]\\"}"}'),
        ('{"x": "a token=abc&b=1"}', '{"x": "a token=[token]&b=1"}'),
        ('{"password": "abc', '{"password": "[password]'),
        ('[1, {"authorization": "Bearer abcdefgh"}]', '[1, {"authorization": "Bearer [token]"}]'),
        ('{"max_tokens": 5, "token_type": "x"}', '{"max_tokens": 5, "token_type": "x"}'),
        ('{"key": "v", "type": "request"}', '{"key": "v", "type": "request"}'),
        ('{"auth": "request"}', '{"auth": "request"}'),
        ('{"prompt_tokens": 12, "secretary": "Bob"}', '{"prompt_tokens": 12, "secretary": "Bob"}'),
        ('{"Cookie": "a=b1c; Path=/; Secure"}', '{"Cookie": "a=[cookie]; Path=/; Secure"}'),
        ('{"name": "token", "value": "abc"}', '{"name": "token", "value": "[token]"}'),
        ('{"key": "pin", "x": 1, "value": 12}', '{"key": "pin", "x": 1, "value": "[secret]"}'),
        ('{"name": "token", "value": {"a": "b"}}', '{"name": "token", "value": {"a": "[token]"}}'),
        ('{"name": "token", "x": {"value": "b"}}', '{"name": "token", "x": {"value": "b"}}'),
        ('[{"name": "token"}, {"value": "b"}]', '[{"name": "token"}, {"value": "b"}]'),
        ('{"name": "Ada", "value": "token"}', '{"name": "Ada", "value": "token"}'),
        (
            '{"headers": [["X-Api-Key", "abc"], ["Host", "h"]]}',
            '{"headers": [["X-Api-Key", "[secret]"], ["Host", "h"]]}',
        ),
        (
            '{"rawHeaders": ["Host", "h", "Cookie", "a=b1c", "X-A", "d"], "x": ["token", "e"]}',
            '{"rawHeaders": ["Host", "h", "Cookie", "a=[cookie]", "X-A", "d"], "x": ["token", "e"]}',
        ),
    ],
)
def test_values_of_secret_keys_are_replaced_and_nothing_else_in_json(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("login failed: password=hunter2, user=ada", "login failed: password=[password], user=ada"),
        ("Authorization: Bearer abcdef12", "Authorization: Bearer [token]"),
        ("ws://h/p?a=1&access_token=abc&b=2", "ws://h/p?a=1&access_token=[token]&b=2"),
        ("ws://ada:hunter2@h/", "ws://ada:[password]@h/"),
        ("got eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl.", "got [token]."),
        ("key sk-proj-abcdefghijklmnop1234", "key [token]"),
        ("ghp_abcdefghijklmnopqrst", "[token]"),
        ("write to ada.l+x@mail.example.org, please", "write to [mail], please"),
        ("4111 1111 1111 1111", "[card]"),
        ("pay 5500-0000-0000-0004 now", "pay [card] now"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("at 1795346400123, 12345678901234567890", "at 1795346400123, 12345678901234567890"),
        ("nothing here: a=b, c: d", "nothing here: a=b, c: d"),
        ("try again: password = abc def", "try again: password = [password] def"),
        ("a[user][password]=abc", "a[user][password]=[password]"),
        ("[see password=abc or token: abc]", "[see password=[password] or token: [token]]"),
        ("say 'token': 'abc'", "say 'token': '[token]'"),
        ("db://u:p@ss@h/x u:p@h", "db://u:[password]@h/x u:p@h"),
        ("db://a@b.example:hunter2@h", "db://[mail]:[password]@h"),
        (
            "<w:password a='1'>abc</w:password><x>abc</x>",
            "<w:password a='1'>[password]</w:password><x>abc</x>",
        ),
        ("Cookie: a=b1c; d=e2f\nnext: g", "Cookie: a=[cookie]; d=[cookie]\nnext: g"),
        ("data.pin:1234 user.pin=12", "data.pin:[secret] user.pin=[secret]"),
        ("hash 4532015112830366abcd", "hash 4532015112830366abcd"),
        ("id 45320151-1283-0366-8abc-426614174000", "id 45320151-1283-0366-8abc-426614174000"),
        (
            "-----BEGIN PRIVATE KEY-----\nDEK-Info: AES,AB\n\nMIIEpAIBAAKCAQEA\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nDEK-Info: AES,AB[private_key]-----END PRIVATE KEY-----",
        ),
    ],
)
def test_text_that_is_no_json_is_redacted_textually(text: str, expected: str) -> None:
    assert redacted(text) == expected


def test_a_card_written_as_a_number_becomes_text_so_that_the_frame_stays_json() -> None:
    text = '{"card": 4111111111111111, "n": [4111111111111111]}'
    assert json.loads(redacted(text)) == {"card": "[card]", "n": ["[card]"]}


def test_a_schema_under_the_name_of_a_secret_stays_except_for_values_in_it() -> None:
    text = '{"token": {"type": "string", "maxLength": 9, "default": "hunter22"}, "x": "y"}'
    assert redacted(text) == text.replace("hunter22", "[secret]")


def test_a_clean_text_is_given_back_as_it_is() -> None:
    text = '{"a": [1, 2.50, "x\\u00e9", {"b": null}], "peerID": "7be2"}'
    assert Finder(DEFAULT_RULES, Names()).text(text) is text


def test_lone_surrogates_and_broken_json_are_no_trouble() -> None:
    assert redacted('{"token": "\ud800abc') == '{"token": "[token]'
    assert redacted('{"password": "abc\\') == '{"password": "[password]'
    assert redacted("[" * 5000 + '{"token": "abc"}').endswith('{"token": "[token]"}')


def test_headers_keep_scheme_and_names_of_cookies() -> None:
    headers = [
        ["Authorization", "Bearer abc.def"],
        ["Cookie", "sid=1234; theme=dark"],
        ["Set-Cookie", "sid=1234; Path=/; HttpOnly; Max-Age=3"],
        ["X-Api-Key", "k"],
        ["Accept", "*/*"],
    ]
    assert Finder(DEFAULT_RULES, Names()).value({"request_headers": headers}) == {
        "request_headers": [
            ["Authorization", "Bearer [token]"],
            ["Cookie", "sid=[cookie]; theme=[cookie]"],
            ["Set-Cookie", "sid=[cookie]; Path=/; HttpOnly; Max-Age=3"],
            ["X-Api-Key", "[secret]"],
            ["Accept", "*/*"],
        ]
    }


def test_the_password_in_a_basic_header_is_known_too() -> None:
    names = Names()
    Finder(DEFAULT_RULES, names).headers([["Authorization", "Basic YWRhOmh1bnRlcjIy"]])
    assert [secret for secret, _, _ in names.found] == ["hunter22", "YWRhOmh1bnRlcjIy"]


def test_what_was_hidden_or_replaced_before_is_left() -> None:
    text = '{"token": "(hidden)", "password": "\u2039password-1\u203a"}'
    assert redacted(text) == text


@pytest.mark.parametrize("number", range(3))
def test_many_texts_are_looked_at_at_once(number: int) -> None:
    texts = ["clean", '{"x": "\xff\ud800"}', "no"]
    texts[number] += " token=1"
    assert Finder(DEFAULT_RULES, Names()).suspects(texts) == {number}


def test_a_long_text_takes_time_in_proportion() -> None:
    # A rule that went back and forth would not come to an end here.
    for text in (
        "a" * 2_000_000 + "@",
        "4" * 2_000_000 + " password=x",
        "token" + "\\" * 1_000_000 + "=",
        "eyJ-" * 500_000,
        "-----BEGIN PRIVATE KEY-----" * 50_000,
    ):
        redacted(text)
    Finder(DEFAULT_RULES, Names()).headers([["Cookie", "=" + "a" * 2_000_000]])


def test_a_name_behind_its_value_makes_it_known_for_all_that_comes() -> None:
    assert secrets('{"value": "abc", "name": "token"}') == ["abc"]


def test_headers_by_rules_of_ones_own_are_found_in_messages_too() -> None:
    rules = Rules(headers=("xtenant",))
    assert redacted('{"headers": {"X-Tenant": "blue"}}', rules) == '{"headers": {"X-Tenant": "[secret]"}}'
    assert redacted('{"headers": [["X-Tenant", "blue"]]}', rules) == '{"headers": [["X-Tenant", "[secret]"]]}'
    assert redacted('{"X-Tenant": "blue"}', rules) == '{"X-Tenant": "blue"}'


def test_patterns_of_ones_own_find_in_time_whatever_they_are() -> None:
    rules = Rules(own={"order": own_pattern(r"ORD-\d{6}"), "slow": own_pattern(r"(a+)+$")})
    assert redacted("see ORD-123456 \ud800 ORD-654321", rules) == "see [order] \ud800 [order]"
    assert redacted("a" * 50_000 + "!", rules) == "a" * 50_000 + "!"
