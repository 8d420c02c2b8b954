"""An IMAP client for Trio: pipelined, typed, safe to cancel.

::

    async with aimap.connect("imap.example.org", auth=aimap.Password("joe", secret)) as imap:
        async with imap.select("INBOX") as inbox:
            unread = await inbox.search(UNSEEN)
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import FunctionType

__version__ = "0.1.0"

# What is imported takes a third of a second, most of it for classes that few programs need
# all of: so each is imported when it is first asked for. What stands here stands in
# __init__.pyi too, for type checkers; a test compares the two.
_PLACES = {
    "_account.account": (
        "Account",
        "open_account",
    ),
    "_account.config": (
        "AccountConfig",
        "Retry",
    ),
    "_account.failures": (
        "AccountError",
        "Failure",
        "FailureKind",
    ),
    "_account.position": (
        "MailboxPosition",
        "Position",
    ),
    "_account.reporting": (
        "AccountEvent",
        "AccountEventKind",
        "AccountStatistics",
    ),
    "_account.telemetry": ("observe",),
    "_account.watch": ("AccountWatch",),
    "_client.client": ("Client",),
    "_client.connect": ("connect",),
    "_client.driver": ("CommandFuture",),
    "_client.fetching": (
        "FetchResult",
        "FetchStream",
    ),
    "_client.live": ("SearchUpdates",),
    "_client.mailbox": ("Mailbox",),
    "_client.notifying": (
        "Notification",
        "Notifications",
    ),
    "_client.profiles": ("PROFILES",),
    "_client.texts": (
        "MessageContent",
        "ReadResult",
    ),
    "_client.timeouts": ("Timeouts",),
    "_client.uploading": ("AppendSource",),
    "_client.watching": ("Watcher",),
    "_discovery.discover": ("discover",),
    "_discovery.settings": (
        "DiscoveryError",
        "ServerSettings",
    ),
    "_errors": (
        "AuthenticationError",
        "BadError",
        "ByeError",
        "CapabilityError",
        "CommandError",
        "ConnectionLostError",
        "Delivery",
        "ImapError",
        "InvalidArgumentError",
        "LimitExceededError",
        "LocalProtocolError",
        "LoginFailure",
        "NoError",
        "NotFetchedError",
        "PartlyStoredError",
        "RemoteProtocolError",
        "StateError",
    ),
    "_model.acl": (
        "AclResponse",
        "ListRightsResponse",
        "MyRightsResponse",
    ),
    "_model.body": (
        "BodyStructure",
        "Disposition",
        "Parameters",
    ),
    "_model.capability": ("Capabilities",),
    "_model.code": (
        "AnnotateCode",
        "AnnotationsCode",
        "AppendUIDCode",
        "BadCharsetCode",
        "BadEventCode",
        "BadUrlCode",
        "CapabilityCode",
        "ConvertLimitCode",
        "CopyUIDCode",
        "DowngradedCode",
        "HighestModSeqCode",
        "InProgressCode",
        "MailboxIdCode",
        "MessageLimitCode",
        "MetadataCode",
        "ModifiedCode",
        "NewNameCode",
        "NoUpdateCode",
        "PermanentFlagsCode",
        "ReferralCode",
        "ResponseCode",
        "UIDNextCode",
        "UIDValidityCode",
        "UndefinedFilterCode",
        "UnseenCode",
        "UrlMechCode",
        "WebAlertCode",
    ),
    "_model.content": ("Attachment",),
    "_model.convert": (
        "ConversionResponse",
        "ConvertError",
        "ConvertedResponse",
    ),
    "_model.copied": ("CopyResult",),
    "_model.envelope": (
        "Address",
        "Envelope",
        "Group",
    ),
    "_model.event": (
        "AccountWatchEvent",
        "Arrived",
        "Expunged",
        "FlagsChanged",
        "MailboxReset",
        "SearchChange",
        "WatchEvent",
    ),
    "_model.extension": (
        "Extension",
        "ReadCode",
        "ReadItem",
        "ReadResponse",
    ),
    "_model.fetch": (
        "BINARY",
        "BINARY_PEEK",
        "BINARY_SIZE",
        "BODY",
        "BODYSTRUCTURE",
        "BODY_PEEK",
        "ENVELOPE",
        "FLAGS",
        "FetchItem",
        "INTERNALDATE",
        "MODSEQ",
        "PREVIEW",
        "RFC822_SIZE",
        "SAVEDATE",
    ),
    "_model.flag": (
        "Flag",
        "FlagColor",
        "Flags",
    ),
    "_model.invalid": ("Invalid",),
    "_model.limits": ("Limits",),
    "_model.mailbox": (
        "MailboxInfo",
        "MailboxStatus",
        "NamespaceInfo",
        "Namespaces",
    ),
    "_model.message": ("Message",),
    "_model.metadata": ("MetadataResponse",),
    "_model.numbers": (
        "ModSeq",
        "SeqNum",
        "SeqSet",
        "UID",
        "UIDSet",
        "UIDValidity",
    ),
    "_model.profile": ("Profile",),
    "_model.quota": (
        "QuotaResource",
        "QuotaResponse",
        "QuotaRootResponse",
    ),
    "_model.raw": ("RawValue",),
    "_model.response": (
        "CapabilityResponse",
        "ComparatorResponse",
        "ContextChange",
        "ContinuationRequest",
        "ESearchResponse",
        "EnabledResponse",
        "ExistsResponse",
        "ExpungeResponse",
        "FlagsResponse",
        "IdResponse",
        "JmapAccessResponse",
        "LanguageResponse",
        "ListResponse",
        "LsubResponse",
        "NamespaceResponse",
        "PartialResult",
        "Ranges",
        "RecentResponse",
        "Response",
        "SearchResponse",
        "SortResponse",
        "StatusResponse",
        "TaggedResponse",
        "UnknownResponse",
        "Unparsed",
        "Untagged",
        "VanishedResponse",
        "XListResponse",
    ),
    "_model.search": (
        "ALL",
        "ANSWERED",
        "BCC",
        "BEFORE",
        "BODY_TEXT",
        "CC",
        "DELETED",
        "DRAFT",
        "FILTER",
        "FLAGGED",
        "FROM",
        "FUZZY",
        "HEADER",
        "IN",
        "KEYWORD",
        "LARGER",
        "MODSEQ_SINCE",
        "NEW",
        "OLD",
        "OLDER",
        "ON",
        "RECENT",
        "SAVEDATESUPPORTED",
        "SAVEDBEFORE",
        "SAVEDON",
        "SAVEDSINCE",
        "SEEN",
        "SENTBEFORE",
        "SENTON",
        "SENTSINCE",
        "SINCE",
        "SMALLER",
        "SUBJECT",
        "SearchCriteria",
        "SearchKey",
        "TEXT",
        "TO",
        "UIDAFTER",
        "UIDBEFORE",
        "UNANSWERED",
        "UNDELETED",
        "UNDRAFT",
        "UNFLAGGED",
        "UNKEYWORD",
        "UNSEEN",
        "X_GM_RAW",
        "YOUNGER",
    ),
    "_model.special_use": ("SpecialUse",),
    "_model.state": ("ConnectionState",),
    "_model.thread": (
        "Thread",
        "ThreadResponse",
    ),
    "_model.url": ("IMAPURL",),
    "_model.urlauth": (
        "FetchedUrl",
        "GenUrlAuthResponse",
        "UrlFetchResponse",
    ),
    "_protocol.counters": ("SessionCounters",),
    "_protocol.events": (
        "Alert",
        "ConnectionEvent",
        "Defect",
        "UnsolicitedResponse",
    ),
    "_sasl.auth": (
        "Anonymous",
        "Auth",
        "External",
        "GSSAPI",
        "OAuth",
        "Password",
        "SASL",
    ),
    "_sasl.gssapi": ("SecurityContext",),
    "_sasl.mechanism": (
        "Channel",
        "Mechanism",
    ),
    "_wire.reader": ("parse_response",),
}
_MODULES = ("commands", "criteria", "extending", "items", "sync")
_WHERE = {name: place for place, names in _PLACES.items() for name in names}

__all__ = ["__version__", *_MODULES, *_WHERE]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    place = _WHERE.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{place}"), name)
    _take_what_is_there()
    return value


def _take_what_is_there() -> None:
    """Take what was imported by now, and show it where users find it, not where it is kept."""
    for place, names in _PLACES.items():
        module = sys.modules.get(f"{__name__}.{place}")
        if module is None or names[0] in globals():
            continue
        for name in names:
            value = getattr(module, name, None)
            if value is None:
                # It is being imported just now.
                break
            globals()[name] = value
            if isinstance(value, (type, FunctionType)) and value.__module__.startswith("aimap._"):
                value.__module__ = __name__


def __dir__() -> list[str]:
    return sorted(__all__)
