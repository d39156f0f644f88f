"""What was measured, as tables of ratios.

A ratio is taken within one repetition, between two measurements that were made one after the other; what is
printed is the median of these ratios, with the least and the greatest.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from speed_peers.workloads import Measured

BASE = "bare"


class Ratio(NamedTuple):
    """A median of paired ratios of rates, with the extremes; and the median by processor time."""

    median: float
    least: float
    greatest: float
    by_processor: float


@dataclass(slots=True)
class Results:
    """Every measurement of one run."""

    measured: dict[tuple[str, str], dict[int, Measured]] = field(default_factory=dict)
    """By workload and contender, then by repetition."""
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a contender has no figure for a workload."""

    def add(self, workload: str, contender: str, repetition: int, measured: Measured) -> None:
        """Keep one, added to what was measured of it in this repetition before."""
        repetitions = self.measured.setdefault((workload, contender), {})
        before = repetitions.get(repetition)
        repetitions[repetition] = measured.plus(before) if before is not None else measured

    def as_json(self) -> str:
        """Every measurement: a list of objects."""
        rows = [
            {"workload": workload, "contender": contender, "repetition": repetition, **one._asdict()}
            for (workload, contender), repetitions in self.measured.items()
            for repetition, one in repetitions.items()
        ]
        return json.dumps(rows, indent=1)

    def repetitions(self) -> int:
        """How many were made."""
        return max((len(repetitions) for repetitions in self.measured.values()), default=0)

    def contenders(self) -> set[str]:
        """Who has any figure."""
        return {contender for _, contender in self.measured}

    def ratio(self, workload: str, contender: str, to: str) -> Ratio | None:
        """How much faster than another; None where either was not measured."""
        of, base = (self.measured.get((workload, name), {}) for name in (contender, to))
        pairs = [(of[repetition], base[repetition]) for repetition in of if repetition in base]
        if not pairs:
            return None
        rates = [rate(one) / rate(other) for one, other in pairs]
        costs = [cost(other) / cost(one) if cost(one) else 0.0 for one, other in pairs]
        return Ratio(statistics.median(rates), min(rates), max(rates), statistics.median(costs))

    def rate(self, workload: str, contender: str) -> float:
        """The median rate, for information."""
        return statistics.median(rate(one) for one in self.measured[workload, contender].values())


def rate(measured: Measured) -> float:
    """How many a second."""
    return measured.number / measured.seconds


def cost(measured: Measured) -> float:
    """Seconds of processor time for each, both ends together; 0 where that is not known."""
    return measured.processor_s / measured.number


def to_base(
    results: Results, contender: str, workloads: Sequence[str], must: Mapping[str, float]
) -> Iterator[str]:
    """The lines of the table of one contender's ratios to the base."""
    yield f"{contender + ', ratio to the base':<34}{_HEADINGS}   {'base, a second':>14}"
    for workload in workloads:
        ratio = results.ratio(workload, contender, BASE)
        note = f"{results.rate(workload, BASE):>14,.0f}" if ratio is not None else "not measured"
        yield _row(workload, ratio, must.get(workload), note)


_HEADINGS = f"{'median':>8}{'min':>8}{'max':>8}{'by CPU':>8}{'must':>8}"


def _row(workload: str, ratio: Ratio | None, target: float | None, note: str) -> str:
    figures = "".join(f"{figure:>8.2f}" for figure in ratio) if ratio is not None else f"{'-':>8}" * 4
    verdict = "" if target is None else f"{target:.2f}"
    mark = "  below" if target is not None and ratio is not None and ratio.median < target else ""
    return f"{workload:<34}{figures}{verdict:>8}   {note}{mark}"


def fastest(results: Results, workload: str, contender: str, peers: Sequence[str]) -> str | None:
    """The peer that this contender beats by least; None where none was measured."""
    ratios = {peer: results.ratio(workload, contender, peer) for peer in peers}
    measured = {peer: ratio.median for peer, ratio in ratios.items() if ratio is not None}
    return min(measured, key=lambda peer: measured[peer], default=None)


def to_fastest(
    results: Results,
    contender: str,
    peers: Sequence[str],
    workloads: Sequence[str],
    must: Mapping[str, float],
) -> Iterator[str]:
    """The lines of the table of how many times faster a contender is than the fastest peer."""
    yield f"{contender + ', times the fastest peer':<34}{_HEADINGS}   fastest peer"
    for workload in workloads:
        peer = fastest(results, workload, contender, peers)
        ratio = results.ratio(workload, contender, peer) if peer is not None else None
        yield _row(workload, ratio, must.get(workload), peer or "none was measured")


def peers_to_base(results: Results, peers: Sequence[str], workloads: Sequence[str]) -> Iterator[str]:
    """The lines of the table of each peer's median ratio to the base."""
    yield f"{'peers, ratio to the base':<34}" + "".join(f"  {peer}" for peer in peers)
    for workload in workloads:
        ratios = {peer: results.ratio(workload, peer, BASE) for peer in peers}
        figures = {peer: f"{ratio.median:.2f}" if ratio else "-" for peer, ratio in ratios.items()}
        yield f"{workload:<34}" + "".join(f"  {figures[peer]:>{len(peer)}}" for peer in peers)


def below(ratios: Mapping[str, Ratio | None], must: Mapping[str, float]) -> list[str]:
    """The workloads whose median ratio misses its target, or was not measured."""
    return [name for name, ratio in ratios.items() if ratio is None or ratio.median < must[name]]
