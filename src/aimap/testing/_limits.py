"""How much a command may do, and where: MESSAGELIMIT, quotas, referrals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from aimap.testing._capabilities import limit_of
from aimap.testing._connection import Connection
from aimap.testing._rules import RefusalError
from aimap.testing._store import StoredMailbox, StoredMessage

T = TypeVar("T")


def within_limit(
    client: Connection, found: Sequence[T], *, uid: Callable[[T], int], saving: bool = False
) -> Sequence[T]:
    """Return what one command may do at once, and say so if that is not all (:rfc:`9738`).

    Args:
        client: who asks.
        found: what it is to be done to.
        uid: gives the UID of each.
        saving: whether messages are saved, so that SAVELIMIT holds too.
    """
    names = ("MESSAGELIMIT", *(["SAVELIMIT"] if saving else []))
    limits = [limit_of(name, client.server.capabilities) for name in names]
    limit = min((each for each in limits if each is not None), default=len(found))
    if len(found) <= limit:
        return found
    lowest = sorted(uid(each) for each in found)[-limit]
    client.done_code = f"MESSAGELIMIT {limit} {lowest}"
    return [each for each in found if uid(each) >= lowest]


def target(client: Connection, name: str) -> StoredMailbox:
    """Return the mailbox into which messages are to be put.

    Raises:
        RefusalError: if there is none of that name, or it is elsewhere.
    """
    assert client.account is not None
    mailbox = client.account.mailbox(name)
    if mailbox is None:
        raise RefusalError("there is no such mailbox", "TRYCREATE")
    check_here(client, mailbox)
    return mailbox


def check_here(client: Connection, mailbox: StoredMailbox) -> None:
    """Refuse a mailbox that is on another server (:rfc:`2193#section-3`)."""
    if mailbox.referral and client.offers("MAILBOX-REFERRALS"):
        raise RefusalError("it is on another server", f"REFERRAL {mailbox.referral}")


def check_room(client: Connection, messages: Sequence[StoredMessage | bytes]) -> None:
    """Refuse messages for which the quota has no room (:rfc:`9208#section-4.1.4`)."""
    assert client.account is not None
    octets = sum(len(m if isinstance(m, bytes) else m.octets) for m in messages)
    if client.offers("QUOTA") and not client.account.has_room(
        STORAGE=octets, MESSAGE=len(messages)
    ):
        raise RefusalError("the quota has no room for that", "OVERQUOTA")
