"""One mirror at a time into one store."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, final

T = TypeVar("T")


@final
class FileLock:
    """A lock, which ends with the process if not before.

    Where there are no such locks, it does nothing.

    Args:
        path: an empty file that stands for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            BlockingIOError: if it is taken.
            OSError: if the file cannot be made.
        """
        if sys.platform == "win32":
            return
        import fcntl  # noqa: PLC0415 (there is none on Windows)

        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise BlockingIOError(
                error.errno, "another mirror goes to the same place", str(self._path.parent)
            ) from None
        except OSError:
            # A file system without locks.
            os.close(descriptor)
        else:
            self._descriptor = descriptor

    def take_for(self, begin: Callable[[], T]) -> T:
        """Take the lock, and return what *begin* gives; give it back if that fails.

        Raises:
            BlockingIOError: if it is taken.
            OSError: if the file cannot be made, or *begin* fails.
        """
        self.take()
        try:
            return begin()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give it back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
