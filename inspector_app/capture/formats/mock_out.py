"""From an excerpt to a mock: a TOML file that answers as the server in the capture did.

Owns what of a recording becomes which rule. Times are kept; what differs each time is not asked for, and is
answered with what the new call brings. What no recording says is told in the file, and answered `not_found`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from inspector_app.capture.formats.calls import (
    Call,
    Calls,
    Item,
    gather,
    is_deep,
    key_of,
    leaves,
    steady,
    volatile_sort,
)
from slipstream.exchanges import error_facts

if TYPE_CHECKING:
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt
    from inspector_app.payload_path import Step

_SHORTEST_WAIT_MS: Final = 2
"""Shorter waits are what any server takes; a file full of them is hard to read."""


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write a mock. Raises `CaptureError` where there are too many calls, and what the excerpt raises."""
    out.write(_text(gather(excerpt)).encode("utf-8", "replace"))


def _text(calls: Calls) -> str:
    import tomlkit

    document = tomlkit.document()
    kept = _that_a_mock_can_answer(calls.calls)
    for line in _header(calls, kept):
        document.add(tomlkit.comment(line))
    tables: dict[str, Any] = {}
    for kind in dict.fromkeys(call.kind for call in kept):
        tables[kind] = tomlkit.aot()
    told: set[str] = set()
    for call, more in _without_repeats(kept):
        doc = calls.docs.get(call.operation, "") if call.operation not in told else ""
        told.add(call.operation)
        table = tomlkit.table()
        for comment in _comments(call):
            table.add(tomlkit.comment(comment))
        for key, value in _rule(call, more, doc).items():
            table.add(key, value)
        tables[call.kind].append(table)
    for name, rules in tables.items():
        document.add(name, rules)
    return tomlkit.dumps(document)


def _that_a_mock_can_answer(calls: list[Call]) -> list[Call]:
    """Leave out what no mock file can say: an operation of two kinds, one without a name, endless nesting."""
    kinds: dict[str, str] = {}
    for call in sorted(
        calls, key=lambda call: call.kind != "oneway" and call.ending not in ("response", "end")
    ):
        kinds.setdefault(call.operation, call.kind)
    return [
        call for call in calls if call.operation and call.kind == kinds[call.operation] and not is_deep(call)
    ]


def _header(calls: Calls, kept: list[Call]) -> Iterator[str]:
    yield "Made from a capture. Each rule is a call that was recorded, and answers as the server did then."
    yield "A call that none of them fits is answered with not_found, and noted."
    holes = [call for call in kept if call.kind != "oneway" and call.ending in ("", "caller")]
    if holes:
        yield f"Look for HOLE: {len(holes)} of the {len(kept)} recorded calls have no whole answer."
    if left_out := len(calls.calls) - len(kept):
        yield f"{left_out} calls are left out: of another kind than the operation is, or nested too deeply."
    if calls.to_client:
        yield f"The server made {calls.to_client} calls of its own, which are left out: write them as push."


def _without_repeats(calls: list[Call]) -> Iterator[tuple[Call, int | None]]:
    """Give each call that is answered in its own way, and how often; None: from then on always.

    What was asked in the same way again is answered as it was then, one after the other.
    """
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(key_of(call), []).append(call)
    # The first rule that fits answers, so the one that asks for most stands first.
    for group in sorted(groups.values(), key=lambda group: -_asked_for(group[0])):
        runs: list[list[Call]] = []
        for call in group:
            if runs and _same_answer(runs[-1][0], call):
                runs[-1].append(call)
            else:
                runs.append([call])
        for place, run in enumerate(runs):
            yield run[0], len(run) if place < len(runs) - 1 else None


def _asked_for(call: Call) -> int:
    return len(leaves(steady(call.data, call.time_ns)))


def _same_answer(one: Call, other: Call) -> bool:
    def told(call: Call) -> str:
        values = [(item.by_caller, steady(item.value, item.time_ns)) for item in call.items]
        ended = [call.ending, steady(call.result, call.ended_ns), steady(call.error, call.ended_ns)]
        return json.dumps([values, ended], sort_keys=True)

    return told(one) == told(other)


# -- one rule ---------------------------------------------------------------------------------------------


def _comments(call: Call) -> Iterator[str]:
    if call.kind == "oneway":
        return
    if call.ending == "":
        yield f"HOLE: frame {call.seq} had no end in the recording: say here how it ends."
    elif call.ending == "caller":
        yield f"HOLE: the caller of frame {call.seq} gave up; what would have come then is not known."


