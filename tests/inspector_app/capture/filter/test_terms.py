"""What each term of the language finds."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inspector_app.capture.filter import parse_filter, prepare, where
from inspector_app.capture.filter.fields import FIELDS
from tests.inspector_app.capture.filter.worlds import MS, NOW_NS, S, World, fit, message


@pytest.fixture
def place() -> Iterator[None]:
    """A place two hours east of Greenwich."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "EAST-2"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * S


COLUMNS = (
    World()
    .frame(type="stream_data", operation="chat", direction="in", size_bytes=9_999, latency_ns=200 * MS)
    .frame(type="stream_end", operation="order.make", direction="out", size_bytes=10_001, latency_ns=199 * MS)
    .frame(type="error", operation="order.cancel", direction="in", time_ns=NOW_NS - 6 * S, conn=2, number=12)
    .frame(type=None, operation=None, direction="in", raw="nonsense", exchange=412)
)


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("type:stream_data", [1]),
        ("type:Stream-Data", [1]),
        ("type:data", [1]),
        ("type:stream_*", [1, 2]),
        ("type:invalid", [4]),
        ("type:*", [1, 2, 3]),
        ("op:chat", [1]),
        ("op:Chat", []),
        ("op:order.*", [2, 3]),
        ("op:order.?a*", [2, 3]),
        ("op:order.?ancel", [3]),
        ("op:/^ORDER.m/i", [2]),
        ('op:"order"*', [2, 3]),
        ("op:*", [1, 2, 3]),
        ("-op:*", [4]),
        ("-op:chat", [2, 3, 4]),
        ("not op:chat", [2, 3, 4]),
        ("--op:chat", [1]),
        ("dir:in op:chat", [1]),
        ("dir:in and op:chat", [1]),
        ("op:chat or op:order.make", [1, 2]),
        ("dir:in (op:chat or op:order.cancel)", [1, 3]),
        ("op:chat or dir:out type:error", [1]),
        ("-(op:chat or dir:out)", [3, 4]),
        ("size:>10kb", [2]),
        ("size:>=9999", [1, 2]),
        ("size:9.999kb..10.001kb", [1, 2]),
        ("size:<1kib", [3, 4]),
        ("size:20b", [3, 4]),
        ("latency:>=200ms", [1]),
        ("latency:<0.2s", [2]),
        ("-latency:>=200ms", [2, 3, 4]),
        ("age:>5s", [3]),
        ("age:<=5s", [1, 2, 4]),
        ("age:<5s", [1, 2, 4]),
        ("age:0s..5s", [1, 2, 4]),
        ("conn:2", [3]),
        ("number:12", [3]),
        ("seq:2..3", [2, 3]),
        ("seq:>#3", [4]),
        ("exchange:412", [4]),
        ("exchange:#412", [4]),
        ("exchange:400..420", [4]),
        ("-exchange:*", [1, 2, 3]),
        ("*", [1, 2, 3, 4]),
        ("", [1, 2, 3, 4]),
        ("NONSENSE", [4]),
    ],
)
def test_a_term_about_a_frame_finds_it(source: str, fits: list[int]) -> None:
    assert COLUMNS.fit(source) == fits


EXCHANGES = (
    World(peers={1: "7be2d940-dddd", 2: None})
    .exchange(1, outcome="ok", state="CLOSED")
    .exchange(2, outcome="error", code="not_found", state="CLOSED")
    .exchange(3, kind="request_stream", items_in=3, state="HALF_CLOSED_LOCAL")
    .exchange(4, kind="stream_stream", items_in=3, mine=0, state="HALF_CLOSED_REMOTE")
    .exchange(5, outcome="timeout", state="CLOSED")
    .frame(exchange=1)
    .frame(exchange=1, type="response", latency_ns=250 * MS)
    .frame(exchange=2)
    .frame(exchange=2, type="error", latency_ns=100 * MS, time_ns=NOW_NS + S)
    .frame(exchange=3, time_ns=NOW_NS + 2 * S)
    .frame(exchange=4, time_ns=NOW_NS + 3 * S)
    .frame(exchange=5, time_ns=NOW_NS + 9 * S)
    .frame(exchange=None, type="fire_and_forget", time_ns=NOW_NS + 9 * S, conn=2, findings=1)
)
EXCHANGES.findings += [(8, "data_after_end")]
EXCHANGES.marks.update({1: "", 3: "Refund of Monday"})


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("status:pending", [5, 6]),
        ("status:error", [3, 4]),
        ("status:timed_out", [7]),
        ("code:not_found", [3, 4]),
        ("code:not_*", [3, 4]),
        ("code:*", [3, 4]),
        ("kind:stream", [5, 6]),
        ("kind:bidirectional", [6]),
        ("kind:request", [1, 2, 3, 4, 7]),
        ("kind:fire_and_forget", [8]),
        ("state:half_closed_remote", [6]),
        ("state:half_closed_*", [5, 6]),
        ("state:CLOSED", [1, 2, 3, 4, 7]),
        ("-status:ok", [3, 4, 5, 6, 7, 8]),
        ("unanswered", [6, 7]),
        ("answered", [1, 2, 3, 4, 5]),
        ("answered:>200ms", [1, 2]),
        ("answered:<=200ms", [3, 4]),
        ("after:error within:1s", [5]),
        ("after:error within:2s", [5, 6]),
        ("before:error within:1s", [1, 2, 3]),
        ("peer:7be2", [1, 2, 3, 4, 5, 6, 7]),
        ('peer:"7be2"', []),
        ("-peer:*", [8]),
        ("finding:*", [8]),
        ("finding:data_after_end", [8]),
        ("finding:data*", [8]),
        ("finding:bad_frame", []),
        ("marked", [1, 3]),
        ("-marked", [2, 4, 5, 6, 7, 8]),
        ("note", [3]),
        ("note:refund", [3]),
        ('note:"refund"', []),
        ("note:/^refund/i", [3]),
    ],
)
def test_a_term_about_what_a_frame_belongs_to_finds_it(source: str, fits: list[int]) -> None:
    assert EXCHANGES.fit(source) == fits


