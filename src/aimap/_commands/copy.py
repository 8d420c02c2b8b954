"""COPY and MOVE (:rfc:`9051#section-6.4.7`, :rfc:`6851`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.sets import OnMessages
from aimap._model.code import CopyUIDCode
from aimap._model.copied import is_credible
from aimap._model.numbers import MAX_NUMBER, UIDSet
from aimap._model.response import StatusResponse, TaggedResponse, Untagged
from aimap._model.saved import MessageSet

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


class _Transfer(OnMessages[CopyUIDCode | None]):
    """COPY or MOVE; its result says which UIDs the copies got, where the server says so."""

    answers: ClassVar[tuple[type, ...]] = (StatusResponse,)

    def __init__(self, messages: MessageSet, mailbox: str) -> None:
        super().__init__(messages)
        self._mailbox = mailbox
        self._copied: CopyUIDCode | None = None

    def write(self, wire: Encoder) -> None:
        self.write_start(wire)
        wire.mailbox(self._mailbox)

    def claim_loosely(self, response: Untagged) -> bool:
        code = response.code if isinstance(response, StatusResponse) else None
        if self._copied is not None or not isinstance(code, CopyUIDCode):
            return False
        if not self._is_credible(code):
            return False
        self._copied = code
        return True

    def result(self, response: TaggedResponse) -> CopyUIDCode | None:
        if isinstance(response.code, CopyUIDCode) and self._is_credible(response.code):
            self._copied = response.code
        return self._copied

    def _is_credible(self, code: CopyUIDCode) -> bool:
        # COPYUID speaks of UIDs, also where the command does not.
        return is_credible(code, self.messages if isinstance(self.messages, UIDSet) else None)

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
        if self.limit is None:
            return self.messages
        lowest = self.limit.lowest_uid
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

    def claim(self, response: Untagged) -> bool:
        # Of a MOVE, and of no COPY, the code comes untagged, before the EXPUNGE responses
        # (RFC 6851 section 4.3).
        return self.claim_loosely(response)
