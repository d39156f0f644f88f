"""Frames: what they are, and the way from text to frame and back (protocol.md §2, §3, §7).

The only module that reads or writes JSON. Size and nesting limits are checked here. It knows nothing of
exchanges, connections or time.
"""

from __future__ import annotations

import json
import json.encoder
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticSerializationError, from_json, to_json

from slipstream.errors import FrameTooLargeError, ProtocolError
from slipstream.limits import MAX_COUNTER, MAX_NESTING, MAX_PEER_ID
from slipstream.spelling import CANONICAL, Spelling


class MessageType(Enum):
    """The eight frame types (protocol.md §3). Read without regard to case, `_` and `-`."""

    REQUEST = "request"
    RESPONSE = "response"
    STREAM_REQUEST = "stream_request"
    STREAM_STREAM_REQUEST = "stream_stream_request"
    STREAM_DATA = "stream_data"
    STREAM_END = "stream_end"
    FIRE_AND_FORGET = "fire_and_forget"
    ERROR = "error"

    __hash__ = object.__hash__  # that of Enum is computed in Python at every look-up in a table

    @classmethod
    def _missing_(cls, value: object) -> MessageType | None:
        # Longer than any spelling of any type: folding a hostile megabyte would be work for nothing.
        if isinstance(value, str) and len(value) <= _LONGEST_SPELLING:
            return _FOLDED.get(_fold(value))
        return None


def _fold(name: str) -> str:
    # Not casefold: that makes a ligature or a long s spell a type too.
    return name.replace("_", "").replace("-", "").lower()


_LONGEST_SPELLING = 64
_FOLDED = {_fold(member.value): member for member in MessageType}
CANONICAL_TYPES = {member.value: member for member in MessageType}
"""The types as they are written (protocol.md §2)."""

OPENING_TYPES = frozenset(
    {
        MessageType.REQUEST,
        MessageType.STREAM_REQUEST,
        MessageType.STREAM_STREAM_REQUEST,
        MessageType.FIRE_AND_FORGET,
    }
)
"""The types whose sender must say who it is, and whose data names an operation (protocol.md §2)."""


