"""A message that is sent many times: asked for, watched live with its latencies, stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from inspector_app.capture.errors import CaptureError
from inspector_app.commands import Place, Situation
from inspector_app.display import formats
from inspector_app.display.inert import inert
from inspector_app.display.lines import TextLines
from inspector_app.display.plot import columns
from inspector_app.intents import Intent, RepeatMessage, SendMessage, StopRepeating
from inspector_app.messages.history import Sent
from inspector_app.messages.repeat import Pace
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, Dialog, bindings, notify
from inspector_app.viewer.repetition import KINDS, Repetition
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine

if TYPE_CHECKING:
    from inspector_app.display.lines import Part
    from inspector_app.screens.message_desk import MessageDesk

LOOK_S = 0.1
_SCALE_CELLS = 12
"""What the scale at the left of the plot takes at most."""
_LEGEND_ROWS = 2


def ask_and_repeat(
    desk: MessageDesk, message: SendMessage, variables: Mapping[str, object] | None = None
) -> None:
    """Ask how often, and show it go on."""
    if message.kind not in KINDS:
        notify(desk.main.app, "A one-way message has no answer to be timed: choose another one.", "warning")
        return

    def asked(pace: Pace | None) -> None:
        if pace is not None:
            desk.main.app.push_screen(RepetitionScreen(desk, message, pace, variables))

    desk.main.app.push_screen(RepeatForm(message), asked)


class RepeatForm(Dialog[Pace]):
    """Asks how often, how fast, how many at a time."""

    CSS = """
    RepeatForm { align: center middle; }
    RepeatForm #repeat {
        width: 90%; max-width: 70; height: auto; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
    }
    RepeatForm Input {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1; width: 1fr;
    }
    RepeatForm Input:focus { border: round $border; }
    RepeatForm #fields { height: 3; }
    RepeatForm #why { height: auto; color: $text-error; margin: 0 1; }
    RepeatForm #buttons { height: 1; align-horizontal: right; }
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, message: SendMessage) -> None:
        super().__init__()
        self._message = message

    def compose(self) -> ComposeResult:
        """Give three fields."""
        with Vertical(id="repeat"):
            with Horizontal(id="fields"):
                yield Input("100", id="times", select_on_focus=True)
                yield Input("", placeholder="as fast as it goes", id="rate", select_on_focus=True)
                yield Input("1", id="in-flight", select_on_focus=True)
            yield Static(id="why", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Repeat", id="go", variant="primary")

    def on_mount(self) -> None:
        """Begin at how often."""
        box = self.query_one("#repeat")
        box.border_title = inert(f"Repeat {self._message.operation}")
        box.border_subtitle = "Enter begins, Esc leaves"
        for name, title in (("times", "Times"), ("rate", "At most a second"), ("in-flight", "In flight")):
            self.query_one(f"#{name}").border_title = title
        self.query_one("#times").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Begin."""
        event.stop()
        self._go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Begin."""
        event.stop()
        self._go()

    def _go(self) -> None:
        typed = {
            name: self.query_one(f"#{name}", Input).value.strip() for name in ("times", "rate", "in-flight")
        }
        try:
            pace = Pace(
                times=int(typed["times"]),
                per_second=float(typed["rate"]) if typed["rate"] else None,
                in_flight=int(typed["in-flight"]),
            )
            why = pace.problem
        except ValueError:
            pace, why = None, "Type numbers: how often, how many a second or nothing, how many in flight."
        if why or pace is None:
            self.query_one("#why", Static).update(Content(inert(why)))
        else:
            self.dismiss(pace)


class RepetitionScreen(CommandScreen):
    """One repetition: its figures, and how long each stretch of it took."""

    PLACE: ClassVar[Place] = "repetition"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    BINDINGS: ClassVar[list[BindingType]] = bindings("repetition")

    DEFAULT_CSS = """
    RepetitionScreen #plot { height: 1fr; margin: 1 1 0 1; }
    """

    def __init__(
        self,
        desk: MessageDesk,
        message: SendMessage,
        pace: Pace,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__()
        self.desk = desk
        self._variables = variables
        self._message = message
        self._pace = pace
        self._repetition: Repetition | None = None
        self._starting = False

    def compose_parts(self) -> ComposeResult:
        """Give lines of figures and the plot."""
        yield InfoLine(id="heading")
        yield InfoLine(id="progress")
        yield InfoLine(id="latencies")
        yield InfoLine(id="outcomes")
        yield DetailView(wrap=False, id="plot")

    def on_mount(self) -> None:
        """Begin, and go on looking."""
        heading: list[Part] = [
            (" Repetition  ", "emphasis bold"),
            (self._message.operation, "emphasis"),
            (f"  {self._message.kind}", "muted"),
        ]
        self.query_one("#heading", InfoLine).show(heading)
        self.query_one("#plot", DetailView).hint = "Waiting for the first answer."
        self.query_one("#plot").focus()
        self.set_interval(LOOK_S, self._look)
        self.do_repeat_again()

    # -- beginning and stopping ---------------------------------------------------------------------------

    def do_repeat_again(self) -> None:
        """Do it, from the beginning."""
        self._starting = True
        self.run_worker(self._begin(), group="repeating")

    async def _begin(self) -> None:
        view, desk = self.desk.main.view, self.desk
        row = view.current_connection
        conn = row.conn if row is not None and row.state == "CONNECTED" else None
        try:
            after = view.reader.totals().exchanges if view.reader is not None else 0
        except CaptureError as error:
            notify(self.app, str(error), "error")
            return
        message = replace(self._message, conn=conn)
        pace = self._pace
        asked = RepeatMessage(
            message=message, times=pace.times, per_second=pace.per_second, in_flight=pace.in_flight
        )
        done = await desk.outbox.send(asked, self._variables)
        self._starting = False
        if done.error is not None or done.conn is None:
            notify(self.app, done.error or "Nothing was begun.", "error")
        else:
            operation = desk.session.expanded(message, self._variables).operation
            self._repetition = Repetition(done.conn, message.kind, operation, pace, after)
            desk.outbox.kept(self._kept(message), done)
        self._show()

    def _kept(self, message: SendMessage) -> Sent:
        """It is in the history once, as it was typed."""
        typed = message.operation + message.data_json
        return Sent(
            sent_ns=0,
            kind=message.kind,
            operation=message.operation,
            data=message.data_json,
            variables=self.desk.session.frozen(typed, self._variables),
        )

    def do_stop_repetition(self) -> None:
        """Send no more."""
        repetition = self._repetition
        if repetition is not None:
            repetition.stopped = True
            self._ask(StopRepeating(conn=repetition.conn))

    def _ask(self, intent: Intent) -> None:
        self.desk.main.run_worker(self.desk.main.inspection.perform(intent), group="intents")

    def do_leave_repetition(self) -> None:
        """Go back."""
        if self._busy:
            self.do_stop_repetition()
        self.dismiss(None)

    # -- looking ------------------------------------------------------------------------------------------

    @property
    def _busy(self) -> bool:
        return self._starting or (self._repetition is not None and not self._over)

    @property
    def _over(self) -> bool:
        repetition = self._repetition
        if repetition is None or repetition.done:
            return True
        row = self.desk.main.view.connection(repetition.conn)
        return row is not None and row.state in ("CLOSED", "LOST")

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        from msgspec.structs import replace as with_fields

        return with_fields(self.desk.main.situation(), busy=self._busy)

    def _look(self) -> None:
        repetition, reader = self._repetition, self.desk.main.view.reader
        if repetition is None or reader is None:
            return
        try:
            changed = repetition.read(reader)
        except CaptureError as error:
            self.desk.main.view.report(str(error))
            return
        if changed:
            self._show()
        else:
            self.show_keys()

    def on_resize(self) -> None:
        """Lay out anew."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        repetition = self._repetition
        self.show_keys()
        if repetition is None:
            return
        for name, parts in (
            ("progress", self._progress(repetition)),
            ("latencies", _latencies(repetition)),
            ("outcomes", _outcomes(repetition)),
        ):
            self.query_one(f"#{name}", InfoLine).show([(" ", ""), *parts])
        plot = self.query_one("#plot", DetailView)
        if repetition.figures.ended:
            plot.show(TextLines(plot_lines(repetition, plot.size.width, plot.size.height)))

    def _progress(self, repetition: Repetition) -> list[Part]:
        pace = repetition.pace
        at_most = f", at most {pace.per_second:g}/s" if pace.per_second is not None else ""
        word = "stopped  " if repetition.stopped else "done  " if repetition.done else ""
        return [
            (word, "emphasis"),
            (f"{formats.count(repetition.figures.ended)} of {formats.count(pace.times)}", "emphasis"),
            (f" ended  {repetition.in_flight} of {pace.in_flight} in flight{at_most}  ", "muted"),
            (formats.rate(repetition.per_second), "emphasis"),
        ]


def _latencies(repetition: Repetition) -> list[Part]:
    parts: list[Part] = []
    for name, value in repetition.figures.percentiles().items():
        parts += [(f"{name} ", "muted"), (formats.duration(value) if value is not None else "-", "emphasis")]
        parts.append(("   ", ""))
    return parts


def _outcomes(repetition: Repetition) -> list[Part]:
    parts: list[Part] = []
    for (outcome, code), count in sorted(repetition.outcomes.items(), key=lambda each: -each[1]):
        parts.append((formats.outcome_label(outcome, code), formats.outcome_style(outcome)))
        parts.append((f" {formats.count(count)}   ", ""))
    return parts


def plot_lines(repetition: Repetition, width: int, height: int) -> Sequence[list[Part]]:
    """Lay out the latencies over the time: p50 and, above it, p99; below it where errors were."""
    count = max(1, width - _SCALE_CELLS)
    bins = repetition.bins(count)
    lines = columns(
        [each.p50 for each in bins],
        [each.p99 for each in bins],
        max(2, height - _LEGEND_ROWS - 1),
        label=lambda ns: formats.short_duration(round(ns)),
    )
    margin = " " * (len(lines[0][0][0]))
    errors: list[Part] = [(margin, "")]
    errors += [("✗", "outcome-error") if each.failed else (" ", "") for each in bins]
    elapsed = formats.duration(max(0, repetition.last_ns - repetition.began_ns))
    legend: list[Part] = [
        (margin, ""),
        ("█", "accent"),
        (" p50  ", "muted"),
        ("█", "muted"),
        (" p99  ", "muted"),
        ("✗", "outcome-error"),
        (f" failed   over {elapsed}", "muted"),
    ]
    return [*lines, errors, legend]
