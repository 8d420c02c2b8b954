"""What can be fetched of a message (:rfc:`9051#section-6.4.5`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.body import BodyStructure
from aimap._model.entry import attribute_name, entry_name
from aimap._model.envelope import Envelope
from aimap._model.flag import Flags
from aimap._model.numbers import MAX_MODSEQ

T = TypeVar("T")

AnnotationValues: TypeAlias = Mapping[str, Mapping[str, bytes | None]]
"""Values of annotations by entry and attribute, as :func:`ANNOTATION` fetches them."""

# section-spec = section-msgtext / (section-part ["." section-text]), fields left out
_SECTION = re.compile(
    r"(?:[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9}){0,99}(?:\.(?:HEADER|TEXT|MIME))?|HEADER|TEXT)?",
    re.ASCII | re.IGNORECASE,
)
_PART = re.compile(r"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9}){0,99}", re.ASCII)
_FIELD = re.compile(r"[!-9;-~]+", re.ASCII)


# A name, and in one pair of parentheses what stands in it or behind it: fields, modifiers.
_WORD = r"[ !#-'*-z|~]|\"(?:[ !#-\[\]-~]|\\[\"\\])*+\""
_REQUEST = re.compile(
    rf"[!#-'*-z|~]++(?: ?\((?:{_WORD}|\((?:{_WORD})*+\))*+\)[!#-'*-z|~]*+)?", re.ASCII
)


def _check_request(_: object, __: object, request: str) -> None:
    if not _REQUEST.fullmatch(request):
        raise InvalidArgumentError(
            f"what is asked for is such as 'X-COLOUR' or 'X-COLOUR (HUE)', not {request!r}"
        )


@final
@attrs.frozen
class FetchItem(Generic[T]):
    """A FETCH data item. Those of the RFCs are in :mod:`aimap.items`.

    Of an extension that aimap does not know, make one yourself: ``COLOUR: FetchItem[str] =
    FetchItem("X-COLOUR")``. What reads its value, :class:`aimap.Extension` says; else
    ``message[COLOUR]`` is raw.

    Attributes:
        request: how it is asked for.
        key: its name in the answer, in upper case; as it is asked for, if not given.
        also: further names in the answer, where it is a macro.
        instead: the name under which a server answers that ignores what it does not
            know: a partial.
    """

    request: str = attrs.field(validator=_check_request)
    key: str = attrs.field(
        default=attrs.Factory(lambda item: item.request.upper(), takes_self=True)
    )
    also: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    instead: str = attrs.field(default="", kw_only=True)

    def __str__(self) -> str:
        return self.request


FLAGS: FetchItem[Flags] = FetchItem("FLAGS")
ENVELOPE: FetchItem[Envelope] = FetchItem("ENVELOPE")
BODYSTRUCTURE: FetchItem[BodyStructure] = FetchItem("BODYSTRUCTURE")
INTERNALDATE: FetchItem[datetime] = FetchItem("INTERNALDATE")
RFC822_SIZE: FetchItem[int] = FetchItem("RFC822.SIZE")
UID_ITEM: FetchItem[int] = FetchItem("UID")
MODSEQ: FetchItem[int] = FetchItem("MODSEQ")
BODY_NON_EXTENSIBLE: FetchItem[BodyStructure] = FetchItem("BODY")
# The old names, answered under the new ones (RFC 3501 section 6.4.5)
RFC822: FetchItem[bytes] = FetchItem("RFC822", "BODY[]")
RFC822_HEADER: FetchItem[bytes] = FetchItem("RFC822.HEADER", "BODY[HEADER]")
RFC822_TEXT: FetchItem[bytes] = FetchItem("RFC822.TEXT", "BODY[TEXT]")

_FAST = ("INTERNALDATE", "RFC822.SIZE")
FAST: FetchItem[object] = FetchItem("FAST", "FLAGS", also=_FAST)
ALL: FetchItem[object] = FetchItem("ALL", "FLAGS", also=(*_FAST, "ENVELOPE"))
FULL: FetchItem[object] = FetchItem("FULL", "FLAGS", also=(*_FAST, "ENVELOPE", "BODY"))

# None where a server has no value for a message
PREVIEW: FetchItem[str | None] = FetchItem("PREVIEW")
PREVIEW_LAZY: FetchItem[str | None] = FetchItem("PREVIEW (LAZY)", "PREVIEW")
SNIPPET: FetchItem[str | None] = FetchItem("SNIPPET (FUZZY)", "SNIPPET")
SAVEDATE: FetchItem[datetime | None] = FetchItem("SAVEDATE")
EMAILID: FetchItem[str] = FetchItem("EMAILID")
THREADID: FetchItem[str | None] = FetchItem("THREADID")
X_GM_MSGID: FetchItem[int] = FetchItem("X-GM-MSGID")
X_GM_THRID: FetchItem[int] = FetchItem("X-GM-THRID")
X_GM_LABELS: FetchItem[tuple[str, ...]] = FetchItem("X-GM-LABELS")

_NEEDED = {
    "BINARY": ("BINARY", "RFC 3516; download(decode=True) does without"),
    "MODSEQ": ("CONDSTORE", "RFC 7162"),
    "PREVIEW": ("PREVIEW", "RFC 8970; previews() does without"),
    "SNIPPET": ("SNIPPET=FUZZY", "Dovecot's, before RFC 8970; previews() does without"),
    "SAVEDATE": ("SAVEDATE", "RFC 8514"),
    "EMAILID": ("OBJECTID", "RFC 8474"),
    "THREADID": ("OBJECTID", "RFC 8474"),
    "ANNOTATION": ("ANNOTATE-EXPERIMENT-1", "RFC 5257"),
    "X-GM-MSGID": ("X-GM-EXT-1", "Gmail's alone"),
    "X-GM-THRID": ("X-GM-EXT-1", "Gmail's alone"),
    "X-GM-LABELS": ("X-GM-EXT-1", "Gmail's alone"),
}


def needed_for(key: str) -> tuple[str, str] | None:
    """Return which capability a data item needs, and who says so; ``None`` for those of old."""
    return _NEEDED.get(key.partition("[")[0].removesuffix(".SIZE"))


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
    offset, count = _partial(partial)
    return FetchItem(
        f"{word}[{spec}]<{offset}.{count}>", f"BODY[{spec}]<{offset}>", instead=f"BODY[{spec}]"
    )


def _partial(partial: tuple[int, int]) -> tuple[int, int]:
    # partial = "<" number64 "." nz-number64 ">" (RFC 9051 section 9)
    offset, count = partial
    if not 0 <= offset <= MAX_MODSEQ or not 1 <= count <= MAX_MODSEQ:
        raise InvalidArgumentError(f"a partial is (offset, count) of octets, not {partial!r}")
    return offset, count


def BODY_PEEK(
    section: str = "",
    *,
    fields: Iterable[str] = (),
    fields_not: Iterable[str] = (),
    partial: tuple[int, int] | None = None,
) -> FetchItem[bytes]:
    r"""Octets of a message or a part (:rfc:`9051#section-6.4.5`); does not set ``\Seen``.

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
    r"""Octets of a message or a part; sets ``\Seen``; otherwise :func:`BODY_PEEK`."""
    return _body("BODY", section, fields, fields_not, partial)


