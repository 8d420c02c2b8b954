"""What a client must not send is refused before anything is sent, with a reason.

One row for each rule that a single command can break.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import aimap
from aimap import InvalidArgumentError, SeqSet, UIDSet, criteria, items
from aimap._commands.base import Command
from aimap._wire.encoder import Dialect
from aimap.commands import (
    SAVED,
    Append,
    AppendMessage,
    CancelUpdate,
    Check,
    Comparator,
    Conversions,
    Convert,
    ConvertItem,
    Copy,
    Create,
    DeleteAcl,
    Enable,
    ESearch,
    ESort,
    EventGroup,
    Fetch,
    GenUrlAuth,
    GetMetadata,
    Id,
    Language,
    List,
    ListExtended,
    ListRights,
    Login,
    Lsub,
    MailboxFilter,
    MultiAppend,
    MultiSearch,
    Notify,
    Partial,
    QResync,
    Rename,
    Replace,
    ResetKey,
    Search,
    Select,
    SeqSearch,
    SetAcl,
    SetMetadata,
    SetQuota,
    Sort,
    SortKey,
    Status,
    Store,
    StoreAnnotations,
    StoreLabels,
    ThreadSearch,
    Update,
    UrlFetch,
    UrlPart,
)

from .strategies import PLUS, one, refused

REV2 = Dialect(literal_plus=True, utf8=True, rev2=True)
UID_ONLY = Dialect(literal_plus=True, uid_only=True)
NEW: Any = ["MessageNew", "MessageExpunge"]

AT_ONCE: dict[str, tuple[Callable[[], object], str]] = {
    # search keys
    "date as text": (lambda: aimap.SINCE("1-Jan-2026 ALL"), "datetime.date"),  # type: ignore[arg-type]
    "system flag as keyword": (lambda: aimap.KEYWORD("\\Seen"), "system flag"),
    "keyword with a parenthesis": (lambda: aimap.KEYWORD("a) ALL"), "atom"),
    "size below 0": (lambda: aimap.LARGER(-1), "0 to"),
    "size as text": (lambda: aimap.LARGER("5 ALL"), "number"),  # type: ignore[arg-type]
    "text as octets": (lambda: aimap.FROM(b"x"), "str"),  # type: ignore[arg-type]
    "text with NUL": (lambda: aimap.FROM("\0"), "NUL"),
    "header field": (lambda: aimap.HEADER("a: b"), "header field"),
    "set of none": (lambda: aimap.IN(""), "empty set"),
    "criteria and text": (lambda: aimap.SEEN & "ALL", "combine"),  # type: ignore[operator]
    "criteria by and": (lambda: aimap.SEEN and aimap.DRAFT, "truth value"),
    "fuzzy text": (lambda: aimap.FUZZY("x"), "FUZZY"),  # type: ignore[arg-type]
    "filter with a slash": (lambda: aimap.FILTER("a/b"), "without a slash"),
    "several UIDs after": (lambda: aimap.UIDAFTER("1:3"), "number"),  # type: ignore[arg-type]
    "UID 0": (lambda: aimap.UIDBEFORE(0), "1 to"),
    "modseq of Recent": (lambda: aimap.MODSEQ_SINCE(1, flag="\\Recent"), "Recent"),
    "modseq of nobody": (lambda: aimap.MODSEQ_SINCE(1, flag="\\Seen", kind="x"), "priv"),  # type: ignore[arg-type]
    "object identifier": (lambda: criteria.EMAILID("a b"), "object identifier"),
    "annotation attribute": (lambda: criteria.ANNOTATION("/comment", "size", "x"), "value.priv"),  # type: ignore[arg-type]
    "annotation entry": (lambda: criteria.ANNOTATION("/ü", "value", "x"), "an entry is"),
    "empty label": (lambda: criteria.X_GM_LABELS(""), "label"),
    "search by text": (lambda: Search("ALL", extended=False), "search by an expression"),  # type: ignore[arg-type]
    # fetch items
    "section": (lambda: items.BODY_PEEK("1.2] ALL"), "a section is"),
    "fields of a header": (lambda: items.BODY_PEEK("HEADER", fields=["x"]), "belong to a part"),
    "field with a space": (lambda: items.BODY_PEEK(fields=["a b"]), "header field"),
    "field as one text": (lambda: items.BODY_PEEK(fields="Subject"), "several names"),
    "fields and all but": (lambda: items.BODY_PEEK(fields=["a"], fields_not=["b"]), "not both"),
    "window of nothing": (lambda: items.BODY_PEEK(partial=(0, 0)), "partial"),
    "window before": (lambda: items.BODY_PEEK(partial=(-1, 5)), "partial"),
    "BINARY of the whole": (lambda: items.BINARY(""), "of a part"),
    "BINARY of a header": (lambda: items.BINARY_PEEK("1.HEADER"), "of a part"),
    "BINARY.SIZE of the whole": (lambda: items.BINARY_SIZE(""), "of a part"),
    "ANNOTATION of nothing": (lambda: items.ANNOTATION([], "value"), "needs an entry"),
    # fetch, store, copy
    "no items": (lambda: Fetch(UIDSet(1), [], print), "at least one item"),
    "no messages": (lambda: Fetch(UIDSet(), [items.FLAGS], print), "empty set"),
    "messages as numbers": (lambda: Copy([1, 2], "x"), "a UIDSet"),  # type: ignore[arg-type]
    "macro and item": (lambda: Fetch(UIDSet(1), [items.FAST, items.FLAGS], print), "stands alone"),
    "changed since 0": (lambda: Fetch(UIDSet(1), [items.FLAGS], print, changed_since=0), "mod-sequence"),
    "VANISHED alone": (lambda: Fetch(UIDSet(1), [items.FLAGS], print, on_vanished=print), "CHANGEDSINCE"),
    "VANISHED by number": (
        lambda: Fetch(SeqSet(1), [items.FLAGS], print, changed_since=1, on_vanished=print), "by UID"),
    "PARTIAL by number": (lambda: Fetch(SeqSet(1), [items.FLAGS], print, partial=Partial(1, 2)), "by UID"),
    "no flag to add": (lambda: Store(UIDSet(1), "+", []), "at least one flag"),
    "bad flag dropped": (lambda: Store(UIDSet(1), "", ["a b"]), "a flag is"),
    "flags as one text": (lambda: Store(UIDSet(1), "", "\\Seen"), "several strings"),
    "Recent stored": (lambda: Store(UIDSet(1), "", ["\\recent"]), "only the server"),
    "a change by *": (lambda: Store(UIDSet(1), "*", ["x"]), "a change is"),  # type: ignore[arg-type]
    "answers of a silent store": (lambda: Store(UIDSet(1), "", ["x"], deliver=print), "silent"),
    "unchanged since before": (lambda: Store(UIDSet(1), "", [], unchanged_since=-1), "mod-sequence"),
    "labels as one text": (lambda: StoreLabels(UIDSet(1), "+", "x"), "several strings"),
    "no label": (lambda: StoreLabels(UIDSet(1), "-", []), "at least one label"),
    "no annotation": (lambda: StoreAnnotations(UIDSet(1), {}), "at least one annotation"),
    "no attribute": (lambda: StoreAnnotations(UIDSet(1), {"/comment": {}}), "an attribute"),
    "attribute with a wildcard": (lambda: StoreAnnotations(UIDSet(1), {"/comment": {"*": "x"}}), "an attribute"),
    "entry with a wildcard": (lambda: StoreAnnotations(UIDSet(1), {"/*": {"value": "x"}}), "an entry is"),
    # append
    "no message": (lambda: Append("x", b""), "no octets"),
    "no part": (lambda: AppendMessage([]), "no octets"),
    "part without octets": (lambda: AppendMessage([UrlPart("/x"), b""]), "no octets"),
    "no messages to append": (lambda: MultiAppend("x", []), "at least one"),
    "an empty one of several": (lambda: MultiAppend("x", [AppendMessage(b"x"), AppendMessage(b"")]), "no octets"),
    "Recent appended": (lambda: Append("x", b"x", flags=["\\RECENT"]), "only the server"),
    "bad flag appended": (lambda: Append("x", b"x", flags=["a b"]), "a flag is"),
    "date without zone": (lambda: Append("x", b"x", date=datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001
    "flags twice": (lambda: Append("x", AppendMessage(b"x"), flags=["\\Seen"]), "in itself"),
    "URL of a server": (lambda: UrlPart("imap://e.org/INBOX/;UID=1"), "a part's URL"),
    "URL of a network": (lambda: UrlPart("//e.org/INBOX/;UID=1"), "a part's URL"),
    "URL with a line end": (lambda: UrlPart("/INBOX\r\n"), "a part's URL"),
    "two replaced": (lambda: Replace(UIDSet("1:2"), "x", b"x"), "one message"),
    # returning
    "unknown option": (lambda: ESearch(aimap.ALL, ["FOO"]), "a search returns"),  # type: ignore[list-item]
    "options as text": (lambda: ESearch(aimap.ALL, "ALL"), "come as several"),  # type: ignore[arg-type]
    "option twice": (lambda: ESearch(aimap.ALL, ["MIN", "MIN"]), "once, not twice"),
    "PARTIAL twice": (lambda: ESearch(aimap.ALL, [Partial(1, 2), Partial(3, 4)]), "once, not twice"),
    "UPDATE twice": (lambda: ESearch(aimap.ALL, ["UPDATE", Update([items.FLAGS])]), "once, not twice"),
    "PARTIAL beside ALL": (lambda: ESearch(aimap.ALL, ["ALL", Partial(1, 2)]), "not both"),
    "PARTIAL beside ALL in SORT": (lambda: ESort([SortKey.DATE], aimap.ALL, [Partial(1, 2), "ALL"]), "not both"),
    "window from 0": (lambda: Partial(0, 5), "counted from 1"),
    "window over the edge": (lambda: Partial(-5, 5), "one sign"),
    "no sort key": (lambda: Sort([], aimap.ALL), "at least one key"),
    "no sort key in ESORT": (lambda: ESort([], aimap.ALL), "at least one key"),
    "sort by any annotation": (lambda: SortKey.annotation("/x", "value"), "value.priv"),  # type: ignore[arg-type]
    "no tag": (lambda: CancelUpdate(), "the tag"),
    "numbers elsewhere": (lambda: MultiSearch(aimap.IN(SeqSet(1))), "by UID"),
    "selected-delayed searched": (lambda: MultiSearch(aimap.ALL, [MailboxFilter.SELECTED_DELAYED]), "for NOTIFY"),
    # mailboxes
    "no status item": (lambda: Status("x", []), "at least one item"),
    "unknown status item": (lambda: Status("x", ["MESSAGES) X"]), "not a STATUS item"),
    "level without a name": (lambda: Create("foo//bar", delimiter="/"), "without a name"),
    "leading delimiter": (lambda: Create("/foo", delimiter="/"), "without a name"),
    "two at the end": (lambda: Create("foo//", delimiter="/"), "without a name"),
    "new level without a name": (lambda: Rename("x", "a..b", delimiter="."), "without a name"),
    "new name with an end": (lambda: Rename("x", "a.", delimiter="."), "too much"),
    "use without backslash": (lambda: Create("x", use=["Sent"]), "special use"),
    "uses as one text": (lambda: Create("x", use="\\Sent"), "several strings"),
    "no pattern": (lambda: ListExtended([]), "at least one pattern"),
    "RECURSIVEMATCH alone": (lambda: ListExtended("*", selection=["RECURSIVEMATCH"]), "SUBSCRIBED"),
    "RECURSIVEMATCH with REMOTE": (lambda: ListExtended("*", selection=["REMOTE", "recursivematch"]), "SUBSCRIBED"),
    "RECURSIVEMATCH with SPECIAL-USE": (
        lambda: ListExtended("*", selection=["RECURSIVEMATCH", "SPECIAL-USE"]), "SUBSCRIBED"),
    "selection option twice": (lambda: ListExtended("*", selection=["REMOTE", "remote"]), "twice"),
    "return option twice": (lambda: List("*", returning=["CHILDREN", "CHILDREN"]), "twice"),
    "options as one text": (lambda: List("*", returning="CHILDREN"), "several strings"),
    "STATUS item twice": (lambda: ListExtended("*", status=["UNSEEN", "unseen"]), "twice"),
    "STATUS without items": (lambda: ListExtended("*", returning=["STATUS"]), "argument of its own"),
    "no such entry in LIST": (lambda: ListExtended("*", metadata=["/comment"]), "'/private' or '/shared'"),
    # QRESYNC
    "UIDVALIDITY 0": (lambda: QResync(0, 1), "UIDVALIDITY"),
    "modseq 0": (lambda: QResync(1, 0), "mod-sequence"),
    "match of unequal length": (lambda: QResync(1, 1, UIDSet(), (SeqSet("1:3"), UIDSet("5"))), "as many"),
    "match of nothing": (lambda: QResync(1, 1, UIDSet(), (SeqSet(), UIDSet())), "as many"),
    "match with *": (lambda: QResync(1, 1, UIDSet(), (SeqSet("*"), UIDSet("5"))), "no \\*"),
    # NOTIFY
    "new without gone": (lambda: EventGroup(MailboxFilter.INBOXES, ["MessageNew"]), "go together"),
    "gone without new": (lambda: EventGroup(MailboxFilter.INBOXES, ["MessageExpunge"]), "go together"),
    "flags without both": (lambda: EventGroup(MailboxFilter.INBOXES, ["FlagChange"]), "go together"),
    "annotations without both": (
        lambda: EventGroup(MailboxFilter.INBOXES, ["AnnotationChange", "MessageNew"]), "go together"),
    "event twice": (lambda: EventGroup(MailboxFilter.INBOXES, [*NEW, "MessageNew"]), "named once"),
    "unknown event": (lambda: EventGroup(MailboxFilter.INBOXES, ["Foo"]), "an event is"),  # type: ignore[list-item]
    "events as text": (lambda: EventGroup(MailboxFilter.INBOXES, "MessageNew"), "several strings"),  # type: ignore[arg-type]
    "names of the selected": (lambda: EventGroup(MailboxFilter.SELECTED, [*NEW, "MailboxName"]), "message events only"),
    "items elsewhere": (lambda: EventGroup(MailboxFilter.INBOXES, NEW, [items.FLAGS]), "nowhere else"),
    "items of nothing new": (lambda: EventGroup(MailboxFilter.SELECTED, [], [items.FLAGS]), "nowhere else"),
    "two of the selected": (
        lambda: Notify([EventGroup(MailboxFilter.SELECTED, NEW), EventGroup(MailboxFilter.SELECTED_DELAYED)]),
        "one group at most"),
    "STATUS of none": (lambda: Notify(status=True), "no STATUS"),
    "one level of NOTIFY": (lambda: EventGroup(MailboxFilter.subtree_one("x"), NEW), "for searches"),
    "filter without a name": (lambda: MailboxFilter.subtree(), "needs the name"),
    # ACL, metadata
    "rights in upper case": (lambda: SetAcl("x", "fred", "LRS"), "small letters"),
    "no right to add": (lambda: SetAcl("x", "fred", "", change="+"), "at least one right"),
    "a change of rights by *": (lambda: SetAcl("x", "fred", "l", change="*"), "a change is"),  # type: ignore[arg-type]
    "nobody": (lambda: SetAcl("x", "", "l"), "not empty"),
    "nobody deleted": (lambda: DeleteAcl("x", ""), "not empty"),
    "nobody listed": (lambda: ListRights("x", ""), "not empty"),
    "no entry": (lambda: GetMetadata("x", []), "at least one entry"),
    "entry of annotations": (lambda: GetMetadata("x", "/comment"), "'/private' or '/shared'"),
    "the root itself": (lambda: GetMetadata("x", "/shared"), "'/private' or '/shared'"),
    "two slashes": (lambda: GetMetadata("x", "/shared//comment"), "an entry is"),
    "slash at the end": (lambda: GetMetadata("x", "/shared/comment/"), "an entry is"),
    "entry with *": (lambda: SetMetadata("x", {"/shared/*": "x"}), "an entry is"),
    "entry with %": (lambda: SetMetadata("x", {"/shared/%": "x"}), "an entry is"),
    "8-bit entry": (lambda: SetMetadata("x", {"/shared/ü": "x"}), "an entry is"),
    "entry with a control": (lambda: SetMetadata("x", {"/shared/a\r\n": "x"}), "an entry is"),
    "nothing to set": (lambda: SetMetadata("x", {}), "at least one entry"),
    "depth 2": (lambda: GetMetadata("x", "/shared/x", depth=2), "a depth is"),  # type: ignore[arg-type]
    "size below 0 of metadata": (lambda: GetMetadata("x", "/shared/x", max_size=-1), "a size is"),
    # connection
    "nothing enabled": (lambda: Enable(), "at least one"),
    "8-bit LOGIN": (lambda: Login("jö", "x"), "ASCII only"),
    "ID field twice": (lambda: Id({"A": "1", "a": "2"}), "named once"),
    "ID of 31 fields": (lambda: Id({f"f{n}": None for n in range(31)}), "at most 30 fields"),
    "ID key of 31 octets": (lambda: Id({"a" * 31: None}), "at most 30 octets"),
    "ID value of 1025 octets": (lambda: Id({"a": "b" * 1025}), "at most 1024 octets"),
    "language": (lambda: Language("de_CH"), "a language is"),
    "comparator": (lambda: Comparator("a b"), "a comparator is"),
    "conversion target": (lambda: Convert(UIDSet(1), "text", [ConvertItem.UID]), "a media type is"),
    "no conversion": (lambda: Convert(UIDSet(1), None, []), "at least one item"),
    "conversions": (lambda: Conversions("*/*", "x/y"), "media types are"),
    "part to convert": (lambda: ConvertItem.binary("1] X"), "a part is"),
    "window to convert": (lambda: ConvertItem.binary("1", partial=(0, 0)), "partial"),
    "MIME header of the whole": (lambda: ConvertItem.mime(""), "of a part"),
    "URL without end": (lambda: GenUrlAuth(["imap://e.org/INBOX/;uid=1"]), "urlauth"),
    "URLs as one text": (lambda: GenUrlAuth("imap://e.org/"), "several URLs"),
    "URLs to fetch as one text": (lambda: UrlFetch("imap://e.org/"), "several URLs"),
    "URL of the web": (lambda: UrlFetch(["http://e.org/"]), "a URL here"),
    "URL item": (lambda: UrlFetch(["imap://e.org/"], ["TEXT"]), "an item is"),  # type: ignore[list-item]
    "mechanism": (lambda: ResetKey("x", ["a b"]), "a mechanism is"),
    "mechanism without mailbox": (lambda: ResetKey(None, ["INTERNAL"]), "for one mailbox"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "reason"), [pytest.param(*row, id=rule) for rule, row in AT_ONCE.items()]
)
def test_refused_at_once(make: Callable[[], object], reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=reason):
        make()


ON_SENDING: dict[str, tuple[Command[Any], Dialect, str]] = {
    "CHECK in rev2": (Check(), REV2, "no CHECK"),
    "LSUB in rev2": (Lsub("*"), REV2, "no LSUB"),
    "RFC822 in rev2": (Fetch(UIDSet(1), [items.RFC822], print), REV2, "no RFC822"),
    "RFC822.TEXT in rev2": (Fetch(UIDSet(1), [items.FLAGS, items.RFC822_TEXT], print), REV2, "no RFC822.TEXT"),
    "RECENT in rev2": (Search(aimap.RECENT, extended=True), REV2, "no search key RECENT"),
    "NEW in rev2": (Search(~aimap.NEW, extended=True), REV2, "no search key NEW"),
    "OLD in rev2": (Sort([SortKey.DATE], aimap.OLD), REV2, "no search key OLD"),
    "STATUS RECENT in rev2": (Status("x", ["RECENT"]), REV2, "no STATUS item RECENT"),
    "LIST RECENT in rev2": (ListExtended("*", status=["RECENT"]), REV2, "no STATUS item RECENT"),
    "FETCH by number": (Fetch(SeqSet(1), [items.FLAGS], print), UID_ONLY, "UIDONLY"),
    "STORE by number": (Store(SeqSet(1), "+", ["\\Seen"]), UID_ONLY, "UIDONLY"),
    "COPY by number": (Copy(SeqSet(1), "x"), UID_ONLY, "UIDONLY"),
    "number within a search": (Search(aimap.IN(SeqSet(1)), extended=True), UID_ONLY, "UIDONLY"),
    "SEARCH for numbers": (SeqSearch(aimap.ALL, extended=True), UID_ONLY, "UIDONLY"),
    "ESEARCH for numbers": (ESearch(aimap.ALL, numbers=SeqSet), UID_ONLY, "UIDONLY"),
    "SORT for numbers": (Sort([SortKey.DATE], aimap.ALL, numbers=SeqSet), UID_ONLY, "UIDONLY"),
    "THREAD for numbers": (ThreadSearch("REFS", aimap.ALL, numbers=SeqSet), UID_ONLY, "UIDONLY"),
    "QRESYNC not enabled": (Select("x", qresync=QResync(1, 1)), PLUS, "enabled"),
    "VANISHED not enabled": (
        Fetch(UIDSet(1), [items.FLAGS], print, changed_since=1, on_vanished=print), PLUS, "enabled"),
    "virtual right c": (SetAcl("x", "fred", "lrc"), Dialect(rights="kxte"), "k and x"),
    "virtual right d": (SetAcl("x", "fred", "d"), Dialect(rights="kxte"), "t, e and x"),
    "unknown right": (SetAcl("x", "fred", "q"), Dialect(rights="kxte"), "no right 'q'"),
    "new right on an old server": (SetAcl("x", "fred", "k"), PLUS, "no right 'k'"),
    "CHARSET after UTF8=ACCEPT": (Search(aimap.ALL, extended=True, charset="UTF-8"), Dialect(utf8=True), "RFC 9755"),
    "unknown charset": (Search(aimap.ALL, extended=True, charset="x-none"), PLUS, "a charset is"),
    "charset that is none": (Sort([SortKey.DATE], aimap.ALL, charset="base64"), PLUS, "a charset is"),
    "text not in its charset": (Sort([SortKey.DATE], aimap.TO("ü"), charset="US-ASCII"), PLUS, "not a text in"),
    "NUL in a message": (Append("x", b"\0"), PLUS, "BINARY"),
    "NUL in a part": (Append("x", AppendMessage([b"\0"])), PLUS, "BINARY"),
    "NUL in a replacement": (Replace(UIDSet(1), "x", b"\0"), PLUS, "BINARY"),
    "resource": (SetQuota("", {"A B": 1}), PLUS, "an atom"),
    "limit": (SetQuota("", {"STORAGE": -1}), PLUS, "0 to"),
    "number over 32 bits": (Search(aimap.LARGER(2**32), extended=True), PLUS, "0 to 4294967295"),
    "long list of UIDs": (Search(aimap.IN(UIDSet(range(1, 9000, 2))), extended=True), PLUS, "8192"),
    "tag with a quote of 8 bit": (CancelUpdate("ü"), PLUS, "printable"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "dialect", "reason"),
    [pytest.param(*row, id=rule) for rule, row in ON_SENDING.items()],
)
def test_refused_on_sending(command: Command[Any], dialect: Dialect, reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=reason):
        one(command, dialect)


@pytest.mark.parametrize(
    ("command", "dialect"),
    [
        (Check(), PLUS),
        (Create("foo/", delimiter="/"), PLUS),
        (Create("foo//bar"), PLUS),
        (SetAcl("x", "fred", "lrscd9"), PLUS),
        (SetAcl("x", "fred", "lrskxte"), Dialect(rights="kxte")),
        (SetAcl("x", "fred", ""), PLUS),
        (Search(aimap.LARGER(2**32), extended=True), REV2),
        (Fetch(SAVED, [items.FLAGS], print), UID_ONLY),
        (Status("x", ["RECENT"]), PLUS),
        (Fetch(UIDSet(1), [items.RFC822_SIZE], print), REV2),
        (Append("x", b"x", date=datetime(2026, 1, 1, tzinfo=UTC)), PLUS),
    ],
)
def test_what_comes_near_is_sent(command: Command[Any], dialect: Dialect) -> None:
    assert not refused(command, dialect)