PAYLOADS = (
    World()
    .frame(data={"user": {"id": 42, "name": "Ada L"}, "text": "Time out"})
    .frame(data={"user": {"id": "42"}, "items": [{"name": "Ada L", "price": 9.5}, {"name": "b"}]})
    .frame(data={"user": {"id": 42.0}, "on": True, "off": False, "none": None, "one": 1})
    .frame(data={"on": "true", "a.b": 1, 'q"': {"é": "x\0y"}})
    .frame(data="[1]")
    .frame(data=[1])
    .frame(raw='{"data":{"us\\u0065r":{"id":42}}}')
    .frame(raw="not JSON")
    .frame(raw=message({"user": {"id": 42}}).encode())
    .frame(raw=b"\xff\xfe{")
)


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("data.user.id:42", [1, 2, 3, 7, 9]),
        ('data.user.id:"42"', [2]),
        ("data.user.id:>41", [1, 3, 7, 9]),
        ("data.user.id:>=42.5", []),
        ("data.user.id:41..43", [1, 3, 7, 9]),
        ("data.user.id:4*", [1, 2, 7, 9]),
        ("data.user.id:/^42$/", [1, 2, 7, 9]),
        ('data.user.name:"Ada L"', [1]),
        ('data.user.name:"ada l"', []),
        ('data.user.name:"Ada"*', [1]),
        ('data.items[0].name:"Ada L"', [2]),
        ("data.items[-1].name:b", [2]),
        ("data.items[*].name:b", [2]),
        ("data.items[*].price:>9", [2]),
        ("data.text:/time ?out/i", [1]),
        ("data.user:*", [1, 2, 3, 7, 9]),
        ("data.user.name:*", [1]),
        ("data.none:*", [3]),
        ("data.on:true", [3, 4]),
        ('data.on:"true"', [4]),
        ("data.on:1", []),
        ("data.one:1", [3]),
        ("data.off:false", [3]),
        ("data.off:0", []),
        ("data.none:null", [3]),
        ('data."a.b":1', [4]),
        ("data.a.b:1", []),
        (r'data."q\""."é":"x\u0000y"', [4]),
        (r'data."q\""."é":x', []),
        ('data:"[1]"', [5]),
        ("data[0]:1", [6]),
        ("-data.user.id:42", [4, 5, 6, 8, 10]),
    ],
)
def test_a_path_finds_a_value_in_a_payload(source: str, fits: list[int]) -> None:
    assert PAYLOADS.fit(source) == fits


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("data.id:42", [1, 3]),
        ('data.id:"42"', [1, 3]),
        ('data[*]:"42"', [1, 3]),
        ('data.name:"Zoë/x"', [2]),
        ('data."na\\u006de":"Zoë/x"', [2]),
        ("data.name:Zo*", [2]),
    ],
)
def test_a_value_is_found_however_json_escapes_it(source: str, fits: list[int]) -> None:
    world = World().frame(raw=r'{"data":{"id":"4\u0032"}}').frame(raw=r'{"data":{"name":"Zo\u00eb\/x"}}')
    world.frame(raw=r'{"data":{"\u0069d":"42"}}').frame(data={"id": "other", "name": "other"})
    assert world.fit(source) == fits


