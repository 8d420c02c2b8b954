"""One mirror at a time into one folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import final

_FILE = ".aimap-lock"


@final
class FolderLock:
    """A lock on a folder, which ends with the process if not before.

    Where the system has no such locks, it does nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock, unless it is ours already.

        Raises:
            BlockingIOError: if somebody else has it.
            OSError: if the folder cannot be made or written.
        """
        if self._descriptor is not None or sys.platform == "win32":
            return
        import fcntl  # noqa: PLC0415 (there is none on Windows)

        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _FILE
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise BlockingIOError(
                error.errno, "another mirror goes into this folder", str(self._folder)
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
