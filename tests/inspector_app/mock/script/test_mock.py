"""A mock at work, over real sockets: rules, counters, holes, memory, live edits, new versions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from inspector_app.mock.script import memory, mock, steps
from inspector_app.mock.script.memory import Memory, Variables
from inspector_app.mock.script.reading import MockFileError
from inspector_app.mock.script.running import Run
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.templates import template
from inspector_app.mock.script.values import ExpressionError
from slipstream import BiStreamHandle, Protocol, RemoteError
from tests.inspector_app.mock.script.hosting import Client, all_of, client, hosting, told
from tests.legacy_peer import legacy_client


def rule(operation: str, answer: str) -> str:
    return f'[[request]]\noperation = "{operation}"\nanswer = "{{{{ {answer} }}}}"\n'


TWO_RULES = """
[[request]]
operation = "a"
when = "data.n > 1"
answer = "many"

[[request]]
operation = "a"
match.n = 1
error = { code = "not_found", message = "none of {{ data.n }}", details = ["{{ data.n }}"] }
"""


async def test_each_rule_counts_its_calls_and_errors_and_keeps_the_last(tmp_path: Path) -> None:
    async with hosting(tmp_path, TWO_RULES) as hosted, client(hosted) as protocol:
        assert await told(protocol, "a", n=2) == "many"
        assert await told(protocol, "a", n=1) == ("not_found", "none of 1")
        assert await told(protocol, "a", n=3) == "many"
        many, none = hosted.mock.rules
        assert (many.hits, many.errors, many.line, many.last and many.last.ending) == (2, 0, 2, "ok")
        assert (none.hits, none.errors, none.last and none.last.text) == (1, 1, "none of 1")
        operation = hosted.mock.operations["a"]
        assert (operation.calls, operation.hits, operation.errors, operation.last) == (3, 3, 1, many.last)


async def test_an_error_has_its_code_and_details_on_the_wire(tmp_path: Path) -> None:
    async with hosting(tmp_path, TWO_RULES) as hosted, client(hosted) as protocol:
        with pytest.raises(RemoteError) as caught:
            await protocol.request_response({"operation": "a", "n": 1})
        assert (caught.value.code, caught.value.details) == ("not_found", [1])


async def test_a_call_that_nothing_fits_is_a_hole_that_is_told_once_without_what_it_says(
    tmp_path: Path,
) -> None:
    async with hosting(tmp_path, TWO_RULES) as hosted, client(hosted) as protocol:
        none_fits = "mock.toml has no answer to the request a: none of its 2 rules fits"
        for _ in range(3):
            assert await told(protocol, "a", n=0, password="hunter22") == ("not_found", none_fits)
        assert (await all_of(protocol, "a"))[-1] == (
            "wrong_kind",
            "mock.toml has no answer to the stream a: its rules are for the kind request",
        )
        assert (await told(protocol, "b"))[0] == "not_found"
        await protocol.fire_and_forget({"operation": "c"})
        chat = await protocol.stream_stream({"operation": "d"})
        with pytest.raises(RemoteError, match="no answer to the bidirectional d"):
            await chat.receive()
        holes = hosted.mock.holes
        assert [(hole.kind, hole.operation, hole.calls) for hole in holes.values()] == [
            ("request", "a", 3),
            ("stream", "a", 1),
            ("request", "b", 1),
            ("oneway", "c", 1),
            ("bidirectional", "d", 1),
        ]
        assert holes["request", "a"].data == {"n": 0, "password": "hunter22"}
        assert hosted.notes[0] == (
            "warning",
            f"{none_fits}. The data is an object with n, password: add a rule.",
        )
        assert len(hosted.notes) == 5
        assert "hunter22" not in str(hosted.notes)


async def test_whatever_a_peer_calls_there_are_so_many_holes_and_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mock, "MOST_HOLES", 30)
    async with hosting(tmp_path, TWO_RULES) as hosted, client(hosted) as protocol:
        for number in range(50):
            assert (await told(protocol, f"o{number}"))[0] == "not_found"
        assert len(hosted.mock.holes) == 30
        assert hosted.mock.unanswered == 50
        assert len(hosted.notes) <= 20 + 2


async def test_what_is_wrong_again_and_again_is_told_once(tmp_path: Path) -> None:
    text = '[[request]]\noperation = "a"\nanswer = "{{ data.name }}"\nnote = "asked"'
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        for _ in range(3):
            await told(protocol, "a")
        assert [level for level, _ in hosted.notes] == ["info", "problem", "info", "info"]


async def test_observers_hear_of_calls_and_of_new_versions(tmp_path: Path) -> None:
    async with hosting(tmp_path, TWO_RULES) as hosted, client(hosted) as protocol:
        heard: list[int] = []
        stop = hosted.mock.watch(lambda: heard.append(hosted.mock.operations["a"].hits))
        await told(protocol, "a", n=2)
        hosted.version(TWO_RULES)
        assert heard == [1, 0]
        stop()
        await told(protocol, "a", n=2)
        assert heard == [1, 0]


async def test_a_template_that_fails_is_an_error_with_its_place_and_a_problem_in_the_capture(
    tmp_path: Path,
) -> None:
    text = '[[request]]\noperation = "a"\nanswer = "{{ data.name }}"'
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        where = "mock.toml:3: request[0].answer: there is no data.name"
        assert await told(protocol, "a") == ("internal", where)
        assert hosted.notes == [("problem", f"{tmp_path}/{where}.")]
        (rule,) = hosted.mock.rules
        assert (rule.hits, rule.errors, rule.last and rule.last.text) == (1, 1, where)
        assert await told(protocol, "a", name="Ada") == "Ada"


async def test_a_condition_that_fails_is_told_too(tmp_path: Path) -> None:
    text = '[[request]]\noperation = "a"\nwhen = "1 / data.n > 0"\nanswer = 1'
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        assert await told(protocol, "a", n=0) == (
            "internal",
            "mock.toml:3: request[0].when: nothing can be divided by 0",
        )
        assert await told(protocol, "a", n=1) == 1


async def test_an_answer_can_be_replaced_while_the_mock_is_at_work(tmp_path: Path) -> None:
    text = (
        '[[request]]\noperation = "a"\nerror.message = "no"\n'
        '[[stream]]\noperation = "s"\nitem = 1\ncount = 2\n'
        '[[bidirectional]]\noperation = "c"\nsteps = []'
    )
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        one, items, chat = hosted.mock.rules
        assert await told(protocol, "a") == ("application", "no")
        one.replace_answer({"n": "{{ data.n }}", "null": None})
        items.replace_answer(["x", {"index": "{{ index }}"}])
        assert (one.edited, items.edited, one.answer.source) == (
            True,
            True,
            {"n": "{{ data.n }}", "null": None},
        )
        assert await told(protocol, "a", n=5) == {"n": 5, "null": None}
        assert await all_of(protocol, "s") == ["x", {"index": 1}]
        with pytest.raises(ValueError, match=r"^There is no function uper: did you mean upper\?$"):
            one.replace_answer("{{ uper(1) }}")
        with pytest.raises(ValueError, match="A stream is answered with a list of items"):
            items.replace_answer(1)
        with pytest.raises(ValueError, match="A stream is answered with a list of steps"):
            chat.replace_answer({})
        assert await told(protocol, "a", n=6) == {"n": 6, "null": None}


MEMORY = """
[state]
orders = []
[peer]
user = "nobody"

