"""Messages into mailboxes: APPEND in all its forms, and REPLACE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.annotations import write_annotations
from aimap._commands.base import Command
from aimap._commands.sets import OnMessages
from aimap._errors import CapabilityError, InvalidArgumentError
from aimap._model.appending import AppendMessage, AppendOptions, AppendUpload, UrlPart
from aimap._model.code import AppendUIDCode
from aimap._model.numbers import SeqSet, UIDSet
from aimap._model.response import StatusResponse, TaggedResponse, Untagged

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


# append-message = append-opts SP append-data (RFC 4466 section 6)
def _write_options(wire: Encoder, message: AppendOptions, *, with_flags: bool = False) -> None:
    if message.flags or with_flags:
        wire.flags(sorted(message.flags))
    if message.date is not None:
        wire.date_time(message.date)
    if message.annotations:
        write_annotations(wire, message.annotations)


def _write_message(wire: Encoder, message: AppendMessage | AppendUpload) -> None:
    if isinstance(message, AppendUpload):
        _write_options(wire, message)
        wire.upload(message.upload)
        return
    # Courier 5.0.13 knows UTF8 only behind a list of flags, be it an empty one.
    _write_options(wire, message, with_flags=message.utf8)
    data = message.message
    if isinstance(data, bytes):
        _write_octets(wire, data, utf8=message.utf8)
        return
    wire.atom("CATENATE")
    with wire.parentheses():
        for part in data:
            if isinstance(part, UrlPart):
                wire.atom("URL")
                wire.astring(part.url)
            else:
                if not message.utf8:
                    wire.atom("TEXT")
                _write_octets(wire, part, utf8=message.utf8)


def _write_octets(wire: Encoder, data: bytes, *, utf8: bool) -> None:
    if utf8:
        wire.atom("UTF8")
        with wire.parentheses():
            wire.literal8(data)
    else:
        wire.message(data)


def _one_message(
    message: bytes | AppendMessage, flags: Iterable[str], date: datetime | None
) -> AppendMessage:
    if not isinstance(message, AppendMessage):
        return AppendMessage(message, flags=flags, date=date)
    if flags or date is not None:
        raise InvalidArgumentError("an AppendMessage has its flags and its date in itself")
    return message


@final
class Append(Command[AppendUIDCode | None]):
    r"""APPEND (:rfc:`9051#section-6.3.12`): ``APPEND Drafts (\Seen \Draft) {12}``.

    Its result is the new UID with the mailbox's UIDVALIDITY, where the server says it.

    Args:
        mailbox: where to.
        message: the whole message, as octets, or with all that may go with it as an
            :class:`AppendMessage`: annotations, or parts for CATENATE.
        flags: flags that it gets.
        date: its internal date, with a time zone; without one the server takes its own.

    Raises:
        InvalidArgumentError: if there is no message, or something cannot be sent.
    """

    name = "APPEND"

    def __init__(
        self,
        mailbox: str,
        message: bytes | AppendMessage,
        *,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._message = _one_message(message, flags, date)

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        _write_message(wire, self._message)

    def result(self, response: TaggedResponse) -> AppendUIDCode | None:
        return response.code if isinstance(response.code, AppendUIDCode) else None


@final
class MultiAppend(Command[AppendUIDCode | None]):
    """APPEND of several messages, all or none (:rfc:`3502#section-6.3.11`; needs MULTIAPPEND).

    Its result is the new UIDs, in the order of the messages, where the server says them.

    Args:
        mailbox: where to.
        messages: at least one; what of them comes later has its turn one behind the other.

    Raises:
        InvalidArgumentError: if there is none.
        CapabilityError: as its outcome, if there are several and no MULTIAPPEND.
    """

    name = "APPEND"

    def __init__(self, mailbox: str, messages: Sequence[AppendMessage | AppendUpload]) -> None:
        if not messages:
            raise InvalidArgumentError("APPEND needs at least one message")
        self._mailbox = mailbox
        self._messages = tuple(messages)

    def write(self, wire: Encoder) -> None:
        if not wire.dialect.multiappend and len(self._messages) > 1:
            raise CapabilityError(
                "MULTIAPPEND", f"{len(self._messages)} messages go in as many commands (RFC 3502)"
            )
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        for message in self._messages:
            _write_message(wire, message)

    def result(self, response: TaggedResponse) -> AppendUIDCode | None:
        return response.code if isinstance(response.code, AppendUIDCode) else None


@final
class Replace(OnMessages[AppendUIDCode | None]):
    """REPLACE, or UID REPLACE if the message is in a :class:`UIDSet` (:rfc:`8508#section-3`).

    The new message comes in and the old one goes, in one step. Its result is the new UID,
    where the server says it. Needs REPLACE.

    Args:
        message: the old one: a set of one message.
        mailbox: where the new one goes to, mostly the same.
        replacement: the new one, as in :class:`Append`.
        flags: flags that it gets.
        date: its internal date, with a time zone; without one the server takes its own.

    Raises:
        InvalidArgumentError: if it is not one message that is replaced, or something
            cannot be sent.
    """

    verb = "REPLACE"
    changes_messages = True
    answers: ClassVar[tuple[type, ...]] = (StatusResponse,)

    def __init__(
        self,
        message: UIDSet | SeqSet,
        mailbox: str,
        replacement: bytes | AppendMessage,
        *,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> None:
        super().__init__(message)
        if len(message) != 1:
            raise InvalidArgumentError(f"REPLACE replaces one message, not {message!r}")
        self._mailbox = mailbox
        self._message = _one_message(replacement, flags, date)
        self._appended: AppendUIDCode | None = None

    def write(self, wire: Encoder) -> None:
        self.write_start(wire)
        wire.mailbox(self._mailbox)
        _write_message(wire, self._message)

    def claim(self, response: Untagged) -> bool:
        # The code comes untagged, before the EXPUNGE (RFC 8508 section 3.3).
        if not isinstance(response, StatusResponse) or self._appended is not None:
            return False
        if isinstance(response.code, AppendUIDCode):
            self._appended = response.code
        return self._appended is not None

    def result(self, response: TaggedResponse) -> AppendUIDCode | None:
        return response.code if isinstance(response.code, AppendUIDCode) else self._appended
