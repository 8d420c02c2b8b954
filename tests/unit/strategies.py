"""Strategies for all that a user passes to a command, and ways to write and read it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from unicodedata import is_normalized

from hypothesis import strategies as st

import aimap
from aimap import InvalidArgumentError, SeqSet, UIDSet, criteria, items
from aimap._commands.base import Command
from aimap._wire.encoder import Dialect, Encoder
from aimap.commands import SAVED, AppendMessage, MailboxFilter, Partial, SortKey, UrlPart

from .reader import Token, read

PLAIN = Dialect()
PLUS = Dialect(literal_plus=True)
DIALECTS = st.sampled_from(
    [
        PLAIN,
        PLUS,
        Dialect(literal_minus=True),
        Dialect(literal_plus=True, binary=True),
        Dialect(binary=True),
        Dialect(utf8=True),
        Dialect(literal_minus=True, utf8=True, binary=True, qresync=True),
    ]
)


def written(command: Command[Any], dialect: Dialect = PLUS) -> list[bytes]:
    wire = Encoder(dialect)
    command.write(wire)
    return [part for part in wire.parts() if isinstance(part, bytes)]


def one(command: Command[Any], dialect: Dialect = PLUS) -> bytes:
    (only,) = written(command, dialect)
    return only


def tokens(command: Command[Any], dialect: Dialect) -> list[Token]:
    return read(written(command, dialect), dialect)


NASTY = st.sampled_from(
    ['x"\r\nX1 DELETE INBOX', "a{9}", "a{9+}", "NIL", "nil", "INBOX\r", "inbox", "\\", '"', "()",
     "a b", " ", "*", "%", "&", "&-", "&AA-", "]", "[", "{3+}\r\nabc", "\x7f", "\x00", "\x85",
     "\udc80", "ü", "u\u0308", "日本語", "\u2028", "\ufeffx", "😀", "~peter", "x" * 2000, "ü" * 900]
)  # fmt: skip
ANY = st.text(min_size=1, max_size=40) | NASTY
BYTES = st.binary(min_size=1, max_size=60) | st.sampled_from(
    [b"\0", b"a\0b", b"\r\n", b"{3+}\r\nabc", b"x" * 4096, b"x" * 4097, b"\xff\xfe"]
)
FLAGS = st.sampled_from(["\\Seen", "\\Deleted", "$Junk", "work", "\\Xyz", "a.b-c", "[x"]) | ANY
KEYWORDS = st.sampled_from(["$Junk", "work", "a.b-c", "NIL", "x=y"])
UIDS = st.builds(
    UIDSet.from_ranges,
    st.lists(st.tuples(*[st.integers(1, 0xFFFFFFFF)] * 2), min_size=1, max_size=5),
)
SEQS = st.builds(
    SeqSet.from_ranges,
    st.lists(st.tuples(*[st.integers(1, 300) | st.just(0xFFFFFFFF)] * 2), min_size=1, max_size=5),
)
MESSAGES = UIDS | SEQS | st.just(SAVED)
DAYS = st.dates()
# Zones of local mean time have seconds.
ZONES = st.integers(-14 * 3600, 14 * 3600).map(lambda s: timezone(timedelta(seconds=s)))
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=ZONES  # noqa: DTZ001
)  # fmt: skip
ENTRY = st.sampled_from(["/comment", "/altsubject", "/vendor/x y/z", '/a"b', "/1.2/flags/seen"])
META = st.sampled_from(["/shared/comment", "/private/comment", "/Shared/vendor/x y", '/private/a"'])
VALUES = st.none() | ANY.filter(lambda t: t.isprintable() or "\r" in t) | BYTES
ATTRIBUTES = st.sampled_from(["value", "value.priv", "value.shared", "size.priv"])
ANNOTATIONS = st.dictionaries(
    ENTRY, st.dictionaries(ATTRIBUTES, VALUES, min_size=1, max_size=2), min_size=1, max_size=3
)
PARTIALS = st.builds(
    lambda a, b, sign: Partial(a * sign, b * sign),
    st.integers(1, 0xFFFFFFFF), st.integers(1, 0xFFFFFFFF), st.sampled_from([1, -1]),
)  # fmt: skip
SORT_KEYS = st.sampled_from(
    [SortKey.ARRIVAL, SortKey.CC, SortKey.DATE, SortKey.DISPLAYFROM, SortKey.DISPLAYTO, SortKey.FROM,
     SortKey.RELEVANCY, SortKey.SIZE, SortKey.SUBJECT, SortKey.TO, SortKey.annotation("/altsubject")]
).flatmap(lambda key: st.sampled_from([key, ~key]))  # fmt: skip
URL_PARTS = st.sampled_from(["/", "/INBOX/;UID=1", "/D;UIDVALIDITY=385759045/;UID=20/;section=1"])
DATA = BYTES | st.lists(BYTES | st.builds(UrlPart, URL_PARTS), min_size=1, max_size=4).map(tuple)
APPENDED = st.builds(
    AppendMessage, DATA, flags=st.lists(st.sampled_from(["\\Seen", "$Junk"]), max_size=2),
    date=st.none() | MOMENTS, annotations=st.just({}) | ANNOTATIONS, utf8=st.booleans(),
)  # fmt: skip

_SECTIONS = st.sampled_from(["", "HEADER", "TEXT", "1", "1.2", "1.mime", "3.HEADER", "2.TEXT"])
_WINDOWS = st.none() | st.tuples(st.integers(0, 9999), st.integers(1, 9999))
_FIELDS = st.lists(st.sampled_from(["Subject", "X-a", "date", "List-Id"]), min_size=1, max_size=3)
ITEMS = st.lists(
    st.sampled_from(
        [items.FLAGS, items.ENVELOPE, items.BODYSTRUCTURE, items.INTERNALDATE, items.RFC822_SIZE,
         items.MODSEQ, items.BODY_NON_EXTENSIBLE, items.RFC822, items.RFC822_HEADER,
         items.RFC822_TEXT, items.PREVIEW, items.PREVIEW_LAZY, items.SNIPPET, items.SAVEDATE,
         items.EMAILID, items.THREADID, items.X_GM_MSGID, items.X_GM_THRID, items.X_GM_LABELS]
    )
    | st.builds(items.BODY, _SECTIONS, partial=_WINDOWS)
    | st.builds(items.BODY_PEEK, _SECTIONS, partial=_WINDOWS)
    | st.builds(items.BODY_PEEK, st.sampled_from(["", "1.2"]), fields=_FIELDS)
    | st.builds(items.BODY_PEEK, fields_not=_FIELDS, partial=_WINDOWS)
    | st.builds(items.BINARY, st.sampled_from(["1", "2.1"]), partial=_WINDOWS)
    | st.builds(items.BINARY_PEEK, st.sampled_from(["1", "2.1"]), partial=_WINDOWS)
    | st.builds(items.BINARY_SIZE, st.just("4"))
    | st.builds(items.ANNOTATION, st.lists(ENTRY, min_size=1, max_size=2), ATTRIBUTES),
    min_size=1, max_size=4,
)  # fmt: skip

FILTERS = st.sampled_from(
    [MailboxFilter.INBOXES, MailboxFilter.PERSONAL, MailboxFilter.SUBSCRIBED, MailboxFilter.SELECTED]
) | st.builds(
    lambda make, names: make(*names),
    st.sampled_from([MailboxFilter.subtree, MailboxFilter.named]),
    st.lists(ANY, min_size=1, max_size=3),
)  # fmt: skip

_OBJECT_IDS = st.sampled_from(["M6d99ac3275bb4e", "T64b478a75b7ea9", "a_b-c"])
_LEAVES = (
    st.sampled_from(
        [aimap.ALL, aimap.ANSWERED, aimap.DELETED, aimap.DRAFT, aimap.FLAGGED, aimap.NEW, aimap.OLD,
         aimap.RECENT, aimap.SEEN, aimap.UNANSWERED, aimap.UNDELETED, aimap.UNDRAFT,
         aimap.UNFLAGGED, aimap.UNSEEN, aimap.SAVEDATESUPPORTED]
    )
    | st.builds(
        lambda make, text: make(text),
        st.sampled_from([aimap.BCC, aimap.BODY_TEXT, aimap.CC, aimap.FROM, aimap.SUBJECT, aimap.TEXT,
                         aimap.TO, aimap.X_GM_RAW]),
        ANY.filter(lambda t: "\0" not in t),
    )
    | st.builds(aimap.HEADER, st.sampled_from(["X-Spam", "List-Id"]), st.just("x y"))
    | st.builds(lambda make, flag: make(flag), st.sampled_from([aimap.KEYWORD, aimap.UNKEYWORD]), KEYWORDS)
    | st.builds(
        lambda make, day: make(day),
        st.sampled_from([aimap.BEFORE, aimap.ON, aimap.SINCE, aimap.SENTBEFORE, aimap.SENTON,
                         aimap.SENTSINCE, aimap.SAVEDBEFORE, aimap.SAVEDON, aimap.SAVEDSINCE]),
        DAYS,
    )
    | st.builds(
        lambda make, number: make(number),
        st.sampled_from([aimap.LARGER, aimap.SMALLER, aimap.OLDER, aimap.YOUNGER, aimap.UIDAFTER,
                         aimap.UIDBEFORE]),
        st.integers(1, 0xFFFFFFFF),
    )
    | st.builds(aimap.MODSEQ_SINCE, st.integers(0, 2**63 - 1))
    | st.builds(
        aimap.MODSEQ_SINCE, st.integers(0, 2**63 - 1), flag=st.sampled_from(["\\Seen", "$MDNSent"]),
        kind=st.sampled_from(["priv", "shared", "all"]),
    )
    | st.builds(aimap.FILTER, st.sampled_from(["on-the-road", "a.b", "FILTER"]))
    | st.builds(criteria.ANNOTATION, ENTRY | st.sampled_from(["*", "/%"]),
                st.sampled_from(["value", "value.priv", "value.shared"]), VALUES)
    | st.builds(criteria.EMAILID, _OBJECT_IDS)
    | st.builds(criteria.THREADID, _OBJECT_IDS)
    | st.builds(criteria.X_GM_MSGID, st.integers(0, 2**64 - 1))
    | st.builds(criteria.X_GM_THRID, st.integers(0, 2**64 - 1))
    | st.builds(criteria.X_GM_LABELS, st.sampled_from(["\\Inbox", "\\Important"]) | ANY)
    | st.builds(aimap.IN, MESSAGES)
)  # fmt: skip
CRITERIA = st.recursive(
    _LEAVES,
    lambda inner: (
        st.builds(lambda a, b: a & b, inner, inner)
        | st.builds(lambda a, b: a | b, inner, inner)
        | st.builds(lambda a: ~a, inner)
        | st.builds(aimap.FUZZY, inner)
    ),
    max_leaves=6,
)


def is_mailbox_name(name: str, dialect: Dialect) -> bool:
    """Tell whether a name may be sent, by the words of the RFCs."""
    if not name or any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in name):
        return False
    if not dialect.utf8:
        return True
    return not ({"\u2028", "\u2029"} & set(name) or name[0] == "\ufeff") and is_normalized(
        "NFC", name
    )


def as_sent(name: str) -> str:
    """Return a mailbox name as it reads back: INBOX has no case."""
    return "INBOX" if name.upper() == "INBOX" else name


def octets(value: str | bytes | None) -> bytes | None:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def refused(command: Command[Any], dialect: Dialect) -> bool:
    try:
        written(command, dialect)
    except InvalidArgumentError:
        return True
    return False
