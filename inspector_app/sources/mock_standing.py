"""How what is hosted stands, as one plain value: what answers or does not, what goes wrong, who waits.

Owns how much of it is told. It changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from inspector_app.mock.by_hand import KINDS
from inspector_app.mock.faults.rules import WHAT, FaultRule
from inspector_app.standing import FaultStanding, HeldStanding, HoleStanding, MockStanding, RuleStanding

if TYPE_CHECKING:
    from inspector_app.mock.by_hand import Desk, Held
    from inspector_app.mock.counting import Counts
    from inspector_app.mock.faults.at_work import Fault, Faults
    from inspector_app.mock.reload import Reloader
    from inspector_app.mock.script.mock import Mock
    from inspector_app.mock.script.rules import Rule
    from slipstream import Protocol

MOST_TOLD: Final = 1000
"""Rules, faults, holes or calls that are told at once."""
_LONGEST_ANSWER: Final = 20_000
_MOST_ANSWERS: Final = 300_000
_LONGEST_TEXT: Final = 500
_LONGEST_PROBLEM: Final = 2000
_FEW: Final = 50


def standing_of_hosted(
    reloader: Reloader,
    mock: Mock | None,
    faults: Faults,
    desk: Desk,
    conn_of: Callable[[Protocol | None], int | None],
) -> MockStanding:
    """Tell how it stands; `mock` is what `reloader` has at work, if that is a mock."""
    counted = mock.rules if mock is not None else list(desk.counts.by_name.values())
    rules = _rules(_looked_for(mock.rules)) if mock is not None else _counted(desk.counts)
    return MockStanding(
        name=reloader.hosted.name,
        problem=reloader.problem[:_LONGEST_PROBLEM],
        rules=tuple(rules)[:MOST_TOLD],
        calls=sum(each.hits for each in counted),
        errors=sum(each.errors for each in counted),
        holes=tuple(_holes(mock) if mock is not None else _missed(desk.counts)),
        unanswered=mock.unanswered if mock is not None else desk.counts.unanswered,
        faults=tuple(map(_fault, faults.all[:MOST_TOLD])),
        held=tuple(
            _held(each, conn_of(each.protocol), few=len(desk.held) < _FEW) for each in desk.held.values()
        ),
        holding=tuple(desk.holding),
        more=max(0, len(counted) - MOST_TOLD) + max(0, len(faults.all) - MOST_TOLD),
    )


def _fault(fault: Fault) -> FaultStanding:
    return FaultStanding(
        title=fault.title,
        what=told_rule(fault.rule),
        on=fault.on,
        hits=fault.hits,
        is_added=fault.is_added,
    )


def _held(held: Held, conn: int | None, *, few: bool) -> HeldStanding:
    return HeldStanding(
        held=held.number,
        conn=conn,
        kind=held.kind,
        operation=held.operation[:_LONGEST_TEXT],
        since_ns=held.since_ns,
        data_json=held.data_json if few else held.data_json[:_LONGEST_TEXT],
        items=held.items,
    )


def _missed(counts: Counts) -> Iterator[HoleStanding]:
    for each in counts.holes.values():
        yield HoleStanding(
            kind=each.kind,
            operation=each.operation,
            why=each.why,
            calls=each.calls,
            last_ns=each.last_ns,
        )


def _counted(counts: Counts) -> Iterator[RuleStanding]:
    for name, count in counts.by_name.items():
        yield RuleStanding(
            kind=KINDS[count.message_type],
            operation=name,
            hits=count.hits,
            errors=count.errors,
            last_ns=count.last_ns,
            ending=count.ending,
            error=count.error,
        )


def _looked_for(rules: Sequence[Rule]) -> Sequence[Rule]:
    """Give the rules to tell of, where there are too many: those called last, then the first."""
    if len(rules) <= MOST_TOLD:
        return rules
    places = sorted(range(len(rules)), key=lambda at: (-_last_ns(rules[at]), at))[:MOST_TOLD]
    return [rules[at] for at in sorted(places)]


def _last_ns(rule: Rule) -> int:
    return 0 if rule.last is None else rule.last.time_ns


def _holes(mock: Mock) -> Iterator[HoleStanding]:
    left = _MOST_ANSWERS
    for each in mock.holes.values():
        data = _text_of(each.data, min(left, _LONGEST_ANSWER))
        left -= len(data)
        yield HoleStanding(
            kind=each.kind,
            operation=each.operation,
            why=each.why,
            calls=each.calls,
            last_ns=each.last_ns,
            data_json=data,
        )


def _rules(rules: Iterable[Rule]) -> Iterator[RuleStanding]:
    left = _MOST_ANSWERS
    for rule in rules:
        answer = _answer_of(rule) if left > 0 else ""
        left -= len(answer)
        last = rule.last
        yield RuleStanding(
            kind=rule.kind,
            operation=rule.operation,
            place=int(rule.path[1]),
            line=rule.line,
            hits=rule.hits,
            errors=rule.errors,
            last_ns=None if last is None else last.time_ns,
            ending="" if last is None else last.ending,
            error="" if last is None else last.text[:_LONGEST_TEXT],
            answer_json=answer,
            failure=_failure_of(rule),
            edited=rule.edited,
        )


def _answer_of(rule: Rule) -> str:
    answer = rule.answer
    if rule.kind == "request":
        return "null" if answer.failure is not None else _text_of(answer.source, _LONGEST_ANSWER)
    if rule.kind == "oneway":
        return ""
    return "[]" if answer.source is None else _text_of(answer.source, _LONGEST_ANSWER)


def _failure_of(rule: Rule) -> str:
    from inspector_app.mock.script.steps import Fail

    if rule.answer.failure is not None:
        return rule.answer.failure.code
    last = rule.answer.steps[-1] if rule.kind == "stream" and rule.answer.steps else None
    return last.failure.code if isinstance(last, Fail) else ""


def _text_of(value: Any, longest: int) -> str:
    """Write a value as JSON; one that is too long, or none, is no text."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return ""
    return text if len(text) <= longest else ""


def told_rule(rule: FaultRule) -> str:
    """Say in words what a fault does, and to what."""
    which = [
        f"nth {', '.join(map(str, rule.nth))}" if rule.nth else "",
        f"every {rule.every}" if rule.every is not None else "",
        f"chance {rule.chance:g}" if rule.chance is not None else "",
        f"{rule.times} times" if rule.times is not None else "",
        f"by {rule.by:g} s" if rule.by is not None else "",
        f"peer {rule.peer}" if rule.peer is not None else "",
    ]
    frames = f"item {rule.item}" if rule.item is not None else rule.frames
    said = ", ".join(each for each in which if each)
    return f"{WHAT[rule.do]}: {frames} of {rule.operation}{f' ({said})' if said else ''}"
