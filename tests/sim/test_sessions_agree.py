"""Two sessions wired by queues against a model of a page: both tables, all events and all frames agree.

Calls are made on either side at any time, legal or not; messages arrive in order, each way at its own pace.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from slipstream.errors import StreamClosedError
from slipstream.events import (
    Answered,
    Called,
    Credited,
    Event,
    Expired,
    Failed,
    HalfEnded,
    ItemArrived,
    Notified,
    Settled,
)
from slipstream.exchanges import ExchangeKind, Outcome, RequestId
from slipstream.limits import Limits
from slipstream.session import Session
from tests.conftest import Figure

UNARY, STREAM, BIDI = ExchangeKind.UNARY, ExchangeKind.SERVER_STREAM, ExchangeKind.BIDIRECTIONAL
SIDES = ("a", "b")
CODES = {Outcome.CANCELLED: "cancelled", Outcome.OVERFLOW: "overflow", Outcome.TIMEOUT: "deadline_exceeded"}

Written = tuple[str, RequestId | None, Any]
"""A frame: its type, its exchange, and its data, or None where the data is not looked at."""

ACTS = ["send_item"] * 6 + ["consume"] * 3 + ["end"] * 2 + ["respond", "fail", "give_up", "notify"]

sides = st.sampled_from(SIDES)
picks = st.integers(0, 1_000)
kinds = st.sampled_from(ExchangeKind)
outcomes = st.sampled_from(sorted(CODES, key=lambda one: one.value))
early = st.tuples(sides, kinds, st.integers(0, 2), outcomes)
windows = st.sampled_from([1, 2, 3, 256])


@dataclass
class View:
    """One exchange as one side must see it: which halves are open. An exchange that has ended has no view."""

    kind: ExchangeKind
    mine: bool
    out: bool
    into: bool
    due: tuple[float, int] | None = None
    """When its time is up, and how many deadlines were set before this one."""
    items_out: int = 0
    granted: int = 0
    consumed: int = 0

    @property
    def name(self) -> str:
        if self.out and self.into:
            return "OPEN"
        return "HALF_CLOSED_LOCAL" if self.into else "HALF_CLOSED_REMOTE"


@dataclass
class Side:
    """One peer: the session under test, what the model says of it, and what is on its way to it."""

    session: Session
    credit: int
    views: dict[RequestId, View] = field(default_factory=dict)
    coming: deque[tuple[str, dict[str, Any]]] = field(default_factory=deque)
    endings: dict[RequestId, int] = field(default_factory=dict)
    opened: list[RequestId] = field(default_factory=list)
    knows: bool | None = None
    deadlines: int = 0
    unsaid: list[RequestId] = field(default_factory=list)
    """Exchanges given up before it was known how to say so to a modern peer."""

    def due(self, when: float | None) -> tuple[float, int] | None:
        if when is None:
            return None
        self.deadlines += 1
        return when, self.deadlines

    def end(self, request_id: RequestId) -> None:
        del self.views[request_id]
        self.endings[request_id] = self.endings.get(request_id, 0) + 1


class SessionsAgree(RuleBasedStateMachine):
    """The two sessions, the wire between them, and the model."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.sides: dict[str, Side] = {}
        self.exchanges: list[RequestId] = []
        self.modern = True
        self.now = 0.0
        self.items = 0

    @initialize(modern=st.booleans(), given=st.tuples(windows, windows), left=st.lists(early, max_size=3))
    def meet(
        self, modern: bool, given: tuple[int, int], left: list[tuple[str, ExchangeKind, int, Outcome]]
    ) -> None:
        """Two sides that know nothing of each other yet; some exchanges are given up while that is so."""
        self.modern = modern
        for name, credit in zip(SIDES, given, strict=True):
            self.sides[name] = Side(Session(name, Limits(credit=credit)), credit)
        for name, kind, items, outcome in left:
            self.open(name, kind, None)
            for _ in range(items):
                self.send_item(name, self.exchanges[-1])
            self.give_up(name, self.exchanges[-1], outcome)

    # -- what the model says a call writes ----------------------------------------------------------------

    def expect(self, name: str, *frames: Written) -> None:
        """These frames, by type, exchange and data (None: not looked at), and no others have been written."""
        SessionsAgree.steps += 1
        side = self.sides[name]
        written = [(text, json.loads(text)) for text in side.session.outgoing]
        side.session.outgoing.clear()
        told = [(frame["type"], _id_of(frame)) for _, frame in written]
        assert told == [(kind, request_id) for kind, request_id, _ in frames]
        for (as_written, frame), (_, _, data) in zip(written, frames, strict=True):
            text = as_written
            assert data is None or frame["data"] == data
            assert frame["peerID"] == name
            if not self.modern:
                frame.pop("meta", None)
            came = text if self.modern else json.dumps(frame, separators=(",", ":"))
            self.sides[_other(name)].coming.append((came, frame))

    # -- calls --------------------------------------------------------------------------------------------

    @rule(
        name=sides,
        kind=st.sampled_from([UNARY, STREAM, STREAM, BIDI, BIDI]),
        timeout_s=st.none() | st.integers(1, 20),
    )
    def open(self, name: str, kind: ExchangeKind, timeout_s: int | None) -> None:
        side = self.sides[name]
        request_id = side.session.open(kind, {"operation": "x"}, now=self.now, timeout_s=timeout_s)
        assert request_id == (name, len(side.opened))
        side.opened.append(request_id)
        self.exchanges.append(request_id)
        due = side.due(None if timeout_s is None else self.now + timeout_s)
        side.views[request_id] = View(kind, mine=True, out=kind is BIDI, into=True, due=due)
        self.expect(name, (_OPENINGS[kind], request_id, {"operation": "x"}))

    @precondition(lambda self: self.exchanges)
    @rule(name=sides, pick=picks, act=st.sampled_from(ACTS), times=st.integers(1, 4), outcome=outcomes)
    def act(self, name: str, pick: int, act: str, times: int, outcome: Outcome) -> None:
        """Do something with one of the latest exchanges, or now and then with an older one."""
        latest = self.exchanges if pick % 7 == 0 else self.exchanges[-3:]
        request_id = latest[pick % len(latest)]
        if act == "give_up":
            self.give_up(name, request_id, outcome)
            return
        for _ in range(times):
            getattr(self, act)(name, request_id)

    @rule(opener=sides, kind=kinds, items=st.lists(sides, max_size=6))
    def converse(self, opener: str, kind: ExchangeKind, items: list[str]) -> None:
        """Open an exchange, let the other side know of it, and send both ways."""
        self.open(opener, kind, None)
        self.deliver(_other(opener), len(self.sides[_other(opener)].coming))
        for name in items:
            if kind is UNARY:
                self.respond(name, self.exchanges[-1])
            else:
                self.send_item(name, self.exchanges[-1])

    def notify(self, name: str, _: RequestId) -> None:
        self.sides[name].session.notify({"operation": "n"})
        self.expect(name, ("fire_and_forget", None, {"operation": "n"}))

    def send_item(self, name: str, request_id: RequestId) -> None:
        side = self.sides[name]
        view = side.views.get(request_id)
        self.items += 1
        if view is None or not view.out or view.kind is UNARY:
            with pytest.raises(StreamClosedError):
                side.session.send_item(request_id, self.items)
            self.expect(name)
        elif not self.may_send(name, view):
            assert side.session.send_item(request_id, self.items) is False  # the shell waits
            self.expect(name)
        else:
            assert side.session.send_item(request_id, self.items) is True
            view.items_out += 1
            self.expect(name, ("stream_data", request_id, self.items))

    def may_send(self, name: str, view: View) -> bool:
        """protocol.md §9: no limit before the other side's hello, and none towards a legacy peer."""
        if not self.sides[name].knows:
            return True
        return view.items_out < max(self.sides[_other(name)].credit, view.granted)

    def consume(self, name: str, request_id: RequestId) -> None:
        side = self.sides[name]
        view = side.views.get(request_id)
        if view is None or view.kind is UNARY:
            return
        view.consumed += 2
        side.session.consumed(request_id, view.consumed)
        if not side.knows or not view.into:
            self.expect(name)
            return
        data = {
            "operation": "slipstream.credit",
            "requestId": list(request_id),
            "limit": view.consumed + side.credit,
        }
        self.expect(name, ("fire_and_forget", None, data))

    def end(self, name: str, request_id: RequestId) -> None:
        side = self.sides[name]
        view = side.views.get(request_id)
        if view is not None and view.kind is UNARY:
            return  # a unary exchange has no halves to end
        side.session.end(request_id)
        if view is None or not view.out:
            self.expect(name)
            return
        view.out = False
        if not view.into:
            side.end(request_id)
        self.expect(name, ("stream_end", request_id, None))

    def respond(self, name: str, request_id: RequestId) -> None:
        side = self.sides[name]
        view = side.views.get(request_id)
        if view is not None and (view.mine or view.kind is not UNARY):
            return  # the shell responds to what was called, and to nothing else
        side.session.respond(request_id, "result")
        if view is None:
            self.expect(name)
            return
        side.end(request_id)
        self.expect(name, ("response", request_id, "result"))

    def fail(self, name: str, request_id: RequestId) -> None:
        side = self.sides[name]
        side.session.fail(request_id, "application", "no luck")
        if request_id not in side.views:
            self.expect(name)
            return
        side.end(request_id)
        self.expect(name, ("error", request_id, {"error": "no luck", "code": "application"}))

    def give_up(self, name: str, request_id: RequestId, outcome: Outcome) -> None:
        side = self.sides[name]
        view = side.views.get(request_id)
        settled = side.session.give_up(request_id, outcome, "enough")
        if view is None or not view.mine:
            assert settled is None
            self.expect(name)
            return
        assert settled == Settled(request_id, outcome, "enough")
        self.expect(name, *self.goodbye(side, request_id, view, CODES[outcome], "enough"))

    def goodbye(
        self, side: Side, request_id: RequestId, view: View, code: str, text: str | None
    ) -> list[Written]:
        """What the other side is told of an exchange given up: protocol.md §8."""
        side.end(request_id)
        if side.knows:
            return [("error", request_id, None if text is None else {"error": text, "code": code})]
        if side.knows is None and view.kind is not STREAM:
            side.unsaid.append(request_id)
        return [("stream_end", request_id, None)] if view.kind is STREAM or view.out else []

    # -- time ---------------------------------------------------------------------------------------------

    @rule(name=sides, passes_s=st.integers(0, 8))
    def tick(self, name: str, passes_s: int) -> None:
        self.now += passes_s
        side = self.sides[name]
        due = sorted(
            (view.due, request_id)
            for request_id, view in side.views.items()
            if view.due is not None and view.due[0] <= self.now
        )
        told = [
            (type(event), event.request_id)
            for event in side.session.tick(self.now)
            if isinstance(event, Settled | Expired)
        ]
        assert told == [
            (Settled if side.views[request_id].mine else Expired, request_id) for _, request_id in due
        ]
        frames: list[Written] = []
        for _, request_id in due:
            view = side.views[request_id]
            if view.mine:
                frames += self.goodbye(side, request_id, view, "deadline_exceeded", None)
            else:
                side.end(request_id)
                frames.append(("error", request_id, None))
        self.expect(name, *frames)

    # -- the wire -----------------------------------------------------------------------------------------

    @rule(name=sides, count=st.integers(1, 6))
    def deliver(self, name: str, count: int) -> None:
        side = self.sides[name]
        for _ in range(min(count, len(side.coming))):
            text, frame = side.coming.popleft()
            said_now = self.learn(side, frame)
            expected = self.arrives(side, frame, len(text))
            assert side.session.receive(text, now=self.now) == expected
            self.expect(name, *(("error", request_id, None) for request_id in said_now))

    def learn(self, side: Side, frame: dict[str, Any]) -> list[RequestId]:
        """The first frame of the other side tells what it is; gives what can be said to it now."""
        if side.knows is not None:
            return []
        side.knows, unsaid = self.modern, side.unsaid
        side.unsaid = []
        ended = _id_of(frame) if frame["type"] in ("response", "error") else None
        return [request_id for request_id in unsaid if request_id != ended] if self.modern else []

    def arrives(self, side: Side, frame: dict[str, Any], size_bytes: int) -> list[Event]:
        """What the shell must hear of a frame."""
        kind, request_id, data = frame["type"], _id_of(frame), frame["data"]
        if request_id is None:
            return [Notified("n", data)] if data["operation"] == "n" else self.credited(side, data)
        if kind in _KINDS:
            timeout_s = (frame.get("meta") or {}).get("timeout")
            due = side.due(None if timeout_s is None else self.now + timeout_s)
            opened = View(_KINDS[kind], mine=False, out=True, into=kind == _OPENINGS[BIDI], due=due)
            side.views[request_id] = opened
            return [Called(request_id, _KINDS[kind], "x", data)]
        view = side.views.get(request_id)
        if view is None:
            return []
        if kind == "stream_data":
            return [ItemArrived(request_id, data, size_bytes)]
        if kind == "stream_end" and (view.kind is BIDI or view.mine):
            view.into = False
            if not view.out:
                side.end(request_id)
            return [HalfEnded(request_id)]
        side.end(request_id)
        if kind == "response":
            return [Answered(request_id, data)]
        if kind == "stream_end":
            return [Failed(request_id, "The other side cancelled", "cancelled")]
        return [Failed(request_id, data["error"], data["code"])]

    def credited(self, side: Side, data: dict[str, Any]) -> list[Event]:
        request_id = (data["requestId"][0], data["requestId"][1])
        view = side.views.get(request_id)
        if view is None:
            return []
        view.granted = max(view.granted, data["limit"])
        return [Credited(request_id)]

    # -- what always holds --------------------------------------------------------------------------------

    @invariant()
    def both_tables_are_as_the_model_says(self) -> None:
        for side in self.sides.values():
            table = {exchange.request_id: exchange for exchange in side.session.table}
            assert table.keys() == side.views.keys()
            for request_id, view in side.views.items():
                exchange = table[request_id]
                assert (exchange.kind, exchange.mine) == (view.kind, view.mine)
                assert exchange.state.value == view.name
            assert side.session.table.count(mine=True) == sum(view.mine for view in side.views.values())

    @invariant()
    def every_exchange_ends_at_most_once_on_each_side(self) -> None:
        assert all(count == 1 for side in self.sides.values() for count in side.endings.values())

    @invariant()
    def nobody_finds_fault_with_the_other(self) -> None:
        assert all(side.session.findings == side.session.bad_frames == 0 for side in self.sides.values())

    @invariant()
    def the_next_deadline_is_that_of_an_exchange_in_flight(self) -> None:
        for side in self.sides.values():
            deadlines = [view.due[0] for view in side.views.values() if view.due is not None]
            assert side.session.deadlines.next == min(deadlines, default=None)

    def teardown(self) -> None:
        if not self.sides:
            return
        for name in SIDES:
            self.deliver(name, len(self.sides[name].coming))
        for name in SIDES:  # what the last ones made the other say
            self.deliver(name, len(self.sides[name].coming))
        self.both_tables_are_as_the_model_says()
        for side in self.sides.values():
            in_flight = [*side.views]
            ended = side.session.connection_ended(Outcome.LOST)
            assert sorted(exchange.request_id for exchange in ended) == sorted(in_flight)
            assert list(side.session.table) == []
            assert side.session.deadlines.next is None


_OPENINGS = {UNARY: "request", STREAM: "stream_request", BIDI: "stream_stream_request"}
_KINDS = {opening: kind for kind, opening in _OPENINGS.items()}


def _other(name: str) -> str:
    return "b" if name == "a" else "a"


def _id_of(frame: dict[str, Any]) -> RequestId | None:
    named = frame.get("requestId")
    return (named[0], named[1]) if named else None


def _run(examples: int, steps: int) -> int:
    SessionsAgree.steps = 0
    run_state_machine_as_test(
        SessionsAgree,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return SessionsAgree.steps


def test_two_sessions_agree_with_the_model() -> None:
    assert _run(60, 30) > 0


@pytest.mark.proof
def test_two_sessions_agree_with_the_model_at_length(figure: Figure) -> None:
    steps = _run(300, 50)
    figure("C2", "steps of two sessions against a model, 300 x 50", steps, "no divergence")
