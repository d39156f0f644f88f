"""Files of handlers for tests, and a folder in which they may be imported and forgotten again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ADDER = """
from slipstream import ProtocolHandler, request_response, request_stream, stream_stream
{imports}

class Adder(ProtocolHandler):
    @request_response
    async def add(self, data):
        return data["a"] + {step}

    @stream_stream
    async def adding(self, data, stream):
        async for item in stream:
            await stream.send(item + {step})
"""


def adder(step: object, imports: str = "") -> str:
    return ADDER.format(step=step, imports=imports)


@contextmanager
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what the block imports, and where from."""
    modules = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def replaced(path: Path, text: str) -> None:
    """Write a new file in the place of an old one, as many editors do."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    os.replace(new, path)  # noqa: PTH105 - what is meant


def saved(path: Path, text: str) -> None:
    """Write over a file."""
    path.write_text(text)
