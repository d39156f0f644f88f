"""Looking at the lists of the main screen: which one, how far along, in which columns."""

from __future__ import annotations

from inspector_app.commands.declaring import NEEDS_FRAMES, Command, in_frames

VIEWS = ("frames", "requests", "streams", "connection", "findings", "operations")
"""Names of the lists of the main screen, in the order of their number keys."""

_VIEW_HELP = {
    "frames": "Every frame in the order it went by.",
    "requests": "Unary exchanges: the pending first, each with its age, then the finished.",
    "streams": "Streams with the state of both halves and what went each way.",
    "connection": "Every change of state of every connection, its handshake, how far one got that failed.",
    "findings": "What broke the protocol; Enter goes to the frame.",
    "operations": "What the other side offers and what it calls here, described or learned.",
}

VIEW_COMMANDS: tuple[Command, ...] = (
    *(
        Command(
            name=f"view_{view}",
            title=view.capitalize(),
            keys=(str(number),),
            help=_VIEW_HELP[view],
            group="Views",
        )
        for number, view in enumerate(VIEWS, 1)
    ),
)

FRAME_COMMANDS: tuple[Command, ...] = (
    Command(
        name="follow",
        title="Follow",
        keys=("f",),
        help="Go to the newest frame and stay there as frames come. Moving up stops it.",
        group="Frames",
        when=lambda now: now.view == "frames" and not now.following and now.frames > 0,
        otherwise="The newest frame is followed already.",
        footer=4,
        at=lambda now: now.view == "frames",
    ),
    Command(
        name="pause",
        title="Pause",
        keys=("p", "space"),
        help="Freeze what is shown; press again to go on. Recording never stops.",
        group="Frames",
        footer=3,
        retitle=lambda now: "Resume" if now.paused else "",
    ),
    Command(
        name="time",
        title="Time",
        keys=("t",),
        help="Show times as time of day, since the start, or since the frame before.",
        group="Frames",
        footer=12,
    ),
)

COLUMN_COMMANDS: tuple[Command, ...] = (
    Command(
        name="columns",
        title="Columns",
        keys=("C",),
        help="Choose the columns of the frame list, their order and width, and paths into the data.",
        group="Columns",
    ),
    Command(
        name="narrower",
        title="Narrower",
        keys=("less_than_sign",),
        help="Make the column of the chosen cell narrower.",
        group="Columns",
        when=in_frames,
        otherwise=NEEDS_FRAMES,
    ),
    Command(
        name="wider",
        title="Wider",
        keys=("greater_than_sign",),
        help="Make the column of the chosen cell wider.",
        group="Columns",
        when=in_frames,
        otherwise=NEEDS_FRAMES,
    ),
    Command(
        name="column_left",
        title="Column left",
        keys=("left_curly_bracket",),
        help="Move the column of the chosen cell to the left.",
        group="Columns",
        when=in_frames,
        otherwise=NEEDS_FRAMES,
    ),
    Command(
        name="column_right",
        title="Column right",
        keys=("right_curly_bracket",),
        help="Move the column of the chosen cell to the right.",
        group="Columns",
        when=in_frames,
        otherwise=NEEDS_FRAMES,
    ),
)
