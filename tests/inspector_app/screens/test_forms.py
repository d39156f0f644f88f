"""Forms drawn from schemas, beside the JSON that they stand for."""

import json
from pathlib import Path
from typing import Any

from textual import events
from textual.widgets import TextArea

from inspector_app.capture.records import OperationsDescribed
from inspector_app.intents import Done, SendMessage, SendRaw
from inspector_app.screens.compose import ComposeScreen
from inspector_app.screens.compose_data import DataPane
from inspector_app.viewer.learning import LearnedOperation
from inspector_app.widgets.json_editor import JsonEditor
from tests.inspector_app.recordings import ME, Recording
from tests.inspector_app.schemas.test_judging import doubling
from tests.inspector_app.screens.pilots import LARGE, SMALL, RecordingEngine, Stage, live
from tests.inspector_app.widgets.hostile import HOSTILE

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "symbol": {"type": "string", "minLength": 1, "maxLength": 6, "description": "What is traded."},
        "count": {"type": "integer", "minimum": 1, "default": 1},
        "fast": {"type": "boolean"},
        "side": {"enum": ["buy", "sell"]},
        "due": {"type": "string", "format": "date-time"},
        "to": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "pay": {
            "oneOf": [
                {"title": "Card", "properties": {"by": {"const": "card"}, "no": {"type": "string"}}},
                {"title": "Cash", "properties": {"by": {"const": "cash"}}, "required": ["by"]},
            ]
        },
        "weights": {"type": "object", "additionalProperties": {"type": "integer"}},
        "any": {},
    },
    "required": ["symbol"],
}


def _describing(folder: Path, schema: object = ORDER, doc: str = "") -> Recording:
    recording = Recording(folder).connect()
    row = {
        "name": "order",
        "kind": "request_response",
        "doc": doc,
        "params": schema,
        "returns": None,
        "deprecated": False,
    }
    recording.add(OperationsDescribed(conn=1, time_ns=recording._next(), operations=(row,)))
    return recording.commit()


async def _open(stage: Stage) -> DataPane:
    await stage.until(lambda: stage.view.connected and stage.view.operations.count)
    await stage.press("6", "home", "enter")
    await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
    await stage.until_shown("symbol")
    return stage.app.screen.query_one(DataPane)


def _data(stage: Stage) -> Any:
    return json.loads(stage.app.screen.query_one(JsonEditor).text)


async def _go(stage: Stage, pane: DataPane, *path: str | int) -> None:
    index = pane.filling.index_of(path)
    assert index is not None
    pane.form.show(pane.filling.lines, cursor=index)
    await stage.rest()


async def test_form_and_json_stand_side_by_side_and_begin_with_what_is_required_and_defaults(
    tmp_path: Path,
) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        assert pane.at_form
        assert _data(stage) == {"symbol": "x", "count": 1}
        line = stage.line('"symbol": "x"')
        assert stage.text.index("symbol") < stage.text.index('"symbol"'), line
        await stage.until_shown("text, 1 to 6 characters", "What is traded.")


async def test_the_json_follows_what_is_typed_into_a_line_which_enter_takes_and_escape_leaves(
    tmp_path: Path,
) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        await stage.type('say "hi')
        assert _data(stage)["symbol"] == 'say "hi'
        await stage.press("escape")
        assert _data(stage)["symbol"] == "x"
        assert pane.at_form
        await stage.type("BEAN")
        await stage.press("enter")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.main)
        assert json.loads(stage.main.drafts.current.data)["symbol"] == "BEAN"


