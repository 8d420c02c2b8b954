"""What reads messages of the selected mailbox."""

from __future__ import annotations

import os
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any

import trio

from aimap._client.decoding import decoder_for
from aimap._client.downloading import Sink, download, download_decoded, free_path, open_sink
from aimap._client.fetching import FetchResult, FetchStream
from aimap._client.selected import Messages, Selected
from aimap._client.texts import ReadResult, preview_messages, read_messages
from aimap._errors import InvalidArgumentError, NotFetchedError
from aimap._model.fetch import BODYSTRUCTURE, PREVIEW, PREVIEW_LAZY, FetchItem, needed_for
from aimap._model.numbers import UID, UIDSet
from aimap._model.returning import Partial

_TEXT_LIMIT = 1024 * 1024


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
            were not answered in its ``missing``, and why in its ``refused`` where the server
            has them.

        Raises:
            StateError: if the mailbox is not selected any more.
            InvalidArgumentError: if there is no item, or what is asked does not go together.
            CapabilityError: if the server has not what an item needs.
            NoError: if the server refuses all of it, or more than 20 messages.
            ConnectionLostError: if the connection is gone.
        """
        async with self.fetch(
            uids, *items, changed_since=changed_since, vanished=vanished, partial=partial
        ) as messages:
            found = await messages.rest()
            # Servers answer pipelined slices side by side.
            found.sort(key=attrgetter("uid_or_none"))
            return FetchResult(found, messages.missing, messages.refused, messages.vanished)

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
            decode: undo the part's content transfer encoding; *section* is a part's number. A
                server with BINARY (:rfc:`3516`) does it, else it is done here.
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
        if decode:
            return await self._download(uid, section, await self._encoding(uid, section), into)
        async with open_sink(into, resume=resume) as (write, there):
            return await download(self._driver, uid, section, write, there)

    async def _download(self, uid: int, section: str, encoding: str, into: Sink) -> int:
        decoder_for(encoding)
        async with open_sink(into) as (write, _):
            return await download_decoded(self._driver, uid, section, encoding, write)

    async def _encoding(self, uid: int, section: str) -> str:
        if not section.replace(".", "").isdigit():
            raise InvalidArgumentError(f"decode=True is for a part such as '2', not {section!r}")
        for message in await self.fetch_all(uid, BODYSTRUCTURE):
            for part in message.body_structure.walk():
                if part.section == section and not part.is_multipart:
                    return part.encoding
        raise NotFetchedError(f"BODY[{section}]")

    async def read(
        self, uids: Messages, *, inside: str = "", html: bool = True, limit: int = _TEXT_LIMIT
    ) -> ReadResult:
        """Read messages as a person does: their texts, and what is attached.

        The structures come first, and then the texts (:rfc:`9051#section-6.4.5`), both of all
        messages at once: two round trips. No attachment is fetched. The Seen flag is not set. All
        of it is in memory then: of a mailbox full of messages, ask for some at a time
        (:meth:`UIDSet.chunks`).

        Args:
            uids: which messages.
            inside: the section of a message that is attached to them, to be read instead; those
                that have none are left out.
            html: fetch HTML as well, where there is plain text.
            limit: octets of each text, as it was sent, that are fetched at most.

        Returns:
            A list of :class:`MessageContent` in ascending order of UID, with the UIDs of those that
            are gone in its ``missing``, and in its ``refused`` what the server said of those that
            it does not give out.

        Raises:
            InvalidArgumentError: if *limit* is below 1.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses all of it, or more than 20 messages.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        if limit < 1:
            raise InvalidArgumentError(f"a limit is at least 1 octet, not {limit!r}")
        wanted = await self._known(uids)
        return await read_messages(
            self._driver, self._view, wanted, inside=inside, html=html, limit=limit
        )

    async def previews(self, uids: Messages, *, lazy: bool = False) -> dict[UID, str | None]:
        """Return the first words of messages, 200 characters at most.

        By PREVIEW (:rfc:`8970`); without it on the server, or where that gives none, from the
        beginnings of their texts, which takes two round trips.

        Args:
            uids: which messages.
            lazy: only what the server has at hand (``LAZY``); ``None`` for the others.

        Returns:
            Previews by UID; empty where there is no text. Those that are gone, or that the server
            does not give out, are not among them.

        Raises:
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        wanted = await self._known(uids)
        found: dict[UID, str | None] = {}
        if self._offers("PREVIEW"):
            for message in await self.fetch_all(wanted, PREVIEW_LAZY if lazy else PREVIEW):
                found[message.uid] = message.preview
            if lazy:
                return found
            wanted = UIDSet(uid for uid, preview in found.items() if preview is None)
        return found | await preview_messages(self._driver, self._view, wanted)

    async def save_attachments(
        self, uid: int, folder: str | os.PathLike[str], *, inline: bool = False
    ) -> list[Path]:
        """Download the attachments of a message into a folder, decoded.

        Files get the names that their senders gave them, made safe, and a number where there
        is one of that name already.

        Args:
            uid: which message.
            folder: where to; it is created if it is not there.
            inline: those that belong into the text as well, as images of HTML do.

        Returns:
            The paths of the files, in the order of the message.

        Raises:
            NotFetchedError: if there is no such message.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
            OSError: if a file cannot be written.

        Cancelling leaves the files that are complete, and the ``….part`` of one.
        """
        self._check()
        messages = await self.fetch_all(uid, BODYSTRUCTURE)
        if not messages:
            raise NotFetchedError("BODYSTRUCTURE")
        await trio.Path(folder).mkdir(parents=True, exist_ok=True)
        saved: list[Path] = []
        for attachment in messages[0].attachments:
            if attachment.is_inline and not inline:
                continue
            path = await free_path(Path(folder), attachment.filename)
            await self._download(uid, attachment.section, attachment.part.encoding, path)
            saved.append(path)
        return saved
