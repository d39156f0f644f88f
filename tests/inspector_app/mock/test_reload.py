"""Reloading what is hosted: when files count as changed, and what a new version is made of."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector_app.mock import reload
from inspector_app.mock.load import HandlerFileError, Loaded, load
from inspector_app.mock.reload import BuiltIn, Hosted, Reloader, handlers_of
from slipstream import ProtocolHandler
from tests.inspector_app.mock.files import adder, forgotten, replaced

WAIT_S = 20.0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reload, "LOOK_S", 0.005)
    monkeypatch.setattr(reload, "_SETTLED_S", 0.005)
    (tmp_path / "adder.py").write_text(adder(1))
    with forgotten(monkeypatch):
        yield tmp_path


class Follower:
    """A reloader that runs, and what it said."""

    def __init__(self, hosted: Hosted, refusing: str = "") -> None:
        self.said: list[tuple[str, str]] = []
        self.versions: list[Hosted] = []
        self._refusing = refusing
        self._news = asyncio.Event()
        self.reloader = Reloader(hosted, take_over=self._take_over, tell=self._tell)
        self._task = asyncio.create_task(self.reloader.run())

    def _take_over(self, new: Hosted) -> None:
        if self._refusing:
            raise HandlerFileError(self._refusing)
        self.versions.append(new)

    def _tell(self, level: str, text: str) -> None:
        self.said.append((level, text))
        self._news.set()

    async def news(self) -> tuple[str, str]:
        async with asyncio.timeout(WAIT_S):
            await self._news.wait()
        self._news.clear()
        return self.said[-1]

    async def __aenter__(self) -> Follower:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def sum_of(hosted: Hosted) -> Any:
    handler: Any = hosted.make()
    return await handler.add({"a": 0})


@pytest.mark.parametrize("write", [Path.write_text, replaced])
async def test_a_changed_file_takes_over(folder: Path, write: Any) -> None:
    async with Follower(load("adder.py")) as follower:
        write(folder / "adder.py", adder(20))
        assert await follower.news() == ("info", "Reloaded adder.py: it answers from now on.")
        assert await sum_of(follower.reloader.hosted) == 20
        assert follower.versions == [follower.reloader.hosted]


async def test_a_broken_version_is_told_with_its_line_and_the_next_good_one_takes_over(folder: Path) -> None:
    async with Follower(load("adder.py:Adder")) as follower:
        (folder / "adder.py").write_text("x = 1\nclass Adder(:\n")
        assert await follower.news() == (
            "problem",
            "adder.py:2: not valid Python: invalid syntax. The version from before serves on.",
        )
        assert await sum_of(follower.reloader.hosted) == 1
        (folder / "adder.py").write_text(adder(3))
        assert (await follower.news())[0] == "info"
        assert await sum_of(follower.reloader.hosted) == 3


async def test_a_neighbour_that_is_imported_is_followed_too_though_it_changes_within_a_second(
    folder: Path,
) -> None:
    (folder / "step.py").write_text("STEP = 1\n")
    (folder / "adder.py").write_text(adder("step.STEP", "import step"))
    first = load("adder.py")
    assert await sum_of(first) == 1
    assert first.files == {folder / "adder.py", folder / "step.py"}
    async with Follower(first) as follower:
        for step in (2, 3, 4):
            (folder / "step.py").write_text(f"STEP = {step}\n")
            assert (await follower.news())[0] == "info"
            assert await sum_of(follower.reloader.hosted) == step


async def test_an_error_in_a_neighbour_that_is_new_is_followed_until_it_is_mended(folder: Path) -> None:
    async with Follower(load("adder.py")) as follower:
        (folder / "step.py").write_text("STEP = 1 +\n")
        (folder / "adder.py").write_text(adder("step.STEP", "import step"))
        level, text = await follower.news()
        assert level == "problem"
        assert "step.py:1: not valid Python" in text
        (folder / "step.py").write_text("STEP = 6\n")
        assert (await follower.news())[0] == "info"
        assert await sum_of(follower.reloader.hosted) == 6


async def test_a_module_in_a_package_is_followed(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "prices.py").write_text("STEP = 1\n")
    (folder / "shop" / "rpc.py").write_text(adder("prices.STEP", "from shop import prices"))
    async with Follower(load("shop.rpc:Adder")) as follower:
        (folder / "shop" / "prices.py").write_text("STEP = 5\n")
        assert await follower.news() == ("info", "Reloaded shop.rpc:Adder: it answers from now on.")
        assert await sum_of(follower.reloader.hosted) == 5


async def test_a_file_that_is_gone_is_told_and_taken_up_when_it_is_back(folder: Path) -> None:
    async with Follower(load("adder.py")) as follower:
        (folder / "adder.py").unlink()
        level, text = await follower.news()
        assert (level, text.startswith("There is no file adder.py")) == ("problem", True)
        (folder / "adder.py").write_text(adder(9))
        assert (await follower.news())[0] == "info"
        assert await sum_of(follower.reloader.hosted) == 9


async def test_a_version_that_is_refused_changes_nothing(folder: Path) -> None:
    first = load("adder.py")
    async with Follower(first, refusing="No room.") as follower:
        (folder / "adder.py").write_text(adder(9))
        assert await follower.news() == ("problem", "No room. The version from before serves on.")
        assert follower.reloader.hosted is first


def test_a_failed_load_leaves_the_modules_of_the_old_version_in_place(folder: Path) -> None:
    (folder / "step.py").write_text("STEP = 1\n")
    (folder / "adder.py").write_text(adder("step.STEP", "import step"))
    first = load("adder.py")
    before = sys.modules["step"]
    (folder / "adder.py").write_text("import step\nraise OSError('no')\n")
    with pytest.raises(HandlerFileError, match=r"adder\.py:2: failed while it was loaded: OSError: no"):
        first.again()
    assert sys.modules["step"] is before


async def test_a_file_that_was_loaded_before_in_this_process_is_followed_all_the_same(folder: Path) -> None:
    (folder / "shop.py").write_text(adder(1))
    for name, path in (("adder.py", folder / "adder.py"), ("shop:Adder", folder / "shop.py")):
        load(name)
        second = load(name)
        assert second.files == {path}
        path.write_text(adder(7))
        assert await sum_of(second.again()) == 7


def test_what_was_there_before_and_what_is_installed_is_never_read_again(folder: Path) -> None:
    (folder / "site-packages").mkdir()
    (folder / "site-packages" / "installed.py").write_text("")
    (folder / "early.py").write_text("")
    sys.path[:0] = [str(folder), str(folder / "site-packages")]
    __import__("early")
    (folder / "adder.py").write_text(adder(1, "import early, installed, json"))
    loaded: Loaded = load("adder.py")
    assert loaded.files == {folder / "adder.py"}
    early = sys.modules["early"]
    loaded.again()
    assert sys.modules["early"] is early


async def test_following_goes_on_whatever_a_new_version_does(folder: Path) -> None:
    class Moody(BuiltIn):
        def again(self) -> Any:
            raise ZeroDivisionError("of its own")

    async with Follower(Moody(ProtocolHandler, "moody", frozenset({folder / "adder.py"}))) as follower:
        for step in (2, 3):
            replaced(folder / "adder.py", adder(step))
            why = "moody could not be read anew (ZeroDivisionError: of its own): save it again."
            assert await follower.news() == ("problem", f"{why} The version from before serves on.")
            assert not follower.reloader.changed()


async def test_a_file_that_is_still_being_written_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload, "LOOK_S", 0)
    monkeypatch.setattr(reload, "_SETTLED_S", 0)
    looks: list[tuple[int, int, int] | None] = []
    being_written = iter([(1, 1, 1), (2, 2, 1), (3, 3, 1), None, None, None, (4, 4, 2), (5, 5, 2)])

    def status_of(_: Path) -> tuple[int, int, int] | None:
        looks.append(next(being_written, (6, 6, 2)))
        return looks[-1]

    monkeypatch.setattr(reload, "_status_of", status_of)
    seen_when_loaded: list[tuple[int, int, int] | None] = []
    built_in = BuiltIn(ProtocolHandler, "x.py", frozenset({folder / "x.py"}))
    news = asyncio.Event()

    def take_over(_: Hosted) -> None:
        seen_when_loaded.extend(looks[-3:])
        news.set()

    following = asyncio.create_task(Reloader(built_in, take_over=take_over, tell=lambda *_: None).run())
    async with asyncio.timeout(WAIT_S):
        await news.wait()
    following.cancel()
    assert seen_when_loaded == [(6, 6, 2)] * 3


async def test_a_handler_of_the_programs_own_is_not_followed() -> None:
    built_in = BuiltIn(ProtocolHandler)
    assert built_in.again() is built_in
    async with asyncio.timeout(WAIT_S):
        await Reloader(built_in, take_over=lambda _: None, tell=lambda *_: None).run()


async def test_what_is_only_read_is_read_beside_the_connections(folder: Path) -> None:
    turns, going_on = asyncio.get_running_loop(), threading.Event()

    class Large(BuiltIn):
        def again(self) -> Any:
            turns.call_soon_threadsafe(going_on.set)
            assert going_on.wait(WAIT_S), "the event loop had no turn"
            return self

    large = Large(ProtocolHandler, "large", frozenset({folder / "adder.py"}), is_only_read=True)
    async with Follower(large) as follower:
        replaced(folder / "adder.py", adder(2))
        assert (await follower.news())[0] == "info"
        assert follower.versions == [large]


def test_a_handler_that_ends_the_program_is_told(folder: Path) -> None:
    (folder / "adder.py").write_text(f"{adder(1)}\n    def __init__(self):\n        raise SystemExit('no')\n")
    with pytest.raises(HandlerFileError, match=r"could not be made \(SystemExit: no\): mend it"):
        handlers_of(load("adder.py"), 1)


async def test_what_takes_long_to_load_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "SLOW_S", 0.0)
    async with Follower(load("adder.py")) as follower:
        await follower.reloader.reload()
        level, text = follower.said[0]
        assert level == "warning"
        assert text.startswith("Loading adder.py took 0.0 s, in which all connections waited")


async def test_why_the_newest_version_is_not_at_work_is_known_until_one_is(folder: Path) -> None:
    reloader = Reloader(load("adder.py"), take_over=lambda _: None, tell=lambda *_: None)
    (folder / "adder.py").write_text("1 +")
    with pytest.raises(HandlerFileError):
        await reloader.reload()
    assert "adder.py:1: not valid Python" in reloader.problem
    (folder / "adder.py").write_text(adder(5))
    await reloader.reload()
    assert reloader.problem == ""
    assert await sum_of(reloader.hosted) == 5


async def test_a_reload_by_hand_reads_beside_the_connections_and_in_turn() -> None:
    at_work, let_go = threading.Event(), threading.Event()
    threads = []

    class Read(BuiltIn):
        def again(self) -> Any:
            threads.append(threading.current_thread())
            at_work.set()
            assert let_go.wait(WAIT_S)
            return self

    first = Read(make=ProtocolHandler, is_only_read=True)
    reloader = Reloader(first, take_over=lambda _: None, tell=lambda *_: None)
    both = [asyncio.create_task(reloader.reload()) for _ in range(2)]
    await asyncio.to_thread(at_work.wait, WAIT_S)  # the loop goes on
    assert len(threads) == 1
    let_go.set()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*both)
    assert len(threads) == 2
    assert threading.main_thread() not in threads