[[request]]
operation = "add"
set.state.orders = "{{ append(state.orders, peer.user) }}"
set.peer.user = "{{ data.user }}"
answer = ["{{ state.orders }}", "{{ peer.user }}", "{{ counter('c') }}"]
"""


async def test_a_new_version_keeps_what_it_still_declares_and_what_runs_ends_with_the_old(
    tmp_path: Path,
) -> None:
    text = (
        MEMORY + '[[bidirectional]]\noperation = "talk"\nsteps = [{ each = [{ send = "old {{ item }}" }] }]'
    )
    async with hosting(tmp_path, text) as hosted, client(hosted) as one, client(hosted) as two:
        assert await told(one, "add", user="Ada") == [["nobody"], "Ada", 1]
        assert await told(two, "add", user="Bo") == [["nobody", "nobody"], "Bo", 2]
        talk: BiStreamHandle = await one.stream_stream({"operation": "talk"})
        await talk.send(1)
        assert await talk.receive() == "old 1"
        hosted.version(
            text.replace('send = "old', 'send = "new').replace("orders = []", "orders = []\nmore = 7")
        )
        await talk.send(2)
        assert await talk.receive() == "old 2"
        assert await told(one, "add", user="Ann") == [["nobody", "nobody", "Ada"], "Ann", 3]
        assert await told(two, "add", user="Ben") == [["nobody", "nobody", "Ada", "Bo"], "Ben", 4]
        async with await two.stream_stream({"operation": "talk"}) as fresh:
            await fresh.send(3)
            assert await fresh.receive() == "new 3"
        hosted.version("")
        assert hosted.mock.memory.state.values == {}
        hosted.version(MEMORY)
        assert await told(one, "add", user="Ada") == [["nobody"], "Ada", 5]


async def test_variables_take_up_so_much_room_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LARGEST_PEER", 100)
    text = (
        '[peer]\na = ""\n[[request]]\noperation = "put"\nset.peer.a = "{{ peer.a + data.text }}"\nanswer = 1'
    )
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        assert await told(protocol, "put", text="x" * 60) == 1
        assert await told(protocol, "put", text="x" * 60) == (
            "internal",
            "mock.toml:5: request[0].set.peer.a: the variables get larger than 100 characters",
        )


def test_a_variable_that_is_declared_no_more_is_not_kept() -> None:
    variables = Variables({"a": 1, "b": 2}, 100)
    variables.declare({"b": 9, "c": 3})
    variables.set("a", 5)
    assert variables.values == {"b": 2, "c": 3}
    with pytest.raises(ExpressionError):
        variables.set("c", "x" * 200)


async def test_the_same_seed_makes_up_the_same_however_peers_take_turns(tmp_path: Path) -> None:
    text = rule("a", "fake.name") + rule("b", "fake.uuid")
    made: list[list[Any]] = []
    for seed, order in ((7, "abab"), (7, "aabb"), (8, "abab")):
        async with hosting(tmp_path, text, seed) as hosted, client(hosted) as one, client(hosted) as two:
            answers = [(each, await told(one if at % 2 else two, each)) for at, each in enumerate(order)]
            made.append(sorted(answers, key=lambda answer: answer[0]))
    assert made[0] == made[1]
    assert made[0] != made[2]


async def test_without_a_seed_one_is_chosen_told_once_and_kept_through_new_versions(tmp_path: Path) -> None:
    async with hosting(tmp_path, MEMORY, None) as hosted:
        seed = hosted.mock.seed
        hosted.version(MEMORY)
        assert hosted.mock.seed == seed
        assert hosted.notes == [
            ("info", f"What is made up comes from the seed {seed}: --seed {seed} repeats it.")
        ]
        hosted.version("seed = 5\n" + MEMORY)
        assert hosted.mock.seed == 5


async def test_messages_of_the_mocks_own_reach_whom_they_are_for(tmp_path: Path) -> None:
    text = """
