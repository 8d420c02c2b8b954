"""Mail from files, for the embedded server: folders of .eml files, mbox, Maildir."""

from __future__ import annotations

import mailbox as stored_mail
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flag
from aimap._wire.utf7 import decode_mailbox_name

_LINE_END = re.compile(rb"\r?\n")
_MBOX = b"From "
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_SUFFIXES = (".eml", ".msg", ".txt")
# The letters of Maildir, and of Status and X-Status in mbox
_FLAGS = {
    "D": Flag.DRAFT,
    "F": Flag.FLAGGED,
    "R": Flag.ANSWERED,
    "S": Flag.SEEN,
    "T": Flag.DELETED,
}
_MBOX_FLAGS = {"R": Flag.SEEN, "D": Flag.DELETED, "F": Flag.FLAGGED, "A": Flag.ANSWERED}


@final
@attrs.frozen
class MailFile:
    """A message that was read from a file.

    Attributes:
        mailbox: in which mailbox it belongs.
        octets: all of it, with CRLF at the ends of lines.
        flags: its flags.
        date: when it came.
    """

    mailbox: str
    octets: bytes
    flags: frozenset[str] = frozenset()
    date: datetime | None = None


def read_mail(path: Path, mailbox: str = "INBOX") -> Iterator[MailFile]:
    """Read messages from a file or a folder, whatever of these it is.

    A folder with ``cur`` and ``new`` is a Maildir, with those below it (Maildir++). In any
    other one, messages are files that end in ``.eml``; folders and mbox files (``.mbox``) in it
    are mailboxes below it.

    Args:
        path: the file or the folder.
        mailbox: in which mailbox its own messages belong.

    Raises:
        InvalidArgumentError: if it is nothing of that kind.
        OSError: if it cannot be read.
    """
    if path.is_dir():
        return _read_maildir(path, mailbox) if _is_maildir(path) else _read_folder(path, mailbox)
    with path.open("rb") as file:
        start = file.read(len(_MBOX))
    if start == _MBOX or (not start and path.suffix == ".mbox"):
        return _read_mbox(path, mailbox)
    if path.suffix.lower() in _SUFFIXES:
        return iter([_read_file(path, mailbox)])
    raise InvalidArgumentError(
        f"{str(path)!r} is not a folder of .eml files, a Maildir, an mbox or an .eml file"
    )


def crlf(octets: bytes) -> bytes:
    """Return a message with CRLF at the ends of all lines."""
    return _LINE_END.sub(b"\r\n", octets)


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _below(mailbox: str, name: str) -> str:
    """Return the name of a mailbox in a folder; what is in that of INBOX stands on top."""
    return name if mailbox == "INBOX" else f"{mailbox}/{name}"


def _read_file(path: Path, mailbox: str, flags: frozenset[str] = frozenset()) -> MailFile:
    date = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    return MailFile(mailbox, crlf(path.read_bytes()), flags, date)


def _read_folder(path: Path, mailbox: str) -> Iterator[MailFile]:
    for each in sorted(path.iterdir()):
        if each.name.startswith("."):
            continue
        if each.is_dir():
            yield from read_mail(each, _below(mailbox, each.name))
        elif each.suffix == ".mbox":
            yield from _read_mbox(each, _below(mailbox, each.stem))
        elif each.suffix.lower() in _SUFFIXES:
            yield _read_file(each, mailbox)


def _read_maildir(path: Path, mailbox: str) -> Iterator[MailFile]:
    found = [each for part in ("cur", "new") for each in (path / part).iterdir()]
    for each in sorted(found, key=lambda file: file.name):
        _, _, letters = each.name.partition(":2,")
        flags = frozenset(_FLAGS[letter] for letter in letters if letter in _FLAGS)
        yield _read_file(each, mailbox, flags)
    for each in sorted(path.iterdir()):
        if each.name.startswith(".") and _is_maildir(each):
            levels = each.name[1:].split(".")
            name = "/".join(str(decode_mailbox_name(level.encode())) for level in levels)
            yield from _read_maildir(each, _below(mailbox, name))


def _read_mbox(path: Path, mailbox: str) -> Iterator[MailFile]:
    box = stored_mail.mbox(path, create=False)
    try:
        for key in box.keys():  # noqa: SIM118 (iterating gives the messages)
            letters = box.get_message(key).get_flags()
            flags = frozenset(_MBOX_FLAGS[letter] for letter in letters if letter in _MBOX_FLAGS)
            octets = _QUOTED_FROM.sub(rb"\1", box.get_bytes(key))
            yield MailFile(mailbox, crlf(octets), flags)
    finally:
        box.close()
