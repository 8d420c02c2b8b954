"""Response codes (:rfc:`9051#section-7.1`, :rfc:`5530`, and those of the extensions)."""

from __future__ import annotations

import re
from collections.abc import Callable

from aimap._model.capability import Capabilities
from aimap._model.code import (
    AnnotateCode,
    AnnotationsCode,
    AppendUIDCode,
    BadCharsetCode,
    BadEventCode,
    BadUrlCode,
    CapabilityCode,
    ConvertLimitCode,
    CopyUIDCode,
    DowngradedCode,
    HighestModSeqCode,
    InProgressCode,
    MailboxIdCode,
    MessageLimitCode,
    MetadataCode,
    ModifiedCode,
    NewNameCode,
    NoUpdateCode,
    PermanentFlagsCode,
    ReferralCode,
    ResponseCode,
    UIDNextCode,
    UIDValidityCode,
    UndefinedFilterCode,
    UnseenCode,
    UrlMechCode,
    WebAlertCode,
)
from aimap._model.numbers import UID, ModSeq, SeqNum, UIDSet, UIDValidity
from aimap._model.raw import RawValue
from aimap._wire import quirks
from aimap._wire.parse_flags import parse_flags
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Scanner
from aimap._wire.values import mailbox, members, name, number, number64, ranges, string, text, uid

# resp-text = ["[" resp-text-code "]" SP] [text]; brackets inside are balanced or quoted.
_CODE = re.compile(rb"\[((?:[^\[\]\"]|\[[^\[\]]*+\]|\"(?:[^\"\\]|\\.)*+\")*+)\]( ?)", re.DOTALL)
_NAME = re.compile(rb"([!-$&'+-Z^-z|}~]+)(?: +(.*))?", re.DOTALL)

_Reader = Callable[[str, bytes, list[RawValue], Reading], ResponseCode]


def split_code(resp_text: bytes, reading: Reading) -> tuple[ResponseCode | None, bytes]:
    """Return the response code at the start of *resp_text*, if there is one, and the rest.

    A code that is not what its grammar says is kept raw.
    """
    match = _CODE.match(resp_text) if resp_text.startswith(b"[") else None
    if match is None:
        return None, resp_text
    parts = _NAME.fullmatch(match[1].strip(b" "))
    if parts is None or b"=" in parts[1]:
        reading.tolerate(quirks.CODE_NOT_ATOM)
        return None, resp_text
    if not match[2]:
        reading.tolerate(quirks.NO_RESP_TEXT)
    code_name = parts[1].decode("ascii").upper()
    return _typed(code_name, parts[2] or b"", reading), resp_text[match.end() :]


def _typed(code_name: str, arguments: bytes, reading: Reading) -> ResponseCode:
    reader = _READERS.get(code_name)
    if reader is None:
        return ResponseCode(code_name, arguments)
    try:
        scanner = Scanner(arguments, reading)
        values = [] if reader in _UNSCANNED else scanner.values()
        return reader(code_name, arguments, values, reading)
    except ScanError:
        if reading.strict:
            raise
        reading.tolerate(quirks.CODE_MALFORMED)
        return ResponseCode(code_name, arguments)


def _only(values: list[RawValue]) -> RawValue:
    if len(values) != 1:
        raise ScanError("one argument was expected")
    return values[0]


