"""A mock at work: rules that answer, what they remember, and calls that none of them fits.

`Mock` is what the rest of the program holds: a version of a mock file. It makes a handler for each
connection; its operations, rules and holes are plain objects to be read, and observers hear of every change.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from inspector_app.mock.script.compiling import Compiled, compiled
from inspector_app.mock.script.handler import ScriptedHandler, ScriptedRegistry
from inspector_app.mock.script.memory import Memory
from inspector_app.mock.script.reading import MockText, read
from inspector_app.mock.script.rules import Hole, Operation, Rule
from inspector_app.mock.script.running import Run, pause
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.steps import items_of
from inspector_app.mock.script.templates import TemplateError
from inspector_app.mock.script.values import outline, size_of
from slipstream import HandlerError, current_protocol
from slipstream.taps import RateLimit

if TYPE_CHECKING:
    from inspector_app.intents import MessageKind
    from inspector_app.mock.faults.rules import FaultRule
    from inspector_app.mock.reload import Level, Note
    from slipstream import BiStreamHandle, Protocol

MOST_HOLES = 200
"""Operations that are kept for which there is no rule; a peer may call whatever it likes."""
_NOTES_PER_SECOND = 20
_MOST_TOLD = 1_000
_LARGEST_KEPT = 10_000
_CODE = "internal"


def load_mock(path: Path, *, seed: int | None = None) -> Mock:
    """Make the mock of a file; `seed` goes before the file's own. Raises `MockFileError`."""
    text = read(path)
    mock = Mock(text, compiled(text), Memory(), seed)
    mock.declare()
    return mock


