"""Two exchange tables wired together: whatever one side may send, the other takes without a finding.

Frames travel in order, each way at its own pace, so that everything crosses everything.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from slipstream.exchanges import Effect, ExchangeTable, Outcome, RequestId
from slipstream.frames import Frame, MessageType
from slipstream.lifecycle import StreamState

MIRRORED = {
    StreamState.OPEN: StreamState.OPEN,
    StreamState.HALF_CLOSED_LOCAL: StreamState.HALF_CLOSED_REMOTE,
    StreamState.HALF_CLOSED_REMOTE: StreamState.HALF_CLOSED_LOCAL,
}
OPENINGS = [MessageType.REQUEST, MessageType.STREAM_REQUEST, MessageType.STREAM_STREAM_REQUEST]
FOLLOWING = [MessageType.RESPONSE, MessageType.STREAM_DATA, MessageType.STREAM_END, MessageType.ERROR]

sides = st.sampled_from(["a", "b"])


@dataclass
class Side:
    """One peer: its table, and what is on its way to it."""

    table: ExchangeTable
    coming: deque[Frame] = field(default_factory=deque)


class TwoTables(RuleBasedStateMachine):
    """The wire between two peers that keep to the protocol."""

    def __init__(self) -> None:
        super().__init__()
        self.sides = {name: Side(ExchangeTable(name)) for name in "ab"}
        self.opened: list[RequestId] = []
        self.endings: dict[tuple[str, RequestId], int] = {}

    def send(self, name: str, frame: Frame) -> None:
        step = self.sides[name].table.sent(frame, 1)
        if step.effect is Effect.REFUSED:
            return
        assert step.findings == ()
        self.note_ending(name, frame, step.effect)
        self.sides["b" if name == "a" else "a"].coming.append(frame)

    def note_ending(self, name: str, frame: Frame, effect: Effect) -> None:
        assert frame.request_id is not None
        if effect is not Effect.LATE and self.sides[name].table.get(frame.request_id) is None:
            key = (name, frame.request_id)
            self.endings[key] = self.endings.get(key, 0) + 1

    @rule(name=sides, kind=st.sampled_from(OPENINGS))
    def open(self, name: str, kind: MessageType) -> None:
        request_id = (name, self.sides[name].table.next_number)
        self.opened.append(request_id)
        self.send(name, Frame(kind, request_id, name, {"operation": "add"}))

    @precondition(lambda self: self.opened)
    @rule(name=sides, kind=st.sampled_from(FOLLOWING), pick=st.integers(min_value=0))
    def try_to_send(self, name: str, kind: MessageType, pick: int) -> None:
        request_id = self.opened[pick % len(self.opened)]
        table = self.sides[name].table
        if table.get(request_id) is None and request_id[0] == name:
            return  # saying goodbye to what has ended is legal, and the other rule's business
        self.send(name, Frame(kind, request_id, name, {"error": "x"}))

    @precondition(lambda self: self.opened)
    @rule(pick=st.integers(min_value=0))
    def give_up(self, pick: int) -> None:
        request_id = self.opened[pick % len(self.opened)]
        name = request_id[0]
        if self.sides[name].table.settle(request_id, Outcome.CANCELLED) is not None:
            key = (name, request_id)
            self.endings[key] = self.endings.get(key, 0) + 1
            self.send(name, Frame(MessageType.ERROR, request_id, name, {"error": "x", "code": "cancelled"}))

    @rule(name=sides, count=st.integers(1, 5))
    def deliver(self, name: str, count: int) -> None:
        side = self.sides[name]
        for _ in range(min(count, len(side.coming))):
            frame = side.coming.popleft()
            step = side.table.received(frame, 1)
            assert step.findings == (), (frame, step)
            assert step.effect is not Effect.REFUSED
            self.note_ending(name, frame, step.effect)

    @invariant()
    def every_exchange_ends_at_most_once_on_each_side(self) -> None:
        assert all(count == 1 for count in self.endings.values())

    @invariant()
    def what_has_ended_is_in_no_table(self) -> None:
        for name, side in self.sides.items():
            for exchange in side.table:
                assert not exchange.ended
                assert (name, exchange.request_id) not in self.endings

    @invariant()
    def when_all_has_arrived_both_sides_see_the_same(self) -> None:
        one, other = self.sides["a"], self.sides["b"]
        if one.coming or other.coming:
            return
        seen_here = {exchange.request_id: exchange for exchange in one.table}
        seen_there = {exchange.request_id: exchange for exchange in other.table}
        assert seen_here.keys() == seen_there.keys()
        for request_id, here in seen_here.items():
            there = seen_there[request_id]
            assert there.state is MIRRORED[here.state]
            assert there.mine is not here.mine
            assert (there.items_in, there.items_out) == (here.items_out, here.items_in)

    def teardown(self) -> None:
        for name in "ab":
            self.deliver(name, len(self.sides[name].coming))
        self.when_all_has_arrived_both_sides_see_the_same()
        for side in self.sides.values():
            side.table.connection_ended(Outcome.CLOSED)
            assert list(side.table) == []


TwoTables.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
test_two_tables = TwoTables.TestCase
