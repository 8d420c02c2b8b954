"""Responses of the smaller extensions: URLs, conversions, languages, ID."""

from __future__ import annotations

import re

from aimap._model.convert import ConversionResponse, ConvertedResponse, ConvertError
from aimap._model.numbers import SeqNum
from aimap._model.raw import RawValue
from aimap._model.response import (
    ComparatorResponse,
    IdResponse,
    JmapAccessResponse,
    LanguageResponse,
)
from aimap._model.urlauth import FetchedUrl, GenUrlAuthResponse, UrlFetchResponse
from aimap._wire import quirks
from aimap._wire.parse_body import parse_body_structure
from aimap._wire.parse_fetch import item_name
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Atom, Scanner
from aimap._wire.values import members, name, nstring, number64, pairs, text, uid

_COMMA = re.compile(rb'(?<=") *+, *+(?=")')


# id-response = "ID" SP id-params-list
# id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
def id_(scanner: Scanner) -> IdResponse:
    """Read what follows ID (:rfc:`2971#section-3.2`)."""
    reading, start = scanner.reading, scanner.pos
    if scanner.at_end:
        return IdResponse({})
    try:
        value = scanner.value()
    except ScanError:
        if b"," not in scanner.data:
            raise
        reading.tolerate(quirks.ID_COMMAS)
        scanner.data = scanner.data[:start] + _COMMA.sub(b" ", scanner.data[start:])
        scanner.pos = start
        value = scanner.value()
    scanner.end()
    if value is None:
        return IdResponse({})
    fields = members(value, "the fields of ID")
    if any(isinstance(field, Atom) for field in fields):
        reading.tolerate(quirks.ID_ATOMS)
    return IdResponse(
        {
            text(key): None if content is None else text(content)
            for key, content in pairs(fields, "the fields of ID")
        }
    )


# language-data = "LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")"
def language(scanner: Scanner) -> LanguageResponse:
    """Read what follows LANGUAGE (:rfc:`5255#section-3.5`)."""
    tags = members(scanner.value(), "language tags")
    scanner.end()
    return LanguageResponse(tuple(map(text, tags)))


# comparator-data = "COMPARATOR" SP comp-sel-quoted [SP "(" comp-id-quoted
#                   *(SP comp-id-quoted) ")"]
def comparator(scanner: Scanner) -> ComparatorResponse:
    """Read what follows COMPARATOR (:rfc:`5255#section-4.10`)."""
    active = text(scanner.string())
    matching = () if scanner.at_end else members(scanner.value(), "comparators")
    scanner.end()
    return ComparatorResponse(active, tuple(map(text, matching)))


# genurlauth-data = "*" SP "GENURLAUTH" 1*(SP url-full)
def gen_url_auth(scanner: Scanner) -> GenUrlAuthResponse:
    """Read what follows GENURLAUTH (:rfc:`4467#section-9`)."""
    return GenUrlAuthResponse(tuple(map(text, scanner.values())))


# urlfetch-data = "*" SP "URLFETCH" 1*(SP url-full SP nstring)
# Extended (RFC 5524 section 3): url-full followed by (item value) lists, or NIL.
def url_fetch(scanner: Scanner) -> UrlFetchResponse:
    """Read what follows URLFETCH (:rfc:`4467#section-9`, :rfc:`5524#section-4`)."""
    values = scanner.values()
    found: list[FetchedUrl] = []
    at = 0
    while at < len(values):
        url, at = text(values[at]), at + 1
        if at < len(values) and isinstance(values[at], tuple):
            items: dict[str, RawValue] = {}
            while at < len(values) and isinstance(fields := values[at], tuple):
                if len(fields) != 2:
                    raise ScanError("an item of URLFETCH has a name and a value")
                items[name(fields[0])] = fields[1]
                at += 1
            structure = items.get("BODYPARTSTRUCTURE")
            found.append(
                FetchedUrl(
                    url=url,
                    body=nstring(items.get("BODY")),
                    binary=nstring(items.get("BINARY")),
                    structure=None
                    if structure is None
                    else parse_body_structure(structure, scanner.reading),
                )
            )
        elif at < len(values):
            found.append(FetchedUrl(url=url, body=nstring(values[at])))
            at += 1
        else:
            raise ScanError("a URL without what it means")
    return UrlFetchResponse(tuple(found))


# conversion-data = "CONVERSION" SP quoted-from-mime-type SP quoted-to-mime-type
#                   [SP "(" transcoding-param-name *(SP transcoding-param-name) ")"]
def conversion(scanner: Scanner) -> ConversionResponse:
    """Read what follows CONVERSION (:rfc:`5259#section-10`)."""
    source, target = text(scanner.string()), text(scanner.string())
    names = () if scanner.at_end else members(scanner.value(), "parameter names")
    scanner.end()
    return ConversionResponse(source, target, tuple(text(each).lower() for each in names))


# message-data =/ nz-number SP "CONVERTED" SP convert-correlator SP convert-msg-attrs
def converted(scanner: Scanner, seq: int) -> ConvertedResponse:
    """Read what follows CONVERTED (:rfc:`5259#section-10`)."""
    correlator = members(scanner.value(), "a correlator")
    if len(correlator) != 2 or name(correlator[0]) != "TAG":
        raise ScanError("CONVERTED names its command as (TAG string)")
    if not scanner.opens():
        raise ScanError("the items of CONVERTED stand in parentheses")
    message_uid = None
    items: dict[str, object] = {}
    while not scanner.closes():
        word = item_name(scanner)
        value = scanner.value()
        if word == "UID":
            message_uid = uid(value)
        else:
            items[word] = _converted_value(word, value, scanner.reading)
    scanner.end()
    return ConvertedResponse(SeqNum(seq), text(correlator[1]), message_uid, items)


def _converted_value(word: str, value: RawValue, reading: Reading) -> object:
    # converterror-phrase = "(" "ERROR" SP convert-err-descript SP convert-error-code ")"
    if (
        isinstance(value, tuple)
        and len(value) >= 3
        and isinstance(value[0], Atom)
        and name(value[0]) == "ERROR"
    ):
        return ConvertError(text(value[1]), name(value[2]), value[3:])
    kind = word.partition("[")[0]
    if kind == "BINARY.SIZE":
        return number64(value)
    if kind == "BODYPARTSTRUCTURE":
        return parse_body_structure(value, reading)
    if kind == "AVAILABLECONVERSIONS":
        # Two levels of parentheses tell it from an error.
        lists = members(value, "media types")
        if len(lists) != 1:
            raise ScanError("the media types stand in two pairs of parentheses")
        return tuple(map(text, members(lists[0], "media types")))
    return nstring(value)


def jmap_access(scanner: Scanner) -> JmapAccessResponse:
    """Read what follows JMAPACCESS (:rfc:`9698#section-3`)."""
    url = text(scanner.string())
    scanner.end()
    return JmapAccessResponse(url)
