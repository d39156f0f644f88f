"""How fast calls and streams are: `python benchmarks/speed.py`, with tables of ratios as its result.

The base is a bare `websockets` text echo, and for streams a bare push of ready-made texts: no JSON, no
compression, the connection's settings those of `slipstream.connect`. slipstream runs with everything on:
`data` validated by a pydantic model, deadlines, credit, and on both sides a tap that keeps every frame.

Workloads: w1, w64 and w1000 are unary calls with so many in flight; stream is a server stream of 100,000
items; echo is a bidirectional stream with 64 items outstanding. The payload is the JSON text of `data`,
`{"operation":"echo","number":7,"text":"xx…"}`, of exactly 100 or 2,048 bytes, and the answer or the item is
as large. Each implementation adds its own envelope (that of slipstream takes 130 to 155 bytes a frame); the
base sends frames with that of slipstream, made once. A stream of 2 KB has a quarter of the items.

The peers are installed from PyPI into an environment of their own; messages are the same JSON, nothing is
validated. Their streams have a tenth of the items. rsocket runs over TCP, socketio over websocket; socketio
has events instead of streams, fastapi-websocket-rpc has none.

Client and server are two processes on one core, started anew for each repetition. Within a repetition a
workload is cut into pieces, and all implementations do a piece in turn, in an order that rotates, before the
next one begins; sequential calls come first. A ratio is taken within a repetition; printed is the median of
the repetitions. Rates are for information only: they are the machine's. "By CPU" is the same ratio taken from
the processor time of both ends (Linux only) instead of the time that passed: where nothing else runs the two
agree, on a busy machine it is the steadier.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from speed_peers.pair import Contender, MeasuringError, Pair, started
from speed_peers.peers import PEERS, install
from speed_peers.tables import BASE, Results, below, fastest, peers_to_base, to_base, to_fastest
from speed_peers.workloads import OUTSTANDING, Workload

SUBJECT = "slipstream"
AGAIN = "bare, once more"
WITH_JSON = "bare, with json"
MUST_TO_BASE = {
    "w1 100 B": 0.85,
    "w64 100 B": 0.88,
    "w1000 100 B": 0.62,
    "w64 2 KB": 0.75,
    "stream 100 B": 1.1,
}

MUST_TO_PEERS = {"w1 100 B": 1.8, "w64 100 B": 3.0, "stream 100 B": 7.0}
PAYLOADS = {"100 B": (100, 1), "2 KB": (2048, 4)}
"""Bytes, and what the items of a stream are divided by."""
PEERS_SHARE = 10
"""What the items of a stream of a peer are divided by."""

OWN = [
    Contender(BASE, "bare"),
    Contender(WITH_JSON, "bare_json"),
    Contender(SUBJECT, "slipstream_peer"),
]


def workloads(seconds: float, items: int) -> dict[str, Workload]:
    """Everything to measure, by name; sequential calls first, bursts last."""
    kinds = {
        "w1": Workload("unary", in_flight=1, seconds=seconds),
        "echo": Workload("echo", in_flight=OUTSTANDING, seconds=seconds),
        "w64": Workload("unary", in_flight=64, seconds=seconds),
        "w1000": Workload("unary", in_flight=1000, seconds=seconds),
        "stream": Workload("stream", items=items),
    }
    return {
        f"{name} {size}": replace(kind, payload_bytes=payload_bytes, items=kind.items // share)
        for name, kind in kinds.items()
        for size, (payload_bytes, share) in PAYLOADS.items()
    }


def measure(contenders: list[Contender], plan: dict[str, Workload], options: argparse.Namespace) -> Results:
    """All repetitions, each with fresh processes."""
    results = Results()
    ends = time.monotonic() + options.minutes * 60
    took_s = 0.0
    for repetition in range(options.repetitions):
        began = time.monotonic()
        if began + took_s > ends:
            print("the time is up: the machine is slow or busy", file=sys.stderr)
            break
        with ExitStack() as stack:
            pairs: list[tuple[Contender, Pair]] = []
            for contender in contenders:
                try:
                    pair = stack.enter_context(started(contender, options.core, options.loop))
                    pairs.append((contender, pair))
                except MeasuringError as error:
                    results.faults[contender.name, "start"] = str(error)
            for turn, (name, workload) in enumerate(plan.items()):
                for piece in range(options.pieces):
                    first = (repetition + turn + piece) % max(len(pairs), 1)
                    for contender, pair in pairs[first:] + pairs[:first]:
                        _measure_one(results, repetition, name, workload, contender, pair)
        took_s = time.monotonic() - began
        print(f"repetition {repetition + 1} of {options.repetitions}: {took_s:.0f} s", file=sys.stderr)
    return results


def _measure_one(
    results: Results, repetition: int, name: str, workload: Workload, contender: Contender, pair: Pair
) -> None:
    if workload.kind in contender.lacks:
        return
    if contender in PEERS:
        workload = replace(workload, items=workload.items // PEERS_SHARE)
    try:
        results.add(name, contender.name, repetition, pair.measure(workload))
    except MeasuringError as error:
        results.faults[contender.name, name] = str(error)


def report(results: Results, plan: dict[str, Workload], options: argparse.Namespace) -> None:
    """Print the tables."""
    measured, workloads = results.contenders(), list(plan)
    print(
        f"Python {platform.python_version()}, websockets {version('websockets')}, {options.loop}, "
        f"{os.cpu_count()} cores, {results.repetitions()} repetitions"
    )
    for contender, must in ((SUBJECT, MUST_TO_BASE), (WITH_JSON, {}), (AGAIN, {})):
        if contender in measured:
            print("", *to_base(results, contender, workloads, must), sep="\n")
    if peers := [peer.name for peer in PEERS if peer.name in measured]:
        print("", *to_fastest(results, SUBJECT, peers, workloads, MUST_TO_PEERS), sep="\n")
        print("", *peers_to_base(results, peers, workloads), sep="\n")
    print("", *(f"{name}, {what}: {fault}" for (name, what), fault in results.faults.items()), sep="\n")


def missed(results: Results, plan: dict[str, Workload], peers: list[Contender]) -> list[str]:
    """The targets that were not reached."""
    names = [peer.name for peer in peers]
    to = {name: results.ratio(name, SUBJECT, BASE) for name in MUST_TO_BASE if name in plan}
    to_peers = {
        name: results.ratio(name, SUBJECT, fastest(results, name, SUBJECT, names) or "")
        for name in MUST_TO_PEERS
        if names and name in plan
    }
    return below(to, MUST_TO_BASE) + below(to_peers, MUST_TO_PEERS)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    parser = argparse.ArgumentParser(description="Ratios of speed, measured side by side.")
    parser.add_argument("--repetitions", type=int, metavar="N", help="default 7, 3 with --quick")
    parser.add_argument("--seconds", type=float, help="of each workload; default 0.5, 0.3 with --quick")
    parser.add_argument("--pieces", type=int, metavar="N", help="of each workload; default 5, 3 with --quick")
    parser.add_argument("--items", type=int, help="of each stream; default 100,000, 20,000 with --quick")
    parser.add_argument("--only", default="", help="workloads, such as w1,w64,stream")
    parser.add_argument(
        "--minutes", type=float, default=9.5, help="after which no repetition ends; default 9.5"
    )
    parser.add_argument("--core", type=int, default=cores[-1], help="that both ends run on; default the last")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter")
    parser.add_argument(
        "--peers", action=argparse.BooleanOptionalAction, default=True, help="measure the peers from PyPI too"
    )
    parser.add_argument("--uvloop", dest="loop", action="store_const", const="uvloop", default="asyncio")
    parser.add_argument("--self-check", action="store_true", help="measure only the base, against itself")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a ratio is below its target")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every rate there")
    options = parser.parse_args(arguments)
    if options.loop == "uvloop" and find_spec("uvloop") is None:
        parser.error("uvloop is not installed")
    options.repetitions = options.repetitions or (3 if options.quick else 7)
    options.pieces = options.pieces or (3 if options.quick else 5)
    options.seconds = options.seconds or (0.3 if options.quick else 0.5)
    options.items = options.items or (20_000 if options.quick else 100_000)
    return options


def main(arguments: list[str]) -> int:
    """Measure, print; the exit code."""
    options = parse(arguments)
    contenders, peers = list(OWN), list(PEERS) if options.peers else []
    if options.self_check:
        contenders, peers = [OWN[0], Contender(AGAIN, "bare")], []
    faults = install() if peers else {}
    plan = {
        name: workload
        for name, workload in workloads(
            options.seconds / options.pieces, options.items // options.pieces
        ).items()
        if not options.only or name.split()[0] in options.only.split(",")
    }
    results = measure(contenders + peers, plan, options)
    results.faults.update(((requirement, "installing"), fault) for requirement, fault in faults.items())
    report(results, plan, options)
    if options.json is not None:
        options.json.write_text(results.as_json())
    if any(name in {own.name for own in OWN} for name, _ in results.faults):
        return 2
    return 1 if options.check and missed(results, plan, peers) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