TEXTS = (
    World()
    .frame(data={"text": "A Refund for Zoë"})
    .frame(raw=message({"text": "a refund for zoë"}, ascii_only=True))
    .frame(data={"text": 'say "hi" 100% a_b \\o/'})
    .frame(raw="x\0refund", type=None)
    .frame(raw=b"\xffREFUND\x00", type=None)
    .frame(raw='{"a":"\ud83d refund"}')
)


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("refund", [1, 2, 4, 5, 6]),
        ("REFUND", [1, 2, 4, 5, 6]),
        ('"refund"', [2, 4, 6]),
        ('"Refund for"', [1]),
        ("text:refund", [1, 2, 4, 5, 6]),
        ("refund -zoë", [4, 5, 6]),
        ("zoë", [1, 2]),
        (r'"say \"hi\""', [3]),
        ("100%", [3]),
        ("a%b", []),
        ("a_b", [3]),
        ("axb", []),
        ("/re.und/", [2, 4, 6]),
        ("/re.und/i", [1, 2, 4, 5, 6]),
        (r'"\ud83d"', [6]),
        (r'"x\u0000refund"', [4]),
        ('"or"', [1, 2]),
    ],
)
def test_a_word_finds_text_anywhere_in_a_message(source: str, fits: list[int]) -> None:
    assert TEXTS.fit(source) == fits


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("time:14:05", [1, 2, 4]),
        ("time:14:05:00", [1, 4]),
        ("time:>14:05", [2, 3]),
        ("time:>=14:05:59", [2, 3]),
        ("time:<14:05", [5]),
        ("time:<=14:05", [1, 4, 5]),
        ("time:14:05..23:59", [1, 2, 3, 4]),
        ("time:23:00..14:05", [1, 2, 3, 4, 5]),
        ("time:23:59..00:30", [3, 5]),
        ("time:2026-11-22", [1, 2, 3]),
        ("time:2026-11-22T14:05", [1, 2]),
        ("time:2026-11-22T12:05:00Z", [1]),
        ("time:2026-11-22T14:05:00+0200", [1]),
        ("time:2026-11-22..2026-11-23", [1, 2, 3, 4, 5]),
        ("time:>2026-11-22T23:59:59", [4, 5]),
        ("time:<00:00", []),
    ],
)
def test_a_time_is_one_of_this_place(source: str, fits: list[int]) -> None:
    world = World()
    for text in (
        "2026-11-22T12:05:00",
        "2026-11-22T12:05:59",
        "2026-11-22T21:59:59",
        "2026-11-23T12:05:00",
        "2026-11-22T22:01:00",
    ):
        world.frame(time_ns=at(text))
    assert world.fit(source) == fits


def test_a_minute_ends_before_the_next_one_begins() -> None:
    ends = datetime(2026, 11, 22, 14, 6).astimezone().timestamp()
    world = World().frame(time_ns=int(ends) * S - 1).frame(time_ns=int(ends) * S)
    assert world.fit("time:14:05") == world.fit("time:2026-11-22T14:05") == [1]
    assert world.fit("time:14:06") == world.fit("time:14:05:30..14:06 -time:14:05") == [2]


def test_brackets_mean_nothing_in_a_pattern() -> None:
    world = World().frame(operation="a[b]c", data={"a": "a[b]c"}).frame(operation="abc", data={"a": "abc"})
    assert world.fit("op:a[b]*") == world.fit("data.a:a[b]*") == world.fit("data[*]:a[b]*") == [1]


FORMAT_1 = (Path(__file__).parents[1] / "formats" / "1.sql").read_text()


@pytest.mark.parametrize("world", [COLUMNS, EXCHANGES, PAYLOADS], ids=["columns", "exchanges", "payloads"])
def test_a_capture_of_format_1_is_asked_alike(world: World) -> None:
    old, new = world.connection(FORMAT_1), world.connection()
    for each in FIELDS.values():
        for source in each.examples:
            if each.name not in {"marked", "note"}:
                assert fit(old, source) == fit(new, source), source
    old.close()
    new.close()


def test_a_capture_of_format_1_has_no_marks_and_stays_unwritten() -> None:
    made = World().frame().connection(FORMAT_1)
    made.execute("PRAGMA query_only = ON")
    prepare(made)
    assert fit(made, "marked or note:x") == []
    assert fit(made, "-marked") == [1]
    assert made.execute("PRAGMA query_only").fetchone() == (1,)
    made.close()


@pytest.mark.parametrize(
    ("source", "index"),
    [
        ("type:error", "frames_of_type"),
        ("type:stream_*", "frames_of_type"),
        ("op:chat", "frames_of_operation"),
        ("(op:chat or op:login)", "frames_of_operation"),
        ("exchange:412", "frames_of_exchange"),
        ("op:chat data.a:1 refund", "frames_of_operation"),
    ],
)
def test_an_index_gives_the_frames_of_a_portion_in_their_order(source: str, index: str) -> None:
    made = World().frame().connection()
    sql, parameters = where(parse_filter(source), now_ns=NOW_NS)
    portion = f"seq BETWEEN 1 AND 9 AND {sql} ORDER BY seq DESC"
    plan = made.execute(f"EXPLAIN QUERY PLAN SELECT seq FROM frames WHERE {portion}", parameters).fetchall()  # noqa: S608 - what is tested
    made.close()
    assert index in plan[0][3]
    assert "rowid>? AND rowid<?" in plan[0][3]
