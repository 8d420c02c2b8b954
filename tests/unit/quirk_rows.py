"""A row: octets that some server sends, and what is to come of them."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import attrs

from aimap import Address, Message, Response

EMPTY_ENVELOPE = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
TEXT_PART = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'
FROM, TO, MESSAGE_ID = 2, 5, 9


@attrs.frozen
class Row:
    """What one server sends, or several.

    Attributes:
        name: what the deviation is called.
        raw: the octets; ``A1`` is the tag of a command in flight.
        value: what is to be seen in the response.
        seen: how to look at it.
        legal: whether no rule of the grammar is broken.
        quirk: the defect's name, if it is another; empty if what was sent is not
            understood, so that it is told for itself.
    """

    name: str
    raw: bytes
    value: object
    seen: Callable[[Any], object] = attrs.field(default=lambda response: response)
    legal: bool = attrs.field(default=False, kw_only=True)
    quirk: str = attrs.field(kw_only=True)

    @quirk.default
    def _(self) -> str:
        return self.name


def attributes(*names: str) -> Callable[[Any], object]:
    """Look at attributes of a response."""
    return attrgetter(*names)


def item(key: str) -> Callable[[Response], object]:
    """Look at an item of a FETCH response."""

    def seen(response: Response) -> object:
        assert isinstance(response, Message)
        return response.items[key]

    return seen


def envelope(name: str) -> Callable[[Response], object]:
    """Look at an attribute of the envelope, and at the UID behind it."""

    def seen(response: Response) -> object:
        assert isinstance(response, Message)
        assert response.uid == 9
        return attrgetter(name)(response.envelope)

    return seen


def part(*names: str, section: str = "1") -> Callable[[Response], object]:
    """Look at attributes of a body part, and at the UID behind it."""

    def seen(response: Response) -> object:
        assert isinstance(response, Message)
        assert response.uid == 9
        (found,) = (p for p in response.body_structure.walk() if p.section == section)
        return attrgetter(*names)(found)

    return seen


def fetch(items: bytes) -> bytes:
    """A FETCH response."""
    return b"* 1 FETCH (" + items + b")\r\n"


def with_field(at: int, field: bytes) -> bytes:
    """An envelope with one field, and a UID behind it."""
    fields = [b"NIL"] * 10
    fields[at] = field
    return fetch(b"ENVELOPE (" + b" ".join(fields) + b") UID 9")


def with_body(body: bytes) -> bytes:
    """A body structure, and a UID behind it."""
    return fetch(b"BODYSTRUCTURE " + body + b" UID 9")


def with_part(body: bytes) -> bytes:
    """A body structure of two parts, and a UID behind it."""
    return with_body(b"(" + body + TEXT_PART + b' "MIXED")')


def address(mailbox: bytes | None, host: bytes | None, name: bytes | None = None) -> Address:
    """An address without a route."""
    return Address(name, None, mailbox, host)
