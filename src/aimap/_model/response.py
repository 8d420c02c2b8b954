"""What a server says, one value for each kind of response (:rfc:`9051#section-7`).

A FETCH response is a :class:`aimap.Message`; a STATUS response is a
:class:`aimap.MailboxStatus`; everything else is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, final

import attrs

from aimap._model.acl import AclResponse, ListRightsResponse, MyRightsResponse
from aimap._model.capability import Capabilities
from aimap._model.code import ResponseCode
from aimap._model.convert import ConversionResponse, ConvertedResponse
from aimap._model.flag import Flags
from aimap._model.mailbox import MailboxInfo, MailboxStatus, Namespaces
from aimap._model.message import Message
from aimap._model.metadata import MetadataResponse
from aimap._model.numbers import ModSeq, SeqNum, SeqSet, UIDSet, UIDValidity
from aimap._model.quota import QuotaResponse, QuotaRootResponse
from aimap._model.raw import RawValue
from aimap._model.thread import ThreadResponse
from aimap._model.urlauth import GenUrlAuthResponse, UrlFetchResponse

Condition: TypeAlias = Literal["OK", "NO", "BAD", "PREAUTH", "BYE"]
"""The word of a status response (:rfc:`9051#section-7.1`)."""


@final
@attrs.frozen
class TaggedResponse:
    """The end of a command (:rfc:`9051#section-7.1`): ``A1 OK [CODE] text``.

    Attributes:
        tag: that of the command.
        condition: ``"OK"``, ``"NO"`` or ``"BAD"``.
        code: what programs look at, if there is any.
        text: for people, in any language.
    """

    tag: str
    condition: Condition
    code: ResponseCode | None
    text: str


@final
@attrs.frozen
class StatusResponse:
    """An untagged OK, NO, BAD, PREAUTH or BYE (:rfc:`9051#section-7.1`).

    Attributes:
        condition: which of them.
        code: what programs look at, if there is any.
        text: for people, in any language.
    """

    condition: Condition
    code: ResponseCode | None
    text: str


@final
@attrs.frozen
class ContinuationRequest:
    """``+ text``: the server waits for the rest of a command (:rfc:`9051#section-7.6`).

    Attributes:
        data: what stands behind the plus sign, undecoded (base64 in AUTHENTICATE).
    """

    data: bytes


@final
@attrs.frozen
class CapabilityResponse:
    """``* CAPABILITY`` (:rfc:`9051#section-7.2.2`)."""

    capabilities: Capabilities


@final
@attrs.frozen
class EnabledResponse:
    """``* ENABLED`` (:rfc:`5161#section-3.2`)."""

    capabilities: Capabilities


@final
@attrs.frozen
class FlagsResponse:
    """``* FLAGS`` (:rfc:`9051#section-7.3.5`): the flags that exist in the selected mailbox."""

    flags: Flags


@final
@attrs.frozen
class ExistsResponse:
    """``* n EXISTS`` (:rfc:`9051#section-7.4.1`): the number of messages in the mailbox."""

    count: int


@final
@attrs.frozen
class RecentResponse:
    """``* n RECENT`` (:rfc:`3501#section-7.3.2`)."""

    count: int


@final
@attrs.frozen
class ExpungeResponse:
    """``* n EXPUNGE`` (:rfc:`9051#section-7.5.1`): it is gone, and higher numbers are one less."""

    seq: SeqNum


@final
@attrs.frozen
class VanishedResponse:
    """``* VANISHED`` (:rfc:`7162#section-3.2.10`).

    Attributes:
        uids: the UIDs that are gone.
        earlier: whether they went before this session saw the mailbox.
    """

    uids: UIDSet
    earlier: bool


@final
@attrs.frozen
class SearchResponse:
    """``* SEARCH`` (:rfc:`3501#section-7.2.5`): sequence numbers or UIDs, as the command asked.

    Attributes:
        numbers: in the order sent.
        modseq: the highest mod-sequence among them, where the search asked for it.
    """

    numbers: tuple[int, ...]
    modseq: ModSeq | None = None


@final
@attrs.frozen
class SortResponse:
    """``* SORT`` (:rfc:`5256#section-4`): sequence numbers or UIDs, as the command asked.

    Attributes:
        numbers: in the order asked for.
        modseq: the highest mod-sequence among them (:rfc:`7162#section-3.1.6`).
    """

    numbers: tuple[int, ...]
    modseq: ModSeq | None = None


Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Message numbers as ranges in the order sent, which a sorted result needs; a range may descend."""


@final
@attrs.frozen
class PartialResult:
    """A window of a search's results (:rfc:`9394#section-3.1`, :rfc:`5267#section-4.4`).

    Attributes:
        first: where the window begins, counted from 1; from the end if negative.
        last: where it ends.
        order: what is in it, in the order sent.
    """

    first: int
    last: int
    order: Ranges


@final
@attrs.frozen
class ContextChange:
    """Messages that came into, or left, a search's results (:rfc:`5267#section-4.3`).

    Attributes:
        position: where in the results, counted from 1; 0 for anywhere.
        order: the messages, in the order sent.
    """

    position: int
    order: Ranges