def _capability(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return CapabilityCode(code_name, arguments, capabilities=parse_capabilities(arguments, reading))


def parse_capabilities(words: bytes, reading: Reading) -> Capabilities:
    """Return what ``capability-data`` lists (:rfc:`9051#section-9`)."""
    found = words.decode("utf-8", "replace").split()
    if "+" in found:
        reading.tolerate(quirks.LITERAL_SPACE_PLUS)
        found = [word for word in found if word != "+"]
    if len(found) > reading.limits.max_items:
        raise ScanError(f"more than {reading.limits.max_items} capabilities")
    return Capabilities(found)


# "PERMANENTFLAGS" SP "(" [flag-perm *(SP flag-perm)] ")"
def _permanent_flags(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    words = members(_only(values), "flags")
    kept = tuple(word for word in words if word != b"\\*")
    return PermanentFlagsCode(
        code_name,
        arguments,
        flags=parse_flags(kept, reading),
        keywords_allowed=len(kept) < len(words),
    )


def _uid_validity(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    found = number(_only(values))
    if not found:
        reading.tolerate(quirks.UIDVALIDITY_ZERO)
    return UIDValidityCode(code_name, arguments, uid_validity=UIDValidity(found) if found else None)


def _uid_next(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    found = number(_only(values))
    if not found:
        reading.tolerate(quirks.UIDNEXT_ZERO)
    return UIDNextCode(code_name, arguments, uid_next=UID(found) if found else None)


def _unseen(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    found = number(_only(values))
    return UnseenCode(code_name, arguments, seq=SeqNum(found) if found else None)


def _highest_modseq(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    found = number64(_only(values))
    if not found:
        reading.tolerate(quirks.MODSEQ_ZERO)
    return HighestModSeqCode(code_name, arguments, modseq=ModSeq(found) if found else None)


# resp-code-apnd = "APPENDUID" SP nz-number SP append-uid
def _append_uid(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    if len(values) != 2:
        raise ScanError("APPENDUID has two arguments")
    return AppendUIDCode(
        code_name,
        arguments,
        uid_validity=UIDValidity(number(values[0], lowest=1)),
        uids=UIDSet.from_ranges(ranges(values[1], reading)),
    )


# resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set
def _copy_uid(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    if len(values) != 3:
        raise ScanError("COPYUID has three arguments")
    source, destination = ranges(values[1], reading), ranges(values[2], reading)
    # Each source has one destination (RFC 4315 section 3); else nobody knows which is which.
    if _count(source) != _count(destination):
        raise ScanError("COPYUID has as many destinations as sources")
    return CopyUIDCode(
        code_name,
        arguments,
        uid_validity=UIDValidity(number(values[0], lowest=1)),
        source=source,
        destination=destination,
    )


def _count(found: tuple[tuple[int, int], ...]) -> int:
    return sum(abs(last - first) + 1 for first, last in found)


def _bad_charset(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    # RFC 5182 and RFC 9051 have examples without the parentheses of their grammar.
    names = values[0] if len(values) == 1 and isinstance(values[0], tuple) else values
    return BadCharsetCode(code_name, arguments, charsets=tuple(map(text, names)))


def _bad_event(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    names = members(_only(values), "events") if values else ()
    return BadEventCode(code_name, arguments, events=tuple(map(text, names)))


# A URL may hold anything but a closing bracket (RFC 4469 section 5).
def _bad_url(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return BadUrlCode(code_name, arguments, url=text(arguments.strip(b'"')))


def _referral(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return ReferralCode(code_name, arguments, urls=tuple(text(arguments).split()))


def _web_alert(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return WebAlertCode(code_name, arguments, url=text(arguments))


def _modified(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return ModifiedCode(code_name, arguments, ranges=ranges(_only(values), reading))


def _mailbox_id(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    found = members(_only(values), "an object identifier")
    return MailboxIdCode(code_name, arguments, mailbox_id=text(_only(list(found))))


# "METADATA" SP ("LONGENTRIES" SP number / "MAXSIZE" SP number / "TOOMANY" / "NOPRIVATE")
def _metadata(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    if not 1 <= len(values) <= 2:
        raise ScanError("METADATA names one problem")
    size = number64(values[1]) if len(values) > 1 else None
    return MetadataCode(code_name, arguments, problem=name(values[0]), size=size)


def _annotate(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return AnnotateCode(code_name, arguments, problem=name(_only(values)))


# ann-size = "NONE" / (("READ-ONLY" / nz-number) [SP "NOPRIVATE"])
def _annotations(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    words = [name(value) for value in values]
    if not words:
        raise ScanError("ANNOTATIONS has an argument")
    supported, read_only = words[0] != "NONE", words[0] == "READ-ONLY"
    return AnnotationsCode(
        code_name,
        arguments,
        supported=supported,
        read_only=read_only,
        size=number(values[0]) if supported and not read_only else None,
        private=supported and "NOPRIVATE" not in words,
    )


def _no_update(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return NoUpdateCode(code_name, arguments, tag=text(_only(values)))


# "URLMECH" SP "INTERNAL" *(SP mechanism ["=" base64])
def _url_mechanisms(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    found: dict[str, str | None] = {}
    for value in values:
        mechanism, has_data, data = text(value).partition("=")
        found[mechanism.upper()] = data if has_data else None
    return UrlMechCode(code_name, arguments, mechanisms=found)


# "INPROGRESS" [SP "(" (tag / nil) SP (number / nil) SP (number / nil) ")"]
def _in_progress(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    if not values:
        return InProgressCode(code_name, arguments)
    fields = members(_only(values), "the details of INPROGRESS")
    if len(fields) != 3:
        raise ScanError("INPROGRESS has three details")
    tag, progress, goal = (
        None if fields[0] is None else text(fields[0]),
        None if fields[1] is None else number64(fields[1]),
        None if fields[2] is None else number64(fields[2]),
    )
    if not goal or (progress is not None and progress >= goal):
        goal = None
    return InProgressCode(code_name, arguments, tag=tag, progress=progress, goal=goal)


def _message_limit(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    if not 1 <= len(values) <= 2:
        raise ScanError("MESSAGELIMIT has one or two arguments")
    return MessageLimitCode(
        code_name,
        arguments,
        limit=number(values[0], lowest=1),
        lowest_uid=uid(values[1]) if len(values) > 1 else None,
    )


def _convert_limit(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return ConvertLimitCode(code_name, arguments, limit=number(_only(values), lowest=1))


def _downgraded(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return DowngradedCode(code_name, arguments, ranges=ranges(_only(values), reading))


def _new_name(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    if len(values) != 2:
        raise ScanError("NEWNAME has two arguments")
    old_name, new_name = (mailbox(string(value), reading) for value in values)
    return NewNameCode(code_name, arguments, old_name=old_name, new_name=new_name)


def _undefined_filter(
    code_name: str, arguments: bytes, values: list[RawValue], reading: Reading
) -> ResponseCode:
    return UndefinedFilterCode(code_name, arguments, filter_name=text(_only(values)))


_READERS: dict[str, _Reader] = {
    "ANNOTATE": _annotate,
    "ANNOTATIONS": _annotations,
    "APPENDUID": _append_uid,
    "BADCHARSET": _bad_charset,
    "BADEVENT": _bad_event,
    "BADURL": _bad_url,
    "CAPABILITY": _capability,
    "COPYUID": _copy_uid,
    "DOWNGRADED": _downgraded,
    "HIGHESTMODSEQ": _highest_modseq,
    "INPROGRESS": _in_progress,
    "MAILBOXID": _mailbox_id,
    "MAXCONVERTMESSAGES": _convert_limit,
    "MAXCONVERTPARTS": _convert_limit,
    "MESSAGELIMIT": _message_limit,
    "METADATA": _metadata,
    "MODIFIED": _modified,
    "NEWNAME": _new_name,
    "NOUPDATE": _no_update,
    "PERMANENTFLAGS": _permanent_flags,
    "REFERRAL": _referral,
    "SAVELIMIT": _message_limit,
    "UIDNEXT": _uid_next,
    "UIDVALIDITY": _uid_validity,
    "UNDEFINED-FILTER": _undefined_filter,
    "UNSEEN": _unseen,
    "URLMECH": _url_mechanisms,
    "WEBALERT": _web_alert,
}

# These hold URLs, or words that are not all atoms.
_UNSCANNED = frozenset({_bad_url, _referral, _web_alert, _capability})
