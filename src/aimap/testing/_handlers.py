"""Which command is handled by what, and in which states it is legal."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import Protocol

from aimap.testing import _commands_account as account
from aimap.testing import _commands_messages as messages
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
    "COMPRESS": (account.compress, _LOGGED_IN),
    "ENABLE": (account.enable, _LOGGED_IN),
    "IDLE": (account.idle, _LOGGED_IN),
    "NAMESPACE": (account.namespace, _LOGGED_IN),
    "CREATE": (account.create, _LOGGED_IN),
    "DELETE": (account.delete, _LOGGED_IN),
    "RENAME": (account.rename, _LOGGED_IN),
    "SUBSCRIBE": (account.subscribe, _LOGGED_IN),
    "UNSUBSCRIBE": (account.unsubscribe, _LOGGED_IN),
    "LIST": (account.list_mailboxes, _LOGGED_IN),
    "LSUB": (account.lsub, _LOGGED_IN),
    "STATUS": (account.status, _LOGGED_IN),
    "SELECT": (account.select, _LOGGED_IN),
    "EXAMINE": (account.examine, _LOGGED_IN),
    "APPEND": (account.append, _LOGGED_IN),
    "CHECK": (account.noop, _SELECTED),
    "CLOSE": (messages.close, _SELECTED),
    "UNSELECT": (messages.unselect, _SELECTED),
    "EXPUNGE": (messages.expunge, _SELECTED),
    "UID EXPUNGE": (messages.uid_expunge, _SELECTED),
    **_both("FETCH", messages.fetch),
    **_both("STORE", messages.store),
    **_both("SEARCH", messages.search),
    **_both("COPY", messages.copy),
    **_both("MOVE", messages.move),
}

NEEDS = {
    "COMPRESS": "COMPRESS=DEFLATE",
    "ENABLE": "ENABLE",
    "ID": "ID",
    "IDLE": "IDLE",
    "MOVE": "MOVE",
    "NAMESPACE": "NAMESPACE",
    "UID EXPUNGE": "UIDPLUS",
    "UID MOVE": "MOVE",
    "UNSELECT": "UNSELECT",
}
"""The capability without which a command is unknown."""
