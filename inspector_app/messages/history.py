"""The history: everything that was sent from the app, as it was typed, with what came of it.

Owns the file in the data folder (SQLite, for the user alone) and how much of it there is. What is kept has
its variables as they were typed: a value from the environment of the process never gets here.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "history.sqlite"

MOST_ENTRIES: Final = 2_000
MOST_BYTES: Final = 32 * 1024 * 1024
KEPT_DAYS: Final = 90
DATA_BYTES: Final = 1024 * 1024
"""Most bytes that are kept of what was typed; of more the beginning is, which cannot be sent again."""
ANSWER_BYTES: Final = 64 * 1024

_LATEST_NS: Final = 1 << 62
_DAY_NS: Final = 86_400 * 10**9
_BUSY_S: Final = 1.0

SentKind = Literal["request", "stream", "bidirectional", "oneway", "raw", "item"]


class HistoryError(Exception):
    """The history cannot be used; the text is one sentence for a person, with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One thing that was sent. `id` is 0 until it is kept."""

    id: int = 0
    sent_ns: int
    kind: SentKind
    operation: str = ""
    data: str
    """As typed."""
    items: str = "[]"
    """What this side sent on a bidirectional stream: a JSON array of JSON texts, as typed."""
    timeout: str = ""
    cut: bool = False
    """The data was too large to be kept as a whole."""
    url: str = ""
    environment: str = ""
    variables: str = "{}"
    """The values of the variables in it that are no secrets, at that time: a JSON object."""
    outcome: str = "pending"
    code: str = ""
    latency_ns: int | None = None
    answer: str = ""
    """The beginning of what came: a JSON value, or an item a line. Secrets are masked."""
    capture: str = ""
    """The file of the capture that has the exchange, if it is still there."""
    conn: int | None = None
    opener: str = ""
    number: int | None = None

    @property
    def text(self) -> str:
        """What is searched."""
        about = (self.kind, self.operation, self.outcome, self.code, self.environment, self.url)
        return " ".join((*about, self.data))


_COLUMNS: Final = tuple(each.name for each in fields(Sent) if each.name != "id")
_TYPES: Final = {"sent_ns": "INTEGER", "latency_ns": "INTEGER", "conn": "INTEGER", "number": "INTEGER"}
_TABLE: Final = ", ".join(f"{name} {_TYPES.get(name, 'TEXT')}" for name in _COLUMNS)
_NEWEST: Final = f"SELECT id, {', '.join(_COLUMNS)} FROM sent ORDER BY id DESC LIMIT ?"  # noqa: S608 - our own names
_SIZE: Final = "length(data) + length(items) + length(answer)"
_DELETE_OLDEST: Final = (
    f"DELETE FROM sent WHERE id IN (SELECT id FROM (SELECT id, sum({_SIZE}) OVER (ORDER BY id DESC) AS total"  # noqa: S608 - our own names
    " FROM sent) WHERE total > ?)"
)
_VERSION: Final = 1


class History:
    """The history in a file, which is made when there is something to keep. Methods raise `HistoryError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version = 0
        """Another number whenever something has changed through this object."""
        self._connection: sqlite3.Connection | None = None
        self._characters: int | None = None
        """Of all texts, at most, as far as is known; others may keep something, too."""

    def close(self) -> None:
        """Let go of the file. Idempotent."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def add(self, sent: Sent) -> Sent:
        """Keep it; give it as it is kept. What there is too much of goes, the oldest first."""
        data = sent.data.encode("utf-8", "surrogatepass")
        if len(data) > DATA_BYTES:
            cut = data[:DATA_BYTES].decode("utf-8", "ignore")
            sent = replace(sent, data=cut, cut=True)
        sent = replace(sent, answer=sent.answer[:ANSWER_BYTES])
        names, marks = ", ".join(_COLUMNS), ", ".join("?" * len(_COLUMNS))
        values = [_stored(getattr(sent, name)) for name in _COLUMNS]
        cursor = self._run(f"INSERT INTO sent ({names}) VALUES ({marks})", values)  # noqa: S608 - our own names
        kept = replace(sent, id=cursor.lastrowid or 0)
        self._tidy(kept.id, len(sent.data) + len(sent.items))
        self.version += 1
        return kept

    def settle(
        self,
        id: int,  # noqa: A002 - named as the field is
        outcome: str,
        *,
        code: str = "",
        latency_ns: int | None = None,
        answer: str = "",
    ) -> None:
        """Take note of what came of it."""
        values = (outcome, code, latency_ns, _stored(answer[:ANSWER_BYTES]), id)
        self._characters = None if self._characters is None else self._characters + len(answer)
        self._run("UPDATE sent SET outcome = ?, code = ?, latency_ns = ?, answer = ? WHERE id = ?", values)
        self.version += 1

    def entries(self) -> list[Sent]:
        """Give all of it, the newest first."""
        if self._connection is None and not self.path.exists():
            return []
        found = self._run(_NEWEST, (MOST_ENTRIES,))
        return [_entry(values) for values in found]

    def remove(self, id: int) -> None:  # noqa: A002 - as above
        """Forget one."""
        self._run("DELETE FROM sent WHERE id = ?", (id,))
        self.version += 1

    def clear(self) -> None:
        """Forget all, and leave nothing of it in the file."""
        if self._connection is None and not self.path.exists():
            return
        self._run("DELETE FROM sent", ())
        self._run("VACUUM", ())
        self._characters = None
        self.version += 1

    def _tidy(self, newest: int, more: int) -> None:
        self._run(
            "DELETE FROM sent WHERE id <= ? OR sent_ns < ?",
            (newest - MOST_ENTRIES, time.time_ns() - KEPT_DAYS * _DAY_NS),
        )
        # To add up all of it takes as long as to read it, so that is done only when there may be too much.
        self._characters = self._total() if self._characters is None else self._characters + more
        if self._characters > MOST_BYTES:
            # And by some more than there is too much, or it would be done each time from then on.
            self._run(_DELETE_OLDEST, (MOST_BYTES * 9 // 10,))
            self._characters = self._total()

    def _total(self) -> int:
        found = self._run(f"SELECT coalesce(sum({_SIZE}), 0) FROM sent", ()).fetchone()[0]  # noqa: S608 - as above
        return int(found)

    def _run(self, statement: str, values: Any) -> sqlite3.Cursor:
        try:
            if self._connection is None:
                self._connection = self._open()
            return self._connection.execute(statement, values)
        except (sqlite3.Error, OSError) as error:
            raise HistoryError(
                f"The history {self.path} cannot be used ({error}): {_advice(error)}."
            ) from error

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made before SQLite opens it, whose log gets the same permissions.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            _check_version(connection)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS sent (id INTEGER PRIMARY KEY AUTOINCREMENT, {_TABLE})"
            )
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection


def _check_version(connection: sqlite3.Connection) -> None:
    with closing(connection.execute("PRAGMA user_version")) as found:
        if found.fetchone()[0] > _VERSION:
            raise sqlite3.DatabaseError("a newer version of this program made it")


_NO_ROOM: Final = "make room on its disk"
_NOT_ALLOWED: Final = "look who may write there"
_HELD: Final = "another program holds it, so try again when that has ended"
_BY_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_FULL: _NO_ROOM,
    sqlite3.SQLITE_READONLY: _NOT_ALLOWED,
    sqlite3.SQLITE_CANTOPEN: _NOT_ALLOWED,
}
_BY_SYSTEM: Final = {
    errno.ENOSPC: _NO_ROOM,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: _NOT_ALLOWED,
}


def _advice(error: sqlite3.Error | OSError) -> str:
    """Say what to do; a history that is whole is not to be deleted."""
    if isinstance(error, OSError):
        advice = _BY_SYSTEM.get(error.errno or 0)
    else:
        advice = _BY_SQLITE.get(getattr(error, "sqlite_errorcode", 0))
    return advice or "delete it to begin another one"


def _stored(value: object) -> object:
    """Half a surrogate pair has no place in a database."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _entry(values: tuple[Any, ...]) -> Sent:
    """Make an entry of a row; whoever wrote the file may have put anything there."""
    named = dict(zip(("id", *_COLUMNS), values, strict=True))
    for name, value in named.items():
        if name == "cut":
            named[name] = value in (1, "1")
        elif name in ("id", "sent_ns"):
            named[name] = value if isinstance(value, int) and 0 <= value < _LATEST_NS else 0
        elif name in _TYPES:
            named[name] = value if isinstance(value, int) else None
        else:
            named[name] = value if isinstance(value, str) else ""
    return Sent(**named)
