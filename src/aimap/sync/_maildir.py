"""Mailboxes as Maildirs, one folder each, with a database that remembers what is in them.

A file's name says which message it is: ``DATE.V<UIDVALIDITY>U<UID>.aimap:2,FLAGS``. So
the folder itself is the record of what was mirrored: a message is there under its name,
whole, or it is not. The database is a cache of it, so that a hundred thousand names need
not be read to fetch ten messages, and keeps the position. It is believed as long as the
folder is as it was left: its time of modification is set to a moment of our own choosing
with each change, and any other change gives it another. If it is not, the folder is read
again, and the position is forgotten if a message that was there is gone or has other flags.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

import trio

from aimap._model.mailbox import MailboxInfo
from aimap._model.numbers import UIDValidity
from aimap.sync._database import DamagedError, Database
from aimap.sync._files import wait_for_names
from aimap.sync._lock import FileLock
from aimap.sync._maildir_mailbox import KEYWORDS_FILE, MaildirMailbox, time_of
from aimap.sync._names import FOLDERS, folder_name
from aimap.sync._position import Position, kept_position

_NAME_FILE = ".aimap-mailbox"
_LOCK_FILE = ".aimap-lock"
_STATE_FILE = ".aimap-state.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS mailbox (
    id INTEGER PRIMARY KEY,
    folder TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    validity INTEGER NOT NULL,
    time INTEGER NOT NULL DEFAULT 0,
    position TEXT
);
CREATE TABLE IF NOT EXISTS message (
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    uid INTEGER NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
"""


@final
class MaildirStore:
    """A folder of Maildirs.

    Args:
        root: the folder; created if it is not there. One mirror at a time can go into it.
        durable: whether what was stored is to survive a crash of the whole machine too.
            Without it, a mirror is as safe against a crash of the program, and writes
            faster.
    """

    def __init__(self, root: str | os.PathLike[str], *, durable: bool = True) -> None:
        self.root: Path = Path(root)
        self._durable = durable
        self._database = Database(self.root / _STATE_FILE, _SCHEMA)
        self._lock = FileLock(self.root / _LOCK_FILE)

    async def positions(self) -> Mapping[str, Position]:
        """Return the positions of the mailboxes whose folders are as they were left.

        Raises:
            BlockingIOError: if another mirror goes into the folder just now.
            OSError: if that cannot be read.
        """
        return await trio.to_thread.run_sync(self._lock.take_for, self._positions)

    def _positions(self) -> dict[str, Position]:
        try:
            with self._database.transaction() as connection:
                rows = connection.execute(
                    "SELECT name, folder, time, position FROM mailbox"
                ).fetchall()
        except DamagedError:
            # It is all in the folders too, but for the positions.
            self._database.remove()
            return {}
        found: dict[str, Position] = {}
        for name, folder, told, text in rows:
            position = kept_position(text)
            if position is not None and told == time_of(self.root / folder / "cur"):
                found[name] = position
        return found

    async def mailbox(self, info: MailboxInfo, uid_validity: UIDValidity) -> MaildirMailbox:
        """Open a mailbox's Maildir, created if need be.

        Raises:
            OSError: if the folder cannot be made or read.
        """
        return await trio.to_thread.run_sync(self._open, info, uid_validity)

    def _open(self, info: MailboxInfo, uid_validity: UIDValidity) -> MaildirMailbox:
        folder = self._unclaimed(info)
        if _owner(folder) is None:
            for name in FOLDERS:
                (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / _NAME_FILE).write_text(info.name, encoding="utf-8", errors="surrogatepass")
            if self._durable:
                for each in (folder, *folder.relative_to(self.root).parents):
                    wait_for_names(self.root / each)
        key = str(folder.relative_to(self.root))
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO mailbox (folder, name, validity) VALUES (?, ?, ?) "
                "ON CONFLICT (folder) DO UPDATE SET validity = excluded.validity, "
                "name = excluded.name, time = 0, position = NULL "
                "WHERE validity <> excluded.validity OR name <> excluded.name",
                (key, _storable(info.name), uid_validity),
            )
            query = connection.execute("SELECT id FROM mailbox WHERE folder = ?", (key,))
            number: int = query.fetchone()[0]
        return MaildirMailbox(self._database, number, folder, uid_validity, durable=self._durable)

    def _unclaimed(self, info: MailboxInfo) -> Path:
        """Return the folder that is this mailbox's, and no other's."""
        first = self.root / folder_name(info)
        folder, number = first, 2
        while (owner := _owner(folder)) is not None and owner != info.name:
            # Names that differ by case only share a folder on some file systems.
            folder = first.with_name(f"{first.name}%~{number}")
            number += 1
        return folder

    async def remove_others(self, names: Sequence[str]) -> Sequence[str]:
        """Remove the Maildirs of mailboxes that are not among *names*.

        Raises:
            OSError: if a folder cannot be read or removed.
        """
        return await trio.to_thread.run_sync(self._remove_others, frozenset(names))

    def _remove_others(self, names: frozenset[str]) -> list[str]:
        removed: list[str] = []
        for folder in sorted(_maildirs(self.root)):
            name = _owner(folder)
            if name is None or name in names:
                continue
            with self._database.transaction() as connection:
                key = str(folder.relative_to(self.root))
                connection.execute("DELETE FROM mailbox WHERE folder = ?", (key,))
            for each in FOLDERS:
                shutil.rmtree(folder / each, ignore_errors=True)
            (folder / KEYWORDS_FILE).unlink(missing_ok=True)
            # Last, so that what a crash leaves is still known to be a Maildir of ours.
            (folder / _NAME_FILE).unlink()
            removed.append(name)
            if not any(folder.iterdir()):
                folder.rmdir()
        return removed

    async def aclose(self) -> None:
        """Close the database, and let other mirrors in; it is opened again when it is needed.

        Raises:
            OSError: if it cannot be written.
        """
        # What is damaged is made anew by the next run: all of it is in the folders too.
        close = self._database.remove if self._database.is_damaged else self._database.close
        try:
            await trio.to_thread.run_sync(close)
        finally:
            self._lock.release()


def _maildirs(root: Path) -> list[Path]:
    """Return the folders of ours below *root*, without looking at every message."""
    found: list[Path] = []
    for at, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in FOLDERS]
        if _NAME_FILE in files:
            found.append(Path(at))
    return found


def _owner(folder: Path) -> str | None:
    try:
        return (folder / _NAME_FILE).read_text(encoding="utf-8", errors="surrogatepass")
    except FileNotFoundError:
        return None


def _storable(name: str) -> str:
    """Return a name as SQLite can have it."""
    return name.encode("utf-8", "replace").decode("utf-8")
