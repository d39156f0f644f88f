"""What a person may ask of an engine: the world to inspect, and the things to do in it. Plain data.

Screens make intents, the engine's control channel carries them, a source carries them out. Nothing here
imports anything of the project, so the viewer's first paint does not pay for it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

# -- worlds: what a source is made from -------------------------------------------------------------------


class ClientSpec(Struct, frozen=True, kw_only=True):
    """Connect to a server. `handler` names what answers when the server calls us."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    token: str | None = None
    subprotocols: tuple[str, ...] = ()
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    insecure: bool = False
    handler: str | None = None
    bad_frames: int | None = None
    """Close a connection after so many bad frames within ten seconds; None: record all of them."""


class ServerSpec(Struct, frozen=True, kw_only=True):
    """Host a handler of Python or a `.toml` mock; None means the demo's own. `port` 0 means any free one."""

    handler: str | None = None
    host: str = "127.0.0.1"
    port: int = 8765
    allow_origins: tuple[str, ...] = ()
    bad_frames: int | None = None
    """As for a client."""
    token: str | None = None
    """What a client must know; None: nothing."""
    max_peers: int = 100
    """Clients at the same time; what each may hold in memory is its share."""
    seed: int | None = None
    """What a mock makes up by, waits by and has fail; None: by its file, else by chance."""
    faults: str | None = None
    """A file of faults, besides those of a mock's own file."""


class DemoSpec(Struct, frozen=True, kw_only=True):
    """An embedded server and a client of it with live traffic of every kind; the client is inspected."""

    seed: int = 1


SourceSpec = ClientSpec | ServerSpec | DemoSpec


# -- intents: what a running source is asked to do --------------------------------------------------------

MessageKind = Literal["request", "stream", "bidirectional", "oneway"]


class SendMessage(Struct, frozen=True, kw_only=True):
    """Open an exchange, or send a fire-and-forget. `data_json`: a JSON object, without `operation`."""

    kind: MessageKind
    operation: str
    data_json: str = "{}"
    timeout_s: float | None = None
    conn: int | None = None
    """Which connection; None: the newest that is open."""


class RepeatMessage(Struct, frozen=True, kw_only=True):
    """Send a message `times` times, at most `per_second` (None: as fast as it goes), `in_flight` at a time.

    One repetition at a time on a connection. What becomes of each exchange is in the capture.
    """

    message: SendMessage
    times: int
    per_second: float | None = None
    in_flight: int = 1
    items_json: tuple[str, ...] = ()
    """Of a bidirectional stream: what each sends, before it ends its half."""
    take: int | None = None
    """Of a stream: give each up after so many items; None: wait for its end."""
    mark: str = ""
    """Between two of these in a text stands what each message has anew: `uuid`, `now`, `now:s`, `now:ms`."""

    @property
    def conn(self) -> int | None:
        """Which connection, as for a single message."""
        return self.message.conn


class StopRepeating(Struct, frozen=True, kw_only=True):
    """Begin no more of a repetition, and give up what is in flight of it. None: on the newest connection."""

    conn: int | None = None


class TellRepetition(Struct, frozen=True, kw_only=True):
    """Ask how the last repetition on a connection stands: `Done.told` is a `RepetitionStanding` as JSON."""

    conn: int


class SendRaw(Struct, frozen=True, kw_only=True):
    """Send text exactly as typed, whatever it is."""

    text: str
    conn: int | None = None


class SendItem(Struct, frozen=True, kw_only=True):
    """Send one item, any JSON value as text, on an open bidirectional stream."""

    conn: int
    opener: str
    number: int
    data_json: str


class EndHalf(Struct, frozen=True, kw_only=True):
    """End this side's half of a bidirectional stream."""

    conn: int
    opener: str
    number: int


class CancelExchange(Struct, frozen=True, kw_only=True):
    """Give up a pending exchange, unary or stream."""

    conn: int
    opener: str
    number: int


class AbortExchange(Struct, frozen=True, kw_only=True):
    """End a pending exchange, both halves, with an error."""

    conn: int
    opener: str
    number: int
    code: str = "application"
    message: str = ""


class TellExchange(Struct, frozen=True, kw_only=True):
    """Ask how an exchange stands: `Done.told` is an `ExchangeStanding` as JSON, empty once it has ended."""

    conn: int
    opener: str
    number: int


