"""What a person asks of something hosted, while clients are connected to it, over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.records import ConnectionOpened, FaultMet, OperationsDescribed
from inspector_app.intents import (
    AbortExchange,
    AddFault,
    AddRule,
    AnswerHeld,
    AskPeer,
    Done,
    EditAnswer,
    HoldOperation,
    Intent,
    Reconnect,
    SendItem,
    SendMessage,
    ServerSpec,
    SwitchFault,
    TellExchange,
    TellMock,
)
from inspector_app.mock import by_hand, reload
from inspector_app.mock.script.mock import load_mock
from inspector_app.sources import mock_standing
from inspector_app.sources.server import ServerSource
from inspector_app.standing import ExchangeStanding, MockStanding, standing_of
from slipstream import (
    Limits,
    Protocol,
    ProtocolHandler,
    RemoteError,
    connect,
    request_response,
    stream_stream,
)
from tests.inspector_app.mock.files import forgotten, replaced
from tests.inspector_app.sources.helpers import Records

WAIT_S = 10.0
SHOP = """# A shop.
[[request]]
operation = "quote"
answer = { price = 7 }  # euros

[[stream]]
operation = "ticks"
items = [1, 2]

[[bidirectional]]
operation = "chat"
steps = [ { each = [ { send = "{{ item }}" } ] } ]

[[oneway]]
operation = "note"

