"""Mailboxes in one SQLite file, with a full-text index over headers and text (FTS5).

Each batch of messages is one transaction, and so is what ends a mailbox: in one file, all of
it goes together, and no crash leaves one without the other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import final

import attrs
import trio

from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flags
from aimap._model.mailbox import MailboxInfo
from aimap._model.numbers import UID, UIDSet, UIDValidity
from aimap.sync._database import Database
from aimap.sync._lock import FileLock
from aimap.sync._position import Position, kept_position
from aimap.sync._store import MirroredMessage
from aimap.sync._words import words_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mailbox (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    validity INTEGER NOT NULL,
    position TEXT
);
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    uid INTEGER NOT NULL,
    flags TEXT NOT NULL,
    date TEXT,
    octets BLOB NOT NULL,
    UNIQUE (mailbox, uid)
);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    subject, people, text, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER IF NOT EXISTS message_gone AFTER DELETE ON message BEGIN
    DELETE FROM words WHERE rowid = old.id;
END;
"""

_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
_FOUND = """
SELECT mailbox.name, mailbox.validity, uid, flags, date, words.subject, people,
    snippet(words, -1, '', '', '…', 16)
FROM words JOIN message ON message.id = words.rowid JOIN mailbox ON mailbox.id = mailbox
WHERE words MATCH ? AND (? IS NULL OR mailbox.name = ?)
ORDER BY rank LIMIT ?
"""


@final
@attrs.frozen
class Found:
    """A message that a search found.

    Attributes:
        mailbox: the mailbox's name.
        uid_validity: its UIDVALIDITY.
        uid: the message's UID.
        flags: its flags.
        date: its internal date, if it has one.
        subject: its subject, decoded.
        people: who wrote it, and to whom: a line for each header field.
        snippet: the text around a place where the words are.
    """

    mailbox: str
    uid_validity: UIDValidity
    uid: UID
    flags: Flags
    date: datetime | None
    subject: str
    people: str
    snippet: str


@final
class SQLiteStore:
    """An account's mailboxes in one SQLite file, which can be searched.

    Args:
        path: the file; created if it is not there. One mirror at a time can go into it;
            searching is possible meanwhile.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)
        self._database = Database(self.path, _SCHEMA)
        self._lock = FileLock(self.path.with_name(self.path.name + "-lock"))

    async def positions(self) -> Mapping[str, Position]:
        """Return the positions of all mailboxes.

        Raises:
            BlockingIOError: if another mirror goes into the file just now.
            OSError: if it cannot be read.
        """
        return await trio.to_thread.run_sync(self._lock.take_for, self._positions)

    def _positions(self) -> dict[str, Position]:
        with self._database.transaction() as connection:
            rows: Iterable[tuple[str, str]] = connection.execute(
                "SELECT name, position FROM mailbox"
            )
            found = {name: kept_position(text) for name, text in rows}
        return {name: position for name, position in found.items() if position is not None}

    async def mailbox(self, info: MailboxInfo, uid_validity: UIDValidity) -> SQLiteMailbox:
        """Open a mailbox, created if need be.

        Raises:
            OSError: if the file cannot be read or written.
        """
        return await trio.to_thread.run_sync(self._open, info.name, uid_validity)

    def _open(self, name: str, uid_validity: UIDValidity) -> SQLiteMailbox:
        name = _storable(name)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO mailbox (name, validity) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, uid_validity),
            )
            number, validity = connection.execute(
                "SELECT id, validity FROM mailbox WHERE name = ?", (name,)
            ).fetchone()
            if validity != uid_validity:
                connection.execute("DELETE FROM message WHERE mailbox = ?", (number,))
                connection.execute(
                    "UPDATE mailbox SET validity = ?, position = NULL WHERE id = ?",
                    (uid_validity, number),
                )
        return SQLiteMailbox(self._database, number)

    async def remove_others(self, names: Sequence[str]) -> Sequence[str]:
        """Remove the mailboxes that are not among *names*.

        Raises:
            OSError: if the file cannot be written.
        """
        return await trio.to_thread.run_sync(self._remove_others, frozenset(map(_storable, names)))

    def _remove_others(self, names: frozenset[str]) -> list[str]:
        with self._database.transaction() as connection:
            rows: list[tuple[int, str]] = connection.execute(
                "SELECT id, name FROM mailbox ORDER BY name"
            ).fetchall()
            others = [(number, name) for number, name in rows if name not in names]
            numbers = [(number,) for number, _ in others]
            connection.executemany("DELETE FROM message WHERE mailbox = ?", numbers)
            connection.executemany("DELETE FROM mailbox WHERE id = ?", numbers)
        return [name for _, name in others]

    async def search(
        self, words: str, *, mailbox: str | None = None, limit: int = 100
    ) -> list[Found]:
        """Search subjects, names and addresses, texts, and names of attachments.

        Args:
            words: what a message must have, all of it: words, whatever their case and
                accents; ``"several words"`` in double quotes one behind the other; and
                ``wor*`` for how a word begins.
            mailbox: only in this one.
            limit: how many to return, at most.

        Returns:
            What was found, the best first.

        Raises:
            InvalidArgumentError: if there is no word.
            OSError: if the file cannot be read.
        """
        query = _query(words)
        if not query:
            raise InvalidArgumentError(f"there is no word in {words!r}")
        return await trio.to_thread.run_sync(partial(self._search, query, mailbox, limit))

    def _search(self, query: str, mailbox: str | None, limit: int) -> list[Found]:
        with self._database.reading() as connection:
            rows = connection.execute(_FOUND, (query, mailbox, mailbox, limit)).fetchall()
        return [
            Found(
                name,
                UIDValidity(validity),
                UID(uid),
                Flags(flags.split()),
                datetime.fromisoformat(date) if date else None,
                subject,
                people,
                snippet,
            )
            for name, validity, uid, flags, date, subject, people, snippet in rows
        ]

    async def read(self, mailbox: str, uid: int) -> bytes:
        """Return a message's octets.

        Raises:
            KeyError: if there is no such message.
            OSError: if the file cannot be read.
        """
        return await trio.to_thread.run_sync(self._read, mailbox, uid)

    def _read(self, mailbox: str, uid: int) -> bytes:
        with self._database.reading() as connection:
            row: tuple[bytes] | None = connection.execute(
                "SELECT octets FROM message JOIN mailbox ON mailbox.id = mailbox "
                "WHERE name = ? AND uid = ?",
                (_storable(mailbox), uid),
            ).fetchone()
        if row is None:
            raise KeyError((mailbox, uid))
        return row[0]

    async def aclose(self) -> None:
        """Close the file, and let other mirrors in; it is opened again when it is needed.

        Raises:
            OSError: if it cannot be written.
        """
        try:
            await trio.to_thread.run_sync(self._database.close)
        finally:
            self._lock.release()


def _storable(name: str) -> str:
    """Return a name as SQLite can have it."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _query(words: str) -> str:
    """Return an FTS5 query in which nothing but a star behind a word has a meaning."""
    terms: list[str] = []
    for match in _TERM.finditer(words):
        word = (match[1] or match[2] or "").replace("\0", " ")
        bare = word.rstrip("*")
        if any(character.isalnum() for character in bare):
            terms.append(f'"{bare}"' + ("*" if bare != word else ""))
    return " ".join(terms)


