"""What the areas of a connection's methods share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from aimap._client.driver import Driver
from aimap._client.offering import offers
from aimap._commands.base import Command
from aimap._errors import CapabilityError, CommandError, LocalProtocolError
from aimap._model.capability import Capabilities
from aimap._model.profile import Profile

T = TypeVar("T")

# Capabilities that stand with a value behind "=", if the server likes.
_VALUED = frozenset({"APPENDLIMIT", "IMAPSIEVE"})


class Connected:
    """A part of :class:`aimap.Client`: a connection, and what its server offers."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @property
    def capabilities(self) -> Capabilities:
        """What the server offers now (:rfc:`9051#section-6.1.1`)."""
        return self._driver.session.capabilities or Capabilities()

    @property
    def profile(self) -> Profile:
        """What is peculiar about the server, as far as that is known or was given."""
        return self._driver.profile

    def _has(self, *names: str) -> bool:
        """Tell whether the server offers one of them."""
        session, values = self._driver.session, self.capabilities.values
        return any(offers(session, name) or (name in _VALUED and values(name)) for name in names)

    def _need(self, name: str, rfc: str, *others: str) -> None:
        """Refuse what the server offers neither by *name* nor by another name."""
        if not self._has(name, *others):
            raise CapabilityError(name, f"it is needed for this ({rfc})")

    async def _call_all(self, commands: Iterable[Command[T]]) -> list[T | None]:
        """Send commands without waiting for each other; ``None`` for those that fail.

        Cancelling gives up all of them.
        """
        futures = [self._driver.submit(command) for command in commands]
        try:
            for future in futures:
                await future.wait_done()
        finally:
            for future in futures:
                if not future.done:
                    future.cancel()
        outcomes: list[T | None] = []
        for future in futures:
            try:
                outcomes.append(future.outcome())
            except (CommandError, LocalProtocolError):
                outcomes.append(None)
        return outcomes
