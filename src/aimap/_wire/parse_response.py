"""One whole response to its typed value (:rfc:`9051#section-7`)."""

from __future__ import annotations

import re
from collections.abc import Callable

from aimap._errors import InvalidArgumentError, RemoteProtocolError
from aimap._model.capability import Capabilities
from aimap._model.flag import Flags
from aimap._model.limits import Limits
from aimap._model.mailbox import MailboxInfo, MailboxStatus, NamespaceInfo, Namespaces
from aimap._model.numbers import (
    MAX_MODSEQ,
    MAX_NUMBER,
    ModSeq,
    SeqNum,
    SeqSet,
    UIDSet,
    parse_ranges,
)
from aimap._model.response import (
    CapabilityResponse,
    Condition,
    ContinuationRequest,
    EnabledResponse,
    ESearchResponse,
    ExistsResponse,
    ExpungeResponse,
    FlagsResponse,
    IdResponse,
    ListResponse,
    LsubResponse,
    NamespaceResponse,
    RecentResponse,
    Response,
    SearchResponse,
    StatusResponse,
    TaggedResponse,
    UnknownResponse,
    Unparsed,
    VanishedResponse,
)
from aimap._wire.parse_code import split_code
from aimap._wire.parse_fetch import flags_of, parse_message
from aimap._wire.scanner import Atom, ScanError, Scanner, Value
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name

_CONDITIONS: dict[bytes, Condition] = {
    b"OK": "OK",
    b"NO": "NO",
    b"BAD": "BAD",
    b"PREAUTH": "PREAUTH",
    b"BYE": "BYE",
}

_UNTAGGED = re.compile(rb"\* +(?:(-?[0-9]{1,20}) +)?([A-Za-z][A-Za-z0-9_.=-]*)(?: +|$)", re.ASCII)
_TAGGED = re.compile(rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+) +([A-Za-z]+)(?: +|$)", re.ASCII)
_SEARCH = re.compile(rb"[0-9 ]*", re.ASCII)

_Reader = Callable[[Scanner], Response]


def parse_response(raw: bytes, *, strict: bool = False) -> Response:
    """Read one whole response: a line, with the literals and lines that belong to it.

    This is what a connection does with every response; no connection is needed.

    Args:
        raw: the response, with or without its last line end.
        strict: raise where a connection would go on.

    Returns:
        Its typed value. A response of a kind that is not known is an
        :class:`UnknownResponse`; one that cannot be read is :class:`Unparsed`.

    Raises:
        RemoteProtocolError: if *strict*, and the response is not what its grammar says.
    """
    for end in (b"\r\n", b"\n"):
        if raw.endswith(end):
            raw = raw[: -len(end)]
            break
    response = parse_frame(raw, Limits(), utf8=False)
    if strict and isinstance(response, Unparsed):
        raise RemoteProtocolError(response.reason, response.raw)
    return response


def parse_frame(frame: bytes, limits: Limits, *, utf8: bool) -> Response:
    """Read one frame; what cannot be read is :class:`Unparsed`."""
    frame = frame.lstrip(b"\0")
    try:
        if frame.startswith(b"*"):
            return _untagged(frame, limits, utf8=utf8)
        if frame.startswith(b"+"):
            return ContinuationRequest(frame[1:].lstrip(b" "))
        return _tagged(frame)
    except (ScanError, InvalidArgumentError) as error:
        return Unparsed(frame, str(error))


# response-tagged = tag SP resp-cond-state CRLF
def _tagged(frame: bytes) -> Response:
    match = _TAGGED.match(frame)
    condition = _CONDITIONS.get(match[2].upper()) if match is not None else None
    if match is None or condition is None or condition == "PREAUTH":
        raise ScanError("neither a tagged, nor an untagged response, nor a continuation request")
    code, text = split_code(frame[match.end() :])
    return TaggedResponse(match[1].decode("ascii"), condition, code, _text(text))


def _text(data: bytes) -> str:
    return data.strip(b" ").decode("utf-8", "replace")


def _untagged(frame: bytes, limits: Limits, *, utf8: bool) -> Response:
    match = _UNTAGGED.match(frame)
    if match is None:
        raise ScanError("an untagged response begins with a keyword, or a number and a keyword")
    word = match[2].upper()
    scanner = Scanner(frame, limits, match.end(), utf8=utf8)
    if match[1] is not None:
        return _numbered(scanner, match[1], word)
    condition = _CONDITIONS.get(word)
    if condition is not None:
        code, text = split_code(frame[match.end() :])
        return StatusResponse(condition, code, _text(text))
    reader = _READERS.get(word)
    if reader is None:
        return UnknownResponse(word.decode("ascii"), None, scanner.rest())
    return reader(scanner)


