"""Filters carried out by SQLite find what the same filters mean in plain Python, over generated captures."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inspector_app.capture.filter import only, parse_filter, path_field, where
from tests.inspector_app.capture.filter.reference import fits
from tests.inspector_app.capture.filter.worlds import MS, NOW_NS, S, World, message

WORDS = st.sampled_from(
    [
        "a",
        "A",
        "ab",
        "a.b",
        "42",
        "0",
        "true",
        "null",
        "4.5",
        "é",
        "a b",
        'q"',
        "\\",
        "%",
        "_",
        "*",
        "[a]",
        "\0",
        "or",
    ]
)
NUMBERS = st.sampled_from([0, 1, -1, 42, 4.5, 2**63 - 1, 2**70, 1e300, -0.0])
VALUES = st.recursive(
    st.one_of(WORDS, NUMBERS, st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "é", 'q"']), inner, max_size=3),
    ),
    max_leaves=6,
)
RAWS: st.SearchStrategy[str | bytes] = st.one_of(
    st.builds(message, VALUES, ascii_only=st.booleans()),
    st.builds(message, VALUES).map(str.encode),
)
ODD_RAWS: st.SearchStrategy[str | bytes] = st.one_of(
    WORDS, st.text(max_size=6), st.sampled_from(['{"data":', '{"data":NaN}', "x\0ab", '{"data":"\ud800 ab"}'])
)
TYPES = ["request", "response", "stream_data", "error"]
NAMES = st.one_of(st.none(), WORDS)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World(peers=draw(st.dictionaries(st.integers(1, 2), st.one_of(st.none(), WORDS))))
    for number in range(1, 4):
        world.exchange(
            number,
            outcome=draw(st.sampled_from(["pending", "ok", "error", "timeout"])),
            kind=draw(st.sampled_from(["request_response", "request_stream", "stream_stream"])),
            state=draw(st.sampled_from(["OPEN", "HALF_CLOSED_REMOTE", "CLOSED"])),
            code=draw(NAMES),
            mine=draw(st.integers(0, 1)),
            items_in=draw(st.integers(0, 1)),
            items_out=draw(st.integers(0, 1)),
        )
    for seq in range(1, draw(st.integers(1, 6)) + 1):
        is_frame = draw(st.integers(0, 4)) > 0
        rule = draw(st.one_of(st.none(), WORDS))
        world.frame(
            raw=draw(RAWS if is_frame else ODD_RAWS),
            type=draw(st.sampled_from(TYPES)) if is_frame else None,
            operation=draw(NAMES),
            direction=draw(st.sampled_from(["in", "out"])),
            conn=draw(st.integers(1, 2)),
            number=draw(st.one_of(st.none(), st.integers(0, 2))),
            exchange=draw(st.one_of(st.none(), st.integers(1, 3))),
            size_bytes=draw(st.sampled_from([0, 999, 1000, 1024])),
            latency_ns=draw(st.one_of(st.none(), st.sampled_from([0, 200 * MS, S]))),
            time_ns=NOW_NS - draw(st.integers(0, 4)) * S,
            findings=0 if rule is None else 1,
        )
        if rule is not None:
            world.findings.append((seq, rule))
        if draw(st.booleans()):
            world.marks[seq] = draw(st.sampled_from(["", "a", "AB é"]))
    return world


def _quoted(text: str) -> str:
    return json.dumps(text)


_BARE = st.sampled_from(
    ["a", "A", "ab", "a*", "*b", "?", "*", "42", "0", "1", "4*", "true", "null", "é", "a.b", "-1"]
)
_TEXTS = st.one_of(_BARE, WORDS.map(_quoted), WORDS.map(lambda word: _quoted(word) + "*"), st.just("/a.?b/i"))
_PATHS = st.lists(st.sampled_from([".a", ".b", ".é", '."q\\""', "[0]", "[-1]", "[*]"]), max_size=2).map(
    "".join
)
_SIGNS = st.sampled_from(["", ">", ">=", "<", "<="])
TERMS = st.one_of(
    st.sampled_from(["type:", "after:", "before:"]).flatmap(
        lambda field: st.sampled_from(["request", "stream_data", "error", "invalid"]).map(
            lambda name: f"{field}{name}" + ("" if field == "type:" else " within:1s")
        )
    ),
    st.sampled_from(
        ["type:stream_*", "type:*", "dir:in", "dir:out", "unanswered", "answered", "marked", "note"]
    ),
    st.tuples(st.sampled_from(["op:", "code:", "peer:", "finding:"]), _TEXTS).map("".join),
    st.tuples(
        st.sampled_from(["note:", "text:", ""]),
        st.one_of(WORDS.map(_quoted), st.sampled_from(["ab", "A", "é", "b\\"])),
    ).map("".join),
    st.sampled_from(
        ["status:pending", "status:error", "kind:stream", "kind:request", "state:closed", "state:half_*"]
    ),
    st.tuples(st.just("size:"), _SIGNS, st.sampled_from(["999", "1kb", "1kib"])).map("".join),
    st.tuples(
        st.sampled_from(["latency:", "answered:", "age:"]),
        _SIGNS,
        st.sampled_from(["0s", "200ms", "1s", "2s"]),
    ).map("".join),
    st.tuples(
        st.sampled_from(["conn:", "number:", "seq:", "exchange:"]), _SIGNS, st.sampled_from(["1", "2"])
    ).map("".join),
    st.tuples(st.just("data"), _PATHS, st.just(":"), _TEXTS).map("".join),
    st.tuples(
        st.just("data"), _PATHS, st.just(":"), _SIGNS, st.sampled_from(["0", "42", "4.5", "-1..42"])
    ).map(
        lambda parts: "".join(
            part for part in parts if part not in {">", ">=", "<", "<="} or ".." not in parts[-1]
        )
    ),
)
FILTERS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map(lambda part: f"-({part})"),
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
    ),
    max_leaves=4,
)


_SLOWLY = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=100
)


@_SLOWLY
@given(worlds(), FILTERS)
def test_sqlite_finds_what_a_filter_means(world: World, source: str) -> None:
    made = parse_filter(source)
    assert world.fit(made) == fits(made, world, NOW_NS)


@pytest.mark.proof
@pytest.mark.timeout(600)
@settings(_SLOWLY, max_examples=4000)
@given(worlds(), FILTERS)
def test_sqlite_finds_what_many_filters_mean(world: World, source: str) -> None:
    made = parse_filter(source)
    assert world.fit(made) == fits(made, world, NOW_NS)


@pytest.mark.parametrize(
    ("source", "seqs"),
    [
        ("op:?", [1]),
        ("op:a?b", [2, 3]),
        ("op:a*", [2, 3, 4]),
        ("op:a?", []),
        ("op:*b", [2, 3]),
        ("op:?*?c", [4]),
    ],
)
def test_a_glob_looks_behind_a_nul_in_a_name(source: str, seqs: list[int]) -> None:
    world = World()
    for name in ("\x00", "a\x00b", "axb", "a\x00\ud800c"):
        world.frame(operation=name)
    assert world.fit(source) == fits(parse_filter(source), world, NOW_NS) == seqs


# -- only this, not this -------------------------------------------------------------------------------------

HOSTILE = st.one_of(
    st.text(max_size=12),
    st.text(alphabet='"\\()*?/<>=-:#. \t\nor\x00\x1b\u202e\ud800', max_size=12),
    st.sampled_from(
        ["", "or", "not", "*", "-x", "1..2", ">1", "/a/i", "null", "true", "42", "1e5", '"', "\\", "x" * 5000]
    ),
)
FIELDS_OF_TEXT = {"type": "type", "op": "operation", "code": "code", "finding": "rule", "peer": "peer"}


@given(st.sampled_from(sorted(FIELDS_OF_TEXT)), HOSTILE, st.booleans())
def test_only_this_finds_the_row_that_the_value_came_from(field: str, value: str, negate: bool) -> None:
    world = World(peers={1: value}).exchange(1, code=value)
    world.frame(exchange=1, type=value, operation=value, findings=1, raw="x")
    world.findings.append((1, value))
    term = only(field, value, negate=negate)
    assert term.isprintable()
    assert world.fit(term) == ([] if negate else [1])
    assert world.fit(f"{term} {term}") == ([] if negate else [1])


@given(st.lists(st.one_of(HOSTILE.filter(lambda key: len(key) < 50), st.integers(0, 1)), max_size=3), HOSTILE)
@example([], "0..0")
@example(["[q]"], "[z]")
@example(["*?"], "x")
def test_only_this_finds_the_payload_that_a_value_came_from(path: list[str | int], value: str) -> None:
    data: object = value
    for key in reversed(path):
        data = {key: data} if isinstance(key, str) else [0] * key + [data]
    world = World().frame(data=data).frame(raw=message(data, ascii_only=True)).frame(data={"other": 1})
    assert world.fit(only(path_field(*path), value)) == [1, 2]


@given(
    st.one_of(
        NUMBERS, st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_only_this_finds_the_payload_that_a_number_or_constant_came_from(value: float | None) -> None:
    told = json.dumps(value)
    assert World().frame(data={"a": value}).frame(data={"a": "other"}).fit(only("data.a", told)) == [1]


@given(HOSTILE)
def test_only_this_finds_the_message_that_a_text_came_from(value: str) -> None:
    world = World().frame(data=value).frame(raw=message(value, ascii_only=True)).frame(raw=value, type=None)
    assert world.fit(only("text", value)) == [1, 2, 3]


@given(st.text(alphabet="abAB'\";-)( %_*[\\\x00", max_size=20))
@example("'; DROP TABLE frames; --")
@example("%' OR '1'='1")
def test_no_text_of_a_users_becomes_part_of_a_statement(value: str) -> None:
    marked = f"zq{value}qz"
    for field in ("op", "type", "code", "finding", "peer", "note", "text", "data.a", path_field(marked)):
        for term in (only(field, marked), f"{field}:{json.dumps(marked)}*"):
            sql, parameters = where(parse_filter(term), now_ns=NOW_NS)
            assert sql.count("?") == len(parameters)
            assert "zq" not in sql
