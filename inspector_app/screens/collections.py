"""Collections: the files of a folder with their messages, to be sent, run, edited, moved, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from inspector_app.commands import Place, Situation
from inspector_app.display.lines import LineSource, TextLines
from inspector_app.intents import SendMessage
from inspector_app.messages.collection import remove_message
from inspector_app.messages.variables import VariableError
from inspector_app.screens.base import bindings, notify
from inspector_app.screens.list_screen import ListScreen
from inspector_app.screens.prompts import Confirm, Prompt
from inspector_app.screens.wishes import Remember
from inspector_app.toml_file import TomlError
from inspector_app.typed_path import here, typed_path
from inspector_app.viewer.shelf import Entry, Shelf, move, rename, told_path
from inspector_app.viewer.shelf_rows import Key, ShelfRows, key_of, lines_of
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from inspector_app.display.lines import Part
    from inspector_app.messages.sequence import Step
    from inspector_app.screens.message_desk import MessageDesk


class CollectionsScreen(ListScreen):
    """The saved messages."""

    PLACE: ClassVar[Place] = "collections"
    BINDINGS: ClassVar[list[BindingType]] = bindings("collections")
    COLUMNS = (Column("Name", 32, roomy=40), Column("Kind", 13, min_width_to_show=60), Column("Operation"))

    def __init__(self, desk: MessageDesk) -> None:
        super().__init__(desk)
        self._shelf = Shelf(desk.session.folder)
        self._rows = ShelfRows(())
        self._steps: dict[tuple[Path, str], Step] = {}

    def on_mount(self) -> None:
        """Read the folder."""
        self._read()

    def on_screen_resume(self) -> None:
        """Something may have been saved meanwhile."""
        self._read()

    # -- the list -----------------------------------------------------------------------------------------

    def _read(self, chosen: Key | None = None) -> None:
        chosen = chosen or key_of(self._chosen)
        self._shelf = Shelf(self.desk.session.folder)
        self._shelf.read()
        if self._shelf.problem:
            notify(self.app, self._shelf.problem, "warning")
        self._show(chosen)

    def _show(self, chosen: Key | None) -> None:
        told = self.fits
        self._rows = ShelfRows(self._shelf.narrowed(told) if told is not None else self._shelf.entries)
        place = next((at for at, each in enumerate(self._rows.entries) if key_of(each) == chosen), 0)
        self.entries.hint = "Nothing fits what is typed." if self._shelf.entries else self._empty_told()
        self.entries.set_source(self._rows, cursor=place)
        self.show_heading()
        self.show_keys()

    def _empty_told(self) -> str:
        there = "No message is saved yet." if self._shelf.folder.is_dir() else "This folder is not there yet."
        return (
            f"{there}\nSave a message from the form (^O) or the history (s),\nor choose another folder (F)."
        )

    def narrow(self) -> None:
        """Show what fits what is typed."""
        self._show(key_of(self._chosen))

    def heading(self) -> Sequence[Part]:
        """Say which folder, and with which environment."""
        environment = self.desk.session.environment
        told = [("environment ", "muted"), (f"{environment}  ", "emphasis")] if environment else []
        # The path may be long, and be cut.
        return [("Collections  ", "emphasis bold"), *told, (told_path(self._shelf.folder), "muted")]

    @property
    def _chosen(self) -> Entry | None:
        cursor = self.entries.cursor
        return self._rows.entries[cursor] if cursor is not None and cursor < self._rows.count else None

    def detail(self, index: int | None) -> LineSource | None:
        """Show the message, and what came of it when it was sent last."""
        entry = self._rows.entries[index] if index is not None and index < self._rows.count else None
        if entry is None:
            return None
        return TextLines.prose(lines_of(entry, self._step_of(entry), self.desk.session.hide))

    def _step_of(self, entry: Entry) -> Step | None:
        return self._steps.get((entry.path, entry.message.name)) if entry.message is not None else None

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        chosen = self._chosen
        return self.base_situation(
            entry=chosen is not None and chosen.message is not None,
            file=chosen is not None and chosen.collection is not None,
        )

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Send it."""
        event.stop()
        self.action_run("send_saved")

    # -- sending ------------------------------------------------------------------------------------------

    def do_send_saved(self) -> None:
        """Send the message that is chosen; of a file, all."""
        chosen = self._chosen
        if chosen is not None and chosen.message is None:
            self.do_run_saved()
        elif chosen is not None:
            self.run_worker(self._send(chosen), group="sending saved", exclusive=True)

    async def _send(self, entry: Entry) -> None:
        from inspector_app.messages.sequence import run_message
        from inspector_app.screens.sequence import SavedCaller

        if entry.message is None or entry.collection is None:
            return
        try:
            scope = self.desk.session.scope(entry.collection.variables)
        except VariableError as error:
            notify(self.app, str(error), "error")
            return
        caller = SavedCaller(self.desk, entry.collection.variables)
        caller.begins(entry.message)
        step = await run_message(entry.message, scope, caller)
        self._steps[entry.path, entry.message.name] = step
        if self.is_open:
            self.show_detail(keep_place=True)
            if step.result == "failed":
                notify(
                    self.app,
                    self.desk.session.hide(step.reasons[0] if step.reasons else "It failed."),
                    "warning",
                )

    def do_run_saved(self) -> None:
        """Run all of the file that the cursor is in."""
        from inspector_app.screens.sequence import SequenceScreen

        chosen = self._chosen
        if chosen is None or chosen.collection is None:
            return
        if not chosen.collection.message:
            notify(self.app, f"{chosen.path.name} holds no message.", "warning")
            return
        self.app.push_screen(SequenceScreen(self.desk, chosen.path, chosen.collection))

    def do_repeat_saved(self) -> None:
        """Send it many times."""
        message = self._chosen.message if self._chosen is not None else None
        if message is not None:
            asked = SendMessage(
                kind=message.kind,
                operation=message.operation,
                data_json=message.data,
                timeout_s=message.timeout,
            )
            self.desk.repeat(asked, self._variables, items_json=message.items, take=message.take)

    @property
    def _variables(self) -> Mapping[str, object]:
        """The variables of the file that the cursor is in."""
        chosen = self._chosen
        return chosen.collection.variables if chosen is not None and chosen.collection is not None else {}

    # -- editing ------------------------------------------------------------------------------------------

    def do_edit_saved(self) -> None:
        """Open the form with it."""
        chosen = self._chosen
        if chosen is None or chosen.message is None:
            return
        message, drafts = chosen.message, self.main.drafts
        drafts.form = message.kind
        draft = drafts.by_form[message.kind]
        draft.operation, draft.data = message.operation, message.data.strip()
        draft.timeout = f"{message.timeout:g}" if message.timeout is not None else ""
        drafts.begun = True
        self.desk.session.editing = (chosen.path, message.name)
        self.desk.session.variables = self._variables
        self.dismiss(None)
        self.main.call_later(self.main.action_run, "compose")

    def do_copy_saved(self) -> None:
        """Copy it as a program."""
        message = self._chosen.message if self._chosen is not None else None
        if message is not None:
            self.desk.copy_typed(
                message.kind,
                message.operation,
                message.data,
                items_json=message.items,
                timeout_s=message.timeout,
                variables=self._variables,
            )

    def do_rename_saved(self) -> None:
        """Ask for another name."""
        chosen = self._chosen
        if chosen is None or chosen.message is None or chosen.collection is None:
            return
        message, collection = chosen.message, chosen.collection

        def check(name: str) -> str:
            if not 1 <= len(name) <= 200:
                return "Type a name of 1 to 200 characters."
            taken = name != message.name and collection.find(name) is not None
            return f"{chosen.path.name} has a message {name} already: type another name." if taken else ""

        def answered(name: str | None) -> None:
            if name:
                self._change(lambda: rename(chosen.path, message, name), (chosen.path, name))

        self.app.push_screen(Prompt("Rename the message", value=message.name, check=check), answered)

    def do_move_saved(self) -> None:
        """Ask for another collection."""
        chosen = self._chosen
        if chosen is None or chosen.message is None:
            return
        message, shelf = chosen.message, self._shelf

        def check(name: str) -> str:
            try:
                path = shelf.path_of(name)
            except ValueError as error:
                return str(error)
            taken = any(
                each.path == path and each.message is not None and each.message.name == message.name
                for each in shelf.entries
            )
            return f"{path.name} has a message {message.name} already: rename one first." if taken else ""

        def answered(name: str | None) -> None:
            if name:
                to = shelf.path_of(name)
                self._change(lambda: move(chosen.path, message, to), (to, message.name))

        names = [each.stem for each in shelf.files]
        self.app.push_screen(Prompt("Move to the collection", check=check, suggestions=names), answered)

    def do_delete_saved(self) -> None:
        """Delete it, after asking."""
        chosen = self._chosen
        if chosen is None or chosen.message is None:
            return
        name = chosen.message.name

        def answered(sure: bool | None) -> None:
            if sure:
                self._change(lambda: remove_message(chosen.path, name))

        question = f"{name} is taken out of {chosen.path}. All else in the file stays as it is written."
        self.app.push_screen(Confirm("Delete the message?", question, "Delete"), answered)

    def _change(self, change: Callable[[], None], then: Key | None = None) -> None:
        try:
            change()
        except TomlError as error:
            notify(self.app, str(error.problems[0]), "error")
            then = None
        self._read(then)

    # -- the rest -----------------------------------------------------------------------------------------

    def do_search_saved(self) -> None:
        """Search."""
        self.search()

    def do_saved_environment(self) -> None:
        """Choose the values of variables."""
        self.desk.choose_environment(self.show_heading)

    def do_collections_folder(self) -> None:
        """Ask for another folder."""

        def check(typed: str) -> str:
            path = typed_path(typed)
            if typed and path.exists() and not path.is_dir():
                return f"{path} is no folder: type the path of one."
            return "" if typed else "Type the path of a folder."

        def answered(typed: str | None) -> None:
            if typed:
                folder = here() / typed_path(typed)
                self.desk.session.folder = folder
                self.app.post_message(Remember(collections=str(folder)))
                self._read()

        prompt = Prompt("Folder of collections", value=str(self.desk.session.folder), check=check)
        self.app.push_screen(prompt, answered)

    def do_read_again(self) -> None:
        """Read the files again."""
        self._read()

    def do_leave_collections(self) -> None:
        """Go back."""
        self.leave()
