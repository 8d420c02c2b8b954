"""The texts of messages: fetched in two round trips, however many messages there are.

First come the structures, which tell which parts are text and how large they are; then
the texts, by one FETCH for all messages whose texts stand in the same parts.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from html import escape
from typing import Any, final

import attrs

from aimap._client.decoding import decoder_for
from aimap._client.driver import Driver
from aimap._client.fetching import FetchStream
from aimap._errors import InvalidArgumentError, NoError
from aimap._model.body import BodyStructure
from aimap._model.charsets import python_codec
from aimap._model.content import Attachment, attachments, layout
from aimap._model.envelope import Envelope
from aimap._model.fetch import (
    BODY_PEEK,
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    INTERNALDATE,
    RFC822_SIZE,
    FetchItem,
)
from aimap._model.flowed import unflow
from aimap._model.html_text import html_to_text
from aimap._model.message import Message
from aimap._model.numbers import UID, UIDSet
from aimap._protocol.view import MailboxView

STRUCTURE: tuple[FetchItem[Any], ...] = (
    ENVELOPE, FLAGS, INTERNALDATE, RFC822_SIZE, BODYSTRUCTURE,
)  # fmt: skip

_Texts = Mapping[str, bytes]


@final
@attrs.frozen
class MessageContent:
    """A message as a person reads it: its texts, and what is attached.

    Attributes:
        uid: its UID.
        message: what was fetched of it: flags, dates, its size and the structure.
        envelope: its header fields; of the message inside, where that is what was read.
        text: it as text: plain text where the sender wrote that, else what the HTML says.
        html: it as HTML, with what there is in plain text only in ``<pre>``; ``None`` if there
            is no HTML in it.
        is_cut: whether a text is longer than what was fetched of it.
        attachments: all other parts, none of which was fetched.
    """

    uid: UID
    message: Message
    envelope: Envelope
    text: str
    html: str | None
    is_cut: bool
    attachments: tuple[Attachment, ...]


@final
class ReadResult(list[MessageContent]):
    """Messages as a person reads them, in ascending order of UID.

    Attributes:
        missing: the UIDs that were asked for and are not here: mostly, those gone.
        refused: those of them that the server has and does not give out, such as a message
            that is damaged, with what it said.
    """

    def __init__(
        self, messages: Sequence[MessageContent], missing: UIDSet, refused: Mapping[UID, NoError]
    ) -> None:
        super().__init__(messages)
        self.missing: UIDSet = missing
        self.refused: Mapping[UID, NoError] = refused


async def read_messages(
    driver: Driver, view: MailboxView, uids: UIDSet, *, inside: str, html: bool, limit: int
) -> ReadResult:
    """Read messages; arguments as of ``Mailbox.read``."""
    async with FetchStream(driver, view, uids, STRUCTURE) as stream:
        messages = await stream.rest()
    messages.sort(key=lambda message: message.uid)
    opened = [each for each in (_opened(message, inside) for message in messages) if each]
    wanted = {one.uid: one.parts(html=html) for one in opened}
    texts, refused = await fetch_parts(driver, view, wanted, limit)
    return ReadResult(
        [
            one.read(texts.get(one.uid, {}), limit, html=html)
            for one in opened
            if one.uid not in refused
        ],
        stream.missing | UIDSet(refused),
        stream.refused | refused,
    )


@attrs.frozen
class _Opened:
    """A message whose structure is known."""

    message: Message
    structure: BodyStructure
    envelope: Envelope

    @property
    def uid(self) -> UID:
        """The UID of the message that it is, or is in."""
        return self.message.uid

    def parts(self, *, html: bool) -> list[BodyStructure]:
        """Return the parts to be fetched."""
        taken = layout(self.structure)
        wanted = (*taken.text, *taken.html) if html else taken.text
        return list({part.section: part for part in wanted}.values())

    def read(self, texts: _Texts, limit: int, *, html: bool) -> MessageContent:
        """Put together what was fetched."""
        taken = layout(self.structure)
        has_html = html and any(part.subtype == "html" for part in taken.html)
        return MessageContent(
            self.uid,
            self.message,
            self.envelope,
            "\n".join(_as_text(part, texts) for part in taken.text),
            "\n".join(_as_html(part, texts) for part in taken.html) if has_html else None,
            any((part.size or 0) > limit for part in self.parts(html=html)),
            attachments(self.structure),
        )


def _opened(message: Message, inside: str) -> _Opened | None:
    if not inside:
        return _Opened(message, message.body_structure, message.envelope)
    for part in message.body_structure.walk():
        if part.section == inside and part.envelope is not None and part.parts:
            return _Opened(message, part.parts[0], part.envelope)
    return None


async def fetch_parts(
    driver: Driver, view: MailboxView, wanted: Mapping[UID, Sequence[BodyStructure]], limit: int
) -> tuple[dict[UID, dict[str, bytes]], dict[UID, NoError]]:
    """Fetch the octets of parts, by message and section: no more than *limit* of each.

    A part that comes back empty, or not at all, where its structure promised octets, is asked
    for again alone: some servers leave out what much was asked for beside.

    Returns:
        The octets; and which messages the server does not give out, with what it said.

    Raises:
        NoError: if it gives out none of them.
    """
    found: dict[UID, dict[str, bytes]] = {}
    refused: dict[UID, NoError] = {}
    groups: dict[tuple[FetchItem[bytes], ...], list[UID]] = {}
    sizes: dict[tuple[FetchItem[bytes], ...], int] = {}
    for uid, parts in wanted.items():
        items = tuple(_item(part, limit) for part in parts if part.size != 0)
        if items:
            groups.setdefault(items, []).append(uid)
            size = sum(min(part.size or limit, limit) for part in parts)
            sizes[items] = max(size, sizes.get(items, 0))
    if not groups:
        return found, refused

    async with AsyncExitStack() as stack:
        # All are asked for before any is read.
        streams = [
            (
                items,
                await stack.enter_async_context(
                    FetchStream(driver, view, UIDSet(uids), items, guess=sizes[items])
                ),
            )
            for items, uids in groups.items()
        ]
        for items, stream in streams:
            with _bearing(stream, refused):
                async for message in stream:
                    _file(message, items, found.setdefault(message.uid, {}))
    for uid, parts in wanted.items():
        for part in parts:
            if uid in found and part.size and not found[uid].get(part.section):
                items = (_item(part, limit),)
                async with FetchStream(driver, view, UIDSet(uid), items) as stream:
                    with _bearing(stream, refused):
                        for message in await stream.rest():
                            _file(message, items, found[uid])
    if refused.keys() == wanted.keys():
        raise next(iter(refused.values()))
    return found, refused


@contextmanager
def _bearing(stream: FetchStream, refused: dict[UID, NoError]) -> Generator[None]:
    """Bear that a stream gives out nothing, if the messages are to blame; note which."""
    try:
        yield
    except NoError as error:
        if error not in stream.refused.values():
            raise
    refused |= stream.refused


def _item(part: BodyStructure, limit: int) -> FetchItem[bytes]:
    partial = (0, limit) if part.size is None or part.size > limit else None
    return BODY_PEEK(part.section, partial=partial)


def _file(message: Message, items: Sequence[FetchItem[bytes]], found: dict[str, bytes]) -> None:
    for item in items:
        section = item.request.partition("[")[2].partition("]")[0]
        if item in message:
            found[section] = message[item]
        elif item.instead and message.has_all((item.instead,)):
            found[section] = message.body(section)


def decoded_text(part: BodyStructure, octets: bytes) -> str:
    """Return the text of a part, with line feeds at the ends of its lines."""
    try:
        decoder = decoder_for(part.encoding)
    except InvalidArgumentError:
        # Nobody knows what it means; it is shown as it came.
        decoder = decoder_for("binary")
    data = decoder.decode(octets) + decoder.finish()
    text = _in_charset(data, part.charset).replace("\r\n", "\n").replace("\r", "\n")
    if part.subtype == "plain" and part.parameters.get("format", "").lower() == "flowed":
        return unflow(text, del_sp=part.parameters.get("delsp", "").lower() == "yes")
    return text


def _in_charset(data: bytes, charset: str | None) -> str:
    codec = python_codec(charset) if charset else None
    if codec is not None and codec != "ascii":
        return data.decode(codec, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _as_text(part: BodyStructure, texts: _Texts) -> str:
    text = decoded_text(part, texts.get(part.section, b""))
    return html_to_text(text) if part.subtype == "html" else text


def _as_html(part: BodyStructure, texts: _Texts) -> str:
    text = decoded_text(part, texts.get(part.section, b""))
    return text if part.subtype == "html" else f"<pre>{escape(text, quote=False)}</pre>"


_PREVIEW_LENGTH = 200
_PREVIEW_OCTETS = 4096


async def preview_messages(
    driver: Driver, view: MailboxView, uids: UIDSet
) -> dict[UID, str | None]:
    """Make previews of messages from the beginnings of their texts (:rfc:`8970#section-4`)."""
    async with FetchStream(driver, view, uids, (BODYSTRUCTURE,)) as stream:
        messages = await stream.rest()
    parts = {message.uid: layout(message.body_structure).text[:1] for message in messages}
    texts, refused = await fetch_parts(driver, view, parts, _PREVIEW_OCTETS)
    return {
        uid: " ".join("".join(_as_text(part, texts.get(uid, {})) for part in first).split())[
            :_PREVIEW_LENGTH
        ]
        for uid, first in sorted(parts.items())
        if uid not in refused
    }
