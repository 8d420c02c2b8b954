"""Mailboxes as Maildirs, one folder each.

A file's name says which message it is: ``DATE.V<UIDVALIDITY>U<UID>.aimap:2,FLAGS``. So
the folder itself is the record of what was mirrored, and no other can disagree with it
after a crash: a message is there under its name, whole, or it is not.

Messages are written to ``tmp``, then renamed into ``cur``. Keywords become the letters
that the file ``dovecot-keywords`` beside them names, as Dovecot has it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import final

import trio

from aimap._model.flag import Flag, Flags
from aimap._model.mailbox import MailboxInfo
from aimap._model.numbers import UID, UIDSet, UIDValidity
from aimap.sync._store import MirroredMessage

_LETTERS = {
    Flag.DRAFT: "D",
    Flag.FLAGGED: "F",
    Flag.FORWARDED: "P",
    Flag.ANSWERED: "R",
    Flag.SEEN: "S",
    Flag.DELETED: "T",
}
_FLAGS = {letter: flag for flag, letter in _LETTERS.items()}
_NAME = re.compile(r"[0-9]+\.V([0-9]+)U([0-9]+)\.aimap:2,([A-Za-z]*)")
_KEYWORD_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KEYWORDS_FILE = "dovecot-keywords"
_NAME_FILE = ".aimap-mailbox"
_FOLDERS = ("cur", "new", "tmp")
_MAX_COMPONENT = 150
_SAFE = re.compile(r"[^A-Za-z0-9 _@+=,&()\[\]\-.\x80-\U0010ffff]")


def folder_name(info: MailboxInfo) -> Path:
    """Return the relative folder for a mailbox: below the root, whatever its name.

    What could leave the root, or clash with a Maildir's own folders, is escaped as
    ``%XX``; components that are too long are cut and told apart by a digest.
    """
    parts = info.name.split(info.delimiter) if info.delimiter else [info.name]
    return Path(*(_component(part) for part in parts))


def _component(part: str) -> str:
    encoded = part.encode("utf-8", "replace").decode("utf-8")
    safe = _SAFE.sub(lambda m: f"%{ord(m[0]):02X}", encoded)
    if not safe or safe.startswith(".") or safe.endswith((".", " ")):
        safe = f"%{safe}"
    if safe.lower() in _FOLDERS:
        safe = f"%{safe}"
    if len(safe.encode("utf-8")) > _MAX_COMPONENT:
        digest = sha256(part.encode("utf-8", "replace")).hexdigest()[:16]
        safe = safe.encode("utf-8")[: _MAX_COMPONENT - 20].decode("utf-8", "ignore") + f"%{digest}"
    return safe


@final
class MaildirStore:
    """A folder of Maildirs.

    Args:
        root: the folder; created if it is not there.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)

    async def mailbox(self, info: MailboxInfo, uid_validity: UIDValidity) -> MaildirMailbox:
        """Open a mailbox's Maildir, created if need be.

        Raises:
            OSError: if the folder cannot be made or read.
        """
        return await trio.to_thread.run_sync(self._open, info, uid_validity)

    def _open(self, info: MailboxInfo, uid_validity: UIDValidity) -> MaildirMailbox:
        folder = self._unclaimed(info)
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / _NAME_FILE).write_text(info.name, encoding="utf-8", errors="surrogatepass")
        return MaildirMailbox(folder, uid_validity)

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
        for marker in sorted(self.root.rglob(_NAME_FILE)):
            name = _owner(marker.parent)
            if name is not None and name not in names:
                for folder in _FOLDERS:
                    shutil.rmtree(marker.parent / folder, ignore_errors=True)
                (marker.parent / _KEYWORDS_FILE).unlink(missing_ok=True)
                marker.unlink()
                removed.append(name)
                if not any(marker.parent.iterdir()):
                    marker.parent.rmdir()
        return removed


def _owner(folder: Path) -> str | None:
    try:
        return (folder / _NAME_FILE).read_text(encoding="utf-8", errors="surrogatepass")
    except FileNotFoundError:
        return None


