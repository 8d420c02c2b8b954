"""An IMAP client for Trio: pipelined, typed, safe to cancel.

::

    async with aimap.connect("imap.example.org", auth=aimap.Password("joe", secret)) as imap:
        async with imap.select("INBOX") as inbox:
            unread = await inbox.search(UNSEEN)
"""

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
    "Address",
    "AppendUIDCode",
    "Arrived",
    "Auth",
    "AuthenticationError",
    "BCC",
    "BEFORE",
    "BODY",
    "BODYSTRUCTURE",
    "BODY_PEEK",
    "BODY_TEXT",
    "BadError",
    "BodyStructure",
    "ByeError",
    "CC",
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
    "DELETED",
    "DRAFT",
    "Disposition",
    "ENVELOPE",
    "ESearchResponse",
    "EnabledResponse",
    "Envelope",
    "ExistsResponse",
    "ExpungeResponse",
    "Expunged",
    "FLAGGED",
    "FLAGS",
    "FROM",
    "FetchItem",
    "FetchResult",
    "FetchStream",
    "Flag",
    "Flags",
    "FlagsChanged",
    "FlagsResponse",
    "Group",
    "HEADER",
    "HighestModSeqCode",
    "IN",
    "INTERNALDATE",
    "IdResponse",
    "ImapError",
    "Invalid",
    "InvalidArgumentError",
    "KEYWORD",
    "LARGER",
    "LimitExceededError",
    "Limits",
    "ListResponse",
    "LocalProtocolError",
    "LsubResponse",
    "MODSEQ",
    "MODSEQ_SINCE",
    "Mailbox",
    "MailboxInfo",
    "MailboxStatus",
    "Message",
    "ModSeq",
    "NEW",
    "NamespaceInfo",
    "NamespaceResponse",
    "Namespaces",
    "NoError",
    "NotFetchedError",
    "OAuth",
    "OLD",
    "OLDER",
    "ON",
    "Password",
    "PermanentFlagsCode",
    "RECENT",
    "RFC822_SIZE",
    "RecentResponse",
    "RemoteProtocolError",
    "Response",
    "ResponseCode",
    "SEEN",
    "SENTBEFORE",
    "SENTON",
    "SENTSINCE",
    "SINCE",
    "SMALLER",
    "SUBJECT",
    "SearchCriteria",
    "SearchKey",
    "SearchResponse",
    "SeqNum",
    "SeqSet",
    "SessionCounters",
    "StateError",
    "StatusResponse",
    "TEXT",
    "TO",
    "TaggedResponse",
    "Timeouts",
    "UID",
    "UIDNextCode",
    "UIDSet",
    "UIDValidity",
    "UIDValidityCode",
    "UNANSWERED",
    "UNDELETED",
    "UNDRAFT",
    "UNFLAGGED",
    "UNKEYWORD",
    "UNSEEN",
    "UnknownResponse",
    "Unparsed",
    "UnseenCode",
    "Untagged",
    "VanishedResponse",
    "WatchEvent",
    "Watcher",
    "YOUNGER",
    "__version__",
    "commands",
    "connect",
    "criteria",
    "items",
    "parse_response",
]

# Names are shown where users find them, not where they are kept.
for _name in __all__:
    _value = globals()[_name]
    if getattr(_value, "__module__", "").startswith("aimap._"):
        try:
            _value.__module__ = __name__
        except AttributeError:
            # Values of a slotted class say where their class is, and that is right.
            continue
del _name, _value
