"""From a checked document to rules: templates are compiled, files of answers read.

Owns what the tables mean. All that is wrong is found before anything is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspector_app.intents import MessageKind
from inspector_app.mock.script import model
from inspector_app.mock.script.answer_files import file_in, read_answer, read_items
from inspector_app.mock.script.expressions import Known
from inspector_app.mock.script.matching import matcher_of
from inspector_app.mock.script.memory import LARGEST_PEER, LARGEST_STATE
from inspector_app.mock.script.reading import MockFileError, MockText, steps_of, told
from inspector_app.mock.script.rules import Answer, Operation, Rule
from inspector_app.mock.script.running import Acting, Failure, Push, Setting
from inspector_app.mock.script.steps import Act, Each, End, Expect, Fail, Items, Reply, Step, Wait
from inspector_app.mock.script.templates import Problems, Template, template
from inspector_app.mock.script.values import size_of
from inspector_app.toml_lines import Place, line_of

_NAMES: dict[MessageKind, tuple[str, ...]] = {
    "request": ("data", "call"),
    "stream": ("data", "call", "index"),
    "bidirectional": ("data", "call", "index", "item"),
    "oneway": ("data", "call"),
}


@dataclass(slots=True)
class Compiled:
    """What a document comes to."""

    operations: dict[str, Operation] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)
    """The files of answers that it names."""


def compiled(text: MockText) -> Compiled:
    """Compile a document. Raises `MockFileError`."""
    return _Compiler(text).compile()


def _refuse(_: Place, text: str) -> None:
    sentence = text[:1].upper() + text[1:].rstrip(".")
    raise ValueError(sentence if sentence.endswith("?") else f"{sentence}.")


class _Compiler:
    """Compiles a document, or, with `refuse`, a part that a person edits; that hears of the first problem."""

    def __init__(self, text: MockText, refuse: Problems | None = None) -> None:
        self._text = text
        self._refuse = refuse
        self._problems: list[tuple[int, str]] = []
        self._made = Compiled()
        self._variables = {"state": set(text.document.state), "peer": set(text.document.peer)}

    def compile(self) -> Compiled:
        document = self._text.document
        self._check_variables("state", document.state, LARGEST_STATE)
        self._check_variables("peer", document.peer, LARGEST_PEER)
        for at, request in enumerate(document.request):
            self._rule("request", request, ("request", at), self._request(request, ("request", at)))
        for at, stream in enumerate(document.stream):
            self._rule("stream", stream, ("stream", at), self._stream(stream, ("stream", at)))
        for at, talk in enumerate(document.bidirectional):
            place: Place = ("bidirectional", at)
            steps = self._steps(talk.steps, (*place, "steps"), self._known("bidirectional"))
            self._rule("bidirectional", talk, place, Answer(self._written(place), steps=steps))
        for at, oneway in enumerate(document.oneway):
            self._rule("oneway", oneway, ("oneway", at), Answer())
        if self._problems:
            raise MockFileError(told([text for _, text in sorted(self._problems)]))
        return self._made

    def _written(self, place: Place) -> Any:
        """Give the steps of a rule as they were written."""
        kind, at = place
        return self._text.values[str(kind)][at]["steps"]

    def _problem(self, path: Place, text: str) -> None:
        if self._refuse is not None:
            self._refuse(path, text)
        self._problems.append((line_of(self._text.lines, path), self._text.problem(path, text)))

    def _known(self, kind: MessageKind) -> Known:
        return {**dict.fromkeys(_NAMES[kind]), **self._variables}

    def _check_variables(self, where: str, values: dict[str, Any], largest: int) -> None:
        if size_of(values, largest) > largest:
            self._problem((where,), f"the variables are larger than {largest:,} characters")

    # -- rules --------------------------------------------------------------------------------------------

    def _rule(self, kind: MessageKind, table: model.RuleTable, path: Place, answer: Answer) -> None:
        known = self._known(kind)
        operation = self._operation(kind, table, path)
        if operation is None:
            return
        operation.rules.append(
            Rule(
                kind=kind,
                operation=table.operation,
                path=path,
                line=line_of(self._text.lines, path),
                matcher=matcher_of(table.match, table.when, path, known, self._problem),
                times=table.times,
                delay_s=table.delay,
                jitter_s=table.jitter,
                acting=self._acting(table, path, known),
                answer=answer,
                make_answer=self._maker(kind, table, path),
            )
        )

    def _operation(self, kind: MessageKind, table: model.RuleTable, path: Place) -> Operation | None:
        name = table.operation
        if name.startswith("slipstream."):
            self._problem((*path, "operation"), "names that begin with slipstream. are the protocol's own")
            return None
        operation = self._made.operations.setdefault(name, Operation(name, kind))
        if operation.kind != kind:
            text = f"{name} is a rule for {operation.kind} too: an operation is of one kind, so rename one"
            self._problem((*path, "operation"), text)
            return None
        for key, schema in (("params", table.params), ("returns", table.returns)):
            if schema is not None and (why := self._schema_problem(schema)):
                self._problem((*path, key), f"this is no JSON Schema that can be used: {why}")
        operation.doc = operation.doc or table.doc or ""
        operation.params = operation.params or table.params
        operation.returns = operation.returns or table.returns
        operation.deprecated = operation.deprecated or table.deprecated
        return operation

    @staticmethod
    def _schema_problem(schema: dict[str, Any]) -> str:
        from inspector_app.schemas.checking import schema_problem  # most mocks have none

        return schema_problem(schema)

    def _maker(self, kind: MessageKind, table: model.RuleTable, path: Place) -> Callable[[Any], Answer]:
        known = self._known(kind)

        def make(source: Any) -> Answer:
            if kind == "request":
                return Answer(source, template(source, (*path, "answer"), known, _refuse))
            if kind == "oneway":
                raise ValueError("A message that has no answer has none to edit.")
            has_items = isinstance(table, model.StreamTable) and table.steps is None
            if not isinstance(source, list):
                what = "items" if has_items else "steps"
                raise ValueError(f"A stream is answered with a list of {what}.")  # noqa: TRY004 - of a person
            if isinstance(table, model.StreamTable) and has_items:
                items = self._items(source, (*path, "items"), known, table, 1, _refuse)
                return Answer(source, steps=(items,))
            edited = _Compiler(self._text, _refuse)
            return Answer(source, steps=edited._steps(steps_of(kind, source), (*path, "steps"), known))

        return make

    def _request(self, table: model.RequestTable, path: Place) -> Answer:
        known = self._known("request")
        if table.error is not None:
            return Answer(failure=self._failure(table.error, (*path, "error"), known))
        if table.answer_file is not None:
            value = self._file(table.answer_file, (*path, "answer_file"))
            return Answer(value, Template(value, lambda _: value))
        return Answer(table.answer, template(table.answer, (*path, "answer"), known, self._problem))

    def _stream(self, table: model.StreamTable, path: Place) -> Answer:
        known = self._known("stream")
        if table.steps is not None:
            return Answer(self._written(path), steps=self._steps(table.steps, (*path, "steps"), known))
        steps: list[Step] = []
        if table.items_file is not None:
            value = self._file(table.items_file, (*path, "items_file"), lines=True)
            fixed = [Template(each, lambda _, each=each: each) for each in value]  # type: ignore[misc]  # a default
            steps.append(self._timed(fixed, path, known, table, table.repeat))
            source = value
        elif "item" in table.model_fields_set:
            made = template(table.item, (*path, "item"), known, self._problem)
            steps.append(self._timed([made], path, known, table, table.count))
            source = [table.item]
        else:
            source = table.items or []
            if source:
                rounds = table.repeat if table.repeat is not None else 1
                steps.append(self._items(source, (*path, "items"), known, table, rounds, self._problem))
        if table.error is not None:
            steps.append(Fail(self._failure(table.error, (*path, "error"), known)))
        return Answer(source, steps=tuple(steps))

    def _items(
        self,
        source: list[Any],
        path: Place,
        known: Known,
        table: model.StreamTable,
        rounds: int | str | None,
        problem: Callable[[Place, str], None],
    ) -> Items:
        items = [template(each, (*path, at), known, problem) for at, each in enumerate(source)]
        return self._timed(items, path[:-1], known, table, rounds)

    def _timed(
        self,
        items: list[Template],
        path: Place,
        known: Known,
        table: model.StreamTable,
        rounds: int | str | None,
    ) -> Items:
        key = (*path, "repeat" if table.count is None else "count")
        return Items(
            items=items,
            rounds=self._many(rounds, key, known),
            every_s=table.every,
            jitter_s=table.jitter,
            path=key,
        )

    def _many(self, rounds: int | str | None, path: Place, known: Known) -> int | str | Template:
        if isinstance(rounds, str) and rounds != "forever":
            return template(rounds, path, known, self._problem)
        return 1 if rounds is None else rounds

    # -- what rules, replies and steps have in common -----------------------------------------------------

    def _acting(self, table: model.Acting, path: Place, known: Known) -> Acting:
        note = None if table.note is None else template(table.note, (*path, "note"), known, self._problem)
        return Acting(
            tuple(self._settings(table.set, (*path, "set"), known)),
            note,
            self._pushes(table.push, (*path, "push"), known),
        )

    def _settings(self, table: model.SetTable | None, path: Place, known: Known) -> Iterator[Setting]:
        if table is None:
            return
        for where, values in (("state", table.state), ("peer", table.peer)):
            for name, value in values.items():
                here = (*path, where, name)
                if name not in self._variables[where]:
                    self._problem(here, f"there is no such variable: declare {name} in [{where}]")
                yield Setting(where, name, template(value, here, known, self._problem), here)

    def _pushes(self, tables: list[model.PushTable] | None, path: Place, known: Known) -> tuple[Push, ...]:
        return tuple(
            Push(
                operation=table.operation,
                is_request=table.kind == "request",
                data=template(table.data, (*path, at, "data"), known, self._problem),
                to=table.to,
                after_s=table.after,
            )
            for at, table in enumerate(tables or [])
        )

    def _failure(self, table: model.ErrorTable, path: Place, known: Known) -> Failure:
        details = None
        if table.details is not None:
            details = template(table.details, (*path, "details"), known, self._problem)
        return Failure(table.code, template(table.message, (*path, "message"), known, self._problem), details)

    # -- steps --------------------------------------------------------------------------------------------

    def _steps(self, tables: list[model.StepTable], path: Place, known: Known) -> tuple[Step, ...]:
        return tuple(self._step(table, (*path, at), known) for at, table in enumerate(tables))

    def _step(self, table: model.StepTable, path: Place, known: Known) -> Step:
        match table.action:
            case "send":
                return Items(
                    items=[template(table.send, (*path, "send"), known, self._problem)],
                    rounds=self._many(table.repeat, (*path, "repeat"), known),
                    every_s=table.every or 0.0,
                    path=(*path, "repeat"),
                )
            case "wait":
                return Wait(table.wait or 0.0, table.jitter or 0.0)
            case "expect":
                matcher = matcher_of(table.expect, table.when, path, known, self._problem)
                return Expect(matcher, table.within, path)
            case "each":
                replies = [
                    self._reply(reply, (*path, "each", at), known)
                    for at, reply in enumerate(table.each or [])
                ]
                return Each(replies, table.within, path)
            case "error" if table.error is not None:
                return Fail(self._failure(table.error, (*path, "error"), known))
            case "end":
                return End()
            case _:
                acting = model.Acting(set=table.set, note=table.note, push=table.push or [])
                return Act(self._acting(acting, path, known))

    def _reply(self, table: model.ReplyTable, path: Place, known: Known) -> Reply:
        send = None
        if table.send is not None:
            send = template(table.send, (*path, "send"), known, self._problem)
        failure = None
        if table.error is not None:
            failure = self._failure(table.error, (*path, "error"), known)
        return Reply(
            matcher=matcher_of(table.match, table.when, path, known, self._problem),
            delay_s=table.delay,
            acting=self._acting(table, path, known),
            send=send,
            failure=failure,
            ends=table.end,
        )

    # -- files --------------------------------------------------------------------------------------------

    def _file(self, name: str, path: Place, *, lines: bool = False) -> Any:
        """Read a file of the mock's own folder; what is wrong with it is a problem of the key."""
        try:
            file = file_in(self._text.path, name)
            self._made.files.add(file)
            return read_items(file, name) if lines else read_answer(file, name)
        except ValueError as error:
            self._problem(path, str(error))
            return []
