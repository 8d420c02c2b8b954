"""APPEND (:rfc:`9051#section-6.3.12`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, final

from aimap._commands.base import Command
from aimap._errors import InvalidArgumentError
from aimap._model.code import AppendUIDCode
from aimap._model.flag import Flags
from aimap._model.response import TaggedResponse

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


@final
class Append(Command[AppendUIDCode | None]):
    """APPEND one message; its result is the new UID, where the server says it.

    Args:
        mailbox: where to.
        message: the whole message, as octets.
        flags: flags that it gets.
        date: its internal date, with a time zone; without one the server takes its own.
        binary: send it as a ``literal8``: it holds NUL (:rfc:`3516#section-4.4`).
    """

    name = "APPEND"

    def __init__(
        self,
        mailbox: str,
        message: bytes,
        *,
        flags: Iterable[str] = (),
        date: datetime | None = None,
        binary: bool = False,
    ) -> None:
        if not message:
            raise InvalidArgumentError("a message of no octets cannot be appended")
        self._mailbox = mailbox
        self._message = message
        self._flags = Flags(flags)
        self._date = date
        self._binary = binary

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        if self._flags:
            wire.flags(sorted(self._flags))
        if self._date is not None:
            wire.date_time(self._date)
        wire.literal(self._message, binary=self._binary)

    def result(self, response: TaggedResponse) -> AppendUIDCode | None:
        return response.code if isinstance(response.code, AppendUIDCode) else None