[[fault]]
name = "twice"
do = "repeat"
operation = "quote"
on = false
"""


class Hosted:
    """A hosted shop, and what a person asks of it."""

    def __init__(self, source: ServerSource, records: Records, path: Path) -> None:
        self.source, self.records, self.path = source, records, path

    async def ask(self, intent: Intent) -> Done:
        return await self.source.perform(intent)

    async def done(self, intent: Intent) -> None:
        assert (await self.ask(intent)).error is None

    async def standing(self) -> MockStanding:
        found = standing_of((await self.ask(TellMock())).told, MockStanding)
        assert found is not None
        return found

    async def until(self, condition: Callable[[MockStanding], Any]) -> MockStanding:
        async with asyncio.timeout(WAIT_S):
            while not condition(standing := await self.standing()):  # noqa: ASYNC110 - as viewers ask
                await asyncio.sleep(0.005)
            return standing

    async def held(self, count: int = 1) -> list[int]:
        """Wait until so many calls wait; give their numbers."""
        standing = await self.until(lambda standing: len(standing.held) == count)
        return [each.held for each in standing.held]


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hosted]:
    monkeypatch.setattr(reload, "LOOK_S", 0.005)
    monkeypatch.setattr(reload, "_SETTLED_S", 0.005)
    path = tmp_path / "shop.toml"
    path.write_text(SHOP)
    source, records = ServerSource(ServerSpec(handler=str(path), port=0)), Records()
    await source.start(records)
    yield Hosted(source, records, path)
    await source.stop()


@asynccontextmanager
async def client(shop: Hosted, **options: Any) -> AsyncIterator[Protocol]:
    async with connect(shop.source.address, **options) as protocol:
        await shop.records.until(lambda records: records.of(ConnectionOpened))
        yield protocol


async def quoted(protocol: Protocol) -> Any:
    return await protocol.request_response({"operation": "quote", "n": 1}, timeout=WAIT_S)


# -- faults ------------------------------------------------------------------------------------------------


async def test_a_fault_is_switched_on_and_off_while_clients_call(shop: Hosted) -> None:
    async with client(shop) as protocol:
        for on, hits in ((False, 0), (True, 1), (False, 1)):
            await shop.done(SwitchFault(title="twice", on=on))
            await quoted(protocol)
            (fault,) = (await shop.standing()).faults
            assert (fault.on, fault.hits) == (on, hits)
        assert len(shop.records.of(FaultMet)) == 1
    assert (await shop.ask(SwitchFault(title="thrice", on=True))).error is not None


async def test_a_fault_is_added_and_told_in_words(shop: Hosted) -> None:
    rule = {"do": "change_peer", "operation": "q*", "frame": "response", "nth": [1]}
    await shop.done(AddFault(rule_json=json.dumps(rule)))
    async with client(shop) as protocol:
        await quoted(protocol)
        (met,) = shop.records.of(FaultMet)
        assert met.text == "Fault change_peer q*: The response of quote was sent as from another peer."
    standing = await shop.standing()
    assert standing.faults[-1].what == "send the frame with another peerID: response of q* (nth 1)"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{", "The fault is no JSON"),
        ('{"do": "delay"}', "a delay needs to know how long"),
        ('{"do": "lose", "nth": ["x"]}', "nth.0: "),
        ('{"name": "twice", "do": "lose"}', "There is a fault twice already"),
    ],
)
async def test_a_fault_that_will_not_do_is_refused_with_a_sentence(
    shop: Hosted, rule: str, told: str
) -> None:
    error = (await shop.ask(AddFault(rule_json=rule))).error
    assert error is not None
    assert error.startswith(told)
    assert len((await shop.standing()).faults) == 1


# -- answers -----------------------------------------------------------------------------------------------


async def test_an_answer_is_edited_live_until_the_file_is_read_anew(shop: Hosted) -> None:
    async with client(shop) as protocol:
        await shop.done(EditAnswer(kind="request", place=0, answer_json='{"price": "{{ data.n + 1 }}"}'))
        assert await quoted(protocol) == {"price": 2}
        assert (await shop.standing()).rules[0].edited
        shop.path.write_text(SHOP + "\n")
        await shop.records.until(lambda records: "Reloaded" in "".join(records.notes("info")))
        assert await quoted(protocol) == {"price": 7}


async def test_an_edited_answer_is_written_into_the_file_and_nothing_else_of_it_changes(shop: Hosted) -> None:
    shop.path.chmod(0o640)
    await shop.done(EditAnswer(kind="request", place=0, answer_json='{"price": null}', save=True))
    await shop.done(EditAnswer(kind="stream", place=0, answer_json='[{"t": 1}]', save=True))
    written = shop.path.read_text()
    assert written == SHOP.replace("{ price = 7 }", '{price = "{{ null }}"}').replace("[1, 2]", "[{t = 1}]")
    assert shop.path.stat().st_mode & 0o777 == 0o640
    assert load_mock(shop.path).rules[0].answer.source == {"price": "{{ null }}"}


async def test_an_answer_takes_the_place_of_an_error_and_of_what_made_items(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(
        '[[request]]\noperation = "pay"\nerror = { message = "No." }\n'
        '[[stream]]\noperation = "ticks"\nitem = 1\ncount = 3\nevery = "1ms"\n'
    )
    source = ServerSource(ServerSpec(handler=str(path), port=0))
    for kind, answer in (("request", '"paid"'), ("stream", "[7]")):
        done = await source.perform(EditAnswer(kind=kind, place=0, answer_json=answer, save=True))  # type: ignore[arg-type]  # two of the kinds
        assert done.error is None
    assert [rule.answer.source for rule in load_mock(path).rules] == ["paid", [7]]
    assert 'every = "1ms"' in path.read_text()


async def test_an_answer_is_not_written_into_a_file_that_is_another_by_now(shop: Hosted) -> None:
    await shop.source.perform(HoldOperation(operation="quote", on=False))
    other = SHOP.replace('"quote"', '"other"')
    shop.path.write_text(other)
    done = shop.source._mocking.perform(EditAnswer(kind="request", place=0, answer_json="1", save=True))
    assert (
        done.error
        == "shop.toml is not as it was when it was read: it answers so until the file is read anew."
    )
    assert shop.path.read_text() == other


async def test_the_steps_of_a_stream_are_edited_live_and_written_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(STEPS)
    source = ServerSource(ServerSpec(handler=str(path), port=0))
    await source.start(lambda _: None)
    try:
        told = [json.loads(rule.answer_json) for rule in source._mocking.standing().rules]
        assert told == [[{"send": 1}, {"wait": "1ms"}], [{"each": [{"send": "{{ item }}"}]}]]
        async with connect(source.address) as peer:
            steps = [{"send": "hi {{ data.n }}"}, {"send": None}]
            done = await source.perform(EditAnswer(kind="stream", place=0, answer_json=json.dumps(steps)))
            assert done == Done()
            stream = await peer.request_stream({"operation": "ticks", "n": 7})
            assert [item async for item in stream] == ["hi 7", None]
            edit = EditAnswer(kind="bidirectional", place=0, answer_json=json.dumps(steps), save=True)
            assert await source.perform(edit) == Done()
            handle = await peer.stream_stream({"operation": "chat", "n": 8})
            assert [item async for item in handle] == ["hi 8", None]
        written = path.read_text()
        assert written.startswith(STEPS[: STEPS.index("steps = [ { each")])
        assert load_mock(path).rules[1].answer.source == [{"send": "hi {{ data.n }}"}, {"send": "{{ null }}"}]
    finally:
        await source.stop()


async def test_a_rule_that_fails_says_so_before_its_answer_is_another(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(
        '[[request]]\noperation = "pay"\nerror = { code = "broke", message = "No." }\n'
        '[[stream]]\noperation = "ticks"\nitems = [1]\nerror = { message = "No." }\n'
    )
    source = ServerSource(ServerSpec(handler=str(path), port=0))
    assert [rule.failure for rule in source._mocking.standing().rules] == ["broke", "application"]
    await source.perform(EditAnswer(kind="request", place=0, answer_json="1"))
    assert [rule.failure for rule in source._mocking.standing().rules] == ["", "application"]


async def test_a_file_that_is_read_only_is_left_as_it_is(
    shop: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # who runs the tests may be allowed everything
    done = await shop.ask(EditAnswer(kind="request", place=0, answer_json="1", save=True))
    assert done.error == f"{shop.path} is read-only: it is left as it is."
    assert shop.path.read_text() == SHOP


STEPS = """[[stream]]
operation = "ticks"
steps = [ { send = 1 }, { wait = "1ms" } ]  # of two

