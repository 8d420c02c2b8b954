"""A SQLite database in a file: one connection, one transaction at a time, errors of the system.

Write-ahead logging with ``synchronous=NORMAL``: a transaction costs no wait for the disk.
After a crash of the machine the newest may be missing, but never one of which a later one
is there; after a crash of the program, none.
"""

from __future__ import annotations

import errno
import sqlite3
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import final

_BUSY_SECONDS = 5.0

_ERRNO = {
    sqlite3.SQLITE_BUSY: errno.EAGAIN,
    sqlite3.SQLITE_CANTOPEN: errno.ENOENT,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_LOCKED: errno.EAGAIN,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_READONLY: errno.EROFS,
}


class DamagedError(OSError):
    """The file is not a database, or is damaged."""


@final
class Database:
    """A database, opened when it is used first and again after :meth:`close`.

    Its methods block: they are for worker threads.

    Args:
        path: the file.
        schema: statements that make what is not there.

    Attributes:
        is_damaged: whether the file was found to be.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self.is_damaged: bool = False
        self._schema = schema
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._finalizer: weakref.finalize[[], Database] | None = None

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Begin a transaction; end it with the block, or undo it if the block raises.

        Raises:
            DamagedError: if the file is damaged.
            OSError: if it cannot be read or written, or another process is too long at it.
        """
        with self._begun("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Begin a transaction that only reads, also while another process writes.

        Raises:
            DamagedError: if the file is damaged.
            OSError: if it cannot be read.
        """
        with self._begun("BEGIN") as connection:
            yield connection

    @contextmanager
    def _begun(self, statement: str) -> Generator[sqlite3.Connection]:
        with self._lock, self._errors():
            connection = self._opened()
            connection.execute(statement)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            # The extended codes have the plain one in their last octet.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                self.is_damaged = True
                raise DamagedError(errno.EIO, str(error), str(self.path)) from error
            if code in _ERRNO or code == sqlite3.SQLITE_IOERR:
                number = _ERRNO.get(code, errno.EIO)
                raise OSError(number, str(error), str(self.path)) from error
            raise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
                connection.executescript(self._schema)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            self._finalizer = weakref.finalize(self, connection.close)
        return self._connection

    def close(self) -> None:
        """Close it.

        Raises:
            OSError: if what was written last does not reach the file.
        """
        with self._lock, self._errors():
            if self._connection is not None and self._finalizer is not None:
                connection, self._connection = self._connection, None
                self._finalizer.detach()
                connection.close()

    def remove(self) -> None:
        """Close it, and remove the file."""
        try:
            self.close()
        except OSError:
            # It is on its way out in any case.
            self._connection = None
        self.is_damaged = False
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
