"""The main screen: connection bar, tabs, the list that is chosen and the detail of what is chosen in it.

Owns which widgets there are and what each command does to the view state or asks of the engine. It holds no
state of its own: that is in `viewer.state`; the cursors are the lists'.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from inspector_app.capture.records import ExchangeRow
from inspector_app.commands import VIEWS, Place, Situation
from inspector_app.display import formats
from inspector_app.inspection import Inspection
from inspector_app.intents import CancelExchange, Disconnect, EndHalf, EngineIntent, Intent, Reconnect
from inspector_app.screens.bar import badges, bar_state
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, bindings, notify
from inspector_app.screens.detail import Chosen, DetailPane
from inspector_app.screens.lists import COLUMNS, frame_columns, hint
from inspector_app.screens.reading import ReadingDesk
from inspector_app.screens.wishes import Remember, Restart
from inspector_app.viewer.cells import Rows
from inspector_app.viewer.drafts import Drafts
from inspector_app.viewer.exchanges import ExchangeRows
from inspector_app.viewer.operations import MESSAGE_KINDS, Operation
from inspector_app.viewer.state import Arrived, Changes
from inspector_app.widgets.connection_bar import ConnectionBar
from inspector_app.widgets.row_list import RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip

TICK_S = 1 / 30

_SHORT = {"connection": "Conn", "operations": "Ops"}
TABS = tuple(
    Tab(name, name.capitalize(), str(number), _SHORT.get(name, "")) for number, name in enumerate(VIEWS, 1)
)


class MainScreen(CommandScreen):
    """One world under inspection."""

    PLACE: ClassVar[Place] = "main"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    CSS = """
    MainScreen #body { layout: vertical; width: 1fr; height: 1fr; }
    MainScreen #lists { width: 1fr; height: 1fr; }
    MainScreen DetailPane { height: 9; }
    MainScreen.-high DetailPane { height: 40%; }
    MainScreen.-wide #body { layout: horizontal; }
    MainScreen.-wide #lists { width: 65%; }
    MainScreen.-wide DetailPane { width: 35%; height: 1fr; border-left: vkey $bar-track; }
    MainScreen.-zoom-list DetailPane { display: none; }
    MainScreen.-zoom-list #lists { width: 1fr; }
    MainScreen.-zoom-detail #lists { display: none; }
    MainScreen.-zoom-detail DetailPane { width: 1fr; height: 1fr; border-left: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("main")

    def __init__(self, inspection: Inspection, drafts: Drafts) -> None:
        super().__init__()
        self.inspection = inspection
        self.view = inspection.view
        self.drafts = drafts
        self.hands = (ReadingDesk(self),)

    def compose_parts(self) -> ComposeResult:
        """Give bar, tabs, lists and detail."""
        yield ConnectionBar()
        yield TabStrip(TABS, id="views")
        with Container(id="body"):
            with Container(id="lists"):
                for name in VIEWS:
                    yield RowList(
                        COLUMNS[name], id=name, tails=name == "frames", heads=name in ("requests", "streams")
                    )
            yield DetailPane(self.view)

    def on_mount(self) -> None:
        """Begin to draw."""
        sources: dict[str, Rows] = {
            "frames": self.view.frames,
            "requests": self.view.requests,
            "streams": self.view.streams,
            "connection": self.view.transitions,
            "findings": self.view.findings,
            "operations": self.view.operations,
        }
        self.view.tick(time.time_ns())
        for name, source in sources.items():
            self._list(name).set_source(source)
        if self.view.world.role == "FILE":
            self._list("frames").move_to(0)
            self._list("frames").follow = False
        self._list("frames").set_columns(frame_columns(self.view.time_mode))
        self.inspection.on_news = self._tell
        self._change_view(self.view.view)
        self.set_interval(TICK_S, self._tick)

    # -- drawing ------------------------------------------------------------------------------------------

    def _list(self, name: str) -> RowList:
        return self.query_one(f"#{name}", RowList)

    @property
    def _shown(self) -> RowList:
        return self._list(self.view.view)

    def _tick(self) -> None:
        changes = self.view.tick(time.time_ns())
        if changes.arrived is not None:
            self._go_to_arrived(changes.arrived)
        self._refresh(changes)
        for note in self.view.take_notes():
            if note.level != "info":
                self._tell(note.level, note.text)

    def _refresh(self, changes: Changes) -> None:
        if changes:
            self._refresh_list(changes)
            self._refresh_detail()
        self.query_one(ConnectionBar).show(bar_state(self.view))
        self.query_one("#views", TabStrip).show(badges(self.view))
        shown = self._shown
        shown.hint = hint(self.view, shown.size.width - 6)
        if self.is_current:
            self.show_keys()

    def _refresh_list(self, changes: Changes) -> None:
        rows, shown = self._exchange_rows, self._shown
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
            self._choose(event.row_list.cursor)
            self._refresh_detail()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Have commands act on what has the focus, and let nobody swap what is read in the detail."""
        widget = event.widget
        if widget is self._shown:
            self.view.selection.return_to_origin()
            self._refresh_detail()
        elif any(isinstance(each, DetailPane) for each in widget.ancestors):
            self._hold()
            if isinstance(widget, RowList):
                self._choose_of_exchange(widget)

    def _choose_of_exchange(self, frames: RowList) -> None:
        frame = self.view.selection.frames.row(frames.cursor)
        if frame is not None:
            self.view.selection.choose_frame(frame, with_exchange=False)

    def _hold(self) -> None:
        """Have the list follow no more: what is chosen stays chosen."""
        shown, selection = self._shown, self.view.selection
        if not shown.follow:
            return
        shown.follow = False
        if self.view.view == "frames" and selection.origin is not None:
            shown.move_to(selection.origin - 1)
        selection.recount(at_once=True)

    def _choose(self, index: int | None) -> None:
        view = self.view
        if view.view == "frames":
            view.selection.choose_seq(index + 1 if index is not None else None)
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
            self._go_to_frame(frame.seq if frame else None)
        elif name == "findings":
            finding = self.view.findings.row(event.index)
            self._go_to_frame(finding.seq if finding else None)
        elif name == "connection":
            transition = self.view.transitions.row(event.index)
            self._go_to_frame(transition[0].after_seq or None if transition else None)
        elif name == "operations":
            self._call(self.view.operations.row(event.index))
        else:
            self.query_one(DetailPane).focus_target.focus()

    def on_row_list_follow_changed(self, event: RowList.FollowChanged) -> None:
        """Take over that the frame list follows, or not any more."""
        event.stop()
        if event.row_list.id == "frames":
            self.view.follow(event.follow)

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """Change the list, or the way to look at what is chosen."""
        event.stop()
        if event.strip.id == "views":
            self._change_view(event.name)
        else:
            self.view.show_detail(event.name)
            self._refresh_detail()

    def _change_view(self, name: str) -> None:
        self.view.show(name)
        self.remove_class("-zoom-detail")
        for each in VIEWS:
            self._list(each).display = each == name
        self.query_one("#views", TabStrip).active = name
        shown = self._shown
        shown.refresh_rows()
        shown.focus()
        self._choose(shown.cursor)
        self._refresh(Changes(data=True))

    def _go_to_frame(self, seq: int | None) -> None:
        if seq is None:
            notify(self.app, "No frame goes with this.", "warning")
            return
        self._change_view("frames")
        self._list("frames").move_to(seq - 1)

    def _go_to_arrived(self, arrived: Arrived) -> None:
        if arrived.seq is not None:
            self._go_to_frame(arrived.seq)
        elif (exchange := arrived.exchange) is not None:
            self._change_view("requests" if exchange.kind == "request_response" else "streams")
            rows = self._exchange_rows
            place = rows.index_of(exchange.id) if rows is not None else None
            if place is not None:
                self._shown.refresh_rows()
                self._shown.follow = False
                self._shown.move_to(place)
                self._choose_exchange(exchange)

    # -- commands: looking --------------------------------------------------------------------------------

    def action_run(self, name: str) -> None:
        """Carry out a command; the ones that change the list are all alike."""
        if name.startswith("view_"):
            self._change_view(name.removeprefix("view_"))
        else:
            super().action_run(name)

    def do_follow(self) -> None:
        """Follow the newest frame."""
        self.view.pause(False)
        frames = self._list("frames")
        frames.refresh_rows()
        frames.follow = True

    def do_pause(self) -> None:
        """Freeze the view, or let it go on."""
        self.view.pause(not self.view.paused)
        self._refresh(Changes(data=True))

    def do_time(self) -> None:
        """Tell times another way."""
        mode = self.view.next_time_mode()
        self._list("frames").set_columns(frame_columns(mode))
        self.post_message(Remember(time_mode=mode.value))

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
        self._hold()
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

    def do_go_to(self) -> None:
        """Ask for the number of a frame and go there."""
        from inspector_app.screens.prompts import Prompt

        last = self.view.frame_count

        def check(typed: str) -> str:
            known = typed.isascii() and typed.isdigit() and 1 <= int(typed) <= last
            return "" if known else f"Type a number from 1 to {last}."

        self.app.push_screen(Prompt(f"Go to frame (1 to {last})", check=check), self._go_to_typed)

    def _go_to_typed(self, typed: str | None) -> None:
        if typed:
            self._go_to_frame(int(typed))

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

    # -- commands: asking the engine ----------------------------------------------------------------------

    def ask(self, intent: Intent | EngineIntent, done: str = "") -> None:
        """Have the engine carry out an intent, and say how that went."""
        self.run_worker(self._ask(intent, done), group="intents")

    async def _ask(self, intent: Intent | EngineIntent, done: str) -> None:
        answer = await self.inspection.perform(intent)
        if answer.error:
            notify(self.app, answer.error, "error")
            return
        if isinstance(intent, Reconnect):
            self.view.listens_again(time.time_ns())
        if done:
            notify(self.app, done)

    def _of_exchange(self, make: Callable[..., Intent], question: str, yes: str, done: str) -> None:
        """Act on the exchange of this moment; in a list that moves by itself, only after naming it."""
        from inspector_app.screens.prompts import Confirm

        exchange = self.view.target
        if exchange is None:
            return
        intent = make(conn=exchange.conn, opener=exchange.opener, number=exchange.number)
        if not self._shown.follow:
            self.ask(intent, done)
            return
        self._hold()
        label = self.view.label(exchange.conn, exchange.opener, exchange.number)
        named = f"{exchange.operation or '(no operation)'} ({label})"

        def answered(sure: bool | None) -> None:
            if sure:
                self.ask(intent, done)

        self.app.push_screen(Confirm(f"{yes}?", question.format(named), yes), answered)

    def do_cancel(self) -> None:
        """Give up the chosen exchange."""
        self._of_exchange(CancelExchange, "Give up {}?", "Give up", "Cancelled.")

    def do_end_half(self) -> None:
        """End this side's half of the chosen stream."""
        self._of_exchange(EndHalf, "End this side's half of {}?", "End half", "This side's half is ended.")

    def do_reconnect(self) -> None:
        """Make a new connection; a server listens anew."""
        server = self.view.world.role == "SERVER"
        self.ask(Reconnect(), "Listening again." if server else "Connecting again.")

    def do_disconnect(self) -> None:
        """Close the connection."""
        self.ask(Disconnect(), "Closing the connection.")

    def do_record_elsewhere(self) -> None:
        """Record into another file from now on."""
        from inspector_app.screens.steering import record_elsewhere

        record_elsewhere(self)

    def do_stay(self) -> None:
        """Have the engine stay when this viewer ends, or no more."""
        from inspector_app.screens.steering import stay

        stay(self)

    def do_end_engine(self) -> None:
        """End the engine that this viewer is attached to."""
        from inspector_app.screens.steering import end_engine

        end_engine(self)

    def do_compose(self) -> None:
        """Open the form that was used last."""
        from inspector_app.screens.sending import open_compose

        open_compose(self)

    def do_send_item(self) -> None:
        """Open the form of an item for the chosen stream."""
        from inspector_app.screens.sending import open_item

        stream = self.view.target
        if stream is not None:
            self._hold()
            open_item(self, stream)

    def _call(self, operation: Operation | None) -> None:
        kind = MESSAGE_KINDS.get(operation.kind) if operation else None
        if operation is None or kind is None:
            notify(
                self.app, "This kind of operation is not known: it cannot be called from a form.", "warning"
            )
            return
        self.drafts.begin(operation, kind)
        self.action_run("compose")
