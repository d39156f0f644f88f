"""Plays one case against a subject, step by step, and tells where it differs.

Owns what each step means. It knows neither where the connection comes from nor who is at the other end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from inspector_app.check.cases import Case, CaseError, Step
from inspector_app.check.driver import ClosedError, DifferenceError, Driver, Line, Wire
from inspector_app.check.messages import CREDIT, OPENING_TYPES, answers, fold
from inspector_app.check.patterns import INDEX, UnknownNameError
from inspector_app.check.program import Program

_PROBES = 2
"""A wrong answer may take another way through the subject than a right one: one probe could overtake it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a subject did not do what a case says. `step` counts from 1."""

    step: int
    expected: str
    came: str
    transcript: tuple[Line, ...] = ()
    timed_out: bool = False
    """Whether what was expected might have come later."""

    @property
    def sent(self) -> tuple[str, ...]:
        """What was sent until then, in order."""
        return tuple(line.text for line in self.transcript if line.way == "sent")


async def play(
    case: Case, wire: Wire, *, program: Program | None = None, timeout_s: float = 5.0
) -> Difference | None:
    """Play a case on a connection that is open and new; None if the subject did what the case says.

    Raises `CaseError` for a case that cannot be played, such as one that needs a program where there is none.
    """
    return await _Player(case, wire, program).play(timeout_s)


class _Player:
    def __init__(self, case: Case, wire: Wire, program: Program | None) -> None:
        self._case = case
        self._driver = Driver(case, wire)
        self._names = self._driver.names
        self._program = program
        self._expected = ""

    async def play(self, timeout_s: float) -> Difference | None:
        number = 0
        try:
            async with asyncio.timeout(timeout_s):
                for number, step in enumerate(self._case.steps, 1):
                    self._expected = f"that step {number} can be taken"
                    take: Callable[[Step], Awaitable[None]] = getattr(self, f"_do_{step.verb}")
                    await take(step)
        except (DifferenceError, ClosedError) as error:
            return self._difference(number, str(error))
        except TimeoutError:
            return self._difference(number, f"nothing more within {timeout_s:g} s", timed_out=True)
        except UnknownNameError:
            self._expected = "frames that say who sends them, in peerID"
            return self._difference(number, "none that did")
        except RecursionError:
            return self._difference(number, "a message that is nested without end")
        except CaseError as error:
            raise CaseError(f"{self._case.path}, step {number}: {error}") from error
        return None

    def _difference(self, step: int, came: str, *, timed_out: bool = False) -> Difference:
        return Difference(step, self._expected, came, tuple(self._driver.transcript), timed_out)

    def _times(self, step: Step) -> Iterator[int]:
        for index in range(step.option("times", 1)):
            self._names.bound[INDEX] = index
            yield index

    # -- the driver sends -----------------------------------------------------------------------------------

    async def _do_send(self, step: Step) -> None:
        for _ in self._times(step):
            await self._driver.send_frame(step.value, step.option("binary"))

    async def _do_send_text(self, step: Step) -> None:
        for _ in self._times(step):
            await self._driver.send(self._names.fill_text(step.value))

    async def _do_send_bytes(self, step: Step) -> None:
        await self._driver.send(bytes.fromhex(step.value))

    async def _do_close(self, step: Step) -> None:
        await self._driver.close(step.value, step.option("reason", ""))

    async def _do_drop(self, _: Step) -> None:
        self._driver.drop()

    # -- the driver looks -----------------------------------------------------------------------------------

    async def _do_expect(self, step: Step) -> None:
        for _ in self._times(step):
            self._expected = self._told(step)
            while True:
                message, frame = await self._driver.frame()
                if self._names.match(step.value, frame, spelled=step.option("spelled", False)):
                    break
                if not any(self._names.match(each, frame) for each in step.option("passing", [])):
                    self._pass_over(frame)
            _look_at_text(step, message)

    async def _do_expect_all(self, step: Step) -> None:
        missing = list(step.value)
        while missing:
            self._expected = "in any order: " + ", ".join(map(self._names.told, missing))
            _, frame = await self._driver.frame()
            found = next((each for each in missing if self._names.match(each, frame)), None)
            if found is None:
                self._pass_over(frame)
            else:
                missing.remove(found)

    async def _do_silent(self, _: Step) -> None:
        for _probe in range(_PROBES):
            probe = await self._driver.probe()
            self._expected = f"nothing but the answer to a probe, {json.dumps(probe)}"
            while not answers(frame := (await self._driver.frame())[1], probe):
                self._pass_over(frame)

    async def _do_alive(self, _: Step) -> None:
        probe = await self._driver.probe()
        self._expected = f"an answer to a probe, {json.dumps(probe)}"
        while not answers((await self._driver.frame())[1], probe):
            pass

    async def _do_hello(self, step: Step) -> None:
        self._expected = f"in the first frame, a meta.hello like {self._names.told(step.value)}"
        if self._driver.first_frame is None:
            await self._driver.frame()
        first = self._driver.first_frame or {}
        meta = first.get("meta")
        if not self._names.match(step.value, meta.get("hello") if isinstance(meta, dict) else None):
            raise DifferenceError(json.dumps(first))

    async def _do_closed(self, step: Step) -> None:
        codes = " or ".join(map(str, step.value)) or "any code"
        self._expected = f"that the connection is closed with {codes}"
        try:
            while True:
                await self._driver.frame()
        except ClosedError as closed:
            if step.value and closed.code not in step.value:
                raise

    def _pass_over(self, frame: dict[str, Any]) -> None:
        """Let pass what a subject may send at any time: credit to a modern peer, and what it asks itself."""
        data, request_id = frame.get("data"), frame.get("requestId")
        if fold(frame.get("type")) in OPENING_TYPES:
            is_credit = isinstance(data, dict) and data.get("operation") == CREDIT
            by_driver = isinstance(request_id, list) and request_id[:1] == [self._names.driver]
            if is_credit and self._case.peer == "modern":
                return
            if self._case.role == "responder" and not (is_credit or by_driver):
                return
        raise DifferenceError(json.dumps(frame))

    def _told(self, step: Step) -> str:
        wanted = {
            "spelled": "its type spelled so",
            "as_text": "in a text message",
            "ascii": "in ASCII alone",
            "contains": f"containing {step.option('contains')!r}",
            "lacks": f"without {step.option('lacks')!r}",
        }
        further = [text for name, text in wanted.items() if step.option(name)]
        return ", ".join([self._names.told(step.value), *further])

    # -- the subject's program acts -------------------------------------------------------------------------

    async def _do_call(self, step: Step) -> None:
        given = [name for name in ("timeout", "idle_timeout") if name in step.options]
        timeouts = {f"{name}_s": step.options[name] for name in given}
        data = self._names.fill(step.options["data"])
        await self._acting.call(step.value, step.options["kind"], data, **timeouts)

    async def _do_notify(self, step: Step) -> None:
        await self._acting.notify(self._names.fill(step.value))

    async def _do_write(self, step: Step) -> None:
        await self._acting.write(step.value, self._names.fill(step.options["items"]))
        if "fails" in step.options:
            refused = {"ending": "refused", "why": step.options["fails"]}
            await self._compare(refused, self._acting.written(step.value))

    async def _do_end(self, step: Step) -> None:
        await self._acting.end(step.value)

    async def _do_cancel(self, step: Step) -> None:
        await self._acting.cancel(step.value)

    async def _do_read(self, step: Step) -> None:
        items = step.options["items"]
        await self._compare(items, self._acting.read(step.value, len(items)))

    async def _do_outcome(self, step: Step) -> None:
        await self._compare(step.options["is"], self._acting.outcome(step.value))

    async def _do_leave(self, step: Step) -> None:
        await self._acting.leave(step.value, step.option("drain", 0.0))

    async def _do_findings(self, step: Step) -> None:
        if self._program is None:
            return  # not every peer has a way to show them
        self._expected = f"{step.value} findings reported so far"
        if (found := self._program.findings()) != step.value:
            raise DifferenceError(f"{found} findings")

    @property
    def _acting(self) -> Program:
        if self._program is None:
            raise CaseError("this step is the subject's own program's, which is not at hand")
        return self._program

    async def _compare(self, pattern: Any, happening: Awaitable[Any]) -> None:
        self._expected = f"in the program, {self._names.told(pattern)}"
        happened = await happening
        if not self._names.match(pattern, happened):
            raise DifferenceError(f"in the program, {json.dumps(happened)}")


def _look_at_text(step: Step, message: str | bytes) -> None:
    """What a step asks of the message itself, beside the frame in it."""
    text = message if isinstance(message, str) else message.decode(errors="replace")
    fits = (
        (isinstance(message, str) or not step.option("as_text"))
        and (text.isascii() or not step.option("ascii"))
        and step.option("contains", "") in text
        and ("lacks" not in step.options or step.options["lacks"] not in text)
    )
    if not fits:
        raise DifferenceError(message)
