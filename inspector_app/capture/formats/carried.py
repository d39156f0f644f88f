"""Values that a server gave and a client sent back: a test takes them from the new answers.

Owns which values these are. Only what nobody makes up twice is followed, such as UUIDs and redacted secrets;
a number that is seen in both may be a mere number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from inspector_app.capture.formats.calls import Call, is_placeholder, leaves, volatile_sort

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inspector_app.payload_path import Step

_FOLLOWED: Final = frozenset({"uuid", "secret"})


class Carried:
    """The values of one connection's calls that go from an answer into a later call, by names for them.

    `gives` tells whether the answer of a call is expected as it was, so that values can be taken out of it.
    """

    def __init__(self, calls: Sequence[Call], gives: Callable[[Call], bool]) -> None:
        self._names: dict[str, str] = {}
        self._taken: dict[int, list[str]] = {}
        given: dict[str, tuple[int, str]] = {}
        own: set[str] = set()
        for call in calls:
            for value in _sent(call):
                if value in given:
                    self._take(value, *given[value])
            own.update(_sent(call))
            for value, where in _given(call) if gives(call) else ():
                if value not in own:
                    given.setdefault(value, (call.seq, where))

    def _take(self, value: str, seq: int, where: str) -> None:
        if value not in self._names:
            name = self._names[value] = f"value_{len(self._names) + 1}"
            self._taken.setdefault(seq, []).append(f"{name} = {where}")

    def taken(self, call: Call) -> list[str]:
        """Give the statements that take values out of `answer` or `items` of a call."""
        return self._taken.get(call.seq, [])

    def sent(self, value: object, named: Callable[[str], object]) -> object:
        """Give what a client sends, with what `named` makes of the name of each value that came before."""
        if isinstance(value, dict):
            return {key: self.sent(member, named) for key, member in value.items()}
        if isinstance(value, list):
            return [self.sent(item, named) for item in value]
        name = self._names.get(value) if isinstance(value, str) else None
        return value if name is None else named(name)


def _sent(call: Call) -> Iterator[str]:
    for sent in (call.data, *(item.value for item in call.items if item.by_caller)):
        for _, value in leaves(sent):
            if _is_followed(value, call.time_ns):
                yield str(value)


def _given(call: Call) -> Iterator[tuple[str, str]]:
    """Give what a server gave, each with how a test names it."""
    found: list[tuple[str, object]] = []
    if call.kind == "request" and call.ending == "response":
        found = [("answer", call.result)]
    elif call.kind == "stream" and call.ending == "end":
        items = [item.value for item in call.items if not item.by_caller]
        found = [(f"items[{place}]", value) for place, value in enumerate(items)]
    for name, answer in found:
        for path, value in leaves(answer):
            if _is_followed(value, call.time_ns):
                yield str(value), name + _steps(path)


def _is_followed(value: object, time_ns: int) -> bool:
    sort = volatile_sort(value, time_ns)
    return sort in _FOLLOWED and (sort != "secret" or is_placeholder(value))


def _steps(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step!r}]" for step in path)
