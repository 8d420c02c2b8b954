"""What is told of mailboxes: LIST, STATUS, NAMESPACE, rights, quotas, metadata."""

from __future__ import annotations

import re

from aimap._model.acl import AclResponse, ListRightsResponse, MyRightsResponse
from aimap._model.mailbox import MailboxInfo, MailboxStatus, NamespaceInfo, Namespaces
from aimap._model.metadata import MetadataResponse
from aimap._model.quota import QuotaResource, QuotaResponse, QuotaRootResponse
from aimap._model.raw import RawValue
from aimap._model.response import (
    ListResponse,
    LsubResponse,
    NamespaceResponse,
    XListResponse,
)
from aimap._wire import quirks
from aimap._wire.parse_flags import parse_flags
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Scanner
from aimap._wire.values import (
    mailbox,
    members,
    name,
    nstring,
    number64,
    pairs,
    string,
    text,
)

# Behind a name that should have been quoted.
_STATUS_ITEMS_AT_END = re.compile(rb"\([^()\"{]*+\) *+$")


# mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
#                [SP mbox-list-extended]
def _list_data(scanner: Scanner) -> MailboxInfo:
    reading = scanner.reading
    attributes = parse_flags(scanner.value(), reading)
    delimiter = nstring(scanner.value())
    shown = delimiter.decode("utf-8", "replace") if delimiter else None
    start = scanner.pos
    try:
        octets = scanner.string()
        extended = () if scanner.at_end else members(scanner.value(), "extended LIST data")
        scanner.end()
    except ScanError:
        octets, extended = scanner.data[start:].strip(b" "), ()
        if not octets or octets[:1] in b'"({' or b" (" in octets:
            raise
        reading.tolerate(quirks.LIST_UNQUOTED)
        scanner.pos = len(scanner.data)
    found = mailbox(octets, reading)
    if shown and len(found) > len(shown) and found.endswith(shown) and type(found) is str:
        # Some name a mailbox that has others below it with the delimiter at its end.
        found = found.removesuffix(shown)
    further: dict[str, RawValue] = {
        name(tag): value for tag, value in pairs(extended, "extended LIST data")
    }
    child_info = further.pop("CHILDINFO", None)
    old_name = further.pop("OLDNAME", None)
    return MailboxInfo(
        found,
        shown,
        attributes,
        further,
        child_info=tuple(map(name, members(child_info, "options")))
        if child_info is not None
        else (),
        old_name=_old_name(old_name, reading),
    )


# oldname-extended-item = "OLDNAME" SP "(" mailbox ")"
def _old_name(value: RawValue, reading: Reading) -> str | None:
    if value is None:
        return None
    names = members(value, "an old name")
    if len(names) != 1:
        raise ScanError("a mailbox has one old name")
    return mailbox(string(names[0]), reading)


def list_(scanner: Scanner) -> ListResponse:
    """Read what follows LIST (:rfc:`9051#section-7.3.1`)."""
    return ListResponse(_list_data(scanner))


def lsub(scanner: Scanner) -> LsubResponse:
    """Read what follows LSUB (:rfc:`3501#section-7.2.3`)."""
    return LsubResponse(_list_data(scanner))


def xlist(scanner: Scanner) -> XListResponse:
    """Read what follows XLIST."""
    return XListResponse(_list_data(scanner))


# mailbox-data = "STATUS" SP mailbox SP "(" [status-att-list] ")"
def status(scanner: Scanner) -> MailboxStatus:
    """Read what follows STATUS (:rfc:`9051#section-7.3.4`)."""
    reading, start = scanner.reading, scanner.pos
    try:
        octets = scanner.string()
        values = members(scanner.value(), "the items of STATUS")
        scanner.end()
    except ScanError:
        at = _STATUS_ITEMS_AT_END.search(scanner.data, start)
        if at is None or not scanner.data[start : at.start()].strip(b" "):
            raise
        octets = scanner.data[start : at.start()].strip(b" ")
        if octets[:1] in b'"({':
            raise
        reading.tolerate(quirks.STATUS_UNQUOTED)
        scanner.pos = at.start()
        values = members(scanner.value(), "the items of STATUS")
        scanner.end()
    items = {name(item): _status_value(value) for item, value in pairs(values, "items of STATUS")}
    return MailboxStatus(mailbox(octets, reading), items)


def _status_value(value: RawValue) -> object:
    if isinstance(value, bytes) and value.isdigit():
        return number64(value)
    # "MAILBOXID" SP "(" objectid ")" (RFC 8474 section 4.3)
    if isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], bytes):
        return text(value[0])
    return value


