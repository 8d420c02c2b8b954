"""Typed values to octets, as a server writes them.

This is the reverse of :func:`aimap.parse_response`, and knows nothing of how that works:
it follows the grammar of the RFCs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, TypeAlias, cast

from aimap._model import acl, convert, metadata, quota, response, thread, urlauth
from aimap._model.code import ResponseCode
from aimap._model.mailbox import MailboxInfo, MailboxStatus, NamespaceInfo
from aimap._model.message import Message
from aimap._model.response import Response
from aimap.testing import _write_message
from aimap.testing._pen import Pen
from aimap.testing._write_code import response_code

_Writer: TypeAlias = Callable[[Pen, Any], Iterable[bytes]]


def write_response(value: Response, *, freedom: Random | None = None, utf8: bool = False) -> bytes:
    r"""Write a response as a server would send it.

    ::

        >>> write_response(aimap.ExistsResponse(23))
        b'* 23 EXISTS\r\n'

    Args:
        value: a legal value; what no server may send, such as an address without a host,
            is written as well as can be.
        freedom: makes the choices that the grammar leaves to servers: quoted string,
            literal or atom, upper or lower case, the order of items. Without it, all is
            written in one plain form.
        utf8: write as after ``ENABLE IMAP4rev2`` or ``ENABLE UTF8=ACCEPT``: mailbox names
            in UTF-8, and UTF-8 in quoted strings.

    Returns:
        The whole response, with its last CRLF.

    Raises:
        ValueError: if the value holds what cannot be written, such as NUL in a string.
        TypeError: if it is not a response.
    """
    pen = Pen(freedom, utf8=utf8)
    if isinstance(value, response.Unparsed):
        return value.raw + b"\r\n"
    if isinstance(value, Message):
        return _write_message.message(pen, value) + b"\r\n"
    words = _numbered(pen, value) or _status(pen, value)
    if words is None:
        word, writer = _named(value)
        words = [b"*", pen.keyword(word), *writer(pen, value)]
    return b" ".join(words) + b"\r\n"


def _named(value: Response) -> tuple[str, _Writer]:
    found = _WRITERS.get(type(value))
    if found is None:
        raise TypeError(f"not a response: {value!r}")
    return found


def _numbered(pen: Pen, value: Response) -> list[bytes] | None:
    """Write a response with a number before its keyword."""
    match value:
        case response.ExistsResponse():
            return [b"*", b"%d" % value.count, pen.keyword("EXISTS")]
        case response.RecentResponse():
            return [b"*", b"%d" % value.count, pen.keyword("RECENT")]
        case response.ExpungeResponse():
            return [b"*", b"%d" % value.seq, pen.keyword("EXPUNGE")]
        case convert.ConvertedResponse():
            return [b"*", b"%d" % value.seq, pen.keyword("CONVERTED"), *_converted(pen, value)]
        case response.UnknownResponse():
            number = [] if value.number is None else [b"%d" % value.number]
            arguments = [value.arguments] if value.arguments else []
            return [b"*", *number, pen.keyword(value.name), *arguments]
        case _:
            return None


def _status(pen: Pen, value: Response) -> list[bytes] | None:
    """Write a status response, or a continuation request."""
    match value:
        case response.TaggedResponse():
            start = value.tag.encode("ascii")
        case response.StatusResponse():
            start = b"*"
        case response.ContinuationRequest():
            return [b"+", value.data]
        case _:
            return None
    return [start, pen.keyword(value.condition), *_resp_text(pen, value.code, value.text)]


# resp-text = ["[" resp-text-code "]" SP] [text]
def _resp_text(pen: Pen, code: ResponseCode | None, text: str) -> list[bytes]:
    written = [] if code is None else [b"[" + response_code(pen, code) + b"]"]
    return [*written, text.encode()]


# capability-data = "CAPABILITY" *(SP capability) SP "IMAP4rev2" *(SP capability)
def _capabilities(
    pen: Pen, value: response.CapabilityResponse | response.EnabledResponse
) -> Iterable[bytes]:
    return [name.encode("ascii") for name in value.capabilities]


def _flags(pen: Pen, value: response.FlagsResponse) -> Iterable[bytes]:
    return [_write_message.flags(pen, value.flags)]


# expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids (RFC 7162)
def _vanished(pen: Pen, value: response.VanishedResponse) -> Iterable[bytes]:
    earlier = [b"(%b)" % pen.keyword("EARLIER")] if value.earlier else []
    return [*earlier, pen.numbers(value.uids.ranges)]


# search = "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]
def _search(pen: Pen, value: response.SearchResponse | response.SortResponse) -> Iterable[bytes]:
    modseq = [] if value.modseq is None else [b"(%b %d)" % (pen.keyword("MODSEQ"), value.modseq)]
    return [*(b"%d" % number for number in value.numbers), *modseq]


# thread-data = "THREAD" [SP 1*thread-list]
def _thread(pen: Pen, value: thread.ThreadResponse) -> Iterable[bytes]:
    return [b"".join(map(_thread_list, value.threads))] if value.threads else []


# thread-list = "(" (thread-members / thread-nested) ")"
# thread-members = nz-number *(SP nz-number) [SP thread-nested]
def _thread_list(value: thread.Thread) -> bytes:
    parts = [b"%d" % number for number in value.members]
    if value.branches:
        parts.append(b"".join(map(_thread_list, value.branches)))
    return b"(" + b" ".join(parts) + b")"


# esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
def _esearch(pen: Pen, value: response.ESearchResponse) -> Iterable[bytes]:
    correlators: list[bytes] = []
    if value.tag is not None:
        correlators.append(pen.keyword("TAG") + b" " + pen.atext(value.tag))
    if value.mailbox is not None:
        correlators.append(pen.keyword("MAILBOX") + b" " + pen.mailbox(value.mailbox))
    if value.uid_validity is not None:
        correlators.append(b"%b %d" % (pen.keyword("UIDVALIDITY"), value.uid_validity))
    start = [pen.parenthesised(pen.order(correlators))] if correlators else []
    if value.uid:
        start.append(pen.keyword("UID"))
    data = [pen.keyword(name) + b" " + written for name, written in _returned(pen, value)]
    return [*start, *pen.order(data)]


def _returned(pen: Pen, value: response.ESearchResponse) -> Iterable[tuple[str, bytes]]:
    numbers = (
        ("MIN", value.min),
        ("MAX", value.max),
        ("COUNT", value.count),
        ("MODSEQ", value.modseq),
    )
    for name, number in numbers:
        if number is not None:
            yield name, b"%d" % number
    if value.all is not None:
        yield "ALL", pen.numbers(value.order)
    if value.partial is not None:
        window = b"%d:%d" % (value.partial.first, value.partial.last)
        order = value.partial.order
        yield "PARTIAL", b"(%b %b)" % (window, pen.numbers(order) if order else pen.nil())
    for name, changes in (("ADDTO", value.added), ("REMOVEFROM", value.removed)):
        if changes:
            yield (
                name,
                pen.parenthesised(
                    b"%d %b" % (each.position, pen.numbers(each.order)) for each in changes
                ),
            )
    if value.relevancy:
        yield "RELEVANCY", pen.parenthesised(b"%d" % score for score in value.relevancy)
    for name, further in value.extensions.items():
        yield name, pen.raw(further)


# id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil (RFC 2971)
def _id(pen: Pen, value: response.IdResponse) -> Iterable[bytes]:
    if not value.fields:
        return [pen.choose(pen.nil(), b"()")]
    return [
        pen.parenthesised(
            pen.text(name) + b" " + pen.nstring(None if content is None else content.encode())
            for name, content in value.fields.items()
        )
    ]


# namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace
# namespace = nil / "(" 1*namespace-descr ")"
def _namespaces(pen: Pen, value: response.NamespaceResponse) -> Iterable[bytes]:
    found = value.namespaces
    for kind in (found.personal, found.other, found.shared):
        yield (
            pen.parenthesised((_namespace(pen, each) for each in kind), separator=b"")
            if kind
            else pen.nil()
        )


# namespace-descr = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil)
#                   [namespace-response-extensions] ")"
def _namespace(pen: Pen, value: NamespaceInfo) -> bytes:
    prefix = pen.string(pen.mailbox_octets(value.prefix))
    fields = [prefix, pen.delimiter(value.delimiter)]
    further = [
        pen.text(name) + b" " + pen.parenthesised(map(pen.text, values))
        for name, values in value.extensions.items()
    ]
    if value.translation is not None:
        translation = pen.string(pen.mailbox_octets(value.translation))
        further.append(b'"%b" (%b)' % (pen.keyword("TRANSLATION"), translation))
    return pen.parenthesised([*fields, *pen.order(further)])


# mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
#                [SP mbox-list-extended]
def _list(
    pen: Pen, value: response.ListResponse | response.LsubResponse | response.XListResponse
) -> Iterable[bytes]:
    info = value.mailbox
    return [
        _write_message.flags(pen, info.attributes),
        pen.delimiter(info.delimiter),
        pen.mailbox(info.name),
        *_list_extended(pen, info),
    ]


# mbox-list-extended-item = mbox-list-extended-item-tag SP tagged-ext-val
def _list_extended(pen: Pen, info: MailboxInfo) -> Iterable[bytes]:
    items = [
        pen.astring(pen.keyword(tag)) + b" " + pen.raw(value)
        for tag, value in info.extended.items()
    ]
    if info.child_info:
        # The options always stand in quotes (RFC 9051 section 9).
        options = pen.parenthesised(pen.quoted(pen.keyword(word)) for word in info.child_info)
        items.append(pen.astring(pen.keyword("CHILDINFO")) + b" " + options)
    if info.old_name is not None:
        old_name = b"(%b)" % pen.mailbox(info.old_name)
        items.append(pen.astring(pen.keyword("OLDNAME")) + b" " + old_name)
    return [pen.parenthesised(pen.order(items))] if items else pen.choose([], [b"()"])


# mailbox-data = "STATUS" SP mailbox SP "(" [status-att-list] ")"
def _mailbox_status(pen: Pen, value: MailboxStatus) -> Iterable[bytes]:
    items = (
        pen.keyword(name) + b" " + _status_value(pen, each)
        for name, each in pen.order(value.items.items())
    )
    return [pen.mailbox(value.mailbox), pen.parenthesised(items)]


def _status_value(pen: Pen, value: object) -> bytes:
    if value is None:
        return pen.nil()
    if isinstance(value, str):
        return b"(%b)" % value.encode("ascii")
    return b"%d" % cast("int", value)


# acl-data = "ACL" SP mailbox *(SP identifier SP rights) (RFC 4314)
def _acl(pen: Pen, value: acl.AclResponse) -> Iterable[bytes]:
    return [
        pen.mailbox(value.mailbox),
        *(
            pen.atext(who) + b" " + _rights(pen, rights)
            for who, rights in pen.order(value.rights.items())
        ),
    ]


def _rights(pen: Pen, value: frozenset[str]) -> bytes:
    return pen.atext("".join(pen.order(sorted(value))))


# listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
def _list_rights(pen: Pen, value: acl.ListRightsResponse) -> Iterable[bytes]:
    rights = (_rights(pen, each) for each in (value.required, *value.optional))
    return [pen.mailbox(value.mailbox), pen.atext(value.identifier), *rights]


# myrights-data = "MYRIGHTS" SP mailbox SP rights
def _my_rights(pen: Pen, value: acl.MyRightsResponse) -> Iterable[bytes]:
    return [pen.mailbox(value.mailbox), _rights(pen, value.rights)]


# quota-response = "QUOTA" SP quota-root-name SP quota-list (RFC 9208)
def _quota(pen: Pen, value: quota.QuotaResponse) -> Iterable[bytes]:
    resources = (
        b"%b %d %d" % (pen.keyword(each.name), each.usage, each.limit) for each in value.resources
    )
    return [pen.atext(value.root), pen.parenthesised(resources)]


# quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
def _quota_root(pen: Pen, value: quota.QuotaRootResponse) -> Iterable[bytes]:
    return [pen.mailbox(value.mailbox), *map(pen.atext, value.roots)]


# metadata-resp = "METADATA" SP mailbox SP (entry-values / entry-list) (RFC 5464)
def _metadata(pen: Pen, value: metadata.MetadataResponse) -> Iterable[bytes]:
    mailbox = pen.mailbox(value.mailbox)
    if value.changed:
        return [mailbox, *map(pen.atext, value.changed)]
    entries = (
        pen.atext(entry) + b" " + pen.nstring8(content)
        for entry, content in pen.order(value.values.items())
    )
    return [mailbox, pen.parenthesised(entries)]


# language-data = "LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")" (RFC 5255)
def _language(pen: Pen, value: response.LanguageResponse) -> Iterable[bytes]:
    return [pen.parenthesised(map(pen.atext, value.tags))]


# comparator-data = "COMPARATOR" SP comp-sel-quoted [SP "(" comp-id-quoted
#                   *(SP comp-id-quoted) ")"] (RFC 5255)
def _comparator(pen: Pen, value: response.ComparatorResponse) -> Iterable[bytes]:
    matching = [pen.parenthesised(map(pen.atext, value.matching))] if value.matching else []
    return [pen.atext(value.active), *matching]


# genurlauth-data = "*" SP "GENURLAUTH" 1*(SP url-full) (RFC 4467)
def _gen_url_auth(pen: Pen, value: urlauth.GenUrlAuthResponse) -> Iterable[bytes]:
    return map(pen.atext, value.urls)


# urlfetch-data = "*" SP "URLFETCH" 1*(SP url-full SP nstring) (RFC 4467), or, behind the
# URL, lists of an item's name and its value (RFC 5524)
def _url_fetch(pen: Pen, value: urlauth.UrlFetchResponse) -> Iterable[bytes]:
    for each in value.urls:
        yield pen.atext(each.url)
        if each.binary is None and each.structure is None and pen.choose(True, False):
            yield pen.nstring(each.body)
            continue
        items: list[bytes] = []
        if each.body is not None or (each.binary, each.structure) == (None, None):
            items.append(pen.keyword("BODY") + b" " + pen.nstring(each.body))
        if each.binary is not None:
            items.append(pen.keyword("BINARY") + b" " + pen.nstring8(each.binary))
        if each.structure is not None:
            structure = _write_message.body(pen, each.structure)
            items.append(pen.keyword("BODYPARTSTRUCTURE") + b" " + structure)
        for written in pen.order(items):
            yield b"(%b)" % written


# conversion-data = "CONVERSION" SP quoted-from-mime-type SP quoted-to-mime-type
#                   [SP "(" transcoding-param-name *(SP transcoding-param-name) ")"] (RFC 5259)
def _conversion(pen: Pen, value: convert.ConversionResponse) -> Iterable[bytes]:
    types = [pen.quoted(each.encode()) for each in (value.source, value.target)]
    names = [pen.parenthesised(map(pen.atext, value.parameters))] if value.parameters else []
    return [*types, *names]


# message-data =/ nz-number SP "CONVERTED" SP convert-correlator SP convert-msg-attrs
def _converted(pen: Pen, value: convert.ConvertedResponse) -> Iterable[bytes]:
    # "UID" MUST be the first data item, if present.
    items = [] if value.uid is None else [b"%b %d" % (pen.keyword("UID"), value.uid)]
    items += [_converted_item(pen, *each) for each in pen.order(value.items.items())]
    return [b"(%b %b)" % (pen.keyword("TAG"), pen.text(value.tag)), pen.parenthesised(items)]


def _converted_item(pen: Pen, key: str, value: object) -> bytes:
    word, bracket, rest = key.partition("[")
    name = pen.keyword(word) + (bracket + rest).encode("ascii") + b" "
    if isinstance(value, convert.ConvertError):
        # converterror-phrase = "(" "ERROR" SP convert-err-descript SP convert-error-code ")"
        fields = [pen.keyword("ERROR"), pen.text(value.text), pen.keyword(value.code)]
        return name + pen.parenthesised([*fields, *map(pen.raw, value.arguments)])
    if word == "BODYPARTSTRUCTURE":
        return name + _write_message.body(pen, cast("Any", value))
    if word == "AVAILABLECONVERSIONS":
        types = (pen.quoted(each.encode()) for each in cast("tuple[str, ...]", value))
        # Two levels of parentheses tell it from an error.
        return name + b"(%b)" % pen.parenthesised(types)
    return _write_message.item(pen, key, value)


def _jmap_access(pen: Pen, value: response.JmapAccessResponse) -> Iterable[bytes]:
    return [pen.quoted(value.url.encode())]


_WRITERS: dict[type, tuple[str, _Writer]] = {
    response.CapabilityResponse: ("CAPABILITY", _capabilities),
    response.EnabledResponse: ("ENABLED", _capabilities),
    response.FlagsResponse: ("FLAGS", _flags),
    response.VanishedResponse: ("VANISHED", _vanished),
    response.SearchResponse: ("SEARCH", _search),
    response.SortResponse: ("SORT", _search),
    response.ESearchResponse: ("ESEARCH", _esearch),
    response.IdResponse: ("ID", _id),
    response.NamespaceResponse: ("NAMESPACE", _namespaces),
    response.ListResponse: ("LIST", _list),
    response.LsubResponse: ("LSUB", _list),
    response.XListResponse: ("XLIST", _list),
    response.LanguageResponse: ("LANGUAGE", _language),
    response.ComparatorResponse: ("COMPARATOR", _comparator),
    response.JmapAccessResponse: ("JMAPACCESS", _jmap_access),
    MailboxStatus: ("STATUS", _mailbox_status),
    thread.ThreadResponse: ("THREAD", _thread),
    acl.AclResponse: ("ACL", _acl),
    acl.ListRightsResponse: ("LISTRIGHTS", _list_rights),
    acl.MyRightsResponse: ("MYRIGHTS", _my_rights),
    quota.QuotaResponse: ("QUOTA", _quota),
    quota.QuotaRootResponse: ("QUOTAROOT", _quota_root),
    metadata.MetadataResponse: ("METADATA", _metadata),
    urlauth.GenUrlAuthResponse: ("GENURLAUTH", _gen_url_auth),
    urlauth.UrlFetchResponse: ("URLFETCH", _url_fetch),
    convert.ConversionResponse: ("CONVERSION", _conversion),
}