class AskPeer(Struct, frozen=True, kw_only=True):
    """Ask a connected peer what it offers; what it says is recorded."""

    conn: int


class Reconnect(Struct, frozen=True, kw_only=True):
    """Client: drop the connection if there is one and make a new one. Server: listen again."""


class Disconnect(Struct, frozen=True, kw_only=True):
    """Close the connection (client) or every connection (server) normally."""


# -- intents about what is hosted ---------------------------------------------------------------------------


class TellMock(Struct, frozen=True, kw_only=True):
    """Ask how what is hosted stands: `Done.told` is a `MockStanding` as JSON."""


class TellUrl(Struct, frozen=True, kw_only=True):
    """Ask for the URL that clients come in by: `Done.told`, with the token in it if there is one.

    Not a question that lookers-on may ask: whoever knows the token may connect.
    """


class SwitchFault(Struct, frozen=True, kw_only=True):
    """Switch the faults of this title on or off."""

    title: str
    on: bool


class AddFault(Struct, frozen=True, kw_only=True):
    """Have one more fault. `rule_json`: what a `[[fault]]` table says."""

    rule_json: str


class RemoveFault(Struct, frozen=True, kw_only=True):
    """Have one less: the fault of this title, which was added so."""

    title: str


class EditAnswer(Struct, frozen=True, kw_only=True):
    """Answer with another value: the rule at a place, from 0, of those of its kind in the mock's file.

    `answer_json` is a request's answer, the list of a stream's items, or of its steps where it has some. With
    `save` it is written into the file, else it lasts until that is read anew.
    """

    kind: MessageKind
    place: int
    answer_json: str
    save: bool = False


class AddRule(Struct, frozen=True, kw_only=True):
    """Write one more rule into the mock's file, behind all others: it answers any call of an operation so.

    `answer_json` is as for `EditAnswer`; the list of steps for a bidirectional stream, nothing for `oneway`.
    """

    kind: MessageKind
    operation: str
    answer_json: str = "null"


class HoldOperation(Struct, frozen=True, kw_only=True):
    """Have calls of an operation wait for an answer by hand; or, with `on` False, no more."""

    operation: str
    on: bool


class AnswerHeld(Struct, frozen=True, kw_only=True):
    """Answer a call that waits: `response` and `item` with data, `error` with code and message.

    `mock` lets what is hosted answer after all.
    """

    held: int
    how: Literal["response", "error", "item", "end", "mock"]
    data_json: str = "null"
    code: str = "application"
    message: str = ""


MockIntent = (
    TellMock
    | TellUrl
    | SwitchFault
    | AddFault
    | RemoveFault
    | EditAnswer
    | AddRule
    | HoldOperation
    | AnswerHeld
)

Question = TellMock | TellExchange | TellRepetition
"""Changes nothing: whoever looks on may ask it, too."""

OnConnection = (
    SendMessage
    | RepeatMessage
    | StopRepeating
    | SendRaw
    | SendItem
    | EndHalf
    | CancelExchange
    | AbortExchange
    | TellExchange
)
"""The intents that are about one connection."""

Intent = OnConnection | TellRepetition | AskPeer | Reconnect | Disconnect | MockIntent


# -- wishes about the engine itself ------------------------------------------------------------------------


class RecordElsewhere(Struct, frozen=True, kw_only=True):
    """Go on recording in a new capture, which gets all that was recorded so far; the old one stays."""

    capture: str
    """An absolute path that no file has."""


class Stay(Struct, frozen=True, kw_only=True):
    """Have the engine run on when the viewer that started it ends; or, with `on` False, no more."""

    on: bool = True


class EndEngine(Struct, frozen=True, kw_only=True):
    """End the engine and its source, and close the capture in good order."""


EngineIntent = RecordElsewhere | Stay | EndEngine


class Done(Struct, frozen=True, kw_only=True):
    """What became of an intent: refused with one sentence that says what to do, or carried out.

    For `SendMessage` of an exchange, `conn`, `opener` and `number` name the new exchange.
    """

    error: str | None = None
    told: str = ""
    """What was asked for, as JSON."""
    conn: int | None = None
    opener: str | None = None
    number: int | None = None
