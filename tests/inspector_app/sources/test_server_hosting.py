"""Who may be a client of a hosted handler, and which version of it answers whom, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from inspector_app.capture.records import ConnectionOpened, Noted
from inspector_app.intents import ClientSpec, Reconnect, ServerSpec
from inspector_app.mock import reload
from inspector_app.sources.address import with_token
from inspector_app.sources.base import hosting_limits, inspector_limits
from inspector_app.sources.client import ClientSource
from inspector_app.sources.failures import SourceError
from inspector_app.sources.server import ServerSource
from slipstream import ProtocolHandler, RemoteError, connect, serve
from tests.inspector_app.mock.files import adder, forgotten, saved
from tests.inspector_app.sources.helpers import Records


@pytest.fixture
def handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(reload, "LOOK_S", 0.005)
    monkeypatch.setattr(reload, "_SETTLED_S", 0.005)
    path = tmp_path / "adder.py"
    path.write_text(adder(1))
    with forgotten(monkeypatch):
        yield path


@asynccontextmanager
async def hosted(handler: Path | None = None, **spec: Any) -> AsyncIterator[tuple[ServerSource, Records]]:
    source = ServerSource(ServerSpec(handler=str(handler) if handler else None, port=0, **spec))
    records = Records()
    await source.start(records)
    try:
        yield source, records
    finally:
        await source.stop()


async def told(records: Records, level: str, beginning: str) -> str:
    def found(records: Records) -> str | None:
        return next((text for text in records.notes(level) if text.startswith(beginning)), None)

    text: str = await records.until(found)
    return text


async def test_a_new_version_answers_connections_that_are_there_and_what_runs_ends_with_the_old(
    handler: Path,
) -> None:
    async with (
        hosted(handler) as (source, records),
        connect(source.address) as one,
        connect(source.address) as two,
    ):
        assert await one.request_response({"operation": "add", "a": 1}) == 2
        running = await one.stream_stream({"operation": "adding"})
        await running.send(1)
        assert await running.receive() == 2
        saved(handler, adder(100))
        await told(records, "info", "Reloaded adder.py")
        for client in (one, two):
            assert await client.request_response({"operation": "add", "a": 1}) == 101
        await running.send(1)
        assert await running.receive() == 2
        await running.aclose()
        async with await two.stream_stream({"operation": "adding"}) as fresh:
            await fresh.send(1)
            assert await fresh.receive() == 101


async def test_an_error_in_the_new_version_is_a_problem_with_its_line_and_the_old_one_answers(
    handler: Path,
) -> None:
    async with hosted(handler) as (source, records), connect(source.address) as client:
        saved(handler, "\n\nclass Adder(:\n")
        problem = await told(records, "problem", str(handler))
        assert problem.startswith(f"{handler}:3: not valid Python")
        assert await client.request_response({"operation": "add", "a": 1}) == 2


async def test_a_new_version_that_cannot_be_made_is_a_problem_and_the_old_one_answers(handler: Path) -> None:
    broken = adder(5) + "\n    def __init__(self):\n        raise OSError('no database')\n"
    async with hosted(handler) as (source, records), connect(source.address) as client:
        await client.request_response({"operation": "add", "a": 1})
        saved(handler, broken)
        problem = await told(records, "problem", "The handler could not be made (OSError: no database)")
        assert problem.endswith("The version from before serves on.")
        assert await client.request_response({"operation": "add", "a": 1}) == 2


async def test_listening_again_reads_what_the_handler_imports_too(handler: Path) -> None:
    saved(handler.parent / "step.py", "STEP = 1\n")
    saved(handler, adder("step.STEP", "import step"))
    async with hosted(handler) as (source, _):
        saved(handler.parent / "step.py", "STEP = 7\n")
        assert (await source.perform(Reconnect())).error is None
        async with connect(source.address) as client:
            assert await client.request_response({"operation": "add", "a": 1}) == 8


async def test_with_a_token_only_those_who_know_it_come_in_and_it_is_in_no_record() -> None:
    async with hosted(token="open sesame") as (source, records):
        for _ in range(3):
            with pytest.raises(InvalidStatus, match="401"):
                await connect(source.address).__aenter__()
        async with (
            connect(with_token(source.address, "open sesame")) as one,
            connect(source.address, token="open sesame") as two,
        ):
            for client in (one, two):
                await client.request_response({"operation": "get_quote", "symbol": "BEAN"})
    assert records.notes("warning") == [
        "A client without the right token was refused: have it connect to the URL with the token."
    ]
    (first, _) = records.of(ConnectionOpened)
    assert first.handshake["request_line"] == "GET /?token=(hidden) HTTP/1.1"
    assert "sesame" not in str(records.of(ConnectionOpened)) + str(records.of(Noted))


async def test_more_peers_than_may_be_there_are_refused_with_how_to_let_them_in() -> None:
    async with hosted(max_peers=1) as (source, records), connect(source.address) as client:
        await client.request_response({"operation": "get_quote", "symbol": "BEAN"})
        with pytest.raises(InvalidStatus, match="503"):
            await connect(source.address).__aenter__()
        assert records.notes("warning") == [
            "A client was refused, 1 are connected: to let in more, host with --max-peers 2."
        ]


def test_peers_share_the_memory_and_each_has_room_for_a_frame() -> None:
    few, many, own = hosting_limits(None, 1), hosting_limits(None, 5000), inspector_limits()
    assert (few.connection_buffer_bytes, few.outbox_bytes) == (own.connection_buffer_bytes, own.outbox_bytes)
    assert many.outbox_bytes == many.connection_buffer_bytes == many.stream_buffer_bytes == many.frame_bytes
    hundred = hosting_limits(None, 100)
    assert 100 * (hundred.connection_buffer_bytes + hundred.outbox_bytes) <= 100 * 2 * 16 * 1024 * 1024


MOCK = """
[state]
calls = 0
[[request]]
operation = "add"
set.state.calls = "{{ state.calls + 1 }}"
answer = "{{ data.a + STEP }}"
"""


async def test_a_mock_file_is_hosted_and_followed_and_remembers_through_its_versions(
    handler: Path, tmp_path: Path
) -> None:
    mock = tmp_path / "mock.toml"
    saved(mock, MOCK.replace("STEP", "1"))
    async with hosted(mock, seed=5) as (source, records), connect(source.address) as client:
        assert await client.request_response({"operation": "add", "a": 1}) == 2
        saved(mock, MOCK.replace("STEP", "1 +"))
        problem = await told(records, "problem", str(mock))
        assert problem == (
            f"{mock}:7: request[0].answer: 'data.a + 1 +' is not finished. The version from before serves on."
        )
        assert await client.request_response({"operation": "add", "a": 1}) == 2
        saved(mock, MOCK.replace("STEP", "state.calls"))
        await told(records, "info", "Reloaded mock.toml")
        assert await client.request_response({"operation": "add", "a": 1}) == 4
        saved(mock, "seed = '")
        done = await source.perform(Reconnect())
        assert done.error == f'{mock}:1: this is not TOML: expected "\'".'
        with pytest.raises(RemoteError, match="has no answer to the request sub"):
            await client.request_response({"operation": "sub"})
        hole = next(note for note in records.of(Noted) if "no answer to the request sub" in note.text)
        assert (hole.level, hole.conn) == ("warning", 1)


async def test_what_answers_for_a_client_is_followed_too_and_says_what_lacks(
    tmp_path: Path, handler: Path
) -> None:
    mock = tmp_path / "mock.toml"
    saved(mock, MOCK.replace("STEP", "1"))
    async with serve(ProtocolHandler) as server:
        source, records = ClientSource(ClientSpec(url=server.url, handler=str(mock))), Records()
        await source.start(records)
        try:
            await records.until_state("CONNECTED")
            (peer,) = server.protocols
            assert await peer.request_response({"operation": "add", "a": 1}) == 2
            saved(mock, MOCK.replace("STEP", "20"))
            await told(records, "info", "Reloaded mock.toml")
            assert await peer.request_response({"operation": "add", "a": 1}) == 21
            saved(mock, "[")
            await told(records, "problem", f"{mock}:1: this is not TOML")
            with pytest.raises(RemoteError, match="has no answer to the request sub"):
                await peer.request_response({"operation": "sub"})
            hole = next(note for note in records.of(Noted) if "no answer to the request sub" in note.text)
            assert (hole.level, hole.conn) == ("warning", 1)
        finally:
            await source.stop()
    with pytest.raises(SourceError) as caught:
        ClientSource(ClientSpec(url=server.url, handler=str(mock)))
    assert caught.value.exit_code == 2
