"""The peers from PyPI, and the virtual environment that has them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv

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


def install() -> dict[str, str]:
    """Make the environment, unless it is there with these very versions.

    Returns why a requirement could not be installed; the others are.
    """
    wanted = REQUIREMENTS.read_text()
    installed = FOLDER / "requirements.txt"
    if installed.exists() and installed.read_text() == wanted:
        return {}
    print(f"installing the peers into {FOLDER.relative_to(BENCHMARKS.parent)}", file=sys.stderr, flush=True)
    try:
        venv.create(FOLDER, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return {"a virtual environment": str(error)}
    requirements = [line for line in wanted.splitlines() if not line.startswith("#")]
    faults = {line: fault for line in requirements if (fault := _install_one(line)) is not None}
    if not faults:
        installed.write_text(wanted)
    return faults


def _install_one(requirement: str) -> str | None:
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return None
    return (result.stderr.strip().splitlines() or ["pip told nothing"])[-1]
