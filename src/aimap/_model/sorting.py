"""SORT as the client does it (:rfc:`5256#section-3`, :rfc:`5957`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aimap._model.collation import casemap
from aimap._model.envelope import Address, Addresses, Group
from aimap._model.fetch import ENVELOPE, INTERNALDATE, RFC822_SIZE, FetchItem
from aimap._model.message import Message
from aimap._model.sort import SortKey
from aimap._model.subject import base_subject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Value = Callable[[Message], Any]


def sent(message: Message) -> timedelta:
    """Return the sent date and time, in UTC (:rfc:`5256#section-2.2`).

    Where there is no valid Date field, it is the time when the message came.
    """
    date = message.envelope.date or message.internal_date
    return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)) - _EPOCH


def subject_key(message: Message) -> str:
    """Return what the message's base subject is compared by."""
    return casemap(base_subject(message.envelope.subject).text)


def _arrival(message: Message) -> timedelta:
    return message.internal_date - _EPOCH


def _size(message: Message) -> int:
    return message.size


def _mailbox(addresses: Addresses) -> str:
    for first in addresses:
        return casemap(first.name if isinstance(first, Group) else first.mailbox)
    return ""


def _display(addresses: Addresses) -> str:
    for first in addresses:
        return casemap(_shown(first))
    return ""


# RFC 5957 section 3
def _shown(address: Address | Group) -> str:
    if isinstance(address, Group):
        return address.name
    return address.name or address.email


_VALUES: dict[str, tuple[_Value, tuple[FetchItem[Any], ...]]] = {
    "ARRIVAL": (_arrival, (INTERNALDATE,)),
    "CC": (lambda message: _mailbox(message.envelope.cc), (ENVELOPE,)),
    "DATE": (sent, (ENVELOPE, INTERNALDATE)),
    "DISPLAYFROM": (lambda message: _display(message.envelope.from_), (ENVELOPE,)),
    "DISPLAYTO": (lambda message: _display(message.envelope.to), (ENVELOPE,)),
    "FROM": (lambda message: _mailbox(message.envelope.from_), (ENVELOPE,)),
    "SIZE": (_size, (RFC822_SIZE,)),
    "SUBJECT": (subject_key, (ENVELOPE,)),
    "TO": (lambda message: _mailbox(message.envelope.to), (ENVELOPE,)),
}


def can_sort(keys: Iterable[SortKey]) -> bool:
    """Tell whether messages can be sorted by *keys* here."""
    return all(key.name in _VALUES for key in keys)


def items_to_sort(keys: Iterable[SortKey]) -> list[FetchItem[Any]]:
    """Return what has to be fetched of messages that are to be sorted by *keys*."""
    return list(dict.fromkeys(item for key in keys for item in _VALUES[key.name][1]))


def sort_messages(messages: Sequence[Message], keys: Sequence[SortKey]) -> list[Message]:
    """Sort messages, which come in the order of the mailbox, by *keys*."""
    found = list(messages)
    for key in reversed(keys):
        found.sort(key=_VALUES[key.name][0], reverse=key.reverse)
    return found
