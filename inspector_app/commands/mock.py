"""What is asked of something hosted, and on the console of a stream."""

from __future__ import annotations

from collections.abc import Callable

from inspector_app.commands.declaring import NEEDS_CONNECTION, Command, Situation, engine_lives, live

_NEEDS_HOSTING = "Nothing is hosted here: go home (H) and host a handler or a mock (h)."
_NEEDS_HELD = "Choose a call that waits first: Tab goes to them."
_NEEDS_FAULT = "Choose a fault first: Tab goes to them."
_NEEDS_RULE = "Choose an operation first: Tab goes to them."
_NEEDS_STREAM = "Choose a stream first, in Streams (3)."
_NEEDS_HALF = "This side's half of the stream has ended: nothing more can be sent."
_NEEDS_OPEN = "The stream has ended."


def _on(*what: str) -> Callable[[Situation], bool]:
    return lambda now: live(now) and now.on in what


def _in(name: str) -> Callable[[Situation], bool]:
    """Tell whether that list of the screen of a mock has the focus."""
    return lambda now: now.view == name


HOSTING_COMMANDS: tuple[Command, ...] = (
    Command(
        name="mock",
        title="Mock",
        keys=("K",),
        help="Show what is hosted: operations with hits and errors, holes, faults, calls that wait for you.",
        group="Views",
        when=lambda now: engine_lives(now) and now.hosting,
        otherwise=_NEEDS_HOSTING,
    ),
    Command(
        name="ready_url",
        title="URL",
        keys=("u",),
        help="Copy the URL that clients come in by, with its token, and show it.",
        group="Connection",
        when=lambda now: live(now) and now.hosting,
        otherwise=_NEEDS_HOSTING,
    ),
    Command(
        name="console",
        title="Console",
        keys=("I",),
        help="Talk on the selected stream: what goes both ways, a line for the next item, what may be sent.",
        group="Views",
        when=lambda now: live(now) and now.stream,
        otherwise=_NEEDS_STREAM,
        footer=11,
        at=lambda now: now.engine in ("starting", "running") and now.view == "streams",
    ),
    Command(
        name="send_to",
        title="Send to",
        keys=("J",),
        help="Choose one of the peers that are connected, and write and send something to it.",
        group="Exchanges",
        when=lambda now: live(now) and now.connected,
        otherwise=NEEDS_CONNECTION,
    ),
)

MOCK_COMMANDS: tuple[Command, ...] = (
    Command(
        name="leave_mock",
        title="Back",
        keys=("escape", "K"),
        help="Go back to what goes by.",
        group="Program",
        where="mock",
        footer=9,
    ),
    Command(
        name="mock_url",
        title="URL",
        keys=("u",),
        help="Copy the URL that clients come in by, with its token, and show it.",
        group="Mock",
        where="mock",
        when=live,
    ),
    Command(
        name="answer_held",
        title="Answer",
        keys=("a",),
        help="Write the answer, or the next item, of the call that waits.",
        group="Mock",
        where="mock",
        when=_on("held"),
        otherwise=_NEEDS_HELD,
        footer=1,
        at=_in("held"),
    ),
    Command(
        name="fail_held",
        title="Error",
        keys=("x",),
        help="Answer the call that waits with an error.",
        group="Mock",
        where="mock",
        when=_on("held"),
        otherwise=_NEEDS_HELD,
        footer=2,
        at=_in("held"),
    ),
    Command(
        name="end_held",
        title="End",
        keys=("e",),
        help="End the stream that waits.",
        group="Mock",
        where="mock",
        when=lambda now: _on("held")(now) and not now.unary,
        otherwise="Choose a stream that waits first: a request is answered (a), which ends it.",
        footer=4,
        at=_in("held"),
    ),
    Command(
        name="let_held",
        title="Let mock",
        keys=("l",),
        help="Let the mock answer the call that waits after all.",
        group="Mock",
        where="mock",
        when=_on("held"),
        otherwise=_NEEDS_HELD,
        footer=3,
        at=_in("held"),
    ),
    Command(
        name="hold_operation",
        title="Hold",
        keys=("h",),
        help="Have calls of the operation wait for answers by hand; again to let the mock answer them.",
        group="Mock",
        where="mock",
        when=_on("rule", "hole", "held"),
        otherwise=_NEEDS_RULE,
        footer=5,
        at=lambda now: now.view != "faults",
    ),
    Command(
        name="edit_answer",
        title="Edit",
        keys=("o",),
        help="Have a rule answer something else, until its file is read anew or for good; fill a hole.",
        group="Mock",
        where="mock",
        when=_on("rule", "hole"),
        otherwise=_NEEDS_RULE,
        footer=6,
        at=_in("answerers"),
    ),
    Command(
        name="switch_fault",
        title="On/off",
        keys=("space",),
        help="Switch the fault on or off.",
        group="Mock",
        where="mock",
        when=_on("fault"),
        otherwise=_NEEDS_FAULT,
        footer=7,
        at=_in("faults"),
    ),
    Command(
        name="add_fault",
        title="Add fault",
        keys=("n",),
        help="Have one more fault.",
        group="Mock",
        where="mock",
        when=live,
        footer=8,
    ),
    Command(
        name="remove_fault",
        title="Remove",
        keys=("d", "delete"),
        help="Have a fault no more that was added here; one of a file is taken out there.",
        group="Mock",
        where="mock",
        when=_on("fault"),
        otherwise=_NEEDS_FAULT,
        footer=6,
        at=_in("faults"),
    ),
)

CONSOLE_COMMANDS: tuple[Command, ...] = (
    Command(
        name="leave_console",
        title="Back",
        keys=("escape",),
        help="Go back to the list; the stream goes on. While a file is sent: stop that.",
        group="Program",
        where="console",
        footer=5,
    ),
    Command(
        name="send_file",
        title="File",
        keys=("f5",),
        help="Send a file as items: a JSON list, or a value on each line. Esc stops it.",
        group="Stream",
        where="console",
        when=lambda now: live(now) and now.sending,
        otherwise=_NEEDS_HALF,
        footer=1,
    ),
    Command(
        name="end_console",
        title="End half",
        keys=("f6",),
        help="End this side's half; the other side may go on.",
        group="Stream",
        where="console",
        when=lambda now: live(now) and now.sending,
        otherwise=_NEEDS_HALF,
        footer=2,
    ),
    Command(
        name="cancel_console",
        title="Cancel",
        keys=("f7",),
        help="Give up the stream.",
        group="Stream",
        where="console",
        when=lambda now: live(now) and now.pending,
        otherwise=_NEEDS_OPEN,
        footer=3,
    ),
    Command(
        name="abort_console",
        title="Abort",
        keys=("f8",),
        help="End the stream, both halves, with an error.",
        group="Stream",
        where="console",
        when=lambda now: live(now) and now.pending,
        otherwise=_NEEDS_OPEN,
        footer=4,
    ),
)
