"""What the palette finds."""

from pathlib import Path

import pytest
from textual.command import CommandList

from inspector_app import commands
from inspector_app.screens.palette import rank
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import RecordingEngine, live


def _found(query: str) -> list[str]:
    ranks = {each.name: rank(0.0, each, query) for each in commands.COMMANDS}
    return sorted((name for name, score in ranks.items() if score), key=lambda name: -ranks[name])


def test_a_command_whose_name_was_begun_is_the_only_one_found() -> None:
    assert _found("recon") == ["reconnect"]


def test_names_come_before_help_texts() -> None:
    found = _found("exchange")
    assert found[0] == "exchange"
    assert len(found) > 1


def test_a_name_that_begins_so_comes_before_one_that_holds_it() -> None:
    assert _found("connect")[0] == "connect"


@pytest.mark.parametrize("query", ["rcnt", "onnec t", "zzz"])
def test_strewn_letters_find_nothing(query: str) -> None:
    assert _found(query) == []


def test_a_help_text_is_found_by_a_whole_word_only() -> None:
    assert "export" in _found("json")
    assert "export" not in _found("jso")


async def test_what_was_found_is_offered(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().state("CONNECTED", "LOST").commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until_shown("r Reconnect")
        await stage.press("ctrl+p")
        await stage.until_shown("Search for commands")
        await stage.type("recon")
        offered = stage.app.screen.query_one(CommandList)
        await stage.until(lambda: offered.option_count == 1)
        await stage.until_shown("Reconnect  (r)")


async def test_what_makes_no_sense_now_is_found_by_its_name_with_the_reason(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("ctrl+p")
        await stage.until_shown("Search for commands")
        await stage.type("recon")
        await stage.until_shown("Reconnect  (r)", "Not now. A connection is open")