@final
@attrs.frozen
class ESearchResponse:
    """``* ESEARCH`` (:rfc:`9051#section-7.3.4`, :rfc:`4731#section-3.1`).

    Attributes:
        tag: the tag of the command that it answers, or ``None``.
        uid: whether numbers are UIDs.
        all: the messages found, if asked for and not none.
        min: the lowest of them.
        max: the highest.
        count: how many.
        modseq: the highest mod-sequence of what is told (:rfc:`4731#section-3.2`).
        order: what is in ``all`` in the order sent, as SORT gives it (:rfc:`5267#section-3`).
        partial: a window of the results.
        added: what came into the results of a search that is updated.
        removed: what left them.
        relevancy: a score from 1 to 100 for each result (:rfc:`6203#section-4`).
        mailbox: which mailbox this is about (:rfc:`7377#section-2.1`), or ``None``.
        uid_validity: that mailbox's UIDVALIDITY.
        extensions: further data by name in upper case, raw.
    """

    tag: str | None
    uid: bool
    all: UIDSet | SeqSet | None = None
    min: int | None = None
    max: int | None = None
    count: int | None = None
    modseq: ModSeq | None = None
    order: Ranges = attrs.field(default=(), kw_only=True)
    partial: PartialResult | None = attrs.field(default=None, kw_only=True)
    added: tuple[ContextChange, ...] = attrs.field(default=(), kw_only=True)
    removed: tuple[ContextChange, ...] = attrs.field(default=(), kw_only=True)
    relevancy: tuple[int, ...] = attrs.field(default=(), kw_only=True)
    mailbox: str | None = attrs.field(default=None, kw_only=True)
    uid_validity: UIDValidity | None = attrs.field(default=None, kw_only=True)
    extensions: Mapping[str, RawValue] = attrs.field(factory=dict[str, RawValue], kw_only=True)


@final
@attrs.frozen
class LanguageResponse:
    """``* LANGUAGE`` (:rfc:`5255#section-3.3`): the language in use, or those there are."""

    tags: tuple[str, ...]


@final
@attrs.frozen
class ComparatorResponse:
    """``* COMPARATOR`` (:rfc:`5255#section-4.8`).

    Attributes:
        active: the comparator in use.
        matching: those that the command's patterns matched.
    """

    active: str
    matching: tuple[str, ...] = ()


@final
@attrs.frozen
class JmapAccessResponse:
    """``* JMAPACCESS`` (:rfc:`9698#section-3`): where the account is served by JMAP.

    The URL comes from the server: look at it before you follow it. aimap never does.
    """

    url: str


@final
@attrs.frozen
class IdResponse:
    """``* ID``: who the server says that it is (:rfc:`2971#section-3.2`)."""

    fields: Mapping[str, str | None]


@final
@attrs.frozen
class NamespaceResponse:
    """``* NAMESPACE`` (:rfc:`9051#section-7.3.3`)."""

    namespaces: Namespaces


@final
@attrs.frozen
class ListResponse:
    """``* LIST`` (:rfc:`9051#section-7.3.1`)."""

    mailbox: MailboxInfo


@final
@attrs.frozen
class LsubResponse:
    """``* LSUB`` (:rfc:`3501#section-7.2.3`)."""

    mailbox: MailboxInfo


@final
@attrs.frozen
class XListResponse:
    """``* XLIST``: Gmail's LIST with special uses, from before :rfc:`6154`."""

    mailbox: MailboxInfo


@final
@attrs.frozen
class UnknownResponse:
    """A well-formed untagged response of a kind that aimap does not know.

    Attributes:
        name: its keyword, in upper case.
        number: the number before the keyword, or ``None``.
        arguments: what follows, undecoded, literals included.
    """

    name: str
    number: int | None
    arguments: bytes


@final
@attrs.frozen
class Unparsed:
    """A response that could not be read. It costs itself, never the connection.

    Attributes:
        raw: the whole response as it came, without its last CRLF.
        reason: what was wrong.
    """

    raw: bytes
    reason: str


Untagged: TypeAlias = (
    StatusResponse
    | CapabilityResponse
    | EnabledResponse
    | FlagsResponse
    | ExistsResponse
    | RecentResponse
    | ExpungeResponse
    | VanishedResponse
    | Message
    | SearchResponse
    | ESearchResponse
    | IdResponse
    | NamespaceResponse
    | ListResponse
    | LsubResponse
    | XListResponse
    | MailboxStatus
    | SortResponse
    | ThreadResponse
    | AclResponse
    | ListRightsResponse
    | MyRightsResponse
    | QuotaResponse
    | QuotaRootResponse
    | MetadataResponse
    | LanguageResponse
    | ComparatorResponse
    | GenUrlAuthResponse
    | UrlFetchResponse
    | ConversionResponse
    | ConvertedResponse
    | JmapAccessResponse
    | UnknownResponse
    | Unparsed
)

Response: TypeAlias = TaggedResponse | ContinuationRequest | Untagged
