"""Access control lists, which are kept and not enforced (:rfc:`4314`)."""

from __future__ import annotations

import re

from aimap.testing._commands_mailboxes import require, wire_name
from aimap.testing._connection import Connection
from aimap.testing._describe import nstring
from aimap.testing._grammar import Arguments
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._store import StoredMailbox

_RIGHTS = "lrswipkxtea"
_VIRTUAL = "cd"
_OLD_RIGHTS = "lrswipcda"
"""Those of :rfc:`2086`, where RIGHTS= is not offered."""
_NONE = '""'
_ATOM = re.compile(r"[A-Za-z0-9.@_-]+")


async def set_acl(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.space()
    identifier = _identifier(arguments)
    arguments.space()
    rights = arguments.astring().decode("ascii", "replace")
    arguments.end()
    change = rights[:1] if rights[:1] in ("+", "-") else ""
    rights = rights.removeprefix(change)
    _check_rights(client, rights)
    mailbox = require(client, name)
    before = mailbox.rights.get(identifier, "")
    if change == "-":
        rights = "".join(right for right in before if right not in rights)
    elif change:
        rights = before + "".join(right for right in rights if right not in before)
    mailbox.rights[identifier] = rights


def _identifier(arguments: Arguments) -> str:
    identifier = arguments.astring().decode("utf-8", "replace")
    if not identifier:
        raise ViolationError("an empty identifier (RFC 4314 section 3)", Rule.ACL)
    return identifier


def _all_rights(client: Connection) -> str:
    return _RIGHTS if client.offers("RIGHTS=KXTE") else _OLD_RIGHTS


def _check_rights(client: Connection, rights: str) -> None:
    known = _all_rights(client)
    for right in rights:
        if right in _VIRTUAL and right not in known:
            raise ViolationError(
                f"the virtual right {right!r} of RFC 2086, sent to a server with RIGHTS= "
                "(RFC 4314 section 2.1.1)",
                Rule.ACL,
            )
        if right not in known:
            raise ViolationError(f"no right {right!r} (RFC 4314 section 2.1)", Rule.ACL)


async def delete_acl(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.space()
    identifier = _identifier(arguments)
    arguments.end()
    require(client, name).rights.pop(identifier, None)


async def get_acl(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.end()
    rights = {client.user: _all_rights(client), **require(client, name).rights}
    words = [f"ACL {wire_name(client, name)}"]
    words += [f"{_astring(who)} {what or _NONE}" for who, what in rights.items()]
    client.untagged(" ".join(words))


async def list_rights(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.space()
    identifier = _identifier(arguments)
    arguments.end()
    require(client, name)
    words = f'LISTRIGHTS {wire_name(client, name)} {_astring(identifier)} ""'
    client.untagged(" ".join([words, *_all_rights(client)]))


async def my_rights(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.end()
    send_my_rights(client, require(client, name))


def send_my_rights(client: Connection, mailbox: StoredMailbox) -> None:
    """Queue a MYRIGHTS response."""
    rights = mailbox.rights.get(client.user, _all_rights(client))
    client.untagged(f"MYRIGHTS {wire_name(client, mailbox.name)} {rights or _NONE}")


def _astring(text: str) -> str:
    if _ATOM.fullmatch(text):
        return text
    return nstring(text.encode("utf-8")).decode("utf-8")
