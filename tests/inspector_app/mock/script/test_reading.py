"""Mock files with something wrong in them: each thing is told with file, line and key, and what to do."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.mock.load import HandlerFileError
from inspector_app.mock.script import answer_files, reading
from inspector_app.mock.script.mock import load_mock
from inspector_app.mock.script.reading import MOST_TOLD, MockFileError

DURATION = 'write a number with a unit (ns, us, ms, s, m, min, h, d), such as "200ms"'
RENAME = "an operation is of one kind, so rename one"
NO_DATE = "3: request[0].{}: JSON has no dates and times: put it in quotation marks."
ACTIONS = "use one of send, wait, expect, each, error, end, set, note, push"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("mock.toml")


def refused(path: Path, text: str | bytes) -> list[str]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MockFileError) as caught:
        load_mock(path)
    assert isinstance(caught.value, HandlerFileError)
    assert str(caught.value).splitlines() == list(caught.value.problems)
    assert all(each.endswith((".", "?")) for each in caught.value.problems)
    return [each.removeprefix("mock.toml:") for each in caught.value.problems]


def rule(lines: str, kind: str = "request") -> str:
    return f'[[{kind}]]\noperation = "a"\n{lines}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = = 1", "1: this is not TOML: invalid value."),
        ("a = 1\n\nb = [1,\n", "3: this is not TOML: invalid value."),
        ("a = 1\na = 2", "2: this is not TOML: cannot overwrite a value."),
        (b"a = 1\nb = '\xff'", "2: this is not UTF-8: save it as UTF-8."),
        ("a = " + "[" * 2000, "1: this is nested too deeply: write it in a simpler way."),
        ("reqest = 1", "1: reqest: there is no such key here: did you mean request?"),
        ("seed = 1.5", "1: seed: this must be a whole number."),
        ("seed = true", "1: seed: this must be a whole number."),
        ("state = 1", "1: state: this must be a table."),
        ("[request]\noperation = 'a'", "1: request: this must be a list of tables: write [[request]]."),
        ("request = [1]", "1: request[0]: this must be a list of tables: write [[request]]."),
        ("[[request]]\nanswer = 1", "1: request[0].operation: this key is missing: add it."),
        ("[[request]]\noperation = ''\nanswer = 1", "2: request[0].operation: this must not be empty."),
        (
            "[[request]]\noperation = 1\nanswer = 1",
            "2: request[0].operation: this must be a text in quotation marks.",
        ),
        (
            rule("delay = 5\nanswer = 1"),
            f"3: request[0].delay: this is no duration: {DURATION}.",
        ),
        (rule("delay = '8d'\nanswer = 1"), "3: request[0].delay: a duration is from 0 to 7 days."),
        (rule("times = 0\nanswer = 1"), "3: request[0].times: input should be greater than or equal to 1."),
        (rule("match = 1\nanswer = 1"), "3: request[0].match: this must be a table, such as { id = 7 }."),
        (rule(""), "1: request[0]: there is no answer here: give answer, answer_file or error."),
        (
            rule("answer = 1\nerror.message = 'x'"),
            "1: request[0]: answer and error exclude each other: keep one of them.",
        ),
        (rule("error.code = 'x'"), "3: request[0].error.message: this key is missing: add it."),
        (rule("answer = 1\ndeprecated = 1"), "4: request[0].deprecated: this must be true or false."),
        (
            rule("answer = 1\npush = [{ operation = 'x', to = 'them' }]"),
            '4: request[0].push[0].to: this must be one of "caller", "others" or "all".',
        ),
        (
            rule("answer = 1\npush = { operation = 'x' }"),
            "4: request[0].push: this must be a list, in brackets.",
        ),
        (rule("item = 1", "stream"), "1: stream[0]: item needs to know how many: give count."),
        (rule("items = [1]\ncount = 1", "stream"), "1: stream[0]: count goes with item."),
        (
            rule("item = 1\ncount = 1\nrepeat = 2", "stream"),
            "1: stream[0]: repeat goes with items or items_file.",
        ),
        (
            rule("item = 1\ncount = 'many'", "stream"),
            '4: stream[0].count: this must be a whole number up to 1,000,000, a template or "forever".',
        ),
        (
            rule("item = 1\ncount = 'forever'", "stream"),
            "1: stream[0]: a stream that goes on for ever needs a time between items: give every.",
        ),
        (
            rule("steps = [{ expect = 1 }]", "stream"),
            "1: stream[0]: nothing comes in on a stream: expect is for bidirectional ones.",
        ),
        (
            rule("every = '1s'\nsteps = [{ send = 1 }]", "stream"),
            "1: stream[0]: steps have their own waits and errors: write them as steps.",
        ),
        (rule("", "bidirectional"), "1: bidirectional[0].steps: this key is missing: add it."),
        (
            rule("steps = [\n{ send = 1 },\n{ wait = '1s', send = 1 },\n]", "bidirectional"),
            f"5: bidirectional[0].steps[1]: a step does one thing, and this does send and wait: {ACTIONS}.",
        ),
        (
            rule("steps = [{ wait = '1s', every = '1s' }]", "bidirectional"),
            "3: bidirectional[0].steps[0]: every goes with send, not with wait.",
        ),
        (
            rule("steps = [{ send = 1, repeat = 'forever' }]", "bidirectional"),
            "3: bidirectional[0].steps[0]: what is sent for ever needs a time between items: give every.",
        ),
        (
            rule("steps = [{ each = [{ end = true, error.message = 'x' }] }]", "bidirectional"),
            "3: bidirectional[0].steps[0].each[0]: error and end exclude each other: keep one of them.",
        ),
        (rule("answer = 1", "oneway"), "3: oneway[0].answer: there is no such key here: there is"),
        (rule("answer = '{{ data.x'"), "3: request[0].answer: a {{ has no }} behind it."),
        (
            rule("answer = { a = ['{{ uper(1) }}'] }"),
            "3: request[0].answer.a[0]: there is no function uper: did you mean upper?",
        ),
        (
            rule("answer = '{{ item }}'"),
            "3: request[0].answer: there is no item here: there is data, call, state and peer.",
        ),
        (rule("when = '1 +'\nanswer = 1"), "3: request[0].when: '1 +' is not finished."),
        (
            "[state]\norders = 1\n" + rule("answer = '{{ state.ordrs }}'"),
            "5: request[0].answer: there is no state.ordrs: did you mean orders?",
        ),
        (
            rule("answer = 1\nset.peer.user = 'x'"),
            "4: request[0].set.peer.user: there is no such variable: declare user in [peer].",
        ),
        (
            rule("answer = 1") + "\n[[stream]]\noperation = 'a'\nitems = []",
            f"5: stream[0].operation: a is a rule for request too: {RENAME}.",
        ),
        (
            "[[request]]\noperation = 'slipstream.ping'\nanswer = 1",
            "2: request[0].operation: names that begin with slipstream. are the protocol's own.",
        ),
        (
            "[peer]\na = '" + "x" * 1_000_001 + "'",
            "1: peer: the variables are larger than 1,000,000 characters.",
        ),
        (rule("answer = { at = 2026-11-22 }"), NO_DATE.format("answer.at")),
        (rule("answer = [2026-11-22T10:00:00Z]"), NO_DATE.format("answer[0]")),
        (rule("answer = 10:00:00"), NO_DATE.format("answer")),
        (rule("answer = nan"), "3: request[0].answer: JSON has no such number: write it as a text."),
        (
            rule("answer_file = 'none.json'"),
            "3: request[0].answer_file: none.json cannot be read: No such file or directory.",
        ),
        (
            rule("answer_file = 'mock.toml'"),
            "3: request[0].answer_file: mock.toml is no JSON: Expecting value: line 1 column 3 (char 2).",
        ),
    ],
)
def test_it_is_told(path: Path, text: str | bytes, told: str) -> None:
    (problem,) = refused(path, text)
    assert problem == told or (told.endswith("there is") and problem.startswith(told))


def test_several_things_are_told_in_their_order_up_to_ten(path: Path) -> None:
    wrong = "".join(f"[[request]]\noperation = 'o{at}'\nanswr = 1\nanswer = 1\n" for at in range(14))
    told = refused(path, wrong)
    assert len(told) == MOST_TOLD + 1
    assert [each.partition(":")[0] for each in told[:MOST_TOLD]] == [
        str(3 + 4 * at) for at in range(MOST_TOLD)
    ]
    path.write_text(wrong)
    with pytest.raises(MockFileError) as caught:
        load_mock(path)
    assert caught.value.problems[-1] == "There are 4 more problems behind these."


def test_what_is_wrong_in_templates_is_told_all_at_once_too(path: Path) -> None:
    told = refused(path, rule("answer = ['{{ a }}', '{{ b }}']\nnote = '{{'"))
    assert [each.partition(":")[2].partition(":")[0] for each in told] == [
        " request[0].answer[0]",
        " request[0].answer[1]",
        " request[0].note",
    ]


def test_a_file_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(MockFileError, match=r"There is no file mock\.toml: check the path of the mock\."):
        load_mock(path)
    path.mkdir()
    with pytest.raises(MockFileError, match=r"mock\.toml cannot be read \(Is a directory\)"):
        load_mock(path)


def test_a_file_that_is_too_large_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_FILE_BYTES", 10)
    path.write_text("# 4567890x")
    assert load_mock(path).operations == {}
    path.write_text("# 4567890xy")
    with pytest.raises(MockFileError, match="is larger than 8 MB"):
        load_mock(path)


@pytest.mark.parametrize(
    "name", ["../secret.json", "/etc/hostname", "link.json", "inner/../../secret.json", "up"]
)
def test_no_file_outside_of_the_mocks_folder_is_read(path: Path, tmp_path: Path, name: str) -> None:
    inner = tmp_path / "mocks"
    inner.mkdir()
    (tmp_path / "secret.json").write_text("1")
    (inner / "link.json").symlink_to(tmp_path / "secret.json")
    (inner / "up").symlink_to(tmp_path)
    wanted = f"{name}/secret.json" if name == "up" else name
    answer = f"[[request]]\noperation = 'a'\nanswer_file = {wanted!r}\n"
    items = f"[[stream]]\noperation = 's'\nitems_file = {wanted!r}\n"
    (inner / "mock.toml").write_text(answer + items)
    with pytest.raises(MockFileError) as caught:
        load_mock(inner / "mock.toml")
    outside = f"{wanted} is outside of the mock's folder, from which alone files are read."
    assert [each.rpartition("_file: ")[2] for each in caught.value.problems] == [outside, outside]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", "{}", "a.json is no list of items: write a JSON list, or name a .jsonl file."),
        ("a.jsonl", "1\n{", "a.jsonl is no JSON: Expecting property name"),
        ("a.json", "[NaN]", "a.json is no JSON: NaN is no value of JSON."),
        ("a.json", "[1e999]", "a.json is no JSON: 1e999 is no value of JSON."),
        ("a.json", "[" * 100_000, "a.json is no JSON: maximum recursion depth exceeded"),
    ],
)
def test_a_file_of_items_that_is_none_is_told(path: Path, name: str, content: str, told: str) -> None:
    (path.absolute().parent / name).write_text(content)
    (problem,) = refused(path, rule(f"items_file = '{name}'", "stream"))
    assert problem.partition("items_file: ")[2].startswith(told)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path.with_name("a.json"))
    (problem,) = refused(path, rule("answer_file = 'a.json'"))
    assert problem.endswith("a.json is no file that can be read: name a plain one.")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(MockFileError, match=r"mock\.toml is no file that can be read: name a plain one"):
        load_mock(path)


def test_a_file_of_answers_that_is_too_large_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_files, "LARGEST_BYTES", 10)
    (path.absolute().parent / "a.json").write_text("'" * 11)
    (problem,) = refused(path, rule("answer_file = 'a.json'"))
    assert "a.json is larger than" in problem


PAGE = (Path(__file__).parents[4] / "docs" / "mock.md").read_text(encoding="utf-8")
MOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


NEW = ["", "{{", "}}", "=", "[", "]", '"', "1", "\n", "x", "[[request]]\n", "1979-05-27", "nan"]


@given(st.sampled_from(MOCKS), st.data())
def test_whatever_is_changed_in_a_mock_it_is_one_or_told_in_sentences(mock: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(mock)))
    gone = data.draw(st.integers(0, 12))
    new = data.draw(
        st.sampled_from(["", "{{", "}}", "=", "[", "]", '"', "1", "\n", "x", "[[request]]\n", "1979-05-27"])
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "mock.toml")
        path.write_text(mock[:at] + new + mock[at + gone :], encoding="utf-8")
        try:
            load_mock(path)
        except MockFileError as error:
            problems = error.problems
            assert all(each.startswith((str(path), "There are ")) for each in problems)
            assert all(each.endswith((".", "?")) and each.isprintable() for each in problems)


def test_a_file_may_begin_with_a_byte_order_mark(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf[[request]]\noperation = "a"\nanswer = 1\n')
    assert list(load_mock(path).operations) == ["a"]


def test_keys_within_each_other_without_end_are_told(path: Path) -> None:
    assert refused(path, f"{'a.' * 3000}b = 1") == [
        "1: this is nested too deeply: write it in a simpler way."
    ]
