"""What a server says, one value for each kind of response (:rfc:`9051#section-7`).

A FETCH response is a :class:`aimap.Message`; a STATUS response is a
:class:`aimap.MailboxStatus`; everything else is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, final

import attrs

from aimap._model.capability import Capabilities
from aimap._model.code import ResponseCode
from aimap._model.flag import Flags
from aimap._model.mailbox import MailboxInfo, MailboxStatus, Namespaces
from aimap._model.message import Message
from aimap._model.numbers import ModSeq, SeqNum, SeqSet, UIDSet

Condition: TypeAlias = Literal["OK", "NO", "BAD", "PREAUTH", "BYE"]
"""The word of a status response (:rfc:`9051#section-7.1`)."""


@final
@attrs.frozen
class TaggedResponse:
    """The end of a command: ``A1 OK [CODE] text``."""

    tag: str
    condition: Condition
    code: ResponseCode | None
    text: str


@final
@attrs.frozen
class StatusResponse:
    """An untagged OK, NO, BAD, PREAUTH or BYE."""

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
    """``* CAPABILITY``."""

    capabilities: Capabilities


@final
@attrs.frozen
class EnabledResponse:
    """``* ENABLED`` (:rfc:`5161#section-3.2`)."""

    capabilities: Capabilities


@final
@attrs.frozen
class FlagsResponse:
    """``* FLAGS``: the flags that exist in the selected mailbox."""

    flags: Flags


@final
@attrs.frozen
class ExistsResponse:
    """``* n EXISTS``: the number of messages in the selected mailbox."""

    count: int


@final
@attrs.frozen
class RecentResponse:
    """``* n RECENT`` (:rfc:`3501#section-7.3.2`)."""

    count: int


@final
@attrs.frozen
class ExpungeResponse:
    """``* n EXPUNGE``: that message is gone, and every higher number is one less."""

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
    """``* SEARCH``: sequence numbers or UIDs, as the command asked.

    Attributes:
        numbers: in the order sent.
        modseq: the highest mod-sequence among them, where the search asked for it.
    """

    numbers: tuple[int, ...]
    modseq: ModSeq | None = None


@final
@attrs.frozen
class ESearchResponse:
    """``* ESEARCH`` (:rfc:`4731#section-3.1`).

    Attributes:
        tag: the tag of the command that it answers, or ``None``.
        uid: whether the numbers are UIDs.
        all: the messages found, if they were asked for and there are any.
        min: the lowest number found, or ``None``.
        max: the highest number found, or ``None``.
        count: how many were found, or ``None``.
        modseq: the highest mod-sequence among them, or ``None``.
        extensions: other data, by name in upper case, raw.
    """

    tag: str | None
    uid: bool
    all: UIDSet | SeqSet | None = None
    min: int | None = None
    max: int | None = None
    count: int | None = None
    modseq: ModSeq | None = None
    extensions: Mapping[str, object] = attrs.field(factory=dict[str, object])


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
    | MailboxStatus
    | UnknownResponse
    | Unparsed
)

Response: TypeAlias = TaggedResponse | ContinuationRequest | Untagged
