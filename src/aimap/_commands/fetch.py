"""FETCH and UID FETCH (:rfc:`9051#section-6.4.5`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from aimap._commands.sets import VOLUNTEERED, OnMessages
from aimap._errors import InvalidArgumentError
from aimap._model.fetch import FetchItem
from aimap._model.message import Message
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, SeqSet, UIDSet
from aimap._model.response import TaggedResponse, Untagged, VanishedResponse
from aimap._model.returning import Partial
from aimap._model.saved import MessageSet, SavedResult

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

_FLAGS = ("FLAGS",)

_AS_SET = 4096
"""A set of up to so many messages is kept as numbers still awaited: the quick way."""

_ALL = UIDSet.from_ranges([(1, MAX_NUMBER)])

_NOT_IN_REV2 = frozenset({"RFC822", "RFC822.HEADER", "RFC822.TEXT"})


def write_items(wire: Encoder, items: Sequence[FetchItem[Any]]) -> None:
    """Write one item bare, several in parentheses.

    One with an argument of its own, such as ``PREVIEW (LAZY)``, has them too: bare, a server
    may take the argument for a fetch modifier (:rfc:`4466#section-2.4`).
    """
    requests = tuple(dict.fromkeys(item.request for item in items))
    if wire.dialect.rev2:
        for request in requests:
            if request in _NOT_IN_REV2:
                raise InvalidArgumentError(
                    f"IMAP4rev2, which is enabled, has no {request}: ask for BODY[...]"
                )
    if len(requests) == 1 and not requests[0].endswith(")"):
        wire.item(requests[0])
        return
    write_item_list(wire, requests)


def write_item_list(wire: Encoder, requests: Sequence[str]) -> None:
    """Write items in parentheses, where the grammar wants them even around one."""
    with wire.parentheses():
        for request in requests:
            wire.item(request)


@final
class _Wide:
    """Those of a wide set that are still awaited, kept as those that were answered."""

    def __init__(self, messages: UIDSet | SeqSet) -> None:
        self.messages = messages
        self.answered: set[int] = set()

    def __contains__(self, number: object) -> bool:
        return number in self.messages and number not in self.answered

    def discard(self, number: int) -> None:
        """Note that a message was answered."""
        self.answered.add(number)


@final
class Fetch(OnMessages[UIDSet | SeqSet]):
    """FETCH, or UID FETCH if the messages are a :class:`UIDSet` (:rfc:`9051#section-6.4.5`).

    ``UID FETCH 2:4 (FLAGS MODSEQ) (CHANGEDSINCE 12345 VANISHED)``. Its result is the
    messages that were not answered: mostly those that are gone, and with
    *changed_since* or *partial* also those that were left out; none known for ``SAVED``.

    Args:
        messages: which ones; not empty.
        items: what to ask of each; at least one. A macro such as ``FAST`` stands alone.
        deliver: called with messages as they arrive, one or several at a time.
        changed_since: only messages changed after this mod-sequence
            (:rfc:`7162#section-3.1.4.1`; needs CONDSTORE).
        on_vanished: called with the UIDs that are gone since then: the modifier
            ``VANISHED`` (:rfc:`7162#section-3.2.6`; needs QRESYNC to be enabled).
        partial: only that window of the messages (:rfc:`9394#section-3.3`; needs PARTIAL).

    Raises:
        InvalidArgumentError: if there is no item, or what is asked does not go together.
    """

    verb = "FETCH"
    keeps_numbers = True
    answers: ClassVar[tuple[type, ...]] = (Message, VanishedResponse)

    def __init__(
        self,
        messages: MessageSet,
        items: Sequence[FetchItem[Any]],
        deliver: Callable[[list[Message]], object],
        *,
        changed_since: int | None = None,
        on_vanished: Callable[[UIDSet], None] | None = None,
        partial: Partial | None = None,
    ) -> None:
        super().__init__(messages)
        if not items:
            raise InvalidArgumentError("FETCH needs at least one item, such as FLAGS")
        if len(items) > 1 and any(item.also for item in items):
            raise InvalidArgumentError("a macro such as FAST stands alone, with no other item")
        if changed_since is not None and not 1 <= changed_since <= MAX_MODSEQ:
            raise InvalidArgumentError(f"a mod-sequence is 1 to {MAX_MODSEQ}, not {changed_since}")
        if on_vanished is not None and (changed_since is None or not self.by_uid):
            # RFC 7162 section 3.2.6: BAD otherwise
            raise InvalidArgumentError("VANISHED needs CHANGEDSINCE, and messages named by UID")
        if partial is not None and not self.by_uid:
            raise InvalidArgumentError("a partial FETCH names its messages by UID")
        self._items = tuple(items)
        self._keys = frozenset(key for item in items for key in (item.key, *item.also))
        self._may_come = self._keys | VOLUNTEERED
        self._asks_flags = "FLAGS" in self._keys
        self._deliver = deliver
        self._changed_since = changed_since
        self._on_vanished = on_vanished
        self._partial = partial
        self.repeatable: bool = isinstance(self.messages, UIDSet)
        self._awaited: set[int] | _Wide
        if isinstance(self.messages, SavedResult):
            self._awaited = _Wide(_ALL)
        elif len(self.messages) <= _AS_SET:
            self._awaited = set[int](self.messages)
        else:
            self._awaited = _Wide(self.messages)

    def write(self, wire: Encoder) -> None:
        if self._on_vanished is not None and not wire.dialect.qresync:
            raise InvalidArgumentError("VANISHED needs QRESYNC to be enabled first")
        self.write_start(wire)
        write_items(wire, self._items)
        # fetch-modifiers (RFC 4466 section 2.4)
        if self._changed_since is None and self._partial is None:
            return
        with wire.parentheses():
            if self._partial is not None:
                wire.atom("PARTIAL")
                wire.atom(str(self._partial))
            if self._changed_since is not None:
                wire.atom("CHANGEDSINCE")
                wire.number64(self._changed_since)
            if self._on_vanished is not None:
                wire.atom("VANISHED")

    def claim(self, response: Untagged) -> bool:
        if (
            self._on_vanished is not None
            and isinstance(response, VanishedResponse)
            and response.earlier
        ):
            self._on_vanished(response.uids)
            return True
        return False

    def claim_messages(self, run: list[Message], news: list[Message]) -> list[Message]:
        first = run[0]
        if not first.has_all(self._keys) or not first.has_only(self._may_come):
            return run
        return self._take(run, news)

    def claim_messages_loosely(self, run: list[Message], news: list[Message]) -> list[Message]:
        if not run[0].has_all(self._keys) and not self._has_instead(run[0]):
            return run
        return self._take(run, news)

    def _take(self, run: list[Message], news: list[Message]) -> list[Message]:
        awaited = self._awaited
        numbers = [m.uid_or_none for m in run] if self.by_uid else [m.seq for m in run]
        mine: list[Message] = []
        others: list[Message] = []
        distinct = set(numbers)
        if isinstance(awaited, set) and len(distinct) == len(run) and distinct <= awaited:
            # So it is nearly always, and then no message costs anything by itself.
            awaited.difference_update(distinct)
            mine = run
        else:
            for number, message in zip(numbers, run, strict=True):
                if number is not None and number in awaited:
                    awaited.discard(number)
                    mine.append(message)
                else:
                    others.append(message)
        if mine:
            self._deliver(mine)
            # FLAGS beside what was asked are news (RFC 9051 section 7.5.2).
            if not self._asks_flags and run[0].has_all(_FLAGS):
                news += mine
        return others

    def _has_instead(self, message: Message) -> bool:
        """Tell whether a server that ignored what it does not know answered this."""
        return all(
            message.has_all((item.key, *item.also))
            or (item.instead and message.has_all((item.instead,)))
            for item in self._items
        )

    def result(self, response: TaggedResponse) -> UIDSet | SeqSet:
        return self.unanswered

    @property
    def unanswered(self) -> UIDSet | SeqSet:
        """The messages that were not answered so far; none known for ``SAVED``."""
        messages, awaited = self.messages, self._awaited
        if isinstance(messages, SavedResult):
            return UIDSet()
        if isinstance(awaited, _Wide):
            return messages - type(messages)(awaited.answered)
        return type(messages)(awaited)
