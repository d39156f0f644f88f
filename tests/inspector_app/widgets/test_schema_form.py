"""The form: keys in the order they were pressed, what opens over a line, and nothing but inert text."""

from __future__ import annotations

from textual import events
from textual.widgets import Input, OptionList

from inspector_app.display.form_line import FormLine
from inspector_app.widgets.schema_form import SchemaForm
from tests.inspector_app.widgets.hostile import HOSTILE
from tests.inspector_app.widgets.stage import Stage, lines

Done = tuple[str, int, str, int]

LINES = [
    FormLine(name="name", value="Ada", typed="Ada", kind="text", required=True, about="Who.", hint="Enter"),
    FormLine(name="side", value="buy", typed="buy", edit="choices", choices=("buy", "sell"), kind="one of"),
    FormLine(name="to", value="1 member", fold="open", edit="none", kind="object"),
    FormLine(name="city", depth=1, value="Ulm", typed="Ulm", kind="text", problem="must be there"),
    FormLine(name="add an item", state="adds", edit="none"),
]


class Filled(Stage):
    def __init__(self) -> None:
        self.form = SchemaForm()
        self.done: list[Done] = []
        super().__init__(self.form)

    def on_mount(self) -> None:
        super().on_mount()
        self.form.does = self.does
        self.form.show(LINES)
        self.form.focus()

    def does(self, what: str, index: int, text: str, number: int) -> None:
        self.done.append((what, index, text, number))
        if what not in ("typing", "left", "fold"):
            self.form.taken()

    @property
    def shown(self) -> list[str]:
        return lines(self.form.children[0])


async def test_a_line_shows_name_value_and_type_or_what_is_wrong() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)):
        assert app.shown[0].split() == ["▌", "name", "*", "Ada", "text"]
        assert app.shown[3].split() == ["city", "Ulm", "✗", "must", "be", "there"]
        assert "▾ to" in app.shown[2]


async def test_letters_keys_and_letters_are_taken_in_their_order() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("x", "y", "enter", "down", "down", "down", "z", "up")
        assert [each for each in app.done if each[0] != "typing"] == [
            ("typed", 0, "xy", 0),
            ("typed", 3, "z", 0),
        ]
        assert [each[2] for each in app.done if each[0] == "typing"] == ["x", "xy", "z"]
        assert app.form.cursor == 2


async def test_the_name_of_a_variable_may_be_typed_over_any_value_and_nothing_else_over_choices() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("down", "b", "dollar_sign", "x", "enter", "down")
        await pilot.press("b", "dollar_sign", "y", "enter", "end", "dollar_sign", "enter")
        assert [each for each in app.done if each[0] != "typing"] == [
            ("typed", 1, "$x", 0),
            ("typed", 2, "$y", 0),
            ("put_in", 4, "", 0),
        ]


async def test_keys_that_come_all_at_once_are_taken_in_their_order_too() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        for key in ("x", "y", "enter", "down", "down", "down", "z", "z", "enter", "q"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.pause()
        assert [each for each in app.done if each[0] == "typed"] == [
            ("typed", 0, "xy", 0),
            ("typed", 3, "zz", 0),
        ]
        assert app.form.pending == (3, "q")


async def test_escape_leaves_the_line_and_gives_the_keys_back() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("enter")
        assert app.form.pending is not None
        await pilot.press("a", "escape")
        assert app.done[-2:] == [("typing", 0, "Adaa", 0), ("left", 0, "", 0)]
        assert app.form.children[0].has_focus


async def test_a_list_opens_at_what_is_there_and_gives_the_place_of_the_choice() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("down", "enter")
        choices = app.form.query_one(OptionList)
        assert (choices.display, choices.highlighted) == (True, 0)
        await pilot.press("down", "enter")
        assert app.done == [("chosen", 1, "", 1)]
        assert not choices.display


async def test_each_key_asks_for_its_own() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press(
            "insert", "delete", "backspace", "shift+down", "down", "left", "down", "left", "end", "enter"
        )
        assert app.done == [
            ("put_in", 0, "", 0),
            ("take_out", 0, "", 0),
            ("null", 0, "", 0),
            ("move", 0, "", 1),
            ("turn", 1, "", -1),
            ("fold", 2, "", 1),
            ("put_in", 4, "", 0),
        ]


async def test_a_refusal_is_said_below_and_what_was_typed_stays() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("x")
        app.form.refuse("Type a [/] number \x1b.")
        await pilot.pause()
        assert "Type a [/] number ␛." in "".join(lines(app.form.children[1]))
        assert app.form.pending == (0, "x")
        await pilot.press("down")
        assert "Type a" not in "".join(lines(app.form.children[1]))


async def test_a_text_of_several_lines_is_pasted_whole() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("enter")
        field = app.form.query_one(Input)
        field.value = ""
        field._on_paste(events.Paste("a\nb\x1bc"))
        await pilot.press("enter")
        assert app.done[-1] == ("typed", 0, "a\nb\x1bc", 0)


async def test_hostile_lines_are_drawn_inert() -> None:
    app = Filled()
    async with app.run_test(size=(80, 20)) as pilot:
        app.form.show(
            [
                FormLine(name=text, value=text, typed=text, kind=text, problem=problem, about=text,
                         edit="choices", choices=(text,))
                for text in HOSTILE.values()
                for problem in ("", text)
            ]
        )  # fmt: skip
        for _ in range(len(HOSTILE)):
            await pilot.press("down")
            for part in app.form.children:
                assert "".join(lines(part)).isprintable()
        await pilot.press("enter")
        assert "".join(lines(app.form.query_one(OptionList))).isprintable()


async def test_the_mouse_chooses_edits_and_folds() -> None:
    app = Filled()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.click(app.form.children[0], offset=(1, 2))
        assert app.done == [("fold", 2, "", -1)]
        await pilot.click(app.form.children[0], offset=(30, 3))
        assert app.form.cursor == 3
        await pilot.click(app.form.children[0], offset=(30, 3))
        assert app.form.pending == (3, "Ulm")