def _rule(call: Call, times: int | None, doc: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"operation": call.operation}
    if doc:
        rule["doc"] = doc
    match = steady(call.data, call.time_ns)
    if match and call.kind != "oneway":
        rule["match"] = _toml(match)
    elif not call.data and call.kind != "oneway":
        rule["when"] = "length(data) == 0"
    if times is not None:
        rule["times"] = times
    echo = _Echo(call)
    match call.kind:
        case "request":
            _wait(rule, "delay", call.time_ns, call.ended_ns)
            rule |= _request(call, echo)
        case "stream":
            rule |= _stream(call, echo)
        case "bidirectional":
            rule["steps"] = _array([_toml(step) for step in _steps(call, echo)])
    return rule


def _request(call: Call, echo: _Echo) -> dict[str, Any]:
    if call.ending == "error":
        return {"error": _toml(_error(call.error, echo))}
    if call.ending == "response":
        return {"answer": _toml(echo.template(call.result))}
    return {"error": _toml({"code": "deadline_exceeded", "message": "HOLE: no answer was recorded"})}


def _stream(call: Call, echo: _Echo) -> dict[str, Any]:
    items = [item for item in call.items if not item.by_caller]
    times = [call.time_ns, *(item.time_ns for item in items), call.ended_ns]
    if any(_ms(before, after) >= _SHORTEST_WAIT_MS for before, after in pairwise(times)):
        return {"steps": _array([_toml(step) for step in _steps(call, echo)])}
    rule: dict[str, Any] = {"items": _array([_toml(echo.template(item.value)) for item in items])}
    if call.ending == "error":
        rule["error"] = _toml(_error(call.error, echo))
    return rule


def _steps(call: Call, echo: _Echo) -> Iterator[dict[str, Any]]:
    last_ns = call.time_ns
    for item in call.items:
        if item.by_caller:
            yield _expected(item)
        else:
            yield from _waited(last_ns, item.time_ns)
            yield {"send": echo.template(item.value)}
        last_ns = item.time_ns
    if call.ending in ("end", "error"):
        yield from _waited(last_ns, call.ended_ns)
    if call.ending == "error":
        yield {"error": _error(call.error, echo)}


def _expected(item: Item) -> dict[str, Any]:
    parts = steady(item.value, item.time_ns)
    if parts is None:
        return {"each": [{"end": True}]}  # one item, whatever it is: nothing of it is known to stay the same
    return {"expect": parts}


def _waited(before_ns: int, after_ns: int) -> Iterator[dict[str, Any]]:
    ms = _ms(before_ns, after_ns)
    if ms >= _SHORTEST_WAIT_MS:
        yield {"wait": f"{ms}ms"}


def _wait(rule: dict[str, Any], key: str, before_ns: int, after_ns: int) -> None:
    for step in _waited(before_ns, after_ns):
        rule[key] = step["wait"]


def _ms(before_ns: int, after_ns: int) -> int:
    return max(0, round((after_ns - before_ns) / 1e6))


def _error(error: object, echo: _Echo) -> dict[str, Any]:
    text, code = error_facts(error)
    facts = error if isinstance(error, dict) else {}
    if isinstance(facts.get("code"), str):
        code = facts["code"]  # also one that no reader knows
    told: dict[str, Any] = {"code": code, "message": _plain(text or json.dumps(error))}
    if facts.get("details") is not None:
        told["details"] = echo.template(facts["details"])
    return told


# -- values -----------------------------------------------------------------------------------------------


class _Echo:
    """Knows what the caller brought that is another each time, and puts its template where it comes back."""

    def __init__(self, call: Call) -> None:
        self._paths: dict[object, str] = {}
        for path, value in leaves(call.data):
            if volatile_sort(value, call.time_ns) is not None:
                self._paths.setdefault(value, _path_text(path))

    def template(self, value: object) -> object:
        """Give a value as a mock writes it."""
        if isinstance(value, dict):
            return {key: self.template(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.template(item) for item in value]
        if value is None:
            return "{{ null }}"
        if isinstance(value, (str, int, float)) and value in self._paths and not isinstance(value, bool):
            return f"{{{{ {self._paths[value]} }}}}"
        return _plain(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    """Have a text stand for itself, braces and all."""
    return text.replace("{{", '{{ "{{" }}')


def _path_text(path: tuple[Step, ...]) -> str:
    text = "data"
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier():
            text += f".{step}"
        else:
            text += f".{json.dumps(step, ensure_ascii=False)}"
    return text


def _toml(value: object) -> Any:
    """Give a value as tomlkit writes it on one line."""
    import tomlkit

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, member in value.items():
            table.append(_key_of(key), _toml(member))
        return table
    if isinstance(value, list):
        items = tomlkit.array()
        for item in value:
            items.append(_toml(item))
        return items
    return "{{ null }}" if value is None else value


def _key_of(key: str) -> Any:
    import tomlkit

    return tomlkit.key(key)


def _array(values: list[Any]) -> Any:
    """Give a list with each value on a line of its own."""
    import tomlkit

    items = tomlkit.array()
    for value in values:
        items.append(value)
    return items.multiline(len(values) > 1)
