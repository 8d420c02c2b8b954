"""COPY and MOVE by UID (:rfc:`9051#section-6.4.7`, :rfc:`6851`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from aimap._commands.base import SelectedCommand
from aimap._model.code import CopyUIDCode
from aimap._model.numbers import UIDSet
from aimap._model.response import StatusResponse, TaggedResponse, Untagged

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


class _Transfer(SelectedCommand[CopyUIDCode | None]):
    """COPY or MOVE; its result says which UIDs the copies got, where the server says so.

    The code may come untagged, before the EXPUNGE responses of a MOVE
    (:rfc:`6851#section-4.3`).
    """

    answers = (StatusResponse,)

    def __init__(self, messages: UIDSet, mailbox: str) -> None:
        self._messages = messages
        self._mailbox = mailbox
        self._copied: CopyUIDCode | None = None

    def write(self, wire: Encoder) -> None:
        for word in self.name.split():
            wire.atom(word)
        wire.numbers(self._messages)
        wire.mailbox(self._mailbox)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, StatusResponse):
            return False
        return self._take(response.code)

    def _take(self, code: object) -> bool:
        if self._copied is not None or not isinstance(code, CopyUIDCode):
            return False
        if UIDSet.from_ranges(code.source) - self._messages:
            return False
        self._copied = code
        return True

    def result(self, response: TaggedResponse) -> CopyUIDCode | None:
        self._take(response.code)
        return self._copied


@final
class Copy(_Transfer):
    """UID COPY (:rfc:`9051#section-6.4.7`)."""

    name = "UID COPY"


@final
class Move(_Transfer):
    """UID MOVE (:rfc:`9051#section-6.4.8`)."""

    name = "UID MOVE"
