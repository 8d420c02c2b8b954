"""An IMAP client for Trio: pipelined, typed, safe to cancel.

::

    async with aimap.connect("imap.example.org", auth=aimap.Password("joe", secret)) as imap:
        async with imap.select("INBOX") as inbox:
            unread = await inbox.search(UNSEEN)
"""

from types import FunctionType

from aimap import commands as commands
from aimap import criteria as criteria
from aimap import items as items
from aimap import sync as sync
from aimap._client.auth import Auth, OAuth, Password
from aimap._client.client import Client
from aimap._client.connect import connect
from aimap._client.driver import CommandFuture
from aimap._client.fetching import FetchResult, FetchStream
from aimap._client.mailbox import Mailbox
from aimap._client.timeouts import Timeouts
from aimap._client.watching import Watcher
from aimap._errors import (
    AuthenticationError,
    BadError,
    ByeError,
    CapabilityError,
    CommandError,
    ConnectionLostError,
    ImapError,
    InvalidArgumentError,
    LimitExceededError,
    LocalProtocolError,
    NoError,
    NotFetchedError,
    RemoteProtocolError,
    StateError,
)
from aimap._model.body import BodyStructure, Disposition
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
from aimap._model.envelope import Address, Envelope, Group
from aimap._model.event import Arrived, Expunged, FlagsChanged, WatchEvent
from aimap._model.fetch import (
    BODY,
    BODY_PEEK,
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    INTERNALDATE,
    MODSEQ,
    RFC822_SIZE,
    FetchItem,
)
from aimap._model.flag import Flag, Flags
from aimap._model.limits import Limits
from aimap._model.mailbox import MailboxInfo, MailboxStatus, NamespaceInfo, Namespaces
from aimap._model.message import Invalid, Message
from aimap._model.numbers import UID, ModSeq, SeqNum, SeqSet, UIDSet, UIDValidity
from aimap._model.response import (
    CapabilityResponse,
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
    Untagged,
    VanishedResponse,
)
from aimap._model.search import (
    ALL,
    ANSWERED,
    BCC,
    BEFORE,
    BODY_TEXT,
    CC,
    DELETED,
    DRAFT,
    FLAGGED,
    FROM,
    HEADER,
    IN,
    KEYWORD,
    LARGER,
    MODSEQ_SINCE,
    NEW,
    OLD,
    OLDER,
    ON,
    RECENT,
    SEEN,
    SENTBEFORE,
    SENTON,
    SENTSINCE,
    SINCE,
    SMALLER,
    SUBJECT,
    TEXT,
    TO,
    UNANSWERED,
    UNDELETED,
    UNDRAFT,
    UNFLAGGED,
    UNKEYWORD,
    UNSEEN,
    YOUNGER,
    SearchCriteria,
    SearchKey,
)
from aimap._model.state import ConnectionState
from aimap._protocol.session import SessionCounters
from aimap._wire.parse_response import parse_response

__version__ = "0.1.0"

__all__ = [
    "ALL",
    "ANSWERED",
    "BCC",
    "BEFORE",
    "BODY",
    "BODYSTRUCTURE",
    "BODY_PEEK",
    "BODY_TEXT",
    "CC",
    "DELETED",
    "DRAFT",
    "ENVELOPE",
    "FLAGGED",
    "FLAGS",
    "FROM",
    "HEADER",
    "IN",
    "INTERNALDATE",
    "KEYWORD",
    "LARGER",
    "MODSEQ",
    "MODSEQ_SINCE",
    "NEW",
    "OLD",
    "OLDER",
    "ON",
    "RECENT",
    "RFC822_SIZE",
    "SEEN",
    "SENTBEFORE",
    "SENTON",
    "SENTSINCE",
    "SINCE",
    "SMALLER",
    "SUBJECT",
    "TEXT",
    "TO",
    "UID",
    "UNANSWERED",
    "UNDELETED",
    "UNDRAFT",
    "UNFLAGGED",
    "UNKEYWORD",
    "UNSEEN",
    "YOUNGER",
    "Address",
    "AppendUIDCode",
    "Arrived",
    "Auth",
    "AuthenticationError",
    "BadError",
    "BodyStructure",
    "ByeError",
    "Capabilities",
    "CapabilityCode",
    "CapabilityError",
    "CapabilityResponse",
    "Client",
    "CommandError",
    "CommandFuture",
    "ConnectionLostError",
    "ConnectionState",
    "ContinuationRequest",
    "CopyUIDCode",
    "Disposition",
    "ESearchResponse",
    "EnabledResponse",
    "Envelope",
    "ExistsResponse",
    "ExpungeResponse",
    "Expunged",
    "FetchItem",
    "FetchResult",
    "FetchStream",
    "Flag",
    "Flags",
    "FlagsChanged",
    "FlagsResponse",
    "Group",
    "HighestModSeqCode",
    "IdResponse",
    "ImapError",
    "Invalid",
    "InvalidArgumentError",
    "LimitExceededError",
    "Limits",
    "ListResponse",
    "LocalProtocolError",
    "LsubResponse",
    "Mailbox",
    "MailboxInfo",
    "MailboxStatus",
    "Message",
    "ModSeq",
    "NamespaceInfo",
    "NamespaceResponse",
    "Namespaces",
    "NoError",
    "NotFetchedError",
    "OAuth",
    "Password",
    "PermanentFlagsCode",
    "RecentResponse",
    "RemoteProtocolError",
    "Response",
    "ResponseCode",
    "SearchCriteria",
    "SearchKey",
    "SearchResponse",
    "SeqNum",
    "SeqSet",
    "SessionCounters",
    "StateError",
    "StatusResponse",
    "TaggedResponse",
    "Timeouts",
    "UIDNextCode",
    "UIDSet",
    "UIDValidity",
    "UIDValidityCode",
    "UnknownResponse",
    "Unparsed",
    "UnseenCode",
    "Untagged",
    "VanishedResponse",
    "WatchEvent",
    "Watcher",
    "__version__",
    "commands",
    "connect",
    "criteria",
    "items",
    "parse_response",
]


# Names are shown where users find them, not where they are kept.
def _show_names_here() -> None:
    for name in __all__:
        value = globals()[name]
        if isinstance(value, (type, FunctionType)) and value.__module__.startswith("aimap._"):
            value.__module__ = __name__


_show_names_here()