# namespace-response = "*" SP "NAMESPACE" SP namespace SP namespace SP namespace
def namespace(scanner: Scanner) -> NamespaceResponse:
    """Read what follows NAMESPACE (:rfc:`9051#section-7.3.3`)."""
    kinds = [_namespaces(value, scanner.reading) for value in scanner.values()]
    if len(kinds) != 3:
        raise ScanError("NAMESPACE gives three lists")
    return NamespaceResponse(Namespaces(*kinds))


# namespace = nil / "(" 1*namespace-descr ")"
# namespace-descr = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil) [*(SP string SP "(" string
#                   *(SP string) ")")] ")"
def _namespaces(value: RawValue, reading: Reading) -> tuple[NamespaceInfo, ...]:
    if value is None:
        return ()
    found: list[NamespaceInfo] = []
    for each in members(value, "namespaces"):
        fields = members(each, "the fields of a namespace")
        if len(fields) < 2:
            raise ScanError("a namespace has a prefix and a delimiter")
        prefix, delimiter = string(fields[0]), nstring(fields[1])
        further = {
            name(tag): tuple(map(string, members(values, "extension data")))
            for tag, values in pairs(fields[2:], "extensions")
        }
        translation = further.pop("TRANSLATION", None)
        found.append(
            NamespaceInfo(
                mailbox(prefix, reading) if prefix else "",
                delimiter.decode("utf-8", "replace") if delimiter else None,
                translation=mailbox(translation[0], reading) if translation else None,
                extensions={tag: tuple(map(text, values)) for tag, values in further.items()},
            )
        )
    return tuple(found)


def _rights(value: bytes) -> frozenset[str]:
    return frozenset(value.decode("utf-8", "replace"))


# acl-data = "ACL" SP mailbox *(SP identifier SP rights)
def acl(scanner: Scanner) -> AclResponse:
    """Read what follows ACL (:rfc:`4314#section-3.6`)."""
    of = mailbox(scanner.string(), scanner.reading)
    entries = pairs(tuple(scanner.values()), "an access control list")
    return AclResponse(of, {text(who): _rights(string(rights)) for who, rights in entries})


# listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
def list_rights(scanner: Scanner) -> ListRightsResponse:
    """Read what follows LISTRIGHTS (:rfc:`4314#section-3.7`)."""
    of = mailbox(scanner.string(), scanner.reading)
    identifier = text(scanner.string())
    required, *optional = (_rights(string(value)) for value in scanner.values() or [b""])
    return ListRightsResponse(of, identifier, required, tuple(optional))


# myrights-data = "MYRIGHTS" SP mailbox SP rights
def my_rights(scanner: Scanner) -> MyRightsResponse:
    """Read what follows MYRIGHTS (:rfc:`4314#section-3.8`)."""
    of = mailbox(scanner.string(), scanner.reading)
    rights = _rights(scanner.string())
    scanner.end()
    return MyRightsResponse(of, rights)


# quota-response = "QUOTA" SP quota-root-name SP quota-list
def quota(scanner: Scanner) -> QuotaResponse:
    """Read what follows QUOTA (:rfc:`9208#section-4.2.1`)."""
    root = text(scanner.string())
    if scanner.at_end:
        scanner.reading.tolerate(quirks.QUOTA_WITHOUT_LIST)
        return QuotaResponse(root, ())
    fields = members(scanner.value(), "the resources of a quota")
    scanner.end()
    if len(fields) % 3:
        raise ScanError("a resource has a name, a usage and a limit")
    return QuotaResponse(
        root,
        tuple(
            QuotaResource(name(resource), number64(usage), number64(limit))
            for resource, usage, limit in zip(fields[::3], fields[1::3], fields[2::3], strict=True)
        ),
    )


# quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
def quota_root(scanner: Scanner) -> QuotaRootResponse:
    """Read what follows QUOTAROOT (:rfc:`9208#section-4.2.2`)."""
    of = mailbox(scanner.string(), scanner.reading)
    return QuotaRootResponse(of, tuple(map(text, scanner.values())))


# metadata-resp = "METADATA" SP mailbox SP (entry-values / entry-list)
def metadata(scanner: Scanner) -> MetadataResponse:
    """Read what follows METADATA (:rfc:`5464#section-4.4`)."""
    octets = scanner.string()
    of = mailbox(octets, scanner.reading) if octets else ""
    values = scanner.values()
    if len(values) == 1 and isinstance(values[0], tuple):
        entries = pairs(values[0], "entries")
        return MetadataResponse(of, {text(entry): nstring(value) for entry, value in entries})
    return MetadataResponse(of, {}, tuple(map(text, values)))
