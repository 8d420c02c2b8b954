"""The words of a message, for searching: what a person reads in it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as EmailPart
from typing import final

import attrs

from aimap._model.charsets import python_codec
from aimap._model.text import decode_raw, decode_words

_MOST_OCTETS = 4 * 1024 * 1024
_MOST_TEXT = 512 * 1024
_PEOPLE = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc"})

# What is between tags is to be read, but for what belongs to <script> and <style>.
_UNSEEN = re.compile(r"<(?=script|style)[^<>]*>[^<]*", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


@final
@attrs.frozen
class Words:
    """What is to be found in a message.

    Attributes:
        subject: of its header.
        people: who wrote it, and to whom.
        text: what is in it, attachments by their names.
    """

    subject: str
    people: str
    text: str


def words_of(octets: bytes | memoryview) -> Words:
    """Take a message apart. Whatever it is, something comes out."""
    message = message_from_bytes(bytes(octets[:_MOST_OCTETS]))
    subject: list[str] = []
    people: list[str] = []
    for name, value in message.raw_items():
        if name.lower() == "subject":
            subject.append(_header(value))
        elif name.lower() in _PEOPLE:
            people.append(_header(value))
    text: list[str] = []
    length = 0
    for piece in _texts(message):
        text.append(piece[: _MOST_TEXT - length])
        length += len(piece)
        if length >= _MOST_TEXT:
            break
    return Words(" ".join(subject), "\n".join(people), "\n".join(text))


def _header(value: object) -> str:
    return decode_words(str(value).encode("utf-8", "surrogateescape"))


def _texts(message: EmailPart) -> Iterator[str]:
    for part in message.walk():
        if not part.is_multipart():
            try:
                yield from _of_part(part)
            except Exception:  # noqa: BLE001 (the email package raises errors of all kinds)
                # It is broken enough for that; the rest of the message is still found.
                yield ""


def _of_part(part: EmailPart) -> list[str]:
    found: list[str] = []
    name = part.get_filename()
    if name:
        found.append(_header(name))
    if part.get_content_maintype() == "text":
        octets = part.get_payload(decode=True)
        if isinstance(octets, bytes):
            text = _read(octets, part.get_content_charset() or "")
            found.append(_seen(text) if part.get_content_subtype() == "html" else text)
    return found


def _read(octets: bytes, charset: str) -> str:
    codec = python_codec(charset) if charset else None
    return decode_raw(octets) if codec is None else octets.decode(codec, "replace")


def _seen(text: str) -> str:
    return html.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", text)))
