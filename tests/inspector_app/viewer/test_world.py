from pathlib import Path

import pytest

from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec, SourceSpec
from inspector_app.viewer.world import world_of, world_of_file


@pytest.mark.parametrize(
    ("spec", "role", "address", "label"),
    [
        (ClientSpec(url="wss://example.com/rpc"), "CLIENT", "wss://example.com/rpc", "example.com"),
        (ServerSpec(port=9000), "SERVER", "127.0.0.1:9000", "127.0.0.1-9000"),
        (
            ServerSpec(handler="src/shop.py:Orders"),
            "SERVER",
            "127.0.0.1:8765 shop.py:Orders",
            "127.0.0.1-8765",
        ),
        (DemoSpec(), "CLIENT", "demo", "demo"),
    ],
)
def test_a_source_has_a_role_an_address_and_a_label(
    spec: SourceSpec, role: str, address: str, label: str
) -> None:
    world = world_of(spec)
    assert (world.role, world.address, world.label, world.spec) == (role, address, label, spec)


def test_a_password_in_a_url_is_not_shown() -> None:
    assert world_of(ClientSpec(url="ws://me:secret@host/p?q=1")).address == "ws://host/p?q=1"


def test_a_token_in_a_url_is_not_shown() -> None:
    assert world_of(ClientSpec(url="ws://host?token=abc&q=1")).address == "ws://host?token=(hidden)&q=1"


def test_a_url_that_is_none_has_a_world_too() -> None:
    assert world_of(ClientSpec(url="ws://[")).label == "connect"


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ({"kind": "client", "url": "ws://a"}, "x.capture (client of ws://a)"),
        ({"kind": "server", "host": "h", "port": 1}, "x.capture (server on h:1)"),
        ({"kind": "demo"}, "x.capture (demo)"),
        ({}, "x.capture"),
        (None, "x.capture"),
        ({"kind": 5}, "x.capture"),
    ],
)
def test_a_file_tells_what_it_was_made_from(source: object, address: str) -> None:
    world = world_of_file(Path("/somewhere/x.capture"), source)
    assert (world.role, world.address) == ("FILE", address)