def _numbered(scanner: Scanner, digits: bytes, word: bytes) -> Response:
    number = int(digits)
    if not 0 <= number <= MAX_NUMBER:
        raise ScanError(f"a message number is at most {MAX_NUMBER}")
    match word:
        case b"FETCH":
            return parse_message(scanner, number)
        case b"UIDFETCH":
            return parse_message(scanner, number, by_uid=True)
        case b"EXISTS":
            return ExistsResponse(number)
        case b"RECENT":
            return RecentResponse(number)
        case b"EXPUNGE":
            return ExpungeResponse(SeqNum(number))
        case _:
            return UnknownResponse(word.decode("ascii"), number, scanner.rest())


def _words(scanner: Scanner) -> list[str]:
    return scanner.rest().decode("ascii", "replace").split()


# capability-data = "CAPABILITY" *(SP capability) SP "IMAP4rev2" *(SP capability)
def _capability(scanner: Scanner) -> Response:
    return CapabilityResponse(Capabilities(_words(scanner)))


def _enabled(scanner: Scanner) -> Response:
    return EnabledResponse(Capabilities(_words(scanner)))


def _flags(scanner: Scanner) -> Response:
    return FlagsResponse(_flag_list(scanner.value()))


def _flag_list(value: Value) -> Flags:
    if not isinstance(value, list):
        raise ScanError("flags are a list")
    return flags_of(tuple(bytes(flag) for flag in value if isinstance(flag, bytes)))


# search = "SEARCH" *(SP nz-number) ["(" "MODSEQ" SP mod-sequence-value ")"]
def _search(scanner: Scanner) -> Response:
    numbers, bracket, modseq = scanner.rest().partition(b"(")
    if not _SEARCH.fullmatch(numbers):
        raise ScanError("SEARCH gives numbers")
    found = tuple(map(int, numbers.split()))
    if any(not 1 <= number <= MAX_NUMBER for number in found):
        raise ScanError(f"a message number is 1 to {MAX_NUMBER}")
    if not bracket:
        return SearchResponse(found)
    word, _, value = modseq.rstrip(b") ").partition(b" ")
    if word.upper() != b"MODSEQ":
        raise ScanError("only MODSEQ follows the numbers of SEARCH")
    return SearchResponse(found, ModSeq(_number(value, MAX_MODSEQ)))


def _number(value: Value, highest: int = MAX_NUMBER) -> int:
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > 19:
        raise ScanError("a number was expected")
    number = int(value)
    if number > highest:
        raise ScanError(f"a number is at most {highest}")
    return number


# esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
def _esearch(scanner: Scanner) -> Response:
    values = scanner.values()
    tag: str | None = None
    uid = False
    if values and isinstance(values[0], list):
        correlator = values.pop(0)
        if not isinstance(correlator, list) or len(correlator) != 2:
            raise ScanError("an ESEARCH response names its command as (TAG string)")
        tag = _string(correlator[1]).decode("ascii", "replace")
    if values and isinstance(values[0], Atom) and values[0].upper() == b"UID":
        values.pop(0)
        uid = True
    if len(values) % 2:
        raise ScanError("ESEARCH gives pairs of a name and a value")
    data = {
        _string(name).decode("ascii", "replace").upper(): value
        for name, value in zip(values[::2], values[1::2], strict=True)
    }
    kind = UIDSet if uid else SeqSet

    def number(name: str, highest: int = MAX_NUMBER) -> int | None:
        value = data.pop(name, None)
        return None if value is None else _number(value, highest)

    found = data.pop("ALL", None)
    modseq = number("MODSEQ", MAX_MODSEQ)
    return ESearchResponse(
        tag,
        uid,
        all=None if found is None else kind.from_ranges(_ranges(found)),
        min=number("MIN"),
        max=number("MAX"),
        count=number("COUNT"),
        modseq=None if modseq is None else ModSeq(modseq),
        extensions=dict(data),
    )


def _ranges(value: Value) -> tuple[tuple[int, int], ...]:
    return parse_ranges(_string(value).decode("ascii", "replace"))


