"""Messages on their way into a mailbox (:rfc:`9051#section-6.3.12`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.entry import attribute_name, entry_name
from aimap._model.flag import Flags
from aimap._model.upload import Upload
from aimap._model.url import IMAPURL

# iabsolute-path (RFC 5092 section 11)
_ABSOLUTE_PATH = re.compile(r"/(?:[!-.0-~][!-~]*)?")

Annotations: TypeAlias = Mapping[str, Mapping[str, str | bytes | None]]
"""Values of annotations by entry and attribute: ``{"/comment": {"value.priv": "mine"}}``."""


def checked_annotations(annotations: Annotations) -> Annotations:
    """Return annotations whose names can be sent (:rfc:`5257#section-5`).

    Raises:
        InvalidArgumentError: if one is not, or an entry has no attribute.
    """
    for entry, attributes in annotations.items():
        entry_name(entry)
        if not attributes:
            raise InvalidArgumentError(f"name an attribute of {entry!r}, such as 'value.priv'")
        for attribute in attributes:
            attribute_name(attribute)
    return {entry: dict(attributes) for entry, attributes in annotations.items()}


def _text(url: str | IMAPURL) -> str:
    return str(url)


def _url(_: object, __: object, url: str) -> None:
    # RFC 5092 section 7.2: references that begin with one slash
    if not _ABSOLUTE_PATH.fullmatch(url):
        raise InvalidArgumentError(
            f"a part's URL is such as '/INBOX;UIDVALIDITY=1/;UID=20/;section=1', not {url!r}"
        )


@final
@attrs.frozen
class UrlPart:
    """A part of a message that the server has already (:rfc:`4469#section-3`).

    Attributes:
        url: an IMAP URL from its path on, such as ``"/Drafts;UIDVALIDITY=1/;UID=20"``, or an
            :class:`aimap.IMAPURL` without a host.
    """

    url: str = attrs.field(converter=_text, validator=_url)


MessageData: TypeAlias = bytes | tuple[bytes | UrlPart, ...]
"""A message: its octets, or parts to be put together (needs CATENATE)."""


def _message(data: bytes | Iterable[bytes | UrlPart]) -> MessageData:
    return data if isinstance(data, bytes) else tuple(data)


def _flags(flags: Iterable[str]) -> Flags:
    checked = Flags(flags)
    for flag in checked:
        flag.check_settable()
    return checked


def _date(_: object, __: object, date: datetime | None) -> None:
    if date is not None and date.utcoffset() is None:
        raise InvalidArgumentError(f"a date and time needs its time zone: {date!r}")


@attrs.frozen
class AppendOptions:
    """What a message gets when it is appended, whatever it is (:rfc:`4466#section-6`).

    Attributes:
        flags: flags that it gets.
        date: its internal date, with a time zone; without one the server takes its own.
        annotations: annotations that it gets (:rfc:`5257#section-4.7`).

    Raises:
        InvalidArgumentError: if something cannot be sent.
    """

    flags: Flags = attrs.field(factory=Flags, converter=_flags, kw_only=True)
    date: datetime | None = attrs.field(default=None, validator=_date, kw_only=True)
    annotations: Annotations = attrs.field(
        factory=dict[str, Mapping[str, str | bytes | None]],
        converter=checked_annotations,
        kw_only=True,
    )


@final
@attrs.frozen
class AppendMessage(AppendOptions):
    """One message to append.

    Attributes:
        message: its octets; or parts of it, octets and :class:`UrlPart`, that the server
            puts together (:rfc:`4469`; needs CATENATE).
        flags: flags that it gets.
        date: its internal date, with a time zone; without one the server takes its own.
        annotations: annotations that it gets (:rfc:`5257#section-4.7`).
        utf8: send it as :rfc:`6855#section-4` had it, as ``UTF8 (...)``: for 8-bit header
            fields where the server does not know :rfc:`9755`.

    Raises:
        InvalidArgumentError: if there is nothing of it, or something cannot be sent.
    """

    message: MessageData = attrs.field(converter=_message)
    utf8: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that there is a message."""
        # RFC 3502 section 6.3.11: one without octets cancels all of a MULTIAPPEND.
        if not self.message or (isinstance(self.message, tuple) and b"" in self.message):
            raise InvalidArgumentError("a message of no octets cannot be appended")


@final
@attrs.frozen
class AppendUpload(AppendOptions):
    """One message to append, whose octets come later."""

    upload: Upload
