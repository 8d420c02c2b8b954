"""Response codes, as a server writes them (:rfc:`9051#section-9`, ``resp-text-code``)."""

from __future__ import annotations

from collections.abc import Iterable

from aimap._model import code as codes
from aimap.testing._pen import Pen
from aimap.testing._write_message import flags


def response_code(pen: Pen, value: codes.ResponseCode) -> bytes:
    """Write a response code: its name, and its arguments if it has any.

    Of a code that has fields of its own, those are written, and not its ``arguments``.
    """
    if type(value) is codes.ResponseCode:
        arguments = value.arguments
    else:
        arguments = b" ".join(_arguments(pen.without_literals(), value))
    name = pen.keyword(value.name)
    return name + b" " + arguments if arguments else name


def _arguments(pen: Pen, value: codes.ResponseCode) -> Iterable[bytes]:
    """Write the arguments of a code, each by its rule."""
    match value:
        case codes.CapabilityCode():
            return [name.encode("ascii") for name in value.capabilities]
        case codes.PermanentFlagsCode():
            # flag-perm = flag / "\*"
            return [flags(pen, [*value.flags, *(["\\*"] if value.keywords_allowed else [])])]
        case codes.UIDValidityCode():
            return [b"%d" % (value.uid_validity or 0)]
        case codes.UIDNextCode():
            return [b"%d" % (value.uid_next or 0)]
        case codes.UnseenCode():
            return [b"%d" % (value.seq or 0)]
        case codes.HighestModSeqCode():
            return [b"%d" % (value.modseq or 0)]
        case codes.AppendUIDCode():
            return [b"%d" % value.uid_validity, pen.numbers(value.uids.ranges)]
        case codes.CopyUIDCode():
            return [
                b"%d" % value.uid_validity,
                pen.numbers(value.source),
                pen.numbers(value.destination),
            ]
        case codes.BadCharsetCode():
            return _list(pen, value.charsets)
        case codes.BadEventCode():
            return _list(pen, value.events)
        case codes.ModifiedCode() | codes.DowngradedCode():
            return [pen.numbers(value.ranges)]
        case codes.MailboxIdCode():
            return [b"(%b)" % value.mailbox_id.encode("ascii")]
        case codes.MetadataCode():
            size = [] if value.size is None else [b"%d" % value.size]
            return [pen.keyword(value.problem), *size]
        case _:
            return _further(pen, value)


def _further(pen: Pen, value: codes.ResponseCode) -> Iterable[bytes]:
    match value:
        case codes.BadUrlCode() | codes.WebAlertCode():
            return [value.url.encode()]
        case codes.ReferralCode():
            return [url.encode() for url in value.urls]
        case codes.AnnotateCode():
            return [pen.keyword(value.problem)]
        case codes.AnnotationsCode():
            return _annotations(pen, value)
        case codes.NoUpdateCode():
            return [pen.quoted(value.tag.encode())]
        case codes.UrlMechCode():
            return [
                pen.keyword(name) + (b"" if data is None else b"=" + data.encode("ascii"))
                for name, data in value.mechanisms.items()
            ]
        case codes.InProgressCode():
            return _in_progress(pen, value)
        case codes.MessageLimitCode():
            uid = [] if value.lowest_uid is None else [b"%d" % value.lowest_uid]
            return [b"%d" % value.limit, *uid]
        case codes.ConvertLimitCode():
            return [b"%d" % value.limit]
        case codes.UndefinedFilterCode():
            return [value.filter_name.encode("ascii")]
        case codes.NewNameCode():
            return [pen.mailbox(value.old_name), pen.mailbox(value.new_name)]
        case _:
            raise TypeError(f"not a response code: {value!r}")


# The rule "charset": atom or quoted.
def _list(pen: Pen, words: tuple[str, ...]) -> Iterable[bytes]:
    return [pen.parenthesised(map(pen.atext, words))] if words else []


# ann-size = "NONE" / (("READ-ONLY" / nz-number) [SP "NOPRIVATE"])
def _annotations(pen: Pen, value: codes.AnnotationsCode) -> Iterable[bytes]:
    if not value.supported:
        return [pen.keyword("NONE")]
    size = pen.keyword("READ-ONLY") if value.read_only else b"%d" % (value.size or 1)
    return [size] if value.private else [size, pen.keyword("NOPRIVATE")]


# "INPROGRESS" [SP "(" (tag / nil) SP (number / nil) SP (number / nil) ")"] (RFC 9585)
def _in_progress(pen: Pen, value: codes.InProgressCode) -> Iterable[bytes]:
    fields = (value.progress, value.goal)
    if value.tag is None and fields == (None, None) and pen.choose(True, False):
        return []
    tag = pen.nil() if value.tag is None else pen.quoted(value.tag.encode())
    numbers = (pen.nil() if each is None else b"%d" % each for each in fields)
    return [pen.parenthesised([tag, *numbers])]
