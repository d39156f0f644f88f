"""The main screen: connection bar, tabs, the list that is chosen and the detail of what is chosen in it.

Owns which widgets there are and what commands on looking do to the view state. It holds no state of its own:
that is in `viewer.state`; the cursors are the lists'. What finds, marks, arranges and asks has its own files.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical

from inspector_app.capture.records import ExchangeRow
from inspector_app.commands import VIEWS, Place, Situation
from inspector_app.display import formats
from inspector_app.inspection import Inspection
from inspector_app.screens.arranging import Arranging
from inspector_app.screens.bar import badges, bar_state
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, bindings, notify
from inspector_app.screens.detail import Chosen, DetailPane
from inspector_app.screens.facts import note_text
from inspector_app.screens.finding import Finding
from inspector_app.screens.lists import COLUMNS, hint
from inspector_app.screens.overview import Overview
from inspector_app.screens.wishes import FilterBy, Restart
from inspector_app.viewer.cells import Rows
from inspector_app.viewer.drafts import Drafts
from inspector_app.viewer.exchanges import ExchangeRows
from inspector_app.viewer.operations import Operation
from inspector_app.viewer.pace import Pace
from inspector_app.viewer.state import Arrived, Changes
from inspector_app.widgets.connection_bar import ConnectionBar
from inspector_app.widgets.density_strip import DensityStrip
from inspector_app.widgets.row_list import RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.screens.asking import Asking
    from inspector_app.screens.bench import Bench
    from inspector_app.screens.filter_pane import FilterPane
    from inspector_app.screens.message_desk import MessageDesk

TICK_S = 1 / 30
SOON_S = (0.008, 0.016)
READ_NS = 150_000_000
"""How long all but the list stays as it is at least, while the list runs: nobody reads faster."""

_SHORT = {"connection": "Conn", "operations": "Ops"}
TABS = tuple(
    Tab(name, name.capitalize(), str(number), _SHORT.get(name, "")) for number, name in enumerate(VIEWS, 1)
)


class MainScreen(CommandScreen):
    """One world under inspection."""

    PLACE: ClassVar[Place] = "main"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    DEFAULT_CSS = """
    MainScreen #body { layout: vertical; width: 1fr; height: 1fr; }
    MainScreen #body > *, MainScreen #lists > *, MainScreen #frames-and-density > * { visibility: visible; }
    MainScreen #body, MainScreen #lists, MainScreen #frames-and-density { visibility: hidden; }
    MainScreen #lists { width: 1fr; height: 1fr; }
    MainScreen DetailPane { height: 9; }
    MainScreen.-high DetailPane { height: 40%; }
    MainScreen.-wide #body { layout: horizontal; }
    MainScreen.-wide #lists { width: 65%; }
    MainScreen.-wide DetailPane { width: 35%; height: 1fr; border-left: vkey $bar-track; }
    MainScreen.-low.-finding DetailPane { display: none; }
    MainScreen.-zoom-list DetailPane { display: none; }
    MainScreen.-zoom-list #lists { width: 1fr; }
    MainScreen.-zoom-detail #lists { display: none; }
    MainScreen.-zoom-detail DetailPane { width: 1fr; height: 1fr; border-left: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("main")

    def __init__(self, inspection: Inspection, drafts: Drafts, bench: Callable[[], Bench]) -> None:
        super().__init__()
        self.inspection = inspection
        self.view = inspection.view
        self.drafts = drafts
        self.finding = Finding(self)
        self.arranging = Arranging(self)
        self.asking: Asking
        self.messages: MessageDesk
        self._bench = bench
        self.overview = Overview(self)
        self._pace = Pace()
        self._asked_for: list[str] | None = []
        self._unread = False
        self._unchosen = False
        self._read_ns = 0
        self._chosen_ns = 0
        self._listed: Sequence[Operation] = ()
        self._arrived: Arrived | None = None

    def compose_parts(self) -> ComposeResult:
        """Give bar, tabs, the frame list and the detail; the other lists come when the screen is seen."""
        yield ConnectionBar()
        yield TabStrip(TABS, id="views")
        with Container(id="body"):
            with Vertical(id="lists"), Horizontal(id="frames-and-density"):
                yield RowList((), id="frames", tails=True, cells=True)
                yield DensityStrip()
            yield DetailPane(self.view)

    def on_mount(self) -> None:
        """Begin to draw."""
        self._arrived = self.view.tick(time.time_ns()).arrived
        frames = self.list_of("frames")
        frames.set_source(self.view.frames)
        if self.view.world.role == "FILE":
            frames.move_to(0)
            frames.follow = False
        self.arranging.show()
        self.inspection.on_news = self._tell
        self.change_view(self.view.view)
        self.set_interval(TICK_S, self._tick_if_due)

    def complete(self) -> None:
        """Put in what the first paint does not need, then do what was asked for meanwhile."""
        super().complete()
        self.run_worker(self._complete(), group="completing")

    async def _complete(self) -> None:
        from inspector_app.screens.asking import Asking
        from inspector_app.screens.exploring import Exploring
        from inspector_app.screens.marking import Marking
        from inspector_app.screens.message_desk import MessageDesk
        from inspector_app.screens.reading import ReadingDesk

        self.asking = Asking(self)
        self.messages = MessageDesk(self, self._bench)
        self.hands = (
            *(self.finding, Marking(self), self.arranging, self.asking, ReadingDesk(self)),
            *(Exploring(self), self.messages),
        )
        await self._add_lists()
        await self.query_one(DetailPane).complete()
        await self.finding.complete()
        asked_for, self._asked_for = self._asked_for or [], None
        if self._arrived is not None:
            self._go_to_arrived(self._arrived)
        for name in asked_for:
            self.action_run(name)
        self.run_worker(self.overview.warm_up, thread=True, group="warming up")

    async def _add_lists(self) -> None:
        sources: dict[str, Rows] = {
            "requests": self.view.requests,
            "streams": self.view.streams,
            "connection": self.view.transitions,
            "findings": self.view.findings,
            "operations": self.view.operations,
        }
        lists = [RowList(COLUMNS[name], id=name, heads=name in ("requests", "streams")) for name in sources]
        for each in lists:
            each.display = False
        await self.query_one("#lists").mount(*lists)
        for each, source in zip(lists, sources.values(), strict=True):
            each.set_source(source)

    # -- drawing ------------------------------------------------------------------------------------------

    def list_of(self, name: str) -> RowList:
        """Give the list of a view."""
        return self.query_one(f"#{name}", RowList)

    @property
    def _shown(self) -> RowList:
        return self.list_of(self.view.view)

    def _tick_if_due(self) -> None:
        if self._pace.allows(time.monotonic_ns(), time.thread_time_ns()):
            self._tick()

    def _tick(self) -> None:
        if self.view.view == "frames":
            self.view.frames.hold(self._shown.cursor)
        changes = self.view.tick(time.time_ns())
        if changes.arrived is not None:
            self._go_to_arrived(changes.arrived)
        self._refresh(changes, at_once=False)
        for note in self.view.take_notes():
            if note.level != "info":
                self._tell(note.level, note_text(note, self.view.connection_of(note)))

    def look_again_soon(self) -> None:
        """Look what was found before the next tick is due: the first matches are there in no time."""
        for delay_s in SOON_S:
            self.set_timer(delay_s, self._tick)

    def _refresh(self, changes: Changes, *, at_once: bool = True) -> None:
        if changes.data:
            self.arranging.fit()
        if changes:
            self._refresh_list(changes)
            self.finding.show()
        if self.is_current:
            self.show_keys()
        now_ns, shown = time.monotonic_ns(), self._shown
        self._unread = self._unread or bool(changes)
        if self._unread and shown.follow and not at_once and now_ns - self._read_ns < READ_NS:
            return  # drawing the list alone costs half of what drawing all of the screen does
        if self._unread:
            self._unread, self._read_ns = False, now_ns
            if self._unchosen:
                self._choose_shown(now_ns)
            self._refresh_detail()
        self.overview.refresh(now_ns)
        self.query_one(ConnectionBar).show(bar_state(self.view))
        self.query_one("#views", TabStrip).show(badges(self.view))
        shown.hint = hint(self.view, shown.size.width - 6)

    def redraw(self) -> None:
        """Draw what the view state holds by now."""
        if self.view.view == "frames":
            self.view.frames.hold(self._shown.cursor)
        self._refresh(Changes(data=True))

    def _refresh_list(self, changes: Changes) -> None:
        rows, shown = self._exchange_rows, self._shown
        frames = self.view.frames
        if self.view.view == "frames" and (frames.filtered or not frames.settled):
            self._refresh_matches()
            return
        if self.view.view == "operations":
            shown.refresh_rows(cursor=self._place_of_operation(shown.cursor))
            return
        chosen = self.view.selection.exchange
        if not changes.data or rows is None or chosen is None or shown.cursor is None:
            shown.refresh_rows()
            return
        if shown.follow:
            shown.refresh_rows()
            on_top = rows.row(shown.cursor)
            if on_top is not None and on_top.id != chosen.id:
                self._choose_exchange(on_top)
            return
        place = rows.index_of(chosen.id, near=shown.cursor)
        shown.refresh_rows(cursor=place)
        if place is None:
            self.view.selection.choose_exchange(rows.row(shown.cursor))

    def _place_of_operation(self, cursor: int | None) -> int | None:
        """Tell where what the cursor is on stands by now: what is called first is put between others."""
        before, self._listed = self._listed, self.view.operations.operations
        if before is self._listed or cursor is None or cursor >= len(before):
            return None
        return self.view.operations.index_of(before[cursor])

    def _refresh_matches(self) -> None:
        """Keep the cursor at its frame, or near it, while matches are put in front; choose what it is on."""
        frames, shown, selection = self.view.frames, self._shown, self.view.selection
        shown.refresh_rows(cursor=None if shown.follow else frames.index_of(frames.near))
        frames.settled = True
        seq = frames.seq_at(shown.cursor)
        if seq != selection.origin:
            selection.choose_seq(seq)

    def _refresh_detail(self) -> None:
        view = self.view
        cursor = self._shown.cursor
        transition = view.transitions.row(cursor) if view.view == "connection" else None
        self.query_one(DetailPane).refresh_chosen(
            Chosen(
                finding=view.findings.row(cursor) if view.view == "findings" else None,
                operation=view.operations.row(cursor) if view.view == "operations" else None,
                connection=view.connection(transition[0].conn) if transition else view.current_connection,
                transition=transition,
            )
        )

    @property
    def _exchange_rows(self) -> ExchangeRows | None:
        return {"requests": self.view.requests, "streams": self.view.streams}.get(self.view.view)

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        inspection = self.inspection
        return replace(self.view.situation(), attached=inspection.attached, stays=inspection.stays)

    def footer_word(self) -> tuple[str, str]:
        """Say what is going on that is not in view: what is pending above it, or how many frames came."""
        above = self.view.pending_above(self._shown.top)
        if above:
            word = "pending" if self.view.view == "requests" else "open"
            return f"▲ {formats.count(above)} {word}", "outcome-pending bold"
        new = self.view.new_frames
        return (f"▼ {formats.count(new)} new", "severity-warning bold") if new else ("", "")

    def _tell(self, level: str, text: str) -> None:
        notify(self.app, text, {"problem": "error", "warning": "warning"}.get(level, "information"))

    # -- choosing -----------------------------------------------------------------------------------------

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Choose what the cursor is on by now; it may have moved on since."""
        event.stop()
        name = event.row_list.id
        if name == "exchange-frames":
            if event.row_list.has_focus:
                self._choose_of_exchange(event.row_list)
        elif name == self.view.view:
            now_ns = time.monotonic_ns()
            self._unchosen = event.row_list.follow and now_ns - self._chosen_ns < READ_NS
            if not self._unchosen:
                self._choose_shown(now_ns)
                self._refresh_detail()

    def _choose_shown(self, now_ns: int) -> None:
        self._unchosen, self._chosen_ns = False, now_ns
        self._choose(self._shown.cursor)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Have commands act on what has the focus, and let nobody swap what is read in the detail."""
        widget = event.widget
        if widget is self._shown:
            self.view.selection.return_to_origin()
            self._refresh_detail()
        elif any(isinstance(each, DetailPane) for each in widget.ancestors):
            self.hold()
            if isinstance(widget, RowList):
                self._choose_of_exchange(widget)

    def _choose_of_exchange(self, frames: RowList) -> None:
        frame = self.view.selection.frames.row(frames.cursor)
        if frame is not None:
            self.view.selection.choose_frame(frame, with_exchange=False)

    def hold(self) -> None:
        """Have the list follow no more: what is chosen stays chosen."""
        shown, selection = self._shown, self.view.selection
        if not shown.follow:
            return
        shown.follow = False
        if self.view.view == "frames" and selection.origin is not None:
            shown.move_to(self.view.frames.index_of(selection.origin))
        selection.recount(at_once=True)

    def _choose(self, index: int | None) -> None:
        view = self.view
        if view.view == "frames":
            seq = view.frames.seq_at(index)
            if seq != view.selection.origin or seq is None:
                view.selection.choose_seq(seq)
        elif view.view == "findings":
            finding = view.findings.row(index)
            view.selection.choose_seq(finding.seq if finding else None)
        elif (rows := self._exchange_rows) is not None:
            self._choose_exchange(rows.row(index))

    def _choose_exchange(self, exchange: ExchangeRow | None) -> None:
        self.view.selection.choose_seq(exchange.opened_seq if exchange else None)
        self.view.selection.choose_exchange(exchange)

    def on_detail_pane_problem(self, event: DetailPane.Problem) -> None:
        """Say what went wrong while something was looked at."""
        event.stop()
        notify(self.app, event.text, "warning")

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Go where a row leads."""
        event.stop()
        name = event.row_list.id
        if name == "exchange-frames":
            frame = self.view.selection.frames.row(event.index)
            self.go_to_frame(frame.seq if frame else None)
        elif name == "findings":
            finding = self.view.findings.row(event.index)
            self.go_to_frame(finding.seq if finding else None)
        elif name == "connection":
            transition = self.view.transitions.row(event.index)
            self.go_to_frame(transition[0].after_seq or None if transition else None)
        elif name == "operations":
            self.asking.call(self.view.operations.row(event.index))
        else:
            self.query_one(DetailPane).focus_target.focus()

    def on_filter_pane_typed(self, event: FilterPane.Typed) -> None:
        """Look for what is typed by now."""
        event.stop()
        self.finding.typed(event.pane, event.text)

    def on_filter_pane_left(self, event: FilterPane.Left) -> None:
        """Keep what was typed, or go back."""
        event.stop()
        self.finding.left(event.pane, event.text, keep=event.keep)

    def on_filter_by(self, wish: FilterBy) -> None:
        """Filter further by what was chosen in the detail."""
        wish.stop()
        self.finding.add(wish.term)

    def on_density_strip_pointed(self, event: DensityStrip.Pointed) -> None:
        """Go where in the whole was pointed at."""
        event.stop()
        self.overview.go_to(event.share)

    def on_row_list_follow_changed(self, event: RowList.FollowChanged) -> None:
        """Take over that the frame list follows, or not any more."""
        event.stop()
        if event.row_list.id == "frames":
            self.view.follow(event.follow)

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """Change the list, or the way to look at what is chosen."""
        event.stop()
        if event.strip.id == "views":
            self.action_run(f"view_{event.name}")
        else:
            self.view.show_detail(event.name)
            self._refresh_detail()

    def change_view(self, name: str) -> None:
        """Change to another list."""
        self.view.show(name)
        self.remove_class("-zoom-detail")
        for each in VIEWS:
            found = self.query_one_optional(f"#{each}", RowList)
            if found is not None:
                found.display = each == name
        self.query_one("#frames-and-density").display = name == "frames"
        self.query_one("#views", TabStrip).active = name
        shown = self._shown
        shown.refresh_rows()
        shown.focus()
        self._choose(shown.cursor)
        self._refresh(Changes(data=True))

    def go_to_frame(self, seq: int | None) -> None:
        """Go to a frame; a filter that hides it is lifted."""
        if seq is None:
            notify(self.app, "No frame goes with this.", "warning")
            return
        frames = self.view.frames
        if frames.filtered and not frames.holds(seq):
            self.finding.lift()
            notify(self.app, f"The filter is lifted: frame {seq} does not match it.")
        self.change_view("frames")
        self.list_of("frames").move_to(frames.index_of(seq))

    def _go_to_arrived(self, arrived: Arrived) -> None:
        frames = self.view.frames
        if arrived.seq is not None:
            if not frames.filtered or frames.holds(arrived.seq):  # who filters wants to see nothing else
                self.go_to_frame(arrived.seq)
        elif (exchange := arrived.exchange) is not None:
            self.change_view("requests" if exchange.kind == "request_response" else "streams")
            rows = self._exchange_rows
            place = rows.index_of(exchange.id) if rows is not None else None
            if place is not None:
                self._shown.refresh_rows()
                self._shown.follow = False
                self._shown.move_to(place)
                self._choose_exchange(exchange)
                self.asking.talk()

    # -- commands: looking --------------------------------------------------------------------------------

    def action_run(self, name: str) -> None:
        """Carry out a command, once the screen is complete; the ones that change the list are all alike."""
        if self._asked_for is not None:
            self._asked_for.append(name)
            return
        if self._shown.has_focus and not self._shown.follow:
            # A key right behind another one overtakes the news of where that one has moved the cursor.
            self._choose_shown(time.monotonic_ns())
        if name.startswith("view_"):
            # They cover the detail, where they may have sent the reader for more.
            self.app.clear_notifications()
            self.change_view(name.removeprefix("view_"))
        else:
            super().action_run(name)

    def do_follow(self) -> None:
        """Follow the newest frame."""
        self.view.pause(False)
        frames = self.list_of("frames")
        frames.refresh_rows()
        frames.follow = True

    def do_pause(self) -> None:
        """Freeze the view, or let it go on."""
        self.view.pause(not self.view.paused)
        self._refresh(Changes(data=True))

    def do_detail(self) -> None:
        """Look at what is chosen another way."""
        self._step_detail(1)

    def do_detail_back(self) -> None:
        """Look at what is chosen the way before."""
        self._step_detail(-1)

    def _step_detail(self, step: int) -> None:
        pane, focused = self.query_one(DetailPane), self.focused
        inside = focused is not None and focused.id in ("text", "tree", "exchange-frames")
        self.view.step_detail(step)
        self._refresh_detail()
        if inside:  # what had the focus may be hidden now
            self.set_focus(pane.focus_target)

    def do_exchange(self) -> None:
        """Show the exchange of what is chosen."""
        self.hold()
        self.view.show_detail("exchange")
        self._refresh_detail()
        self.query_one(DetailPane).focus_target.focus()

    def do_zoom(self) -> None:
        """Give list or detail the whole screen, or share it again."""
        if self.has_class("-zoom-list") or self.has_class("-zoom-detail"):
            self.remove_class("-zoom-list", "-zoom-detail")
            return
        focused = self.focused
        in_detail = focused is not None and focused.id in ("details", "text", "tree", "exchange-frames")
        self.add_class("-zoom-detail" if in_detail else "-zoom-list")

    # -- commands: taking away and leaving ----------------------------------------------------------------

    def do_export(self) -> None:
        """Take the capture, or a part of it, away."""
        from inspector_app.screens.taking import export_from

        if self.view.reader is not None:
            export_from(self, self.view.reader.path)

    def do_home(self) -> None:
        """Leave; when that ends something live, only after asking."""
        from inspector_app.screens.steering import go_home

        go_home(self)

    def do_restart(self) -> None:
        """Start a new engine with a new capture."""
        self.post_message(Restart())
