"""The peers from PyPI, and the virtual environment that has them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv

from speed_peers.pair import BENCHMARKS, Contender, MeasuringError

REQUIREMENTS = BENCHMARKS / "speed_peers" / "requirements.txt"
FOLDER = BENCHMARKS.parent / "build" / "speed-peers"
PYTHON = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STREAMS = frozenset({"stream", "echo"})

PEERS = [
    Contender("grpcio", "grpc_peer", str(PYTHON)),
    Contender("rsocket", "rsocket_peer", str(PYTHON)),
    Contender("python-socketio", "socketio_peer", str(PYTHON)),
    Contender("fastapi-websocket-rpc", "fastapi_rpc_peer", str(PYTHON), lacks=STREAMS),
]


def install() -> None:
    """Make the environment, unless it is there with these very versions. Raises `MeasuringError`."""
    wanted = REQUIREMENTS.read_text()
    installed = FOLDER / "requirements.txt"
    if installed.exists() and installed.read_text() == wanted:
        return
    print(f"installing the peers into {FOLDER.relative_to(BENCHMARKS.parent)}", file=sys.stderr, flush=True)
    venv.create(FOLDER, with_pip=True, clear=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["pip told nothing"])[-1]
        raise MeasuringError(f"could not be installed: {last}")
    installed.write_text(wanted)
