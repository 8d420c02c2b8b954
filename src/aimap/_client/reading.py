"""What reads messages of the selected mailbox."""

from __future__ import annotations

import os
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from aimap._client.decoding import Decoder, decoder_for
from aimap._client.downloading import Sink, download, open_sink
from aimap._client.fetching import FetchResult, FetchStream
from aimap._client.selected import Messages, Selected
from aimap._errors import InvalidArgumentError, NotFetchedError
from aimap._model.fetch import BODYSTRUCTURE, FetchItem, needed_for
from aimap._model.returning import Partial


class Reading(Selected):
    """Data of messages, their texts and attachments."""

    def fetch(
        self,
        uids: Messages,
        *items: FetchItem[Any],
        changed_since: int | None = None,
        vanished: bool = False,
        partial: Partial | None = None,
    ) -> FetchStream:
        """Fetch data of messages as a stream (:rfc:`9051#section-6.4.5`).

        ::

            async with inbox.fetch(uids, ENVELOPE, FLAGS) as messages:
                async for message in messages:
                    await inbox.add_flags(message.uid, Flag.SEEN)

        Other commands may be awaited inside the loop, on the same connection. A slow
        loop slows the fetching down, and nothing else. Leaving the loop early gives up
        the rest at once.

        Args:
            uids: which messages.
            items: what to fetch of each, such as ``ENVELOPE``.
            changed_since: only messages that have changed since this mod-sequence
                (:rfc:`7162#section-3.1.4.1`; needs CONDSTORE).
            vanished: find out as well which are gone since then: see
                :attr:`FetchStream.vanished` (:rfc:`7162#section-3.2.6`; QRESYNC has to be
                enabled).
            partial: only that window of the messages, counted from the lowest or from the
                highest; by PARTIAL (:rfc:`9394#section-3.3`), or without it on the server by
                a search first.

        Returns:
            An async context manager that gives an async iterable of :class:`Message`.

        Raises:
            StateError: if the mailbox is not selected any more.
            InvalidArgumentError: if there is no item, or what is asked does not go together.
            CapabilityError: if the server has not what an item needs.
        """
        self._check()
        if not items:
            raise InvalidArgumentError("name at least one item to fetch, such as ENVELOPE")
        self._check_items(items)
        if changed_since is not None:
            self._need("CONDSTORE", "RFC 7162")
        if vanished and "QRESYNC" not in self._driver.session.enabled:
            raise InvalidArgumentError("vanished=True needs QRESYNC, to be enabled before")
        if vanished and changed_since is None:
            raise InvalidArgumentError("vanished=True tells what is gone since changed_since=")
        return FetchStream(
            self._driver,
            self._view,
            self._messages(uids),
            items,
            changed_since=changed_since,
            vanished=vanished,
            partial=partial,
        )

    def _check_items(self, items: Iterable[FetchItem[Any]]) -> None:
        for item in items:
            for key in (item.key, *item.also):
                needed = needed_for(key)
                if needed is not None:
                    self._need(*needed)

    async def fetch_all(
        self,
        uids: Messages,
        *items: FetchItem[Any],
        changed_since: int | None = None,
        vanished: bool = False,
        partial: Partial | None = None,
    ) -> FetchResult:
        """Fetch data of messages into a list (:rfc:`9051#section-6.4.5`).

        Args:
            uids: which messages.
            items: what to fetch of each, such as ``ENVELOPE``.
            changed_since: as of :meth:`fetch`; so are the others.
            vanished: see :attr:`FetchResult.vanished`.
            partial: only that window of them.

        Returns:
            A list of :class:`Message` in ascending order of UID, with the UIDs that
            were not answered in its ``missing``.

        Raises:
            StateError: if the mailbox is not selected any more.
            InvalidArgumentError: if there is no item, or what is asked does not go together.
            CapabilityError: if the server has not what an item needs.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        async with self.fetch(
            uids, *items, changed_since=changed_since, vanished=vanished, partial=partial
        ) as messages:
            found = await messages.rest()
            # Servers answer pipelined slices side by side.
            found.sort(key=attrgetter("uid_or_none"))
            return FetchResult(found, messages.missing, messages.vanished)

    async def download(
        self,
        uid: int,
        section: str = "",
        *,
        into: Sink,
        decode: bool = False,
        resume: bool = False,
    ) -> int:
        """Download a message, or a part of one, of any size (:rfc:`9051#section-6.4.5`).

        It comes in windows of 256 KiB, a few in flight at a time: memory stays small, other
        tasks' commands go in between, and cancelling costs no more than those few. It
        does not set the Seen flag.

        Args:
            uid: which message.
            section: empty for all of it, or as for :func:`BODY_PEEK`: ``"2"``, ``"1.MIME"``.
            into: a path, a binary file that is open for writing, or a
                :class:`trio.abc.SendStream`. A file at a path is called ``….part`` until
                it is complete.
            decode: undo the part's content transfer encoding; *section* is a part's number.
            resume: go on with the ``….part`` that an earlier download of the same section
                left behind; *into* is a path, and the UIDVALIDITY still the same.

        Returns:
            How many octets the server sent.

        Raises:
            InvalidArgumentError: if the arguments do not go together, or the part's
                encoding is not known.
            NotFetchedError: if there is no such message or part.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
            OSError: if it cannot be written.

        Cancelling leaves the ``….part``, and the connection as it was.
        """
        self._check()
        if resume and (decode or not isinstance(into, (str, os.PathLike))):
            raise InvalidArgumentError("a download is resumed at a path, and without decode=True")
        decoder = await self._decoder(uid, section) if decode else None
        async with open_sink(into, decoder, resume=resume) as (write, there):
            return await download(self._driver, uid, section, write, there)

    async def _decoder(self, uid: int, section: str) -> Decoder:
        if not section.replace(".", "").isdigit():
            raise InvalidArgumentError(f"decode=True is for a part such as '2', not {section!r}")
        for message in await self.fetch_all(uid, BODYSTRUCTURE):
            for part in message.body_structure.walk():
                if part.section == section and not part.is_multipart:
                    return decoder_for(part.encoding)
        raise NotFetchedError(f"BODY[{section}]")
