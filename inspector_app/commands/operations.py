"""Operations: finding one, looking at its frames, writing them for other tools."""

from __future__ import annotations

from inspector_app.commands.declaring import Command, in_operations

OPERATION_COMMANDS: tuple[Command, ...] = (
    Command(
        name="find_operation",
        title="Find operation",
        keys=("ctrl+o",),
        help="Choose from all operations by typing, and go to one, call it or show its frames.",
        group="Operations",
    ),
    Command(
        name="operation_frames",
        title="Its frames",
        keys=("plus",),
        help="Show only the frames of the selected operation.",
        group="Operations",
        when=in_operations,
        otherwise="This is for the list of operations: press 6 first.",
        footer=5,
        at=in_operations,
    ),
    Command(
        name="export_operations",
        title="Export operations",
        keys=("X",),
        help="Write the selected operation or all as JSON Schema or AsyncAPI 3; what is learned is marked.",
        group="Operations",
    ),
)