def _binary(word: str, section: str, partial: tuple[int, int] | None) -> FetchItem[bytes | None]:
    # section-binary = "[" [section-part] "]": the whole of a message, or of a multipart,
    # has no binary form (RFC 3516 section 4.2, RFC 9051 section 6.4.5).
    if not _PART.fullmatch(section):
        raise InvalidArgumentError(f"{word} is of a part such as '1.2', not of {section!r}")
    if partial is None:
        return FetchItem(f"{word}[{section}]", f"BINARY[{section}]")
    offset, count = _partial(partial)
    return FetchItem(f"{word}[{section}]<{offset}.{count}>", f"BINARY[{section}]<{offset}>")


def BINARY_PEEK(section: str, *, partial: tuple[int, int] | None = None) -> FetchItem[bytes | None]:
    r"""Octets of a part, decoded by the server; does not set ``\Seen``.

    Needs BINARY (:rfc:`3516#section-4.2`) or IMAP4rev2.

    Args:
        section: the number of a part that is not a multipart, such as ``"1.2"``.
        partial: ``(offset, count)``, in octets of the decoded part.

    Raises:
        InvalidArgumentError: if the section is not a part's number, or a number is wrong.
    """
    return _binary("BINARY.PEEK", section, partial)


def BINARY(section: str, *, partial: tuple[int, int] | None = None) -> FetchItem[bytes | None]:
    r"""Octets of a part, decoded; sets ``\Seen``. Arguments as :func:`BINARY_PEEK`."""
    return _binary("BINARY", section, partial)


def BINARY_SIZE(section: str) -> FetchItem[int]:
    """How many octets a part has when decoded (:rfc:`3516#section-4.2`).

    Args:
        section: the number of a part that is not a multipart, such as ``"1.2"``.

    Raises:
        InvalidArgumentError: if the section is not a part's number.
    """
    request = _binary("BINARY.SIZE", section, None).request
    return FetchItem(request)


def ANNOTATION(
    entries: str | Iterable[str], attributes: str | Iterable[str]
) -> FetchItem[AnnotationValues]:
    """Annotations of a message (:rfc:`5257#section-4.3`; needs ANNOTATE-EXPERIMENT-1).

    Args:
        entries: their names; ``*`` and ``%`` are wildcards as in LIST.
        attributes: such as ``"value.shared"``; wildcards too.

    Raises:
        InvalidArgumentError: if a name is not one, or there is none.
    """
    names = [
        [name_of(name, wildcards=True) for name in ((given,) if isinstance(given, str) else given)]
        for given, name_of in ((entries, entry_name), (attributes, attribute_name))
    ]
    if not all(names):
        raise InvalidArgumentError("ANNOTATION needs an entry and an attribute")
    groups = (
        f"({' '.join(each)})" if len(each) > 1 else each[0]
        for each in ([_quoted(name) for name in group] for group in names)
    )
    return FetchItem(f"ANNOTATION ({' '.join(groups)})", "ANNOTATION")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
