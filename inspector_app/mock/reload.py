"""Following the files of what is hosted: a new version takes over, one that is broken changes nothing.

Owns when files count as changed, and the order of a reload. What a version is made of, and which connections
get it, is told by others.

Files are looked at by their status twice a second. That is a few microseconds for the few files of a mock, is
right for editors that write a new file in place of the old, and on every file system.
"""

from __future__ import annotations

import asyncio
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

    def reload(self) -> None:
        """Make a new version now. Raises `HandlerFileError`; then the old one goes on."""
        with self._renewing() as old:
            self._hosted = old.again()
            self._take_over(self._hosted)

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
            if self._hosted.is_only_read:
                await self._reload_beside()
            else:
                self.reload()
        except HandlerFileError as error:
            text = " ".join(str(error).splitlines())
            self._tell("problem", f"{text} The version from before serves on.")
        except Exception as error:  # noqa: BLE001 - following goes on, whatever a file does to it
            text = f"{type(error).__name__}: {error}"
            self._tell("problem", f"{self._hosted.name} could not be read anew ({text}): save it again.")
        else:
            self._tell("info", f"Reloaded {Path(self._hosted.name).name}: it answers from now on.")

    async def _reload_beside(self) -> None:
        """Read in a thread: thousands of rules take seconds, which the connections are not to wait for."""
        with self._renewing() as old:
            new = await asyncio.to_thread(old.again)
            if self._hosted is old:  # else it was read anew by hand meanwhile
                self._hosted = new
                self._take_over(new)

    async def _settle(self) -> None:
        for _ in range(_PATIENCE):
            before = _status(self._seen)
            await asyncio.sleep(_SETTLED_S)
            if _status(self._seen) == before and None not in before.values():
                return


_Status = tuple[int, int, int] | None


def _status(files: Iterable[Path]) -> dict[Path, _Status]:
    return {path: _status_of(path) for path in files}


def _status_of(path: Path) -> _Status:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