[[bidirectional]]
operation = "chat"
steps = [ { each = [ { send = "{{ item }}" } ] } ]
"""


@pytest.mark.parametrize(
    ("kind", "place", "answer", "told"),
    [
        ("request", 0, "{", "The answer is no JSON"),
        ("request", 0, '"{{ data. }}"', ""),
        ("request", 9, "1", "The file was read anew, and that rule is gone"),
        ("stream", 0, "1", "A stream is answered with a list of items."),
        ("request", 0, "NaN", "The answer is no JSON: NaN is no JSON value."),
        ("request", 0, "1e999", "The answer is no JSON: 1e999 is too large a number."),
        ("request", 0, '"\\ud800"', "It has half of a surrogate pair in it"),
        ("bidirectional", 0, "1", "A stream is answered with a list of steps."),
        ("bidirectional", 0, "[1]", "steps[0]: this must be a table."),
        ("bidirectional", 0, '[{"snd": 1}]', "steps[0].snd: there is no such key here: did you mean send?"),
        ("bidirectional", 0, '[{"send": "{{ 1 + }}"}]', "'1 +' is not finished."),
    ],
)
async def test_an_answer_that_will_not_do_is_refused_with_a_sentence(
    shop: Hosted, kind: Any, place: int, answer: str, told: str
) -> None:
    error = (await shop.ask(EditAnswer(kind=kind, place=place, answer_json=answer, save=True))).error
    assert error is not None
    assert error.startswith(told)
    assert shop.path.read_text() == SHOP


# -- by hand -----------------------------------------------------------------------------------------------


async def test_a_held_request_waits_until_a_person_answers_it(shop: Hosted) -> None:
    await shop.done(HoldOperation(operation="quote", on=True))
    async with client(shop) as protocol:
        waiting = asyncio.create_task(quoted(protocol))
        (number,) = await shop.held()
        (held,) = (await shop.standing()).held
        assert (held.conn, held.kind, held.operation, held.data_json) == (1, "request", "quote", '{"n": 1}')
        assert "waits for an answer by hand" in shop.records.notes("warning")[0]
        await shop.done(AnswerHeld(held=number, how="response", data_json='{"by": "hand"}'))
        assert await waiting == {"by": "hand"}
        assert (await shop.standing()).held == ()


async def test_a_held_request_is_answered_with_an_error_by_hand(shop: Hosted) -> None:
    await shop.done(HoldOperation(operation="nothing of the file", on=True))
    async with client(shop) as protocol:
        call = {"operation": "nothing of the file"}
        waiting = asyncio.create_task(protocol.request_response(call, timeout=WAIT_S))
        (number,) = await shop.held()
        await shop.done(AnswerHeld(held=number, how="error", code="not_found", message="No."))
        with pytest.raises(RemoteError, match="No") as caught:
            await waiting
        assert caught.value.code == "not_found"


async def test_a_stream_is_answered_item_by_item_and_ended_by_hand(shop: Hosted) -> None:
    await shop.done(HoldOperation(operation="ticks", on=True))
    async with client(shop) as protocol:
        items = await protocol.request_stream({"operation": "ticks"})
        (number,) = await shop.held()
        for n in (10, 20):
            await shop.done(AnswerHeld(held=number, how="item", data_json=str(n)))
            assert await anext(items) == n
        await shop.until(lambda standing: standing.held[0].items == 2)
        await shop.done(AnswerHeld(held=number, how="end"))
        assert [item async for item in items] == []


async def test_a_bidirectional_stream_is_answered_by_hand(shop: Hosted) -> None:
    await shop.done(HoldOperation(operation="chat", on=True))
    async with client(shop) as protocol, await protocol.stream_stream({"operation": "chat"}) as chat:
        (number,) = await shop.held()
        await chat.send("hello")
        await shop.done(AnswerHeld(held=number, how="item", data_json='"by hand"'))
        assert await chat.receive() == "by hand"
        await shop.done(AnswerHeld(held=number, how="end"))


@pytest.mark.parametrize("let", ["one by one", "by holding no more"])
async def test_what_waits_is_left_to_the_mock(shop: Hosted, let: str) -> None:
    for operation in ("quote", "ticks", "chat"):
        await shop.done(HoldOperation(operation=operation, on=True))
    async with client(shop) as protocol, await protocol.stream_stream({"operation": "chat"}) as chat:
        quote = asyncio.create_task(quoted(protocol))
        items = await protocol.request_stream({"operation": "ticks"})
        for number in await shop.held(3):
            if let == "one by one":
                await shop.done(AnswerHeld(held=number, how="mock"))
        if let != "one by one":
            for operation in ("quote", "ticks", "chat"):
                await shop.done(HoldOperation(operation=operation, on=False))
        assert await quote == {"price": 7}
        assert [item async for item in items] == [1, 2]
        await chat.send("x")
        assert await chat.receive() == "x"


async def test_a_call_that_was_given_up_waits_no_more(shop: Hosted) -> None:
    async with client(shop) as protocol:
        await quoted(protocol)  # a peer that has said nothing yet may be one that takes no cancelling
        await shop.done(HoldOperation(operation="quote", on=True))
        waiting = asyncio.create_task(quoted(protocol))
        (number,) = await shop.held()
        waiting.cancel()
        await shop.held(0)
        error = (await shop.ask(AnswerHeld(held=number, how="response"))).error
        assert error == "That call does not wait any more: it was answered, or its caller gave up."


async def test_a_message_without_an_answer_is_never_held(shop: Hosted) -> None:
    await shop.done(HoldOperation(operation="note", on=True))
    async with client(shop) as protocol:
        await protocol.fire_and_forget({"operation": "note"})
        await shop.until(lambda standing: next(r for r in standing.rules if r.operation == "note").hits == 1)


@pytest.mark.parametrize("bound", ["MOST_HELD", "MOST_HELD_CHARACTERS"])
async def test_beyond_a_bound_the_mock_answers_at_once(
    shop: Hosted, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_hand, bound, 1)
    await shop.done(HoldOperation(operation="quote", on=True))
    async with client(shop) as protocol:
        held = asyncio.create_task(quoted(protocol))
        (number,) = await shop.held()
        assert await quoted(protocol) == {"price": 7}
        await shop.done(AnswerHeld(held=number, how="response", data_json="1"))
        assert await held == 1
        held = asyncio.create_task(quoted(protocol))  # there is room again
        (number,) = await shop.held()
        await shop.done(AnswerHeld(held=number, how="mock"))
        assert await held == {"price": 7}


async def test_what_does_not_go_with_a_call_is_refused(shop: Hosted) -> None:
    for operation in ("quote", "ticks"):
        await shop.done(HoldOperation(operation=operation, on=True))
    async with client(shop) as protocol:
        quote = asyncio.create_task(quoted(protocol))
        (unary,) = await shop.held()
        items = await protocol.request_stream({"operation": "ticks"})
        stream = (await shop.held(2))[1]
        for intent in (
            AnswerHeld(held=unary, how="item"),
            AnswerHeld(held=stream, how="response"),
            AnswerHeld(held=unary, how="response", data_json="{"),
            AnswerHeld(held=unary, how="error", code=""),
        ):
            assert (await shop.ask(intent)).error is not None
        quote.cancel()
        await items.aclose()


# -- how it stands -----------------------------------------------------------------------------------------


async def test_rules_and_holes_tell_what_was_asked_of_them(shop: Hosted) -> None:
    async with client(shop) as protocol:
        await quoted(protocol)
        with pytest.raises(RemoteError):
            await protocol.request_response({"operation": "qoute", "a": 1})
        standing = await shop.standing()
    assert [(rule.kind, rule.operation, rule.hits, rule.ending) for rule in standing.rules] == [
        ("request", "quote", 1, "ok"),
        ("stream", "ticks", 0, ""),
        ("bidirectional", "chat", 0, ""),
        ("oneway", "note", 0, ""),
    ]
    assert [(hole.operation, hole.calls, hole.data_json) for hole in standing.holes] == [
        ("qoute", 1, '{"a": 1}')
    ]


async def test_a_handler_in_python_tells_calls_and_errors_of_its_operations() -> None:
    source, records = ServerSource(ServerSpec(port=0)), Records()
    await source.start(records)
    shop = Hosted(source, records, Path())
    async with client(shop) as protocol:
        await protocol.request_response({"operation": "get_quote", "symbol": "BEAN"})
        with pytest.raises(RemoteError):
            await protocol.request_response({"operation": "get_quote", "symbol": "NONE"})
        stream = await protocol.request_stream(
            {"operation": "watch_prices", "symbol": "BEAN", "count": 1, "every_s": 0}
        )
        assert len([item async for item in stream]) == 1
        standing = await shop.until(
            lambda standing: next(r for r in standing.rules if r.operation == "watch_prices").ending
        )
    await source.stop()
    told = {rule.operation: (rule.hits, rule.errors, rule.ending) for rule in standing.rules}
    assert told["get_quote"] == (2, 1, "error")
    assert told["watch_prices"] == (1, 0, "ok")
    error = (await source.perform(EditAnswer(kind="request", place=0, answer_json="1"))).error
    assert error == "A handler in Python answers: edit its file, which is loaded anew."


class Till(ProtocolHandler):
    @request_response
    async def total(self, data: dict[str, Any]) -> int:
        """What was sold."""
        return 5

    @stream_stream
    async def talk(self, data: dict[str, Any], stream: Any) -> None:
        await asyncio.get_running_loop().create_future()


async def test_a_peer_is_asked_what_it_offers(shop: Hosted) -> None:
    async with client(shop, handler=Till()):
        await shop.done(AskPeer(conn=1))
        (described,) = shop.records.of(OperationsDescribed)
        assert [each["name"] for each in described.operations][-2:] == ["talk", "total"]


async def test_an_open_stream_tells_its_halves_and_its_credit_and_is_ended_with_an_error(
    shop: Hosted,
) -> None:
    async with client(shop, handler=Till(), limits=Limits(credit=3)) as protocol:
        await quoted(protocol)
        opened = await shop.ask(SendMessage(kind="bidirectional", operation="talk", conn=1))
        assert opened.opener is not None
        assert opened.number is not None
        where: dict[str, Any] = {"conn": 1, "opener": opened.opener, "number": opened.number}
        told = standing_of((await shop.ask(TellExchange(**where))).told, ExchangeStanding)
        assert told is not None
        assert (told.state, told.sends, told.sendable, told.receivable) == ("OPEN", True, 3, 256)
        await shop.done(SendItem(**where, data_json="1"))
        told = standing_of((await shop.ask(TellExchange(**where))).told, ExchangeStanding)
        assert told is not None
        assert (told.items_out, told.sendable) == (1, 2)
        await shop.done(AbortExchange(**where, code="application", message="enough"))
        assert (await shop.ask(TellExchange(**where))).told == ""
        frame = await shop.records.until_frame("out", "error", code="application")
        assert frame["data"]["error"] == "enough"


COUNTED = """from slipstream import ProtocolHandler, request_response, stream_stream

