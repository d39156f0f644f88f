"""What a capture tells of its source holds no secrets."""

from __future__ import annotations

import json

import pytest

from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec, SourceSpec
from inspector_app.sources.base import HIDDEN, describe_spec, make_source
from inspector_app.sources.client import ClientSource
from inspector_app.sources.demo import DemoSource
from inspector_app.sources.server import ServerSource


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (ClientSpec(url="ws://h"), ClientSource),
        (ServerSpec(), ServerSource),
        (DemoSpec(), DemoSource),
    ],
)
def test_each_spec_makes_its_source(spec: SourceSpec, kind: type) -> None:
    assert isinstance(make_source(spec), kind)


def test_the_description_of_a_client_holds_no_secret() -> None:
    headers = (("Authorization", "Basic s3cret"), ("X-Api-Key", "s3cret"), ("X-Tenant", "blue"))
    spec = ClientSpec(url="wss://ada:s3cret@h/x", token="s3cret", headers=headers, key_file="k.pem")
    described = describe_spec(spec)
    assert "s3cret" not in json.dumps(described)
    assert described["url"] == "wss://h/x"
    assert described["headers"] == [["Authorization", HIDDEN], ["X-Api-Key", HIDDEN], ["X-Tenant", "blue"]]


def test_the_descriptions_tell_their_kind() -> None:
    assert describe_spec(DemoSpec(seed=3)) == {"kind": "demo", "seed": 3}
    assert describe_spec(ServerSpec(port=1)) == {
        "kind": "server",
        "handler": None,
        "host": "127.0.0.1",
        "port": 1,
    }
