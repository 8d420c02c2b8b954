"""The selected mailbox as one client has been told of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, final

import attrs

from aimap._model.numbers import SeqSet, UIDSet
from aimap.testing._grammar import Arguments
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._store import StoredMailbox, StoredMessage

if TYPE_CHECKING:
    from aimap.testing._results import Context


@final
@attrs.frozen
class Found:
    """A message in view, by sequence number and as it is."""

    seq: int
    message: StoredMessage

    def number(self, *, by_uid: bool) -> int:
        """Return its UID or its sequence number."""
        return self.message.uid if by_uid else self.seq


@final
class Selected:
    """A mailbox that one client has selected (a Listener of it).

    Args:
        mailbox: the mailbox.
        read_only: whether nothing may be changed.
        wake: called when there is news.

    Attributes:
        messages: those that the client has been told of.
        saved: what ``$`` stands for; ``None`` until a result was saved.
        contexts: the searches whose results are kept up to date, by tag.
    """

    def __init__(
        self, mailbox: StoredMailbox, *, read_only: bool, wake: Callable[[], None]
    ) -> None:
        self.mailbox = mailbox
        self.read_only = read_only
        self.messages = list(mailbox.messages)
        self.saved: UIDSet | None = None
        self.contexts: dict[str, Context] = {}
        self._changed = False
        self._wake = wake
        self._dirty: dict[StoredMessage, None] = {}
        self._arrived: list[StoredMessage] = []
        self._expunged: list[StoredMessage] = []
        self._annotated: dict[StoredMessage, dict[str, None]] = {}
        mailbox.listeners[self] = None

    def leave(self) -> None:
        """Hear no more of it."""
        self.mailbox.listeners.pop(self, None)

    def on_arrival(self, message: StoredMessage) -> None:
        """Take a new message."""
        self._changed = True
        self._arrived.append(message)
        self._wake()

    def on_expunge(self, message: StoredMessage) -> None:
        """Take the end of a message."""
        self._changed = True
        self._expunged.append(message)
        self._wake()

    def on_flags(self, message: StoredMessage, source: object) -> None:
        """Take new flags of a message."""
        self._changed = True
        if source is not self:
            self._dirty[message] = None
            self._wake()

    def on_annotations(self, message: StoredMessage, entries: Iterable[str]) -> None:
        """Take new values of annotations."""
        self._annotated.setdefault(message, {}).update(dict.fromkeys(entries))
        self._wake()

    def annotated(self) -> list[tuple[StoredMessage, list[str]]]:
        """Return which annotations have changed, and forget it."""
        found, self._annotated = self._annotated, {}
        return [(message, list(entries)) for message, entries in found.items()]

    def tell_flags(self, message: StoredMessage) -> None:
        """Have the flags of a message told with the next news."""
        self._dirty[message] = None

    def seq(self, message: StoredMessage) -> int | None:
        """Return a message's sequence number in this client's view."""
        at = bisect_left(self.messages, message.uid, key=lambda m: m.uid)
        if at < len(self.messages) and self.messages[at] is message:
            return at + 1
        return None

    @property
    def highest_uid(self) -> int:
        """The highest UID in view, or 0."""
        return self.messages[-1].uid if self.messages else 0

    def numbers(self, arguments: Arguments, *, by_uid: bool) -> UIDSet | SeqSet:
        """Read which messages a command is about; ``$`` gives UIDs.

        Raises:
            ViolationError: if they are none, or a sequence number is above EXISTS.
        """
        if arguments.saved_result():
            return self.result()
        if by_uid:
            return arguments.numbers(UIDSet, self.highest_uid)
        found = arguments.numbers(SeqSet, len(self.messages))
        if found.last > len(self.messages):
            raise ViolationError(
                f"message sequence number {found.last} above EXISTS, which is "
                f"{len(self.messages)} (RFC 9051 section 9, seq-number)",
                Rule.ABOVE_EXISTS,
            )
        return found

    def result(self) -> UIDSet:
        """Return what ``$`` stands for.

        Raises:
            ViolationError: if no result was saved since the mailbox was selected.
        """
        if self.saved is None:
            raise ViolationError(
                "$ without a result of SEARCH RETURN (SAVE) (RFC 5182 section 2.1)",
                Rule.SAVED_RESULT,
            )
        return self.saved

    @property
    def arrived(self) -> list[StoredMessage]:
        """New messages that the client has not been told of."""
        return list(self._arrived)

    @property
    def all(self) -> list[Found]:
        """All messages in view."""
        return [Found(seq, message) for seq, message in enumerate(self.messages, 1)]

    def chosen(self, numbers: UIDSet | SeqSet) -> list[tuple[int, StoredMessage]]:
        """Return messages in view by UID or sequence number."""
        if isinstance(numbers, SeqSet):
            return [(seq, self.messages[seq - 1]) for seq in numbers]
        found: list[tuple[int, StoredMessage]] = []
        for low, high in numbers.ranges:
            at = bisect_left(self.messages, low, key=lambda m: m.uid)
            while at < len(self.messages) and self.messages[at].uid <= high:
                found.append((at + 1, self.messages[at]))
                at += 1
        return found

    def writable(self) -> StoredMailbox:
        """Return the mailbox, to be changed.

        Raises:
            ViolationError: if it was opened for reading only.
        """
        if self.read_only:
            raise ViolationError(
                f"a change of {self.mailbox.name!r}, which is open for reading only "
                "(RFC 9051 section 6.3.3)",
                Rule.READ_ONLY,
            )
        return self.mailbox

    def news(
        self, *, expunges: bool, vanished: bool, arrivals: bool = True, flags: bool = True
    ) -> Iterator[str | StoredMessage | tuple[StoredMessage, bytes]]:
        """Iterate over what happened to the mailbox, and forget it.

        Args:
            expunges: whether ends of messages may be told (:rfc:`9051#section-7.5.1`).
            vanished: whether they are told by UID (:rfc:`7162#section-3.2.10`).
            arrivals: whether new messages are told.
            flags: whether new flags are told.

        Yields:
            Responses, messages whose flags are to be told, or messages with what is to be
            told of them.
        """
        if expunges:
            gone = {message.uid for message in self._expunged}
            for context in self.contexts.values():
                yield from filter(None, [context.removals(self._seqs(), gone)])
            yield from self._told_gone(vanished=vanished)
        if self._arrived and arrivals:
            arrived, self._arrived = self._arrived, []
            self.messages += arrived
            yield f"{len(self.messages)} EXISTS"
        if flags:
            dirty, self._dirty = self._dirty, {}
            for message in dirty:
                if self.seq(message) is not None:
                    yield message
        if self._changed:
            self._changed = False
            for context in self.contexts.values():
                yield from context.changes(self._seqs())

    def _seqs(self) -> dict[int, int]:
        return {message.uid: seq for seq, message in enumerate(self.messages, 1)}

    def _told_gone(self, *, vanished: bool) -> Iterator[str]:
        gone, self._expunged = self._expunged, []
        uids: list[int] = []
        for message in gone:
            if message in self._arrived:
                self._arrived.remove(message)
            seq = self.seq(message)
            self._dirty.pop(message, None)
            if seq is None:
                continue
            del self.messages[seq - 1]
            uids.append(message.uid)
            if not vanished:
                yield f"{seq} EXPUNGE"
        if vanished and uids:
            yield f"VANISHED {UIDSet(uids)}"
