"""Which command is handled by what, and in which states it is legal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from aimap.testing import _commands_account as account
from aimap.testing import _commands_acl as acl
from aimap.testing import _commands_append as append
from aimap.testing import _commands_convert as convert
from aimap.testing import _commands_language as language
from aimap.testing import _commands_listing as listing
from aimap.testing import _commands_mailboxes as mailboxes
from aimap.testing import _commands_messages as messages
from aimap.testing import _commands_metadata as metadata
from aimap.testing import _commands_quota as quota
from aimap.testing import _commands_search as search
from aimap.testing import _commands_urlauth as urlauth
from aimap.testing._commands_multisearch import multi_search
from aimap.testing._commands_notify import notify
from aimap.testing._connection import Connection, Handler
from aimap.testing._grammar import Arguments

_ANY, _LOGGED_OUT, _LOGGED_IN, _SELECTED = "nas", "n", "as", "s"


class _ByNumberOrUid(Protocol):
    def __call__(
        self, client: Connection, arguments: Arguments, *, by_uid: bool
    ) -> Awaitable[None]: ...


def _both(name: str, handler: _ByNumberOrUid) -> dict[str, tuple[Handler, str]]:
    """Return a command by sequence number, and its UID form."""
    return {
        name: (partial(handler, by_uid=False), _SELECTED),
        f"UID {name}": (partial(handler, by_uid=True), _SELECTED),
    }


HANDLERS: dict[str, tuple[Handler, str]] = {
    "CAPABILITY": (account.capability, _ANY),
    "NOOP": (account.noop, _ANY),
    "LOGOUT": (account.logout, _ANY),
    "ID": (account.identify, _ANY),
    "STARTTLS": (account.starttls, _LOGGED_OUT),
    "LOGIN": (account.login, _LOGGED_OUT),
    "AUTHENTICATE": (account.authenticate, _LOGGED_OUT),
    "UNAUTHENTICATE": (account.unauthenticate, _LOGGED_IN),
    "COMPRESS": (account.compress, _LOGGED_IN),
    "ENABLE": (account.enable, _LOGGED_IN),
    "IDLE": (account.idle, _LOGGED_IN),
    "NAMESPACE": (account.namespace, _LOGGED_IN),
    "CREATE": (mailboxes.create, _LOGGED_IN),
    "DELETE": (mailboxes.delete, _LOGGED_IN),
    "RENAME": (mailboxes.rename, _LOGGED_IN),
    "SUBSCRIBE": (mailboxes.subscribe, _LOGGED_IN),
    "UNSUBSCRIBE": (mailboxes.unsubscribe, _LOGGED_IN),
    "LIST": (listing.list_mailboxes, _LOGGED_IN),
    "LSUB": (listing.lsub, _LOGGED_IN),
    "STATUS": (mailboxes.status, _LOGGED_IN),
    "SELECT": (mailboxes.select, _LOGGED_IN),
    "EXAMINE": (mailboxes.examine, _LOGGED_IN),
    "APPEND": (append.append, _LOGGED_IN),
    "SETACL": (acl.set_acl, _LOGGED_IN),
    "DELETEACL": (acl.delete_acl, _LOGGED_IN),
    "GETACL": (acl.get_acl, _LOGGED_IN),
    "LISTRIGHTS": (acl.list_rights, _LOGGED_IN),
    "MYRIGHTS": (acl.my_rights, _LOGGED_IN),
    "SETMETADATA": (metadata.set_metadata, _LOGGED_IN),
    "GETMETADATA": (metadata.get_metadata, _LOGGED_IN),
    "NOTIFY": (notify, _LOGGED_IN),
    "XLIST": (listing.xlist, _LOGGED_IN),
    "RLIST": (listing.rlist, _LOGGED_IN),
    "RLSUB": (listing.rlsub, _LOGGED_IN),
    "GETQUOTA": (quota.get_quota, _LOGGED_IN),
    "GETQUOTAROOT": (quota.get_quota_root, _LOGGED_IN),
    "SETQUOTA": (quota.set_quota, _LOGGED_IN),
    "LANGUAGE": (language.language, _ANY),
    "COMPARATOR": (language.comparator, _LOGGED_IN),
    "RESETKEY": (urlauth.reset_key, _LOGGED_IN),
    "GENURLAUTH": (urlauth.gen_url_auth, _LOGGED_IN),
    "URLFETCH": (urlauth.url_fetch, _LOGGED_IN),
    "CONVERSIONS": (convert.conversions, _LOGGED_IN),
    "GETJMAPACCESS": (account.jmap_access, _LOGGED_IN),
    "ESEARCH": (multi_search, _LOGGED_IN),
    "CANCELUPDATE": (search.cancel_update, _SELECTED),
    "CHECK": (messages.check, _SELECTED),
    "CLOSE": (messages.close, _SELECTED),
    "UNSELECT": (messages.unselect, _SELECTED),
    "EXPUNGE": (messages.expunge, _SELECTED),
    "UID EXPUNGE": (messages.uid_expunge, _SELECTED),
    **_both("FETCH", messages.fetch),
    **_both("STORE", messages.store),
    **_both("SEARCH", search.search),
    **_both("SORT", search.sort),
    **_both("THREAD", search.thread),
    **_both("REPLACE", append.replace),
    **_both("CONVERT", convert.convert),
    **_both("COPY", messages.copy),
    **_both("MOVE", messages.move),
}


def _one(*capabilities: str) -> frozenset[str]:
    return frozenset(capabilities)


NEEDS = {
    "CANCELUPDATE": _one("CONTEXT=SEARCH", "CONTEXT=SORT"),
    "COMPARATOR": _one("I18NLEVEL=2"),
    "COMPRESS": _one("COMPRESS=DEFLATE"),
    "ENABLE": _one("ENABLE"),
    "ESEARCH": _one("MULTISEARCH"),
    "GETJMAPACCESS": _one("JMAPACCESS"),
    "ID": _one("ID"),
    "IDLE": _one("IDLE"),
    "LANGUAGE": _one("LANGUAGE"),
    "NAMESPACE": _one("NAMESPACE"),
    "NOTIFY": _one("NOTIFY"),
    "SETQUOTA": _one("QUOTASET"),
    "UID EXPUNGE": _one("UIDPLUS"),
    "UNAUTHENTICATE": _one("UNAUTHENTICATE"),
    "UNSELECT": _one("UNSELECT"),
    "XLIST": _one("XLIST"),
    **dict.fromkeys(("CONVERT", "UID CONVERT", "CONVERSIONS"), _one("CONVERT")),
    **dict.fromkeys(("GETQUOTA", "GETQUOTAROOT"), _one("QUOTA")),
    **dict.fromkeys(("MOVE", "UID MOVE"), _one("MOVE")),
    **dict.fromkeys(("REPLACE", "UID REPLACE"), _one("REPLACE")),
    **dict.fromkeys(("RESETKEY", "GENURLAUTH", "URLFETCH"), _one("URLAUTH")),
    **dict.fromkeys(("RLIST", "RLSUB"), _one("MAILBOX-REFERRALS")),
    **dict.fromkeys(("SORT", "UID SORT"), _one("SORT")),
    **dict.fromkeys(("THREAD", "UID THREAD"), _one("THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES")),
    **dict.fromkeys(("SETACL", "DELETEACL", "GETACL", "LISTRIGHTS", "MYRIGHTS"), _one("ACL")),
    **dict.fromkeys(("SETMETADATA", "GETMETADATA"), _one("METADATA", "METADATA-SERVER")),
}
"""The capabilities without any of which a command is unknown."""


def handler_of(command: str, offers: Callable[[str], bool]) -> tuple[Handler | None, str]:
    """Return what handles a command, and the states in which it is legal.

    Args:
        command: its name, with ``UID``.
        offers: tells whether a capability is offered.
    """
    needed = NEEDS.get(command)
    if needed is not None and not any(map(offers, needed)):
        return None, ""
    return HANDLERS.get(command, (None, ""))
