"""What is in one Maildir, on the disk and in the database.

What waits for the disk: the messages of a batch are written to ``tmp`` by a few threads, each
of which waits for its own, renamed into ``cur``, and the folder is waited for. Only then does
the database hear of them. So whatever crashes, a message that the database knows is there
whole; and one that it does not know is found, since the time of the folder is wrong then.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import final

import trio

from aimap._model.flag import Flags
from aimap._model.numbers import UID, UIDSet, UIDValidity
from aimap.sync._crew import open_crew
from aimap.sync._database import Database
from aimap.sync._files import (
    NewFile,
    name_files,
    remove_unfinished,
    wait_for_names,
    write_files,
)
from aimap.sync._names import Letters, base_name, parse_name
from aimap.sync._position import Position, kept_position
from aimap.sync._store import MirroredMessage

KEYWORDS_FILE = "dovecot-keywords"
_WRITERS = 4
_FEW = 16
"""Files that are not worth a thread."""


def time_of(folder: Path) -> int:
    """Return when a folder was last modified, in nanoseconds."""
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return -1


@final
class MaildirMailbox:
    """One mailbox's Maildir; made by :meth:`MaildirStore.mailbox`."""

    def __init__(
        self,
        database: Database,
        number: int,
        folder: Path,
        uid_validity: UIDValidity,
        *,
        durable: bool,
    ) -> None:
        self.folder = folder
        self._database = database
        self._number = number
        self._validity = uid_validity
        self._durable = durable
        self._letters = Letters()
        self._is_read = False

    async def known(self) -> Mapping[UID, Flags]:
        """Return the messages that are there, with their flags.

        What a crash left in ``tmp``, and what is of another UIDVALIDITY, is removed.

        Raises:
            OSError: if the folder cannot be read.
        """
        return await trio.to_thread.run_sync(self._known)

    def _known(self) -> dict[UID, Flags]:
        with self._database.transaction() as connection:
            self._read(connection)
            rows: Iterable[tuple[UID, str]] = connection.execute(
                "SELECT uid, file FROM message WHERE mailbox = ?", (self._number,)
            )
            return {uid: self._letters.flags(file) for uid, file in rows}

    async def position(self) -> Position | None:
        """Return what :meth:`finish` was given last, if all that was there then still is.

        Raises:
            OSError: if it cannot be read.
        """
        return await trio.to_thread.run_sync(self._position)

    def _position(self) -> Position | None:
        with self._database.transaction() as connection:
            self._read(connection)
            text: str | None = connection.execute(
                "SELECT position FROM mailbox WHERE id = ?", (self._number,)
            ).fetchone()[0]
        return kept_position(text)

    def _read(self, connection: sqlite3.Connection) -> None:
        """Bring the database up to what is in the folder, unless it is."""
        if self._is_read:
            return
        self._read_letters()
        for leftover in os.scandir(self.folder / "tmp"):
            if ".aimap" in leftover.name:
                Path(leftover.path).unlink(missing_ok=True)
        query = connection.execute("SELECT time FROM mailbox WHERE id = ?", (self._number,))
        if query.fetchone()[0] != time_of(self.folder / "cur"):
            self._read_folder(connection)
        self._is_read = True

    def _read_folder(self, connection: sqlite3.Connection) -> None:
        there = self._scan()
        rows: Iterable[tuple[UID, str]] = connection.execute(
            "SELECT uid, file FROM message WHERE mailbox = ?", (self._number,)
        )
        told = dict(rows)
        if not told.items() <= there.items():
            connection.execute("UPDATE mailbox SET position = NULL WHERE id = ?", (self._number,))
        gone = [(self._number, uid) for uid in told if uid not in there]
        connection.executemany("DELETE FROM message WHERE mailbox = ? AND uid = ?", gone)
        self._note(connection, {uid: name for uid, name in there.items() if told.get(uid) != name})

    def _scan(self) -> dict[UID, str]:
        found: dict[UID, str] = {}
        for entry in os.scandir(self.folder / "cur"):
            parsed = parse_name(entry.name)
            if parsed is None:
                continue
            validity, uid = parsed
            if validity != self._validity or uid in found:
                Path(entry.path).unlink(missing_ok=True)
            else:
                found[uid] = entry.name
        return found

    def _note(self, connection: sqlite3.Connection, files: Mapping[UID, str]) -> None:
        """Have the database know files, and that the folder is as it is now."""
        connection.executemany(
            "INSERT INTO message (mailbox, uid, file) VALUES (?, ?, ?) "
            "ON CONFLICT (mailbox, uid) DO UPDATE SET file = excluded.file",
            [(self._number, uid, name) for uid, name in files.items()],
        )
        cur = self.folder / "cur"
        # Kernels count in milliseconds: no other change will come upon the same number.
        now = time.time_ns()
        os.utime(cur, ns=(now, now))
        connection.execute("UPDATE mailbox SET time = ? WHERE id = ?", (time_of(cur), self._number))

    async def add(self, messages: Sequence[MirroredMessage]) -> None:
        """Add messages.

        Raises:
            OSError: if one cannot be written; some of them may be there then.
        """
        files = await trio.to_thread.run_sync(self._new_files, messages)
        tmp, new = self.folder / "tmp", list(files.values())
        try:
            # Waiting for the disk takes threads no work, and the disk is the slowest of all.
            count = -(-len(new) // _WRITERS) if self._durable else len(new)
            async with open_crew() as crew:
                for at in range(0, len(new), max(_FEW, count)):
                    part = new[at : at + max(_FEW, count)]
                    write = partial(write_files, tmp, part, durable=self._durable)
                    crew.start_soon(trio.to_thread.run_sync, write)
            await trio.to_thread.run_sync(self._name, files)
        except BaseException:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(remove_unfinished, tmp, new)
            raise

    def _new_files(self, messages: Sequence[MirroredMessage]) -> dict[UID, NewFile]:
        with self._database.transaction() as connection:
            self._read(connection)
        self._learn([message.flags for message in messages])
        files: dict[UID, NewFile] = {}
        for message in messages:
            seconds = 0 if message.date is None else max(0, int(message.date.timestamp()))
            base = base_name(message.uid, self._validity, seconds)
            name = f"{base}:2,{self._letters.of(message.flags)}"
            files[message.uid] = NewFile(base, name, message.octets, seconds)
        return files

    def _name(self, files: Mapping[UID, NewFile]) -> None:
        cur = self.folder / "cur"
        with self._database.transaction() as connection:
            before = {uid: self._file(connection, uid) for uid in files}
        name_files(self.folder / "tmp", cur, files.values())
        for uid, name in before.items():
            # One that is there already is there once, whatever its flags were.
            if name is not None and name != files[uid].name:
                (cur / name).unlink(missing_ok=True)
        self._changed({uid: file.name for uid, file in files.items()})

    def _changed(self, files: Mapping[UID, str], gone: Iterable[UID] = ()) -> None:
        if self._durable:
            wait_for_names(self.folder / "cur")
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM message WHERE mailbox = ? AND uid = ?",
                [(self._number, uid) for uid in gone],
            )
            self._note(connection, files)

    async def read(self, uid: UID) -> bytes:
        """Return a message that is there.

        Raises:
            OSError: if its file cannot be read.
        """
        return await trio.to_thread.run_sync(self._read_file, uid)

    def _read_file(self, uid: UID) -> bytes:
        return (self.folder / "cur" / self._names([uid])[uid]).read_bytes()

    def _names(self, uids: Iterable[UID]) -> dict[UID, str]:
        """Return the names of the files of those messages that are there."""
        with self._database.transaction() as connection:
            self._read(connection)
            found: dict[UID, str] = {}
            for uid in uids:
                name = self._file(connection, uid)
                if name is None:
                    raise FileNotFoundError(f"there is no message {uid} in {self.folder}")
                found[uid] = name
            return found

    def _file(self, connection: sqlite3.Connection, uid: UID) -> str | None:
        row: tuple[str] | None = connection.execute(
            "SELECT file FROM message WHERE mailbox = ? AND uid = ?", (self._number, uid)
        ).fetchone()
        return None if row is None else row[0]

    async def set_flags(self, flags: Mapping[UID, Flags]) -> None:
        """Give messages other flags.

        Raises:
            OSError: if a file cannot be renamed.
        """
        await trio.to_thread.run_sync(self._set_flags, flags)

    def _set_flags(self, flags: Mapping[UID, Flags]) -> None:
        self._learn(flags.values())
        cur = self.folder / "cur"
        files: dict[UID, str] = {}
        for uid, old in self._names(flags).items():
            # The same name comes of keywords that a Maildir has no more letters for.
            files[uid] = f"{old.partition(':')[0]}:2,{self._letters.of(flags[uid])}"
            (cur / old).rename(cur / files[uid])
        self._changed(files)

    async def remove(self, uids: UIDSet) -> None:
        """Remove messages.

        Raises:
            OSError: if a file cannot be removed.
        """
        await trio.to_thread.run_sync(self._remove, uids)

    def _remove(self, uids: UIDSet) -> None:
        for name in self._names(uids).values():
            (self.folder / "cur" / name).unlink(missing_ok=True)
        self._changed({}, uids)

    async def finish(self, position: Position) -> None:
        """Keep the position.

        Raises:
            OSError: if it cannot be written.
        """
        await trio.to_thread.run_sync(self._finish, position)

    def _finish(self, position: Position) -> None:
        with self._database.transaction() as connection:
            self._read(connection)
            connection.execute(
                "UPDATE mailbox SET position = ? WHERE id = ?",
                (position.to_text(), self._number),
            )

    def _read_letters(self) -> None:
        try:
            path = self.folder / KEYWORDS_FILE
            self._letters = Letters.parse(path.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            self._letters = Letters()

    def _learn(self, flags: Iterable[Flags]) -> None:
        """Give new keywords letters, and note them before any file has them in its name."""
        before = len(self._letters.keywords)
        for each in flags:
            self._letters.learn(each)
        if len(self._letters.keywords) == before:
            return
        temporary = self.folder / "tmp" / f"{KEYWORDS_FILE}.aimap"
        with temporary.open("w", encoding="utf-8") as file:
            file.write(self._letters.to_text())
            file.flush()
            if self._durable:
                os.fsync(file.fileno())
        temporary.rename(self.folder / KEYWORDS_FILE)
