"""What is true on the server: mailboxes and messages, and what of them was told when.

It knows nothing of the session. What a command must return is looked up here, in what was
true, or was told, while the command was in progress.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NAMES = ("INBOX", "Work", "Entwürfe & Ähnliches", "two words")
FLAGS = ("\\Seen", "\\Deleted", "\\Flagged", "$Junk")
DELETED = "\\Deleted"


def canonical(name: str) -> str:
    """INBOX has no case (RFC 9051 section 5.1)."""
    return "INBOX" if name.upper() == "INBOX" else name


@dataclass(eq=False)
class Mail:
    uid: int
    octets: bytes
    flags: set[str] = field(default_factory=set[str])

    @property
    def is_deleted(self) -> bool:
        return DELETED in self.flags


@dataclass(eq=False)
class Box:
    name: str
    uid_validity: int
    mails: list[Mail] = field(default_factory=list[Mail])
    uid_next: int = 1

    def add(self, octets: bytes, flags: Iterable[str] = ()) -> Mail:
        mail = Mail(self.uid_next, octets, set(flags))
        self.uid_next += 1
        self.mails.append(mail)
        return mail

    def status(self) -> dict[str, int]:
        return {
            "MESSAGES": len(self.mails),
            "UIDNEXT": self.uid_next,
            "UIDVALIDITY": self.uid_validity,
            "UNSEEN": sum("\\Seen" not in mail.flags for mail in self.mails),
        }


@dataclass
class Told:
    """One line that the server has said, and where in its stream the line ends."""

    end: int
    about: object
    items: Mapping[str, Any]


@dataclass
class Record:
    """All that was told, and what the client may know by it at any place of the stream."""

    lines: list[Told] = field(default_factory=list[Told])
    selected_at: int = 0
    views: list[tuple[int, tuple[int, ...] | None]] = field(default_factory=lambda: [(0, None)])

    def tell(self, end: int, about: object, items: Mapping[str, Any]) -> None:
        self.lines.append(Told(end, about, dict(items)))

    def told(self, about: object, after: int, until: int) -> list[Mapping[str, Any]]:
        """What was said of something between two places of the stream."""
        return [
            line.items for line in self.lines if line.about == about and after < line.end <= until
        ]

    def last_flags(self, until: int) -> dict[int, frozenset[str]]:
        """The flags of messages, by UID, as told last since the mailbox was selected."""
        return {
            line.about.uid: line.items["FLAGS"]
            for line in self.lines
            if isinstance(line.about, Mail)
            and self.selected_at < line.end <= until
            and "FLAGS" in line.items
        }

    def view(self, at: int) -> tuple[int, ...] | None:
        """The UIDs of the selected mailbox by number, as told up to a place of the stream."""
        return next(uids for end, uids in reversed(self.views) if end <= at)


def matches(mail: Mail, seq: int, keys: Iterable[Any], highest: tuple[int, int]) -> bool:
    """Tell whether a message matches a search program as the tests' reader gives it."""
    return all(_matches(mail, seq, key, highest) for key in keys)


def _matches(mail: Mail, seq: int, key: Any, highest: tuple[int, int]) -> bool:
    match key:
        case ("ALL",):
            return True
        case ("SEEN",):
            return "\\Seen" in mail.flags
        case ("UNSEEN",):
            return "\\Seen" not in mail.flags
        case ("FLAGGED",):
            return "\\Flagged" in mail.flags
        case ("DELETED",):
            return mail.is_deleted
        case ("UID", pairs):
            return mail.uid in expand(pairs, highest[1])
        case ("", pairs):
            return seq in expand(pairs, highest[0])
        case list():
            return matches(mail, seq, key, highest)
        case _:
            raise AssertionError(key)


def expand(pairs: Iterable[tuple[str, str]], highest: int) -> set[int]:
    """Return the numbers of a set; ``*`` is the highest that there is."""
    found: set[int] = set()
    for pair in pairs:
        low, high = sorted(highest if end == "*" else int(end) for end in pair)
        found.update(range(low, high + 1))
    return found


def in_ranges(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))
