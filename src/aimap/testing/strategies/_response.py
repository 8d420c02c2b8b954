"""Responses of every kind."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from aimap._model import acl, convert, metadata, quota, response, thread, urlauth
from aimap._model.code import ResponseCode
from aimap._model.mailbox import MailboxStatus
from aimap._model.message import Message
from aimap._model.response import Response
from aimap.testing.strategies._basic import (
    atoms,
    capabilities,
    flags,
    numbers,
    octets,
    raw_values,
    seq_nums,
    texts,
    uid_sets,
    uids,
)
from aimap.testing.strategies._code import response_codes
from aimap.testing.strategies._mailbox import (
    mailbox_infos,
    mailbox_names,
    mailbox_statuses,
    namespaces,
)
from aimap.testing.strategies._message import body_structures, messages
from aimap.testing.strategies._search import (
    esearch_responses,
    search_responses,
    sort_responses,
    thread_responses,
)

_CONDITIONS: tuple[response.Condition, ...] = ("OK", "NO", "BAD")
_RIGHTS = "lrswipkxteacd0123"
_RESOURCES = ("STORAGE", "MESSAGE", "MAILBOX", "ANNOTATION-STORAGE", "X-TIME")
_TAGS = ("de", "en-GB", "i-default", "zh-Hant")
_COMPARATORS = ("i;ascii-casemap", "i;unicode-casemap", "i;octet")
_TYPES = ("text/plain", "image/jpeg", "application/x-a+b", "text/*")
_ENTRIES = ("/comment", "/shared/admin", "/private/vendor/x/é", "/private/a b")


def status_texts() -> SearchStrategy[str]:
    """Return what a status response says to people.

    It does not begin with a bracket, as a response code would, and has no spaces at its
    ends, which are not kept.
    """
    found = texts(lines=False) | st.sampled_from(("done", "ends in {5}", "[x] done"))
    return found.map(lambda text: text.strip(" "))


# Made once: to make strategies costs more than to draw from them.
_CODES = st.none() | response_codes()
_TEXTS = status_texts()


@st.composite
def _statuses(
    draw: st.DrawFn, conditions: tuple[response.Condition, ...]
) -> tuple[response.Condition, ResponseCode | None, str]:
    code = draw(_CODES)
    text = draw(_TEXTS)
    return draw(st.sampled_from(conditions)), code, text if code else text.lstrip("[ ")


@st.composite
def _tagged(draw: st.DrawFn) -> response.TaggedResponse:
    return response.TaggedResponse(draw(_ANY_TAG), *draw(_STATUSES))


_ANY_TAG = st.from_regex(r"[A-Za-z][0-9]{1,6}", fullmatch=True) | atoms(exclude="+")
_STATUSES = _statuses(_CONDITIONS)


def _untagged_statuses() -> SearchStrategy[response.StatusResponse]:
    return _statuses((*_CONDITIONS, "PREAUTH", "BYE")).map(
        lambda status: response.StatusResponse(*status)
    )


# continue-req = "+" SP (resp-text / base64)
def _continuation_requests() -> SearchStrategy[response.ContinuationRequest]:
    found = st.sampled_from((b"", b"AGpvZQBzZWNyZXQ=", b"Ready {5}")) | status_texts().map(
        str.encode
    )
    return found.map(response.ContinuationRequest)


def _unknown() -> SearchStrategy[response.UnknownResponse]:
    arguments = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
    return st.builds(
        response.UnknownResponse,
        st.from_regex(r"X[A-Z0-9_.=-]{2,8}", fullmatch=True),
        st.none() | numbers(),
        # What ends as a literal's header does would need the literal.
        arguments.map(lambda found: re.sub(r"\}$", "", found.strip(" ")).encode()),
    )


def _vanished() -> SearchStrategy[response.VanishedResponse]:
    return st.builds(response.VanishedResponse, uid_sets(min_size=1), st.booleans())


def _rights(*, min_size: int = 0) -> SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(_RIGHTS), min_size=min_size, max_size=5)


def _identifiers() -> SearchStrategy[str]:
    return st.sampled_from(("anyone", "-joe", "$group")) | texts(min_size=1)


def _acls() -> SearchStrategy[acl.AclResponse]:
    return st.builds(
        acl.AclResponse, mailbox_names(), st.dictionaries(_identifiers(), _rights(), max_size=3)
    )


def _list_rights() -> SearchStrategy[acl.ListRightsResponse]:
    optional = st.lists(_rights(min_size=1), max_size=3).map(tuple)
    return st.builds(acl.ListRightsResponse, mailbox_names(), _identifiers(), _rights(), optional)


def _quotas() -> SearchStrategy[quota.QuotaResponse]:
    resource = st.builds(
        quota.QuotaResource, st.sampled_from(_RESOURCES), numbers(bits=63), numbers(bits=63)
    )
    return st.builds(
        quota.QuotaResponse,
        texts(),
        st.lists(resource, max_size=3).map(tuple),
    )


def _quota_roots() -> SearchStrategy[quota.QuotaRootResponse]:
    return st.builds(
        quota.QuotaRootResponse, mailbox_names(), st.lists(texts(), max_size=3).map(tuple)
    )


def _metadata() -> SearchStrategy[metadata.MetadataResponse]:
    mailboxes = st.just("") | mailbox_names()
    values = st.dictionaries(
        st.sampled_from(_ENTRIES), st.none() | octets(nul=True), min_size=1, max_size=3
    )
    changed = st.lists(st.sampled_from(_ENTRIES), min_size=1, max_size=3).map(tuple)
    return st.builds(metadata.MetadataResponse, mailboxes, values) | st.builds(
        metadata.MetadataResponse, mailboxes, st.just(dict[str, "bytes | None"]()), changed
    )


def _some(values: tuple[str, ...], *, min_size: int = 0) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=min_size, max_size=3).map(tuple)


def _ids() -> SearchStrategy[response.IdResponse]:
    return st.dictionaries(texts(), st.none() | texts(), max_size=3).map(response.IdResponse)


def _urls() -> SearchStrategy[str]:
    return texts(min_size=1).map("imap://joe@example.com/INBOX/;uid=20/{}".format)


def _fetched_urls() -> SearchStrategy[urlauth.UrlFetchResponse]:
    one = st.builds(
        urlauth.FetchedUrl,
        url=_urls(),
        body=st.none() | octets(),
        binary=st.none() | octets(nul=True),
        structure=st.none() | body_structures(),
    )
    return st.lists(one, min_size=1, max_size=2).map(
        lambda found: urlauth.UrlFetchResponse(tuple(found))
    )


_CONVERT_ERRORS = st.builds(
    convert.ConvertError,
    texts(),
    st.sampled_from(("TEMPFAIL", "BADPARAMETERS", "MISSINGPARAMETERS")),
    st.lists(raw_values(), max_size=2).map(tuple),
)
_CONVERSIONS: dict[str, SearchStrategy[object]] = {
    "BINARY[1]": _CONVERT_ERRORS | st.none() | octets(nul=True),
    "BINARY.SIZE[1]": _CONVERT_ERRORS | numbers(),
    "BODYPARTSTRUCTURE[1.2]": _CONVERT_ERRORS | body_structures(),
    "AVAILABLECONVERSIONS[1.2]": _CONVERT_ERRORS | _some(_TYPES),
}


@st.composite
def _converted(draw: st.DrawFn) -> convert.ConvertedResponse:
    keys = draw(st.lists(st.sampled_from(sorted(_CONVERSIONS)), min_size=1, unique=True))
    return convert.ConvertedResponse(
        draw(seq_nums()),
        draw(atoms(exclude="+")),
        draw(st.none() | uids()),
        {key: draw(_CONVERSIONS[key]) for key in keys},
    )


RESPONSES: dict[type, Callable[[], SearchStrategy[Response]]] = {
    response.TaggedResponse: _tagged,
    response.StatusResponse: _untagged_statuses,
    response.ContinuationRequest: _continuation_requests,
    response.CapabilityResponse: lambda: capabilities().map(response.CapabilityResponse),
    response.EnabledResponse: lambda: capabilities().map(response.EnabledResponse),
    response.FlagsResponse: lambda: flags().map(response.FlagsResponse),
    response.ExistsResponse: lambda: numbers().map(response.ExistsResponse),
    response.RecentResponse: lambda: numbers().map(response.RecentResponse),
    response.ExpungeResponse: lambda: seq_nums().map(response.ExpungeResponse),
    response.VanishedResponse: _vanished,
    Message: messages,
    response.SearchResponse: search_responses,
    response.SortResponse: sort_responses,
    response.ESearchResponse: esearch_responses,
    thread.ThreadResponse: thread_responses,
    response.IdResponse: _ids,
    response.NamespaceResponse: lambda: namespaces().map(response.NamespaceResponse),
    response.ListResponse: lambda: mailbox_infos().map(response.ListResponse),
    response.LsubResponse: lambda: mailbox_infos().map(response.LsubResponse),
    response.XListResponse: lambda: mailbox_infos().map(response.XListResponse),
    MailboxStatus: mailbox_statuses,
    acl.AclResponse: _acls,
    acl.ListRightsResponse: _list_rights,
    acl.MyRightsResponse: lambda: st.builds(acl.MyRightsResponse, mailbox_names(), _rights()),
    quota.QuotaResponse: _quotas,
    quota.QuotaRootResponse: _quota_roots,
    metadata.MetadataResponse: _metadata,
    response.LanguageResponse: lambda: _some(_TAGS, min_size=1).map(response.LanguageResponse),
    response.ComparatorResponse: lambda: st.builds(
        response.ComparatorResponse, st.sampled_from(_COMPARATORS), _some(_COMPARATORS)
    ),
    response.JmapAccessResponse: lambda: st.sampled_from(("session", "a/b?c=%20")).map(
        lambda path: response.JmapAccessResponse(f"https://example.com/{path}")
    ),
    urlauth.GenUrlAuthResponse: lambda: st.lists(_urls(), min_size=1, max_size=2).map(
        lambda found: urlauth.GenUrlAuthResponse(tuple(found))
    ),
    urlauth.UrlFetchResponse: _fetched_urls,
    convert.ConversionResponse: lambda: st.builds(
        convert.ConversionResponse,
        st.sampled_from(_TYPES),
        st.sampled_from(_TYPES),
        _some(("charset", "pix-x", "a b%")),
    ),
    convert.ConvertedResponse: _converted,
    response.UnknownResponse: _unknown,
}
"""The strategy of each kind of response; all but :class:`aimap.Unparsed`, which none may send."""


def responses(kind: type[Response] | None = None) -> SearchStrategy[Response]:
    """Return responses.

    Args:
        kind: only those of one class, such as :class:`aimap.ListResponse`.
    """
    if kind is not None:
        return RESPONSES[kind]()
    return st.one_of([make() for make in RESPONSES.values()])
