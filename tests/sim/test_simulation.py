"""Two peers, simulated by seeds: whatever happens, every rule is kept (`python -m tests.sim SEED`)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.sim.__main__ import judge, main
from tests.sim.plan import Kind, Plan, plan_of
from tests.sim.shrink import rules_broken, shrunk
from tests.sim.world import run

ROOT = Path(__file__).parents[2]
SEEDS = 150
ALL_SEEDS = 10_000
PROCESSES = 2


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tests.sim", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def test_no_seed_breaks_a_rule() -> None:
    failing = judge(0, SEEDS).failing
    assert failing == {}, f"see what happened with: python -m tests.sim {min(failing)} --shrink"


def test_the_same_seed_gives_the_same_trace_to_the_byte() -> None:
    for seed in range(20):
        assert "\n".join(run(plan_of(seed)).trace) == "\n".join(run(plan_of(seed)).trace)


def test_the_same_seed_gives_the_same_trace_in_another_process() -> None:
    def printed(hash_seed: str) -> bytes:
        return subprocess.run(
            command(42), cwd=ROOT, env=environment(PYTHONHASHSEED=hash_seed), capture_output=True, check=True
        ).stdout

    here = "\n".join(run(plan_of(42)).trace)
    there = printed("1")
    assert here.encode() in there
    assert printed("2") == there


def test_different_seeds_are_different_runs() -> None:
    traces = {"\n".join(run(plan_of(seed)).trace) for seed in range(20)}
    assert len(traces) == 20


def test_a_run_is_shown_with_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["7"]) == 0
    shown = capsys.readouterr().out
    assert "Every rule was kept." in shown
    assert "'seed': 7" in shown
    assert "CONNECTING -> CONNECTED" in shown


def test_a_failing_seed_is_named_with_what_it_broke(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.sim.party.Party.answer_note", forgets_to_answer)
    assert main(["0", "40"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("seed ") and "was read and not answered" in line for line in lines)
    assert lines[-1].startswith("40 seeds, ")


def test_a_failing_plan_is_made_as_small_as_its_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.sim.party.Party.answer_note", forgets_to_answer)
    plan = max(map(plan_of, judge(0, 40).failing), key=lambda plan: len(plan.calls))
    small = shrunk(plan)
    assert len(small.calls) <= 3 < len(plan.calls)
    assert Kind.NOTE in {call.kind for call in small.calls}
    assert rules_broken(small) == {"I1"}


def test_a_plan_that_breaks_nothing_stays_as_it_is() -> None:
    assert shrunk(plan_of(7)) == plan_of(7)


async def forgets_to_answer(*_: object) -> None:
    """Stands for a library that does not hand out what it has read."""


def test_the_plans_reach_every_kind_of_call_fault_and_failure() -> None:
    plans = [plan_of(seed) for seed in range(300)]
    calls = [call for plan in plans for call in plan.calls]
    for facts in (
        {call.kind for call in calls},
        {call.answering.failure for call in calls},
        {call.answering.style for call in calls},
        {call.asking.leaving for call in calls},
        {fault.kind for plan in plans for fault in plan.faults},
        {plan.legacy for plan in plans},
        {call.parent is None for call in calls},
    ):
        members = {type(fact) for fact in facts if fact is not None}
        enum = members.pop()
        assert len([fact for fact in facts if fact is not None]) == (2 if enum is bool else len(enum))


def test_a_plan_knows_its_calls() -> None:
    plan: Plan = plan_of(3)
    assert [plan.call(call.number) for call in plan.calls] == list(plan.calls)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_no_seed_of_ten_thousand_breaks_a_rule(figure: Figure) -> None:
    began = time.monotonic()
    share = ALL_SEEDS // PROCESSES
    running = [
        subprocess.Popen(
            command(number * share, (number + 1) * share), cwd=ROOT, env=environment(), stdout=subprocess.PIPE
        )
        for number in range(PROCESSES)
    ]
    told = [process.communicate()[0].decode() for process in running]
    seconds = time.monotonic() - began
    assert [process.returncode for process in running] == [0] * PROCESSES, "\n".join(told)
    figure("C1", "seeds without a violation", ALL_SEEDS, "10,000")
    figure("C1", f"seeds a second, {PROCESSES} processes", ALL_SEEDS / seconds, "about 170 (10,000 in 60 s)")
