"""What all parts of :class:`aimap.Mailbox` stand on: the connection, and the view of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from aimap._client.driver import Driver
from aimap._client.finding import search
from aimap._client.live import Listener
from aimap._commands.select import SelectResult
from aimap._errors import StateError
from aimap._model.flag import Flags
from aimap._model.numbers import UID, ModSeq, UIDSet, UIDValidity
from aimap._model.saved import SavedResult
from aimap._model.search import IN
from aimap._protocol.view import MailboxView

Messages: TypeAlias = UIDSet | str | int | Iterable[int] | SavedResult
"""Which messages a call is about, by UID; or by what a search saved (:rfc:`5182`)."""


class Selected:
    """The selected mailbox, as the server tells of it."""

    def __init__(
        self, driver: Driver, view: MailboxView, resynced: SelectResult | None = None
    ) -> None:
        self._driver = driver
        self._view = view
        self._resynced = resynced
        self._left = False
        self._listeners: list[Listener] = []

    def __repr__(self) -> str:
        return f"<aimap.Mailbox {self.name!r}, {self.exists} messages>"

    @property
    def name(self) -> str:
        """The mailbox's name."""
        return self._view.mailbox

    @property
    def exists(self) -> int:
        """How many messages there are (:rfc:`9051#section-7.4.1`)."""
        return self._view.exists

    @property
    def flags(self) -> Flags:
        """The flags that exist in this mailbox (:rfc:`9051#section-7.3.5`)."""
        return self._view.flags

    @property
    def permanent_flags(self) -> Flags:
        """The flags that can be changed for good (:rfc:`9051#section-7.1`); else :attr:`flags`."""
        permanent = self._view.permanent_flags
        return self.flags if permanent is None else permanent

    @property
    def keywords_allowed(self) -> bool:
        r"""Whether new keywords can be created, by ``\*`` (:rfc:`9051#section-7.1`).

        What a server does not tell is taken to be so, as it is with :attr:`permanent_flags`.
        """
        return self._view.permanent_flags is None or self._view.keywords_allowed

    @property
    def uid_validity(self) -> UIDValidity | None:
        """The epoch of the UIDs (:rfc:`9051#section-2.3.1.1`); ``None`` if they are not stable."""
        return self._view.uid_validity

    @property
    def uid_next(self) -> UID | None:
        """The UID that the next message gets or exceeds, as told (:rfc:`9051#section-2.3.1.1`)."""
        return self._view.uid_next

    @property
    def highest_modseq(self) -> ModSeq | None:
        """The highest mod-sequence, as last told (:rfc:`7162#section-3.1.2.1`)."""
        return self._view.highest_modseq

    @property
    def resynced(self) -> SelectResult | None:
        """What is new since what ``qresync=`` named (:rfc:`7162#section-3.2.5`); else ``None``."""
        return self._resynced

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed here (:rfc:`9051#section-7.1`)."""
        return self._view.read_only

    @property
    def is_selected(self) -> bool:
        """Whether this is still the connection's selected mailbox."""
        return not self._left and self._driver.session.view is self._view

    def _offers(self, capability: str) -> bool:
        return self._driver.session.offers(capability)

    def _need(self, capability: str, where: str) -> None:
        self._driver.session.need(capability, where)

    def _check(self) -> None:
        if not self.is_selected and self._driver.session.lost is None:
            raise StateError(f"{self.name!r} is not selected any more")

    def _check_writable(self) -> None:
        self._check()
        if self.read_only:
            raise StateError(f"{self.name!r} is open for reading only")

    def _messages(self, messages: Messages) -> UIDSet | SavedResult:
        """Return messages as commands take them.

        Raises:
            InvalidArgumentError: if they are no UIDs.
            CapabilityError: if they are a saved result, and the server has none.
        """
        if isinstance(messages, SavedResult):
            self._need("SEARCHRES", "RFC 5182; fetch by the UIDs that a search gives")
            return messages
        return messages if isinstance(messages, UIDSet) else UIDSet(messages)

    async def _known(self, messages: Messages) -> UIDSet:
        """Return messages by UID; asks for those of a saved result."""
        found = self._messages(messages)
        return await search(self._driver, IN(found)) if isinstance(found, SavedResult) else found
