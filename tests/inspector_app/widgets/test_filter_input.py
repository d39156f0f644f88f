from inspector_app.widgets.filter_input import MOST_CHARACTERS, FilterInput
from tests.inspector_app.widgets.hostile import HOSTILE
from tests.inspector_app.widgets.stage import Stage


def _underlined(field: FilterInput) -> str:
    strip = field.render_line(0)
    return "".join(part.text for part in strip if part.style is not None and part.style.underline)


async def test_the_wrong_part_is_underlined_until_it_is_not_wrong() -> None:
    field = FilterInput()
    async with Stage(field).run_test(size=(40, 2)):
        field.value = "type:request opp:x"
        field.mark((13, 16))
        assert _underlined(field) == "opp"
        field.mark(None)
        assert _underlined(field) == ""


async def test_a_place_behind_the_text_is_its_last_character() -> None:
    field = FilterInput()
    async with Stage(field).run_test(size=(40, 2)):
        field.value = "(a"
        field.mark((2, 2))
        assert _underlined(field).strip() == "a"


async def test_whatever_was_pasted_is_drawn_inert() -> None:
    field = FilterInput()
    async with Stage(field).run_test(size=(60, 2)):
        for text in HOSTILE.values():
            field.value = text[:MOST_CHARACTERS]
            assert field.render_line(0).text.isprintable()


async def test_up_and_down_are_told() -> None:
    field = FilterInput()
    stage = Stage(field, keep=(FilterInput.Stepped,))
    async with stage.run_test(size=(40, 2)) as pilot:
        field.focus()
        await pilot.press("down", "up")
        assert [each.step for each in stage.kept if isinstance(each, FilterInput.Stepped)] == [1, -1]