[[request]]
operation = "say"
answer = "ok"
push = [
  { operation = "pushed", to = "others", data.text = "{{ data.text }}" },
  { operation = "ask", kind = "request", after = "1ms" },
  { operation = "unknown", kind = "request" },
]
"""
    mine, other, third = Client(), Client(), Client()
    async with (
        hosting(tmp_path, text) as hosted,
        client(hosted, mine) as one,
        client(hosted, other) as two,
        client(hosted, third) as three,
    ):
        for each in (two, three):
            await told(each, "nothing")  # they are there for sure
        assert await told(one, "say", text="hi") == "ok"
        for heard in (other.heard, third.heard):
            assert await heard.get() == {"operation": "pushed", "text": "hi"}
        assert await mine.heard.get() == {"operation": "ask"}
        assert mine.heard.empty()


async def test_so_many_messages_wait_at_most_and_none_is_sent_after_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST_PUSHES", 2)
    text = '[[request]]\noperation = "a"\nanswer = 1\npush = [{ operation = "pushed", after = "1h" }]'
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        for _ in range(3):
            await told(protocol, "a")
        assert hosted.notes == [("warning", "pushed was not sent: too many messages wait.")]
        await hosted.mock.end()
        assert hosted.mock.memory.push(asyncio.Event().wait)  # type: ignore[arg-type]  # anything that waits
        await hosted.mock.end()


TALK = """
[[bidirectional]]
operation = "talk"
steps = [
  { expect = { a = 1 }, within = "20ms" },
  { set.state.seen = "{{ item.b }}" },
  { send = "{{ state.seen }}", repeat = "{{ data.n }}" },
  { each = [
    { match = 1, send = "one", push = [{ operation = "pushed", data.index = "{{ index }}" }] },
    { match = 2, end = true },
    { match = 3, error = { code = "overloaded", message = "three" } },
  ], within = "5s" },
  { wait = "1ms", jitter = "1ms" },
  { end = true },
  { send = "never" },
]
[state]
seen = 0
"""


async def test_a_talk_goes_step_by_step(tmp_path: Path) -> None:
    listening = Client()
    async with hosting(tmp_path, TALK) as hosted, client(hosted, listening) as protocol:
        async with await protocol.stream_stream({"operation": "talk", "n": 2}) as talk:
            await talk.send({"a": 1, "b": "x"})
            assert [await talk.receive(), await talk.receive()] == ["x", "x"]
            for item in (1, 7, 1, 2):
                await talk.send(item)
            assert [item async for item in talk] == ["one", "one"]
        assert [(await listening.heard.get())["index"] for _ in range(2)] == [0, 2]
        assert hosted.notes == [
            ("warning", "mock.toml:8: bidirectional[0].steps[3]: no reply fits a number: add one.")
        ]
        (rule,) = hosted.mock.rules
        assert (rule.hits, rule.errors, rule.last and rule.last.ending) == (1, 0, "ok")


FIRST = "mock.toml:5: bidirectional[0].steps[0]"


@pytest.mark.parametrize(
    ("sent", "code", "told_"),
    [
        (
            [{"a": 2, "password": "hunter22"}],
            "invalid_request",
            f"{FIRST}: another item was expected than an object with a, password",
        ),
        ([], "deadline_exceeded", f"{FIRST}: no item came within 0.02 s"),
        (
            [None],
            "invalid_request",
            f"{FIRST}: an item was expected, and the stream has ended",
        ),
        ([{"a": 1, "b": 1}, 3], "overloaded", "three"),
    ],
)
async def test_a_talk_that_goes_wrong_ends_with_an_error_that_says_where(
    tmp_path: Path, sent: list[Any], code: str, told_: str
) -> None:
    async with hosting(tmp_path, TALK) as hosted, client(hosted) as protocol:
        talk = await protocol.stream_stream({"operation": "talk", "n": 0})
        for item in sent:
            await (talk.send(item) if item is not None else talk.aclose())
        with pytest.raises(RemoteError) as caught:
            await talk.receive()
        assert (caught.value.code, caught.value.message) == (code, told_)
        (rule,) = hosted.mock.rules
        assert (rule.errors, rule.last and rule.last.text) == (1, told_)


async def test_a_stream_that_nobody_wants_any_more_is_ended_and_counted_so(tmp_path: Path) -> None:
    text = '[[stream]]\noperation = "s"\nitem = "{{ index }}"\ncount = "forever"\nevery = "1ms"'
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        async with await protocol.request_stream({"operation": "s"}) as items:
            async for item in items:
                if item == 2:
                    break
        (rule,) = hosted.mock.rules
        ended = asyncio.Event()
        hosted.mock.watch(lambda: ended.set() if rule.last else None)
        if rule.last is None:
            await ended.wait()
        assert rule.last is not None
        assert (rule.last.ending, rule.errors) == ("cancelled", 0)


async def test_a_long_stream_that_is_taken_at_once_lets_others_have_their_turn() -> None:
    fixed = template("x", (), {}, lambda *_: None)
    run = Run(protocol=None, scope=Scope(), memory=Memory(), note=print, place=str)  # type: ignore[arg-type]  # needs none
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    assert len([item async for item in steps.Items(items=[fixed], rounds=1000).items_of(run)]) == 1000
    beside.cancel()
    assert 10 <= turns <= 20


async def test_how_many_items_a_template_asks_for_must_be_a_number(tmp_path: Path) -> None:
    text = '[[stream]]\noperation = "s"\nitem = 1\ncount = "{{ data.n }}"'
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        assert await all_of(protocol, "s", n=2) == [1, 1]
        for wrong in ("x", -1, 2_000_000, True, 1.5):
            assert await all_of(protocol, "s", n=wrong) == [
                ("internal", "mock.toml:4: stream[0].count: this must give a whole number up to 1,000,000")
            ]


async def test_files_of_answers_are_read_once_and_followed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "big.json").write_text('{"a": [1, "{{ data.n }}"]}')
    (tmp_path / "items.jsonl").write_text('1\n\n"x"\n')
    text = (
        '[[request]]\noperation = "a"\nanswer_file = "sub/big.json"\n'
        '[[stream]]\noperation = "s"\nitems_file = "items.jsonl"\nrepeat = 2'
    )
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        assert await told(protocol, "a") == {"a": [1, "{{ data.n }}"]}
        assert await all_of(protocol, "s") == [1, "x", 1, "x"]
        assert hosted.mock.files == {
            tmp_path / "mock.toml",
            tmp_path / "sub" / "big.json",
            tmp_path / "items.jsonl",
        }


async def test_a_legacy_peer_is_answered_in_every_kind(tmp_path: Path) -> None:
    text = (
        MEMORY
        + TALK.replace("[state]\nseen = 0\n", "").replace("state.seen", "peer.user")
        + """
