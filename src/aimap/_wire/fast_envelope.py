"""ENVELOPE as a pattern; its strings and addresses are taken apart when somebody asks."""

from __future__ import annotations

import re
from functools import lru_cache

from aimap._model.envelope import Address, Addresses, Envelope
from aimap._model.limits import Limits
from aimap._wire.fast_strings import NSTRING, nstring
from aimap._wire.parse_envelope import group_addresses
from aimap._wire.reading import Reading

_ADDRESS = rb"\(" + rb" ".join([NSTRING] * 4) + rb"\)"
_ADDRESSES = rb"(?:NIL|\((?:" + _ADDRESS + rb")++\))"

PATTERN = rb"\((" + rb") (".join([NSTRING] * 2 + [_ADDRESSES] * 6 + [NSTRING] * 2) + rb")\)"
"""An envelope of ASCII strings; ten groups, one a field."""

GROUPS = 10

_ONE_ADDRESS = re.compile(rb"\((" + rb") (".join([NSTRING] * 4) + rb")\)")
_LONGEST_KEPT = 500

# What a group without an end is tolerated for is told when the response is read.
_SILENT = Reading(Limits())


def has_groups(fields: tuple[bytes, ...]) -> bool:
    """Tell whether an address has no host: a group begins, or something is odd."""
    return any(b" NIL)" in field for field in fields[2:8])


def read_envelope(fields: tuple[bytes, ...]) -> Envelope:
    """Return the envelope, given the groups of a match of :data:`PATTERN`."""
    date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id = fields
    return Envelope(
        nstring(date),
        nstring(subject),
        _addresses(from_),
        _addresses(sender),
        _addresses(reply_to),
        _addresses(to),
        _addresses(cc),
        _addresses(bcc),
        nstring(in_reply_to),
        nstring(message_id),
    )


def _addresses(matched: bytes) -> Addresses:
    if matched == b"NIL":
        return ()
    return _kept(matched) if len(matched) <= _LONGEST_KEPT else _read_addresses(matched)


def _read_addresses(matched: bytes) -> Addresses:
    found = [
        Address(nstring(name), nstring(route), nstring(mailbox), nstring(host))
        for name, route, mailbox, host in _ONE_ADDRESS.findall(matched)
    ]
    return group_addresses(found, _SILENT) if b" NIL)" in matched else tuple(found)


# Sender and Reply-To repeat From, and a mailbox's owner is in most To fields.
_kept = lru_cache(maxsize=4096)(_read_addresses)
