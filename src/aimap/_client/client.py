"""The connection as its user sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar, final

import attrs

from aimap._client.access import AccessControl
from aimap._client.annotating import Annotating
from aimap._client.appending import Appending
from aimap._client.authenticating import Authenticating
from aimap._client.driver import CommandFuture
from aimap._client.elsewhere import Elsewhere
from aimap._client.languages import Languages
from aimap._client.listing import Listing
from aimap._client.quotas import Quotas
from aimap._client.urls import AuthorizedUrls
from aimap._commands.base import Command
from aimap._commands.connection import Enable, Id, Noop
from aimap._commands.mailboxes import Create, Delete, Rename, Subscribe, Unsubscribe
from aimap._model.capability import Capabilities
from aimap._model.state import ConnectionState
from aimap._protocol.counters import SessionCounters

T = TypeVar("T")


@final
class Client(
    Authenticating,
    Listing,
    Appending,
    Elsewhere,
    AccessControl,
    Quotas,
    Annotating,
    Languages,
    AuthorizedUrls,
):
    """One connection to an IMAP server; made by :func:`aimap.connect`.

    Any number of tasks may use it at once. Commands go out back to back, without waiting
    for each other's answers, except where answers could not be told apart
    (:rfc:`9051#section-5.5`). Cancelling any of them is safe: a command that was not sent
    is not sent; one that was sent is answered and dropped, and may have been done; nobody
    else is disturbed. Where cancelling does anything else, the method says so.
    """

    def __repr__(self) -> str:
        return f"<aimap.Client {self.state.value}>"

    @property
    def enabled(self) -> Capabilities:
        """The extensions that were enabled on this connection (:rfc:`5161`)."""
        return self._driver.session.enabled

    @property
    def state(self) -> ConnectionState:
        """The connection's state (:rfc:`9051#section-3`)."""
        return self._driver.session.state

    @property
    def greeting(self) -> str:
        """The text with which the server greeted."""
        greeting = self._driver.session.greeting
        return greeting.text if greeting is not None else ""

    def statistics(self) -> SessionCounters:
        """Return counters of what went over the connection so far."""
        return attrs.evolve(self._driver.session.counters)

    def submit(self, command: Command[T]) -> CommandFuture[T]:
        """Send a command object without waiting for it, from any code in Trio's thread.

        Args:
            command: an object of :mod:`aimap.commands`, used once.

        Returns:
            A future whose :meth:`CommandFuture.wait` gives the result.
        """
        return self._driver.submit(command)

    async def noop(self) -> None:
        """Do nothing, and give the server the chance to tell news (:rfc:`9051#section-6.1.2`).

        Raises:
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Noop())

    async def id(self, fields: Mapping[str, str | None] | None = None) -> Mapping[str, str | None]:
        """Tell the server who we are, and ask who it is (:rfc:`2971`).

        Args:
            fields: such as ``{"name": "my program", "version": "1.0"}``; ``None`` tells
                nothing.

        Returns:
            The server's fields; empty where it tells nothing.

        Raises:
            CapabilityError: if the server does not offer ID.
            InvalidArgumentError: if there are over 30 fields, or one is too long.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("ID", "RFC 2971")
        answer = await self._driver.call(Id(fields))
        self._driver.recognise(answer)
        return answer

    async def enable(self, *names: str) -> Capabilities:
        """Enable extensions (:rfc:`9051#section-6.3.1`). Not while a mailbox is selected.

        Args:
            names: capabilities such as ``"CONDSTORE"``.

        Returns:
            What the server says that it has enabled.

        Raises:
            CapabilityError: if the server does not offer ENABLE, or one of them.
            StateError: if a mailbox is selected.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("ENABLE", "RFC 5161")
        for name in names:
            self._need(name, "RFC 5161")
        return await self._driver.call(Enable(*names))

    async def create(self, name: str, *, special_use: str | Sequence[str] = ()) -> str | None:
        """Create a mailbox (:rfc:`9051#section-6.3.4`).

        Args:
            name: the mailbox.
            special_use: what it is for, such as ``SpecialUse.SENT``, or several uses
                (:rfc:`6154#section-3`).

        Returns:
            What names the mailbox for ever, where the server has OBJECTID
            (:rfc:`8474#section-4.1`); else ``None``.

        Raises:
            CapabilityError: if a use is given, and the server does not offer CREATE-SPECIAL-USE.
            InvalidArgumentError: if a use is not one, or a level of the name is empty.
            NoError: if the server refuses, for example because it exists (``ALREADYEXISTS``), or
                has no such use (``USEATTR``).
            ConnectionLostError: if the connection is gone.
        """
        uses = (special_use,) if isinstance(special_use, str) else tuple(special_use)
        if uses:
            self._need("CREATE-SPECIAL-USE", "RFC 6154")
        return await self._driver.call(Create(name, use=uses))

    async def delete(self, name: str) -> None:
        """Delete a mailbox and its messages (:rfc:`9051#section-6.3.5`).

        Raises:
            NoError: if the server refuses, for example because it does not exist.
            ConnectionLostError: if the connection is gone.
        """
        await self._let_go(name)
        await self._driver.call(Delete(name))

    async def rename(self, name: str, new_name: str) -> None:
        """Rename a mailbox and what is below it (:rfc:`9051#section-6.3.6`).

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._let_go(name)
        await self._driver.call(Rename(name, new_name))

    async def subscribe(self, name: str) -> None:
        """Add a mailbox to the subscribed ones (:rfc:`9051#section-6.3.7`).

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Subscribe(name))

    async def unsubscribe(self, name: str) -> None:
        """Take a mailbox out of the subscribed ones (:rfc:`9051#section-6.3.8`).

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Unsubscribe(name))
