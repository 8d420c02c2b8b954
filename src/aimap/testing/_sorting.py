"""SORT's keys, and what THREAD compares (:rfc:`5256#section-2`, :rfc:`5957#section-3`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TypeAlias

import attrs

from aimap._model.text import decode_words
from aimap.testing._describe import split_addresses
from aimap.testing._mime import Part
from aimap.testing._store import StoredMessage

SortValue: TypeAlias = tuple[float, str]

SORT_KEYS = ("ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO")
DISPLAY_KEYS = ("DISPLAYFROM", "DISPLAYTO")

_BLANKS = re.compile(r"[ \t\r\n]+")
# subj-blob = "[" *BLOBCHAR "]" *WSP
_BLOB = re.compile(r"\[[^\[\]]*\][ \t]*")
# subj-leader = (*subj-blob subj-refwd) / WSP
_LEADER = re.compile(
    r"(?:\[[^\[\]]*\][ \t]*)*(?:re|fwd?)[ \t]*(?:\[[^\[\]]*\][ \t]*)?:|[ \t]", re.IGNORECASE
)
# subj-trailer = "(fwd)" / WSP
_TRAILER = re.compile(r"(?:\(fwd\)|[ \t])\Z", re.IGNORECASE)
_FORWARD = re.compile(r"\[fwd:(.*)\]", re.IGNORECASE | re.DOTALL)


@attrs.frozen
class Subject:
    """A base subject, and whether a reply or a forward was made of it."""

    base: str
    is_reply: bool


def subject_of(part: Part) -> Subject:
    """Return a message's base subject (:rfc:`5256#section-2.1`), to be compared."""
    text = _BLANKS.sub(" ", decode_words(part.field("subject") or b""))
    is_reply = False
    while True:
        while (trailer := _TRAILER.search(text)) is not None:
            is_reply = is_reply or trailer[0] not in " \t"
            text = text[: trailer.start()]
        text, replied = _without_start(text)
        is_reply = is_reply or replied
        forward = _FORWARD.fullmatch(text)
        if forward is None:
            return Subject(casemap(text), is_reply)
        text, is_reply = forward[1], True


def _without_start(text: str) -> tuple[str, bool]:
    is_reply = False
    while True:
        if (leader := _LEADER.match(text)) is not None:
            is_reply = is_reply or leader[0] not in " \t"
            text = text[leader.end() :]
        elif (blob := _BLOB.match(text)) is not None and text[blob.end() :].strip():
            text = text[blob.end() :]
        else:
            return text, is_reply


def casemap(text: str) -> str:
    """Return what is compared of a text: i;unicode-casemap (:rfc:`5051#section-2`)."""
    titled = (c.title() if len(c.title()) == 1 else c for c in text)
    return unicodedata.normalize("NFKD", "".join(titled))


def header_date(part: Part) -> datetime | None:
    """Return the date of a message's header, if there is one that can be read."""
    value = part.field("date")
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value.decode("latin-1"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def sent_date(message: StoredMessage) -> float:
    """Return when a message was sent (:rfc:`5256#section-2.2`), in seconds."""
    moment = header_date(message.part) or message.date
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def sort_value(key: str) -> Callable[[StoredMessage], SortValue]:
    """Return what a sort key takes of a message."""
    match key:
        case "ARRIVAL":
            return lambda message: (message.date.timestamp(), "")
        case "DATE":
            return lambda message: (sent_date(message), "")
        case "SIZE":
            return lambda message: (len(message.octets), "")
        case "SUBJECT":
            return lambda message: (0, subject_of(message.part).base)
        case "DISPLAYFROM" | "DISPLAYTO":
            return partial(_display, key.removeprefix("DISPLAY").lower())
        case _:
            return partial(_first_mailbox, key.lower())


def _first_mailbox(field: str, message: StoredMessage) -> SortValue:
    addresses = split_addresses(message.part.field(field))
    return 0, next((casemap(address.partition("@")[0]) for _, address in addresses), "")


def _display(field: str, message: StoredMessage) -> SortValue:
    for name, address in split_addresses(message.part.field(field)):
        return 0, casemap(decode_words(name.encode("latin-1")) or address)
    return 0, ""


def in_date_order(messages: Iterable[StoredMessage]) -> list[StoredMessage]:
    """Return messages by the date when they were sent, those of one date by their UID."""
    return sorted(messages, key=lambda message: (sent_date(message), message.uid))