[[stream]]
operation = "s"
items = [1, "{{ index }}"]
[[oneway]]
operation = "note"
push = [{ operation = "pushed", data.n = "{{ data.n }}" }]
"""
    )
    async with hosting(tmp_path, text) as hosted, legacy_client(hosted.server.url) as peer:
        assert await peer.request_response({"operation": "add", "user": "Ada"}) == [["nobody"], "Ada", 1]
        assert [item async for item in await peer.request_stream({"operation": "s"})] == [1, 1]
        talk = await peer.stream_stream({"operation": "talk", "n": 1})
        await talk.send({"a": 1, "b": "x"})
        await talk.send(1)
        await talk.send(2)
        assert [item async for item in talk] == ["x", "one"]
        await peer.fire_and_forget({"operation": "note", "n": 3})
        await peer.until(lambda: any(frame["data"] == {"operation": "pushed", "n": 3} for frame in peer.got))


async def test_null_can_be_asked_for_and_the_name_of_the_operation_is_no_data(tmp_path: Path) -> None:
    text = (
        '[[request]]\noperation = "a"\nwhen = "length(data) == 0"\nanswer = "nothing"\n'
        '[[request]]\noperation = "a"\nmatch = { n = ["{{ null }}", "{{ data }}"] }\nanswer = "{{ data }}"\n'
    )
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        assert await told(protocol, "a") == "nothing"
        assert await told(protocol, "a", n=[None, "{{ data }}"]) == {"n": [None, "{{ data }}"]}
        assert (await told(protocol, "a", n=["{{ null }}", "{{ data }}"]))[0] == "not_found"


async def test_names_of_operations_may_be_anything(tmp_path: Path) -> None:
    names = ["__init__", "protocol", "a b", "order.create", "operations", "é"]
    text = "".join(f'[[request]]\noperation = "{name}"\nanswer = "{name}!"\n' for name in names)
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        assert [await told(protocol, name) for name in names] == [f"{name}!" for name in names]


async def test_peers_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    async with hosting(tmp_path, MEMORY) as hosted:
        async with client(hosted) as protocol:
            await told(protocol, "add", user="x")
            assert len(hosted.mock.memory.peers()) == 1
            (there,) = hosted.server.protocols
        await there.wait_closed()
        assert hosted.mock.memory.peers() == []


def test_faults_stand_in_the_same_file_and_are_checked_like_it(tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text('[[fault]]\ndo = "delay"\nby = "200ms"\noperation = "a"')
    (fault,) = mock.load_mock(path).faults
    assert (fault.do, fault.by, fault.operation) == ("delay", 0.2, "a")
    path.write_text('[[fault]]\ndo = "lose"\nevry = 2')
    with pytest.raises(MockFileError, match=r"mock\.toml:3: fault\[0\]\.evry: .* did you mean every\?$"):
        mock.load_mock(path)


def test_counters_go_on_from_where_they_were() -> None:
    remembered = Memory()
    assert [remembered.counter("a", 5), remembered.counter("a", 1), remembered.counter("b", 1)] == [5, 6, 1]


async def test_a_message_that_cannot_be_written_is_noted(tmp_path: Path) -> None:
    text = """
[state]
deep = []
[[request]]
operation = "deepen"
set.state.deep = "{{ [state.deep] }}"
answer = 1
[[request]]
operation = "tell"
answer = 1
push = [{ operation = "pushed", data.deep = "{{ state.deep }}" }]
"""
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        for _ in range(220):
            await told(protocol, "deepen")
        noted = asyncio.Event()

        def note(level: str, text: str, _: Protocol | None) -> None:
            hosted.notes.append((level, text))
            noted.set()

        hosted.mock.notes_to(note)
        await told(protocol, "tell")
        await noted.wait()
        ((level, said),) = hosted.notes
        assert level == "problem"
        assert said.startswith("pushed was not sent: ")


async def test_a_version_that_is_not_at_work_yet_changes_nothing(tmp_path: Path) -> None:
    text = '[state]\nn = 1\n[[request]]\noperation = "n"\nanswer = "{{ state.n }}"\n'
    async with hosting(tmp_path, text) as hosted, client(hosted) as protocol:
        hosted.path.write_text('[[request]]\noperation = "n"\nanswer = 2\n')
        hosted.mock.again()
        assert await told(protocol, "n") == 1