def _string(value: Value) -> bytes:
    if value is None:
        return b"NIL"
    if isinstance(value, list):
        raise ScanError("a list where a string belongs")
    return bytes(value)


# expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids
def _vanished(scanner: Scanner) -> Response:
    values = scanner.values()
    earlier = bool(values) and isinstance(values[0], list)
    if len(values) != 1 + earlier:
        raise ScanError("VANISHED gives one set of UIDs")
    return VanishedResponse(UIDSet.from_ranges(_ranges(values[-1])), earlier)


def _mailbox(value: bytes, *, utf8: bool) -> str:
    if value.upper() == b"INBOX":
        return "INBOX"
    if not utf8:
        return decode_mailbox_name(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return UndecodedName(value)


# mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
#                [SP mbox-list-extended]
def _list_data(scanner: Scanner) -> MailboxInfo:
    attributes = _flag_list(scanner.value())
    delimiter = scanner.value()
    if isinstance(delimiter, list):
        raise ScanError("a hierarchy delimiter is one character or NIL")
    name = _mailbox(scanner.string(), utf8=scanner.utf8)
    extended: dict[str, object] = {}
    if not scanner.at_end:
        pairs = scanner.value()
        if not isinstance(pairs, list) or len(pairs) % 2 or not scanner.at_end:
            raise ScanError("extended LIST data are pairs in a list")
        for tag, value in zip(pairs[::2], pairs[1::2], strict=True):
            extended[_string(tag).decode("ascii", "replace").upper()] = value
    shown = delimiter.decode("utf-8", "replace") if delimiter else None
    return MailboxInfo(name, shown, attributes, extended)


def _list(scanner: Scanner) -> Response:
    return ListResponse(_list_data(scanner))


def _lsub(scanner: Scanner) -> Response:
    return LsubResponse(_list_data(scanner))


# mailbox-data = "STATUS" SP mailbox SP "(" [status-att-list] ")"
def _status(scanner: Scanner) -> Response:
    name = _mailbox(scanner.string(), utf8=scanner.utf8)
    pairs = scanner.value()
    if not isinstance(pairs, list) or len(pairs) % 2 or not scanner.at_end:
        raise ScanError("STATUS gives pairs of a name and a value in a list")
    items: dict[str, object] = {}
    for item, value in zip(pairs[::2], pairs[1::2], strict=True):
        digits = isinstance(value, bytes) and value.isdigit() and len(value) <= 19
        items[_string(item).decode("ascii", "replace").upper()] = (
            _number(value, MAX_MODSEQ) if digits else value
        )
    return MailboxStatus(name, items)


# namespace-response = "*" SP "NAMESPACE" SP namespace SP namespace SP namespace
def _namespace(scanner: Scanner) -> Response:
    kinds = [_namespaces(value, utf8=scanner.utf8) for value in scanner.values()]
    if len(kinds) != 3:
        raise ScanError("NAMESPACE gives three lists")
    return NamespaceResponse(Namespaces(*kinds))


def _namespaces(value: Value, *, utf8: bool) -> tuple[NamespaceInfo, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ScanError("a namespace is a list or NIL")
    found: list[NamespaceInfo] = []
    for each in value:
        if not isinstance(each, list) or len(each) < 2:
            raise ScanError("a namespace has a prefix and a delimiter")
        delimiter = each[1]
        found.append(
            NamespaceInfo(
                _mailbox(_string(each[0]), utf8=utf8) if each[0] else "",
                None if delimiter is None else _string(delimiter).decode("utf-8", "replace"),
            )
        )
    return tuple(found)


# id-response = "ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)
def _id(scanner: Scanner) -> Response:
    value = None if scanner.at_end else scanner.value()
    if value is None:
        return IdResponse({})
    if not isinstance(value, list) or len(value) % 2:
        raise ScanError("ID gives pairs of a name and a value in a list")
    return IdResponse(
        {
            _text(_string(name)): None if content is None else _text(_string(content))
            for name, content in zip(value[::2], value[1::2], strict=True)
        }
    )


_READERS: dict[bytes, _Reader] = {
    b"CAPABILITY": _capability,
    b"ENABLED": _enabled,
    b"FLAGS": _flags,
    b"SEARCH": _search,
    b"ESEARCH": _esearch,
    b"VANISHED": _vanished,
    b"LIST": _list,
    b"LSUB": _lsub,
    b"STATUS": _status,
    b"NAMESPACE": _namespace,
    b"ID": _id,
}