class Shop(ProtocolHandler):
    @request_response
    async def {name}(self, data):
        return 1

    @staticmethod
    @request_response
    def plain(data):
        return 2
"""


async def test_the_operations_of_a_handler_in_python_are_told_before_anybody_comes_and_as_they_are_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.py"
    path.write_text(COUNTED.format(name="quote"))
    with forgotten(monkeypatch):
        await _counts_operations(path)


async def _counts_operations(path: Path) -> None:
    source = ServerSource(ServerSpec(handler=str(path), port=0))
    await source.start(lambda _: None)
    try:

        def names() -> list[str]:
            return [each.operation for each in source._mocking.standing().rules]

        assert names() == ["plain", "quote"]
        async with connect(source.address) as peer:
            assert await peer.request_response({"operation": "plain"}) == 2
            for _ in range(2):
                with pytest.raises(RemoteError, match="no operation"):
                    await peer.request_response({"operation": "order"})
            (hole,) = source._mocking.standing().holes
            assert (hole.kind, hole.operation, hole.calls) == ("request", "order", 2)
            assert "There is no operation 'order' here" in hole.why
            replaced(path, COUNTED.format(name="order"))
            assert await source.perform(Reconnect()) == Done()
        assert names() == ["order", "plain"]
        standing = source._mocking.standing()
        assert [each.hits for each in standing.rules] == [0, 1]
        assert not standing.holes
    finally:
        await source.stop()


async def test_of_too_many_rules_those_are_told_that_were_called_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mock_standing, "MOST_TOLD", 3)
    path = tmp_path / "shop.toml"
    rules = [f'[[request]]\noperation = "op{number}"\nanswer = {number}\n' for number in range(6)]
    path.write_text("".join(rules))
    source = ServerSource(ServerSpec(handler=str(path), port=0))
    await source.start(lambda _: None)
    try:
        async with connect(source.address) as peer:
            for operation in ("op5", "op3", "op5"):
                await peer.request_response({"operation": operation})
        standing = source._mocking.standing()
        assert [rule.operation for rule in standing.rules] == ["op0", "op3", "op5"]
        assert (standing.calls, standing.errors, standing.more) == (3, 0, 3)
    finally:
        await source.stop()


@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
async def test_a_hole_is_filled_by_a_rule_behind_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    path = tmp_path / "shop.toml"
    before = f"[state]\nuser = 1\n{SHOP}".rstrip().replace("\n", breaks)
    path.write_bytes(before.encode())
    source = ServerSource(ServerSpec(handler=str(path), port=0))
    rules: list[tuple[Any, str, Any]] = [
        ("request", 'a "b"\n[x]', {"n": None, "t": "{{ data.n }}"}),
        ("stream", "feed", [1, {"x": 2}]),
        ("bidirectional", "talk", [{"send": 1}, {"wait": "1s"}]),
        ("oneway", "log", None),
        ("request", "quote", "{{ state.user }}"),
    ]
    for kind, operation, answer in rules:
        intent = AddRule(kind=kind, operation=operation, answer_json=json.dumps(answer))
        assert await source.perform(intent) == Done()
    written = path.read_bytes().decode()
    assert written.startswith(before)
    assert written.count("\r") == (written.count("\n") if breaks == "\r\n" else 0)
    mock = load_mock(path)
    assert [rule.answer.source for rule in mock.operations["quote"].rules] == [
        {"price": 7},
        "{{ state.user }}",
    ]
    assert mock.operations['a "b"\n[x]'].rules[0].answer.source == {"n": "{{ null }}", "t": "{{ data.n }}"}
    assert {"feed", "talk", "log"} <= set(mock.operations)


@pytest.mark.parametrize(
    ("kind", "operation", "answer", "told"),
    [
        ("stream", "quote", "[]", "There are rules for it as request: an operation is of one kind."),
        ("stream", "feed", "1", "A stream is answered with a list of items."),
        ("request", "a", '"{{ 1 + }}"', "answer: '1 +' is not finished."),
        ("bidirectional", "a", '[{"x": 1}]', "steps[0].x: there is no such key here: there is send,"),
        ("request", "slipstream.x", "1", "operation: names that begin with slipstream. are the protocol's"),
        ("request", "\ud800", "1", "It has half of a surrogate pair in it, which no file can hold."),
    ],
)
async def test_a_rule_that_will_not_do_is_not_written(
    shop: Hosted, kind: Any, operation: str, answer: str, told: str
) -> None:
    done = await shop.ask(AddRule(kind=kind, operation=operation, answer_json=answer))
    assert (done.error or "").startswith(told)
    assert shop.path.read_text() == SHOP


async def test_a_mock_that_cannot_have_a_rule_at_its_end_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text('request = [{ operation = "a", answer = 1 }]\n')
    source = ServerSource(ServerSpec(handler=str(path), port=0))
    done = await source.perform(AddRule(kind="request", operation="b"))
    assert done.error == "shop.toml cannot have one more [[request]] at its end: add it by hand."
    python = ServerSource(ServerSpec(port=0))
    assert "A handler in Python answers" in (
        (await python.perform(AddRule(kind="request", operation="b"))).error or ""
    )
