"""A program in a real pseudo terminal: its screen as text, its bytes as sent, keys typed into it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pexpect
import pyte

APP = (sys.executable, "-m", "inspector_app")
KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
}


class _Screen(pyte.Screen):
    """pyte knows fewer sequences than a terminal of today; what it does not know draws nothing."""

    def report_device_status(self, mode: int, **_: Any) -> None:
        return

    def set_margins(self, *args: Any, **_: Any) -> None:
        super().set_margins(*args)


# Keyboard protocols and mode requests: no part of the picture, and pyte would print their tails. Nor are
# colours of a picture in text, and they are most of what is sent.
_NOT_DRAWN = re.compile(
    rb"\x1b\[[<>=?][0-9;]*[\$u]p?|\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1bP[^\x1b]*\x1b\\|\x1b\[[0-9;:]*m"
)
# A sequence whose end has not come yet: control sequences, and strings that ESC backslash or BEL will end.
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?)?\Z")


class Terminal:
    """One program in one terminal. `sent` is every byte that reached the terminal so far."""

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._unfinished = b""
        self._text: str | None = None
        self.sent = bytearray()
        settings = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        settings["TEXTUAL_ANIMATIONS"] = "none"
        kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self._child = pexpect.spawn(
            APP[0],
            [*APP[1:], *arguments],
            dimensions=(rows, columns),
            env={**kept, **settings, **(environment or {})},
            cwd=str(folder) if folder else None,
            timeout=None,
        )
        # Patience of pexpect with programs that are not ready for a key; these are waited for.
        self._child.delaybeforesend = None
        self._child.ptyproc.delayafterclose = 0

    @property
    def pid(self) -> int:
        """Process ID of the program."""
        return int(self._child.pid)

    def text(self) -> str:
        """The screen as it stands, a line a row."""
        if self._text is None:
            self._text = "\n".join(line.rstrip() for line in self._screen.display)
        return self._text

    def press(self, *keys: str) -> None:
        """Press keys, by name or as single characters."""
        for key in keys:
            self._child.send(KEYS.get(key, key))

    def type(self, text: str) -> None:
        """Type text."""
        self._child.send(text)

    def wait_for(self, wanted: str | Callable[[str], bool], *, seconds: float = 30.0) -> str:
        """Read until the screen holds `wanted`; fails with the screen as it is when the time is over."""
        holds = (lambda screen: wanted in screen) if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + seconds
        while not holds(self.text()):
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{wanted!r} did not come within {seconds} s; the screen:\n{self.text()}"
                )
            if not self._read():
                raise AssertionError(f"The program ended before {wanted!r} came; the screen:\n{self.text()}")
        return self.text()

    def wait_for_end(self, *, seconds: float = 30.0) -> int:
        """Read until the program ends; its exit code, negative for a signal."""
        deadline = time.monotonic() + seconds
        while self._read():
            if time.monotonic() > deadline:
                raise AssertionError(f"It did not end within {seconds} s; the screen:\n{self.text()}")
        self._child.wait()
        self._child.close()
        return int(-self._child.signalstatus if self._child.signalstatus else self._child.exitstatus)

    def pass_over(self) -> None:
        """Take what has come, waiting a little for it, and let it go: no picture is made of it."""
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            self._child.read_nonblocking(65536, timeout=0.05)

    def close(self) -> None:
        """End the program if it runs."""
        self._child.close(force=True)

    def _read(self) -> bool:
        """Take what has come, waiting a little for it; False when the program has ended."""
        try:
            chunk = self._child.read_nonblocking(65536, timeout=0.05)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.sent += chunk
        self._draw(self._unfinished + chunk)
        return True

    def _draw(self, sent: bytes) -> None:
        rest = _UNFINISHED.search(sent)
        whole = sent[: rest.start()] if rest else sent
        self._unfinished = sent[len(whole) :]
        self._stream.feed(_NOT_DRAWN.sub(b"", whole))
        self._text = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def leave(terminal: Terminal, shown: str) -> None:
    """Leave what is on the screen, and wait for that: Escape and a key at once are another key."""
    terminal.press("escape")
    terminal.wait_for(lambda screen: shown not in screen)
