"""What can be fetched of a message (:rfc:`9051#section-6.4.5`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.body import BodyStructure
from aimap._model.envelope import Envelope
from aimap._model.flag import Flags

T = TypeVar("T")

# section-spec = section-msgtext / (section-part ["." section-text]), fields left out
_SECTION = re.compile(
    r"(?:[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9}){0,99}(?:\.(?:HEADER|TEXT|MIME))?|HEADER|TEXT)?",
    re.ASCII | re.IGNORECASE,
)
_PART = re.compile(r"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9}){0,99}", re.ASCII)
_FIELD = re.compile(r"[!-9;-~]+", re.ASCII)


@final
@attrs.frozen
class FetchItem(Generic[T]):
    """A FETCH data item; made by the constants and functions of :mod:`aimap.items`.

    Attributes:
        request: how it is asked for.
        key: its name in the answer.
    """

    request: str
    key: str

    def __str__(self) -> str:
        return self.request


FLAGS: FetchItem[Flags] = FetchItem("FLAGS", "FLAGS")
ENVELOPE: FetchItem[Envelope] = FetchItem("ENVELOPE", "ENVELOPE")
BODYSTRUCTURE: FetchItem[BodyStructure] = FetchItem("BODYSTRUCTURE", "BODYSTRUCTURE")
INTERNALDATE: FetchItem[bytes] = FetchItem("INTERNALDATE", "INTERNALDATE")
RFC822_SIZE: FetchItem[int] = FetchItem("RFC822.SIZE", "RFC822.SIZE")
UID_ITEM: FetchItem[int] = FetchItem("UID", "UID")
MODSEQ: FetchItem[int] = FetchItem("MODSEQ", "MODSEQ")


def section_key(section: str) -> str:
    """Return a section as answers are filed under: ``BODY[...]``, in upper case."""
    return f"BODY[{section.upper()}]"


def _section(section: str, fields: Iterable[str], without: Iterable[str]) -> str:
    if isinstance(fields, str) or isinstance(without, str):
        raise InvalidArgumentError("header fields come as several names, not as one str")
    if not _SECTION.fullmatch(section):
        raise InvalidArgumentError(
            f"a section is such as '', 'HEADER', '1.2' or '1.2.MIME', not {section!r}"
        )
    wanted, unwanted = tuple(fields), tuple(without)
    if not wanted and not unwanted:
        return section.upper()
    if wanted and unwanted:
        raise InvalidArgumentError("ask for header fields, or for all but some; not both")
    if section and not _PART.fullmatch(section):
        raise InvalidArgumentError(f"header fields belong to a part such as '1.2', not {section!r}")
    for name in wanted or unwanted:
        if not _FIELD.fullmatch(name) or any(c in '(){%*"\\]' for c in name):
            raise InvalidArgumentError(f"not a header field's name: {name!r}")
    kind = "HEADER.FIELDS" if wanted else "HEADER.FIELDS.NOT"
    names = " ".join(name.upper() for name in wanted or unwanted)
    return f"{section}{'.' if section else ''}{kind} ({names})"


def _body(
    word: str,
    section: str,
    fields: Iterable[str],
    without: Iterable[str],
    partial: tuple[int, int] | None,
) -> FetchItem[bytes]:
    spec = _section(section, fields, without)
    if partial is None:
        return FetchItem(f"{word}[{spec}]", f"BODY[{spec}]")
    offset, count = partial
    if offset < 0 or count < 1:
        raise InvalidArgumentError(f"a partial is (offset, count) of octets, not {partial!r}")
    return FetchItem(f"{word}[{spec}]<{offset}.{count}>", f"BODY[{spec}]<{offset}>")


def BODY_PEEK(
    section: str = "",
    *,
    fields: Iterable[str] = (),
    fields_not: Iterable[str] = (),
    partial: tuple[int, int] | None = None,
) -> FetchItem[bytes]:
    r"""Octets of a message or a part; does not set ``\Seen``.

    Args:
        section: empty for the whole message, ``"HEADER"``, ``"TEXT"``, a part's number
            such as ``"1.2"``, or a part's ``"1.2.MIME"``, ``"1.2.HEADER"``, ``"1.2.TEXT"``.
        fields: only these header fields, of the message or of the part's message.
        fields_not: all header fields but these.
        partial: ``(offset, count)``, in octets.

    Raises:
        InvalidArgumentError: if the section is not one, or a name or number is wrong.
    """
    return _body("BODY.PEEK", section, fields, fields_not, partial)


def BODY(
    section: str = "",
    *,
    fields: Iterable[str] = (),
    fields_not: Iterable[str] = (),
    partial: tuple[int, int] | None = None,
) -> FetchItem[bytes]:
    r"""Octets of a message or a part; sets ``\Seen``. Arguments as :func:`BODY_PEEK`."""
    return _body("BODY", section, fields, fields_not, partial)
