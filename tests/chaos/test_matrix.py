"""Faults by loads: whatever goes wrong under whatever load, each call ends once, truly, and in time."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

import pytest
import pytest_asyncio

from tests.chaos.cells import FAULTS, LOADS, Fault, Load, Outcome, Peer, peer_process, run_cell
from tests.conftest import Figure

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOME = [
    ("none", "1,000 streams"),
    ("RST", "200 unary"),
    ("FIN without close", "idle"),
    ("1-byte slices", "conversations"),
    ("SIGKILL", "200 unary"),
    ("cut mid-frame", "conversations"),
    ("corrupt header", "fast stream"),
    ("corrupt text", "200 unary"),
]
"""What the default suite runs of the cells: each way to end, each load."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def peer() -> AsyncIterator[Peer]:
    async with peer_process() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def public_peer() -> AsyncIterator[Peer]:
    with public_way():
        async with peer_process() as running:
            yield running


@contextmanager
def public_way() -> Iterator[None]:
    """Connections made here, and processes started here, use what websockets documents and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIPSTREAM_DIRECT", "0")
        yield


async def outcome_of(fault: Fault, load: Load, peer: Peer) -> Outcome:
    async with AsyncExitStack() as stack:
        if fault.kills:
            peer = await stack.enter_async_context(peer_process())
        if fault.stops:
            stack.callback(peer.child.send_signal, signal.SIGCONT)  # also when the cell has failed
        return await run_cell(fault, load, peer)


def wrong(fault: Fault, outcome: Outcome) -> list[str]:
    """What of an outcome must not be."""
    late = fault.heard_within_s is not None and outcome.heard_s > fault.heard_within_s
    told = [f"heard after {outcome.heard_s:.2f} s, not within {fault.heard_within_s}"] if late else []
    return [*outcome.broken, *told]


@pytest.mark.parametrize(("fault_name", "load_name"), SOME)
async def test_a_cell_of_the_matrix_holds(fault_name: str, load_name: str, peer: Peer) -> None:
    (fault,) = (fault for fault in FAULTS if fault.name == fault_name)
    (load,) = (load for load in LOADS if load.name == load_name)
    assert wrong(fault, await outcome_of(fault, load, peer)) == []


@pytest.mark.proof
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_every_load_outlives_a_fault_or_ends_truly_and_in_time(
    fault: Fault, peer: Peer, figure: Figure
) -> None:
    outcomes = {load.name: await outcome_of(fault, load, peer) for load in fault.loads}
    bad = {name: told for name, outcome in outcomes.items() if (told := wrong(fault, outcome))}
    figure("D", f"{fault.name}: cells that hold", f"{len(outcomes) - len(bad)} of {len(outcomes)}", "all")
    if fault.heard_within_s is not None:
        false_ends = sum(outcome.false_ends for outcome in outcomes.values())
        figure("D", f"{fault.name}: calls cut off that looked whole", false_ends, "0")
        worst_s = max(outcome.heard_s for outcome in outcomes.values())
        figure("D", f"{fault.name}: s until all had heard, at worst", worst_s, f"<= {fault.heard_within_s}")
    assert bad == {}


@pytest.mark.proof
async def test_a_share_of_the_cells_holds_on_the_public_way(public_peer: Peer, figure: Figure) -> None:
    bad, count = {}, 0
    with public_way():
        for number, fault in enumerate(FAULTS):
            load = fault.loads[number % len(fault.loads)]
            count += 1
            if told := wrong(fault, await outcome_of(fault, load, public_peer)):
                bad[fault.name, load.name] = told
    figure("D", "public way, a load for each fault: cells that hold", f"{count - len(bad)} of {count}", "all")
    assert bad == {}