class Mock:
    """A version of a mock."""

    def __init__(self, text: MockText, made: Compiled, memory: Memory, seed: int | None = None) -> None:
        self._text = text
        self._files = frozenset({text.path.absolute(), *made.files})
        self._asked_seed = seed
        self._note: Note = _say_nothing
        self._limit = RateLimit(_NOTES_PER_SECOND)
        self._unsaid = 0
        self._told: set[str] = set()
        self.memory = memory
        self.operations: dict[str, Operation] = made.operations
        """By name, in the order of the file."""
        self.holes: dict[tuple[MessageKind, str], Hole] = {}
        """Calls that no rule fits, by kind and operation, as many as are kept."""
        self.unanswered = 0
        """How many such calls there were in all."""
        written = text.document.seed
        self._by_chance = seed is None and written is None
        self.seed = next(each for each in (seed, written, memory.seed) if each is not None)
        """What it makes up, and waits by chance, comes from this number."""
        self.registry = ScriptedRegistry(self)
        """The operations as the library calls them, the same for every connection."""

    # -- what hosts need ----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What a person called it."""
        return self._text.shown

    @property
    def path(self) -> Path:
        """The mock file."""
        return self._text.path

    @property
    def files(self) -> frozenset[Path]:
        """The mock file, and the files of answers that it names."""
        return self._files

    @property
    def suspects(self) -> frozenset[Path]:
        """The same: what is wrong is in one of them, or in one that is not there yet."""
        return self._files | frozenset(self._text.path.absolute().parent.glob("*json*"))

    @property
    def faults(self) -> list[FaultRule]:
        """What is to go wrong on the wire: the tables `[[fault]]`."""
        return self._text.document.fault

    @property
    def variables(self) -> dict[str, list[str]]:
        """The names of the variables that the file declares: those of `state`, and those of `peer`."""
        document = self._text.document
        return {"state": list(document.state), "peer": list(document.peer)}

    @property
    def rules(self) -> list[Rule]:
        """All rules, operation by operation."""
        return [rule for operation in self.operations.values() for rule in operation.rules]

    def declare(self) -> None:
        """Have the memory know the variables of this version; those that were there keep their values."""
        self.memory.declare(self._text.document.state, self._text.document.peer)

    @property
    def is_only_read(self) -> bool:
        """Yes: nothing of the file is run."""
        return True

    def make(self) -> ScriptedHandler:
        """Make the handler of one connection."""
        return ScriptedHandler(self)

    def again(self) -> Self:
        """Read the file anew; may be done in a thread. Nothing changes before it is at work.

        Raises `MockFileError`.
        """
        text = read(self._text.path)
        return type(self)(text, compiled(text), self.memory, self._asked_seed)

    def notes_to(self, note: Note) -> None:
        """Have what it wants to say heard by `note`: it is at work from now on."""
        self._note = note
        self.declare()
        self.memory.changed()
        if self._text.document.check:
            self.memory.begin_to_check()
        if self._by_chance and not self.memory.seed_told:
            self.memory.seed_told = True
            text = f"What is made up comes from the seed {self.seed}: --seed {self.seed} repeats it."
            note("info", text, None)

    async def end(self) -> None:
        """Send nothing more by itself."""
        await self.memory.end()

    def watch(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call `observer` after every call, and when the file was read anew; gives what stops that."""
        self.memory.observers.append(observer)
        return lambda: self.memory.observers.remove(observer)

    # -- answering ----------------------------------------------------------------------------------------

    async def answer(self, operation: Operation, data: dict[str, Any]) -> Any:
        """Answer a request. Raises `HandlerError`."""
        await self._check(operation, data)
        with self._counted(operation, data) as (rule, run):
            await self._begin(rule, run)
            if rule.answer.failure is not None:
                raise rule.answer.failure.made(run)
            value = rule.answer.value(run.scope) if rule.answer.value is not None else None
            await self._check_made(operation, rule, run, value)
            rule.acting.after(run)
            return value

    async def stream(
        self, operation: Operation, data: dict[str, Any], stream: BiStreamHandle | None = None
    ) -> AsyncGenerator[Any, None]:
        """Give the items of a stream; `stream` has what comes in on a bidirectional one."""
        await self._check(operation, data)
        with self._counted(operation, data) as (rule, run):
            run.stream = stream
            steps = rule.answer.steps
            await self._begin(rule, run)
            async with aclosing(items_of(steps, run)) as items:
                async for item in items:
                    await self._check_made(operation, rule, run, item)
                    yield item
            rule.acting.after(run)

    async def take(self, operation: Operation, data: dict[str, Any]) -> None:
        """Take a message that has no answer."""
        try:
            await self._check(operation, data)
        except HandlerError:
            return  # nobody would hear of it
        with self._counted(operation, data) as (rule, run):
            await self._begin(rule, run)
            rule.acting.after(run)

    async def _begin(self, rule: Rule, run: Run) -> None:
        await pause(run, rule.delay_s, rule.jitter_s)
        rule.acting.before(run)

    async def _check(self, operation: Operation, data: dict[str, Any]) -> None:
        """Look whether data fits the operation's `params`, if that is asked for. Raises `HandlerError`."""
        if not self._text.document.check or operation.params is None:
            return
        misfit = await self.memory.misfit(operation.params, _without_operation(data))
        if misfit:
            why = f"the data does not fit its params: {misfit}"
            self.hole(operation.kind, operation.name, why, data, advice="mend the caller, or the params")
            raise HandlerError(f"{self._text.path.name}: {why}", code="invalid_request")

    async def _check_made(self, operation: Operation, rule: Rule, run: Run, value: Any) -> None:
        """Note an answer or an item that does not fit `returns`, if that is asked for."""
        if not self._text.document.check or operation.returns is None:
            return
        misfit = await self.memory.misfit(operation.returns, value)
        if misfit:
            text = f"what is answered does not fit returns: {misfit}"
            self.tell("warning", self._text.problem(rule.path, text), run.protocol)

    @contextmanager
    def _counted(self, operation: Operation, data: dict[str, Any]) -> Iterator[tuple[Rule, Run]]:
        """Find the rule that fits, and count how it ends. Raises `HandlerError`."""
        operation.calls += 1
        data = _without_operation(data)
        run = self._run(operation, data)
        rule: Rule | None = None
        try:
            rule = self._fitting(operation, data, run)
            rule.hits += 1
            run.see(call=rule.hits)
            yield rule, run
        except TemplateError as error:
            text = f"{self._text.place(error.path)}: {error.text}"
            self.tell("problem", self._text.problem(error.path, error.text), run.protocol)
            if rule is not None:
                rule.ended("error", text)
            raise HandlerError(text, code=_CODE) from None
        except HandlerError as error:
            if rule is not None:
                rule.ended("error", error.message)
            raise
        except Exception as error:
            if rule is not None:
                rule.ended("error", str(error))
            raise
        except BaseException:
            if rule is not None:
                rule.ended("cancelled")
            raise
        else:
            rule.ended("ok")
        finally:
            self.memory.changed()

    def _run(self, operation: Operation, data: dict[str, Any]) -> Run:
        protocol = current_protocol()
        scope = Scope(
            names={
                "data": data,
                "state": self.memory.state.values,
                "peer": self.memory.peer(protocol).values,
            },
            seed=f"{self.seed} {operation.name} {operation.calls}",
            counter=self.memory.counter,
        )
        return Run(
            protocol=protocol,
            scope=scope,
            memory=self.memory,
            note=self.tell,
            place=self._text.place,
        )

    def _fitting(self, operation: Operation, data: dict[str, Any], run: Run) -> Rule:
        for rule in operation.rules:
            if not rule.exhausted and rule.matcher.fits(data, run.scope):
                return rule
        rules = len(operation.rules)
        why = f"none of its {rules} rules fits" if rules > 1 else "its only rule does not fit"
        raise self.hole(operation.kind, operation.name, why, data)

    # -- holes and notes ----------------------------------------------------------------------------------

    def hole(
        self, kind: MessageKind, operation: str, why: str, data: dict[str, Any], advice: str = "add a rule"
    ) -> HandlerError:
        """Count a call that no rule fits, tell of the first of its kind, and give the error for it."""
        operation, data = operation[:200], _without_operation(data)
        self.unanswered += 1
        found = self.holes.get((kind, operation))
        text = f"{self._text.path.name} has no answer to the {kind} {operation}: {why}"
        if found is None:
            found = Hole(kind, operation, why)
            if len(self.holes) < MOST_HOLES:
                self.holes[kind, operation] = found
                self.tell("warning", f"{text}. The data is {outline(data)}: {advice}.", current_protocol())
        found.calls, found.why, found.last_ns = found.calls + 1, why, time.time_ns()
        found.data = data if size_of(data, _LARGEST_KEPT) <= _LARGEST_KEPT else None
        self.memory.changed()
        return HandlerError(text, code="not_found")

    def tell(self, level: Level, text: str, protocol: Protocol | None) -> None:
        """Note something, what is wrong only once, unless too much is noted already."""
        if level != "info":
            if text in self._told:
                return
            if len(self._told) < _MOST_TOLD:
                self._told.add(text)
        if not self._limit.allows(time.monotonic_ns()):
            self._unsaid += 1
            return
        unsaid, self._unsaid = self._unsaid, 0
        more = f" ({unsaid} more notes came too fast to be kept.)" if unsaid else ""
        self._note(level, text + more, protocol)


def _without_operation(data: dict[str, Any]) -> dict[str, Any]:
    """Give what a caller brought, without the name that every call has in it."""
    return {key: value for key, value in data.items() if key != "operation"}


def _say_nothing(level: Level, text: str, protocol: Protocol | None) -> None:
    del level, text, protocol
