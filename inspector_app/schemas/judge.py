"""The program that checks data by a schema: `python -m inspector_app.schemas.judge`, and what it is asked by.

A process of its own, since a small schema can make its check take any time, and that in one go: each level
of it may ask for the next one twice. Reads requests from standard input, writes a line for each to standard
output.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import BinaryIO, Final

from inspector_app.schemas.checking import Checker, Problem

MEMORY_BYTES: Final = 2 * 1024 * 1024 * 1024
LONGEST_CHECK_S: Final = 10
"""After so long it ends by itself, should nobody be there any more to end it."""


def request_of(word: str, body: bytes) -> bytes:
    """Write a request: `schema`, a JSON Schema to check by from now on, or `value`, JSON to check."""
    return f"{word} {len(body)}\n".encode() + body


def answer_of(line: bytes) -> tuple[list[Problem], str]:
    """Read an answer: what is wrong, and why nothing can be checked. Raises `ValueError`, `KeyError`."""
    told = json.loads(line)
    problems = [Problem(tuple(each["path"]), str(each["text"])) for each in told["problems"]]
    return problems, str(told["unusable"])


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer one request after the other until there are no more."""
    checker = Checker(None)
    while head := requests.readline():
        word, _, length = head.decode().partition(" ")
        body = json.loads(requests.read(int(length)))
        _be_done_in(LONGEST_CHECK_S)
        if word == "schema":
            checker = Checker(body)
        problems = checker.problems(body) if word == "value" else []
        _be_done_in(0)
        told = {
            "problems": [{"path": each.path, "text": each.text} for each in problems],
            "unusable": checker.unusable,
        }
        answers.write(json.dumps(told).encode() + b"\n")
        answers.flush()


def _be_done_in(seconds: int) -> None:
    # Without a handler the signal ends the process, also in the midst of what is not Python.
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    _limit_memory()
    serve(sys.stdin.buffer, sys.stdout.buffer)
