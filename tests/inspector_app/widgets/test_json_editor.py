"""The JSON editor: judged while typing, coloured, and inert."""

from __future__ import annotations

import json

from textual import events
from textual.widgets import TextArea

from inspector_app.widgets.json_editor import JsonEditor
from tests.inspector_app.widgets.stage import Stage, lines, strips


async def test_it_says_what_is_wrong_and_where_while_typing() -> None:
    editor = JsonEditor("")
    stage = Stage(editor, keep=(JsonEditor.Changed,))
    async with stage.run_test(size=(60, 10)) as pilot:
        editor.focus()
        await pilot.press(*'{"a"', "colon", "space")
        assert (editor.valid, editor.error) == (False, "1:7 a value is expected here")
        assert lines(editor.children[1])[0].strip() == "✗ 1:7 a value is expected here"
        await pilot.press("1", "}")
        assert (editor.valid, editor.error, editor.text) == (True, "", '{"a": 1}')
        assert lines(editor.children[1])[0].strip() == "✓ valid JSON"
        assert len(stage.kept) >= 6


async def test_a_text_that_is_set_is_judged_at_once() -> None:
    editor = JsonEditor()
    async with Stage(editor).run_test(size=(60, 10)):
        assert editor.valid
        editor.text = "[1]"
        assert editor.error == "1:1 this must be an object, in braces"
        editor.expect = "any"
        assert editor.valid


async def test_it_can_be_asked_before_it_is_on_screen() -> None:
    async with Stage().run_test():
        assert JsonEditor("{").error == "1:2 a name in double quotes is expected here"


async def test_the_cursor_can_be_sent_to_the_error() -> None:
    editor = JsonEditor('{\n "a": 1,\n "b" 2\n}')
    async with Stage(editor).run_test(size=(60, 10)) as pilot:
        editor.go_to_error()
        await pilot.pause()
        area = editor.query_one(TextArea)
        assert area.cursor_location == (2, 5)
        assert area.has_focus


async def test_tokens_are_coloured_and_follow_the_theme() -> None:
    editor = JsonEditor('{"key": 12}')
    async with Stage(editor).run_test(size=(60, 10)) as pilot:
        for theme in ("dark", "light"):
            pilot.app.theme = theme
            await pilot.pause()
            area = editor.query_one(TextArea)
            colors = {
                segment.text: segment.style.color.name
                for strip in strips(area)
                for segment in strip
                if segment.style and segment.style.color
            }
            variables = pilot.app.theme_variables
            assert colors['"key"'] == variables["json-key"].lower()
            assert colors["12"] == variables["json-number"].lower()


async def test_a_pair_of_brackets_is_marked_only_beside_the_cursor() -> None:
    editor = JsonEditor("{}")
    async with Stage(editor).run_test(size=(60, 10)) as pilot:
        area = editor.query_one(TextArea)

        def grounds() -> set[object]:
            return {segment.style.bgcolor for segment in strips(area)[1] if segment.style}

        pilot.app.set_focus(None)
        await pilot.pause()
        assert len(grounds()) == 1
        editor.focus()
        await pilot.pause()
        assert len(grounds()) > 1


async def test_control_characters_that_were_pasted_are_shown_as_marks() -> None:
    editor = JsonEditor("\x1b]52;c;eA==\x07\t\x9b\u202e\ud800")
    async with Stage(editor).run_test(size=(60, 10)):
        shown = "".join(lines(editor.query_one(TextArea)))
        assert shown.isprintable()
        assert "␛]52;c;eA==␇" in shown
        assert editor.text == "\x1b]52;c;eA==\x07\t\x9b\u202e\ud800"


async def test_no_language_is_ever_given_to_the_text_area() -> None:
    editor = JsonEditor()
    async with Stage(editor).run_test():
        assert editor.query_one(TextArea).language is None


LONG = json.dumps([{"name": f"user {number}", "n": number} for number in range(5_000)], indent=1)


