"""ENVELOPE: the header fields that a server has already taken apart (:rfc:`9051#section-7.5.2`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TypeAlias, final

import attrs

from aimap._model.invalid import Invalid
from aimap._model.text import decode_raw, decode_words

_NONE_INVALID: Mapping[str, Invalid] = MappingProxyType({})


@final
@attrs.frozen
class Address:
    """One address. Text is decoded on access; the octets stay as they came.

    Attributes:
        raw_name: the display name, undecoded, or ``None``.
        route: the source route (obsolete), or ``None``.
        raw_mailbox: the part before the ``@``, or ``None``.
        raw_host: the part behind it, or ``None``.
    """

    raw_name: bytes | None
    route: bytes | None
    raw_mailbox: bytes | None
    raw_host: bytes | None

    @property
    def name(self) -> str:
        """The display name, decoded; empty if there is none."""
        return decode_words(self.raw_name or b"")

    @property
    def mailbox(self) -> str:
        """The part before the ``@``."""
        return decode_raw(self.raw_mailbox or b"")

    @property
    def host(self) -> str:
        """The part behind the ``@``; empty if there is none."""
        return decode_raw(self.raw_host or b"")

    @property
    def email(self) -> str:
        """The address as ``mailbox@host``, or what there is of it."""
        return f"{self.mailbox}@{self.host}" if self.raw_host else self.mailbox

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.raw_name else self.email


@final
@attrs.frozen
class Group:
    """A named group of addresses (:rfc:`5322#section-3.4`), perhaps empty.

    Attributes:
        raw_name: the group's name, undecoded.
        members: its addresses.
    """

    raw_name: bytes
    members: tuple[Address, ...]

    @property
    def name(self) -> str:
        """The group's name, decoded."""
        return decode_words(self.raw_name)

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(map(str, self.members))};"


Addresses: TypeAlias = tuple[Address | Group, ...]


@final
@attrs.frozen
class Envelope:
    """The fields of a message's header, as the server took them apart.

    Attributes:
        raw_date: the Date field, undecoded, or ``None``.
        raw_subject: the Subject field, undecoded, or ``None``.
        from_: the From field.
        sender: the Sender field; servers repeat From where there is none.
        reply_to: the Reply-To field; servers repeat From where there is none.
        to: the To field.
        cc: the Cc field.
        bcc: the Bcc field.
        raw_in_reply_to: the In-Reply-To field, undecoded, or ``None``.
        raw_message_id: the Message-ID field, undecoded, or ``None``.
        invalid: the address lists that could not be read, by attribute; those are empty.
    """

    raw_date: bytes | None
    raw_subject: bytes | None
    from_: Addresses
    sender: Addresses
    reply_to: Addresses
    to: Addresses
    cc: Addresses
    bcc: Addresses
    raw_in_reply_to: bytes | None
    raw_message_id: bytes | None
    invalid: Mapping[str, Invalid] = _NONE_INVALID

    @property
    def subject(self) -> str:
        """The subject, decoded; empty if there is none."""
        return decode_words(self.raw_subject or b"")

    @property
    def date(self) -> datetime | None:
        """The Date field; ``None`` if there is none, or it is not a date.

        A date without a known zone has none (:rfc:`5322#section-3.3`, ``-0000``).
        """
        if self.raw_date is None:
            return None
        try:
            return parsedate_to_datetime(decode_raw(self.raw_date))
        except (ValueError, IndexError, OverflowError, TypeError):
            return None

    @property
    def in_reply_to(self) -> str:
        """The In-Reply-To field; empty if there is none."""
        return decode_raw(self.raw_in_reply_to or b"").strip()

    @property
    def message_id(self) -> str:
        """The Message-ID field; empty if there is none."""
        return decode_raw(self.raw_message_id or b"").strip()
