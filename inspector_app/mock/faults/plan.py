"""Which frames a fault meets, and what is sent in their place. Decides; sends nothing and reads no clock.

Owns the counting that rules speak of. Everything is decided by the seed, the rule, the number of the
connection and the place of the frame among those that fit, so the same traffic meets the same faults again.
"""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from inspector_app.mock.faults.at_work import Fault, Faults
from inspector_app.mock.faults.rules import FaultRule
from slipstream import ProtocolError
from slipstream.frames import Frame, MessageType, decode

RequestId = tuple[str, int]

MOST_KNOWN: Final = 20_000
"""Exchanges that are remembered for a connection; of older ones the operation is not known any more."""
SWAP_PATIENCE_S: Final = 1.0
"""How long an answer waits for another one to be swapped with, where the rule does not say."""

_KINDS: Final = {
    MessageType.REQUEST: "request",
    MessageType.STREAM_REQUEST: "stream",
    MessageType.STREAM_STREAM_REQUEST: "bidirectional",
}
_SORTS: Final = {
    MessageType.RESPONSE: "response",
    MessageType.STREAM_DATA: "item",
    MessageType.STREAM_END: "end",
    MessageType.ERROR: "error",
}
_ANSWERS: Final = frozenset({"response", "item", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is to be done for one outgoing frame, in order: one or more of these."""

    text: str | None = None
    """What is written; None: nothing is."""
    delay_s: float = 0.0
    close: tuple[int, str] | None = None
    drop: bool = False
    releases: bool = False
    """It is the end of waiting: what waits for `fault` then is written as it is, and what came behind it."""
    resumes: object = None
    """What waited, and is sent by this: others of its exchange that waited behind it follow."""
    fault: Fault | None = None
    """Because of which it is not what it was to be."""
    told: str = ""
    """What was done, for a person."""
    request_id: RequestId | None = None
    held: object = None
    """What waits, where it `releases` that."""


@dataclass(slots=True)
class _Known:
    """What is known of an exchange that the other side opened."""

    operation: str
    kind: str
    items: int = 0


@dataclass(slots=True)
class _Counts:
    seen: int = 0
    done: int = 0


@dataclass(slots=True)
class _Held:
    """An answer that waits for another one to be swapped with."""

    frame: Frame
    text: str
    what: str
    """What it is, for a person."""


@dataclass(slots=True)
class ConnectionFaults:
    """Decides for one connection, counted from 1. Incoming frames are shown to it, outgoing decided on."""

    faults: Faults
    number: int
    slowed: Fault | None = None
    _known: dict[RequestId, _Known] = field(default_factory=dict)
    _counts: dict[Fault, _Counts] = field(default_factory=dict)
    _held: dict[Fault, _Held] = field(default_factory=dict)

    @property
    def rate(self) -> int | None:
        """Bytes a second that may be sent now; None: as many as go."""
        slowed = self.slowed
        return slowed.rule.bytes_per_s if slowed is not None and slowed.on else None

    def came(self, message: str | bytes) -> None:
        """Take note of what the other side opens."""
        frame = _decoded(message)
        if frame is None or frame.request_id is None:
            return
        kind = _KINDS.get(frame.type)
        if kind is None:
            return
        operation = frame.data.get("operation") if isinstance(frame.data, dict) else None
        self._know(frame.request_id, _Known(str(operation), kind))

    def was_opened(self, request_id: RequestId, kind: str, operation: str, items: int) -> None:
        """Take note of an exchange of `kind` that began while there was no rule, with so many items sent."""
        self._know(request_id, _Known(operation, kind, items))

    def _know(self, request_id: RequestId, known: _Known) -> None:
        if len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[request_id] = known

    def decide(self, text: str) -> list[Sending]:
        """Say what is to be sent in the place of an outgoing frame."""
        frame = _decoded(text)
        if frame is None:
            return [Sending(text=text)]
        known = self._known.get(frame.request_id) if frame.request_id is not None else None
        sort = _SORTS.get(frame.type, "") if known is not None else ""
        if known is not None and sort == "item":
            known.items += 1
        fault = self._meets(known, sort)
        if known is not None and sort in ("response", "error", "end"):
            del self._known[frame.request_id]  # type: ignore[arg-type]  # it is known by its number
        if fault is None:
            return [Sending(text=text, request_id=frame.request_id)]
        if fault.rule.do == "swap":
            return self._swap(fault, frame, text, _named(frame, known))
        return self._faulty(fault, frame, text, known)

    def is_held(self, fault: Fault, waiting: object) -> bool:
        """Whether this still waits for another answer to be swapped with."""
        return self._held.get(fault) is waiting

    def released(self, fault: Fault, waiting: object = None) -> list[Sending]:
        """Give what waited in vain for another answer to be swapped with, unless that is another by now."""
        if waiting is not None and not self.is_held(fault, waiting):
            return []
        held = self._held.pop(fault, None)
        if held is None:
            return []
        told = f"{held.what} was sent late: no other answer came to swap it with"
        return [
            Sending(text=held.text, fault=fault, told=told, request_id=held.frame.request_id, resumes=held)
        ]

    # -- whether --------------------------------------------------------------------------------------------

    def _meets(self, known: _Known | None, sort: str) -> Fault | None:
        """Count for every rule, so that switching one changes nothing for the others; the first one acts."""
        met = None
        for fault in self.faults.all:
            if not self._fits(fault.rule, known, sort):
                continue
            counts = self._counts.setdefault(fault, _Counts())
            counts.seen += 1
            is_second = fault in self._held  # the one that the first waits for
            if met is None and fault.on and (is_second or self._is_its_turn(fault, counts)):
                counts.done += not is_second
                fault.hits += 1
                met = fault
        return met

    def _fits(self, rule: FaultRule, known: _Known | None, sort: str) -> bool:
        if rule.peer is not None and rule.peer != self.number:
            return False
        if known is None:
            # Of a frame that is no answer nothing is known but that it is sent.
            return rule.frames == "any" and rule.operation == "*" and rule.kind is None
        frames = rule.frames
        return (
            (frames == "any" or frames == sort or (frames == "answer" and sort in _ANSWERS))
            and fnmatchcase(known.operation, rule.operation)
            and rule.kind in (None, known.kind)
            and (rule.item is None or (sort == "item" and known.items == rule.item))
        )

    def _is_its_turn(self, fault: Fault, counts: _Counts) -> bool:
        rule = fault.rule
        if rule.times is not None and counts.done >= rule.times:
            return False
        if rule.nth:
            return counts.seen in rule.nth
        if rule.every is not None:
            return counts.seen % rule.every == 0
        if rule.chance is not None:
            return self._drawn(fault, counts.seen).random() < rule.chance
        return True

    def _drawn(self, fault: Fault, count: int) -> random.Random:
        return random.Random(f"{self.faults.seed}/{fault.title}/{self.number}/{count}")  # noqa: S311 - to be repeated

    # -- what -----------------------------------------------------------------------------------------------

    def _faulty(self, fault: Fault, frame: Frame, text: str, known: _Known | None) -> list[Sending]:
        rule = fault.rule
        facts: dict[str, Any] = {}
        sendings: list[Sending] = []
        match rule.do:
            case "lose" | "no_end":
                told = "was not sent"
            case "close":
                told = f"was not sent: the connection was closed with {rule.code}"
                facts = {"close": (rule.code, rule.reason)}
            case "drop":
                told = "was not sent: the connection was cut off"
                facts = {"drop": True}
            case "repeat":
                sendings.append(Sending(text=text, request_id=frame.request_id))
                told, facts = "was sent a second time", {"text": text}
            case "delay":
                told, facts = f"was sent {rule.by or 0:g} s later", {"text": text, "delay_s": rule.by or 0}
            case "stall":
                how_long = f"for {rule.by:g} s" if rule.by is not None else "until the fault is switched off"
                told, facts = f"and all after it is held back {how_long}", {"text": text}
            case "slow":
                self.slowed = fault
                told = f"and all after it is sent at {rule.bytes_per_s} bytes a second"
                facts = {"text": text}
            case _:
                told, changed = self._altered(fault, text)
                facts = {"text": changed}
        told = f"{_named(frame, known)} {told}"
        return [*sendings, Sending(fault=fault, told=told, request_id=frame.request_id, **facts)]

    def _altered(self, fault: Fault, text: str) -> tuple[str, str]:
        """Give what is done to the text, and the text then."""
        rule = fault.rule
        drawn = self._drawn(fault, self._counts[fault].seen)
        if rule.do == "change_peer":
            other = str(uuid.UUID(int=drawn.getrandbits(128), version=4))
            return "was sent as from another peer", _changed(text, "peerID", other)
        if rule.do == "unknown_type":
            return f"was sent with the type {rule.type}", _changed(text, "type", rule.type)
        cut = drawn.randrange(1, max(2, len(text) - 1))
        return f"was cut off after {cut} characters", text[:cut]

    def _swap(self, fault: Fault, frame: Frame, text: str, what: str) -> list[Sending]:
        held = self._held.pop(fault, None)
        if held is None:
            self._held[fault] = _Held(frame, text, what)
            patience_s = fault.rule.by or SWAP_PATIENCE_S
            waiting = self._held[fault]
            request_id = frame.request_id
            return [
                Sending(fault=fault, delay_s=patience_s, releases=True, held=waiting, request_id=request_id)
            ]
        first, second = json.loads(held.text), json.loads(text)
        first["data"], second["data"] = second.get("data"), first.get("data")
        other = held.frame.request_id[1] if held.frame.request_id is not None else ""
        told = f"{what} was swapped with the answer of exchange {other}"
        return [
            Sending(text=_written(first), request_id=held.frame.request_id, resumes=held),
            Sending(text=_written(second), fault=fault, told=told, request_id=frame.request_id),
        ]


def _decoded(message: str | bytes) -> Frame | None:
    try:
        return decode(message)
    except ProtocolError:
        return None


def _named(frame: Frame, known: _Known | None) -> str:
    if known is None:
        return f"The {frame.type.value}"
    part = {"item": f"item {known.items} of"}.get(_SORTS.get(frame.type, ""), f"the {frame.type.value} of")
    return f"{part[:1].upper()}{part[1:]} {known.operation}"


def _changed(text: str, key: str, value: str) -> str:
    return _written({**json.loads(text), key: value})


def _written(frame: dict[str, Any]) -> str:
    return json.dumps(frame, separators=(",", ":"))