@final
class SQLiteMailbox:
    """One mailbox in the file; made by :meth:`SQLiteStore.mailbox`."""

    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._number = number

    async def known(self) -> Mapping[UID, Flags]:
        """Return the messages that are there, with their flags.

        Raises:
            OSError: if the file cannot be read.
        """
        return await trio.to_thread.run_sync(self._known)

    def _known(self) -> dict[UID, Flags]:
        read: dict[str, Flags] = {}
        found: dict[UID, Flags] = {}
        with self._database.reading() as connection:
            rows: Iterable[tuple[UID, str]] = connection.execute(
                "SELECT uid, flags FROM message WHERE mailbox = ?", (self._number,)
            )
            for uid, text in rows:
                flags = read.get(text)
                if flags is None:
                    flags = read[text] = Flags(text.split())
                found[uid] = flags
        return found

    async def position(self) -> Position | None:
        """Return what :meth:`finish` was given last.

        Raises:
            OSError: if the file cannot be read.
        """
        return await trio.to_thread.run_sync(self._position)

    def _position(self) -> Position | None:
        with self._database.reading() as connection:
            text: str | None = connection.execute(
                "SELECT position FROM mailbox WHERE id = ?", (self._number,)
            ).fetchone()[0]
        return kept_position(text)

    async def add(self, messages: Sequence[MirroredMessage]) -> None:
        """Add messages, and index their words.

        Raises:
            OSError: if the file cannot be written; none of them is there then.
        """
        await trio.to_thread.run_sync(self._add, messages)

    def _add(self, messages: Sequence[MirroredMessage]) -> None:
        words = [words_of(message.octets) for message in messages]
        with self._database.transaction() as connection:
            for message, found in zip(messages, words, strict=True):
                added = connection.execute(
                    "INSERT INTO message (mailbox, uid, flags, date, octets) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (
                        self._number,
                        message.uid,
                        _text(message.flags),
                        None if message.date is None else message.date.isoformat(),
                        message.octets,
                    ),
                )
                if added.rowcount:
                    connection.execute(
                        "INSERT INTO words (rowid, subject, people, text) VALUES (?, ?, ?, ?)",
                        (added.lastrowid, found.subject, found.people, found.text),
                    )

    async def set_flags(self, flags: Mapping[UID, Flags]) -> None:
        """Give messages other flags.

        Raises:
            OSError: if the file cannot be written.
        """
        rows = [(_text(new), self._number, uid) for uid, new in flags.items()]
        await self._change("UPDATE message SET flags = ? WHERE mailbox = ? AND uid = ?", rows)

    async def remove(self, uids: UIDSet) -> None:
        """Remove messages.

        Raises:
            OSError: if the file cannot be written.
        """
        rows = [(self._number, uid) for uid in uids]
        await self._change("DELETE FROM message WHERE mailbox = ? AND uid = ?", rows)

    async def finish(self, position: Position) -> None:
        """Keep the position.

        Raises:
            OSError: if the file cannot be written.
        """
        rows = [(position.to_text(), self._number)]
        await self._change("UPDATE mailbox SET position = ? WHERE id = ?", rows)

    async def _change(self, statement: str, rows: Sequence[tuple[str | int, ...]]) -> None:
        def change() -> None:
            with self._database.transaction() as connection:
                connection.executemany(statement, rows)

        await trio.to_thread.run_sync(change)


def _text(flags: Flags) -> str:
    return " ".join(sorted(flags))
