"""What goes beyond one mailbox: searches of several, conversions, other protocols."""

from __future__ import annotations

from collections.abc import Sequence

from aimap._client.base import Connected
from aimap._commands.connection import JmapAccess
from aimap._commands.convert import Conversions
from aimap._commands.search import MultiSearch
from aimap._model.convert import ConversionResponse
from aimap._model.notify import MailboxFilter
from aimap._model.response import ESearchResponse
from aimap._model.returning import ReturnOption
from aimap._model.search import SearchCriteria


class Elsewhere(Connected):
    """The part of :class:`aimap.Client` that looks into several mailboxes, and beyond."""

    async def search(
        self,
        criteria: SearchCriteria,
        mailboxes: str | MailboxFilter | Sequence[str | MailboxFilter],
        *,
        returning: Sequence[ReturnOption] = (),
    ) -> list[ESearchResponse]:
        """Search several mailboxes, without selecting them (:rfc:`7377#section-2`).

        There is no other way to come to the same: without MULTISEARCH select each mailbox and
        use :meth:`Mailbox.search`.

        Args:
            criteria: what to look for.
            mailboxes: where: a name or a filter, such as
                :attr:`aimap.commands.MailboxFilter.PERSONAL`, or several.
            returning: what to return, such as ``"COUNT"``; nothing for the UIDs.

        Returns:
            One result for each mailbox where something was found, with its ``mailbox`` and
            ``uid_validity``. The UIDs are in ``all``.

        Raises:
            CapabilityError: if the server does not offer MULTISEARCH.
            InvalidArgumentError: if there is no mailbox, a filter cannot be searched, or an option
                is wrong.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("MULTISEARCH", "RFC 7377")
        wanted = (mailboxes,) if isinstance(mailboxes, (str, MailboxFilter)) else mailboxes
        names = [each for each in wanted if isinstance(each, str)]
        filters = [each for each in wanted if isinstance(each, MailboxFilter)]
        if names or not filters:
            filters.insert(0, MailboxFilter.named(*names))
        return await self._driver.call(MultiSearch(criteria, filters, returning))

    async def conversions(
        self, source: str = "*", target: str = "*"
    ) -> tuple[ConversionResponse, ...]:
        """Ask what the server can convert (CONVERSIONS, :rfc:`5259#section-5.1`).

        Args:
            source: a media type; ``"image/*"`` and ``"*"`` stand for several.
            target: likewise.

        Returns:
            Each conversion that there is.

        Raises:
            CapabilityError: if the server does not offer CONVERT.
            InvalidArgumentError: if *source* or *target* is no media type.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("CONVERT", "RFC 5259")
        return await self._driver.call(Conversions(source, target))

    async def jmap_url(self) -> str | None:
        """Ask where the account's JMAP session is (GETJMAPACCESS, :rfc:`9698`).

        Nothing follows it. Look at it before you do.

        Returns:
            The URL, or ``None`` if the server gives none.

        Raises:
            CapabilityError: if the server does not offer JMAPACCESS.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("JMAPACCESS", "RFC 9698")
        return await self._driver.call(JmapAccess())
