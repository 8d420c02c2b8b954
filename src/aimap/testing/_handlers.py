"""Which command is handled by what, and in which states it is legal."""

from __future__ import annotations

from functools import partial

from aimap.testing import _commands_account as account
from aimap.testing import _commands_messages as messages
from aimap.testing._connection import Handler

_ANY, _LOGGED_OUT, _LOGGED_IN, _SELECTED = "nas", "n", "as", "s"


def _both(name: str, handler: object) -> dict[str, tuple[Handler, str]]:
    """Return a command by sequence number, and its UID form."""
    return {
        name: (partial(handler, by_uid=False), _SELECTED),  # type: ignore[arg-type]
        f"UID {name}": (partial(handler, by_uid=True), _SELECTED),  # type: ignore[arg-type]
    }


HANDLERS: dict[str, tuple[Handler, str]] = {
    "CAPABILITY": (account.capability, _ANY),
    "NOOP": (account.noop, _ANY),
    "LOGOUT": (account.logout, _ANY),
    "ID": (account.identify, _ANY),
    "STARTTLS": (account.starttls, _LOGGED_OUT),
    "LOGIN": (account.login, _LOGGED_OUT),
    "AUTHENTICATE": (account.authenticate, _LOGGED_OUT),
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
