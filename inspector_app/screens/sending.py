"""From the main screen to the compose forms and back: whom to send to, where to look for what was sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import ExchangeRow
from inspector_app.capture.usage import Calls
from inspector_app.display import formats
from inspector_app.intents import Done, Intent, SendMessage, SendRaw
from inspector_app.screens.compose import ComposeScreen
from inspector_app.screens.compose_target import Target
from inspector_app.screens.draft_desk import DraftDesk
from inspector_app.screens.type_ahead import let_go
from inspector_app.viewer.drafts import raw_request
from inspector_app.viewer.exchanges import next_number
from inspector_app.viewer.goal import ExchangeGoal, FrameGoal
from inspector_app.viewer.learning import LearnedOperation, Lesson, learn
from inspector_app.viewer.operations import Operation, operations_of, suggestions

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen


def open_compose(main: MainScreen, to: int | None = None) -> None:
    """Open the form that was used last; for connection number `to`, else the one that is looked at."""
    view, conn = main.view, main.messages.conn if to is None else to
    operations = view.known_operations() if to is None else _offered(main, to)
    peer, number = _next_request(main, conn)
    operation = main.drafts.by_form["request"].operation or next(
        iter(suggestions(operations, "request")), "slipstream.ping"
    )
    main.drafts.offer_raw(raw_request(peer, number, operation))
    hosting = view.world.role == "SERVER" and conn is not None
    several = hosting and sum(row.state == "CONNECTED" for row in view.connections) > 1
    hint = "For another peer, press J instead of c" if several else ""
    _open(
        main,
        Target(
            operations=operations,
            learn=_learner(main),
            scope=main.messages.session.scope,
            peer=peer,
            number=number,
            conn=conn,
            title=f"To peer {formats.short_peer(view.peer(conn))}." if hosting and conn else "",
            hint=hint,
            desk=DraftDesk(main.messages, hint),
        ),
    )


def _offered(main: MainScreen, conn: int) -> Sequence[Operation]:
    """Give what the peer of a connection described, else whatever is known."""
    view = main.view
    try:
        offered = operations_of(view.reader, conn) if view.reader is not None else []
    except CaptureError as error:
        view.report(str(error))
        offered = []
    return offered or view.known_operations()


def _learner(main: MainScreen) -> Callable[[Calls], LearnedOperation] | None:
    """Give what learns from the traffic so far."""
    reader = main.view.reader
    if reader is None:
        return None
    path = reader.path
    return lambda calls: learn(path, Lesson(calls))


def _next_request(main: MainScreen, conn: int | None) -> tuple[str | None, int]:
    """Tell how this side calls itself on the connection, and the number of its next request there."""
    view = main.view
    row = view.connection(conn) if conn is not None else view.current_connection
    number = 0
    if row is not None and view.reader is not None:
        try:
            number = next_number(view.reader, row.conn)
        except CaptureError as error:
            view.report(str(error))
    return (row.local_peer if row else None), number


def open_item(main: MainScreen, stream: ExchangeRow) -> None:
    """Open the form of an item for a stream."""
    label = main.view.label(stream.conn, stream.opener, stream.number)
    title = f"{label}  {stream.operation or ''}"
    desk = DraftDesk(main.messages, "^G previews")
    scope = main.messages.session.scope
    _open(main, Target(stream=stream, title=title, learn=_learner(main), scope=scope, desk=desk))


def _open(main: MainScreen, target: Target) -> None:
    view = main.view
    before = view.last_seq

    async def send(intent: Intent) -> Done:
        nonlocal before
        before = view.last_seq
        return await main.messages.outbox.send(intent)

    def sent(result: tuple[Intent, Done] | None) -> None:
        if result is not None:
            intent, done = result
            goal = goal_of(intent, done, before)
            # Of an item the list itself shows that it went.
            if goal is not None:
                view.look_out(goal, time.time_ns())
                main.asking.to_talk_on = opens_stream(intent)
        if not main.asking.to_talk_on:
            let_go(main.app)

    main.app.push_screen(ComposeScreen(main.drafts, target, send), sent)


def opens_stream(intent: Intent) -> bool:
    """Tell whether there is something to talk on then."""
    return isinstance(intent, SendMessage) and intent.kind == "bidirectional"


def goal_of(intent: Intent, done: Done, before: int) -> ExchangeGoal | FrameGoal | None:
    """Say what to look out for after an intent; `before` is the number of the newest frame until then."""
    if done.conn is not None and done.opener is not None and done.number is not None:
        return ExchangeGoal(conn=done.conn, opener=done.opener, number=done.number)
    if isinstance(intent, SendRaw):
        return FrameGoal(after_seq=before, text=intent.text)
    if isinstance(intent, SendMessage):
        return FrameGoal(after_seq=before, type="fire_and_forget", operation=intent.operation)
    return None
