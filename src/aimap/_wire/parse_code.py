"""Response codes (:rfc:`9051#section-7.1`)."""

from __future__ import annotations

import re

from aimap._errors import InvalidArgumentError
from aimap._model.capability import Capabilities
from aimap._model.code import (
    AppendUIDCode,
    CapabilityCode,
    CopyUIDCode,
    HighestModSeqCode,
    PermanentFlagsCode,
    ResponseCode,
    UIDNextCode,
    UIDValidityCode,
    UnseenCode,
)
from aimap._model.flag import Flags
from aimap._model.numbers import (
    MAX_MODSEQ,
    MAX_NUMBER,
    UID,
    ModSeq,
    SeqNum,
    UIDSet,
    UIDValidity,
    parse_ranges,
)
from aimap._wire.parse_fetch import flags_of

# resp-text = ["[" resp-text-code "]" SP] [text]; brackets inside are balanced or quoted.
_CODE = re.compile(rb"\[((?:[^\[\]\"]|\[[^\[\]]*\]|\"(?:[^\"\\]|\\.)*\")*)\] ?", re.DOTALL)
_NAME = re.compile(rb"([!-$&'+-Z^-z|}~]+)(?: +(.*))?", re.DOTALL)
_KEYWORDS_ALLOWED = b"\\*"


def split_code(text: bytes) -> tuple[ResponseCode | None, bytes]:
    """Return the response code at the start of *text*, if there is one, and the rest."""
    match = _CODE.match(text) if text.startswith(b"[") else None
    if match is None:
        return None, text
    parts = _NAME.fullmatch(match[1].strip(b" "))
    if parts is None:
        return None, text
    name = parts[1].decode("ascii").upper()
    return _typed(name, (parts[2] or b"").strip(b" ")), text[match.end() :]


def _typed(name: str, arguments: bytes) -> ResponseCode:
    try:
        return _parse(name, arguments)
    except (ValueError, InvalidArgumentError):
        # Not what its grammar says: kept raw.
        return ResponseCode(name, arguments)


def _parse(name: str, arguments: bytes) -> ResponseCode:
    match name:
        case "CAPABILITY":
            words = arguments.decode("ascii", "replace").split()
            return CapabilityCode(name, arguments, capabilities=Capabilities(words))
        case "PERMANENTFLAGS":
            raw = tuple(arguments.strip(b"()").split())
            return PermanentFlagsCode(
                name,
                arguments,
                flags=Flags(flags_of(tuple(f for f in raw if f != _KEYWORDS_ALLOWED))),
                keywords_allowed=_KEYWORDS_ALLOWED in raw,
            )
        case "UIDVALIDITY":
            number = _number(arguments, MAX_NUMBER)
            return UIDValidityCode(
                name, arguments, uid_validity=UIDValidity(number) if number else None
            )
        case "UIDNEXT":
            number = _number(arguments, MAX_NUMBER)
            return UIDNextCode(name, arguments, uid_next=UID(number) if number else None)
        case "UNSEEN":
            number = _number(arguments, MAX_NUMBER)
            return UnseenCode(name, arguments, seq=SeqNum(number) if number else None)
        case "HIGHESTMODSEQ":
            number = _number(arguments, MAX_MODSEQ)
            return HighestModSeqCode(name, arguments, modseq=ModSeq(number) if number else None)
        case "APPENDUID":
            validity, uids = arguments.decode("ascii").split()
            return AppendUIDCode(
                name,
                arguments,
                uid_validity=UIDValidity(_nonzero(validity)),
                uids=UIDSet.from_ranges(parse_ranges(uids)),
            )
        case "COPYUID":
            validity, source, destination = arguments.decode("ascii").split()
            return CopyUIDCode(
                name,
                arguments,
                uid_validity=UIDValidity(_nonzero(validity)),
                source=parse_ranges(source),
                destination=parse_ranges(destination),
            )
        case _:
            return ResponseCode(name, arguments)


def _number(arguments: bytes, highest: int) -> int:
    number = int(arguments) if arguments.isdigit() and len(arguments) <= 19 else -1
    if not 0 <= number <= highest:
        raise ValueError(arguments)
    return number


def _nonzero(text: str) -> int:
    number = _number(text.encode("ascii"), MAX_NUMBER)
    if not number:
        raise ValueError(text)
    return number
