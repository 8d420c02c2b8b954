"""Writing many small files so that they are on the disk, at the cost of few waits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import final

import attrs


@final
@attrs.frozen
class NewFile:
    """A file to be written.

    Attributes:
        base: what it is called while it is written.
        name: what it is called then.
        octets: what is in it.
        seconds: when it was last modified, since 1970; 0 for now.
    """

    base: str
    name: str
    octets: bytes | memoryview
    seconds: int


def write_files(tmp: Path, files: Sequence[NewFile], *, durable: bool) -> None:
    """Write files into a folder.

    Those that are to be durable are written first, and waited for then: the first wait takes
    most of the others along.

    Raises:
        OSError: if one cannot be written.
    """
    opened: list[int] = []
    try:
        for file in files:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
            path = f"{tmp}/{file.base}"
            descriptor = os.open(path, flags, 0o666)
            opened.append(descriptor)
            write(descriptor, file.octets)
            if file.seconds:
                os.utime(path, (file.seconds, file.seconds))
            if not durable:
                os.close(opened.pop())
        for descriptor in opened:
            os.fsync(descriptor)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def write(descriptor: int, octets: bytes | memoryview) -> None:
    """Write all of it: a system call takes 2 GiB at most."""
    view = memoryview(octets)
    while view:
        view = view[os.write(descriptor, view) :]


def name_files(tmp: Path, cur: Path, files: Iterable[NewFile]) -> None:
    """Give files that are written their names, in another folder.

    Raises:
        OSError: if that cannot be done.
    """
    for file in files:
        os.rename(f"{tmp}/{file.base}", f"{cur}/{file.name}")  # noqa: PTH104 (thousands of them)


def remove_unfinished(tmp: Path, files: Iterable[NewFile]) -> None:
    """Remove what was written and has no name yet."""
    for file in files:
        try:
            os.unlink(f"{tmp}/{file.base}")  # noqa: PTH108 (as above)
        except OSError:
            # What is still there is removed when the folder is read next.
            continue


def wait_for_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk.

    Raises:
        OSError: if that fails.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
