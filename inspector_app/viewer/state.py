"""The view state: what of a capture is looked at, and how. Plain Python; `tick` takes the time.

Owns what is followed, paused, chosen and shown. It reads one capture and writes nothing; it imports no user
interface and knows no engine, only how the engine is doing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import ConnectionRow, ExchangeRow, NoteRow, Totals
from inspector_app.commands import VIEWS, EngineState, Situation
from inspector_app.display import formats
from inspector_app.viewer.columns import USUAL, Shown
from inspector_app.viewer.connections import ENDED, FindingRows, TransitionRows
from inspector_app.viewer.exchanges import RequestRows, StreamRows
from inspector_app.viewer.filter_book import FilterBook
from inspector_app.viewer.filtering import Filtering
from inspector_app.viewer.frames import FrameRows, TimeMode
from inspector_app.viewer.goal import PATIENCE_NS, ExchangeGoal, FrameGoal
from inspector_app.viewer.lessons import Lessons
from inspector_app.viewer.marks import MarkBook
from inspector_app.viewer.operations import Operation, OperationRows, known_operations
from inspector_app.viewer.rate import RateMeter
from inspector_app.viewer.reading import Reading
from inspector_app.viewer.selection import Selection
from inspector_app.viewer.text_search import TextSearch
from inspector_app.viewer.world import World

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

DETAILS = ("data", "tree", "frame", "raw", "hex", "exchange")
"""Names of the ways to look at what is chosen, in the order of their key."""

_WITH_EXCHANGE = frozenset({"frames", "requests", "streams", "findings"})
"""Lists in which a chosen frame or exchange is to be seen, so that commands may act on it."""

_AGES_NS = 200_000_000
_CONNECTIONS_NS = 200_000_000
_FEW_CONNECTIONS = 100
_NOTES_AT_ONCE = 20


class Arrived(Struct, frozen=True):
    """The capture now holds what was looked out for: the number of an exchange, or of a frame."""

    exchange: ExchangeRow | None = None
    seq: int | None = None


class Changes(Struct, frozen=True):
    """What a tick changed: rows (`data`), ages (`ages`), and what has arrived."""

    data: bool = False
    ages: bool = False
    arrived: Arrived | None = None

    def __bool__(self) -> bool:
        return self.data or self.ages or self.arrived is not None


class ViewState:
    """One capture as it is looked at, from before it exists until another one is opened."""

    def __init__(self, world: World, *, time_mode: TimeMode = TimeMode.CLOCK) -> None:
        self.world = world
        self.reader: CaptureReader | None = None
        self.engine: EngineState = "none" if world.spec is None else "starting"
        self.problem = ""
        """One sentence on what is wrong with the engine or the capture; empty: nothing."""
        self.looks_on = False
        """Whether nothing can be asked of the engine: another viewer started it, and this one looks on."""
        self.time_mode = time_mode
        self.columns: tuple[Shown, ...] = USUAL
        """The columns of the frame list."""
        self.book = FilterBook()
        """Filters that are kept."""
        self.totals = Totals()
        """What is shown: as of the moment of pausing while paused."""
        self.now_ns = 0
        """The time that ages of rows are counted to: it stands still while paused."""
        self.view: str = VIEWS[0]
        self.following = True
        self._read_problem = ""
        self._live = Totals()
        self._paused = False
        self._stopped_at = 0
        self._rate = RateMeter()
        self._aged_ns = 0
        self._live_ns = 0
        self._connections: dict[int, ConnectionRow] = {}
        self._connections_ns = 0
        self._open_at_reading = 0
        self._behind = False
        self._stale_connections = True
        self._stale_transitions = True
        self._engine_since_ns = 0
        self._notes = 0
        self._goal: ExchangeGoal | FrameGoal | None = None
        self._goal_until_ns = 0
        self._details = dict.fromkeys(VIEWS, DETAILS[0]) | {"requests": "exchange", "streams": "exchange"}

        self.filtering = Filtering(self)
        self.marks = MarkBook()
        self.frames = FrameRows(self)
        self.requests = RequestRows(self)
        self.streams = StreamRows(self)
        self.transitions = TransitionRows(self)
        self.findings = FindingRows(self)
        self.operations = OperationRows(self)
        self.lessons = Lessons(self)
        self.selection = Selection(self)
        self.reading = Reading(self)
        self.text_search = TextSearch()

    # -- the capture and the engine -----------------------------------------------------------------------

    def attach(self, reader: CaptureReader) -> None:
        """Look at a capture from now on. Notes it holds already are old news, unless an engine writes it."""
        self.reader = reader
        self.marks.read(reader)
        if self.world.spec is None:
            self._notes = reader.totals().notes

    def move(self, reader: CaptureReader) -> None:
        """Look at a copy of the capture that goes on where it ends: all that is chosen stays chosen."""
        self.close()
        self.reader = reader

    def close(self) -> None:
        """Let go of the capture."""
        self.filtering.close()
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    def engine_is(self, state: EngineState, now_ns: int, problem: str = "") -> None:
        """Take over how the engine is doing, and a sentence on what is wrong with it."""
        self.engine = state
        self.problem = problem
        self._engine_since_ns = now_ns

    def listens_again(self, now_ns: int) -> None:
        """Take over that the server has begun to listen anew."""
        self._engine_since_ns = now_ns

    # -- time ---------------------------------------------------------------------------------------------

    def tick(self, now_ns: int) -> Changes:
        """Take over what was committed since the last tick. Costs next to nothing when nothing was."""
        reader = self.reader
        if reader is None:
            return Changes()
        try:
            # What was committed stays news until it has been read: reading may fail in between.
            self._behind = reader.changed() or self._behind
            data = self._behind
            if data:
                self._live = reader.totals()
                self._behind = False
                self._stale_connections = True
            self._rate.sample(now_ns, self._live.frames)
            arrived = self._look_out(reader, now_ns)
            if self._read_problem:
                self._read_problem = ""
        except CaptureError as error:
            self._read_problem = str(error)
            return Changes()
        self._live_ns = now_ns if self.engine == "running" else self._live.last_ns
        if self._stale_connections and self._connections_due(now_ns):
            self._read_connections(reader, now_ns)
        if self._paused and arrived is None:
            return Changes(data=self._find())
        return self._take_over(reader, now_ns, arrived=arrived, data=data)

    def _connections_due(self, now_ns: int) -> bool:
        """Whether to read them now: a server with thousands must not have all of them read at every tick."""
        opened = self._live.connections_open != self._open_at_reading
        few = self._live.connections < _FEW_CONNECTIONS
        return (opened and few) or now_ns - self._connections_ns >= _CONNECTIONS_NS

    def _find(self) -> bool:
        """Take over what was found. The capture stands still in a paused view, a search does not."""
        found = self.filtering.take_over()
        if found:
            self.frames.take_over()
        return found

    def _take_over(
        self, reader: CaptureReader, now_ns: int, *, arrived: Arrived | None, data: bool
    ) -> Changes:
        # In a file nothing ages after its last record: what was pending then stays as old as it was.
        self.now_ns = self._live_ns
        if data or self.totals != self._live:
            data = True
            self.totals = self._live
        if self._stale_transitions:
            self._read_transitions(reader)
            data = True
        if data:
            self._read_lists()
        data = self.marks.read_if_due(reader, now_ns, news=data) or data
        data = self._find() or data
        if self.view == "operations":
            data = self.operations.usages.refresh_if_due(reader, now_ns) or data
        ages = now_ns - self._aged_ns >= _AGES_NS
        if ages:
            self._aged_ns = now_ns
            self.selection.recount()
        return Changes(data, ages, arrived)

    def _read_connections(self, reader: CaptureReader, now_ns: int) -> None:
        self._connections_ns = now_ns
        try:
            self._connections = {row.conn: row for row in reader.connections()}
        except CaptureError as error:
            self._read_problem = str(error)
            return
        self._stale_connections = False
        self._open_at_reading = self._live.connections_open
        self._stale_transitions = True

    def _read_transitions(self, reader: CaptureReader) -> None:
        try:
            self.transitions.show(reader.state_count())
            self.operations.show(known_operations(reader))
        except CaptureError as error:
            self._read_problem = str(error)
            return
        self._stale_transitions = False

    def _read_lists(self) -> None:
        self.requests.show(self.totals.requests)
        self.streams.show(self.totals.streams)
        self.findings.show(self.totals.findings)
        self.selection.refresh()

    # -- pause, follow, time mode -------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether the view stands still. The capture never does."""
        return self._paused

    def pause(self, paused: bool) -> None:
        """Freeze every list and the detail as they are, or show what comes again. Connections stay live."""
        if paused == self._paused:
            return
        if paused:
            self.requests.freeze()
            self.streams.freeze()
        else:
            self.requests.thaw()
            self.streams.thaw()
        self._paused = paused

    def follow(self, following: bool) -> None:
        """Take over whether the frame list follows its tail."""
        self.following = following
        self._stopped_at = self.totals.frames

    @property
    def new_frames(self) -> int:
        """Frames that came since following stopped or the view was paused; 0 while both go on."""
        following = self.following or self.view != "frames"
        return max(0, self._live.frames - (self.totals.frames if following else self._stopped_at))

    def pending_above(self, row: int) -> int:
        """Requests or streams that have not ended and stand above row `row` of the list that is shown."""
        pending = {"requests": self.totals.requests_pending, "streams": self.totals.streams_open}
        return min(row, pending.get(self.view, 0))

    def next_time_mode(self) -> TimeMode:
        """Change how times are told."""
        self.time_mode = self.time_mode.next
        return self.time_mode

    @property
    def rate(self) -> float:
        """Frames a second, over the last two seconds."""
        return self._rate.per_second

    @property
    def live_totals(self) -> Totals:
        """The counters as they stand now, also while paused."""
        return self._live

    @property
    def start_ns(self) -> int:
        """When the capture's first record was made."""
        return self.totals.first_ns

    @property
    def frame_count(self) -> int:
        """Frames to show."""
        return self.totals.frames

    # -- what is chosen -----------------------------------------------------------------------------------

    @property
    def detail(self) -> str:
        """Which of `DETAILS` is shown for what is chosen in this view."""
        return self._details[self.view]

    def show(self, view: str) -> None:
        """Change to another list."""
        if view not in VIEWS:
            raise ValueError(view)
        self.view = view

    def show_detail(self, detail: str) -> None:
        """Change the way to look at what is chosen, for this list."""
        if detail not in DETAILS:
            raise ValueError(detail)
        self._details[self.view] = detail

    def step_detail(self, step: int) -> None:
        """Change to the next way to look, or the one before."""
        self.show_detail(DETAILS[(DETAILS.index(self.detail) + step) % len(DETAILS)])

    # -- going to what was just sent ----------------------------------------------------------------------

    def look_out(self, goal: ExchangeGoal | FrameGoal, now_ns: int) -> None:
        """Look out for what was sent; the tick that finds it says so."""
        self._goal, self._goal_until_ns = goal, now_ns + PATIENCE_NS

    @property
    def last_seq(self) -> int:
        """Number of the newest frame that is known of, also while paused."""
        return self._live.frames

    def _look_out(self, reader: CaptureReader, now_ns: int) -> Arrived | None:
        goal = self._goal
        if goal is None:
            return None
        found = goal.find(reader)
        if found is None:
            if now_ns > self._goal_until_ns:
                self._goal = None
            return None
        self._goal = None
        self.pause(False)
        self._live = reader.totals()
        if isinstance(goal, ExchangeGoal):
            return Arrived(exchange=reader.exchange(found))
        return Arrived(seq=found)

    # -- connections --------------------------------------------------------------------------------------

    @property
    def connections(self) -> Sequence[ConnectionRow]:
        """Every connection, in the order they were opened."""
        return list(self._connections.values())

    def connection(self, conn: int) -> ConnectionRow | None:
        """A connection as it stands."""
        return self._connections.get(conn)

    @property
    def current_connection(self) -> ConnectionRow | None:
        """The connection to speak of: at a server that of the chosen frame, else the newest that is open."""
        if not self._connections:
            return None
        chosen = self.selection.frame.conn if self.selection.frame else None
        if self.world.role == "SERVER" and chosen in self._connections:
            return self._connections[chosen]
        newest = list(self._connections.values())[-1]
        if newest.state in ENDED:
            return next((row for row in reversed(self.connections) if row.state not in ENDED), newest)
        return newest

    def peer(self, conn: int) -> str | None:
        """The other side of a connection."""
        row = self._connections.get(conn)
        return row.remote_peer if row else None

    def label(self, conn: int, opener: str | None, number: int | None) -> str:
        """Name an exchange in a few cells; with several connections, with the number of its connection."""
        if number is None:
            return ""
        row = self._connections.get(conn)
        mine = opener == row.local_peer if row else None
        label = formats.exchange_label(number, mine=mine)
        return f"{conn}{label.replace(' ', '')}" if self.totals.connections > 1 else label

    @property
    def connected(self) -> bool:
        """Whether a connection is open."""
        return any(row.state == "CONNECTED" for row in self._connections.values())

    @property
    def state(self) -> str:
        """State of what is inspected: that of the connection, LISTENING for a server that runs, or empty."""
        if self.world.role == "SERVER":
            return "LISTENING" if self.engine == "running" else ""
        row = self.current_connection
        if row is not None and not (self.engine == "dead" and row.state not in ENDED):
            return row.state
        return "CONNECTING" if self.engine == "starting" else ""

    @property
    def in_state_ns(self) -> int | None:
        """Time spent in `state`, also while paused; None when it is not known, or over as in a file."""
        if self.world.role == "FILE":
            return None
        if self.world.role == "SERVER":
            return max(0, self._live_ns - self._engine_since_ns) if self.engine == "running" else None
        row = self.current_connection
        return max(0, self._live_ns - row.changed_ns) if row is not None and self.state == row.state else None

    def report(self, problem: str) -> None:
        """Take over that the capture cannot be read; the next tick that can read it forgets that."""
        self._read_problem = problem

    # -- for the screen as a whole ------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """One sentence on what is wrong with engine or capture; empty: nothing."""
        return self.problem or self._read_problem

    def take_notes(self) -> list[NoteRow]:
        """Give the notes that came since the last call."""
        if self.reader is None or self._live.notes <= self._notes:
            return []
        try:
            found = self.reader.notes(self._notes, _NOTES_AT_ONCE)
        except CaptureError as error:
            self._read_problem = str(error)
            return []
        self._notes += len(found)
        return found

    def connection_of(self, note: NoteRow) -> ConnectionRow | None:
        """Give the connection that a note is on, as it stands in the capture: the view may be behind."""
        if self.reader is None or note.conn is None:
            return None
        try:
            return self.reader.connection(note.conn)
        except CaptureError as error:
            self._read_problem = str(error)
            return None

    def notes_of(self, conn: int) -> list[NoteRow]:
        """Give the notes on a connection, and those on none."""
        if self.reader is None:
            return []
        try:
            return self.reader.notes(0, 1000, conn=conn)
        except CaptureError as error:
            self._read_problem = str(error)
            return []

    def known_operations(self) -> Sequence[Operation]:
        """Give the operations that were described, else those that were seen."""
        return self.operations.operations

    @property
    def target(self) -> ExchangeRow | None:
        """The exchange that commands act on: the chosen one, in a list in which it is seen to be chosen."""
        return self.selection.exchange if self.view in _WITH_EXCHANGE else None

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        exchange = self.target
        pending = exchange is not None and exchange.outcome == "pending"
        sending = (
            exchange is not None
            and pending
            and exchange.kind == "stream_stream"
            and exchange.state in ("OPEN", "HALF_CLOSED_REMOTE")
        )
        return Situation(
            view=self.view,
            detail=self.detail,
            frames=self.totals.frames,
            following=self.following,
            paused=self._paused,
            engine=self.engine,
            looks_on=self.looks_on,
            connected=self.connected,
            frame=self.selection.frame is not None and self.view in _WITH_EXCHANGE,
            filtered=bool(self.filtering.filter.source),
            exchange=exchange is not None,
            pending=pending,
            sending=sending,
            hosting=self.world.role == "SERVER",
            stream=exchange is not None and exchange.kind != "request_response",
        )