@final
class MaildirMailbox:
    """One mailbox's Maildir; made by :meth:`MaildirStore.mailbox`."""

    def __init__(self, folder: Path, uid_validity: UIDValidity) -> None:
        self.folder = folder
        self._validity = uid_validity
        self._files: dict[UID, str] = {}
        self._keywords: list[str] = []

    async def known(self) -> Mapping[UID, Flags]:
        """Return the messages that are there, with their flags.

        What a crash left in ``tmp``, and what is of another UIDVALIDITY, is removed.

        Raises:
            OSError: if the folder cannot be read.
        """
        return await trio.to_thread.run_sync(self._scan)

    def _scan(self) -> dict[UID, Flags]:
        for leftover in os.scandir(self.folder / "tmp"):
            if ".aimap" in leftover.name:
                Path(leftover.path).unlink(missing_ok=True)
        self._read_keywords()
        self._files.clear()
        found: dict[UID, Flags] = {}
        for entry in os.scandir(self.folder / "cur"):
            match = _NAME.fullmatch(entry.name)
            if match is None:
                continue
            uid = UID(int(match[2]))
            if int(match[1]) != self._validity or uid in found:
                Path(entry.path).unlink(missing_ok=True)
                continue
            self._files[uid] = entry.name
            found[uid] = self._flags(match[3])
        return found

    async def add(self, messages: Sequence[MirroredMessage]) -> None:
        """Add messages.

        Raises:
            OSError: if one cannot be written; those before it are there.
        """
        await trio.to_thread.run_sync(self._add, messages)

    def _add(self, messages: Sequence[MirroredMessage]) -> None:
        for message in messages:
            seconds = int(message.date.timestamp()) if message.date is not None else 0
            base = f"{max(0, seconds)}.V{self._validity}U{message.uid}.aimap"
            name = f"{base}:2,{self._letters(message.flags)}"
            temporary = self.folder / "tmp" / base
            with temporary.open("wb") as file:
                file.write(message.octets)
            if seconds > 0:
                os.utime(temporary, (seconds, seconds))
            temporary.rename(self.folder / "cur" / name)
            self._files[message.uid] = name

    async def read(self, uid: UID) -> bytes:
        """Return a message that is there, as :meth:`known` told.

        Raises:
            OSError: if its file cannot be read.
        """
        return await trio.to_thread.run_sync((self.folder / "cur" / self._files[uid]).read_bytes)

    async def set_flags(self, flags: Mapping[UID, Flags]) -> None:
        """Give messages other flags.

        Raises:
            OSError: if a file cannot be renamed.
        """
        await trio.to_thread.run_sync(self._set_flags, flags)

    def _set_flags(self, flags: Mapping[UID, Flags]) -> None:
        cur = self.folder / "cur"
        for uid, new in flags.items():
            old = self._files[uid]
            # The same name comes of keywords that a Maildir has no more letters for.
            name = f"{old.partition(':')[0]}:2,{self._letters(new)}"
            (cur / old).rename(cur / name)
            self._files[uid] = name

    async def remove(self, uids: UIDSet) -> None:
        """Remove messages.

        Raises:
            OSError: if a file cannot be removed.
        """
        await trio.to_thread.run_sync(self._remove, uids)

    def _remove(self, uids: UIDSet) -> None:
        for uid in uids:
            (self.folder / "cur" / self._files.pop(uid)).unlink(missing_ok=True)

    def _letters(self, flags: Flags) -> str:
        letters = [_LETTERS[flag] for flag in flags if flag in _LETTERS]
        letters += [
            self._keyword(flag)
            for flag in sorted(flags)
            if flag not in _LETTERS and not flag.is_system
        ]
        return "".join(sorted(letters))

    def _flags(self, letters: str) -> Flags:
        keywords = dict(zip(_KEYWORD_LETTERS, self._keywords, strict=False))
        return Flags(
            _FLAGS[letter] if letter in _FLAGS else keywords[letter]
            for letter in letters
            if letter in _FLAGS or letter in keywords
        )

    def _keyword(self, flag: Flag) -> str:
        """Return a keyword's letter; nothing for the 27th and beyond."""
        for at, known in enumerate(self._keywords):
            if flag == known:
                return _KEYWORD_LETTERS[at]
        if len(self._keywords) >= len(_KEYWORD_LETTERS):
            return ""
        self._keywords.append(str(flag))
        lines = "".join(f"{at} {word}\n" for at, word in enumerate(self._keywords))
        temporary = self.folder / "tmp" / f"{_KEYWORDS_FILE}.aimap"
        temporary.write_text(lines, encoding="utf-8")
        temporary.rename(self.folder / _KEYWORDS_FILE)
        return _KEYWORD_LETTERS[len(self._keywords) - 1]

    def _read_keywords(self) -> None:
        self._keywords = []
        try:
            text = (self.folder / _KEYWORDS_FILE).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            number, _, word = line.partition(" ")
            if number == str(len(self._keywords)) and word:
                self._keywords.append(word)
