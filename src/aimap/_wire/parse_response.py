"""One whole response to its typed value (:rfc:`9051#section-7`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import TypeVar, cast

from aimap._errors import InvalidArgumentError
from aimap._model.capability import Capabilities
from aimap._model.code import ResponseCode
from aimap._model.extension import Extension, ReadCode, ReadItem, ReadResponse
from aimap._model.message import Message
from aimap._model.numbers import MAX_NUMBER, SeqNum
from aimap._model.response import (
    CapabilityResponse,
    Condition,
    ContinuationRequest,
    EnabledResponse,
    ExistsResponse,
    ExpungeResponse,
    FlagsResponse,
    RecentResponse,
    Response,
    StatusResponse,
    TaggedResponse,
    UnknownResponse,
    Unparsed,
)
from aimap._model.text import decode_raw
from aimap._wire import parse_mailbox, parse_search, parse_various, quirks
from aimap._wire.parse_code import KNOWN_CODES, parse_capabilities, split_code
from aimap._wire.parse_fetch import KNOWN_ITEMS, parse_message
from aimap._wire.parse_flags import parse_flags
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Scanner

_CONDITIONS: dict[bytes, Condition] = {
    b"OK": "OK",
    b"NO": "NO",
    b"BAD": "BAD",
    b"PREAUTH": "PREAUTH",
    b"BYE": "BYE",
}

_NUMBERED = (b"FETCH", b"UIDFETCH", b"CONVERTED", b"EXISTS", b"RECENT", b"EXPUNGE")

_UNTAGGED = re.compile(
    rb"\*( ++)(?:(-?[0-9]{1,20})( ++))?([A-Za-z][A-Za-z0-9_.=-]*+)(?: |$)", re.ASCII
)
# tag = 1*<any ASTRING-CHAR except "+">
_TAGGED = re.compile(rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]++) ([A-Za-z]++)(?: |$)", re.ASCII)
_BARE_CODE = re.compile(rb"(?:\* )?(?=\[[A-Z][A-Z0-9-]*[ \]])")

T = TypeVar("T")
_Reader = Callable[[Scanner], Response]


def parse_frame(frame: bytes, reading: Reading) -> Response:
    """Read one frame; what cannot be read is :class:`Unparsed`."""
    try:
        if frame.startswith(b"\0"):
            reading.tolerate(quirks.NUL_PADDING)
            frame = frame.lstrip(b"\0")
        if frame.startswith(b"*"):
            return _untagged(frame, reading)
        if frame.startswith(b"+"):
            return _continuation(frame, reading)
        return _tagged(frame, reading)
    except ScanError as error:
        return Unparsed(frame, str(error))


# continue-req = "+" SP (resp-text / base64) CRLF
def _continuation(frame: bytes, reading: Reading) -> Response:
    if not frame.startswith(b"+ "):
        reading.tolerate(quirks.BARE_PLUS)
    return ContinuationRequest(frame[1:].lstrip(b" "))


# response-tagged = tag SP resp-cond-state CRLF
def _tagged(frame: bytes, reading: Reading) -> Response:
    match = _TAGGED.match(frame)
    condition = _CONDITIONS.get(match[2].upper()) if match is not None else None
    if match is None or condition is None or condition == "PREAUTH":
        if _BARE_CODE.match(frame):
            return _bare_code(frame, reading)
        if frame.startswith(b"Server Unavailable."):
            reading.tolerate(quirks.SERVER_UNAVAILABLE)
            return StatusResponse("BAD", None, decode_raw(frame).strip())
        raise ScanError("neither a tagged, nor an untagged response, nor a continuation request")
    if condition == "BYE":
        reading.tolerate(quirks.TAGGED_BYE)
    code, text = _resp_text(frame, match.end(), reading)
    return TaggedResponse(match[1].decode("ascii"), condition, code, text)


def _resp_text(frame: bytes, start: int, reading: Reading) -> tuple[ResponseCode | None, str]:
    if not frame.endswith(b" ", start - 1, start):
        reading.tolerate(quirks.NO_RESP_TEXT)
    code, octets = split_code(frame[start:], reading)
    if octets.endswith(b" "):
        reading.tolerate(quirks.TRAILING_SPACE)
    return code, decode_raw(octets.strip(b" "))


def _bare_code(frame: bytes, reading: Reading) -> Response:
    """Read a response code that lost its condition as that of an untagged OK."""
    reading.tolerate(quirks.COPYUID_BARE_LINE)
    code, octets = split_code(frame[frame.index(b"[") :], reading)
    return StatusResponse("OK", code, decode_raw(octets.strip(b" ")))


# response-data = "*" SP (resp-cond-state / resp-cond-bye / mailbox-data / message-data /
#                 capability-data / enable-data) CRLF
def _untagged(frame: bytes, reading: Reading) -> Response:
    match = _UNTAGGED.match(frame)
    if match is None:
        if _BARE_CODE.match(frame):
            return _bare_code(frame, reading)
        raise ScanError("an untagged response begins with a keyword, or a number and a keyword")
    if len(match[1]) > 1 or len(match[3] or b" ") > 1:
        reading.tolerate(quirks.DOUBLE_SPACE)
    word = match[4].upper()
    if match[2] is not None:
        return _numbered(Scanner(frame, reading, match.end(4)), match[2], word)
    condition = _CONDITIONS.get(word)
    if condition is not None:
        return StatusResponse(condition, *_resp_text(frame, match.end(), reading))
    reader = _READERS.get(word)
    scanner = Scanner(frame, reading, match.end(4))
    if reader is None:
        return _unknown(scanner, None, word)
    return reader(scanner)


def _unknown(scanner: Scanner, number: int | None, word: bytes) -> Response:
    """Read a response that is not known here, by an extension if there is one for it."""
    keyword = word.decode("ascii")
    read = scanner.reading.extension.responses.get(keyword)
    if read is None:
        return UnknownResponse(keyword, number, scanner.rest())
    values = tuple(scanner.values())
    try:
        value = read(number, values)
    except Exception as error:
        raise ScanError(f"{keyword} could not be read: {error!r}") from error
    if value is None or isinstance(value, (TaggedResponse, ContinuationRequest, Message, list)):
        raise ScanError(f"{keyword} was read as {value!r}, and not as a value of its own")
    return cast("Response", value)


def as_one(extensions: Iterable[Extension]) -> Extension:
    """Return extensions as one.

    Raises:
        InvalidArgumentError: if aimap, or two of them, know a name.
    """
    responses: dict[str, ReadResponse] = {}
    items: dict[str, ReadItem] = {}
    codes: dict[str, ReadCode] = {}
    for extension in extensions:
        _add(responses, extension.responses, _KNOWN)
        _add(items, extension.items, KNOWN_ITEMS)
        _add(codes, extension.codes, KNOWN_CODES)
    return Extension(responses, items=items, codes=codes)


def _add(found: dict[str, T], more: Mapping[str, T], known: Container[str]) -> None:
    for name, read in more.items():
        if name in found or name in known:
            raise InvalidArgumentError(f"{name!r} is read already, by aimap or another")
        found[name] = read


# message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
# mailbox-data = number SP "EXISTS" / number SP "RECENT" / ...
def _numbered(scanner: Scanner, digits: bytes, word: bytes) -> Response:
    number = int(digits)
    if not 0 <= number <= MAX_NUMBER:
        raise ScanError(f"a message number is 0 to {MAX_NUMBER}, not {number}")
    match word:
        case b"FETCH":
            return parse_message(scanner, number)
        case b"UIDFETCH":
            return parse_message(scanner, number, by_uid=True)
        case b"CONVERTED":
            return parse_various.converted(scanner, number)
        case b"EXISTS":
            scanner.end()
            return ExistsResponse(number)
        case b"RECENT":
            scanner.end()
            return RecentResponse(number)
        case b"EXPUNGE":
            scanner.end()
            return ExpungeResponse(SeqNum(number))
        case _:
            return _unknown(scanner, number, word)


# capability-data = "CAPABILITY" *(SP capability) SP "IMAP4rev1" *(SP capability)
def _capability(scanner: Scanner) -> Response:
    return CapabilityResponse(_capabilities(scanner))


# enable-data = "ENABLED" *(SP capability)
def _enabled(scanner: Scanner) -> Response:
    return EnabledResponse(_capabilities(scanner))


def _capabilities(scanner: Scanner) -> Capabilities:
    words = scanner.data[scanner.pos :]
    if words.endswith(b" "):
        scanner.reading.tolerate(quirks.TRAILING_SPACE)
    return parse_capabilities(words, scanner.reading)


def _flags(scanner: Scanner) -> Response:
    flags = parse_flags(scanner.value(), scanner.reading)
    scanner.end()
    return FlagsResponse(flags)


_READERS: dict[bytes, _Reader] = {
    b"ACL": parse_mailbox.acl,
    b"CAPABILITY": _capability,
    b"COMPARATOR": parse_various.comparator,
    b"CONVERSION": parse_various.conversion,
    b"ENABLED": _enabled,
    b"ESEARCH": parse_search.esearch,
    b"FLAGS": _flags,
    b"GENURLAUTH": parse_various.gen_url_auth,
    b"ID": parse_various.id_,
    b"JMAPACCESS": parse_various.jmap_access,
    b"LANGUAGE": parse_various.language,
    b"LIST": parse_mailbox.list_,
    b"LISTRIGHTS": parse_mailbox.list_rights,
    b"LSUB": parse_mailbox.lsub,
    b"METADATA": parse_mailbox.metadata,
    b"MYRIGHTS": parse_mailbox.my_rights,
    b"NAMESPACE": parse_mailbox.namespace,
    b"QUOTA": parse_mailbox.quota,
    b"QUOTAROOT": parse_mailbox.quota_root,
    b"SEARCH": parse_search.search,
    b"SORT": parse_search.sort,
    b"STATUS": parse_mailbox.status,
    b"THREAD": parse_search.thread,
    b"URLFETCH": parse_various.url_fetch,
    b"VANISHED": parse_search.vanished,
    b"XLIST": parse_mailbox.xlist,
}

_KNOWN = frozenset(word.decode("ascii") for word in (*_READERS, *_CONDITIONS, *_NUMBERED))
