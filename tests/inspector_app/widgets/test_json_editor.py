"""The JSON editor: judged while typing, coloured, and inert."""

from __future__ import annotations

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
