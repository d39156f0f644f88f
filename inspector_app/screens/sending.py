"""From the main screen to the compose forms and back: whom to send to, where to look for what was sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inspector_app.capture.records import ExchangeRow
from inspector_app.display import formats
from inspector_app.intents import Done, Intent, SendMessage, SendRaw
from inspector_app.screens.base import notify
from inspector_app.screens.compose import ComposeScreen, Target
from inspector_app.viewer.goal import ExchangeGoal, FrameGoal

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen


def open_compose(main: MainScreen) -> None:
    """Open the form that was used last."""
    view, conn = main.view, _conn(main)
    title = f"To peer {formats.short_peer(view.peer(conn))}." if view.world.role == "SERVER" and conn else ""
    _open(main, Target(operations=view.known_operations(), conn=conn, title=title))


def open_item(main: MainScreen, stream: ExchangeRow) -> None:
    """Open the form of an item for a stream."""
    label = main.view.label(stream.conn, stream.opener, stream.number)
    _open(main, Target(stream=stream, title=f"{label}  {stream.operation or ''}"))


def _conn(main: MainScreen) -> int | None:
    """At a server, send to the peer that is looked at, if it is still there; else to the newest."""
    row = main.view.current_connection
    return row.conn if row is not None and row.state == "CONNECTED" else None


def _open(main: MainScreen, target: Target) -> None:
    view = main.view
    before = view.last_seq

    async def send(intent: Intent) -> Done:
        nonlocal before
        before = view.last_seq
        return await main.inspection.perform(intent)

    def sent(result: tuple[Intent, Done] | None) -> None:
        if result is not None:
            intent, done = result
            goal = goal_of(intent, done, before)
            if goal is not None:
                view.look_out(goal, time.time_ns())
            else:
                notify(main.app, "Sent.")

    main.app.push_screen(ComposeScreen(main.drafts, target, send), sent)


def goal_of(intent: Intent, done: Done, before: int) -> ExchangeGoal | FrameGoal | None:
    """Say what to look out for after an intent; `before` is the number of the newest frame until then."""
    if done.conn is not None and done.opener is not None and done.number is not None:
        return ExchangeGoal(conn=done.conn, opener=done.opener, number=done.number)
    if isinstance(intent, SendRaw):
        return FrameGoal(after_seq=before, text=intent.text)
    if isinstance(intent, SendMessage):
        return FrameGoal(after_seq=before, type="fire_and_forget", operation=intent.operation)
    return None
