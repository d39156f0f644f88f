"""`run`, as it is typed."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from inspector_app.cli import cli
from inspector_app.mock.demo import Market
from slipstream import ProtocolHandler, request_response, serve
from tests.inspector_app.commands_line import Command, finish

COLLECTION = """\
name = "Orders"

[variables]
symbol = "BEAN"

[[message]]
name = "quote"
operation = "get_quote"
data = '{"symbol": "${symbol}"}'
expect = ["data.price_cents > 0"]

[[message]]
name = "order"
operation = "create_order"
data = '{"symbol": "${symbol}", "quantity": 2}'
expect = ["data.total_cents == 1"]

[[message]]
name = "prices"
kind = "stream"
operation = "watch_prices"
data = '{"count": 2, "every_s": 0}'
expect = ["count == 2"]
"""


async def test_it_runs_a_collection_and_says_by_its_exit_code_how_that_went(tmp_path: Path) -> None:
    command = Command(tmp_path)
    (tmp_path / "orders.toml").write_text(COLLECTION)
    (tmp_path / "environments.toml").write_text('[local]\nsymbol = "CORK"\n')
    async with serve(Market) as server:
        url = ("--url", server.url)
        plain, going, only, env, load, nobody = await asyncio.gather(
            command.run("run", "orders.toml", *url),
            command.run("run", "orders.toml", *url, "--keep-going", "--json", "--junit", "report.xml"),
            command.run("run", "orders.toml", *url, "--only", "quote", "--var", "symbol=SALT"),
            command.run("run", "orders.toml", *url, "--only", "order", "--env", "local"),
            command.run(
                "run", "orders.toml", *url, "--only", "quote", "--repeat", "20", "--in-flight", "4", "--json"
            ),
            command.run("run", "orders.toml", "--url", "ws://127.0.0.1:1"),
        )
    assert plain.code == 1
    assert [line[:1] for line in plain.stdout.splitlines()] == ["✓", "✗", " ", "-", "1"]
    assert "1 passed, 1 failed, 1 skipped" in plain.stdout

    assert going.code == 1
    told = [json.loads(line) for line in going.stdout.splitlines()]
    assert [(each["name"], each["result"]) for each in told] == [
        ("quote", "passed"),
        ("order", "failed"),
        ("prices", "passed"),
    ]
    suite = ET.parse(tmp_path / "report.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")

    assert (only.code, only.stderr) == (0, "")
    assert env.code == 1
    assert "out of stock" in env.stdout

    figures = json.loads(load.stdout)
    assert (load.code, figures["runs"], figures["messages"]["quote"]["sent"]) == (0, 20, 20)
    assert figures["messages"]["quote"]["p50_ms"] <= figures["messages"]["quote"]["max_ms"]

    assert (nobody.code, len(nobody.said)) == (1, 6)
    assert "Nobody is listening" in nobody.said[0]
    assert "TCP    FAILED" in nobody.stderr
    assert "skipped" not in nobody.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["bad.toml", "--url", "ws://h"],
            "bad.toml:3: message[0].operatoin: there is no such key: did you mean",
        ),
        (["orders.toml", "--url", "ws://h", "--env", "nowhere"], "no environment 'nowhere'"),
        (["orders.toml"], "does not say where to"),
        (["orders.toml", "--url", "ws://h", "--only", "nothing"], "has no message 'nothing'"),
        (["orders.toml", "--repeat", "0"], "Repeat from 1 to"),
        (["orders.toml", "--rate", "5"], "are for --repeat"),
        (["orders.toml", "--repeat", "5", "--junit", "r.xml"], "tells of one run"),
        (["orders.toml", "--var", "nothing"], "write NAME=VALUE"),
        (["nowhere.toml"], "there is no such file"),
    ],
)
def test_what_cannot_work_is_told_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.toml").write_text(COLLECTION)
    (tmp_path / "bad.toml").write_text('[[message]]\nname = "a"\noperatoin = "b"\n')
    result = CliRunner().invoke(cli, ["run", *arguments])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


class Slow(ProtocolHandler):
    def __init__(self, called: asyncio.Event, given_up: asyncio.Event) -> None:
        self._called, self._given_up = called, given_up

    @request_response
    async def wait(self, data: dict[str, object]) -> object:
        del data
        self._called.set()
        try:
            return await asyncio.Event().wait()
        finally:
            self._given_up.set()


async def test_interrupted_it_gives_up_the_call_and_tells_what_was_not_sent(tmp_path: Path) -> None:
    (tmp_path / "slow.toml").write_text(
        '[[message]]\nname = "a"\noperation = "wait"\n[[message]]\nname = "b"\noperation = "wait"\n'
    )
    called, given_up = asyncio.Event(), asyncio.Event()
    async with serve(lambda: Slow(called, given_up)) as server:
        process = await Command(tmp_path).start("run", "slow.toml", "--url", server.url, "--junit", "r.xml")
        async with asyncio.timeout(30):
            await called.wait()
            process.send_signal(signal.SIGINT)
            result = await finish(process)
            await given_up.wait()
    assert (result.code, result.stderr) == (130, "")
    assert "2 skipped" in result.stdout
    reasons = [each.get("message") for each in ET.parse(tmp_path / "r.xml").iter("skipped")]  # noqa: S314 - ours
    assert reasons == ["The run was given up before this one had ended."] * 2
