"""URLs by which others may read a message, or a part of one (:rfc:`4467`, :rfc:`5524`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from aimap._client.base import Connected
from aimap._commands.urlauth import GenUrlAuth, ResetKey, UrlFetch
from aimap._model.url import IMAPURL
from aimap._model.urlauth import FetchedUrl


class AuthorizedUrls(Connected):
    """The part of :class:`aimap.Client` that is about authorized URLs."""

    async def authorize_urls(
        self, *urls: IMAPURL | str, mechanism: str = "INTERNAL"
    ) -> tuple[IMAPURL, ...]:
        """Have URLs authorized, so that others can read what they mean (GENURLAUTH).

        See :rfc:`4467#section-7`. Whoever has such a URL, and is who :attr:`IMAPURL.access` says,
        can read it until it expires or :meth:`reset_url_key` is called: it is a secret.

        Args:
            urls: absolute URLs of messages or parts, with ``access``, and ``expire`` if you like.
            mechanism: how they are authorized.

        Returns:
            The URLs with ``mechanism`` and ``token``, in that order.

        Raises:
            CapabilityError: if the server does not offer URLAUTH.
            InvalidArgumentError: if there is no URL, or one does not say who may read it.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("URLAUTH", "RFC 4467")
        found = await self._driver.call(GenUrlAuth([str(url) for url in urls], mechanism))
        return tuple(IMAPURL.parse(url) for url in found)

    async def reset_url_key(self, name: str | None = None, mechanisms: Sequence[str] = ()) -> None:
        """Make authorized URLs void (RESETKEY, :rfc:`4467#section-7`).

        Args:
            name: of that mailbox; ``None`` for all of the user's.
            mechanisms: only of those mechanisms.

        Raises:
            CapabilityError: if the server does not offer URLAUTH.
            InvalidArgumentError: if there are mechanisms and no mailbox.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("URLAUTH", "RFC 4467")
        await self._driver.call(ResetKey(name, mechanisms))

    async def fetch_urls(
        self,
        *urls: IMAPURL | str,
        items: Sequence[Literal["BODY", "BINARY", "BODYPARTSTRUCTURE"]] = (),
    ) -> tuple[FetchedUrl, ...]:
        """Read what authorized URLs mean (URLFETCH, :rfc:`4467#section-7`).

        Args:
            urls: URLs of this server, as :meth:`authorize_urls` gives them.
            items: what of each: ``"BODY"``, ``"BINARY"`` (decoded), ``"BODYPARTSTRUCTURE"``
                (:rfc:`5524`; needs URLAUTH=BINARY); nothing for the octets as they are.

        Returns:
            What each means, as the server answers; ``None`` in place of what it does not give.

        Raises:
            CapabilityError: if the server does not offer URLAUTH, or not URLAUTH=BINARY.
            InvalidArgumentError: if there is no URL, or an item is not one.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("URLAUTH", "RFC 4467")
        if items:
            self._need("URLAUTH=BINARY", "RFC 5524")
        return await self._driver.call(UrlFetch([str(url) for url in urls], items))