async def test_a_long_text_is_judged_once_nothing_is_typed_any_more() -> None:
    editor = JsonEditor(expect="any")
    stage = Stage(editor, keep=(JsonEditor.Judged,))
    async with stage.run_test(size=(60, 10)) as pilot:
        editor.text = LONG
        assert editor.is_long
        assert await editor.judged()
        editor.focus()
        await pilot.press("x")
        assert editor.text == "x" + LONG
        assert not await editor.judged()
        assert editor.error == "1:1 a value is expected here"
        await pilot.press("ctrl+z")
        assert editor.text == LONG
        assert await editor.judged()
        assert stage.kept
        editor.text = "1"
        assert not editor.is_long


async def test_a_long_text_can_be_gone_through_and_edited_at_its_end() -> None:
    editor = JsonEditor(expect="any")
    async with Stage(editor).run_test(size=(60, 10)) as pilot:
        editor.text = LONG
        editor.focus()
        area = editor.query_one(TextArea)
        area.move_cursor(area.document.end)
        await pilot.press("enter", "z", "up")
        assert editor.text == LONG + "\nz"
        await pilot.pause()
        assert int(area.scroll_offset.y) <= area.cursor_location[0] < area.scroll_offset.y + area.size.height
        assert any(line.strip("│ ") == '"n": 4999' for line in lines(area))


async def test_a_text_in_one_long_line_is_laid_out_when_it_comes_in() -> None:
    editor = JsonEditor(expect="any")
    async with Stage(editor).run_test(size=(60, 10)):
        row = "[" + ",".join(["1.00", '"\\u00e4"'] * 5_000) + "]"
        editor.text = row
        assert editor.text.replace("\n", "").replace(" ", "") == row
        assert editor.text.count("\n") > 9_999
        editor.text = "x" * 30_000
        assert editor.text == "x" * 30_000


async def test_another_text_is_one_edit_that_can_be_undone() -> None:
    editor = JsonEditor('{"a": 1,\n "b": [1, 2]}')
    async with Stage(editor).run_test(size=(60, 10)):
        editor.change('{"a": 1,\n "b": [1, 3, 2]}')
        editor.change('{"b": 2}')
        assert editor.text == '{"b": 2}'
        editor.undo()
        assert editor.text == '{"a": 1,\n "b": [1, 3, 2]}'
        editor.undo()
        assert editor.text == '{"a": 1,\n "b": [1, 2]}'
        editor.redo()
        editor.redo()
        assert editor.lay_out() == ""
        assert editor.text == '{\n  "b": 2\n}'
        editor.change('{"b": ')
        assert editor.lay_out() == "This cannot be laid out: 1:7 a value is expected here"


async def test_advice_is_shown_below_valid_json_and_leads_to_its_place() -> None:
    editor = JsonEditor('{"a": 1,\n "b": 2}')
    async with Stage(editor).run_test(size=(60, 10)) as pilot:
        editor.advise("data.b: is wrong", 15)
        assert lines(editor.children[1])[0].strip() == "! data.b: is wrong"
        editor.go_to_error()
        await pilot.pause()
        assert editor.query_one(TextArea).cursor_location == (1, 6)
        assert editor.index == 15
        await pilot.press("x")
        assert lines(editor.children[1])[0].strip() != "! data.b: is wrong"


async def test_a_text_that_is_pasted_is_put_in_once_and_taken_back_by_one_undo() -> None:
    before = '{\n "symbol": "x"\n}'
    editor = JsonEditor(before)
    async with Stage(editor).run_test(size=(60, 10)) as pilot:
        editor.focus()
        area = editor.query_one(TextArea)
        area.move_cursor((1, 12))
        for pasted in ("BEAN", json.dumps({"more": [{"n": n, "t": "x" * 30} for n in range(3_000)]})):
            pilot.app.post_message(events.Paste(pasted))
            await pilot.pause()
            assert editor.text.count(pasted[:8].replace("{", "{\n  ")) == 1, editor.text[:100]
            assert editor.is_long == (len(pasted) > 100)
            await pilot.press("ctrl+z")
            assert editor.text == before
            assert lines(editor.children[0])[2].strip("│ ") == '"symbol": "x"'
        await pilot.press("ctrl+y")
        assert len(editor.text) > 100_000
        assert await editor.judged() is False
