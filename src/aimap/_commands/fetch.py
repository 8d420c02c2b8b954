"""FETCH and UID FETCH (:rfc:`9051#section-6.4.5`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, final

from aimap._commands.base import IN_MAILBOX, IN_MAILBOX_BY_NUMBER, Claim, SelectedCommand, Verdict
from aimap._errors import InvalidArgumentError
from aimap._model.fetch import FetchItem
from aimap._model.message import Message
from aimap._model.numbers import SeqSet, UIDSet
from aimap._model.response import TaggedResponse, Untagged

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

_FLAGS = ("FLAGS",)
_AS_SET = 4096
"""A set of up to so many messages is kept as numbers still awaited: the quick way."""


@final
class Fetch(SelectedCommand[UIDSet | SeqSet]):
    """FETCH, or UID FETCH if the messages are a :class:`UIDSet`.

    Its result is the messages that were not answered.

    Args:
        messages: which ones; not empty.
        items: what to ask of each; at least one.
        deliver: called with each message as it arrives.
    """

    answers = (Message,)

    def __init__(
        self,
        messages: UIDSet | SeqSet,
        items: Sequence[FetchItem[Any]],
        deliver: Callable[[Message], None],
    ) -> None:
        if not items:
            raise InvalidArgumentError("FETCH needs at least one item, such as FLAGS")
        self.messages = messages
        self._by_uid = isinstance(messages, UIDSet)
        self._requests = tuple(dict.fromkeys(item.request for item in items))
        self._keys = frozenset(item.key for item in items)
        self._asks_flags = "FLAGS" in self._keys
        self._deliver = deliver
        self._few = len(messages) <= _AS_SET
        self._awaited: set[int] = set(messages) if self._few else set()
        self._answered: set[int] = set()

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

    def claim(self, response: Untagged) -> Verdict:
        if not isinstance(response, Message):
            return Verdict.NOT_MINE
        number = response.uid_or_none if self._by_uid else response.seq
        if self._few:
            if number not in self._awaited or not response.has_all(self._keys):
                return Verdict.NOT_MINE
            self._awaited.discard(number)
        else:
            if number is None or number in self._answered or number not in self.messages:
                return Verdict.NOT_MINE
            if not response.has_all(self._keys):
                return Verdict.NOT_MINE
            self._answered.add(number)
        self._deliver(response)
        # FLAGS beside what was asked are news (RFC 9051 section 7.5.2).
        if not self._asks_flags and response.has_all(_FLAGS):
            return Verdict.ALSO_NEWS
        return Verdict.MINE

    def result(self, response: TaggedResponse) -> UIDSet | SeqSet:
        kind = type(self.messages)
        return kind(self._awaited) if self._few else self.messages - kind(self._answered)