class FrameModel(BaseModel):
    """One frame, as pydantic validates it (protocol.md §2). Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    type: MessageType
    peerID: str | None = Field(default=None, max_length=MAX_PEER_ID)  # noqa: N815 - the name on the wire
    requestId: tuple[str, int] | None = Field(default=None, alias="requestId")  # noqa: N815 - likewise
    data: Any = None
    meta: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _peers_are_named(self) -> Self:
        if self.type in OPENING_TYPES and not self.peerID:
            raise ValueError("peerID required for request messages")
        if self.requestId is not None and len(self.requestId[0]) > MAX_PEER_ID:
            raise ValueError(f"requestId names a peer with more than {MAX_PEER_ID} characters")
        return self


@dataclass(slots=True)
class Frame:
    """One frame, as the library carries it: the facts of `FrameModel` without the cost of a model."""

    type: MessageType
    request_id: tuple[str, int] | None = None
    peer_id: str | None = None
    data: Any = None
    meta: dict[str, Any] | None = None
    spelled: str = ""
    """The type as it was written on the wire; empty for a frame that was made here."""


_INVALID = "Invalid frame or data"


def decode(message: str | bytes, *, limit_bytes: int | None = None, nesting: int = MAX_NESTING) -> Frame:
    """Turn a message into a frame; a binary one is read as UTF-8 (protocol.md §1).

    Accepts and refuses exactly what `FrameModel` does, within `limit_bytes` and `nesting`. Raises
    `ProtocolError` for everything that is no frame and nothing else; its `salvaged` holds the JSON object if
    there was one.
    """
    if limit_bytes is not None and (size := size_of(message)) > limit_bytes:
        raise FrameTooLargeError(size, limit_bytes)
    return Frame(*read_fields(message, nesting))


Fields = tuple[MessageType, tuple[str, int] | None, str | None, Any, dict[str, Any] | None, str]
"""What a `Frame` is made of, in its order."""


def read_fields(message: str | bytes, nesting: int = MAX_NESTING) -> Fields:
    """The fields of a frame, without the cost of making one; raises like `decode`."""
    try:
        # Remembering texts helps with the keys of small frames, and costs more than it gives with large ones.
        cached: Literal["all", "none"] = "all" if len(message) < _LARGE else "none"
        fields, readable = from_json(message, cache_strings=cached), True
    except (ValueError, TypeError) as error:  # TypeError: a str that no UTF-8 can hold
        fields, readable = _read_with_surrogates(message, error), False
    if type(fields) is not dict:
        raise ProtocolError(f"{_INVALID}: a frame is a JSON object, not {_json_name(fields)}")
    if len(message) > 2 * nesting and _is_nested_past(fields, message, nesting):
        raise ProtocolError(f"{_INVALID}: nested deeper than {nesting}")
    get = fields.get
    spelled: Any = get("type")
    request_id, peer_id, meta = get("requestId"), get("peerID"), get("meta")
    kind = CANONICAL_TYPES.get(spelled) if type(spelled) is str else None
    if (
        kind is not None
        and readable
        and (
            request_id is None
            or (
                type(request_id) is list
                and len(request_id) == 2
                and type(request_id[0]) is str
                and type(request_id[1]) is int
                and len(request_id[0]) <= MAX_PEER_ID
            )
        )
        and (type(peer_id) is str and len(peer_id) <= MAX_PEER_ID if peer_id is not None else True)
        and (meta is None or type(meta) is dict)
        and (peer_id or kind not in OPENING_TYPES)
    ):
        return kind, tuple(request_id) if request_id else None, peer_id, get("data"), meta, spelled
    return _read_carefully(fields)


def _read_carefully(fields: dict[str, Any]) -> Fields:
    try:
        model = FrameModel.model_validate(fields)
    except ValidationError as error:
        raise ProtocolError(f"{_INVALID}: {_first_fault(error)}", salvaged=fields) from error
    return model.type, model.requestId, model.peerID, model.data, model.meta, str(fields["type"])


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    text = fault["msg"].removeprefix("Value error, ")
    # No further than the field: what follows may be a key of the other side's making.
    return f"{fault['loc'][0]}: {text}" if fault["loc"] else text


def _read_with_surrogates(message: str | bytes, first_error: Exception) -> Any:
    """Second chance for the one thing the fast reader refuses and a frame may hold: a lone surrogate."""
    try:
        text = (message.encode() if isinstance(message, str) else message).decode()
        if "\\ud" not in text.lower():
            raise ProtocolError(f"{_INVALID}: {first_error}") from first_error
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"{_INVALID}: {error}") from error


def _is_nested_past(value: dict[str, Any], message: str | bytes, limit: int) -> bool:
    """Whether JSON is nested deeper than `limit`; cheap looks first, at the top, at what is opened at all."""
    return not _is_shallow(value) and _openings(message) > limit and _nested_past(value, limit)


def _is_shallow(value: dict[str, Any]) -> bool:
    """Whether a look at few values tells that nothing is nested deeper than in most frames."""
    if len(value) > _FEW:
        return False
    for part in value.values():
        if type(part) in _CONTAINERS:
            if len(part) > _FEW:
                return False
            for inner in part.values() if type(part) is dict else part:
                if type(inner) in _CONTAINERS:
                    return False
    return True


def _openings(message: str | bytes) -> int:
    if isinstance(message, str):
        return message.count("[") + message.count("{")
    return message.count(b"[") + message.count(b"{")


def _nested_past(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return False
    return True


_CONTAINERS = frozenset({dict, list})


def _json_name(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, list):
        return "an array"
    return "a string" if isinstance(value, str) else "a number"


def validate_incoming_frame(frame_data: str) -> FrameModel:
    """Validate one message. Raises `ProtocolError("Invalid frame or data: …")` for every invalid input.

    Whatever comes in, nothing else is raised (api-contract, "Frames").
    """
    message: object = frame_data  # callers without a type checker pass anything
    if isinstance(message, bytearray):
        message = bytes(message)
    if not isinstance(message, str | bytes):
        raise ProtocolError(f"{_INVALID}: a message is text, not {type(message).__name__}")
    frame = decode(message)
    return FrameModel.model_construct(
        type=frame.type, peerID=frame.peer_id, requestId=frame.request_id, data=frame.data, meta=frame.meta
    )


def encode(
    frame: Frame,
    *,
    spelling: Spelling = CANONICAL,
    limit_bytes: int | None = None,
    nesting: int = MAX_NESTING,
) -> str:
    """Write a frame as JSON text: ASCII only, lone surrogates kept as escapes (protocol.md §2).

    A pydantic model anywhere in `data` is written as its JSON form, by alias, as its schema has it. Raises
    `ProtocolError` where JSON has no way to say it (NaN, infinities, other objects, cycles) or no reader
    would take it (nested too deep), and `FrameTooLargeError` over `limit_bytes`.
    """
    meta = "" if frame.meta is None else f',"meta":{encode_value(frame.meta)}'
    limit = sys.maxsize if limit_bytes is None else limit_bytes
    text = FrameWriter(frame.peer_id, spelling, limit, nesting).write(
        frame.type, frame.request_id, frame.data, meta
    )
    if meta:
        _check_nesting(text, None, nesting)
    return text


class FrameWriter:
    """Writes the frames of one peer as `encode` does; what they have in common is made once."""

    def __init__(self, peer_id: str | None, spelling: Spelling, limit_bytes: int, nesting: int) -> None:
        self.spelling = spelling
        self.limit_bytes = limit_bytes
        self._nesting = nesting
        self._openings = _beginnings(spelling)
        self._opener, self._quoted_opener = peer_id, "" if peer_id is None else _quoted(peer_id)
        self._peer = ',"data":' if peer_id is None else f',"peerID":{self._quoted_opener},"data":'

    def write(
        self, kind: MessageType, request_id: tuple[str, int] | None, data: object, meta: str = ""
    ) -> str:
        """The text of a frame; `meta` is JSON that follows the data, with its comma. Raises like `encode`."""
        if request_id is None:
            text = f"{self._openings[kind]}{self._peer}{encode_value(data)}{meta}}}"
        else:
            opener, number = request_id
            if opener != self._opener:
                self._opener, self._quoted_opener = opener, _quoted(opener)
            start, value = self._openings[kind], encode_value(data)
            text = f'{start},"requestId":[{self._quoted_opener},{number}]{self._peer}{value}{meta}}}'
        size = len(text)
        if size > self.limit_bytes:
            raise FrameTooLargeError(size, self.limit_bytes)
        if size > 2 * self._nesting:
            _check_nesting(text, data, self._nesting)
        return text


@lru_cache(maxsize=16)
def _beginnings(spelling: Spelling) -> dict[MessageType, str]:
    return {kind: f'{{"type":"{spelling.spell(kind.value)}"' for kind in MessageType}


def _check_nesting(text: str, data: object, nesting: int) -> None:
    flat = type(data) is str or (type(data) is dict and _is_flat(data))
    if not flat and _openings(text) > nesting:
        read_fields(text, nesting)


_quoted = json.encoder.encode_basestring_ascii


def encode_value(value: object) -> str:
    """Write any JSON value by the rules of a frame. Raises `ProtocolError` where JSON cannot say it."""
    if type(value) is dict and len(value) <= _FEW:
        flat = False
        for part in value.values():
            if type(part) is str and len(part) >= _LONG_TEXT:  # with short ones the other writer is as fast
                flat = _is_flat(value)
                break
    else:
        flat = type(value) is str
    if flat:
        try:
            encoded = to_json(value)
        except PydanticSerializationError:  # a lone surrogate: the strict writer keeps its escape
            encoded = b""
        if encoded and encoded.isascii():
            return encoded.decode()
    try:
        return "".join(_written(value, 0))
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"This cannot be written as JSON: {error}") from error


_FEW = 16
_LONG_TEXT = 256
_LARGE = 64 * 1024
_FLAT_TYPES = frozenset({str, bool, type(None)})


def _is_flat(fields: dict[Any, Any]) -> bool:
    """Whether an object is so simple that the faster writer can only write what the strict one does."""
    if len(fields) > _FEW:
        return False
    for key, value in fields.items():
        if type(key) is not str:
            return False
        if type(value) not in _FLAT_TYPES and not (type(value) is int and abs(value) < MAX_COUNTER):
            return False
    return True


def _plain_form(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError(f"{type(value).__name__} is no JSON value")


_Write = Callable[[object, int], Iterable[str]]


def _writer(make: Callable[..., _Write] | None) -> _Write:
    """The standard library's encoder, made once: `JSONEncoder.encode` makes one anew for every value."""
    if make is None:  # a Python without the encoder in C
        encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_plain_form)
        return lambda value, _: encoder.iterencode(value)
    # Without a record of what is being written, what contains itself ends in a RecursionError all the same.
    return make(None, _plain_form, _quoted, None, ":", ",", False, False, False)


_written = _writer(getattr(json.encoder, "c_make_encoder", None))


def size_of(message: str | bytes) -> int:
    """Bytes of a message on the wire, as UTF-8."""
    if isinstance(message, bytes) or message.isascii():
        return len(message)
    return len(message.encode("utf-8", "surrogatepass"))
