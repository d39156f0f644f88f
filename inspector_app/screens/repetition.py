"""A message that is sent many times: asked for, watched live with its latencies, stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from inspector_app.capture.errors import CaptureError
from inspector_app.commands import Place, Situation
from inspector_app.display import formats
from inspector_app.display.inert import inert
from inspector_app.display.lines import TextLines
from inspector_app.display.plot import columns
from inspector_app.intents import Intent, RepeatMessage, StopRepeating, TellRepetition
from inspector_app.messages.history import Sent
from inspector_app.messages.repeat import Pace
from inspector_app.messages.variables import VariableError
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, bindings
from inspector_app.screens.repeat_form import RepeatForm
from inspector_app.standing import RepetitionStanding, standing_of
from inspector_app.viewer.repetition import Repetition, why_told
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine

if TYPE_CHECKING:
    from inspector_app.display.lines import Part
    from inspector_app.screens.message_desk import MessageDesk

LOOK_S = 0.1
ASK_S = 0.25
_NO_ANSWERS = (
    "A one-way message has no answer, so there is none to be timed.",
    "Above is how many were sent, how fast, how long each took to be written.",
)
_SCALE_CELLS = 12
"""What the scale at the left of the plot takes at most."""
_LEGEND_ROWS = 2


def ask_and_repeat(
    desk: MessageDesk, asked: RepeatMessage, variables: Mapping[str, object] | None = None
) -> None:
    """Ask how often, and show it go on; the pace in `asked` is the person's to say."""

    def paced(pace: Pace | None) -> None:
        if pace is not None:
            desk.main.app.push_screen(RepetitionScreen(desk, asked, pace, variables))

    desk.main.app.push_screen(RepeatForm(asked.message.operation), paced)


