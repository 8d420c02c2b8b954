"""Names of attachments as names of files, whatever their senders had in mind."""

from __future__ import annotations

import re
from unicodedata import category, normalize

_LONGEST_STEM = 150
_LONGEST_SUFFIX = 20
_NO_PART_OF_A_NAME = frozenset('<>:"/\\|?*')
# Where Windows keeps its devices, with any suffix.
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³]|CONIN\$|CONOUT\$) *(?:\..*)?", re.IGNORECASE
)
_SUFFIXES = {
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/pgp-signature": ".asc",
    "application/zip": ".zip",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/webp": ".webp",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/vcard": ".vcf",
}


def safe_filename(name: str, default: str) -> str:
    """Return *name* as one that a file can have, in any folder of any system.

    It has no separators of paths, no control characters nor those that turn the direction of
    writing, no dot or space at its ends, is no device of Windows, and takes at most some 200
    octets of UTF-8.

    Args:
        name: what the sender called it.
        default: what it is called where nothing is left of that.
    """
    stem, suffix = _parted(name, default)
    return stem + suffix


class FileNames:
    """Safe names, no two of which are the same, be it but for case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        # Where counting goes on: a message may have very many of one name.
        self._next: dict[str, int] = {}

    def take(self, name: str, default: str) -> str:
        """Return a safe name; with a number if it is taken. Arguments as of `safe_filename`."""
        stem, suffix = _parted(name, default)
        wanted = made = stem + suffix
        number = self._next.get(wanted.lower(), 2)
        while made.lower() in self._taken:
            made = f"{stem}-{number}{suffix}"
            number += 1
        self._next[wanted.lower()] = number
        self._taken.add(made.lower())
        return made


def _parted(name: str, default: str) -> tuple[str, str]:
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(map(_safe, normalize("NFC", last))).strip(" .")
    if clean.startswith(("-", "~")):
        clean = "_" + clean[1:]
    if not clean.strip("_"):
        clean = default
    if _DEVICE.fullmatch(clean):
        clean = "_" + clean
    stem, dot, suffix = clean.rpartition(".")
    if not stem or len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, dot, suffix = clean, "", ""
    stem = stem.encode("utf-8")[:_LONGEST_STEM].decode("utf-8", "ignore").rstrip(" .")
    return stem, dot + suffix


def _safe(character: str) -> str:
    kind = category(character)
    # Controls, formats such as those of direction, surrogates, what is no character.
    if kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return ""
    if kind == "Zs":
        return " "
    return "_" if character in _NO_PART_OF_A_NAME else character


def suffix_for(content_type: str) -> str:
    """Return what the name of a file of that type ends with; nothing for unusual ones."""
    return _SUFFIXES.get(content_type, "")
