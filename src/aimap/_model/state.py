"""The states of a connection (:rfc:`9051#section-3`)."""

from __future__ import annotations

from enum import Enum


class ConnectionState(Enum):
    """Which commands are legal now."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


ANY = frozenset(
    {
        ConnectionState.NOT_AUTHENTICATED,
        ConnectionState.AUTHENTICATED,
        ConnectionState.SELECTED,
    }
)
LOGGED_IN = frozenset({ConnectionState.AUTHENTICATED, ConnectionState.SELECTED})
LOGGED_OUT = frozenset({ConnectionState.NOT_AUTHENTICATED})
SELECTED = frozenset({ConnectionState.SELECTED})