class RepetitionScreen(CommandScreen):
    """One repetition: its figures, and how long each stretch of it took."""

    PLACE: ClassVar[Place] = "repetition"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    BINDINGS: ClassVar[list[BindingType]] = bindings("repetition")

    DEFAULT_CSS = """
    RepetitionScreen #plot { height: 1fr; margin: 1 1 0 1; }
    RepetitionScreen #why { height: auto; padding: 0 1; color: $text-warning; display: none; }
    """

    def __init__(
        self,
        desk: MessageDesk,
        asked: RepeatMessage,
        pace: Pace,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__()
        self.desk = desk
        self._variables = variables
        self._asked = replace(asked, times=pace.times, per_second=pace.per_second, in_flight=pace.in_flight)
        self._pace = pace
        self._repetition: Repetition | None = None
        self._starting = False
        self._left = False
        self._asking = False
        self._problem = ""
        """Why it was not begun, in one sentence."""

    def compose_parts(self) -> ComposeResult:
        """Give lines of figures and the plot."""
        yield InfoLine(id="heading")
        yield InfoLine(id="progress")
        yield Static(id="why", markup=False)
        yield InfoLine(id="latencies")
        yield InfoLine(id="outcomes")
        yield DetailView(wrap=False, id="plot")

    def on_mount(self) -> None:
        """Begin, and go on looking."""
        message = self._asked.message
        heading: list[Part] = [
            (" Repetition  ", "emphasis bold"),
            (message.operation, "emphasis"),
            (f"  {message.kind}", "muted"),
        ]
        self.query_one("#heading", InfoLine).show(heading)
        plot = self.query_one("#plot", DetailView)
        plot.hint = "Waiting for the first answer."
        if message.kind == "oneway":
            plot.show(TextLines([[(line, "muted")] for line in _NO_ANSWERS]))
        self.set_focus(plot)
        self.set_interval(LOOK_S, self._look)
        self.set_interval(ASK_S, self._ask_how_it_stands)
        self.do_repeat_again()

    # -- beginning and stopping ---------------------------------------------------------------------------

    def do_repeat_again(self) -> None:
        """Do it, from the beginning."""
        self._starting, self._problem = True, ""
        # Not a worker of this screen: what was begun is stopped also when the screen was left meanwhile.
        self.desk.main.run_worker(self._begin(), group="repeating")

    async def _begin(self) -> None:
        try:
            self._problem = await self._try_to_begin()
        finally:
            self._starting = False
        if self._left:
            if self._repetition is not None:
                self.do_stop_repetition()
            return
        if self._problem:
            self.query_one("#plot", DetailView).hint = "Nothing was sent: r tries again."
        self._show()

    async def _try_to_begin(self) -> str:
        """Begin; say in a sentence why that was not possible."""
        view, desk = self.desk.main.view, self.desk
        typed = replace(self._asked, message=replace(self._asked.message, conn=desk.conn))
        try:
            after = view.reader.totals().exchanges if view.reader is not None else 0
            asked = desk.session.expanded(typed, self._variables)
        except (CaptureError, VariableError) as error:
            return str(error)
        done = await desk.outbox.perform(asked)
        if done.error is not None or done.conn is None:
            return done.error or "Nothing was begun."
        message = asked.message
        self._repetition = Repetition(done.conn, message.kind, message.operation, self._pace, after)
        desk.outbox.kept(self._kept(typed), done)
        return ""

    def _kept(self, typed: RepeatMessage) -> Sent:
        """It is in the history once, as it was typed."""
        message = typed.message
        texts = message.operation + message.data_json + "".join(typed.items_json)
        return Sent(
            sent_ns=0,
            kind=message.kind,
            operation=message.operation,
            data=message.data_json,
            items=json.dumps(typed.items_json),
            variables=self.desk.session.frozen(texts, self._variables),
            code=formats.short_count(typed.times),
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
        self._left = True
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

    def _ask_how_it_stands(self) -> None:
        repetition = self._repetition
        over = repetition is None or (repetition.standing is not None and repetition.standing.over)
        if repetition is not None and not over and not self._asking:
            self._asking = True
            self.run_worker(self._hear_how_it_stands(repetition), group="standing")

    async def _hear_how_it_stands(self, repetition: Repetition) -> None:
        done = await self.desk.main.inspection.perform(TellRepetition(conn=repetition.conn))
        self._asking = False
        standing = standing_of(done.told, RepetitionStanding)
        if standing is None and done.error is not None:
            standing = RepetitionStanding(over=True, sent=repetition.sent, why=done.error)
        if standing is not None and repetition.stands(standing) and repetition is self._repetition:
            self._show()

    def on_resize(self) -> None:
        """Lay out anew."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        repetition = self._repetition
        if not self.is_open:
            return
        self.show_keys()
        self._show_why(self._problem or (why_told(repetition) if repetition is not None else ""))
        if repetition is None:
            return
        for name, parts in (
            ("progress", _progress(repetition)),
            ("latencies", _latencies(repetition)),
            ("outcomes", _outcomes(repetition)),
        ):
            self.query_one(f"#{name}", InfoLine).show([(" ", ""), *parts])
        plot = self.query_one("#plot", DetailView)
        if repetition.figures.ended:
            plot.show(TextLines(plot_lines(repetition, plot.size.width, plot.size.height)))

    def _show_why(self, told: str) -> None:
        why = self.query_one("#why", Static)
        if why.display != bool(told):
            why.display = bool(told)
            self.call_after_refresh(self._show)  # there is another height for the plot
        why.update(Content(inert(self.desk.session.hide(told))))


def _progress(repetition: Repetition) -> list[Part]:
    pace = repetition.pace
    at_most = f", at most {pace.per_second:g}/s" if pace.per_second is not None else ""
    flight = f" ended  {repetition.in_flight} of {pace.in_flight} in flight" if repetition.timed else " sent"
    word = "stopped  " if repetition.stopped else "ended early  " if why_told(repetition) else ""
    word = word or ("done  " if repetition.done else "")
    return [
        (word, "emphasis"),
        (f"{formats.count(repetition.ended)} of {formats.count(pace.times)}", "emphasis"),
        (f"{flight}{at_most}  ", "muted"),
        (formats.rate(repetition.per_second), "emphasis"),
    ]


def _latencies(repetition: Repetition) -> list[Part]:
    parts: list[Part] = []
    figures = repetition.figures.percentiles()
    if not repetition.timed:
        parts.append(("time to write  ", "muted"))
        figures = repetition.standing.write_ns if repetition.standing is not None else {}
    for name, value in figures.items():
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
