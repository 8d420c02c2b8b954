"""How far a mailbox was mirrored, in a form that a store can keep."""

from __future__ import annotations

import json
from datetime import date
from typing import cast, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.mailbox import MailboxStatus
from aimap._model.numbers import UIDSet, UIDValidity
from aimap._model.search import SINCE, SMALLER, And, SearchCriteria


@final
@attrs.frozen
class Window:
    """Which messages a mirror is to have.

    Attributes:
        since: those that the server got on this day or later; ``None`` for all.
        largest: those of up to so many octets; ``None`` for all.

    Raises:
        InvalidArgumentError: if *largest* is below 1.
    """

    since: date | None = None
    largest: int | None = None

    def __attrs_post_init__(self) -> None:
        """Check the size."""
        if self.largest is not None and self.largest < 1:
            raise InvalidArgumentError(f"largest is at least 1 octet, not {self.largest!r}")

    @property
    def criteria(self) -> SearchCriteria | None:
        """What finds the messages inside; ``None`` for all."""
        keys: list[SearchCriteria] = []
        if self.since is not None:
            keys.append(SINCE(self.since))
        if self.largest is not None:
            keys.append(SMALLER(self.largest + 1))
        return None if not keys else keys[0] if len(keys) == 1 else And(tuple(keys))

    def reaches_beyond(self, other: Window) -> bool:
        """Tell whether a message may be inside this one that is outside the other."""
        later = other.since is not None and (self.since is None or self.since < other.since)
        larger = other.largest is not None and (
            self.largest is None or self.largest > other.largest
        )
        return later or larger


@final
@attrs.frozen(kw_only=True)
class Position:
    """How far a mailbox was mirrored: what there was on the server then.

    Attributes:
        uid_validity: its UIDVALIDITY.
        uid_next: its UIDNEXT; 0 if that was not told.
        messages: how many messages there were.
        modseq: its highest mod-sequence (:rfc:`7162`); 0 if it has none.
        left_out: those outside the window.
        missing: those that the server lists, and did not give out.
        window: which messages there were to be.
    """

    uid_validity: UIDValidity
    uid_next: int
    messages: int
    modseq: int = 0
    left_out: UIDSet = attrs.field(factory=UIDSet)
    missing: UIDSet = attrs.field(factory=UIDSet)
    window: Window = attrs.field(factory=Window)

    def is_still_right(self, status: MailboxStatus, window: Window) -> bool:
        """Tell whether a mailbox of which STATUS says this is equal as it is.

        Without mod-sequences nobody can tell.
        """
        told = [
            status.items.get(item)
            for item in ("UIDVALIDITY", "UIDNEXT", "MESSAGES", "HIGHESTMODSEQ")
        ]
        return (
            self.modseq > 0
            and told == [self.uid_validity, self.uid_next, self.messages, self.modseq]
            and not self.missing
            and not window.reaches_beyond(self.window)
        )

    def to_text(self) -> str:
        """Return it as text, for a store to keep."""
        since = self.window.since
        return json.dumps(
            [
                self.uid_validity,
                self.uid_next,
                self.messages,
                self.modseq,
                str(self.left_out),
                str(self.missing),
                since.isoformat() if since is not None else None,
                self.window.largest,
            ]
        )

    @classmethod
    def from_text(cls, text: str) -> Position:
        """Return the position that :meth:`to_text` made this text of.

        Raises:
            InvalidArgumentError: if it did not.
        """
        try:
            fields = cast(
                "tuple[int, int, int, int, str, str, str | None, int | None]",
                tuple(json.loads(text)),
            )
            validity, uid_next, messages, modseq, left_out, missing, since, largest = fields
            return cls(
                uid_validity=UIDValidity(validity),
                uid_next=uid_next,
                messages=messages,
                modseq=modseq,
                left_out=UIDSet(left_out),
                missing=UIDSet(missing),
                window=Window(date.fromisoformat(since) if since else None, largest),
            )
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(f"not a position: {text[:80]!r}") from error


def kept_position(text: str | None) -> Position | None:
    """Return a position that a store has kept; ``None`` if it cannot be read any more."""
    try:
        return None if text is None else Position.from_text(text)
    except InvalidArgumentError:
        return None
