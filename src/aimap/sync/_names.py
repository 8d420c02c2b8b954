"""How a Maildir calls what is in it: folders, files, flags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import final

from aimap._model.flag import Flag, Flags
from aimap._model.mailbox import MailboxInfo
from aimap._model.numbers import UID

FOLDERS = ("cur", "new", "tmp")

_LETTERS = {
    Flag.DRAFT: "D",
    Flag.FLAGGED: "F",
    Flag.FORWARDED: "P",
    Flag.ANSWERED: "R",
    Flag.SEEN: "S",
    Flag.DELETED: "T",
}
_FLAGS = {letter: flag for flag, letter in _LETTERS.items()}
_NAME = re.compile(r"[0-9]+\.V([0-9]+)U([0-9]+)\.aimap:2,[A-Za-z]*")
_KEYWORD_LETTERS = "abcdefghijklmnopqrstuvwxyz"
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
    if safe.lower() in FOLDERS:
        safe = f"%{safe}"
    if len(safe.encode("utf-8")) > _MAX_COMPONENT:
        digest = sha256(part.encode("utf-8", "replace")).hexdigest()[:16]
        safe = safe.encode("utf-8")[: _MAX_COMPONENT - 20].decode("utf-8", "ignore") + f"%{digest}"
    return safe


def base_name(uid: UID, validity: int, seconds: int) -> str:
    """Return a message's file name without its flags."""
    return f"{seconds}.V{validity}U{uid}.aimap"


def parse_name(name: str) -> tuple[int, UID] | None:
    """Return the UIDVALIDITY and the UID of a file; ``None`` if it is not one of ours."""
    match = _NAME.fullmatch(name)
    return None if match is None else (int(match[1]), UID(int(match[2])))


@final
class Letters:
    """Which letters stand for which flags in one Maildir.

    Args:
        keywords: those that have letters, in order: ``a`` is the first.
    """

    def __init__(self, keywords: Sequence[str] = ()) -> None:
        self.keywords = list(keywords[: len(_KEYWORD_LETTERS)])
        self._read: dict[str, Flags] = {}

    @classmethod
    def parse(cls, text: str) -> Letters:
        """Read the file ``dovecot-keywords``."""
        keywords: list[str] = []
        for line in text.splitlines():
            number, _, word = line.partition(" ")
            if number == str(len(keywords)) and word:
                keywords.append(word)
        return cls(keywords)

    def to_text(self) -> str:
        """Write the file ``dovecot-keywords``."""
        return "".join(f"{at} {word}\n" for at, word in enumerate(self.keywords))

    def learn(self, flags: Flags) -> None:
        """Give keywords letters, as long as there are any."""
        for flag in sorted(flags):
            if (
                flag not in _LETTERS
                and not flag.is_system
                and flag not in map(Flag, self.keywords)
                and len(self.keywords) < len(_KEYWORD_LETTERS)
            ):
                self.keywords.append(str(flag))
                self._read.clear()

    def of(self, flags: Flags) -> str:
        """Return the letters of flags, in order; those that have none have none."""
        letters = [_LETTERS[flag] for flag in flags if flag in _LETTERS]
        if len(letters) < len(flags):
            letters += [
                letter
                for letter, keyword in zip(_KEYWORD_LETTERS, self.keywords, strict=False)
                if keyword in flags and Flag(keyword) not in _LETTERS
            ]
        return "".join(sorted(letters))

    def flags(self, name: str) -> Flags:
        """Return the flags in a file's name."""
        letters = name.rpartition(",")[2]
        found = self._read.get(letters)
        if found is None:
            keywords = dict(zip(_KEYWORD_LETTERS, self.keywords, strict=False))
            known: dict[str, str] = {**_FLAGS, **keywords}
            found = Flags(known[letter] for letter in letters if letter in known)
            self._read[letters] = found
        return found
