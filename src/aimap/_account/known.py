"""What is known of a mailbox, step by step.

A watch keeps two of these for each mailbox: one that is ahead, as the server has told, and
one that follows, as the user has been told. Both take the same steps.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias, final

import attrs

from aimap._account.position import MailboxPosition
from aimap._model.event import AccountWatchEvent, Arrived, Expunged, FlagsChanged, MailboxReset
from aimap._model.flag import Flag, Flags
from aimap._model.numbers import UID, ModSeq, UIDSet, UIDValidity

_FOLD = 64


@final
@attrs.frozen
class Told:
    """An event, and the mod-sequence of what it tells, where there is one."""

    event: AccountWatchEvent
    modseq: ModSeq | None = None


@final
@attrs.frozen
class Began:
    """What was there when the watch began: it is no news."""

    position: MailboxPosition


@final
@attrs.frozen
class Advanced:
    """Everything up to a mod-sequence was told."""

    modseq: ModSeq


Step: TypeAlias = Told | Began | Advanced


@final
class _Uids:
    """A set of UIDs that changes often, kept as ranges and what has changed since."""

    def __init__(self, uids: UIDSet) -> None:
        self._base = uids
        self._added: set[int] = set()
        self._removed: set[int] = set()
        self.highest = uids.last if uids else UID(0)

    def __contains__(self, uid: object) -> bool:
        return uid not in self._removed and (uid in self._base or uid in self._added)

    def __len__(self) -> int:
        return len(self._base) + len(self._added) - len(self._removed)

    def add(self, uid: UID) -> None:
        """Add one that is not in it."""
        if uid in self._removed:
            self._removed.remove(uid)
        else:
            self._added.add(uid)
        self.highest = max(self.highest, uid)
        self._fold()

    def remove(self, uid: UID) -> None:
        """Remove one that is in it."""
        if uid in self._added:
            self._added.remove(uid)
        else:
            self._removed.add(uid)
        self._fold()

    def _fold(self) -> None:
        # As often as it costs nothing much: the more ranges, the more rarely.
        if len(self._added) + len(self._removed) > _FOLD + len(self._base.ranges) // 8:
            self.frozen()

    def frozen(self) -> UIDSet:
        """Return it as it is now."""
        if self._added or self._removed:
            self._base = (self._base | UIDSet(self._added)) - UIDSet(self._removed)
            self._added.clear()
            self._removed.clear()
        return self._base


@final
class Known:
    """What is known of one mailbox.

    Attributes:
        begun: whether anything is.
        uid_validity: the epoch of the UIDs.
        uids: the messages that there are.
        modseq: everything up to it is known; ``None`` where flags are compared instead.
    """

    def __init__(self, position: MailboxPosition | None) -> None:
        self.begun = False
        self._set(position or MailboxPosition(None, UIDSet()))
        self.begun = position is not None

    def _set(self, position: MailboxPosition) -> None:
        self.begun = True
        self.uid_validity: UIDValidity | None = position.uid_validity
        self.uids = _Uids(position.uids)
        self.modseq: ModSeq | None = position.modseq
        self._above = dict(position.above)
        self._flags: dict[int, Flags] = {
            uid: flags for flags, uids in position.flags.items() for uid in uids
        }

    @property
    def single(self) -> int:
        """How many messages are known beyond :attr:`modseq`, one by one."""
        return len(self._above)

    @property
    def highest_single(self) -> ModSeq | None:
        """The highest mod-sequence of those."""
        return max(self._above.values(), default=None)

    def news(
        self, mailbox: str, uid: UID, flags: Flags, modseq: ModSeq | None
    ) -> AccountWatchEvent | None:
        """Say what is new about a message of which the server has told; ``None`` if nothing is.

        Args:
            mailbox: the mailbox's name.
            uid: the message's UID.
            flags: the flags that it has.
            modseq: its mod-sequence, where that is told.
        """
        if uid not in self.uids:
            return Arrived(uid, flags, mailbox)
        if self.modseq is not None and modseq is not None:
            if modseq <= max(self.modseq, self._above.get(uid, 0)):
                return None
        elif self._flags.get(uid) == flags:
            return None
        return FlagsChanged(uid, flags, mailbox)

    def take(self, step: Step) -> None:
        """Take a step."""
        match step:
            case Began(position):
                self._set(position)
            case Advanced(modseq):
                self.modseq = max(modseq, self.modseq or modseq)
                self._flags.clear()
                self._above = {uid: s for uid, s in self._above.items() if s > self.modseq}
            case Told(MailboxReset(uid_validity=uid_validity)):
                self._set(MailboxPosition(uid_validity, UIDSet()))
            case Told(Expunged(uid)):
                self.uids.remove(uid)
                self._above.pop(uid, None)
                self._flags.pop(uid, None)
            case Told(Arrived(uid, flags) | FlagsChanged(uid, flags), modseq):
                if uid not in self.uids:
                    self.uids.add(uid)
                if modseq is not None:
                    self._above[uid] = modseq
                if self.modseq is None:
                    self._flags[uid] = flags
            case _:
                raise AssertionError(step)

    def position(self) -> MailboxPosition:
        """Return all of it, to be saved."""
        by_flags: defaultdict[Flags, list[int]] = defaultdict(list)
        for uid, flags in self._flags.items():
            by_flags[flags].append(uid)
        return MailboxPosition(
            self.uid_validity,
            self.uids.frozen(),
            self.modseq,
            dict(self._above),
            {flags: UIDSet(uids) for flags, uids in by_flags.items()},
        )


@final
class Followed:
    """A mailbox of a watch.

    Attributes:
        name: its name.
        ahead: what is known of it.
        told: what is known of it to the user.
        caught_up: whether all that was there was told.
    """

    def __init__(self, name: str, position: MailboxPosition | None) -> None:
        self.name = name
        self.ahead = Known(position)
        self.told = Known(position)
        self.caught_up = False


def without_recent(flags: Flags) -> Flags:
    r"""Return flags without ``\Recent``, which only sessions know of each other."""
    return Flags(flag for flag in flags if flag != Flag.RECENT) if Flag.RECENT in flags else flags
