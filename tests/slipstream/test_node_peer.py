"""A peer in Node with the `ws` package, as client and as server. Skipped only where Node or ws is missing."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from slipstream import ConnectionClosedError, ConnectionLostError, RemoteError, connect, serve
from tests.slipstream.support import Observer, Service, emptied

HERE = Path(__file__).parent / "node_peer"
INSTALL_S = 25


@pytest.fixture(scope="module")
def modules(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the `ws` package, installed once for all runs, in pytest's cache."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    cache = getattr(request.config, "cache", None)
    folder = cache.mkdir("node-peer") if cache else tmp_path_factory.mktemp("node-peer")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes run side by side
        if not (folder / "node_modules" / "ws" / "package.json").exists():
            _install(folder)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("the ws package is not installed, and npm is not either")
    shutil.copy(HERE / "package.json", folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not install the ws package within {INSTALL_S} s")
    if done.returncode != 0:
        pytest.skip("npm could not install the ws package")


@asynccontextmanager
async def node(modules: Path, *arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """Run the peer; gives its output, and ends it by ending its input."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "peer.js"),
        *arguments,
        env={**os.environ, "NODE_PATH": str(modules)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.stdin.close()
        async with asyncio.timeout(5):
            await process.wait()


async def told(output: asyncio.StreamReader) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await output.readline())


@asynccontextmanager
async def node_server(modules: Path) -> AsyncIterator[str]:
    async with node(modules, "serve") as output:
        yield f"ws://127.0.0.1:{(await told(output))['port']}"


async def test_our_client_calls_a_node_server(modules: Path) -> None:
    observer = Observer()
    async with node_server(modules) as url, connect(url, taps=[observer]) as protocol:
        assert await protocol.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        items = await protocol.request_stream({"operation": "count", "to": 500})
        assert [item async for item in items] == list(range(500))
        async with await protocol.stream_stream({"operation": "echo"}) as handle:
            for item in ("é", None, {"n": 1}):
                await handle.send(item)
                assert await handle.receive() == item
            await handle.aclose()
            assert [item async for item in handle] == []
        with pytest.raises(RemoteError, match="no nothing") as caught:
            await protocol.request_response({"operation": "nothing"})
        assert caught.value.code == "not_found"
        await protocol.fire_and_forget({"operation": "note"})
        assert protocol.remote.software == "node peer"
        await emptied(protocol)
    assert observer.findings == []


@pytest.mark.parametrize(
    ("data", "error", "code"),
    [
        ({"operation": "close", "code": 1000}, ConnectionClosedError, 1000),
        ({"operation": "close", "code": 4429}, ConnectionLostError, 4429),
        ({"operation": "drop"}, ConnectionLostError, 1006),
    ],
)
async def test_a_node_server_that_ends_the_connection_is_understood(
    modules: Path, data: dict[str, Any], error: type[ConnectionClosedError], code: int
) -> None:
    async with node_server(modules) as url, connect(url) as protocol:
        with pytest.raises(ConnectionClosedError) as caught:
            await protocol.request_response(data)
        assert (type(caught.value), caught.value.code) == (error, code)


async def test_a_node_client_calls_our_server(modules: Path) -> None:
    service, observer = Service(), Observer()
    async with serve(lambda: service, taps=lambda _: [observer]) as server:
        async with node(modules, "connect", server.url) as output:
            unary, stream, bidirectional, failed = (await told(output))["results"]
            async with asyncio.timeout(5):
                assert await service.noted.get() == "from node"
            (protocol,) = server.protocols
            assert await protocol.request_response({"operation": "add", "a": 1, "b": 2}) == 3
            await emptied(protocol)
        await protocol.wait_closed()
        assert protocol.state.name == "LOST"
    assert unary == [["response", 42]]
    assert stream == [["stream_data", 1], ["stream_data", None], ["stream_data", "é"], ["stream_end", None]]
    assert bidirectional == [["stream_data", {"n": 1}], ["stream_end", None]]
    assert failed[0][1]["code"] == "not_found"
    assert observer.findings == []
