"""COPY and MOVE (:rfc:`9051#section-6.4.7`, :rfc:`6851`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from aimap._commands.sets import OnMessages
from aimap._model.code import CopyUIDCode, MessageLimitCode
from aimap._model.numbers import MAX_NUMBER, UIDSet
from aimap._model.response import StatusResponse, TaggedResponse, Untagged
from aimap._model.saved import MessageSet

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


class _Transfer(OnMessages[CopyUIDCode | None]):
    """COPY or MOVE; its result says which UIDs the copies got, where the server says so.

    The code may come untagged, before the EXPUNGE responses of a MOVE
    (:rfc:`6851#section-4.3`).
    """

    answers = (StatusResponse,)

    def __init__(self, messages: MessageSet, mailbox: str) -> None:
        super().__init__(messages)
        self._mailbox = mailbox
        self._copied: CopyUIDCode | None = None
        self._limit: MessageLimitCode | None = None

    def write(self, wire: Encoder) -> None:
        self.write_start(wire)
        wire.mailbox(self._mailbox)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, StatusResponse):
            return False
        return self._take(response.code)

    def _take(self, code: object) -> bool:
        if self._copied is not None or not isinstance(code, CopyUIDCode):
            return False
        # COPYUID speaks of UIDs, also where the command does not.
        if self.by_uid and not self.is_mine(code.source):
            return False
        self._copied = code
        return True

    def result(self, response: TaggedResponse) -> CopyUIDCode | None:
        self._take(response.code)
        if isinstance(response.code, MessageLimitCode):
            self._limit = response.code
        return self._copied

    @property
    def processed(self) -> UIDSet:
        """Of messages named by UID, those that the server may have copied; no others.

        It may say so by COPYUID, and that there was a limit (:rfc:`9738#section-3`). If it
        says neither, COPY is done as a whole (:rfc:`9051#section-6.4.7`).
        """
        if not isinstance(self.messages, UIDSet):
            return UIDSet()
        if self._copied is not None:
            return self.messages & UIDSet.from_ranges(self._copied.source)
        if self._limit is None:
            return self.messages
        lowest = self._limit.lowest_uid
        if lowest is None:
            return UIDSet()
        return self.messages & UIDSet.from_ranges([(lowest, MAX_NUMBER)])


@final
class Copy(_Transfer):
    """COPY, or UID COPY if the messages are a :class:`UIDSet` (:rfc:`9051#section-6.4.7`).

    Its result says which UIDs the copies got, where the server says so (UIDPLUS).

    Args:
        messages: which ones; not empty.
        mailbox: where to.
    """

    verb = "COPY"


@final
class Move(_Transfer):
    """MOVE, or UID MOVE if the messages are a :class:`UIDSet` (:rfc:`9051#section-6.4.8`).

    Its result says which UIDs the messages got, where the server says so. Needs MOVE
    (:rfc:`6851`) or IMAP4rev2.

    Args:
        messages: which ones; not empty.
        mailbox: where to.
    """

    verb = "MOVE"
    changes_messages = True
