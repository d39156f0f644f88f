"""What docs/mock.md says of faults and docs/explore.md of files of items is so."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from inspector_app.capture.records import FaultMet
from inspector_app.intents import ServerSpec
from inspector_app.mock.faults.rules import WHAT, FaultRule
from inspector_app.sources.server import ServerSource
from inspector_app.viewer.conversation import items_of
from slipstream import connect
from tests.inspector_app.sources.helpers import Records

DOCS = Path(__file__).parent.parent / "docs"


def section(page: str, title: str) -> str:
    text = (DOCS / page).read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


async def told_of(records: Records, text: str) -> None:
    await records.until(lambda all_: text in [each.text for each in all_.of(FaultMet)])


async def test_the_example_of_a_fault_goes_as_it_is_told(tmp_path: Path) -> None:
    told = section("mock.md", "Faults")
    (mock,), (transcript,) = blocks(told, "toml"), blocks(told, "console")
    path = tmp_path / "mock.toml"
    path.write_text(mock)
    source, records = ServerSource(ServerSpec(handler=str(path), port=0)), Records()
    await source.start(records)
    answers: list[asyncio.Task[Any]] = []
    async with connect(source.address) as client:
        for line in transcript.splitlines():
            way, _, rest = line.partition(" ")
            if way == ">":
                _, operation, data = rest.split(" ", 2)
                call = {"operation": operation, **json.loads(data)}
                answers.append(asyncio.create_task(client.request_response(call)))
            elif way == "<":
                assert await answers[-1] == json.loads(rest)
            else:
                await told_of(records, rest)
        assert sum(answer.done() for answer in answers) == 2
        answers[1].cancel()
    await source.stop()


def test_every_fault_and_every_key_is_told() -> None:
    told = section("mock.md", "Faults")
    faults, keys = re.findall(r"(?:^\|.*\n)+", told, re.MULTILINE)
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", faults, re.MULTILINE)) == WHAT
    named = {name for row in keys.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(FaultRule.model_fields)


def test_both_files_of_items_are_the_same_items() -> None:
    told = section("explore.md", "Streams")
    (whole,), (lines,) = blocks(told, "json"), blocks(told, "text")
    assert items_of(whole) == items_of(lines) == ['{"text": "one"}', '{"text": "two"}']
