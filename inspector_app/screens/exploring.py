"""What the main screen does with operations: finding one, showing its frames, exporting them.

Owns what each of these commands does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.screens.base import notify
from inspector_app.viewer.operations import Operation

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen
    from inspector_app.screens.operation_list import Wanted


class Exploring:
    """Carries out the commands on operations for a main screen."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main

    @property
    def _chosen(self) -> Operation | None:
        return self._main.view.operations.row(self._main.list_of("operations").cursor)

    def do_find_operation(self) -> None:
        """Choose from all operations by typing."""
        from inspector_app.screens.operation_list import OperationList

        def chosen(answer: tuple[Operation, Wanted] | None) -> None:
            if answer is None:
                return
            operation, wanted = answer
            if wanted == "frames":
                self._frames_of(operation)
            elif wanted == "call":
                self._main.asking.call(operation)
            else:
                self._go_to(operation)

        self._main.app.push_screen(OperationList(self._main.view.known_operations()), chosen)

    def _go_to(self, operation: Operation) -> None:
        self._main.change_view("operations")
        place = self._main.view.operations.index_of(operation)
        if place is not None:
            self._main.list_of("operations").move_to(place)

    def do_operation_frames(self) -> None:
        """Show the frames of the chosen operation alone."""
        if self._chosen is not None:
            self._frames_of(self._chosen)

    def _frames_of(self, operation: Operation) -> None:
        from inspector_app.capture.filter import FilterError, only

        try:
            term = only("op", operation.kept_name)
        except FilterError as error:
            notify(self._main.app, error.text, "warning")
            return
        self._main.finding.put_on(term)

    def do_export_operations(self) -> None:
        """Ask which operations to write, and how; and do it."""
        from inspector_app.screens.operations_export import OperationsExport
        from inspector_app.viewer.offers import worth_telling

        view = self._main.view
        if view.reader is None:
            return
        operations = worth_telling(view.known_operations())
        if not operations:
            notify(self._main.app, "No operation is known yet: call one, or wait for a call.", "warning")
            return
        row = view.current_connection
        url = row.address if row is not None and view.world.role != "SERVER" else ""
        self._main.app.push_screen(
            OperationsExport(view.reader.path, operations, self._chosen, title=view.world.address, url=url)
        )
