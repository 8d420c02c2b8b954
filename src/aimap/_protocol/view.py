"""The selected mailbox as the server has told it (:rfc:`9051#section-5.2`)."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from aimap._model.code import (
    HighestModSeqCode,
    PermanentFlagsCode,
    ResponseCode,
    UIDNextCode,
    UIDValidityCode,
    UnseenCode,
)
from aimap._model.flag import Flags
from aimap._model.message import Message
from aimap._model.numbers import MAX_NUMBER, UID, ModSeq, SeqNum, UIDSet, UIDValidity
from aimap._protocol.events import (
    Defect,
    MailboxDoubtful,
    MailboxGrew,
    MessageChanged,
    MessageExpunged,
    MessagesVanished,
    SessionEvent,
)

_UNKNOWN = 0
# Who says that there are four thousand million messages need not be believed at once.
_MOST_AHEAD = 100_000


class MailboxView:
    """Counts, flags and numbers of the selected mailbox, kept right as responses come in.

    Which UID a message sequence number means is tracked only once :meth:`track` was
    called: four octets a message.

    Args:
        mailbox: its name.
        emit: called with events.
        examined: whether it was selected for reading only.
        opening: whether another mailbox was selected before, of which news may still be
            under way: until the server says where they end, they are no defects.
    """

    __slots__ = (
        "_emit",
        "_told_exists",
        "_uids",
        "examined",
        "exists",
        "first_unseen",
        "flags",
        "has_saved_result",
        "highest_modseq",
        "keywords_allowed",
        "mailbox",
        "opening",
        "permanent_flags",
        "read_only",
        "recent",
        "uid_next",
        "uid_validity",
    )

    def __init__(
        self,
        mailbox: str,
        emit: Callable[[SessionEvent], None],
        *,
        examined: bool = False,
        opening: bool = False,
    ) -> None:
        self.mailbox: str = mailbox
        self.exists: int = 0
        self.recent: int = 0
        self.flags: Flags = Flags()
        self.permanent_flags: Flags | None = None
        self.keywords_allowed: bool = False
        self.uid_validity: UIDValidity | None = None
        self.uid_next: UID | None = None
        self.highest_modseq: ModSeq | None = None
        self.first_unseen: SeqNum | None = None
        self.read_only: bool = examined
        self.has_saved_result: bool = False
        self.examined: bool = examined
        self.opening: bool = opening
        self._emit = emit
        self._told_exists = False
        self._uids: array[int] | None = None

    def code(self, code: ResponseCode) -> bool:
        """Apply a response code, and tell whether it was one about the mailbox."""
        match code:
            case PermanentFlagsCode():
                self.permanent_flags = code.flags
                self.keywords_allowed = code.keywords_allowed
            case UIDValidityCode():
                self.uid_validity = code.uid_validity
            case UIDNextCode():
                self.uid_next = code.uid_next
            case HighestModSeqCode(modseq=modseq):
                # A mod-sequence only grows (RFC 7162 section 3.1); some servers send 0.
                if modseq is not None and modseq > (self.highest_modseq or 0):
                    self.highest_modseq = modseq
            case UnseenCode():
                self.first_unseen = code.seq
            case ResponseCode("READ-ONLY"):
                self.read_only = True
            case ResponseCode("READ-WRITE"):
                self.read_only = self.examined
            case _:
                return False
        return True

    def set_exists(self, count: int) -> None:
        """Apply EXISTS (:rfc:`9051#section-7.4.1`)."""
        if count > MAX_NUMBER:
            self._emit(Defect("EXISTS of more messages than there are UIDs", b"%d" % count))
            return
        before, self.exists = self.exists, count
        first_time, self._told_exists = not self._told_exists, True
        if self.opening:
            # What the server said of the mailbox before may come first; the last word counts.
            return
        if count < before:
            self.doubt("EXISTS lower than before without EXPUNGE", b"%d" % count)
        elif count > before and not first_time:
            self._emit(MailboxGrew(SeqNum(before + 1), SeqNum(count)))

    def expunge(self, seq: SeqNum) -> None:
        """Apply EXPUNGE (:rfc:`9051#section-7.5.1`)."""
        if self.opening:
            self.exists -= 1 <= seq <= self.exists
            return
        if not 1 <= seq <= self.exists:
            self.doubt("EXPUNGE of a message that is not there", b"%d" % seq)
            return
        self.exists -= 1
        uid = _UNKNOWN
        if self._uids is not None and seq <= len(self._uids):
            uid = self._uids.pop(seq - 1)
        self._emit(MessageExpunged(seq, UID(uid) if uid else None))

    def vanished(self, uids: UIDSet) -> None:
        """Apply VANISHED without EARLIER (:rfc:`7162#section-3.2.10.2`)."""
        if self.opening:
            return
        known = self._uids
        if known is None:
            if len(uids) > self.exists:
                self.doubt("VANISHED of more messages than there are", str(uids)[:80].encode())
            else:
                self.exists -= len(uids)
                self._emit(MessagesVanished(uids))
            return
        gone = UIDSet(uid for uid in known if uid in uids)
        self._uids = array("I", (uid for uid in known if uid not in uids))
        gaps = self._uids.count(_UNKNOWN)
        others = uids - gone
        if not gaps:
            # What is not known by UID yet is above all that is.
            others -= UIDSet.from_ranges([(1, max(known, default=1))])
        if len(others) > gaps + self.exists - len(known):
            others = UIDSet()
        gone |= others
        self.exists -= len(gone)
        self._emit(MessagesVanished(gone))
        if gaps and others:
            # Which of the gaps is gone, nobody says.
            self._lose_track()

    def doubt(self, reason: str, raw: bytes) -> None:
        """Note that the numbers of messages cannot be relied on any more."""
        self._emit(Defect(reason, raw))
        self._lose_track()

    def _lose_track(self) -> None:
        if self._uids is not None:
            known, self._uids = self._uids, None
            self._emit(MailboxDoubtful(UIDSet(uid for uid in known if uid)))

    def fetched(self, message: Message) -> None:
        """Learn from any FETCH response which UID a number means."""
        uid, seq = message.uid_or_none, message.seq
        if self._uids is None or uid is None or seq is None or not 1 <= seq <= self.exists:
            return
        if not self._fits(seq, uid):
            self.doubt("UIDs that do not ascend, or have changed", b"%d" % uid)
            return
        ahead = seq - len(self._uids)
        if ahead > _MOST_AHEAD:
            return
        self._uids.extend([_UNKNOWN] * ahead)
        self._uids[seq - 1] = uid

    def _fits(self, seq: SeqNum, uid: UID) -> bool:
        """Tell whether a UID is where it can be: they ascend, and never change."""
        assert self._uids is not None
        below, known, above = (
            self._uids[at] if 0 <= at < len(self._uids) else _UNKNOWN
            for at in (seq - 2, seq - 1, seq)
        )
        if known != _UNKNOWN:
            return uid == known
        return below < uid and (above == _UNKNOWN or uid < above)

    def changed(self, message: Message) -> None:
        """Tell of a FETCH response that answers nobody."""
        if self.opening:
            return
        uid = message.uid_or_none
        if uid is None and message.seq is not None:
            uid = self.uid(message.seq)
        self._emit(MessageChanged(message, uid))

    def track(self, uids: UIDSet) -> bool:
        """Begin to track, given the UIDs of all messages; tell whether they fit the count."""
        if len(uids) != self.exists:
            return False
        self._uids = array("I", uids)
        return True

    @property
    def tracking(self) -> bool:
        """Whether UIDs are known by message sequence number."""
        return self._uids is not None

    @property
    def uids(self) -> UIDSet:
        """The UIDs that are known by number."""
        return UIDSet(uid for uid in self._uids or () if uid)

    @property
    def highest_uid(self) -> UID | None:
        """The highest UID known by number, if any is."""
        return UID(max(self._uids)) if self._uids else None

    def uid(self, seq: SeqNum) -> UID | None:
        """Return the UID of a message, where it is known."""
        if self._uids is None or not 1 <= seq <= len(self._uids):
            return None
        uid = self._uids[seq - 1]
        return UID(uid) if uid else None
