"""What viewer and engine say to each other, as JSON: the start, its answer, intents and their results.

Owns the shapes and their checking, for both ends. The start line holds secrets (tokens, the control
channel's own token), so it goes through a pipe and never onto a command line.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from inspector_app.intents import (
    AbortExchange,
    AddFault,
    AddRule,
    AnswerHeld,
    AskPeer,
    CancelExchange,
    ClientSpec,
    DemoSpec,
    Disconnect,
    Done,
    EditAnswer,
    EndEngine,
    EndHalf,
    EngineIntent,
    HoldOperation,
    Intent,
    Reconnect,
    RecordElsewhere,
    RemoveFault,
    RepeatMessage,
    SendItem,
    SendMessage,
    SendRaw,
    ServerSpec,
    SourceSpec,
    Stay,
    StopRepeating,
    SwitchFault,
    TellExchange,
    TellMock,
    TellRepetition,
    TellUrl,
)

Shape = TypeVar("Shape")

_SPECS: dict[str, type[SourceSpec]] = {"client": ClientSpec, "server": ServerSpec, "demo": DemoSpec}
_INTENTS: tuple[type[Intent | EngineIntent], ...] = (
    SendMessage,
    RepeatMessage,
    StopRepeating,
    SendRaw,
    SendItem,
    EndHalf,
    CancelExchange,
    AbortExchange,
    TellExchange,
    TellRepetition,
    AskPeer,
    Reconnect,
    Disconnect,
    TellMock,
    TellUrl,
    SwitchFault,
    AddFault,
    RemoveFault,
    EditAnswer,
    AddRule,
    HoldOperation,
    AnswerHeld,
    RecordElsewhere,
    Stay,
    EndEngine,
)


class WireError(Exception):
    """The other end said something that has not the shape it must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Viewer to engine, the first line on its stdin."""

    spec: SourceSpec
    capture: Path
    token: str
    """Proves a viewer to the control server."""
    stay: bool = False
    """Whether to run on when stdin has ended."""
    ending_limit_s: float = 10.0
    """Longest time to end in after stdin has; then the process goes, with whatever is on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Engine to viewer, the only line on its stdout: it works. `address` is where the source is."""

    control_url: str
    capture: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Engine to viewer instead of `Ready`: one sentence for the user, and the exit code it stands for."""

    text: str
    exit_code: int


def encode_start(start: Start) -> bytes:
    """Give the line to write, with its line break."""
    kind = next(name for name, spec in _SPECS.items() if isinstance(start.spec, spec))
    line = {
        "kind": kind,
        "spec": structs.asdict(start.spec),
        "capture": str(start.capture),
        "token": start.token,
        "stay": start.stay,
        "ending_limit_s": start.ending_limit_s,
    }
    return _line(line)


def decode_start(line: bytes) -> Start:
    """Read the line of `encode_start`; raises `WireError`."""
    fields = _object(line)
    try:
        spec = _SPECS[fields["kind"]]
        return Start(
            spec=_shaped(fields["spec"], spec),
            capture=Path(fields["capture"]),
            token=str(fields["token"]),
            stay=_shaped(fields["stay"], bool),
            ending_limit_s=_shaped(fields["ending_limit_s"], float),
        )
    except (KeyError, TypeError) as error:
        raise WireError(f"The start line lacks something: {error!r}") from error


def encode_answer(answer: Ready | Failed) -> bytes:
    """Give the line to write, with its line break."""
    name = "ready" if isinstance(answer, Ready) else "failed"
    return _line({name: asdict(answer)})


def decode_answer(line: bytes) -> Ready | Failed:
    """Read the line of `encode_answer`; raises `WireError`."""
    fields = _object(line)
    if "ready" in fields:
        return _shaped(fields["ready"], Ready)
    return _shaped(fields.get("failed"), Failed)


def operation_of(intent: type[Intent | EngineIntent] | Intent | EngineIntent) -> str:
    """Give the name of the control operation for an intent: `send_message` for `SendMessage`."""
    name = (intent if isinstance(intent, type) else type(intent)).__name__
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


INTENTS: dict[str, type[Intent | EngineIntent]] = {operation_of(kind): kind for kind in _INTENTS}
"""Control operation to intent."""


def call_of(intent: Intent | EngineIntent) -> dict[str, Any]:
    """Give the `data` of the control request for an intent."""
    return {"operation": operation_of(intent), "intent": msgspec.to_builtins(intent)}


def intent_of(data: dict[str, Any]) -> Intent | EngineIntent:
    """Read what `call_of` made; raises `WireError`."""
    kind = INTENTS.get(data.get("operation", ""))
    if kind is None:
        raise WireError(f"There is no intent {data.get('operation')!r}")
    return _shaped(data.get("intent", {}), kind)


def encode_done(done: Done) -> dict[str, Any]:
    """Give the result of a control request."""
    return structs.asdict(done)


def done_of(data: object) -> Done:
    """Read what `encode_done` made; raises `WireError`."""
    return _shaped(data, Done)


def _line(fields: dict[str, Any]) -> bytes:
    # Escaped to ASCII: the name of a file may hold bytes that are no text, which Python keeps as surrogates.
    return json.dumps(fields).encode("ascii") + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise WireError(f"Not a line of JSON: {error}") from error
    if not isinstance(fields, dict):
        raise WireError("Not a JSON object")
    return fields


def _shaped(value: object, shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise WireError(f"{shape.__name__}: {error}") from error
