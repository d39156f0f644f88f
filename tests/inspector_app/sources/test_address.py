"""What counts as an address, and the sentences about what does not."""

from __future__ import annotations

import pytest

from inspector_app.sources.address import (
    check_url,
    is_loopback,
    url_of,
    with_token,
    without_password,
    without_token,
)
from inspector_app.sources.failures import BAD_USAGE, SourceError


@pytest.mark.parametrize(
    "url", ["ws://localhost", "wss://example.com:444/rpc?x=1", "ws://[::1]:8765", "WS://h"]
)
def test_a_websocket_url_is_taken(url: str) -> None:
    assert check_url(url).hostname


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("http://localhost:8765/x", "ws://localhost:8765/x"),
        ("https://example.com", "wss://example.com"),
        ("localhost:8765", "ws://localhost:8765"),
        ("example.com", "ws://example.com"),
        ("", "ws://127.0.0.1:8765"),
        ("not a url", "ws://127.0.0.1:8765"),
        ("ws://", "names no host"),
        ("ws:///path", "names no host"),
        ("ws://h:99999", "is not a URL"),
        ("ws://h:port", "is not a URL"),
        ("ws://[::1", "is not a URL"),
        ("ws://h:0", "port 0"),
        ("ws://h/#frag", "'#'"),
        ("ws://a b/", "names no host"),
    ],
)
def test_what_is_no_websocket_url_is_refused_with_what_to_write(url: str, advice: str) -> None:
    with pytest.raises(SourceError) as caught:
        check_url(url)
    assert advice in caught.value.text
    assert caught.value.exit_code == BAD_USAGE


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "0", "0x0", "::ffff:0.0.0.0", "192.168.0.7", "example.com"],  # noqa: S104 - not bound
)
def test_every_host_that_is_not_surely_loopback_counts_as_open(host: str) -> None:
    assert not is_loopback(host)


def test_a_url_is_shown_without_user_and_password() -> None:
    assert without_password("wss://ada:secret@example.com:1/x?y=z") == "wss://example.com:1/x?y=z"


def test_an_ipv6_address_is_bracketed_in_a_url() -> None:
    assert url_of("::1", 8765) == "ws://[::1]:8765"
    assert url_of("127.0.0.1", 80) == "ws://127.0.0.1:80"


def test_a_token_in_a_url_is_hidden_where_it_is_shown_and_quoted_where_it_is_made() -> None:
    url = with_token("ws://127.0.0.1:9", "a&b c")
    assert url == "ws://127.0.0.1:9/?token=a%26b%20c"
    assert without_password(url) == "ws://127.0.0.1:9/?token=(hidden)"
    assert without_token("/x?y=1&access_token=abc&z=2") == "/x?y=1&access_token=(hidden)&z=2"
    assert without_password("ws://[::1?token=abc") == "ws://[::1?token=(hidden)"
