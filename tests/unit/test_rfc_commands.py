"""Commands as the RFCs' own examples write them.

Tags are left out; keywords are in upper case, and what may be written in several ways is in
ours: ``a001 login bob alice`` is the same command as ``LOGIN bob alice``.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

import aimap
from aimap import SeqSet, UIDSet, criteria, items
from aimap._commands.base import Command
from aimap._wire.encoder import Dialect
from aimap.commands import (
    SAVED,
    Append,
    AppendMessage,
    Authenticate,
    CancelUpdate,
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
    Expunge,
    Fetch,
    GenUrlAuth,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    Id,
    Language,
    List,
    ListExtended,
    ListRights,
    Login,
    Lsub,
    MailboxFilter,
    Move,
    MultiAppend,
    MultiSearch,
    MyRights,
    Notify,
    Partial,
    QResync,
    Rename,
    Replace,
    ResetKey,
    RList,
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

from .strategies import PLUS, one

SYNC = Dialect(literal_plus=True, qresync=True)
HEADER = items.BODY_PEEK(fields=["from", "to", "subject"])
PST = timezone(timedelta(hours=-8))

CASES: list[tuple[str, Command[Any], bytes]] = [
    # RFC 3501 and RFC 9051
    ("3501-6.2.3", Login("SMITH", "SESAME"), b"LOGIN SMITH SESAME"),
    ("9051-6.3.1", Enable("CONDSTORE"), b"ENABLE CONDSTORE"),
    ("3501-6.3.5", Rename("blurdybloop", "sarasoop"), b"RENAME blurdybloop sarasoop"),
    ("3501-6.3.8", List("", ""), b'LIST "" ""'),
    ("3501-6.3.8b", List("", "/usr/staff/jones"), b'LIST "/usr/staff/jones" ""'),
    ("3501-6.3.9", Lsub("comp.%", "#news."), b'LSUB "#news." "comp.%"'),
    ("3501-6.3.10", Status("blurdybloop", ["UIDNEXT", "MESSAGES"]), b"STATUS blurdybloop (UIDNEXT MESSAGES)"),
    ("3501-6.3.11", Append("saved-messages", b"Date: x\r\n", flags=["\\Seen"]),
     b"APPEND saved-messages (\\Seen) {9+}\r\nDate: x\r\n"),
    ("3501-6.4.4", SeqSearch(aimap.FLAGGED & aimap.SINCE(date(1994, 2, 1)) & ~aimap.FROM("Smith"), extended=False),
     b'SEARCH FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"'),
    ("9051-6.4.4", ESearch(aimap.FLAGGED & aimap.SINCE(date(1994, 2, 1)) & ~aimap.FROM("Smith"),
                           ["MIN", "COUNT"], numbers=SeqSet),
     b'SEARCH RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"'),
    ("3501-6.4.5", Fetch(SeqSet("2:4"), [items.FLAGS, items.BODY(fields=["DATE", "FROM"])], print),
     b"FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])"),
    ("3501-6.4.5-macro", Fetch(SeqSet(1), [items.FULL], print), b"FETCH 1 FULL"),
    ("3501-6.4.5-body", Fetch(SeqSet(1), [items.BODY_NON_EXTENSIBLE], print), b"FETCH 1 BODY"),
    ("3501-6.4.5-rfc822", Fetch(SeqSet(1), [items.RFC822_HEADER, items.RFC822_TEXT, items.RFC822], print),
     b"FETCH 1 (RFC822.HEADER RFC822.TEXT RFC822)"),
    ("3501-6.4.6", Store(SeqSet("2:4"), "+", ["\\Deleted"], silent=False), b"STORE 2:4 +FLAGS (\\Deleted)"),
    ("3501-6.4.7", Copy(SeqSet("2:4"), "MEETING"), b"COPY 2:4 MEETING"),
    ("3501-6.4.8", Fetch(UIDSet("4827313:4828442"), [items.FLAGS], print), b"UID FETCH 4827313:4828442 FLAGS"),
    ("9051-6.4.9", Expunge(UIDSet("3000:3002")), b"UID EXPUNGE 3000:3002"),
    ("6851-3.3", Move(UIDSet("42:69"), "foo"), b"UID MOVE 42:69 foo"),
    # RFC 2971
    ("2971-3.1", Id({"name": "sodr", "version": "19.34", "support-url": None}),
     b'ID ("name" "sodr" "version" "19.34" "support-url" NIL)'),
    ("2971-3.1-nil", Id(), b"ID NIL"),
    # RFC 2193
    ("2193-5.1", RList("%"), b'RLIST "" "%"'),
    # RFC 3502, RFC 4469
    ("3502-6.3.11", MultiAppend("saved-messages", [
        AppendMessage(b"one", flags=["\\Seen"]),
        AppendMessage(b"two", flags=["\\Seen"], date=datetime(1994, 2, 7, 22, 43, 4, tzinfo=PST)),
     ]), b'APPEND saved-messages (\\Seen) {3+}\r\none (\\Seen) " 7-Feb-1994 22:43:04 -0800" {3+}\r\ntwo'),
    ("4469-5", Append("Drafts", AppendMessage(
        [b"\r\n--0704\r\n", UrlPart("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME"), b"\r\n--0704--\r\n"],
        flags=["\\Seen", "\\Draft", "$MDNSent"])),
     b'APPEND Drafts ($MDNSent \\Draft \\Seen) CATENATE (TEXT {10+}\r\n\r\n--0704\r\n '
     b'URL "/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME" TEXT {12+}\r\n\r\n--0704--\r\n)'),
    ("6855-4", Append("x", AppendMessage("Subject: ü\r\n".encode(), utf8=True)),
     "APPEND x () UTF8 (~{13+}\r\nSubject: ü\r\n)".encode()),
    # RFC 8508
    ("8508-3.4", Replace(SeqSet(4), "Drafts", b"Just", flags=["\\Draft"]), b"REPLACE 4 Drafts (\\Draft) {4+}\r\nJust"),
    ("8508-3.4-uid", Replace(UIDSet(2000), "Drafts", b"Just", flags=["\\Draft"]),
     b"UID REPLACE 2000 Drafts (\\Draft) {4+}\r\nJust"),
    ("8508-4.2", Replace(UIDSet(3002), "Drafts", AppendMessage([b"To: x\r\n", UrlPart("/Drafts/;UID=3002")])),
     b"UID REPLACE 3002 Drafts CATENATE (TEXT {7+}\r\nTo: x\r\n URL \"/Drafts/;UID=3002\")"),
    # RFC 3516, RFC 8970
    ("3516-4.2", Fetch(SeqSet(1), [items.BINARY_SIZE("3"), items.BINARY("3", partial=(0, 10))], print),
     b"FETCH 1 (BINARY.SIZE[3] BINARY[3]<0.10>)"),
    ("8970-3", Fetch(SeqSet("1:4"), [items.BODYSTRUCTURE, items.PREVIEW_LAZY], print),
     b"FETCH 1:4 (BODYSTRUCTURE PREVIEW (LAZY))"),
    # RFC 7162
    ("7162-3.1.3", Store(UIDSet("6,4,8"), "+", ["\\Seen"], unchanged_since=12121230045),
     b"UID STORE 4,6,8 (UNCHANGEDSINCE 12121230045) +FLAGS.SILENT (\\Seen)"),
    ("7162-3.1.4.1", Fetch(UIDSet("1:4294967295"), [items.FLAGS], print, changed_since=12345),
     b"UID FETCH 1:4294967295 FLAGS (CHANGEDSINCE 12345)"),
    ("7162-3.1.5", Search(aimap.MODSEQ_SINCE(620162338, flag="\\Draft", kind="all"), extended=False),
     b'UID SEARCH MODSEQ "/flags/\\\\draft" all 620162338'),
    ("7162-3.2.5", Select("INBOX", qresync=QResync(67890007, 90060115194045000, UIDSet("41,43:211,214:541"))),
     b"SELECT INBOX (QRESYNC (67890007 90060115194045000 41,43:211,214:541))"),
    ("7162-3.2.5.2", Select("INBOX", qresync=QResync(
        67890007, 90060115194045000, UIDSet("41:211,214:541"),
        (SeqSet("1,3,5"), UIDSet("41,45,49")))),
     b"SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541 (1,3,5 41,45,49)))"),
    ("7162-3.2.6", Fetch(UIDSet("300:500"), [items.FLAGS], print, changed_since=12345, on_vanished=print),
     b"UID FETCH 300:500 FLAGS (CHANGEDSINCE 12345 VANISHED)"),
    ("7162-3.1.8", Select("INBOX", condstore=True), b"SELECT INBOX (CONDSTORE)"),
    # RFC 9394, RFC 9738
    ("9394-3.1", ESearch(aimap.UNDELETED & aimap.UNSEEN, [Partial(-1, -100)]),
     b"UID SEARCH RETURN (PARTIAL -1:-100) UNDELETED UNSEEN"),
    ("9394-3.3", Fetch(UIDSet("25900:26600"), [items.UID_ITEM, items.FLAGS], print, partial=Partial(-1, -30)),
     b"UID FETCH 25900:26600 (UID FLAGS) (PARTIAL -1:-30)"),
    ("9738-3.2", Search(aimap.UIDAFTER(25000) & aimap.UIDBEFORE(27000), extended=False),
     b"UID SEARCH UIDAFTER 25000 UIDBEFORE 27000"),
    # RFC 5182
    ("5182-2.4", ESearch(aimap.SINCE(date(2006, 11, 1)) & ~aimap.FROM("Smith"), ["SAVE"]),
     b'UID SEARCH RETURN (SAVE) SINCE 1-Nov-2006 NOT FROM "Smith"'),
    ("5182-2.4b", Fetch(SAVED, [items.UID_ITEM, items.FLAGS], print), b"UID FETCH $ (UID FLAGS)"),
    ("5182-2.4c", SeqSearch(aimap.IN(SAVED) & aimap.SMALLER(4096), extended=False), b"SEARCH $ SMALLER 4096"),
    ("5182-2.4d", Store(SAVED, "+", ["$Junk"]), b"UID STORE $ +FLAGS.SILENT ($Junk)"),
    # RFC 5256, RFC 5957, RFC 5267, RFC 6203
    ("5256-3", Sort([SortKey.SUBJECT], aimap.SINCE(date(1994, 2, 1)), numbers=SeqSet),
     b"SORT (SUBJECT) UTF-8 SINCE 1-Feb-1994"),
    ("5256-3b", Sort([SortKey.SUBJECT, ~SortKey.DATE], aimap.ALL, numbers=SeqSet),
     b"SORT (SUBJECT REVERSE DATE) UTF-8 ALL"),
    ("5957-1", Sort([SortKey.DISPLAYFROM], aimap.ALL), b"UID SORT (DISPLAYFROM) UTF-8 ALL"),
    ("5256-3-thread", ThreadSearch("ORDEREDSUBJECT", aimap.SINCE(date(2000, 3, 5)), numbers=SeqSet),
     b"THREAD ORDEREDSUBJECT UTF-8 SINCE 5-Mar-2000"),
    ("5267-3", ESort([~SortKey.DATE], aimap.UNDELETED, ["MIN", "COUNT"]),
     b"UID SORT RETURN (MIN COUNT) (REVERSE DATE) UTF-8 UNDELETED"),
    ("5267-4.3", ESearch(aimap.DELETED & aimap.KEYWORD("$Junk"), ["UPDATE", "COUNT"]),
     b"UID SEARCH RETURN (UPDATE COUNT) DELETED KEYWORD $Junk"),
    ("5267-4.4", ESearch(aimap.UNDELETED, [Partial(23500, 24000)]), b"UID SEARCH RETURN (PARTIAL 23500:24000) UNDELETED"),
    ("5267-4.3.5", CancelUpdate("B01"), b'CANCELUPDATE "B01"'),
    ("5465-7", ESearch(aimap.FROM("boss"), ["COUNT", Update([items.UID_ITEM, items.BODY(fields=["TO"])])], numbers=SeqSet),
     b'SEARCH RETURN (COUNT UPDATE (UID BODY[HEADER.FIELDS (TO)])) FROM "boss"'),
    ("6203-3", ESearch(aimap.FUZZY(aimap.SUBJECT("IMAP break")), ["ALL", "RELEVANCY"]),
     b'UID SEARCH RETURN (ALL RELEVANCY) FUZZY SUBJECT "IMAP break"'),
    # RFC 7377, RFC 5032, RFC 5466, RFC 8474, RFC 8514
    ("7377-2.4", MultiSearch(aimap.SUBJECT("chad"), [MailboxFilter.named("folder1"), MailboxFilter.subtree_one("folder2")]),
     b'ESEARCH IN (mailboxes folder1 subtree-one folder2) SUBJECT "chad"'),
    ("5032-3", Search(aimap.UNSEEN & aimap.YOUNGER(259200), extended=False), b"UID SEARCH UNSEEN YOUNGER 259200"),
    ("5466-3.1", Search(aimap.FILTER("on-the-road") & aimap.SUBJECT("vacation"), extended=False),
     b'UID SEARCH FILTER on-the-road SUBJECT "vacation"'),
    ("8474-6", Search(criteria.EMAILID("M6d99ac3275bb4e"), extended=False), b"UID SEARCH EMAILID M6d99ac3275bb4e"),
    ("8514-4.3", Search(aimap.SAVEDBEFORE(date(2018, 9, 1)) & aimap.SAVEDATESUPPORTED, extended=False),
     b"UID SEARCH SAVEDBEFORE 1-Sep-2018 SAVEDATESUPPORTED"),
    # RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590
    ("5258-5.3", ListExtended("*", selection=["SUBSCRIBED"], returning=["CHILDREN"]),
     b'LIST (SUBSCRIBED) "" "*" RETURN (CHILDREN)'),
    ("5258-5.9", ListExtended(["INBOX", "Drafts", "Sent/%"], returning=["CHILDREN"]),
     b'LIST "" ("INBOX" "Drafts" "Sent/%") RETURN (CHILDREN)'),
    ("5258-5.8", ListExtended("%", selection=["SUBSCRIBED", "RECURSIVEMATCH"]),
     b'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"'),
    ("5819-3", ListExtended("%", selection=["SUBSCRIBED", "RECURSIVEMATCH"], status=["MESSAGES"]),
     b'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%" RETURN (STATUS (MESSAGES))'),
    ("6154-5.2", ListExtended("*", selection=["SPECIAL-USE"]), b'LIST (SPECIAL-USE) "" "*"'),
    ("6154-5.3", Create("MySpecial", use=["\\Drafts", "\\Sent"]), b"CREATE MySpecial (USE (\\Drafts \\Sent))"),
    ("8440-4", ListExtended("%", returning=["CHILDREN"], my_rights=True), b'LIST "" "%" RETURN (CHILDREN MYRIGHTS)'),
    ("9590-3", ListExtended("%", metadata=["/shared/comment", "/private/vendor/x"]),
     b'LIST "" "%" RETURN (METADATA (/shared/comment /private/vendor/x))'),
    # RFC 4314, RFC 9208, RFC 5464
    ("4314-3.1", SetAcl("INBOX/Drafts", "Byron", "lrswida"), b"SETACL INBOX/Drafts Byron lrswida"),
    ("4314-3.2", DeleteAcl("INBOX", "Fred"), b"DELETEACL INBOX Fred"),
    ("4314-3.4", ListRights("~/Mail/saved", "smith"), b'LISTRIGHTS "~/Mail/saved" smith'),
    ("4314-3.5", MyRights("INBOX"), b"MYRIGHTS INBOX"),
    ("9208-4.1.1", GetQuota("!partition/sda4"), b'GETQUOTA "!partition/sda4"'),
    ("9208-4.1.2", GetQuotaRoot("INBOX"), b"GETQUOTAROOT INBOX"),
    ("9208-4.1.3", SetQuota("#user/alice", {"STORAGE": 510}), b'SETQUOTA "#user/alice" (STORAGE 510)'),
    ("9208-4.1.4", Status("INBOX", ["MESSAGES", "DELETED", "DELETED-STORAGE"]),
     b"STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)"),
    ("5464-4.2", GetMetadata("", "/shared/comment"), b'GETMETADATA "" /shared/comment'),
    ("5464-4.2b", GetMetadata("INBOX", ["/shared/comment", "/private/comment"]),
     b"GETMETADATA INBOX (/shared/comment /private/comment)"),
    ("5464-4.2.1", GetMetadata("INBOX", ["/shared/comment"], max_size=1024), b"GETMETADATA (MAXSIZE 1024) INBOX /shared/comment"),
    ("5464-4.2.2", GetMetadata("INBOX", "/private/filters/values", depth=1),
     b"GETMETADATA (DEPTH 1) INBOX /private/filters/values"),
    ("5464-4.3", SetMetadata("INBOX", {"/private/comment": "My new comment", "/shared/comment": None}),
     b'SETMETADATA INBOX (/private/comment "My new comment" /shared/comment NIL)'),
    # RFC 5465
    ("5465-3.1", Notify([
        EventGroup(MailboxFilter.SELECTED, ["MessageNew", "MessageExpunge"], [items.UID_ITEM, HEADER]),
        EventGroup(MailboxFilter.subtree("Lists"), ["MessageNew", "MessageExpunge"]),
     ], status=True),
     b"NOTIFY SET STATUS (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT)]) MessageExpunge)) "
     b"(subtree Lists (MessageNew MessageExpunge))"),
    ("5465-6.1", Notify([EventGroup(MailboxFilter.SELECTED_DELAYED)]), b"NOTIFY SET (selected-delayed NONE)"),
    ("5465-3.1-none", Notify(), b"NOTIFY NONE"),
    # RFC 5257
    ("5257-4.2", Select("INBOX", annotate=True), b"SELECT INBOX (ANNOTATE)"),
    ("5257-4.3", Fetch(SeqSet(1), [items.ANNOTATION("/comment", ["value", "size"])], print),
     b'FETCH 1 (ANNOTATION ("/comment" ("value" "size")))'),
    ("5257-4.5", StoreAnnotations(SeqSet(1), {"/comment": {"value.priv": "My new comment"}}),
     b'STORE 1 ANNOTATION (/comment (value.priv "My new comment"))'),
    ("5257-4.7", Append("drafts", AppendMessage(b"x", annotations={"/comment": {"value.priv": "Don't send until I say so"}})),
     b'APPEND drafts ANNOTATION (/comment (value.priv "Don\'t send until I say so")) {1+}\r\nx'),
    ("5257-4.8", SeqSearch(criteria.ANNOTATION("*", "value.priv", "IMAP4"), extended=False),
     b'SEARCH ANNOTATION "*" value.priv "IMAP4"'),
    ("5257-4.9", Sort([SortKey.annotation("/altsubject")], aimap.ALL, numbers=SeqSet),
     b"SORT (ANNOTATION /altsubject value.shared) UTF-8 ALL"),
    # RFC 4467, RFC 5524
    ("4467-7", ResetKey("INBOX", ["XSAMPLE"]), b"RESETKEY INBOX XSAMPLE"),
    ("4467-7b", GenUrlAuth(["imap://joe@example.com/INBOX/;uid=20/;section=1.2;expire=2006-12-31T23:59:59Z;urlauth=submit+fred"]),
     b'GENURLAUTH "imap://joe@example.com/INBOX/;uid=20/;section=1.2;expire=2006-12-31T23:59:59Z;urlauth=submit+fred" INTERNAL'),
    ("5524-3", UrlFetch(["imap://e.org/INBOX/;uid=1;urlauth=anonymous:internal:91"], ["BODYPARTSTRUCTURE", "BINARY"]),
     b'URLFETCH ("imap://e.org/INBOX/;uid=1;urlauth=anonymous:internal:91" BODYPARTSTRUCTURE BINARY)'),
    # RFC 5255, RFC 5259
    ("5255-3.2", Language("FR-CA", "EN-CA"), b"LANGUAGE FR-CA EN-CA"),
    ("5255-4.7", Comparator("cz;*", "i;basic"), b'COMPARATOR "cz;*" "i;basic"'),
    ("5259-5.1", Conversions("image/gif", "*"), b'CONVERSIONS "image/gif" "*"'),
    ("5259-6", Convert(SeqSet(2), "text/plain", [ConvertItem.binary("3")], parameters={"charset": "us-ascii"}),
     b'CONVERT 2 ("text/plain" ("charset" "us-ascii")) BINARY[3]'),
    ("5259-8.4", Convert(SeqSet(2), None, [ConvertItem.available("2")]), b"CONVERT 2 (NIL) AVAILABLECONVERSIONS[2]"),
    # RFC 4959
    ("4959-4", Authenticate("PLAIN", lambda challenge: challenge, initial=b"\0test\0test", in_command=True),
     b"AUTHENTICATE PLAIN AHRlc3QAdGVzdA=="),
    # Gmail
    ("x-gm-raw", Search(aimap.X_GM_RAW("has:attachment in:unread"), extended=False),
     b'UID SEARCH X-GM-RAW "has:attachment in:unread"'),
    ("x-gm-msgid", Search(criteria.X_GM_MSGID(1278455344230334865), extended=False), b"UID SEARCH X-GM-MSGID 1278455344230334865"),
    ("x-gm-labels", StoreLabels(SeqSet(1), "+", ["\\Inbox", "Muy Importante"], silent=False),
     b'STORE 1 +X-GM-LABELS (\\Inbox "Muy Importante")'),
    ("x-gm-fetch", Fetch(SeqSet(1), [items.X_GM_LABELS, items.X_GM_THRID], print), b"FETCH 1 (X-GM-LABELS X-GM-THRID)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "sent"), [pytest.param(command, sent, id=name) for name, command, sent in CASES]
)
def test_commands_of_the_rfcs(command: Command[Any], sent: bytes) -> None:
    assert one(command, SYNC) == sent + b"\r\n"


def test_sections() -> None:
    assert items.BODY_PEEK().request == "BODY.PEEK[]"
    assert items.BODY_PEEK("1.2.mime").key == "BODY[1.2.MIME]"
    assert (
        items.BODY_PEEK("2", fields=["Subject", "X-a"]).request
        == "BODY.PEEK[2.HEADER.FIELDS (SUBJECT X-A)]"
    )
    assert items.BODY_PEEK(partial=(10, 20)).key == "BODY[]<10>"
    assert items.BODY("TEXT").request == "BODY[TEXT]"
    assert items.BINARY_PEEK("1", partial=(10, 20)).key == "BINARY[1]<10>"
    assert items.BINARY_SIZE("1").key == "BINARY.SIZE[1]"
    assert items.RFC822.key == "BODY[]"


def test_a_mailbox_name_of_each_kind() -> None:
    assert one(Create("Entwürfe"), PLUS) == b'CREATE "Entw&APw-rfe"\r\n'
