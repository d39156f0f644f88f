from pathlib import Path
from typing import get_args

import pytest

from inspector_app import commands
from inspector_app.commands import COMMANDS, VIEWS, Situation
from inspector_app.commands.__main__ import keys_page

ROOT = Path(__file__).parents[2]


def test_the_page_of_keys_is_what_the_program_would_write() -> None:
    assert (ROOT / "docs" / "keys.md").read_text(encoding="utf-8") == keys_page()


def test_every_command_has_a_name_of_its_own_a_title_a_key_and_a_help_sentence() -> None:
    assert len({each.name for each in COMMANDS}) == len(COMMANDS)
    for each in COMMANDS:
        assert each.title
        assert each.keys
        assert each.help.endswith(".")


def test_no_command_needs_a_key_that_terminals_swallow() -> None:
    for each in COMMANDS:
        assert any("alt" not in key and "shift" not in key and key != "ctrl+enter" for key in each.keys)


@pytest.mark.parametrize("place", get_args(commands.Place))
def test_a_key_means_one_thing_at_a_time(place: commands.Place) -> None:
    by_key: dict[str, list[commands.Command]] = {}
    for each in commands.commands(place):
        for key in each.keys:
            by_key.setdefault(key, []).append(each)
    situations = [
        Situation(
            view=view, engine=engine, connected=connected, frames=1, hosting=chosen, stream=chosen, on="held"
        )
        for chosen in (True, False)
        for view in VIEWS
        for engine in ("none", "starting", "running", "dead")
        for connected in (True, False)
    ]
    for key, members in by_key.items():
        for now in situations:
            if len(members) > 1:
                assert sum(each.when(now) for each in members) <= 1, (key, now)


def test_the_lists_have_the_number_keys_in_order() -> None:
    assert [commands.command(f"view_{view}").keys[0] for view in VIEWS] == ["1", "2", "3", "4", "5", "6"]


def test_item_end_and_cancel_are_three_different_keys() -> None:
    assert len({commands.command(name).keys[0] for name in ("send_item", "end_half", "cancel")}) == 3


@pytest.mark.parametrize("name", ["send_item", "end_half", "cancel", "compose", "reconnect"])
def test_in_a_recorded_capture_nothing_can_be_sent_and_it_says_what_to_do(name: str) -> None:
    now = Situation(engine="none", sending=True, pending=True, connected=True)
    assert "home" in commands.why_not(commands.command(name), now)


def test_what_is_hosted_can_be_looked_at_while_its_engine_starts_and_its_url_is_soon_there() -> None:
    now = Situation(engine="starting", hosting=True)
    assert commands.why_not(commands.command("mock"), now) == ""
    assert "still starting" in commands.why_not(commands.command("ready_url"), now)
    dead = Situation(engine="dead", hosting=True)
    assert "press r" in commands.why_not(commands.command("mock"), dead)
    assert "Nothing is hosted here" in commands.why_not(commands.command("mock"), Situation(engine="running"))


def test_after_the_engine_died_only_starting_again_is_offered() -> None:
    now = Situation(engine="dead", connected=True, pending=True, sending=True)
    assert commands.footer("main", now)[0].name == "restart"
    for name in ("compose", "send_item", "end_half", "cancel", "disconnect"):
        assert "press r" in commands.why_not(commands.command(name), now)


@pytest.mark.parametrize("engine", ["none", "starting", "running", "dead"])
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_that_frames_bring_moves_a_place_of_the_footer(
    view: str, engine: commands.EngineState
) -> None:
    base = Situation(view=view, engine=engine)
    situations = (
        Situation(
            view=view,
            engine=engine,
            frames=frames,
            following=flag,
            paused=paused,
            connected=connected,
            frame=flag,
            exchange=flag,
            pending=flag,
            sending=sending,
        )
        for frames in (0, 5)
        for flag in (False, True)
        for paused in (False, True)
        for connected in (False, True)
        for sending in (False, True)
    )
    placed = {tuple(each.name for each in commands.footer("main", now)) for now in situations}
    assert placed == {tuple(each.name for each in commands.footer("main", base))}


@pytest.mark.parametrize(
    ("view", "names"),
    [
        ("frames", ["compose", "pause", "follow", "filter", "cancel", "reconnect", "help"]),
        ("requests", ["compose", "pause", "cancel", "reconnect", "help", "detail", "quit"]),
        ("streams", ["compose", "pause", "send_item", "end_half", "cancel", "reconnect", "help"]),
    ],
)
def test_the_footer_begins_with_what_matters_most_in_a_list(view: str, names: list[str]) -> None:
    placed = commands.footer("main", Situation(view=view, engine="running"))
    assert [each.name for each in placed][: len(names)] == names
    assert sum(len(each.key) + len(each.title) + 3 for each in placed[: len(names)]) <= 68


def test_in_a_recorded_capture_nothing_that_needs_an_engine_has_a_place() -> None:
    names = {each.name for each in commands.footer("main", Situation(view="streams"))}
    assert names.isdisjoint({"compose", "send_item", "end_half", "cancel", "reconnect", "restart"})


def test_pausing_is_called_resuming_while_paused() -> None:
    pause = commands.command("pause")
    assert pause.title_in(Situation()) == "Pause"
    assert pause.title_in(Situation(paused=True)) == "Resume"


def test_a_command_that_makes_sense_has_nothing_against_it() -> None:
    assert commands.why_not(commands.command("pause"), Situation()) == ""


@pytest.mark.parametrize(
    ("key", "label"), [("ctrl+p", "^P"), ("question_mark", "?"), ("f1", "F1"), ("f", "f"), ("H", "H")]
)
def test_keys_are_written_as_a_person_does(key: str, label: str) -> None:
    assert commands.key_label(key) == label
