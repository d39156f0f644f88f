"""Browsers that open what was exported: which are here, and what they say of it.

Chromium is the one of PyQt6-WebEngine, run as a program of its own (`browser.py` opens a page, `devtools.py`
a HAR); Firefox is the one that is installed, spoken to over Marionette, its remote protocol.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
PAGE, DEVTOOLS = _HERE / "browser.py", _HERE / "devtools.py"
_PATIENCE_S = 60
_FIREFOX = shutil.which("firefox") or shutil.which("firefox-esr")

needs_chromium = pytest.mark.skipif(
    importlib.util.find_spec("PyQt6") is None or importlib.util.find_spec("PyQt6.QtWebEngineCore") is None,
    reason="PyQt6-WebEngine is not installed: pip install -e '.[browser]' brings a browser for this test",
)
needs_firefox = pytest.mark.skipif(
    _FIREFOX is None, reason="Firefox is not installed: this test opens a HAR in its Network panel"
)

_NOTHING_LEAVES = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.dns.disabled": True,
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}
"""A browser that wants to ask its maker something finds nobody at the proxy."""


def in_chromium(program: Path, file: Path) -> dict[str, Any]:
    """Have one of the two programs open a file; give what it found."""
    result = subprocess.run(
        [sys.executable, str(program), str(file)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


class Marionette:
    """Firefox's remote protocol: a length, a colon, and JSON, both ways."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._read()  # who it is

    def ask(self, command: str, **parameters: object) -> Any:
        """Give one command and wait for its result."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, number, error, result = self._read()
        assert number == self._number
        assert error is None, error
        return result

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script with the browser's own rights; its last argument is called with what it gives."""
        return self.ask("WebDriver:ExecuteAsyncScript", script=script, args=arguments)["value"]

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while (character := self._file.read(1)) not in (b":", b""):
            length += character
        return json.loads(self._file.read(int(length)))


@contextmanager
def firefox(profile: Path) -> Iterator[Marionette]:
    """Run Firefox without a window, and with nothing to reach, for as long as the block takes."""
    assert _FIREFOX is not None
    profile.mkdir()
    lines = (
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _NOTHING_LEAVES.items()
    )
    (profile / "user.js").write_text("".join(lines))
    options = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
    process = subprocess.Popen(
        [_FIREFOX, *options, "--profile", str(profile), "about:blank"],
        env={**os.environ, "HOME": str(profile)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Listening on port" in line:
                break
        assert said, "Firefox ended without a word"
        assert "Listening on port" in said[-1], "".join(said)
        marionette = Marionette(int(said[-1].split()[-1]))
        try:
            marionette.ask("WebDriver:NewSession", capabilities={})
            marionette.ask("Marionette:SetContext", value="chrome")
            yield marionette
        finally:
            marionette.close()
    finally:
        process.kill()
        process.communicate()
