"""The console of a stream: what goes both ways, a line for the next item, and what may still be sent.

Owns the sending of what is typed, and of files item by item: one that must wait for credit does not hold up
the engine, and can be stopped.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from inspector_app.commands import Place, Situation
from inspector_app.display import formats
from inspector_app.display.highlighting import InertHighlighter
from inspector_app.display.json_check import json_problem
from inspector_app.intents import AbortExchange, CancelExchange, EndHalf, SendItem, TellExchange
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, bindings, notify
from inspector_app.screens.lists import EXCHANGE_FRAME_COLUMNS
from inspector_app.standing import ExchangeStanding, standing_of
from inspector_app.typed_path import typed_path
from inspector_app.viewer.conversation import Conversation, Lines, read_items
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inspector_app.inspection import Inspection
    from inspector_app.intents import Done, Intent
    from inspector_app.viewer.outbox import Outbox

ASKED_S = 0.25
CREDIT_S = 0.1
_LINES = Lines()


class ConsoleScreen(CommandScreen):
    """A stream to talk on."""

    PLACE: ClassVar[Place] = "console"
    TYPES: ClassVar[bool] = True
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    CSS = """
    ConsoleScreen RowList { height: 1fr; }
    ConsoleScreen #line {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1;
    }
    ConsoleScreen #line:focus { border: round $border; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("console")

    def __init__(self, inspection: Inspection, exchange_id: int, outbox: Outbox) -> None:
        super().__init__()
        self._inspection = inspection
        self._outbox = outbox
        self.stream = Conversation(inspection.view, exchange_id)
        self._asking = False
        self._file: asyncio.Task[None] | None = None
        self._said = ""
        self._typed = 0
        """Items that were typed and are not sent yet."""

    def compose_parts(self) -> ComposeResult:
        """Give how it stands, what went by, and the line to type in."""
        yield InfoLine(id="stream")
        yield RowList(EXCHANGE_FRAME_COLUMNS, hint="Nothing went by yet.", tails=True, id="items")
        yield InfoLine(id="mine")
        yield InfoLine(id="theirs")
        yield InfoLine(id="said")
        yield Input(highlighter=InertHighlighter(), select_on_focus=False, id="line")

    def on_mount(self) -> None:
        """Show what there is, and go on."""
        self.query_one("#line").border_title = "Next item: JSON, Enter sends it, ↑ ↓ those before"
        self.stream.refresh(time.time_ns())
        self.query_one("#items", RowList).set_source(self.stream.frames)
        self.query_one("#items", RowList).follow = True
        self.query_one("#line").focus()
        self._show()
        self.set_interval(ASKED_S, self._look)
        self._look()

    def on_unmount(self) -> None:
        """Send no more of a file."""
        self._stop_file()

    # -- how it stands ------------------------------------------------------------------------------------

    def _look(self) -> None:
        self.stream.refresh(time.time_ns())
        self._show()
        if not self._asking and self.stream.pending:
            self._asking = True
            self.run_worker(self._ask_standing(), group="standing")

    async def _ask_standing(self) -> None:
        try:
            self.stream.standing = await self._standing()
        finally:
            self._asking = False
        if self.is_mounted and self.is_open:
            self._show()

    async def _standing(self) -> ExchangeStanding | None:
        exchange = self.stream.exchange
        if exchange is None:
            return None
        where = {"conn": exchange.conn, "opener": exchange.opener, "number": exchange.number}
        done = await self._inspection.perform(TellExchange(**where))  # type: ignore[arg-type]  # as named
        return standing_of(done.told, ExchangeStanding) if done.told else None

    def _show(self) -> None:
        self.query_one("#items", RowList).refresh_rows()
        self.query_one("#stream", InfoLine).show(self.stream.headline)
        mine, theirs = self.stream.may
        self.query_one("#mine", InfoLine).show(mine)
        self.query_one("#theirs", InfoLine).show(theirs)
        self.query_one("#said", InfoLine).show([(self._said or self._waiting, "severity-warning")])
        self.query_one("#line").disabled = self.stream.exchange is not None and not self.stream.sending
        if self.is_current:
            self.show_keys()

    @property
    def _waiting(self) -> str:
        """Say how many items wait for credit, if any do."""
        standing = self.stream.standing
        if not self._typed or standing is None or standing.sendable != 0:
            return ""
        items = "1 item waits" if self._typed == 1 else f"{formats.count(self._typed)} items wait"
        return f"{items} for credit. F7 gives the stream up."

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        view = self._inspection.view
        return Situation(
            engine=view.engine,
            looks_on=view.looks_on,
            stream=True,
            pending=self.stream.pending,
            sending=self.stream.sending,
        )

    def footer_word(self) -> tuple[str, str]:
        """Say that a file is being sent."""
        return ("sending a file", "severity-warning bold") if self._file is not None else ("", "")

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from whoever else listens."""
        event.stop()

    def _say(self, text: str) -> None:
        self._said = text
        if self.is_mounted and self.is_open:
            self._show()

    # -- what is typed ------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Go through what was typed before."""
        line = self.query_one("#line", Input)
        if self.focused is line and event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            line.value = _LINES.step(-1 if event.key == "up" else 1, line.value)
            line.cursor_position = len(line.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send what was typed, if it is JSON."""
        event.stop()
        text = event.value.strip()
        found = json_problem(text, "any")
        if found is not None:
            self._say(f"Not sent, no JSON: {found}.")
            return
        _LINES.add(text)
        event.input.value = ""
        self._say("")
        self.run_worker(self._send_typed(text), group="items")

    async def _send_typed(self, text: str) -> None:
        self._typed += 1
        try:
            await self._send(text, self._outbox.send)
        finally:
            self._typed -= 1

    async def _send(self, text: str, send: Callable[[Intent], Awaitable[Done]]) -> bool:
        exchange = self.stream.exchange
        if exchange is None:
            self._say("Not sent: the stream is not there yet. Try again in a moment.")
            return False
        intent = SendItem(conn=exchange.conn, opener=exchange.opener, number=exchange.number, data_json=text)
        done = await send(intent)
        if done.error:
            self._say(done.error)
        return done.error is None

    # -- files --------------------------------------------------------------------------------------------

    def do_send_file(self) -> None:
        """Ask for a file, and send its items."""
        from inspector_app.screens.prompts import Prompt

        if self._file is not None:
            self._say("A file is being sent: Esc stops it.")
            return

        def answered(typed: str | None) -> None:
            if typed and self._file is None:
                self._say("")
                self._file = asyncio.create_task(self._send_file(typed_path(typed)), name="send file")

        self.app.push_screen(
            Prompt("Send the items of a file", placeholder="a JSON list, or JSON lines"), answered
        )

    async def _send_file(self, path: Path) -> None:
        try:
            items = await asyncio.to_thread(read_items, path)
            await self._send_all(items)
        except ValueError as error:
            self._say(str(error))
        finally:
            self._file = None

    async def _send_all(self, items: list[str]) -> None:
        sent, left = 0, 0
        total = formats.count(len(items))
        try:
            for item in items:
                while left == 0:  # an item that waits for credit in the engine could not be stopped
                    standing = await self._standing()
                    if standing is None or not standing.sends:
                        self._say(f"{formats.count(sent)} of {total} items were sent: this half has ended.")
                        return
                    left = -1 if standing.sendable is None else standing.sendable
                    if left == 0:
                        self._say(f"{formats.count(sent)} of {total} items are sent; waiting for the peer.")
                        await asyncio.sleep(CREDIT_S)
                if not await self._send(item, self._inspection.perform):
                    return
                sent, left = sent + 1, left - 1
                self._said = f"{formats.count(sent)} of {total} items are sent. Esc stops it."
        except asyncio.CancelledError:
            self._say(f"Stopped: {formats.count(sent)} of {total} items were sent.")
            return
        self._say(f"All {total} items of the file were sent.")

    def _stop_file(self) -> bool:
        if self._file is None:
            return False
        self._file.cancel()
        return True

    # -- commands -----------------------------------------------------------------------------------------

    def do_leave_console(self) -> None:
        """Stop a file, or go back."""
        if not self._stop_file():
            self.dismiss()

    def _do(self, make: type[EndHalf] | type[CancelExchange]) -> None:
        exchange = self.stream.exchange
        if exchange is not None:
            self._ask(make(conn=exchange.conn, opener=exchange.opener, number=exchange.number))

    def _ask(self, intent: Intent) -> None:
        self.run_worker(self._ask_now(intent), group="intents")

    async def _ask_now(self, intent: Intent) -> None:
        done = await self._inspection.perform(intent)
        if done.error:
            notify(self.app, done.error, "error")

    def do_end_console(self) -> None:
        """End this side's half."""
        self._do(EndHalf)

    def do_cancel_console(self) -> None:
        """Give the stream up."""
        self._do(CancelExchange)

    def do_abort_console(self) -> None:
        """Ask for an error, and end the stream with it."""
        from inspector_app.screens.mock_forms import error_prompt

        exchange = self.stream.exchange
        if exchange is None:
            return

        def answered(error: tuple[str, str]) -> None:
            code, message = error
            self._ask(
                AbortExchange(
                    conn=exchange.conn,
                    opener=exchange.opener,
                    number=exchange.number,
                    code=code,
                    message=message,
                )
            )

        error_prompt(self.app, "End the stream with an error", answered)
