"""The embedded server refuses what clients must not do, and says which rule it is."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from aimap import InvalidArgumentError
from aimap.testing import CAPABILITIES, Logins, Rule, Server, serve
from tests.obligations import ROWS

LOGIN = b"a LOGIN joe secret\r\n"
SELECT = b"b SELECT INBOX\r\n"
LITERAL_MINUS = CAPABILITIES - {"LITERAL+"} | {"LITERAL-"}


async def talk(server: Server, *pieces: bytes) -> bytes:
    """Send each piece once the one before is answered; return everything that comes."""
    stream = server.connect()
    for piece in pieces:
        await trio.testing.wait_all_tasks_blocked()
        await stream.send_all(piece)
    assert isinstance(stream, trio.StapledStream)
    await stream.send_eof()
    answer = b""
    while data := await stream.receive_some():
        answer += data
    return answer


@asynccontextmanager
async def quiet(**options: Any) -> AsyncGenerator[Server]:
    async with serve(tls=options.pop("tls", "insecure"), host=None, **options) as server:
        server.deliver("joe", b"Subject: one\r\n\r\n1\r\n")
        server.deliver("joe", b"Subject: two\r\n\r\n2\r\n")
        yield server


IN = (LOGIN,)
OPEN = (LOGIN, SELECT)


def enabled(name: str, *, then: Iterable[bytes] = ()) -> tuple[bytes, ...]:
    return (LOGIN, b"b ENABLE " + name.encode() + b"\r\n", *then)


def uid_fetch(numbers: bytes) -> tuple[bytes, ...]:
    return (*OPEN, b"c UID FETCH " + numbers + b" FLAGS\r\n")


def qresync(parameter: bytes) -> tuple[bytes, ...]:
    return (*enabled("QRESYNC"), b"c SELECT INBOX (QRESYNC (" + parameter + b"))\r\n")


# Row, rule, what is sent, what the answer says. The last piece breaks the rule.
REFUSED: list[tuple[str, str, tuple[bytes, ...], str]] = [
    ("state", "state", (b"c SELECT INBOX\r\n",), "not authenticated"),
    ("state", "state", (*IN, b"c FETCH 1 FLAGS\r\n"), "state authenticated"),
    ("state", "state", (*IN, LOGIN), "not in the state"),
    ("state", "unknown-command", (*IN, b"c WHAT\r\n"), "no command WHAT"),
    ("arguments", "syntax", (*IN, b"c NOOP x\r\n"), "too many arguments"),
    ("arguments", "syntax", (*IN, b"c SELECT\r\n"), "a mailbox name was expected"),
    ("arguments", "syntax", (*OPEN, b"c FETCH 1 ()\r\n"), "a data item was expected"),
    ("arguments", "syntax", (*OPEN, b"c FETCH 1 XYZ\r\n"), "no data item XYZ"),
    ("arguments", "syntax", (*OPEN, b"c STORE 1 FLAG (\\Seen)\r\n"), "no data item FLAG"),
    ("arguments", "syntax", (b"\r\n",), "a command is a tag"),
    ("arguments", "status-items", (*IN, b"c STATUS INBOX ()\r\n"), "no STATUS item"),
    ("arguments", "status-items", (*IN, b"c STATUS INBOX (X)\r\n"), "no STATUS item X"),
    ("arguments", "sasl", (b"c AUTHENTICATE PLAIN !\r\n",), "not base64"),
    ("enable-while-selected", "enable-while-selected", (*OPEN, b"c ENABLE X\r\n"), "selected"),
    ("starttls-after-login", "state", (*IN, b"c STARTTLS\r\n"), "not in the state"),
    ("starttls-after-login", "unknown-command", (b"c STARTTLS\r\n",), "not offered"),
    ("authenticate-twice", "state", (*IN, b"c AUTHENTICATE PLAIN =\r\n"), "not in the state"),
    ("read-only-mailbox", "read-only", (LOGIN, b"b EXAMINE INBOX\r\n", b"c EXPUNGE\r\n"), "reading only"),
    ("read-only-mailbox", "read-only", (LOGIN, b"b EXAMINE INBOX\r\n", b"c UID MOVE 1 Sent\r\n"), "reading only"),
    ("read-only-mailbox", "read-only",
        (LOGIN, b"b EXAMINE INBOX\r\n", b"c UID STORE 1 +FLAGS (\\Seen)\r\n"), "reading only"),
    ("read-only-mailbox", "read-only",
        (LOGIN, b"b EXAMINE INBOX\r\n", b"c UID REPLACE 1 Sent {1+}\r\nx\r\n"), "reading only"),
    ("id-limits", "id-fields", (*IN, b'c ID ("a" "1" "A" "2")\r\n'), "a field twice"),
    ("id-limits", "id-fields", (*IN, b"c ID (%s)\r\n" % b" ".join(b'"k%d" NIL' % n for n in range(31))), "over 30"),
    ("id-limits", "id-fields", (*IN, b'c ID ("%s" NIL)\r\n' % (b"k" * 31)), "over 30"),
    ("id-limits", "id-fields", (*IN, b'c ID ("k" "%s")\r\n' % (b"v" * 1025)), "over 1024"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[SELECT, b"c CHECK\r\n"]), "CHECK"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[b'c LSUB "" *\r\n']), "LSUB"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[SELECT, b"c UID FETCH 1 RFC822\r\n"]), "RFC822"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[SELECT, b"c UID FETCH 1 (RFC822.TEXT)\r\n"]), "RFC822.TEXT"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[SELECT, b"c UID SEARCH RECENT\r\n"]), "RECENT"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[SELECT, b"c UID SEARCH NOT NEW\r\n"]), "NEW"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[SELECT, b"c UID SEARCH OLD\r\n"]), "OLD"),
    ("removed-in-rev2", "rev2", enabled("IMAP4rev2", then=[b"c STATUS Sent (RECENT)\r\n"]), "RECENT"),
    ("after-unauthenticate", "state", (*OPEN, b"x UNAUTHENTICATE\r\n", b"c UNSELECT\r\n"), "not authenticated"),
    ("after-unauthenticate", "qresync",
        (*enabled("QRESYNC"), b"x UNAUTHENTICATE\r\n", LOGIN, b"c SELECT INBOX (QRESYNC (1 1))\r\n"), "without ENABLE"),
    ("bare-lf", "bare-lf", (*IN, b"c NOOP\n"), "bare LF"),
    ("long-line", "long-line", (*IN, b"c STATUS " + b"x" * 9000 + b" (MESSAGES)\r\n"), "over 8192"),
    ("literal-before-plus", "literal", (b"c LOGIN {3}\r\njoe {6}\r\nsecret\r\n",), r"before the '\+'"),
    ("two-literals-waiting", "literal", (*IN, b"c CREATE {3}\r\nd CREATE {3}\r\n"), r"before the '\+'"),
    ("literal8-elsewhere", "literal8", (*IN, b"c STATUS ~{1+}\r\nx (MESSAGES)\r\n"), "literal8 where"),
    ("literal8-elsewhere", "literal8", (*OPEN, b"c UID SEARCH SUBJECT ~{1+}\r\nx\r\n"), "literal8 where"),
    ("nul", "nul", (*IN, b"c APPEND INBOX {3+}\r\na\0b\r\n"), "NUL in a literal"),
    ("nul", "nul", (*OPEN, b"c UID SEARCH SUBJECT {3+}\r\na\0b\r\n"), "NUL in a literal"),
    ("nothing-behind-compress", "nothing-follows", (*IN, b"c COMPRESS DEFLATE\r\nd NOOP\r\n"), "behind COMPRESS"),
    ("nothing-behind-authenticate", "nothing-follows",
        (b"c AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\nd NOOP\r\n",), "behind AUTHENTICATE"),
    ("nothing-behind-authenticate", "nothing-follows",
        (b"c AUTHENTICATE PLAIN\r\nAGpvZQBzZWNyZXQ=\r\n",), "behind AUTHENTICATE"),
    ("nothing-behind-authenticate", "nothing-follows",
        (b"c AUTHENTICATE PLAIN\r\n", b"AGpvZQBzZWNyZXQ=\r\nd NOOP\r\n"), "behind a response of AUTHENTICATE"),
    ("only-done-behind-idle", "nothing-follows", (*IN, b"c IDLE\r\nd NOOP\r\n"), "behind IDLE"),
    ("only-done-behind-idle", "nothing-follows", (*IN, b"c IDLE\r\n", b"d NOOP\r\n"), "anything but DONE"),
    ("nothing-behind-unauthenticate", "nothing-follows",
        (*IN, b"c UNAUTHENTICATE\r\nd NOOP\r\n"), "behind UNAUTHENTICATE"),
    ("numbers-behind-expunge", "ambiguity", (*OPEN, b"d NOOP\r\nc FETCH 1 FLAGS\r\n"), "behind NOOP"),
    ("numbers-behind-expunge", "ambiguity",
        (*OPEN, b"d FETCH 1 FLAGS\r\ne NOOP\r\nc STORE 1 +FLAGS (\\Seen)\r\n"), "behind NOOP"),
    ("numbers-behind-expunge", "ambiguity",
        (*OPEN, b"d UID FETCH 1 FLAGS\r\nc STORE 1 +FLAGS (X)\r\n"), "behind UID FETCH"),
    ("numbers-behind-expunge", "ambiguity", (*OPEN, b"d COPY 1 Sent\r\nc COPY 2 Sent\r\n"), "behind COPY"),
    ("numbers-behind-expunge", "ambiguity", (*OPEN, b"d NOOP\r\nc UID SEARCH 1:2\r\n"), "behind NOOP"),
    ("answers-alike", "ambiguity", (*OPEN, b"d UID SEARCH SEEN\r\nc UID SEARCH UNSEEN\r\n"), "before the first"),
    ("answers-alike", "ambiguity", (*OPEN, b"d SEARCH SEEN\r\nc SEARCH UNSEEN\r\n"), "before the first"),
    ("answers-alike", "ambiguity",
        (*OPEN, b"d UID SORT (DATE) UTF-8 ALL\r\nc UID SORT (SIZE) UTF-8 ALL\r\n"), "before the first"),
    ("answers-alike", "ambiguity", (*IN, b'd LIST "" %\r\nc LIST "" *\r\n'), "before the first"),
    ("answers-alike", "ambiguity", (*IN, b"d ID NIL\r\nc ID NIL\r\n"), "before the first"),
    ("number-zero", "numbers", uid_fetch(b"0"), "sequence-set"),
    ("number-zero", "numbers", (*OPEN, b"c FETCH 0:1 FLAGS\r\n"), "sequence-set"),
    ("empty-set", "numbers", (*OPEN, b"c UID FETCH  FLAGS\r\n"), "a set of messages was expected"),
    ("empty-set", "numbers", uid_fetch(b","), "sequence-set"),
    ("malformed-set", "numbers", uid_fetch(b"5:"), "sequence-set"),
    ("malformed-set", "numbers", uid_fetch(b"1:2:3"), "sequence-set"),
    ("above-exists", "above-exists", (*OPEN, b"c FETCH 9 FLAGS\r\n"), "9 above EXISTS, which is 2"),
    ("above-exists", "above-exists", (*OPEN, b"c SEARCH NOT 3\r\n"), "3 above EXISTS"),
    ("star-in-empty-mailbox", "above-exists", (*IN, b"b SELECT Sent\r\n", b"c FETCH * FLAGS\r\n"), "above EXISTS"),
    ("star-in-empty-mailbox", "above-exists", (*IN, b"b SELECT Sent\r\n", b"c SEARCH 1:*\r\n"), "above EXISTS"),
    ("saved-result-mixed", "saved-result",
        (*OPEN, b"c SEARCH RETURN (SAVE) ALL\r\n", b"c FETCH $,1 FLAGS\r\n"), r"\$ among numbers"),
    ("saved-result-mixed", "saved-result",
        (*OPEN, b"c SEARCH RETURN (SAVE) ALL\r\n", b"c UID FETCH 1,$ FLAGS\r\n"), r"\$ among numbers"),
    ("saved-result-without", "saved-result", (*OPEN, b"c UID FETCH $ FLAGS\r\n"), r"\$ without a result"),
    ("saved-result-without", "saved-result",
        (*OPEN, b"c SEARCH RETURN (SAVE) ALL\r\n", SELECT, b"c FETCH $ FLAGS\r\n"), r"\$ without a result"),
    ("number-over-32-bits", "numbers", uid_fetch(b"4294967296"), "at most 4294967295"),
    ("number-over-32-bits", "number-range", (*OPEN, b"c UID SEARCH LARGER 4294967296\r\n"), "above 4294967295"),
    ("number-over-63-bits", "number-range",
        enabled("IMAP4rev2", then=[SELECT, b"c UID SEARCH LARGER 9223372036854775808\r\n"]), "above 9223372036854775807"),
    ("number-over-63-bits", "number-range",
        (*OPEN, b"c UID FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)\r\n"), "above 9223372036854775807"),
    ("numbers-after-uidonly", "uid-required",
        enabled("UIDONLY", then=[SELECT, b"c FETCH 1 FLAGS\r\n"]), "after ENABLE UIDONLY"),
    ("numbers-after-uidonly", "uid-required",
        enabled("UIDONLY", then=[SELECT, b"c COPY 1 Sent\r\n"]), "after ENABLE UIDONLY"),
    ("numbers-after-uidonly", "uid-required", enabled("UIDONLY", then=[SELECT, b"c SEARCH ALL\r\n"]), "without UID"),
    ("numbers-after-uidonly", "uid-required",
        enabled("UIDONLY", then=[SELECT, b"c SORT (DATE) UTF-8 ALL\r\n"]), "without UID"),
    ("numbers-after-uidonly", "uid-required",
        enabled("UIDONLY", then=[SELECT, b"c UID SEARCH OR SEEN 1\r\n"]), "after ENABLE UIDONLY"),
    ("mailbox-utf7", "mailbox-name", (*IN, b'c CREATE "\xc3\xbc"\r\n'), "8-bit octets in a mailbox name"),
    ("mailbox-utf7", "mailbox-name", (*IN, b"c CREATE {2+}\r\n\xc3\xbc\r\n"), "not modified UTF-7"),
    ("mailbox-utf7", "mailbox-name", (*IN, b"c CREATE &Jjo!\r\n"), "not modified UTF-7"),
    ("mailbox-utf7", "mailbox-name", (*IN, b"c CREATE &AGE-\r\n"), "not modified UTF-7"),
    ("mailbox-utf7", "mailbox-name", (*IN, b"c CREATE &AOk-&AOk-\r\n"), "not modified UTF-7"),
    ("mailbox-utf7", "mailbox-name", (*IN, b'c CREATE "&AA0-"\r\n'), "control character"),
    ("mailbox-utf7", "mailbox-name", (*IN, b'c CREATE "&AIU-"\r\n'), "control character"),
    ("mailbox-net-unicode", "mailbox-name", enabled("UTF8=ACCEPT", then=[b'c CREATE "\xff"\r\n']), "not UTF-8"),
    ("mailbox-net-unicode", "mailbox-name", enabled("UTF8=ACCEPT", then=[b'c CREATE "u\xcc\x88"\r\n']), "NFC"),
    ("mailbox-net-unicode", "mailbox-name", enabled("UTF8=ACCEPT", then=[b'c CREATE "a\xe2\x80\xa8"\r\n']), "Net-Unicode"),
    ("mailbox-net-unicode", "mailbox-name", enabled("UTF8=ACCEPT", then=[b'c CREATE "\xef\xbb\xbfa"\r\n']), "Net-Unicode"),
    ("mailbox-net-unicode", "mailbox-name", enabled("UTF8=ACCEPT", then=[b'c CREATE "a\x01"\r\n']), "control"),
    ("mailbox-net-unicode", "mailbox-name", enabled("UTF8=ACCEPT", then=[b'c CREATE "\xc2\x85"\r\n']), "control"),
    ("flag-atoms", "flag", (*OPEN, b'c UID STORE 1 FLAGS ("x")\r\n'), "a flag was expected"),
    ("flag-atoms", "flag", (*OPEN, b"c UID STORE 1 FLAGS (\\Starred)\r\n"), r"no system flag \\Starred"),
    ("flag-atoms", "flag", (*OPEN, b"c APPEND INBOX (\\*) {1+}\r\nx\r\n"), "a flag was expected"),
    ("recent-flag", "flag", (*OPEN, b"c STORE 1 +FLAGS (\\Recent)\r\n"), "the server's alone"),
    ("recent-flag", "flag", (*IN, b"c APPEND INBOX (\\recent) {1+}\r\na\r\n"), "the server's alone"),
    ("search-charset", "charset", (*OPEN, b"c SEARCH SUBJECT {2+}\r\n\xc3\xbc\r\n"), "without CHARSET"),
    ("charset-after-utf8", "charset",
        enabled("UTF8=ACCEPT", then=[SELECT, b"c SEARCH CHARSET UTF-8 ALL\r\n"]), "after ENABLE UTF8=ACCEPT"),
    ("login-8bit", "login-8bit", (b"c LOGIN joe {2+}\r\n\xc3\xbc\r\n",), "8-bit octets in LOGIN"),
    ("login-8bit", "syntax", (b'c LOGIN joe "\xc3\xbc"\r\n',), "a string was expected"),
    ("dates", "date", (*OPEN, b"c UID SEARCH SINCE 1-Jan-0000\r\n"), "no such date"),
    ("dates", "date", (*OPEN, b"c UID SEARCH SINCE 1-Jan-10000\r\n"), "a date was expected|too many"),
    ("dates", "date", (*OPEN, b"c UID SEARCH SINCE 30-Feb-2026\r\n"), "no such date"),
    ("dates", "date", (*IN, b'c APPEND INBOX " 1-Jan-2026 00:00:00" {1+}\r\nx\r\n'), "a date and time"),
    ("dates", "date", (*IN, b'c APPEND INBOX "1-Jan-2026 00:00:00 +0000" {1+}\r\nx\r\n'), "a date and time"),
    ("dates", "date", (*IN, b'c APPEND INBOX "01-Jan-2026 25:00:00 +0000" {1+}\r\nx\r\n'), "no such date"),
    ("return-behind-charset", "search",
        (*OPEN, b"c SEARCH CHARSET UTF-8 RETURN (ALL) ALL\r\n"), "no search key RETURN"),
    ("unknown-return", "search", (*OPEN, b"c SEARCH RETURN (SOME) ALL\r\n"), "no return option SOME"),
    ("unknown-return", "search", (*OPEN, b"c SEARCH RETURN (MIN MIN) ALL\r\n"), "MIN twice"),
    ("unknown-return", "search", (*OPEN, b"c SEARCH FOO\r\n"), "no search key FOO"),
    ("partial-beside-all", "partial", (*OPEN, b"c SEARCH RETURN (ALL PARTIAL 1:5) ALL\r\n"), "beside ALL"),
    ("partial-beside-all", "partial", (*OPEN, b"c SEARCH RETURN (PARTIAL 1:5 PARTIAL 1:6) ALL\r\n"), "twice"),
    ("partial-beside-all", "partial", (*OPEN, b"c SEARCH RETURN (PARTIAL -1:5) ALL\r\n"), "one sign"),
    ("partial-beside-all", "partial", (*OPEN, b"c SEARCH RETURN (PARTIAL 0:5) ALL\r\n"), "none is 0"),
    ("reverse-alone", "sort", (*OPEN, b"c UID SORT (REVERSE) UTF-8 ALL\r\n"), "REVERSE without a key"),
    ("reverse-alone", "sort", (*OPEN, b"c UID SORT (REVERSE REVERSE DATE) UTF-8 ALL\r\n"), "no sort key REVERSE"),
    ("empty-sort", "sort", (*OPEN, b"c UID SORT () UTF-8 ALL\r\n"), "no sort key"),
    ("charset-as-literal", "sort", (*OPEN, b"c UID SORT (DATE) {5+}\r\nUTF-8 ALL\r\n"), "as a literal"),
    ("charset-as-literal", "sort",
        (*OPEN, b"c UID THREAD ORDEREDSUBJECT {5+}\r\nUTF-8 ALL\r\n"), "as a literal"),
    ("one-uid", "one-uid", (*OPEN, b"c UID SEARCH UIDAFTER 1:3\r\n"), "one UID, not '1:3'"),
    ("one-uid", "one-uid", (*OPEN, b"c UID SEARCH UIDBEFORE 1,3\r\n"), "one UID"),
    ("recursivematch", "recursivematch", (*IN, b'c LIST (RECURSIVEMATCH) "" *\r\n'), "without an option"),
    ("recursivematch", "recursivematch",
        (*IN, b'c LIST (SPECIAL-USE RECURSIVEMATCH) "" *\r\n'), "without an option"),
    ("empty-patterns", "list-options", (*IN, b'c LIST "" ()\r\n'), "no pattern"),
    ("empty-patterns", "list-options", (*IN, b'c LIST (FOO) "" *\r\n'), "no selection option FOO"),
    ("empty-patterns", "list-options", (*IN, b'c LIST "" * RETURN (NONE)\r\n'), "no return option"),
    ("status-option-twice", "status-items", (*IN, b"c STATUS Sent (UNSEEN UNSEEN)\r\n"), "UNSEEN twice"),
    ("status-option-twice", "status-items",
        (*IN, b'c LIST "" * RETURN (STATUS (UNSEEN UNSEEN))\r\n'), "UNSEEN twice"),
    ("status-option-twice", "list-options",
        (*IN, b'c LIST "" * RETURN (CHILDREN CHILDREN)\r\n'), "CHILDREN twice"),
    *(
        ("metadata-entries", "metadata", (*IN, b"c GETMETADATA INBOX " + entry + b"\r\n"), "not an entry")
        for entry in (b"/shared//x", b"/shared/x/", b'"/shared/*"', b'"/shared/%"', b"{10+}\r\n/shared/\xc3\xbc",
                      b"/comment", b"/shared")
    ),
    ("metadata-entries", "metadata", (*IN, b'c SETMETADATA INBOX (/comment "x")\r\n'), "not an entry"),
    ("metadata-options-behind", "metadata",
        (*IN, b"c GETMETADATA INBOX (MAXSIZE 100) /shared/x\r\n"), "not before it"),
    ("metadata-options-behind", "metadata", (*IN, b"c GETMETADATA (DEPTH 2) INBOX /shared/x\r\n"), "no option"),
    ("acl-rights", "acl", (*IN, b"c SETACL INBOX fred LRS\r\n"), "no right 'L'"),
    ("acl-rights", "acl", (*IN, b"c SETACL INBOX fred +q\r\n"), "no right 'q'"),
    ("acl-virtual", "acl", (*IN, b"c SETACL INBOX fred lrc\r\n"), "the virtual right 'c'"),
    ("acl-virtual", "acl", (*IN, b"c SETACL INBOX fred -d\r\n"), "the virtual right 'd'"),
    ("acl-identifier", "acl", (*IN, b'c SETACL INBOX "" lrs\r\n'), "empty identifier"),
    ("acl-identifier", "acl", (*IN, b'c DELETEACL INBOX ""\r\n'), "empty identifier"),
    ("acl-identifier", "acl", (*IN, b'c LISTRIGHTS INBOX ""\r\n'), "empty identifier"),
    ("qresync-not-enabled", "qresync", (*IN, b"c SELECT INBOX (QRESYNC (1 1))\r\n"), "without ENABLE QRESYNC"),
    ("qresync-not-enabled", "qresync",
        (*OPEN, b"c UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n"), "without ENABLE QRESYNC"),
    ("vanished-alone", "qresync",
        enabled("QRESYNC", then=[SELECT, b"c UID FETCH 1 FLAGS (VANISHED)\r\n"]), "without CHANGEDSINCE"),
    ("vanished-alone", "qresync",
        enabled("QRESYNC", then=[SELECT, b"c FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n"]), "without UID"),
    ("zero-validity-modseq", "qresync", qresync(b"0 1"), "UIDVALIDITY 0"),
    ("zero-validity-modseq", "condstore", qresync(b"1 0"), "mod-sequence 0"),
    ("zero-validity-modseq", "condstore", (*OPEN, b"c UID FETCH 1 FLAGS (CHANGEDSINCE 0)\r\n"), "mod-sequence 0"),
    ("star-in-known-uids", "qresync", qresync(b"1 1 1:*"), r"'\*' in known UIDs"),
    ("match-sets", "qresync", qresync(b"1 1 1:9 (1:3 5)"), "3 numbers matched with 1 UIDs"),
    ("match-sets", "qresync", qresync(b"1 1 1:9 (2,1 5,6)"), "ascending order"),
    ("match-sets", "qresync", qresync(b"1 1 (1,2 5,*)"), "ascending order"),
    ("unchangedsince-behind", "condstore",
        (*OPEN, b"c UID STORE 1 +FLAGS (X) (UNCHANGEDSINCE 5)\r\n"), "behind the flags"),
    ("unchangedsince-behind", "condstore",
        (*OPEN, b"c UID STORE 1 +FLAGS X (UNCHANGEDSINCE 5)\r\n"), "behind the flags"),
    ("empty-message", "multiappend", (*IN, b"c APPEND INBOX {0+}\r\n\r\n"), "no octets"),
    ("empty-message", "multiappend", (*IN, b"c APPEND INBOX {1+}\r\nx {0+}\r\n\r\n"), "no octets"),
    ("binary-multipart", "binary", (*OPEN, b"c UID FETCH 1 BINARY[]\r\n"), "not of a part"),
    ("binary-multipart", "binary", (*OPEN, b"c UID FETCH 1 BINARY.PEEK[1.MIME]\r\n"), "not of a part"),
    ("binary-size-range", "binary", (*OPEN, b"c UID FETCH 1 BINARY.SIZE[1]<0.5>\r\n"), "with a range"),
    ("catenate-url", "catenate", (*IN, b'c APPEND Sent CATENATE (URL "imap://h/INBOX/;UID=1")\r\n'), "absolute path"),
    ("catenate-url", "catenate", (*IN, b'c APPEND Sent CATENATE (URL "INBOX/;UID=1")\r\n'), "absolute path"),
    ("catenate-url", "catenate", (*IN, b'c APPEND Sent CATENATE (URL "//h/INBOX/;UID=1")\r\n'), "absolute path"),
    ("notify-pairs", "notify", (*IN, b"c NOTIFY SET (inboxes (MessageNew))\r\n"), "go together"),
    ("notify-pairs", "notify", (*IN, b"c NOTIFY SET STATUS (selected (MessageExpunge))\r\n"), "go together"),
    ("notify-pairs", "notify", (*IN, b"c NOTIFY SET (personal (FlagChange MessageNew))\r\n"), "go together"),
    ("notify-pairs", "notify",
        (*IN, b"c NOTIFY SET (inboxes (MessageNew (UID) MessageExpunge))\r\n"), "for the selected mailbox"),
    ("notify-pairs", "notify", (*IN, b"c NOTIFY SET (selected (MailboxName))\r\n"), "message events only"),
    ("arguments", "notify", (*IN, b"c NOTIFY FOO\r\n"), "SET or NONE"),
    ("arguments", "notify", (*IN, b"c NOTIFY SET (nobody NONE)\r\n"), "no mailbox filter NOBODY"),
    ("arguments", "notify", (*IN, b"c NOTIFY SET (inboxes SOME)\r\n"), "in parentheses"),
    ("arguments", "syntax", (*OPEN, b"c UID REPLACE 1:2 Sent {1+}\r\nx\r\n"), "not one message"),
    ("arguments", "syntax", (*IN, b"c SELECT INBOX (FOO)\r\n"), "no parameter FOO"),
    ("arguments", "syntax", (*OPEN, b"c UID FETCH 1 FLAGS (FOO)\r\n"), "no modifier FOO"),
    ("arguments", "syntax", (*OPEN, b"c UID STORE 1 (FOO 1) FLAGS ()\r\n"), "no modifier FOO"),
    ("arguments", "syntax", (*OPEN, b"c UID FETCH 1 BODY[]<0.0>\r\n"), "no octets"),
    ("arguments", "syntax", (*IN, b"c APPEND Sent x\r\n"), "a literal was expected"),
    ("arguments", "catenate", (*IN, b"c APPEND Sent CATENATE (FILE x)\r\n"), "TEXT and URL, not FILE"),
    ("arguments", "sort", (*OPEN, b"c UID THREAD REFERENCES UTF-8 ALL\r\n"), "not offered"),
    ("notify-two-selected", "notify",
        (*IN, b"c NOTIFY SET (selected NONE) (selected-delayed (MessageNew MessageExpunge))\r\n"), "two filters"),
]  # fmt: skip

ELSEWHERE = {
    "login-disabled": "test_no_credentials_in_clear_where_there_is_starttls",
    "status-of-selected": "test_status_of_the_selected_mailbox",
    "literal-plus-not-offered": "test_literals_at_once",
    "literal-minus-size": "test_literals_at_once",
    "nothing-behind-starttls": "test_nothing_may_follow_starttls",
    "mailbox-empty-level": "test_levels_without_a_name",
    "header-8bit": "test_8bit_headers",
    "multiappend-not-offered": "test_several_messages_without_multiappend",
}
"""Rows with a test of their own."""

CLIENTS_OWN = {
    "fetch-behind-store": "in which order the caller wants them, only the client knows",
    "star-below-start": "what comes back is what was asked for",
    "flags-dropped": "an empty list of flags is legal, and the server sees no other",
    "modified-is-no-success": "it is about what the client makes of an answer",
    "move-fall-back": "each of its commands is legal",
    "plain-expunge": "it is legal, and removes what is marked",
    "bye-is-no-success": "it is about what the client makes of an answer",
}
"""Rows that no server can see broken."""


def test_no_row_is_forgotten() -> None:
    rows = {row for row, *_ in REFUSED}
    assert rows | set(ELSEWHERE) | set(CLIENTS_OWN) == set(ROWS)
    assert not rows & set(CLIENTS_OWN)
    assert set(ELSEWHERE.values()) <= set(globals())


def test_every_rule_is_broken_somewhere() -> None:
    here = {rule for _, rule, _, _ in REFUSED}
    elsewhere = {
        "login-disabled",
        "status-of-selected",
        "literal-plus",
        "hierarchy",
        "header-8bit",
        "compress",
    }
    assert here | elsewhere == set(Rule)


@pytest.mark.parametrize(
    ("rule", "sent", "reason"),
    [
        pytest.param(rule, sent, reason, id=f"{row}-{at}", marks=pytest.mark.breaks(rule))
        for at, (row, rule, sent, reason) in enumerate(REFUSED)
    ],
)
async def test_refused(rule: str, sent: tuple[bytes, ...], reason: str) -> None:
    async with quiet(
        capabilities=CAPABILITIES | {"NOTIFY", "IMAP4REV2", "MESSAGELIMIT=4294967295"}
    ) as server:
        answer = await talk(server, *sent)
        (violation,) = server.violations
        assert violation.rule == rule
        code = "UIDREQUIRED" if rule == "uid-required" else "CLIENTBUG"
        said = re.search(rb"^([a-z*]) BAD \[%s\] ([^\r]*)" % code.encode(), answer, re.MULTILINE)
        assert said is not None, answer
        assert re.search(reason, said[2].decode("ascii")), answer
        assert violation.tag.encode("ascii") == said[1]
        assert violation.reason.encode("ascii", "backslashreplace") == said[2]
        # What was refused was not done, and not answered.
        assert len(re.findall(rb"\* (?:SEARCH|SORT|ID)\b", answer)) <= 1
        assert [message.flags for message in server.mailbox("joe").messages] in (
            [set(), set()],
            [{"X"}, set()],
        )


@pytest.mark.parametrize(
    "sent",
    [
        # On the legal side of a rule.
        (*OPEN, b"d FETCH 1 FLAGS\r\ne STORE 1 +FLAGS (X)\r\nf SEARCH 1\r\ng NOOP\r\n"),
        (*OPEN, b"d STORE 1 +FLAGS (X)\r\ne COPY 1 Sent\r\nf EXPUNGE\r\n"),
        (*OPEN, b"d UID SEARCH RETURN (ALL) SEEN\r\ne UID SEARCH RETURN (COUNT) UNSEEN\r\nf UID SEARCH SEEN\r\n"),
        (*OPEN, b"d NOOP\r\ne UID FETCH 1 FLAGS\r\nf UID STORE 1 +FLAGS (X)\r\n"),
        (*OPEN, b"d SEARCH RETURN (SAVE) ALL\r\n", b"e FETCH $ FLAGS\r\n", b"f UID SEARCH $ SEEN\r\n"),
        (*OPEN, b"d SEARCH RETURN (SAVE) SEEN\r\n", b"e UID STORE $ +FLAGS (X)\r\n"),
        (LOGIN, b"b SELECT Sent\r\n", b"d UID FETCH 1:* FLAGS\r\n"),
        (*IN, b"b IDLE\r\nDONE\r\nc NOOP\r\n"),
        (*IN, b"b UNAUTHENTICATE\r\na LOGIN joe secret\r\n", b"c STATUS Sent (MESSAGES)\r\n"),
        (*IN, b"b UNAUTHENTICATE\r\na AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n", b"c SELECT INBOX\r\n"),
        (*IN, b"b CREATE foo/\r\nc CREATE a/b/c\r\nd RENAME foo bar\r\n"),
        (*IN, b"b CREATE &AOQ-\r\n", b"c STATUS &AOQ- (MESSAGES)\r\n"),
        enabled("UTF8=ACCEPT", then=[b'c CREATE "\xc3\xbc"\r\n', b'd STATUS "\xc3\xbc" (MESSAGES)\r\n', SELECT,
            b'e UID SEARCH SUBJECT "\xc3\xbc"\r\n']),
        enabled("IMAP4rev2", then=[SELECT, b"c UID SEARCH LARGER 4294967296\r\n", b"d UID FETCH 1 RFC822.SIZE\r\n"]),
        enabled("QRESYNC", then=[b"c SELECT INBOX (QRESYNC (1 1 1:2 (1,2 1,2)))\r\n",
            b"d UID FETCH 1:2 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n"]),
        enabled("UIDONLY", then=[SELECT, b"c UID FETCH 1 FLAGS\r\n", b"d UID SEARCH ALL\r\n", b"e UID MOVE 1 Sent\r\n"]),
        (*OPEN, b"c UID STORE 1 (UNCHANGEDSINCE 0) +FLAGS (X)\r\n", b"d UID STORE 1 FLAGS ()\r\n"),
        (*OPEN, b"c UID SEARCH UIDAFTER 1 UIDBEFORE 9\r\n", b'd UID SEARCH BEFORE "1-Feb-2026" SINCE 31-Dec-9999\r\n'),
        (*OPEN, b"c UID SORT (REVERSE DATE SUBJECT) UTF-8 ALL\r\n", b"d UID THREAD ORDEREDSUBJECT UTF-8 ALL\r\n"),
        (*OPEN, b"c UID SEARCH RETURN (PARTIAL -1:-5 COUNT) ALL\r\n", b"d UID FETCH 1 (BINARY[1] BINARY.SIZE[1])\r\n"),
        (*OPEN, b"c UID REPLACE 1 Sent (\\Seen) {1+}\r\nx\r\n"),
        (*IN, b"c APPEND Sent {1+}\r\nx (\\Seen) \" 1-Jan-2026 00:00:00 +0000\" ~{3+}\r\na\0b\r\n"),
        (*IN, b'c APPEND Sent CATENATE (TEXT {4+}\r\na: b URL "/INBOX/;UID=1/;SECTION=TEXT")\r\n'),
        (*IN, b'c LIST (SUBSCRIBED RECURSIVEMATCH) "" (INBOX S%) RETURN (STATUS (UNSEEN) CHILDREN)\r\n'),
        (*IN, b"c SETMETADATA INBOX (/shared/comment ~{3+}\r\na\0b)\r\n",
            b"d GETMETADATA (DEPTH infinity MAXSIZE 9) INBOX (/shared/comment)\r\n", b'e GETMETADATA "" /private/x\r\n'),
        (*IN, b"c SETACL INBOX fred lrkx\r\n", b"d GETACL INBOX\r\n", b"e LISTRIGHTS INBOX fred\r\nf MYRIGHTS INBOX\r\n",
            b"g SETACL INBOX fred -k\r\n", b"h DELETEACL INBOX fred\r\n"),
        (*IN, b"c NOTIFY NONE\r\n"),
    ],
)  # fmt: skip
async def test_what_comes_near_is_done(sent: tuple[bytes, ...]) -> None:
    offered = CAPABILITIES | {"NOTIFY", "IMAP4REV2", "MESSAGELIMIT=4294967295"}
    async with quiet(capabilities=offered) as server:
        answer = await talk(server, *sent)
        tags = re.findall(rb"^([a-z]) ([A-Z]+)", answer, re.MULTILINE)
        assert {condition for _, condition in tags} == {b"OK"}, answer
        assert len(tags) == b"".join(sent).count(b"\r\n") - len(
            re.findall(rb"DONE|\{\d+\+", b"".join(sent))
        )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ((*IN, b"c NOTIFY SET STATUS (selected (MessageNew (UID) MessageExpunge))\r\n"), b"CANNOT"),
        ((*IN, b"c NOTIFY SET (subtree (INBOX Sent) (MailboxName))\r\n"), b"CANNOT"),
        ((*IN, b"c NOTIFY SET (mailboxes INBOX (Magic))\r\n"), b"BADEVENT"),
        ((*OPEN, b"c UID REPLACE 9 Sent {1+}\r\nx\r\n"), b"NONEXISTENT"),
        ((*OPEN, b"c UID REPLACE 1 Nowhere {1+}\r\nx\r\n"), b"TRYCREATE"),
        ((*OPEN, b"c UID COPY 1 Nowhere\r\n"), b"TRYCREATE"),
        ((*OPEN, b"c UID SEARCH CHARSET KOI8-R ALL\r\n"), b"BADCHARSET"),
        ((*IN, b"c CREATE INBOX\r\n"), b"ALREADYEXISTS"),
        ((*IN, b"c RENAME Sent Drafts\r\n"), b"ALREADYEXISTS"),
        ((*IN, b"c DELETE INBOX\r\n"), b"CANNOT"),
        ((*IN, b"c SETACL Nowhere fred l\r\n"), b"NONEXISTENT"),
    ],
)
async def test_legal_and_impossible(sent: tuple[bytes, ...], code: bytes) -> None:
    async with quiet(capabilities=CAPABILITIES | {"NOTIFY"}) as server:
        assert b"c NO [" + code in await talk(server, *sent)


@pytest.mark.breaks("ambiguity")
async def test_what_came_in_before_the_answer_was_sent_before(autojump_clock: Any) -> None:
    # On this clock all of it happens in no time.
    async with quiet() as server:
        sent = (*OPEN, b"c UID SEARCH ALL\r\nd UID SEARCH ALL\r\n", b"e UID SEARCH ALL\r\n")
        await talk(server, *sent)
        assert [violation.tag for violation in server.violations] == ["d"]


@pytest.mark.breaks("compress")
async def test_compress_once() -> None:
    async with quiet() as server:
        assert b"c BAD [CLIENTBUG] there is DEFLATE" in await talk(
            server, LOGIN, b"c COMPRESS LZ4\r\n"
        )


@pytest.mark.breaks("status-of-selected")
async def test_status_of_the_selected_mailbox() -> None:
    async with quiet() as server:
        answer = await talk(server, *OPEN, b"c STATUS INBOX (MESSAGES)\r\n")
        assert b'* STATUS "INBOX" (MESSAGES 2)\r\nc OK [CLIENTBUG] STATUS of the mailbox' in answer


@pytest.mark.breaks("literal-plus")
@pytest.mark.parametrize(
    ("offered", "sent"),
    [
        (CAPABILITIES - {"LITERAL+"}, b"c LOGIN {3+}\r\njoe secret\r\n"),
        (CAPABILITIES - {"LITERAL+"}, b"c LOGIN {3+}\r\njoe {6+}\r\nsecret\r\n"),
        (LITERAL_MINUS, b"c STATUS {4097+}\r\n" + b"x" * 4097 + b" (MESSAGES)\r\n"),
    ],
)
async def test_literals_at_once(offered: set[str], sent: bytes) -> None:
    async with quiet(capabilities=offered) as server:
        answer = await talk(server, sent, b"d NOOP\r\n")
        assert b"c BAD [CLIENTBUG] a non-synchronising literal" in answer
        assert b"d OK" in answer
        assert len(server.violations) == 1


async def test_small_literals_at_once() -> None:
    async with quiet(capabilities=LITERAL_MINUS) as server:
        assert b"c OK" in await talk(server, b"c LOGIN {3+}\r\njoe {6+}\r\nsecret\r\n")


@pytest.mark.breaks("hierarchy")
@pytest.mark.parametrize(
    "sent",
    [b"CREATE foo//bar", b"CREATE /foo", b"CREATE foo//", b"RENAME Sent a//b", b"RENAME Sent a/"],
)
async def test_levels_without_a_name(sent: bytes) -> None:
    async with quiet() as server:
        assert b"c NO [CANNOT] " in await talk(server, LOGIN, b"c " + sent + b"\r\n")
        assert len(server.violations) == 1


@pytest.mark.breaks("header-8bit")
async def test_8bit_headers() -> None:
    message = "Subject: ü\r\n\r\nx".encode()
    sent = b"c APPEND Sent {%d+}\r\n%s\r\n" % (len(message), message)
    async with quiet() as server:
        assert b"c NO [CANNOT] 8-bit octets in a header" in await talk(server, LOGIN, sent)
        assert b"c OK" in await talk(server, LOGIN, b"b ENABLE UTF8=ACCEPT\r\n", sent)
        assert [message.octets for message in server.mailbox("joe", "Sent").messages] == [message]


@pytest.mark.breaks("multiappend")
async def test_several_messages_without_multiappend() -> None:
    async with quiet(capabilities=CAPABILITIES - {"MULTIAPPEND"}) as server:
        answer = await talk(server, LOGIN, b"c APPEND Sent {1+}\r\na {1+}\r\nb\r\n")
        assert b"c BAD [CLIENTBUG] more behind a message" in answer
        assert server.mailbox("joe", "Sent").messages == []


@pytest.mark.breaks("binary")
async def test_binary_of_a_multipart() -> None:
    async with quiet() as server:
        server.deliver(
            "joe",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n".replace(
                b"\r\n\r\nx",
                b"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--",
            ),
        )
        answer = await talk(server, *OPEN, b"c UID FETCH 3 BINARY[1]\r\n")
        assert b"c BAD [CLIENTBUG] BINARY[1] of a multipart" in answer


@pytest.mark.breaks(
    "unknown-command", "literal-plus", "sasl", "search", "list-options", "status-items", "syntax"
)
async def test_what_is_switched_off_is_refused() -> None:
    for without, sent in SWITCHED_OFF.items():
        async with quiet() as server:
            assert b"c BAD" not in await talk(server, *sent), without
        async with quiet(capabilities=CAPABILITIES - {without}) as server:
            answer = await talk(server, *sent)
            assert b"c BAD" in answer, without
            for words in re.findall(rb"CAPABILITY ([^\]]*)", answer):
                assert without.encode() not in words.split()


SWITCHED_OFF: dict[str, tuple[bytes, ...]] = {
    "LITERAL+": (b"c LOGIN {3+}\r\njoe secret\r\n",),
    "SASL-IR": (b"c AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n",),
    "IDLE": (LOGIN, b"c IDLE\r\nDONE\r\n"),
    "MOVE": (*OPEN, b"c UID MOVE 1 Sent\r\n"),
    "UIDPLUS": (*OPEN, b"c UID EXPUNGE 1\r\n"),
    "UNSELECT": (*OPEN, b"c UNSELECT\r\n"),
    "ESEARCH": (*OPEN, b"c SEARCH RETURN (ALL) ALL\r\n"),
    "WITHIN": (*OPEN, b"c SEARCH OLDER 5\r\n"),
    "STATUS=SIZE": (LOGIN, b"c STATUS INBOX (SIZE)\r\n"),
    "LIST-EXTENDED": (LOGIN, b'c LIST "" * RETURN (CHILDREN)\r\n'),
    "ID": (LOGIN, b"c ID NIL\r\n"),
    "NAMESPACE": (LOGIN, b"c NAMESPACE\r\n"),
    "ENABLE": (LOGIN, b"c ENABLE X\r\n"),
    "ACL": (LOGIN, b"c GETACL INBOX\r\n"),
    "METADATA": (LOGIN, b"c GETMETADATA INBOX /shared/x\r\n"),
    "SORT": (*OPEN, b"c SORT (DATE) UTF-8 ALL\r\n"),
    "UNAUTHENTICATE": (LOGIN, b"c UNAUTHENTICATE\r\n"),
    "CONDSTORE": (*OPEN, b"c SEARCH MODSEQ 1\r\n"),
    "REPLACE": (*OPEN, b"c REPLACE 1 Sent {1+}\r\nx\r\n"),
}


@pytest.mark.breaks("login-disabled")
async def test_no_credentials_in_clear_where_there_is_starttls() -> None:
    async with quiet(tls="starttls") as server:
        answer = await talk(server, LOGIN, b"b AUTHENTICATE PLAIN x\r\n")
        assert b"LOGINDISABLED" in answer
        assert b"a BAD" in answer
        assert b"b BAD" in answer


@pytest.mark.breaks("login-disabled")
async def test_no_login_where_it_is_switched_off() -> None:
    async with quiet(logins=Logins(command=False)) as server:
        assert b"a BAD [CLIENTBUG] LOGIN where LOGINDISABLED" in await talk(server, LOGIN)


@pytest.mark.breaks("nothing-follows")
async def test_nothing_may_follow_starttls() -> None:
    async with quiet(tls="starttls") as server:
        answer = await talk(server, b"a STARTTLS\r\nb NOOP\r\n", b"c NOOP\r\n")
        assert b"a BAD [CLIENTBUG] octets behind STARTTLS" in answer
        # What may be somebody else's is not read.
        assert b"b OK" not in answer
        assert b"c OK" in answer


async def test_lenient_takes_what_lenient_servers_take() -> None:
    async with quiet(strict=False) as server:
        answer = await talk(server, b"c LOGIN {3}\r\njoe {6}\r\nsecret\r\nd NOOP\n")
        assert b"c OK" in answer
        assert b"d OK" in answer


async def test_what_cannot_be_offered_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="X-MAGIC"):
        async with serve(tls="insecure", host=None, capabilities={"X-MAGIC"}):
            pass


@pytest.mark.breaks("ambiguity")
@pytest.mark.parametrize(("early", "refused"), [(0.1, True), (0.0, False)])
async def test_a_second_search_on_its_way_before_the_first_is_answered(
    early: float, refused: bool, autojump_clock: Any
) -> None:
    # The server has answered when it comes in; but it was sent before that was known.
    async with quiet(latency=1.0) as server:
        stream = server.connect()
        await stream.send_all(LOGIN)
        await trio.sleep(2)
        await stream.send_all(SELECT)
        await trio.sleep(2)
        await stream.send_all(b"c UID SEARCH ALL\r\n")
        await trio.sleep(2 - early)
        await stream.send_all(b"d UID SEARCH ALL\r\n")
        await trio.sleep(2)
        assert [violation.tag for violation in server.violations] == ["d"] * refused
        if not refused:
            # For the marker: nothing was wrong until here.
            await stream.send_all(b"e UID SEARCH ALL\r\nf UID SEARCH ALL\r\n")
            await trio.sleep(2)
        await stream.aclose()


@pytest.mark.breaks("sasl", "syntax", "unknown-command", "state")
async def test_what_is_kept_holds_no_secrets() -> None:
    async with quiet() as server:
        await talk(
            server,
            b"a LOGIN joe secret secret\r\n",
            b"b AUTHENTICATE PLAIN c2VjcmV0\r\n",
            b"c2VjcmV0\r\n",
            b"login joe secret\r\n",
            b"c APPEND Sent {6+}\r\nsecret\r\n",
            b'd WHAT "n\xc3\xb6" ' + b"x" * 300 + b"\r\n",
        )
        assert [violation.line for violation in server.violations] == [
            "a LOGIN <18 octets>",
            "b AUTHENTICATE <15 octets>",
            "<10 octets>",
            "login <11 octets>",
            "c APPEND Sent {6+}",
            'd WHAT "n\\xc3\\xb6" ' + "x" * 187,
        ]
        assert "secret" not in repr(server.violations)
        assert str(server.violations[-1]).startswith("WHAT no command WHAT")


SCRIPT = (
    LOGIN + SELECT + b"c UID FETCH 1:* (FLAGS BODY[HEADER.FIELDS (SUBJECT)])\r\n"
    b"d APPEND Sent (\\Seen) {3+}\r\nabc\r\ne IDLE\r\nDONE\r\nf SEARCH OR SEEN (NOT DELETED)\r\n"
    b"g UID STORE 2 +FLAGS (\\Deleted)\r\nh EXPUNGE\r\ni STATUS Sent (MESSAGES)\r\nj LOGOUT\r\n"
)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 60), min_size=1))
async def test_any_chunking_gives_the_same_answers(sizes: list[int]) -> None:
    async def run(pieces: list[bytes]) -> bytes:
        async with quiet() as server:
            answer = await talk(server, *pieces)
            assert server.violations == []
            return re.sub(rb"UIDVALIDITY \d+|APPENDUID \d+", b"", answer)

    pieces: list[bytes] = []
    rest, at = SCRIPT, 0
    while rest:
        size = sizes[at % len(sizes)]
        pieces.append(rest[:size])
        rest, at = rest[size:], at + 1
    assert await run(pieces) == await run([SCRIPT])
