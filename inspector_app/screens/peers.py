"""The chooser of peers: whom to send to, of those that are connected."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from inspector_app.capture.errors import CaptureError
from inspector_app.display import formats
from inspector_app.intents import AskPeer
from inspector_app.screens.base import Dialog, notify
from inspector_app.screens.sending import open_compose
from inspector_app.viewer.operations import operations_of
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from inspector_app.capture.records import ConnectionRow
    from inspector_app.inspection import Inspection
    from inspector_app.screens.main import MainScreen

LOOKED_S = 0.5
MOST_SHOWN = 300
"""Characters of what a peer offers."""


def choose_peer(main: MainScreen) -> None:
    """Ask for a peer, then open the form for it."""

    def chosen(conn: int | None) -> None:
        if conn is not None:
            open_compose(main, conn)

    main.app.push_screen(PeerList(main.inspection), chosen)


class _Peers:
    def __init__(self, inspection: Inspection) -> None:
        self._view = inspection.view
        self.all: Sequence[ConnectionRow] = ()
        self._offers: dict[int, str] = {}

    def look(self) -> None:
        self.all = [row for row in self._view.connections if row.state == "CONNECTED"]
        reader = self._view.reader
        for row in self.all:
            if row.conn in self._offers:
                continue  # there may be thousands
            try:
                offered = operations_of(reader, row.conn) if reader is not None else []
            except CaptureError as error:
                self._view.report(str(error))
                return
            if offered:
                named = [
                    each.name[:MOST_SHOWN] for each in offered if not each.name.startswith("slipstream.")
                ]
                self._offers[row.conn] = ", ".join(named)[:MOST_SHOWN] or "nothing"

    def forget(self, conn: int) -> None:
        """Look anew at what a peer offers: it was asked."""
        self._offers.pop(conn, None)

    @property
    def count(self) -> int:
        return len(self.all)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        now_ns = time.time_ns()
        return [
            (
                (str(row.conn), "muted"),
                (formats.short_peer(row.remote_peer), "emphasis"),
                (str(row.handshake.get("remote") or "-"), ""),
                (formats.age(max(0, now_ns - row.opened_ns)), ""),
                (self._offers.get(row.conn, "not told: d asks"), "muted"),
            )
            for row in self.all[first : first + count]
        ]


class PeerList(Dialog[int]):
    """Gives the number of the connection that was chosen, or None."""

    CSS = """
    PeerList { align: center middle; }
    PeerList #peers-box {
        width: 96%; max-width: 110; height: 70%; max-height: 18;
        background: $background; border: round $border; border-title-color: $emphasis;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "describe", "Ask what it offers", show=False)]

    def __init__(self, inspection: Inspection) -> None:
        super().__init__()
        self._inspection = inspection
        self._peers = _Peers(inspection)

    def compose(self) -> ComposeResult:
        """Give the list."""
        columns = (
            Column("Conn", 4, "right"),
            Column("Peer", 8),
            Column("Address", 21),
            Column("Since", 9, "right"),
            Column("Offers"),
        )
        with Vertical(id="peers-box"):
            yield RowList(columns, hint="Nobody is connected any more.", id="peers")

    def on_mount(self) -> None:
        """Begin at the first."""
        box = self.query_one("#peers-box")
        box.border_title, box.border_subtitle = "Send to", "Enter chooses, d asks what it offers, Esc leaves"
        self._peers.look()
        rows = self.query_one("#peers", RowList)
        rows.set_source(self._peers, cursor=0)
        rows.focus()
        self.set_interval(LOOKED_S, self._look)

    def _look(self) -> None:
        self._peers.look()
        self.query_one("#peers", RowList).refresh_rows()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from the screen below."""
        event.stop()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Choose it."""
        event.stop()
        if event.index < self._peers.count:
            self.dismiss(self._peers.all[event.index].conn)

    def action_describe(self) -> None:
        """Ask the peer what it offers."""
        cursor = self.query_one("#peers", RowList).cursor
        if cursor is not None and cursor < self._peers.count:
            self.run_worker(self._describe(self._peers.all[cursor].conn))

    async def _describe(self, conn: int) -> None:
        done = await self._inspection.perform(AskPeer(conn=conn))
        self._peers.forget(conn)
        if done.error:
            notify(self.app, done.error, "warning")
