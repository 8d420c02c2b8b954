"""The language of the server's texts, and how it compares those of others (:rfc:`5255`)."""

from __future__ import annotations

from aimap._client.base import Connected
from aimap._commands.language import Comparator, Language
from aimap._model.response import ComparatorResponse


class Languages(Connected):
    """The part of :class:`aimap.Client` that is about languages."""

    async def languages(self) -> tuple[str, ...]:
        """Ask which languages the server's texts come in (LANGUAGE, :rfc:`5255#section-3.2`).

        Returns:
            Tags such as ``"de"``.

        Raises:
            CapabilityError: if the server does not offer LANGUAGE.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("LANGUAGE", "RFC 5255")
        return await self._driver.call(Language())

    async def set_language(self, wish: str, *others: str) -> str | None:
        """Choose the language of the server's texts (LANGUAGE, :rfc:`5255#section-3.2`).

        The texts in errors are meant, and the translations of :class:`NamespaceInfo`.

        Args:
            wish: a language, such as ``"de-CH"``; ``"default"`` goes back to the server's own.
            others: what will do as well, the best first.

        Returns:
            The language in use from now on, if the server tells.

        Raises:
            CapabilityError: if the server does not offer LANGUAGE.
            InvalidArgumentError: if one is not a language range.
            NoError: if the server has none of them.
            ConnectionLostError: if the connection is gone.
        """
        self._need("LANGUAGE", "RFC 5255")
        chosen = await self._driver.call(Language(wish, *others))
        return next(iter(chosen), None)

    async def comparator(self, *wishes: str) -> ComparatorResponse:
        """Ask, or choose, how SEARCH and SORT compare texts (:rfc:`5255#section-4.7`).

        Args:
            wishes: comparators such as ``"i;unicode-casemap"``, or patterns of such names, the
                best first; without any it is only asked.

        Returns:
            The comparator in use, and those that match the wishes too.

        Raises:
            CapabilityError: if the server does not offer I18NLEVEL=2.
            InvalidArgumentError: if one is not the name of a comparator.
            NoError: if the server has none of them.
            ConnectionLostError: if the connection is gone.
        """
        self._need("I18NLEVEL=2", "RFC 5255")
        return await self._driver.call(Comparator(*wishes)) or ComparatorResponse("", ())
