"""ENVELOPE (:rfc:`9051#section-9`)."""

from __future__ import annotations

import re

from aimap._model.envelope import Address, Addresses, Envelope, Group
from aimap._model.invalid import Invalid
from aimap._model.raw import RawValue
from aimap._wire import quirks
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Scanner, Spaced
from aimap._wire.values import members, nstring, octets_of

_FIELDS = 10
_LISTS = ("from_", "sender", "reply_to", "to", "cc", "bcc")
_FIRST_LIST = 2
_FEWEST_FIELDS = 8

# A message-id with a quote in it, at the end of an envelope.
_MESSAGE_ID = re.compile(rb' "(<[^<>\r\n]*+>)"\)')


def scan_envelope(scanner: Scanner) -> RawValue:
    """Scan an envelope, even where a quote stands unescaped in its message-id.

    Raises:
        ScanError: if it is broken otherwise.
    """
    start = scanner.pos
    try:
        return scanner.value()
    except ScanError:
        match = _MESSAGE_ID.search(scanner.data, start)
        if match is None or b'"' not in match[1]:
            raise
        scanner.reading.tolerate(quirks.ENV_MSGID_QUOTES)
        escaped = match[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        before, behind = scanner.data[start : match.start(1)], match[0][-2:]
        mended = before + escaped + behind
        # A scanner of its own: to mend the whole response costs its length each time.
        trial = Scanner(mended, scanner.reading)
        value = trial.value()
        trial.end()
        scanner.pos = match.end()
        return value


# envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP
#            env-to SP env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
def parse_envelope(value: RawValue, reading: Reading) -> Envelope:
    """Return the envelope. A broken address list is empty, and told in ``invalid``.

    Raises:
        ScanError: if it is not an envelope.
    """
    fields = members(value, "the fields of an envelope")
    if len(fields) != _FIELDS:
        if not _FEWEST_FIELDS <= len(fields) < _FIELDS:
            raise ScanError("an envelope has ten fields")
        reading.tolerate(quirks.ENV_SHORT)
        fields = (*fields, *[None] * (_FIELDS - len(fields)))
    invalid: dict[str, Invalid] = {}
    lists: list[Addresses] = []
    for name, each in zip(_LISTS, fields[_FIRST_LIST:], strict=False):
        try:
            lists.append(parse_addresses(each, reading))
        except ScanError as error:
            if reading.strict:
                raise
            invalid[name] = Invalid(octets_of(each), str(error))
            lists.append(())
    from_, sender, reply_to, to, cc, bcc = lists
    return Envelope(
        nstring(fields[0]),
        nstring(fields[1]),
        from_,
        sender,
        reply_to,
        to,
        cc,
        bcc,
        nstring(fields[8]),
        nstring(fields[9]),
        invalid,
    )


# env-from = "(" 1*address ")" / nil
# address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
def parse_addresses(value: RawValue, reading: Reading) -> Addresses:
    """Return an address list, groups put together.

    Raises:
        ScanError: if it is not an address list.
    """
    if value is None:
        return ()
    entries = members(value, "addresses")
    if not entries:
        reading.tolerate(quirks.ADDR_EMPTY_LIST)
    if isinstance(entries, Spaced):
        reading.tolerate(quirks.SPACE_BETWEEN_GROUPS)
    found: list[Address] = []
    for entry in entries:
        if entry is None:
            reading.tolerate(quirks.ADDR_NIL_MEMBER)
            continue
        parts = members(entry, "the four parts of an address")
        if len(parts) != 4:
            raise ScanError("an address has four parts")
        name, route, mailbox, host = map(nstring, parts)
        found.append(Address(name, route, mailbox, host))
    return group_addresses(found, reading)


def group_addresses(addresses: list[Address], reading: Reading) -> Addresses:
    """Put groups together: no host begins one, and neither host nor mailbox ends it.

    :rfc:`9051#section-7.5.2` says so.
    """
    result: list[Address | Group] = []
    group: Address | None = None
    in_group: list[Address] = []
    for address in addresses:
        if address.raw_host is not None or (group is None and _is_swapped(address)):
            (result if group is None else in_group).append(address)
        elif address.raw_name is None and (
            address.raw_mailbox is None
            or (group is not None and _ends_alike(group, address, reading))
        ):
            if group is not None:
                result.append(Group(group.raw_mailbox or b"", tuple(in_group)))
                group, in_group = None, []
        elif group is None:
            group = address
        else:
            in_group.append(address)
    if group is not None:
        result += _unended(group, in_group, reading)
    return tuple(result)


def _ends_alike(start: Address, address: Address, reading: Reading) -> bool:
    """Tell whether an empty mailbox ends the group, having begun it: Courier 5.0 loses names."""
    if start.raw_mailbox != b"" or address.raw_mailbox != b"":
        return False
    reading.tolerate(quirks.ADDR_GROUP_ALIKE)
    return True


def _is_swapped(address: Address) -> bool:
    """Tell whether the name is where the address should be, as Gmail had it."""
    name = address.raw_name
    return name is not None and name.startswith(b"<") and name.endswith(b">") and b"@" in name


def _unended(start: Address, found: list[Address], reading: Reading) -> list[Address | Group]:
    """Say what a start of a group means that has no end."""
    mailbox = start.raw_mailbox or b""
    if found or (start.raw_name is not None and start.raw_name == mailbox.strip(b'"')):
        reading.tolerate(quirks.ADDR_UNDISCLOSED)
        return [Group(mailbox.strip(b'"'), tuple(found))]
    # An address without a host; none is invented.
    return [start]