async def test_what_cannot_stand_in_a_line_is_refused_in_a_sentence_and_can_be_mended(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        await _go(stage, pane, "count")
        await stage.type("many")
        await stage.press("enter")
        await stage.until_shown("Type a whole number")
        assert _data(stage)["count"] == 1
        await stage.press("home", *["delete"] * 4, "4", "2", "down")
        assert _data(stage)["count"] == 42
        assert pane.filling.rows[pane.form.cursor or 0].path == ("fast",)


async def test_choices_go_round_and_can_be_chosen_from_a_list(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        await _go(stage, pane, "fast")
        await stage.press("space")
        assert _data(stage)["fast"] is True
        await stage.press("right")
        assert _data(stage)["fast"] is False
        await _go(stage, pane, "side")
        await stage.press("left")
        assert _data(stage)["side"] == "buy"
        await stage.press("enter")
        await stage.press("down", "enter")
        assert _data(stage)["side"] == "sell"
        await stage.press("enter", "down", "escape")
        assert _data(stage)["side"] == "sell"
        assert pane.at_form


async def test_members_are_put_in_and_taken_out_and_undone(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        before = pane.text
        await _go(stage, pane, "to")
        await stage.press("insert")
        assert _data(stage)["to"] == {"city": ""}
        await stage.press("left")
        assert pane.filling.index_of(("to", "city")) == pane.form.cursor
        await stage.press("delete")
        assert "to" not in _data(stage)
        await stage.press("f4")
        await stage.press("ctrl+z", "ctrl+z")
        assert pane.text == before


async def test_items_are_added_moved_and_removed(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        await _go(stage, pane, "tags")
        await stage.press("insert", "down", "enter")
        await stage.type("a")
        await stage.press("down", "enter")
        await stage.type("b")
        await stage.press("enter")
        assert _data(stage)["tags"] == ["a", "b"]
        await stage.press("shift+up")
        assert _data(stage)["tags"] == ["b", "a"]
        assert pane.filling.rows[pane.form.cursor or 0].path == ("tags", 0)
        await stage.press("delete")
        assert _data(stage)["tags"] == ["a"]


async def test_a_union_begins_with_the_variant_that_is_chosen_and_a_map_takes_names(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        await _go(stage, pane, "pay")
        await stage.press("enter", "down", "enter")
        assert _data(stage)["pay"] == {"by": "cash"}
        await _go(stage, pane, "weights")
        await stage.press("insert", "down", "enter")
        await stage.type("BEAN")
        await stage.press("enter")
        assert _data(stage)["weights"] == {"BEAN": 0}
        assert pane.filling.rows[pane.form.cursor or 0].path == ("weights", "BEAN")


async def test_a_key_fills_in_what_is_required_and_another_everything(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        pane.text = '{"count":   7}'
        await stage.press("f2")
        assert pane.text == '{"count":   7, "symbol": "x"}'
        await stage.press("f3")
        assert set(_data(stage)) == set(ORDER["properties"])
        assert pane.text.startswith('{"count":   7, "symbol": "x"')


async def test_a_time_is_put_in_by_a_key(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        await stage.press("ctrl+t")
        assert any("Choose a time" in toast for toast in stage.toasts)
        await _go(stage, pane, "due")
        await stage.press("ctrl+t")
        assert _data(stage)["due"].endswith("Z")
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.app.screen is stage.main)


async def test_what_the_form_cannot_draw_is_edited_as_json_at_its_place_and_the_way_back_leads_there(
    tmp_path: Path,
) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), SMALL) as stage:
        pane = await _open(stage)
        pane.text = '{"symbol": "B", "any": {"x": 1}, "more": [1]}'
        await _go(stage, pane, "any")
        await stage.press("f4")
        area = stage.app.screen.query_one("#data TextArea", TextArea)
        assert area.has_focus
        assert area.selected_text == '{"x": 1}'
        await stage.until(lambda: "What is traded" not in stage.text)
        await stage.press("f4")
        assert pane.filling.rows[pane.form.cursor or 0].path[0] == "any"
        await stage.press("down", "down")
        await stage.until_shown("more", "1 item")


async def test_what_breaks_the_schema_is_said_at_its_line_and_sent_only_after_a_warning(
    tmp_path: Path,
) -> None:
    engine = RecordingEngine()
    async with live(_describing(tmp_path).path, engine, LARGE) as stage:
        pane = await _open(stage)
        pane.text = '{"symbol": "BEAN", "count": 0}'
        await stage.until_shown("! data.count: ", "✗ ")
        assert "count" in stage.line("✗ ")
        await stage.press("end", "ctrl+s")
        await stage.until_shown("Not sent: data.count: ", "F9 sends it anyway.")
        assert pane.filling.rows[pane.form.cursor or 0].path == ("count",)
        assert engine.intents == []
        engine.answer = Done(conn=1, opener=ME, number=0)
        await stage.press("f9")
        await stage.until(lambda: bool(engine.intents))
        sent = engine.intents[0]
        assert isinstance(sent, SendMessage)
        assert sent.data_json == '{"symbol": "BEAN", "count": 0}'


async def test_a_variable_stands_for_a_value_of_any_type_and_its_value_is_checked_before_it_is_sent(
    tmp_path: Path,
) -> None:
    engine = RecordingEngine()
    async with live(_describing(tmp_path).path, engine, LARGE) as stage:
        pane = await _open(stage)
        session = stage.main.messages.session
        await _go(stage, pane, "count")
        await stage.type("${qty}")
        await stage.press("enter")
        await _go(stage, pane, "fast")
        await stage.type("${fast}")
        await stage.press("enter")
        assert _data(stage) == {"symbol": "x", "count": "${qty}", "fast": "${fast}"}
        await stage.until_shown("A variable: checked once its value is known.", "✓ valid JSON")
        await stage.press("ctrl+s")
        await stage.until_shown("There is no variable")
        assert pane.filling.problem == ""
        session.saved.update(qty=0, fast="no")
        await stage.press("ctrl+s")
        await stage.until_shown("Not sent: data.count: is less than the minimum of 1. F9 sends it anyway.")
        session.saved.update(qty=7)
        await stage.press("ctrl+s")
        await stage.until_shown("Not sent: data.fast: must be of type boolean. F9 sends it anyway.")
        assert engine.intents == []
        session.saved.update(fast=True)
        await stage.press("ctrl+s")
        await stage.until(lambda: bool(engine.intents))
        sent = engine.intents[0]
        assert isinstance(sent, SendMessage)
        assert json.loads(sent.data_json) == {"symbol": "x", "count": 7, "fast": True}


async def test_another_environment_has_the_data_checked_anew(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        session = stage.main.messages.session
        session.folder = tmp_path
        session.environments_file.write_text("[one]\nqty = 0\n", encoding="utf-8")
        pane.text = '{"symbol": "BEAN", "count": "${qty}"}'
        await stage.until_shown("✓ valid JSON")
        await stage.press("ctrl+b", "down", "enter")
        await stage.until_shown("! data.count: is less than the minimum of 1")


async def test_what_is_being_typed_is_sent_with_the_rest(tmp_path: Path) -> None:
    engine = RecordingEngine()
    async with live(_describing(tmp_path).path, engine, LARGE) as stage:
        await _open(stage)
        await stage.type("CORK")
        await stage.press("ctrl+s")
        await stage.until(lambda: bool(engine.intents))
        sent = engine.intents[0]
        assert isinstance(sent, SendMessage)
        assert json.loads(sent.data_json)["symbol"] == "CORK"


async def test_without_a_description_the_form_is_learned_from_the_traffic_and_says_so(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number, city in enumerate(("Ulm", "Bonn", "Kiel")):
        recording.frame(
            "out", "request", number, {"operation": "where", "city": city, "near": bool(number % 2)}
        )
    async with live(recording.commit().path, RecordingEngine(), LARGE) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("c")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        await stage.type("where")
        await stage.until_shown("Form, learned from the traffic", "yes or no")
        await stage.until(lambda: set(_data(stage)) == {"city", "near"})


async def test_what_was_just_typed_does_not_give_way_to_what_was_learned_meanwhile(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("c")
        await stage.until(lambda: isinstance(stage.app.screen, ComposeScreen))
        await stage.type("where")
        screen, pane = stage.app.screen, stage.app.screen.query_one(DataPane)
        assert isinstance(screen, ComposeScreen)
        pane.editor.change('{"typed": 1}')
        learned = LearnedOperation("where")
        learned.params.add({"city": "Ulm"})
        screen._schemas._learned[screen._schemas._calls("request", "where")] = learned
        screen._offer()
        await stage.rest()
        assert _data(stage) == {"typed": 1}


async def test_what_is_learned_or_sent_when_the_form_was_closed_meanwhile_harms_nothing(
    tmp_path: Path,
) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        await _open(stage)
        screen = stage.app.screen
        assert isinstance(screen, ComposeScreen)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.main and not screen.is_attached)
        await screen._learn("order")
        await screen._send_now(SendMessage(kind="request", operation="order", data_json="{}"))


async def test_the_raw_form_takes_the_frame_that_the_form_would_send(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        await _open(stage)
        await stage.type("BEAN")
        await stage.press("enter", "f8")
        await stage.until_shown("Sent exactly as typed")
        frame = json.loads(stage.main.drafts.by_form["raw"].data)
        assert frame["data"] == {"operation": "order", "symbol": "BEAN", "count": 1}
        assert (frame["type"], frame["peerID"], frame["requestId"][0]) == ("request", ME, ME)


async def test_a_raw_frame_is_sent_as_it_was_pasted_also_in_one_long_line(tmp_path: Path) -> None:
    engine = RecordingEngine()
    pasted = "\t[" + "1.0," * 20_000 + '"\u202e12345678"]'
    async with live(_describing(tmp_path).path, engine, LARGE) as stage:
        await _open(stage)
        await stage.press("f8", "ctrl+a")
        stage.app.screen.query_one("#raw", TextArea).load_text("")
        stage.app.post_message(events.Paste(pasted))
        await stage.until_shown("12345678")
        assert stage.text.replace("\n", "").isprintable()
        await stage.press("ctrl+s")
        await stage.until(lambda: bool(engine.intents))
        sent = engine.intents[0]
        assert isinstance(sent, SendRaw)
        assert sent.text == pasted


async def test_in_a_low_terminal_the_lines_take_the_room_of_the_suggestions(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), SMALL) as stage:
        await _open(stage)
        await stage.until(lambda: not stage.app.screen.query_one("#suggestions").is_on_screen)
        stage.app.screen.query_one("#operation").focus()
        await stage.until(lambda: stage.app.screen.query_one("#suggestions").is_on_screen)


async def test_hostile_words_in_a_schema_are_drawn_inert_and_harm_nothing(tmp_path: Path) -> None:
    texts = list(HOSTILE.values())
    schema = {
        "properties": {
            "symbol": {"type": "string", "description": "".join(texts[:8])},
            **{f"{number}{text[:200]}": {"title": text} for number, text in enumerate(texts)},
            "side": {"enum": texts},
            "pattern": {"type": "string", "pattern": "(a+)+$", "default": "a" * 40 + "!"},
            "self": {"$ref": "#"},
            "elsewhere": {"$ref": "http://127.0.0.1:9/schema"},
        }
    }
    async with live(_describing(tmp_path, schema, texts[0]).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        await stage.press("f3")
        for path in ("side", "pattern", "self", "elsewhere"):
            await _go(stage, pane, path)
            assert stage.text.replace("\n", "").isprintable()
        await _go(stage, pane, "side")
        await stage.press("enter")
        assert stage.text.replace("\n", "").isprintable()


async def test_a_schema_that_takes_for_ever_to_check_by_says_so_and_the_keys_go_on(tmp_path: Path) -> None:
    engine = RecordingEngine()
    slow = doubling(40)
    schema = {
        "properties": {"symbol": {"type": "string"}, "slow": {"$ref": slow["$ref"]}},
        "required": ["slow"],
        "$defs": slow["$defs"],
    }
    async with live(_describing(tmp_path, schema).path, engine, LARGE) as stage:
        pane = await _open(stage)
        pane._judge._time_limit_s = 0.2
        await stage.until_shown("takes too long")
        await stage.type("BEAN")
        assert _data(stage)["symbol"] == "BEAN"
        await stage.press("ctrl+s")
        await stage.until(lambda: bool(engine.intents))


async def test_data_too_long_for_a_form_is_edited_as_json(tmp_path: Path) -> None:
    async with live(_describing(tmp_path).path, RecordingEngine(), LARGE) as stage:
        pane = await _open(stage)
        pane.text = json.dumps({"symbol": "B", "more": ["x" * 30] * 10_000}, indent=1)
        await stage.until_shown("Data of more than 64 KB is edited as JSON.")
        await stage.until_shown("valid JSON")


async def test_an_item_has_a_form_learned_from_the_items_before_and_needs_no_object(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect().frame("out", "stream_stream_request", 0, {"operation": "chat"})
    for text in ("a", "b", "c"):
        recording.frame("out", "stream_data", 0, {"text": text, "operation": "say"})
    async with live(recording.commit().path, engine, LARGE) as stage:
        await stage.press("3")
        await stage.until(lambda: stage.view.selection.exchange is not None)
        await stage.press("i")
        await stage.until_shown("Form, learned from the traffic", "operation")
        pane = stage.app.screen.query_one(DataPane)
        await stage.press("f4")
        pane.text = "[1]"
        await stage.until_shown("What is no object has no form")
        await stage.press("f9")
        await stage.until(lambda: bool(engine.intents))
