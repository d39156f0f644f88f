"""Following the files of what is hosted: a new version takes over, one that is broken changes nothing.

Owns when files count as changed, and the order of a reload. What a version is made of, and which connections
get it, is told by others.

Files are looked at by their status twice a second. That is a few microseconds for the few files of a mock, is
right for editors that write a new file in place of the old, and on every file system.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self

from inspector_app.mock.load import HandlerFileError

if TYPE_CHECKING:
    from inspector_app.mock.faults.rules import FaultRule
    from slipstream import Protocol as Connection
    from slipstream import ProtocolHandler

LOOK_S = 0.5
"""Time between two looks at the files."""
SLOW_S = 0.5
"""Longer than that should no connection have to wait for code that is loaded."""
_SETTLED_S = 0.1
_PATIENCE = 20
"""So many looks after a change a file may be missing, for programs that remove it before they write it."""

Level = Literal["info", "warning", "problem"]
Tell = Callable[[Level, str], None]
Note = Callable[[Level, str, "Connection | None"], None]
"""Takes a sentence for a person, and the connection that it is about."""


class Hosted(Protocol):
    """A version of what is hosted."""

    @property
    def name(self) -> str:
        """What a person called it."""

    @property
    def make(self) -> Callable[[], ProtocolHandler]:
        """Makes the handler of one connection."""

    @property
    def is_only_read(self) -> bool:
        """Whether a new version can be made in a thread, since none of its code runs."""

    @property
    def files(self) -> frozenset[Path]:
        """What it is made of."""

    @property
    def suspects(self) -> frozenset[Path]:
        """What is to be followed while the newest version of these files is broken."""

    @property
    def faults(self) -> Sequence[FaultRule]:
        """What is to go wrong on the wire."""

    @property
    def seed(self) -> int:
        """By which it is decided what is left to chance."""

    def again(self) -> Self:
        """Make the newest version. Raises `HandlerFileError`."""

    def notes_to(self, note: Note) -> None:
        """Have what it wants to say heard by `note`."""

    async def end(self) -> None:
        """Do nothing more by itself."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A handler of this program's own: it has no file, and no second version."""

    make: Callable[[], ProtocolHandler]
    name: str = ""
    files: frozenset[Path] = frozenset()
    suspects: frozenset[Path] = frozenset()
    is_only_read: bool = False
    faults: tuple[FaultRule, ...] = ()
    seed: int = 1

    def again(self) -> Self:
        """Give itself."""
        return self

    def notes_to(self, note: Note) -> None:
        """Say nothing, ever."""

    async def end(self) -> None:
        """Do nothing, as ever."""


def handlers_of(hosted: Hosted, count: int) -> list[ProtocolHandler]:
    """Make handlers for so many connections. Raises `HandlerFileError` where they cannot be made."""
    try:
        return [hosted.make() for _ in range(count)]
    except (Exception, SystemExit) as error:
        text = f"The handler could not be made ({type(error).__name__}: {error}): mend it."
        raise HandlerFileError(text) from error


class Reloader:
    """Makes a new version whenever the files have changed. `take_over` is given it, and may refuse it too."""

    def __init__(self, hosted: Hosted, *, take_over: Callable[[Hosted], None], tell: Tell) -> None:
        """`take_over` raises `HandlerFileError`; `tell` hears a sentence about each reload."""
        self._hosted = hosted
        self._take_over = take_over
        self._tell = tell
        self._seen = _status(hosted.files)
        """The status of the files, as the version at work was made of them."""
        self._turn = asyncio.Lock()
        self.problem = ""
        """Why the newest version is not at work; empty when it is."""

    @property
    def hosted(self) -> Hosted:
        """The version at work."""
        return self._hosted

    async def run(self) -> None:
        """Follow the files until cancelled."""
        while self._seen:
            await asyncio.sleep(LOOK_S)
            if self.changed():
                await self._settle()
                await self._reload()

    def changed(self) -> bool:
        """Look at the files, and tell whether any is another than the version at work was made of."""
        return _status(self._seen) != self._seen

    async def reload(self) -> None:
        """Make a new version now. Raises `HandlerFileError`; then the old one goes on."""
        async with self._turn:
            try:
                await self._renew()
            except Exception as error:
                self.problem = _problem_of(error, self._hosted.name)
                raise
        self.problem = ""

    async def _renew(self) -> None:
        with self._renewing() as old:
            if old.is_only_read:
                # Thousands of rules take seconds, which the connections are not to wait for.
                self._hosted = await asyncio.to_thread(old.again)
            else:
                # What it makes while it is loaded, such as a database, may belong to this thread.
                began_s = time.perf_counter()
                self._hosted = old.again()
                self._tell_slow(time.perf_counter() - began_s)
            self._take_over(self._hosted)

    def _tell_slow(self, took_s: float) -> None:
        if took_s > SLOW_S:
            name = Path(self._hosted.name).name
            text = (
                f"Loading {name} took {took_s:.1f} s, in which all connections waited: have what takes long"
            )
            self._tell("warning", f"{text} done by a module outside of its folder, which is loaded once.")

    @contextmanager
    def _renewing(self) -> Iterator[Hosted]:
        """Have the block put another version to work; if it fails, the old one is at work again."""
        old, seen = self._hosted, _status(self._hosted.files)  # what changes while they are read is seen
        try:
            yield old
        except BaseException:
            self._hosted = old
            self._seen = _status(old.suspects) | seen
            raise
        files = self._hosted.files
        self._seen = {path: seen[path] if path in seen else _status_of(path) for path in files}

    async def _reload(self) -> None:
        try:
            await self.reload()
        except Exception:  # noqa: BLE001 - following goes on, whatever a file does to it
            self._tell("problem", f"{self.problem} The version from before serves on.")
        else:
            self._tell("info", f"Reloaded {Path(self._hosted.name).name}: it answers from now on.")

    async def _settle(self) -> None:
        for _ in range(_PATIENCE):
            before = _status(self._seen)
            await asyncio.sleep(_SETTLED_S)
            if _status(self._seen) == before and None not in before.values():
                return


def _problem_of(error: Exception, name: str) -> str:
    if isinstance(error, HandlerFileError):
        return " ".join(str(error).splitlines())
    return f"{name} could not be read anew ({type(error).__name__}: {error}): save it again."


_Status = tuple[int, int, int] | None


def _status(files: Iterable[Path]) -> dict[Path, _Status]:
    return {path: _status_of(path) for path in files}


def _status_of(path: Path) -> _Status:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
