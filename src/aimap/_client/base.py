"""What the areas of a connection's methods share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from aimap._client.driver import Driver
from aimap._commands.base import Command
from aimap._errors import CommandError, LocalProtocolError
from aimap._model.capability import Capabilities
from aimap._model.profile import Profile

T = TypeVar("T")


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

    def offers(self, *capabilities: str) -> bool:
        """Tell whether the server has one of some capabilities, be it within another.

        :attr:`capabilities` are the names that it says. IMAP4rev2 holds many that a server
        need not say (:rfc:`9051#appendix-E`), such as IDLE, MOVE and ESEARCH; QRESYNC holds
        CONDSTORE; and ``APPENDLIMIT=1000`` is APPENDLIMIT.

        Args:
            capabilities: their names, in any case.
        """
        return self._driver.session.offers(*capabilities)

    def _need(self, capability: str, where: str, *others: str) -> None:
        """Refuse what the server offers neither by *capability* nor by another.

        Raises:
            CapabilityError: if it does not.
        """
        self._driver.session.need(capability, where, *others)

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
