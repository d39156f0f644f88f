"""A large capture of plausible traffic: `python benchmarks/big_capture.py FILE [FRAMES] [--seed N]`.

Calls of forty operations, streams of both kinds, one-way messages and errors on one connection; frames have
200 bytes on average. It is folded and written as a recording is, so what is measured with it is what a user
has. The same seed makes the same frames. Prints the processor time a frame and the size of the file.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from inspector_app.capture.records import ConnectionOpened, FrameSeen, Record, StateChanged
from inspector_app.capture.store import CaptureWriter
from inspector_app.engine.recorder import BATCH_RECORDS
from inspector_app.loop import COLLECTED
from inspector_app.model.fold import Fold

ME = "0f8a1c52-3c1e-4bbb-8ccc-000000000001"
PEER = "7be2d940-99aa-4eee-8fff-000000000002"
START_NS = 1_795_346_400_000_000_000
RARE_TEXT = "a needle in the hay"
"""Is in one frame of a thousand, about."""

_NOUNS = ("order", "user", "basket", "invoice", "session", "price", "stock", "address")
_VERBS = ("get", "list", "create", "update", "watch")
OPERATIONS = tuple(f"{noun}.{verb}" for noun in _NOUNS for verb in _VERBS)
_WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo")


KINDS = {"mix": (0.0, 1.0), "calls": (0.04, 0.75), "streams": (0.75, 1.0)}
"""From where to where a number from 0 to 1 may be that decides what an exchange is."""


class Traffic:
    """The frames of one connection, one after the other, as (direction, text); `kind` is one of `KINDS`."""

    def __init__(self, seed: int, kind: str = "mix") -> None:
        self._from, self._to = KINDS[kind]
        self._random = random.Random(seed)  # noqa: S311 - traffic to look at, nothing secret
        self._number = 0
        self._frames = 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        while True:
            for direction, fields in self._exchange():
                self._frames += 1
                yield direction, json.dumps(fields, separators=(",", ":"))

    def _exchange(self) -> Iterator[tuple[str, dict[str, Any]]]:
        operation = OPERATIONS[min(int(self._random.expovariate(0.12)), len(OPERATIONS) - 1)]
        kind = self._from + (self._to - self._from) * self._random.random()
        if kind < 0.04:
            yield self._frame("fire_and_forget", None, "out", {"operation": operation, **self._data()})
            return
        request_id = [ME, self._number]
        self._number += 1
        asked = {"operation": operation, **self._data()}
        if kind < 0.75:
            yield self._frame("request", request_id, "out", asked)
            if self._random.random() < 0.03:
                failed = {"error": "No such thing here", "code": "not_found"}
                yield self._frame("error", request_id, "in", failed)
            else:
                yield self._frame("response", request_id, "in", self._data())
        elif kind < 0.92:
            yield self._frame("stream_request", request_id, "out", asked)
            for _ in range(self._random.randrange(1, 30)):
                yield self._frame("stream_data", request_id, "in", self._data())
            yield self._frame("stream_end", request_id, "in", None)
        else:
            yield self._frame("stream_stream_request", request_id, "out", asked)
            for _ in range(self._random.randrange(1, 10)):
                yield self._frame("stream_data", request_id, "out", self._data())
                yield self._frame("stream_data", request_id, "in", self._data())
            yield self._frame("stream_end", request_id, "out", None)
            yield self._frame("stream_end", request_id, "in", None)

    def _frame(
        self, kind: str, request_id: list[Any] | None, direction: str, data: dict[str, Any] | None
    ) -> tuple[str, dict[str, Any]]:
        fields: dict[str, Any] = {"type": kind}
        if request_id is not None:
            fields["requestId"] = request_id
        return direction, {**fields, "peerID": ME if direction == "out" else PEER, "data": data}

    def _data(self) -> dict[str, Any]:
        words = " ".join(self._random.choices(_WORDS, k=self._random.randrange(1, 5)))
        if self._frames % 1_000 == 500:
            words = RARE_TEXT
        user = {"id": self._random.randrange(1000), "name": self._random.choice(_WORDS)}
        return {"ok": True, "user": user, "text": words}


def records(frames: int, seed: int = 1, kind: str = "mix") -> Iterator[Record]:
    """The records of a connection with so many frames, 50 µs apart, still open at the end."""
    yield ConnectionOpened(
        conn=1, time_ns=START_NS, role="client", address="ws://127.0.0.1:8765", local_peer=ME
    )
    yield StateChanged(conn=1, time_ns=START_NS, old="CONNECTING", new="CONNECTED")
    for number, (direction, text) in zip(range(frames), Traffic(seed, kind), strict=False):
        time_ns = START_NS + number * 50_000
        yield FrameSeen(conn=1, time_ns=time_ns, direction="in" if direction == "in" else "out", raw=text)


def write(
    path: Path,
    frames: int,
    seed: int = 1,
    said: Callable[[int], None] | None = None,
    kind: str = "mix",
) -> tuple[float, float]:
    """Make the capture; processor seconds that folding took, and writing. Raises `CaptureError`."""
    gc.set_threshold(*COLLECTED)  # as in an engine
    writer = CaptureWriter(
        path, source={"kind": "client", "url": "ws://127.0.0.1:8765"}, software="benchmark"
    )
    fold, clock = Fold(), time.process_time
    folding = writing = 0.0
    batch: list[Record] = []
    done = 0

    def commit() -> None:
        nonlocal folding, writing
        began = clock()
        fold.apply_all(batch)
        rows = fold.take()
        folded = clock()
        writer.write(rows)
        folding, writing = folding + folded - began, writing + clock() - folded

    for record in records(frames, seed, kind):
        batch.append(record)
        if len(batch) == BATCH_RECORDS:
            commit()
            done += len(batch)
            batch.clear()
            if said is not None:
                said(done)
    commit()
    began = clock()
    writer.close()
    return folding, writing + clock() - began


def main(arguments: list[str]) -> int:
    """Make one, and tell what it cost."""
    parser = argparse.ArgumentParser(description="Make a large capture.")
    parser.add_argument("file", type=Path)
    parser.add_argument("frames", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    folding, writing = write(options.file, options.frames, options.seed)
    size = options.file.stat().st_size
    print(
        f"{options.frames:,} frames: {folding / options.frames * 1e6:.1f} µs to fold and "
        f"{writing / options.frames * 1e6:.1f} µs to write a frame; "
        f"{size / 1e6:.0f} MB, {size / options.frames:.0f} bytes a frame"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
