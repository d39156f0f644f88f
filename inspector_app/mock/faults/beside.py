"""Faults from a file of their own, beside whatever is hosted: both are one thing that is read anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from inspector_app.mock.faults.rules import FaultRule, read_faults
from inspector_app.mock.load import HandlerFileError
from inspector_app.toml_file import TomlError

if TYPE_CHECKING:
    from pathlib import Path

    from inspector_app.mock.reload import Hosted, Note
    from slipstream import ProtocolHandler


class WithFaults:
    """What is hosted, and a file of faults for it. Raises `HandlerFileError` where that is wrong."""

    def __init__(self, hosted: Hosted, path: Path, seed: int | None = None) -> None:
        self.hosted = hosted
        self._path = path
        self._asked_seed = seed
        try:
            self._file = read_faults(path)
        except TomlError as error:
            raise HandlerFileError(str(error)) from error

    @property
    def name(self) -> str:
        """What a person called the handler."""
        return self.hosted.name

    @property
    def make(self) -> Callable[[], ProtocolHandler]:
        """Makes the handler of one connection."""
        return self.hosted.make

    @property
    def is_only_read(self) -> bool:
        """Whether making a new version runs none of its code."""
        return self.hosted.is_only_read

    @property
    def files(self) -> frozenset[Path]:
        """What both are made of."""
        return self.hosted.files | {self._path.absolute()}

    @property
    def suspects(self) -> frozenset[Path]:
        """What is to be followed while the newest version of any is broken."""
        return self.hosted.suspects | {self._path.absolute()}

    @property
    def faults(self) -> Sequence[FaultRule]:
        """Those of the handler, then those of the file."""
        return (*self.hosted.faults, *self._file.fault)

    @property
    def seed(self) -> int:
        """That which was asked for, else that of the file."""
        return self._file.seed if self._asked_seed is None else self._asked_seed

    def again(self) -> Self:
        """Read both anew. Raises `HandlerFileError`."""
        return type(self)(self.hosted.again(), self._path, self._asked_seed)

    def notes_to(self, note: Note) -> None:
        """Have what the handler wants to say heard by `note`."""
        self.hosted.notes_to(note)

    async def end(self) -> None:
        """Do nothing more by itself."""
        await self.hosted.end()
