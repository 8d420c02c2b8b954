"""Credentials that a program gives when they are asked for, which may fail in its own ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from aimap._account.failures import NoCredentialsError
from aimap._errors import AuthenticationError, ImapError
from aimap._sasl.auth import Auth
from aimap._sasl.mechanism import Channel, Mechanism


@final
class Guarded:
    """Credentials whose giver's errors are told from everything else that goes wrong.

    Args:
        auth: the credentials.
    """

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the mechanisms that may be used on this connection, best first."""
        return self._auth.choices(channel)

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of the mechanism.

        Raises:
            NoCredentialsError: if whoever gives the credentials raised something.
        """
        try:
            return await self._auth.begin(mechanism, channel)
        except ImapError:
            raise
        except Exception as error:
            raise NoCredentialsError(f"no credentials: {type(error).__name__}") from error

    def try_again(self, error: AuthenticationError) -> bool:
        """Return whether, after that refusal, there may be better credentials."""
        return self._auth.try_again(error)
