"""Each fault of a hosted server as a peer of the original system meets it, and as the capture tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.marks import Marks
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import FaultMet, FrameRow, FrameSeen
from inspector_app.capture.writer import CaptureWriter
from inspector_app.engine.recording import Recording
from inspector_app.intents import ServerSpec
from inspector_app.mock import reload
from inspector_app.mock.faults.rules import FaultRule
from inspector_app.model.fold import Fold
from inspector_app.sources.failures import SourceError
from inspector_app.sources.server import ServerSource
from tests.inspector_app.sources.helpers import Records
from tests.legacy_peer import LegacyPeer, legacy_client

SHOP = """
[[request]]
operation = "quote"
answer = { n = "{{ data.n }}" }

[[stream]]
operation = "ticks"
items = [1, 2, 3]
"""
WAIT_S = 10.0


def written(path: Path, *faults: str, shop: str = SHOP) -> Path:
    path.write_text(shop + "".join(f"\n[[fault]]\n{fault}\n" for fault in faults))
    return path


async def quote(peer: LegacyPeer, n: int = 1) -> Any:
    return await asyncio.wait_for(peer.request_response({"operation": "quote", "n": n}), WAIT_S)


async def ticks(peer: LegacyPeer) -> list[Any]:
    return [item async for item in await peer.request_stream({"operation": "ticks"})]


def of(peer: LegacyPeer, kind: str) -> list[dict[str, Any]]:
    return [frame for frame in peer.got if frame["type"] == kind]


async def lost(peer: LegacyPeer) -> object:
    waiting = asyncio.create_task(quote(peer, 1))
    await asyncio.sleep(0)
    answered = await quote(peer, 2)
    waiting.cancel()
    return answered, len(of(peer, "response"))


async def repeated(peer: LegacyPeer) -> object:
    await quote(peer)
    await peer.until(lambda: len(of(peer, "response")) == 2)
    one, other = of(peer, "response")
    return one == other


async def delayed(peer: LegacyPeer) -> object:
    return await ticks(peer)


async def swapped(peer: LegacyPeer) -> object:
    return await asyncio.gather(quote(peer, 1), quote(peer, 2))


async def another_peer(peer: LegacyPeer) -> object:
    await quote(peer, 1)
    await quote(peer, 2)
    one, other = (frame["peerID"] for frame in of(peer, "response"))
    return one != other


async def without_end(peer: LegacyPeer) -> object:
    items = asyncio.create_task(ticks(peer))
    await peer.until(lambda: len(of(peer, "stream_data")) == 3)
    await quote(peer)
    items.cancel()
    return len(of(peer, "stream_end"))


async def skipped(peer: LegacyPeer) -> object:
    waiting = asyncio.create_task(quote(peer, 1))
    await asyncio.sleep(0)
    await quote(peer, 2)
    waiting.cancel()
    return peer.skipped


async def closed(peer: LegacyPeer) -> object:
    with suppress(ConnectionError):
        await ticks(peer)
    await peer.websocket.wait_closed()
    return len(of(peer, "stream_data")), peer.websocket.close_code


async def answered(peer: LegacyPeer) -> object:
    return await quote(peer, 5)


Sees = Callable[[LegacyPeer], Awaitable[object]]
FAULTS: dict[str, tuple[Sees, object, str | None, str]] = {
    'do = "lose"\nnth = [1]': (lost, ({"n": 2}, 1), "request", "The response of quote was not sent"),
    'do = "repeat"': (repeated, True, "response", "The response of quote was sent a second time"),
    'do = "delay"\nitem = 3\nby = "150ms"': (
        *(delayed, [1, 2, 3]),
        *("stream_data", "Item 3 of ticks was sent 0.15 s later"),
    ),
    'do = "swap"': (
        *(swapped, [{"n": 2}, {"n": 1}]),
        *("response", "The response of quote was swapped with the answer of exchange 0"),
    ),
    'do = "change_peer"\nnth = [2]\nframe = "response"': (
        *(another_peer, True),
        *("response", "The response of quote was sent as from another peer"),
    ),
    'do = "no_end"': (without_end, 0, "stream_request", "The stream_end of ticks was not sent"),
    'do = "unknown_type"\nnth = [1]\nframe = "response"': (
        *(skipped, 1),
        *(None, "The response of quote was sent with the type no_such_type"),
    ),
    'do = "broken_json"\nnth = [1]\nframe = "response"': (
        *(skipped, 1),
        *(None, "The response of quote was cut off after "),
    ),
    'do = "close"\nitem = 3': (
        *(closed, (2, 1011)),
        *("stream_request", "Item 3 of ticks was not sent: the connection was closed with 1011"),
    ),
    'do = "drop"\nitem = 3': (
        *(closed, (2, 1006)),
        *("stream_request", "Item 3 of ticks was not sent: the connection was cut off"),
    ),
    'do = "stall"\nby = "150ms"\nframe = "response"': (
        *(answered, {"n": 5}),
        *("request", "The response of quote and all after it is held back for 0.15 s"),
    ),
    'do = "slow"\nbytes_per_s = 800\nframe = "response"': (
        *(answered, {"n": 5}),
        *("response", "The response of quote and all after it is sent at 800 bytes a second"),
    ),
}


async def recorded(handler: Path, capture: Path, sees: Sees, **spec: Any) -> tuple[object, list[FrameRow]]:
    """Have a legacy peer do something with a mock; give what it saw, and the frames of the capture."""
    recording = await Recording.begin(ServerSpec(handler=str(handler), port=0, **spec), capture)
    try:
        async with legacy_client(recording.source.address) as peer:
            seen = await sees(peer)
    finally:
        await recording.stop()
        await recording.end()
    reader = CaptureReader(capture)
    frames = reader.frames(0, 1000)
    reader.close()
    return seen, frames


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_legacy_peer_sees_each_fault_and_the_capture_says_which_frame_met_it(
    fault: str, tmp_path: Path
) -> None:
    sees, expected, marked, told = FAULTS[fault]
    mock, capture = written(tmp_path / "shop.toml", f'name = "the fault"\n{fault}'), tmp_path / "c"
    seen, frames = await recorded(mock, capture, sees)
    assert seen == expected
    reader = CaptureReader(capture)
    (mark,) = reader.marks(0, 10)
    assert mark.note.startswith(f"Fault the fault: {told}")
    assert frames[mark.seq - 1].type == marked
    notes = [note for note in reader.notes(0, 100) if note.text.startswith("Fault ")]
    assert [(note.text, note.level, note.conn) for note in notes] == [(mark.note, "info", 1)]
    reader.close()


async def test_what_a_fault_delays_is_recorded_when_it_goes(tmp_path: Path) -> None:
    mock = written(tmp_path / "shop.toml", 'do = "delay"\nitem = 3\nby = "150ms"')
    _, frames = await recorded(mock, tmp_path / "c", delayed)
    *_, second, third, end = frames
    assert [second.type, third.type, end.type] == ["stream_data", "stream_data", "stream_end"]
    assert third.time_ns - second.time_ns >= 140_000_000


async def test_every_frame_is_recorded_once_and_answers_behind_their_requests(tmp_path: Path) -> None:
    async def much(peer: LegacyPeer) -> object:
        await asyncio.gather(*(quote(peer, n) for n in range(200)), ticks(peer))
        return len(peer.got)

    for place, faults in enumerate([(), ('do = "repeat"\nnth = [7]',)]):
        mock = written(tmp_path / f"{place}.toml", *faults)
        got, frames = await recorded(mock, tmp_path / f"{place}.capture", much)
        came, went = ([each for each in frames if each.direction == way] for way in ("in", "out"))
        assert (len(came), len(went)) == (201, got)
        assert got == 204 + len(faults)
        asked = {frame.exchange: frame.seq for frame in came}
        assert all(asked[frame.exchange] < frame.seq for frame in went)


async def test_a_frame_that_meets_faults_again_and_again_has_a_mark_that_tells_of_each(
    tmp_path: Path,
) -> None:
    mock = written(tmp_path / "shop.toml", 'name = "lost"\ndo = "lose"\nnth = [2, 3]\noperation = "ticks"')
    seen, _ = await recorded(mock, tmp_path / "c", ticks)
    assert seen == [1]
    reader = CaptureReader(tmp_path / "c")
    assert {mark.seq: mark.note for mark in reader.marks(0, 10)} == {
        1: "Fault lost: Item 2 of ticks was not sent.; Fault lost: Item 3 of ticks was not sent."
    }
    reader.close()


def test_a_mark_that_a_person_has_made_keeps_its_note_before_that_of_a_fault(tmp_path: Path) -> None:
    fold, frame = Fold(), '{"type":"fire_and_forget","peerID":"p","data":{"operation":"o"}}'
    writer = CaptureWriter(tmp_path / "c", source={}, software="test")
    fold.apply(FrameSeen(1, 1, "out", frame))
    writer.write(fold.take())
    Marks(tmp_path / "c").set(1, "mine")
    fold.apply(FaultMet(conn=1, time_ns=2, text="Fault f: it was late.", raw=frame))
    writer.write(fold.take())
    writer.close()
    assert [mark.note for mark in Marks(tmp_path / "c").all()] == ["mine; Fault f: it was late."]


def test_a_frame_that_was_never_recorded_gets_no_mark() -> None:
    fold = Fold()
    fold.apply(FrameSeen(1, 1, "out", "{}"))
    fold.apply(FaultMet(conn=1, time_ns=2, text="Fault f.", raw="[]"))
    fold.apply(FaultMet(conn=1, time_ns=3, text="Fault f.", request_id=("p", 1)))
    batch = fold.take()
    assert batch.marks == []
    assert len(batch.notes) == 2


@asynccontextmanager
async def served(handler: str | None, **spec: Any) -> AsyncIterator[tuple[ServerSource, Records]]:
    source, records = ServerSource(ServerSpec(handler=handler, port=0, **spec)), Records()
    await source.start(records)
    try:
        yield source, records
    finally:
        await source.stop()


async def test_a_file_of_faults_goes_beside_any_handler(tmp_path: Path) -> None:
    faults = written(tmp_path / "faults.toml", 'do = "repeat"\noperation = "get_quote"', shop="")
    async with served(None, faults=str(faults)) as (source, records), legacy_client(source.address) as peer:
        await peer.request_response({"operation": "get_quote", "symbol": "BEAN"})
        await peer.until(lambda: len(of(peer, "response")) == 2)
        assert len(records.of(FaultMet)) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[fault]]\ndo = "loose"', ":2: "),
        ('[[fault]]\ndo = "lose"\nevry = 2', ":3: fault[0].evry: there is no such key: did you mean every?"),
        ("[[fault", "this is not TOML"),
    ],
)
def test_a_wrong_file_of_faults_is_told_by_line_and_key(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"faults\.toml") as caught:
        ServerSource(ServerSpec(faults=str(path)))
    assert told in str(caught.value)


async def test_a_new_version_brings_new_faults_and_leaves_those_that_stay_as_they_were_switched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload, "LOOK_S", 0.005)
    monkeypatch.setattr(reload, "_SETTLED_S", 0.005)
    stays = 'name = "stays"\ndo = "lose"'
    mock = written(tmp_path / "shop.toml", stays, 'name = "goes"\ndo = "repeat"')
    async with served(str(mock)) as (source, records), legacy_client(source.address) as peer:
        assert source.faults.switch("stays", on=False)
        written(mock, stays, 'name = "comes"\ndo = "repeat"\ntimes = 1')
        await records.until(lambda all_: [text for text in all_.notes("info") if "Reloaded" in text])
        assert [(fault.rule.title, fault.on) for fault in source.faults.all] == [
            ("stays", False),
            ("comes", True),
        ]
        await quote(peer)
        await peer.until(lambda: len(of(peer, "response")) == 2)
        assert [met.text.split(":")[0] for met in records.of(FaultMet)] == ["Fault comes"]


async def test_the_seed_decides_which_frames_meet_a_fault(tmp_path: Path) -> None:
    mock = written(tmp_path / "shop.toml", 'do = "repeat"\nchance = 0.5')

    async def met(seed: int) -> list[int]:
        async with served(str(mock), seed=seed) as (source, records), legacy_client(source.address) as peer:
            for n in range(30):
                await quote(peer, n)
            out = [
                json.loads(each.raw)["data"]["n"] for each in records.of(FrameSeen) if each.direction == "out"
            ]
            return [n for n in range(30) if out.count(n) == 2]

    one, again, other = await met(1), await met(1), await met(2)
    assert one == again != other
    assert 5 < len(one) < 25


async def test_no_frame_is_recorded_twice_or_not_at_all_where_the_first_fault_comes_and_the_last_one_goes(
    tmp_path: Path,
) -> None:
    mock = written(tmp_path / "shop.toml")
    async with served(str(mock)) as (source, records), legacy_client(source.address) as peer:
        numbers = iter(range(1000))

        async def frames_out(count: int) -> None:
            await asyncio.gather(*(quote(peer, next(numbers)) for _ in range(count)))

        await frames_out(5)
        source.faults.add(FaultRule(do="delay", operation="quote", by="20ms"))
        await frames_out(5)
        source.faults.remove("delay quote")
        await frames_out(5)
        out = [json.loads(each.raw) for each in records.of(FrameSeen) if each.direction == "out"]
        assert [frame["data"]["n"] for frame in out] == list(range(15))
        assert len(records.of(FaultMet)) == 5


async def test_what_a_fault_has_delayed_stays_in_front_of_what_comes_when_there_is_no_fault_any_more(
    tmp_path: Path,
) -> None:
    shop = '[[stream]]\noperation = "ticks"\nitems = [1, 2, 3]\nevery = "50ms"\n'
    mock = written(tmp_path / "shop.toml", 'do = "delay"\nitem = 1\nby = "300ms"', shop=shop)
    async with served(str(mock)) as (source, _), legacy_client(source.address) as peer:
        (fault,) = source.faults.all
        items = asyncio.create_task(ticks(peer))
        async with asyncio.timeout(WAIT_S):
            while not fault.hits:  # noqa: ASYNC110 - a count that nobody tells of
                await asyncio.sleep(0)
        source.faults.take_over([], 1)
        assert await items == [1, 2, 3]


async def test_a_fault_meets_the_answers_to_what_was_asked_before_there_was_any(tmp_path: Path) -> None:
    mock = tmp_path / "shop.toml"
    mock.write_text("""[[stream]]
operation = "ticks"
items = [1, 2, 3]
every = "50ms"
[[request]]
operation = "slow"
delay = "100ms"
answer = 7
""")
    async with served(str(mock)) as (source, records), legacy_client(source.address) as peer:
        answered = asyncio.create_task(peer.request_response({"operation": "slow"}))
        items = aiter(await peer.request_stream({"operation": "ticks"}))
        assert await anext(items) == 1
        source.faults.add(FaultRule(do="repeat", operation="ticks", item=3))
        source.faults.add(FaultRule(do="repeat", operation="slow", kind="request"))
        assert await answered == 7
        rest = [item async for item in items]
        assert rest[:2] == [2, 3]
        told = [each.text for each in records.of(FaultMet)]
        assert told == [
            "Fault repeat slow: The response of slow was sent a second time.",
            "Fault repeat ticks: Item 3 of ticks was sent a second time.",
        ]
