"""Messages into mailboxes: one or several, from memory or while they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from typing import TypeAlias

import trio

from aimap._client.driver import CommandFuture
from aimap._client.mailbox import Mailbox
from aimap._client.opening import Opening
from aimap._client.uploading import AppendSource, Source, message_octets, upload
from aimap._commands.append import Append, MultiAppend
from aimap._commands.base import same_mailbox
from aimap._commands.connection import Noop
from aimap._commands.mailboxes import Status
from aimap._errors import (
    CapabilityError,
    CommandError,
    ConnectionLostError,
    InvalidArgumentError,
    PartlyStoredError,
    StateError,
)
from aimap._model.appending import AppendMessage, AppendUpload, UrlPart
from aimap._model.code import AppendUIDCode
from aimap._model.numbers import MAX_NUMBER, UIDSet
from aimap._model.search import ALL, HEADER, IN, SearchCriteria

InMemory: TypeAlias = bytes | EmailMessage | AppendMessage


class Appending(Opening):
    """The part of :class:`aimap.Client` that stores messages."""

    async def append(
        self,
        name: str,
        message: InMemory | AppendSource | Source,
        *,
        flags: Iterable[str] = (),
        date: datetime | None = None,
        size: int | None = None,
        find_uid: bool = False,
    ) -> AppendUIDCode | None:
        """Upload a message (:rfc:`9051#section-6.3.12`).

        Args:
            name: the mailbox that it goes to.
            message: the message as octets, sent as they are; as an ``EmailMessage``; as an
                :class:`aimap.commands.AppendMessage`, which may be made of parts that the server
                has already (CATENATE) and have annotations; or where to read it from, while it
                is sent: the path of a file, anything that gives octets in an ``async for``
                loop, such as a :class:`trio.abc.ReceiveStream`, or an
                :class:`aimap.AppendSource`, which says all of that.
            flags: flags that it gets, such as ``Flag.SEEN``.
            date: its internal date, with a time zone; the server's clock if not given.
            size: how many octets the source will give, if it is not a file.
            find_uid: look for the new UID where the server does not tell it: among what is
                new in the mailbox, by Message-ID. It costs a STATUS before, and an EXAMINE and a
                SEARCH behind; in the selected mailbox, two SEARCHes. No other may be selected.

        Returns:
            The new UID with the mailbox's UIDVALIDITY, where the server has UIDPLUS, or it was
            looked for and found without doubt.

        Raises:
            CapabilityError: if the message is made of parts and the server does not offer
                CATENATE, or URL-PARTIAL where a part is of a part; if it has annotations, and
                the server does not offer ANNOTATE-EXPERIMENT-1; if it holds NUL, and the
                server does not offer BINARY.
            InvalidArgumentError: if the message is empty, or larger than the server takes
                (APPENDLIMIT, :rfc:`7889`); one that is read holds NUL; a flag is not one, *date*
                has no time zone, or the source gives more or less than *size*; the connection
                is closed in that last case.
            StateError: if the UID is to be looked for, and another mailbox is selected.
            OSError: if the file cannot be read.
            NoError: if the server refuses; its code ``TRYCREATE`` says that the mailbox
                would first have to be created.
            ConnectionLostError: if the connection is gone.

        Cancelling before the command was sent sends nothing; after that the whole
        message is still sent, and stored. One that is read from a source cannot be
        completed then: the connection is closed, so that no part of it is stored. The
        same happens when the source raises something, which comes out here.
        """
        if not isinstance(message, (bytes, EmailMessage, AppendMessage)):
            source = _append_source(message, flags, date, size)
            if find_uid:
                raise InvalidArgumentError("the UID is found for a message in memory only")
            (stored,) = await self.append_all(name, [source])
            return stored
        if size is not None:
            raise InvalidArgumentError("size is for a message that is read from a source")
        whole = _append_message(message, flags, date)
        self._need_for_append(whole)
        await self._check_size(name, _octets_known(whole))
        if not find_uid or self.offers("UIDPLUS"):
            return await self._driver.call(Append(name, whole))
        return await self._append_and_find(name, whole)

    async def append_all(
        self, name: str, messages: Sequence[InMemory | AppendSource | Source]
    ) -> list[AppendUIDCode | None]:
        """Upload several messages, in this order.

        In one command, all or none, where the server has MULTIAPPEND
        (:rfc:`3502#section-6.3.11`) and takes so many at once (SAVELIMIT, :rfc:`9738`); else one
        by one, without waiting for each other.

        Args:
            name: the mailbox that they go to.
            messages: as of :meth:`append`; flags and dates go with an
                :class:`aimap.commands.AppendMessage`, or an :class:`aimap.AppendSource`,
                which has the size of what is no file. Sources are read one behind the other,
                each when it is sent.

        Returns:
            For each message, the new UID with the mailbox's UIDVALIDITY where the server has
            UIDPLUS.

        Raises:
            CapabilityError: as of :meth:`append`.
            InvalidArgumentError: as of :meth:`append`. Nothing was sent, unless it is a source
                that gives more or less than its size.
            OSError: if a file cannot be read.
            PartlyStoredError: if some were stored, and others were refused; it tells which.
            NoError: if the server refuses, and nothing was stored.
            ConnectionLostError: if the connection is gone; some may have been stored, unless they
                went in one command.

        Cancelling before they were sent sends nothing; what has begun is still sent, and stored.
        Where a source cannot be read to its end then, the connection is closed, so that no part of
        it is stored, nor any message that goes in one command with it. The same happens when a
        source raises something, which comes out here.
        """
        if isinstance(messages, (str, bytes)):
            raise InvalidArgumentError(f"several messages, not a {type(messages).__name__}")
        given = [_given(message) for message in messages]
        async with AsyncExitStack() as stack:
            for each in given:
                if isinstance(each, AppendSource):
                    stack.push_async_callback(each.aclose)
            return await self._append_given(name, given)

    async def _append_given(
        self, name: str, given: Sequence[AppendMessage | AppendSource]
    ) -> list[AppendUIDCode | None]:
        for each in given:
            self._need_for_append(each)
        sizes = [
            await each.octets() if isinstance(each, AppendSource) else _octets_known(each)
            for each in given
        ]
        await self._check_size(name, max(sizes, default=0))
        wholes = [
            each.announced(size) if isinstance(each, AppendSource) else each
            for each, size in zip(given, sizes, strict=True)
        ]
        if not wholes:
            await trio.lowlevel.checkpoint()
            return []
        limit = min(
            self.capabilities.number(capability) or MAX_NUMBER
            for capability in ("MESSAGELIMIT", "SAVELIMIT")
        )
        at_once = limit if self.offers("MULTIAPPEND") else 1
        futures = [
            self._driver.submit(MultiAppend(name, wholes[at : at + at_once]))
            for at in range(0, len(wholes), at_once)
        ]
        try:
            for place, (each, whole) in enumerate(zip(given, wholes, strict=True)):
                if isinstance(each, AppendSource) and isinstance(whole, AppendUpload):
                    future = futures[place // at_once]
                    await upload(self._driver, future, whole.upload, each.source)
            for future in futures:
                await future.wait_done()
        finally:
            for future in futures:
                if not future.done:
                    future.cancel()
        return _outcomes(futures, at_once, len(wholes))

    def _need_for_append(self, message: AppendMessage | AppendSource) -> None:
        if message.annotations:
            self._need("ANNOTATE-EXPERIMENT-1", "RFC 5257")
        if isinstance(message, AppendSource):
            return
        if isinstance(message.message, tuple):
            self._need("CATENATE", "RFC 4469")
            urls = [part.url.upper() for part in message.message if isinstance(part, UrlPart)]
            if any(";PARTIAL=" in url for url in urls):
                self._need("URL-PARTIAL", "RFC 5550")
        elif b"\0" in message.message:
            self._need("BINARY", "RFC 3516")
        if message.utf8 and "UTF8=ACCEPT" not in self._driver.session.enabled:
            raise CapabilityError("UTF8=ACCEPT", "it has to be enabled for this (RFC 6855)")

    async def _check_size(self, name: str, octets: int) -> None:
        """Refuse what the server would refuse, before it is sent (:rfc:`7889#section-2`)."""
        if not self.offers("APPENDLIMIT"):
            return
        limit = self.capabilities.number("APPENDLIMIT")
        # STATUS is not for the selected mailbox (RFC 2683 section 3.1.1).
        if limit is None and not (self._mailbox and same_mailbox(self._mailbox.name, name)):
            status = await self._driver.call(Status(name, ["APPENDLIMIT"]))
            found = status.items.get("APPENDLIMIT")
            limit = found if isinstance(found, int) else None
        if limit is not None and octets > limit:
            raise InvalidArgumentError(
                f"a message of {octets} octets, and the server takes {limit} (APPENDLIMIT)"
            )

    async def _append_and_find(self, name: str, message: AppendMessage) -> AppendUIDCode | None:
        mailbox = self._mailbox
        if mailbox is not None and not same_mailbox(mailbox.name, name):
            raise StateError(
                f"the UID cannot be looked for: {mailbox.name!r} is selected, and not {name!r}"
            )
        alike = _alike(message)
        if mailbox is not None:
            known = await mailbox.search(alike)
            told = await self._driver.call(Append(name, message))
            if told is not None:
                return told
            # Some servers show what was appended only at the next command (Courier).
            await self._driver.call(Noop())
            return _found(mailbox, await mailbox.search(alike) - known)
        before = await self._driver.call(Status(name, ["UIDNEXT", "UIDVALIDITY"]))
        told = await self._driver.call(Append(name, message))
        first = before.items.get("UIDNEXT")
        if told is not None or not isinstance(first, int) or not first:
            return told
        async with self.examine(name) as mailbox:
            if mailbox.uid_validity != before.items.get("UIDVALIDITY"):
                return None
            # Where the mailbox has nothing new, "n:*" stands for the last message.
            new = UIDSet.from_ranges([(first, MAX_NUMBER)])
            return _found(mailbox, await mailbox.search(IN(new) & alike) & new)


def _found(mailbox: Mailbox, uids: UIDSet) -> AppendUIDCode | None:
    """Return which message it is, if that is beyond doubt."""
    validity = mailbox.uid_validity
    if len(uids) != 1 or validity is None:
        return None
    return AppendUIDCode("APPENDUID", uid_validity=validity, uids=uids)


def _alike(message: AppendMessage) -> SearchCriteria:
    """Return what finds a message, as far as it can be told from others."""
    octets = message.message if isinstance(message.message, bytes) else message.message[0]
    if not isinstance(octets, bytes):
        return ALL
    message_id = BytesHeaderParser().parsebytes(octets)["Message-ID"]
    return ALL if message_id is None else HEADER("Message-ID", str(message_id).strip())


def _append_message(
    message: InMemory, flags: Iterable[str], date: datetime | None
) -> AppendMessage:
    if isinstance(message, AppendMessage):
        if tuple(flags) or date is not None:
            raise InvalidArgumentError("an AppendMessage has its flags and its date in itself")
        return message
    octets = message if isinstance(message, bytes) else message_octets(message)
    return AppendMessage(octets, flags=flags, date=date)


def _append_source(
    message: AppendSource | Source,
    flags: Iterable[str],
    date: datetime | None,
    size: int | None,
) -> AppendSource:
    if not isinstance(message, AppendSource):
        return AppendSource(message, size=size, flags=flags, date=date)
    if tuple(flags) or date is not None or size is not None:
        raise InvalidArgumentError("an AppendSource has flags, date and size in itself")
    return message


def _given(message: InMemory | AppendSource | Source) -> AppendMessage | AppendSource:
    if isinstance(message, (bytes, EmailMessage, AppendMessage)):
        return _append_message(message, (), None)
    return _append_source(message, (), None, None)


def _octets_known(message: AppendMessage) -> int:
    """Return how large a message is, without what the server puts in."""
    parts = (message.message,) if isinstance(message.message, bytes) else message.message
    return sum(len(part) for part in parts if isinstance(part, bytes))


def _outcomes(
    futures: Sequence[CommandFuture[AppendUIDCode | None]], at_once: int, count: int
) -> list[AppendUIDCode | None]:
    stored: dict[int, AppendUIDCode | None] = {}
    refused: dict[int, CommandError] = {}
    for first, future in zip(range(0, count, at_once), futures, strict=True):
        places = range(first, min(first + at_once, count))
        try:
            code = future.outcome()
        except CommandError as error:
            refused |= dict.fromkeys(places, error)
            continue
        except ConnectionLostError as error:
            # Sent again, those that were stored would be there twice.
            error.may_repeat = error.may_repeat and not stored
            raise
        # Each message gets a higher UID than the one before it (RFC 3502 section 6.3.11).
        uids = list(code.uids) if code is not None else []
        for at, place in enumerate(places):
            stored[place] = (
                AppendUIDCode("APPENDUID", uid_validity=code.uid_validity, uids=UIDSet([uids[at]]))
                if code is not None and len(uids) == len(places)
                else None
            )
    if refused:
        first_refusal = next(iter(refused.values()))
        if not stored:
            raise first_refusal
        raise PartlyStoredError(first_refusal, stored, refused)
    return [stored[place] for place in range(count)]
