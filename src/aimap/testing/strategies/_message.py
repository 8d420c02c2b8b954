"""Messages, and what FETCH tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TypeVar

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from aimap._model.body import BodyStructure, Disposition
from aimap._model.envelope import Address, Addresses, Envelope, Group
from aimap._model.flag import Flag, Flags
from aimap._model.message import Message
from aimap._model.numbers import UID
from aimap._model.raw import RawValue
from aimap.testing.strategies._basic import (
    flags,
    labels,
    mod_seqs,
    numbers,
    object_ids,
    octets,
    one_of,
    raw_values,
    seq_nums,
    texts,
    uids,
    words,
)
from aimap.testing.strategies._mailbox import mailbox_names

T = TypeVar("T")

_SECTIONS = (
    "", "HEADER", "TEXT", "1", "1.2", "1.2.3.MIME", "2.HEADER", "3.TEXT",
    "HEADER.FIELDS (SUBJECT FROM)", "HEADER.FIELDS.NOT (DATE)", "4.1.HEADER.FIELDS (X-A[B)",
)  # fmt: skip
_PARTS = ("1", "1.2", "4.1.2")
_ENCODINGS = ("7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode")
_MOST_OFFSET = 14 * 60


def addresses() -> SearchStrategy[Address]:
    """Return addresses with a host; those without one are ends of groups."""
    return st.builds(Address, _nstrings(), _nstrings(), octets(), octets())


def _nstrings() -> SearchStrategy[bytes | None]:
    return st.none() | octets()


def _address_lists() -> SearchStrategy[Addresses]:
    groups = st.builds(Group, octets(), st.lists(addresses(), max_size=2).map(tuple))
    found: SearchStrategy[Address | Group] = addresses() | addresses() | groups
    return st.lists(found, max_size=2).map(tuple)


def envelopes() -> SearchStrategy[Envelope]:
    """Return envelopes."""
    lists = [_address_lists() for _ in range(6)]
    return st.builds(Envelope, _nstrings(), _nstrings(), *lists, _nstrings(), _nstrings())


def _parameters() -> SearchStrategy[dict[str, str]]:
    names = st.sampled_from(("charset", "name", "boundary", "format")) | words()
    return st.dictionaries(names, texts(), max_size=2)


def dispositions() -> SearchStrategy[Disposition]:
    """Return ways in which a part wants to be shown."""
    return st.builds(
        Disposition, st.sampled_from(("inline", "attachment")) | words(), _parameters()
    )


def body_structures(*, extensible: bool = True) -> SearchStrategy[BodyStructure]:
    """Return body structures, each part with its number.

    Args:
        extensible: whether there is what BODYSTRUCTURE has and BODY has not.
    """
    leaf = _leaves(extensible=extensible)

    def around(inner: SearchStrategy[BodyStructure]) -> SearchStrategy[BodyStructure]:
        return _multiparts(inner, extensible=extensible) | _messages(inner, extensible=extensible)

    return st.recursive(leaf, around, max_leaves=5).map(_numbered)


@st.composite
def _leaves(draw: st.DrawFn, *, extensible: bool) -> BodyStructure:
    # What the grammar gives a form of its own is made elsewhere.
    maintype = draw(st.sampled_from(("text", "text", "image", "message")) | words())
    subtype = draw(st.sampled_from(("plain", "html")) | words())
    if maintype == "multipart" or (maintype == "message" and subtype in ("rfc822", "global")):
        maintype = "application"
    part = attrs.evolve(
        draw(_FIELDS),
        maintype=maintype,
        subtype=subtype,
        lines=draw(numbers(bits=63)) if maintype == "text" else None,
    )
    return _extended(draw, part) if extensible else part


@st.composite
def _multiparts(
    draw: st.DrawFn, inner: SearchStrategy[BodyStructure], *, extensible: bool
) -> BodyStructure:
    part = BodyStructure(
        section="",
        maintype="multipart",
        subtype=draw(st.sampled_from(("mixed", "alternative")) | words()),
        parts=tuple(draw(st.lists(inner, min_size=1, max_size=3))),
    )
    if extensible:
        part = attrs.evolve(_extended(draw, part), parameters=draw(_PARAMETERS), md5=None)
    return part


@st.composite
def _messages(
    draw: st.DrawFn, inner: SearchStrategy[BodyStructure], *, extensible: bool
) -> BodyStructure:
    part = attrs.evolve(
        draw(_FIELDS),
        maintype="message",
        subtype=draw(st.sampled_from(("rfc822", "global"))),
        envelope=draw(_ENVELOPES),
        parts=(draw(inner),),
        lines=draw(numbers(bits=63)),
    )
    return _extended(draw, part) if extensible else part


def _fields() -> SearchStrategy[BodyStructure]:
    return st.builds(
        BodyStructure,
        section=st.just(""),
        maintype=st.just(""),
        subtype=st.just(""),
        parameters=_parameters(),
        content_id=_TEXTS,
        description=_TEXTS,
        encoding=st.sampled_from(_ENCODINGS),
        size=numbers(),
    )


def _extended(draw: st.DrawFn, part: BodyStructure) -> BodyStructure:
    return attrs.evolve(
        part,
        md5=draw(_TEXTS),
        disposition=draw(_DISPOSITIONS),
        language=draw(_LANGUAGES),
        location=draw(_TEXTS),
        extensions=draw(_EXTENSIONS),
    )


def _body_extensions() -> SearchStrategy[RawValue]:
    leaf: SearchStrategy[RawValue] = _nstrings() | numbers(bits=63).map(b"%d".__mod__)
    return st.recursive(
        leaf, lambda inner: st.lists(inner, min_size=1, max_size=2).map(tuple), max_leaves=3
    )


# Made once: to make strategies costs more than to draw from them.
_TEXTS = st.none() | texts()
_PARAMETERS = _parameters()
_DISPOSITIONS = st.none() | dispositions()
_LANGUAGES = st.lists(texts(min_size=1), max_size=2).map(tuple)
_EXTENSIONS = st.lists(_body_extensions(), max_size=2).map(tuple)
_FIELDS = _fields()
_ENVELOPES = envelopes()


# Section numbers (RFC 9051 section 6.4.5): a multipart's parts count below it; a message's
# body has the message's number if it is a multipart, and else .1 below it.
def _numbered(part: BodyStructure, section: str = "") -> BodyStructure:
    if part.is_multipart:
        prefix = f"{section}." if section else ""
        parts = [_numbered(each, f"{prefix}{at}") for at, each in enumerate(part.parts, 1)]
        return attrs.evolve(part, section=section, parts=tuple(parts))
    section = section or "1"
    inside = [
        _numbered(each, section if each.is_multipart else f"{section}.1") for each in part.parts
    ]
    return attrs.evolve(part, section=section, parts=tuple(inside))


@st.composite
def internal_dates(draw: st.DrawFn) -> datetime:
    """Return dates with a time zone, to the second."""
    offset = timedelta(minutes=draw(st.integers(-_MOST_OFFSET, _MOST_OFFSET)))
    naive = draw(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001 (the zone comes next)
    return naive.replace(microsecond=0, tzinfo=timezone(offset))


def _sections() -> SearchStrategy[str]:
    origin = st.just("") | numbers(bits=63).map("<{}>".format)
    return st.builds("BODY[{}]{}".format, st.sampled_from(_SECTIONS), origin)


def _annotations() -> SearchStrategy[dict[str, dict[str, bytes | None]]]:
    names = one_of("value.priv", "value.shared", "size.priv")
    attributes = st.dictionaries(names, st.none() | octets(nul=True), min_size=1)
    entries = one_of("/comment", "/altsubject", "/vendor/é")
    return st.dictionaries(entries, attributes, min_size=1) | st.dictionaries(
        entries, st.just(dict[str, "bytes | None"]()), min_size=1
    )


def _flags() -> SearchStrategy[Flags]:
    return flags() | flags().map(lambda found: Flags([*found, Flag.RECENT]))


def _labels() -> SearchStrategy[tuple[str, ...]]:
    names = mailbox_names() | st.sampled_from(("\\Inbox", "\\Important"))
    return st.lists(names, max_size=3).map(tuple)


_ITEMS: dict[str, SearchStrategy[object]] = {
    "UID": uids(),
    "FLAGS": _flags(),
    "INTERNALDATE": internal_dates(),
    "RFC822.SIZE": numbers(bits=63),
    "ENVELOPE": envelopes(),
    "BODYSTRUCTURE": body_structures(),
    "BODY": body_structures(extensible=False),
    "MODSEQ": mod_seqs(),
    "SAVEDATE": st.none() | internal_dates(),
    "EMAILID": object_ids(),
    "THREADID": st.none() | object_ids(),
    "PREVIEW": st.none() | texts(),
    "ANNOTATION": _annotations(),
    "X-GM-MSGID": numbers(bits=64),
    "X-GM-THRID": numbers(bits=64),
    "X-GM-LABELS": _labels(),
}


_SECTIONED = _sections()
_OCTETS = octets()
_BINARIES = st.none() | octets(nul=True)
_SIZES = numbers()
_LABELS = labels()
_RAW = raw_values()


@st.composite
def fetch_items(draw: st.DrawFn) -> tuple[str, object]:
    """Return an item of a FETCH response: its name, and its value."""
    kind = draw(st.sampled_from((*_ITEMS, "BODY[]", "BINARY[]", "BINARY.SIZE[]", "X-")))
    if kind in _ITEMS:
        return kind, draw(_ITEMS[kind])
    if kind == "BODY[]":
        return draw(_SECTIONED), draw(_OCTETS)
    part = draw(st.sampled_from(_PARTS))
    if kind == "BINARY[]":
        return f"BINARY[{part}]", draw(_BINARIES)
    if kind == "BINARY.SIZE[]":
        return f"BINARY.SIZE[{part}]", draw(_SIZES)
    return draw(_LABELS), draw(_RAW)


_SOME_ITEMS = st.lists(fetch_items(), min_size=1, max_size=4)


def messages(keys: Iterable[str] | None = None) -> SearchStrategy[Message]:
    """Return what a FETCH response tells of a message.

    Args:
        keys: the items that are in it, in this order, such as ``("UID", "FLAGS",
            "BODY[]")``; by default any, and among the responses UIDFETCH (:rfc:`9586`).
    """
    return _fetched(None if keys is None else tuple(keys))


@st.composite
def _fetched(draw: st.DrawFn, keys: tuple[str, ...] | None) -> Message:
    if keys is None:
        items = dict(draw(_SOME_ITEMS))
        by_uid = draw(st.booleans())
    else:
        items = {key: draw(_ITEMS.get(key, _OCTETS)) for key in keys}
        by_uid = False
    _hint_charset(items)
    if by_uid:
        return Message(None, draw(uids()), items, 0)
    uid = items.get("UID")
    return Message(draw(seq_nums()), UID(uid) if isinstance(uid, int) else None, items, 0)


def _hint_charset(items: dict[str, object]) -> None:
    """Let 8-bit octets be in the charset that the message names, as they are when read."""
    envelope, structure = items.get("ENVELOPE"), items.get("BODYSTRUCTURE")
    if (
        isinstance(envelope, Envelope)
        and isinstance(structure, BodyStructure)
        and envelope.needs_charset
    ):
        charset = next((part.charset for part in structure.walk() if part.charset), None)
        if charset is not None:
            items["ENVELOPE"] = envelope.in_charset(charset)
