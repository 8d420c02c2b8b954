"""FETCH and UID FETCH (:rfc:`9051#section-6.4.5`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, final

from aimap._commands.base import IN_MAILBOX, IN_MAILBOX_BY_NUMBER, Claim, SelectedCommand
from aimap._errors import InvalidArgumentError
from aimap._model.fetch import FetchItem
from aimap._model.message import Message
from aimap._model.numbers import SeqSet, UIDSet
from aimap._model.response import TaggedResponse

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

_FLAGS = ("FLAGS",)

_AS_SET = 4096
"""A set of up to so many messages is kept as numbers still awaited: the quick way."""


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
class Fetch(SelectedCommand[UIDSet | SeqSet]):
    """FETCH, or UID FETCH if the messages are a :class:`UIDSet`.

    Its result is the messages that were not answered.

    Args:
        messages: which ones; not empty.
        items: what to ask of each; at least one.
        deliver: called with messages as they arrive, one or several at a time.
    """

    answers = (Message,)

    def __init__(
        self,
        messages: UIDSet | SeqSet,
        items: Sequence[FetchItem[Any]],
        deliver: Callable[[list[Message]], object],
    ) -> None:
        if not items:
            raise InvalidArgumentError("FETCH needs at least one item, such as FLAGS")
        self.messages = messages
        self._by_uid = isinstance(messages, UIDSet)
        self._requests = tuple(dict.fromkeys(item.request for item in items))
        self._keys = frozenset(item.key for item in items)
        self._asks_flags = "FLAGS" in self._keys
        self._deliver = deliver
        self._awaited = set[int](messages) if len(messages) <= _AS_SET else _Wide(messages)

    @property
    def name(self) -> str:  # type: ignore[override]
        """``UID FETCH`` or ``FETCH``."""
        return "UID FETCH" if self._by_uid else "FETCH"

    @property
    def claims(self) -> tuple[Claim, ...]:
        return IN_MAILBOX if self._by_uid else IN_MAILBOX_BY_NUMBER

    def write(self, wire: Encoder) -> None:
        if self._by_uid:
            wire.atom("UID")
        wire.atom("FETCH")
        wire.numbers(self.messages)
        if len(self._requests) == 1:
            wire.item(self._requests[0])
            return
        with wire.parentheses():
            for request in self._requests:
                wire.item(request)

    def claim_messages(self, run: list[Message], news: list[Message]) -> list[Message]:
        if not run[0].has_all(self._keys):
            return run
        awaited, by_uid = self._awaited, self._by_uid
        mine: list[Message] = []
        others: list[Message] = []
        for message in run:
            number = message.uid_or_none if by_uid else message.seq
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

    def result(self, response: TaggedResponse) -> UIDSet | SeqSet:
        kind, awaited = type(self.messages), self._awaited
        if isinstance(awaited, _Wide):
            return self.messages - kind(awaited.answered)
        return kind(awaited)
