"""ENVELOPE as a pattern; its strings and addresses are taken apart when somebody asks."""

from __future__ import annotations

import re
from functools import lru_cache

from aimap._model.envelope import Address, Addresses, Envelope, make_address
from aimap._wire.fast_strings import NSTRING, nstring
from aimap._wire.parse_envelope import group_addresses
from aimap._wire.reading import Reading

_ADDRESS = rb"\(" + rb" ".join([NSTRING] * 4) + rb"\)"
_ADDRESSES = rb"(?:NIL|\((?:" + _ADDRESS + rb")++\))"

PATTERN = rb"\((" + rb") (".join([NSTRING] * 2 + [_ADDRESSES] * 6 + [NSTRING] * 2) + rb")\)"
"""An envelope of quoted strings; ten groups, one a field."""

GROUPS = 10

_ONE_ADDRESS = re.compile(rb"\((" + rb") (".join([NSTRING] * 4) + rb")\)")
_LONGEST_KEPT = 500


def has_groups(fields: tuple[bytes, ...]) -> bool:
    """Tell whether an address has no host: a group begins, or something is odd."""
    return any(b" NIL)" in field for field in fields[2:8])


def read_envelope(fields: tuple[bytes, ...], reading: Reading | None = None) -> Envelope:
    """Return the envelope, given the groups of a match of :data:`PATTERN`.

    Args:
        fields: the groups.
        reading: where to tell of an odd group; needed where :func:`has_groups`.

    Raises:
        ScanError: if a group is odd, and reading is strict.
    """
    date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id = fields
    return Envelope(
        nstring(date),
        nstring(subject),
        _addresses(from_, reading),
        _addresses(sender, reading),
        _addresses(reply_to, reading),
        _addresses(to, reading),
        _addresses(cc, reading),
        _addresses(bcc, reading),
        nstring(in_reply_to),
        nstring(message_id),
    )


def _addresses(matched: bytes, reading: Reading | None) -> Addresses:
    if matched == b"NIL":
        return ()
    if reading is not None and b" NIL)" in matched:
        return group_addresses(_read_addresses(matched), reading)
    return _kept(matched) if len(matched) <= _LONGEST_KEPT else tuple(_read_addresses(matched))


def _read_addresses(matched: bytes) -> list[Address]:
    return [
        make_address(nstring(name), nstring(route), nstring(mailbox), nstring(host))
        for name, route, mailbox, host in _ONE_ADDRESS.findall(matched)
    ]


# Sender and Reply-To repeat From, and a mailbox's owner is in most To fields.
@lru_cache(maxsize=4096)
def _kept(matched: bytes) -> Addresses:
    return tuple(_read_addresses(matched))
