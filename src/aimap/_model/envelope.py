"""ENVELOPE: the header fields that a server has already taken apart (:rfc:`9051#section-7.5.2`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias, cast, final

import attrs

from aimap._model.dates import parse_header_date
from aimap._model.invalid import Invalid
from aimap._model.text import decode_raw, decode_words

_NONE_INVALID: Mapping[str, Invalid] = MappingProxyType({})


@final
@attrs.frozen(weakref_slot=False)
class Address:
    """One address. Text is decoded on access; the octets stay as they came.

    Attributes:
        raw_name: the display name, undecoded, or ``None``.
        route: the source route (obsolete), or ``None``.
        raw_mailbox: the part before the ``@``, or ``None``.
        raw_host: the part behind it, or ``None``.
        charset: what 8-bit octets that are not UTF-8 are taken for, or ``None``.
    """

    raw_name: bytes | None
    route: bytes | None
    raw_mailbox: bytes | None
    raw_host: bytes | None
    charset: str | None = None

    @property
    def _is_swapped(self) -> bool:
        """Whether the name is where the address should be, as Gmail had it."""
        return (
            self.raw_host is None
            and self.raw_name is not None
            and self.raw_name.startswith(b"<")
            and self.raw_name.endswith(b">")
            and b"@" in self.raw_name
        )

    @property
    def name(self) -> str:
        """The display name, decoded; empty if there is none."""
        raw = self.raw_mailbox if self._is_swapped else self.raw_name
        return decode_words(raw, self.charset) if raw else ""

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
        """The address as ``mailbox@host``, or what there is of it; empty if there is none."""
        if self._is_swapped:
            return decode_raw((self.raw_name or b"").strip(b"<>"))
        return f"{self.mailbox}@{self.host}" if self.raw_mailbox and self.raw_host else self.mailbox

    def __str__(self) -> str:
        if not self.raw_name:
            return self.email
        return f"{self.name} <{self.email}>" if self.email else self.name


class _Draft:
    """An address in the making: of the same layout, and not frozen."""

    __slots__ = tuple(field.name for field in attrs.fields(Address))

    raw_name: bytes | None
    route: bytes | None
    raw_mailbox: bytes | None
    raw_host: bytes | None
    charset: str | None


def make_address(
    raw_name: bytes | None,
    route: bytes | None,
    raw_mailbox: bytes | None,
    raw_host: bytes | None,
) -> Address:
    """Make an address in a third of the time that its constructor takes.

    :func:`aimap._model.body.make_part` says how.
    """
    made = _Draft()
    made.raw_name = raw_name
    made.route = route
    made.raw_mailbox = raw_mailbox
    made.raw_host = raw_host
    made.charset = None
    made.__class__ = Address  # type: ignore[assignment]
    return cast("Address", made)


@final
@attrs.frozen
class Group:
    """A named group of addresses (:rfc:`5322#section-3.4`), perhaps empty.

    Attributes:
        raw_name: the group's name, undecoded.
        members: its addresses.
        charset: as :attr:`Address.charset`.
    """

    raw_name: bytes
    members: tuple[Address, ...]
    charset: str | None = None

    @property
    def name(self) -> str:
        """The group's name, decoded."""
        return decode_words(self.raw_name, self.charset)

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
        charset: as :attr:`Address.charset`. It comes from the message's own parts, where
            ``BODYSTRUCTURE`` was fetched as well.
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
    charset: str | None = None

    @property
    def needs_charset(self) -> bool:
        """Whether there are 8-bit octets that are not UTF-8."""
        return any(map(_is_not_utf8, self._raw_texts()))

    def _raw_texts(self) -> Iterator[bytes]:
        yield self.raw_subject or b""
        for field in (self.from_, self.sender, self.reply_to, self.to, self.cc, self.bcc):
            for each in field:
                yield each.raw_name or b""
                for member in each.members if isinstance(each, Group) else ():
                    yield member.raw_name or b""

    def in_charset(self, charset: str) -> Envelope:
        """Return the same envelope, in which 8-bit octets are text in *charset*."""
        return attrs.evolve(
            self,
            from_=_in_charset(self.from_, charset),
            sender=_in_charset(self.sender, charset),
            reply_to=_in_charset(self.reply_to, charset),
            to=_in_charset(self.to, charset),
            cc=_in_charset(self.cc, charset),
            bcc=_in_charset(self.bcc, charset),
            charset=charset,
        )

    @property
    def subject(self) -> str:
        """The subject, decoded; empty if there is none."""
        return decode_words(self.raw_subject, self.charset) if self.raw_subject else ""

    @property
    def date(self) -> datetime | None:
        """The Date field; ``None`` if there is none, or it is not a date.

        A date without a known zone has none (:rfc:`5322#section-3.3`, ``-0000``).
        """
        return None if self.raw_date is None else parse_header_date(self.raw_date)

    @property
    def in_reply_to(self) -> str:
        """The In-Reply-To field; empty if there is none."""
        return decode_raw(self.raw_in_reply_to or b"").strip()

    @property
    def message_id(self) -> str:
        """The Message-ID field; empty if there is none."""
        return decode_raw(self.raw_message_id or b"").strip()


def _is_not_utf8(octets: bytes) -> bool:
    if octets.isascii():
        return False
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _in_charset(addresses: Addresses, charset: str) -> Addresses:
    return tuple(
        attrs.evolve(each, charset=charset)
        if isinstance(each, Address)
        else Group(
            each.raw_name,
            tuple(attrs.evolve(member, charset=charset) for member in each.members),
            charset,
        )
        for each in addresses
    )
