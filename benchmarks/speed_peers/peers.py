"""The peers from PyPI, and the virtual environment that has them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from speed_peers.pair import BENCHMARKS, Contender

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


def install(folder: Path = FOLDER, requirements: Path = REQUIREMENTS) -> dict[str, str]:
    """Make the environment, unless it is there with these very versions.

    Returns why a requirement could not be installed; the others are.
    """
    wanted = requirements.read_text()
    installed = folder / "requirements.txt"
    if installed.exists() and installed.read_text() == wanted:
        return {}
    print(f"installing the peers into {folder.relative_to(BENCHMARKS.parent)}", file=sys.stderr, flush=True)
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return {"a virtual environment": str(error)}
    lines = [line for line in wanted.splitlines() if not line.startswith("#")]
    faults = {line: fault for line in lines if (fault := _install_one(folder, line)) is not None}
    if not faults:
        installed.write_text(wanted)
    return faults


def _install_one(folder: Path, requirement: str) -> str | None:
    command = [str(folder / PYTHON.relative_to(FOLDER)), "-m", "pip", "install", "--quiet", requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return None
    return (result.stderr.strip().splitlines() or ["pip told nothing"])[-1]
