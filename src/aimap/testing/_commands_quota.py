"""Quotas: one root, which is called ``""``, for all of an account (:rfc:`9208`)."""

from __future__ import annotations

from aimap.testing._commands_mailboxes import require, wire_name
from aimap.testing._connection import Connection
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError

_ROOT = '""'


def _root(arguments: Arguments) -> None:
    if arguments.astring():
        raise RefusalError("there is no such quota root", "NONEXISTENT")


def _told(client: Connection) -> None:
    assert client.account is not None
    account = client.account
    found = " ".join(
        f"{resource} {account.usage(resource)} {limit}"
        for resource, limit in account.limits.items()
        if client.offers(f"QUOTA=RES-{resource}")
    )
    client.untagged(f"QUOTA {_ROOT} ({found})")


async def get_quota(client: Connection, arguments: Arguments) -> None:
    _root(arguments)
    arguments.end()
    _told(client)


async def get_quota_root(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.end()
    require(client, name)
    client.untagged(f"QUOTAROOT {wire_name(client, name)} {_ROOT}")
    _told(client)


async def set_quota(client: Connection, arguments: Arguments) -> None:
    limits: dict[str, int] = {}
    _root(arguments)
    arguments.space()
    if arguments.peek(2) == b"()":
        arguments.pos += 2
    else:
        for _ in arguments.listed():
            resource = arguments.atom()
            if resource in limits:
                raise ViolationError(f"{resource} twice (RFC 9208 section 4.1.3)", Rule.QUOTA)
            if not client.offers(f"QUOTA=RES-{resource}"):
                raise RefusalError(f"there is no resource {resource}", "CANNOT")
            arguments.space()
            limits[resource] = arguments.number64()
    arguments.end()
    assert client.account is not None
    client.account.limits = limits
    _told(client)
