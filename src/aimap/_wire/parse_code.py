"""Response codes (:rfc:`9051#section-7.1`, :rfc:`5530`, and those of the extensions)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import final

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
# By the grammar, an atom may hold a bracket, and a code that nobody knows a quote.
_UNBALANCED_CODE = re.compile(rb"\[([^\]]*+)\]( ?)")
# Octets of a list of capabilities that is kept for the next connection, if it gets the same.
_SHARED = 4096
_NAME = re.compile(rb"([!-$&'+-Z^-z|}~]+)(?: +(.*))?", re.DOTALL)


def split_code(resp_text: bytes, reading: Reading) -> tuple[ResponseCode | None, bytes]:
    """Return the response code at the start of *resp_text*, if there is one, and the rest.

    A code that is not what its grammar says is kept raw.
    """
    if not resp_text.startswith(b"["):
        return None, resp_text
    match = _CODE.match(resp_text) or _UNBALANCED_CODE.match(resp_text)
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


@final
class _RawCode:
    """A code whose arguments are to be read.

    Attributes:
        head: its name and its arguments, which every code keeps.
        arguments: the octets behind its name.
        reading: how they are read.
    """

    def __init__(self, name: str, arguments: bytes, reading: Reading) -> None:
        self.head = (name, arguments)
        self.arguments = arguments
        self.reading = reading

    def values(self, fewest: int, most: int | None = None) -> list[RawValue]:
        """Return the arguments.

        Args:
            fewest: how many there are, at least.
            most: how many, at most; as many if not given.

        Raises:
            ScanError: if there are more or fewer, or one is broken.
        """
        values = Scanner(self.arguments, self.reading).values()
        if not fewest <= len(values) <= (fewest if most is None else most):
            raise ScanError(f"{self.head[0]} has not {len(values)} arguments")
        return values

    @property
    def value(self) -> RawValue:
        """The only argument."""
        return self.values(1)[0]


def _typed(code_name: str, arguments: bytes, reading: Reading) -> ResponseCode:
    reader = _READERS.get(code_name, _by_extension)
    try:
        return reader(_RawCode(code_name, arguments, reading))
    except ScanError:
        if reading.strict:
            raise
        reading.tolerate(quirks.CODE_MALFORMED)
        return ResponseCode(code_name, arguments)


def _by_extension(raw: _RawCode) -> ResponseCode:
    """Read a code that is not known here, by an extension if there is one for it."""
    code = ResponseCode(*raw.head)
    read = raw.reading.extension.codes.get(code.name)
    if read is None:
        return code
    values = tuple(Scanner(raw.arguments, raw.reading).values())
    try:
        value: object = read(code, values)
    except Exception as error:
        raise ScanError(f"{code.name} could not be read: {error!r}") from error
    if not isinstance(value, ResponseCode) or value.name != code.name:
        raise ScanError(f"{code.name} was read as {value!r}, and not as a code of that name")
    return value


def _capability(raw: _RawCode) -> ResponseCode:
    capabilities = parse_capabilities(raw.arguments, raw.reading)
    make = _shared_code if len(raw.arguments) <= _SHARED else CapabilityCode
    return make(*raw.head, capabilities=capabilities)


def parse_capabilities(words: bytes, reading: Reading) -> Capabilities:
    """Return what ``capability-data`` lists (:rfc:`9051#section-9`)."""
    found = words.decode("utf-8", "replace").split()
    if "+" in found:
        reading.tolerate(quirks.LITERAL_SPACE_PLUS)
        found = [word for word in found if word != "+"]
    if len(found) > reading.limits.max_items:
        raise ScanError(f"more than {reading.limits.max_items} capabilities")
    return _shared(tuple(found)) if len(words) <= _SHARED else Capabilities(found)


@lru_cache(maxsize=64)
def _shared(names: tuple[str, ...]) -> Capabilities:
    """Make one set for all connections to a server, each of which is told the same."""
    return Capabilities(names)


@lru_cache(maxsize=64)
def _shared_code(name: str, arguments: bytes, capabilities: Capabilities) -> CapabilityCode:
    return CapabilityCode(name, arguments, capabilities=capabilities)


# "PERMANENTFLAGS" SP "(" [flag-perm *(SP flag-perm)] ")"
def _permanent_flags(raw: _RawCode) -> ResponseCode:
    words = members(raw.value, "flags")
    kept = tuple(word for word in words if word != b"\\*")
    return PermanentFlagsCode(
        *raw.head,
        flags=parse_flags(kept, raw.reading),
        keywords_allowed=len(kept) < len(words),
    )


def _uid_validity(raw: _RawCode) -> ResponseCode:
    found = number(raw.value)
    if not found:
        raw.reading.tolerate(quirks.UIDVALIDITY_ZERO)
    return UIDValidityCode(*raw.head, uid_validity=UIDValidity(found) if found else None)


def _uid_next(raw: _RawCode) -> ResponseCode:
    found = number(raw.value)
    if not found:
        raw.reading.tolerate(quirks.UIDNEXT_ZERO)
    return UIDNextCode(*raw.head, uid_next=UID(found) if found else None)


def _unseen(raw: _RawCode) -> ResponseCode:
    found = number(raw.value)
    return UnseenCode(*raw.head, seq=SeqNum(found) if found else None)


def _highest_modseq(raw: _RawCode) -> ResponseCode:
    found = number64(raw.value)
    if not found:
        raw.reading.tolerate(quirks.MODSEQ_ZERO)
    return HighestModSeqCode(*raw.head, modseq=ModSeq(found) if found else None)


# resp-code-apnd = "APPENDUID" SP nz-number SP append-uid
def _append_uid(raw: _RawCode) -> ResponseCode:
    validity, uids = raw.values(2)
    return AppendUIDCode(
        *raw.head,
        uid_validity=UIDValidity(number(validity, lowest=1)),
        uids=UIDSet.from_ranges(ranges(uids, raw.reading)),
    )


# resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set
def _copy_uid(raw: _RawCode) -> ResponseCode:
    validity, *sets = raw.values(3)
    source, destination = (ranges(each, raw.reading) for each in sets)
    # Each source has one destination (RFC 4315 section 3); else nobody knows which is which.
    if _count(source) != _count(destination):
        raise ScanError("COPYUID has as many destinations as sources")
    return CopyUIDCode(
        *raw.head,
        uid_validity=UIDValidity(number(validity, lowest=1)),
        source=source,
        destination=destination,
    )


def _count(found: tuple[tuple[int, int], ...]) -> int:
    return sum(abs(last - first) + 1 for first, last in found)


def _bad_charset(raw: _RawCode) -> ResponseCode:
    # RFC 5182 and RFC 9051 have examples without the parentheses of their grammar.
    values = raw.values(0, raw.reading.limits.max_items)
    names = values[0] if len(values) == 1 and isinstance(values[0], tuple) else values
    return BadCharsetCode(*raw.head, charsets=tuple(map(text, names)))


def _bad_event(raw: _RawCode) -> ResponseCode:
    names = members(raw.value, "events") if raw.arguments else ()
    return BadEventCode(*raw.head, events=tuple(map(text, names)))


# A URL may hold anything but a closing bracket (RFC 4469 section 5).
def _bad_url(raw: _RawCode) -> ResponseCode:
    return BadUrlCode(*raw.head, url=text(raw.arguments.strip(b'"')))


def _referral(raw: _RawCode) -> ResponseCode:
    return ReferralCode(*raw.head, urls=tuple(text(raw.arguments).split()))


def _web_alert(raw: _RawCode) -> ResponseCode:
    return WebAlertCode(*raw.head, url=text(raw.arguments))


def _modified(raw: _RawCode) -> ResponseCode:
    return ModifiedCode(*raw.head, ranges=ranges(raw.value, raw.reading))


def _mailbox_id(raw: _RawCode) -> ResponseCode:
    found = members(raw.value, "an object identifier")
    if len(found) != 1:
        raise ScanError("there is one object identifier")
    return MailboxIdCode(*raw.head, mailbox_id=text(found[0]))


# "METADATA" SP ("LONGENTRIES" SP number / "MAXSIZE" SP number / "TOOMANY" / "NOPRIVATE")
def _metadata(raw: _RawCode) -> ResponseCode:
    problem, *size = raw.values(1, 2)
    return MetadataCode(*raw.head, problem=name(problem), size=number64(size[0]) if size else None)


def _annotate(raw: _RawCode) -> ResponseCode:
    return AnnotateCode(*raw.head, problem=name(raw.value))


# ann-size = "NONE" / (("READ-ONLY" / nz-number) [SP "NOPRIVATE"])
def _annotations(raw: _RawCode) -> ResponseCode:
    values = raw.values(1, 2)
    words = [name(value) for value in values]
    supported, read_only = words[0] != "NONE", words[0] == "READ-ONLY"
    return AnnotationsCode(
        *raw.head,
        supported=supported,
        read_only=read_only,
        size=number(values[0]) if supported and not read_only else None,
        private=supported and "NOPRIVATE" not in words,
    )


def _no_update(raw: _RawCode) -> ResponseCode:
    return NoUpdateCode(*raw.head, tag=text(raw.value))


# "URLMECH" SP "INTERNAL" *(SP mechanism ["=" base64])
def _url_mechanisms(raw: _RawCode) -> ResponseCode:
    found: dict[str, str | None] = {}
    for value in raw.values(1, raw.reading.limits.max_items):
        mechanism, has_data, data = text(value).partition("=")
        found[mechanism.upper()] = data if has_data else None
    return UrlMechCode(*raw.head, mechanisms=found)


# "INPROGRESS" [SP "(" (tag / nil) SP (number / nil) SP (number / nil) ")"]
def _in_progress(raw: _RawCode) -> ResponseCode:
    if not raw.arguments:
        return InProgressCode(*raw.head)
    fields = members(raw.value, "the details of INPROGRESS")
    if len(fields) != 3:
        raise ScanError("INPROGRESS has three details")
    tag, progress, goal = (
        None if fields[0] is None else text(fields[0]),
        None if fields[1] is None else number64(fields[1]),
        None if fields[2] is None else number64(fields[2]),
    )
    if not goal or (progress is not None and progress >= goal):
        goal = None
    return InProgressCode(*raw.head, tag=tag, progress=progress, goal=goal)


def _message_limit(raw: _RawCode) -> ResponseCode:
    limit, *lowest = raw.values(1, 2)
    return MessageLimitCode(
        *raw.head,
        limit=number(limit, lowest=1),
        lowest_uid=uid(lowest[0]) if lowest else None,
    )


def _convert_limit(raw: _RawCode) -> ResponseCode:
    return ConvertLimitCode(*raw.head, limit=number(raw.value, lowest=1))


def _downgraded(raw: _RawCode) -> ResponseCode:
    return DowngradedCode(*raw.head, ranges=ranges(raw.value, raw.reading))


def _new_name(raw: _RawCode) -> ResponseCode:
    old_name, new_name = (mailbox(string(value), raw.reading) for value in raw.values(2))
    return NewNameCode(*raw.head, old_name=old_name, new_name=new_name)


def _undefined_filter(raw: _RawCode) -> ResponseCode:
    return UndefinedFilterCode(*raw.head, filter_name=text(raw.value))


_READERS: dict[str, Callable[[_RawCode], ResponseCode]] = {
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

KNOWN_CODES = frozenset(_READERS)
"""Codes that aimap reads into classes of their own."""
