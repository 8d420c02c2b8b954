"""Whatever else servers can be asked for: all of it is read by the letter.

With ``AIMAP_RECORD=1`` in the environment, what was said is written to ``tests/data/servers``,
where the parsers' tests read it without a server.
"""

from __future__ import annotations

import os

import pytest

from .raw import RECORDS, RawConnection, raw_connection
from .real import RealServer

RICH = (
    b'From: =?utf-8?Q?J=C3=BCrgen?= <joe@example.org>, "Ann \\"A\\" B" <ann@[192.0.2.1]>\r\n'
    b"Sender: s@example.org\r\n"
    b"Reply-To: r@example.org\r\n"
    b"To: friends: a@example.org, b@example.org;, undisclosed-recipients:;\r\n"
    b"Cc: c@example.org\r\n"
    b'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= and "quotes" \\ {3}\r\n'
    b"Date: Tue, 03 Feb 2026 04:05:06 +0100\r\n"
    b"Message-ID: <rich@example.org>\r\n"
    b"In-Reply-To: <0@example.org>\r\n"
    b"References: <0@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Language: de, en\r\n"
    b'Content-Type: multipart/mixed; boundary="=_1"; x-note="a \\"b\\""\r\n\r\n'
    b"--=_1\r\nContent-Type: multipart/alternative; boundary=2\r\n\r\n"
    b"--2\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\nContent-ID: <1@example.org>\r\n"
    b"Content-Description: =?utf-8?Q?sch=C3=B6n?=\r\n\r\nGr=C3=BC=C3=9Fe =\r\n!\r\n"
    b"--2\r\nContent-Type: text/html\r\nContent-Language: de\r\nContent-Location: x.html\r\n"
    b"Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n\r\n<p>hello</p>\r\n--2--\r\n"
    b"--=_1\r\nContent-Type: application/octet-stream; name=x.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.bin; size=4\r\n\r\n"
    b"AAECAw==\r\n"
    b"--=_1\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: inner\r\nFrom: i@example.org\r\nDate: Mon, 2 Feb 2026 10:00:00 -0000\r\n\r\ninner\r\n"
    b"--=_1--\r\n"
)
PLAIN = b"Subject: re: inner\r\nFrom: p@example.org\r\nX-Empty:\r\n\r\nneedle\r\n"
REPLY = (
    b"Subject: Re: x\r\nMessage-ID: <2@example.org>\r\nIn-Reply-To: <rich@example.org>\r\n"
    b"References: <0@example.org> <rich@example.org>\r\nDate: 4 Feb 2026 01:02:03 GMT\r\n\r\n"
)
BROKEN = (
    b"Subject: no boundary\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n",
    b"Subject: Gr\xc3\xbc\xc3\x9fe raw\r\nFrom: J\xfcrgen <j@example.org>\r\nTo: <>\r\n\r\n\xff\r\n",
    b'From: @\r\nTo: ,,\r\nDate: yesterday\r\nMessage-ID: <a"b@c>\r\nContent-Type: text\r\n\r\n',
)

# The capability that a command needs, or nothing, and the command. A later one may build
# on what earlier ones did. {p} is the prefix of mailbox names, {d} their delimiter.
LOGGED_IN = """
| CAPABILITY
| NOOP
| NAMESPACE
ID | ID NIL
ID | ID ("name" "aimap" "version" NIL)
| CREATE {p}a
| CREATE {p}a{d}b
| CREATE "{p}Gr&APwA3w-e &- Co"
CREATE-SPECIAL-USE | CREATE Archive (USE (\\Archive))
| SUBSCRIBE {p}a
| LIST "" ""
| LIST "" *
| LIST "" %
| LIST {p}a *
| LSUB "" *
XLIST | XLIST "" *
LIST-EXTENDED | LIST (SUBSCRIBED) "" *
LIST-EXTENDED | LIST (SUBSCRIBED RECURSIVEMATCH) "" %
LIST-EXTENDED | LIST (REMOTE) "" ("INBOX" "a*") RETURN (SUBSCRIBED CHILDREN)
SPECIAL-USE | LIST (SPECIAL-USE) "" *
SPECIAL-USE | LIST "" * RETURN (SPECIAL-USE)
LIST-STATUS | LIST "" * RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT))
LIST-STATUS | LIST "" INBOX RETURN (STATUS (HIGHESTMODSEQ SIZE))
LIST-MYRIGHTS | LIST "" * RETURN (MYRIGHTS)
LIST-METADATA | LIST "" * RETURN (METADATA (/private/comment))
| STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)
| STATUS "{p}Gr&APwA3w-e &- Co" (MESSAGES)
CONDSTORE | STATUS INBOX (HIGHESTMODSEQ)
STATUS=SIZE | STATUS INBOX (SIZE)
OBJECTID | STATUS INBOX (MAILBOXID)
APPENDLIMIT | STATUS INBOX (APPENDLIMIT)
| STATUS {p}none (MESSAGES)
| CREATE INBOX
| DELETE {p}none
| RENAME {p}none {p}other
ACL | GETACL INBOX
ACL | MYRIGHTS INBOX
ACL | LISTRIGHTS INBOX anyone
ACL | SETACL {p}a anyone lr
ACL | GETACL {p}a
ACL | SETACL {p}a anyone +s
ACL | DELETEACL {p}a anyone
ACL | MYRIGHTS {p}none
QUOTA | GETQUOTAROOT INBOX
QUOTA | GETQUOTA ""
QUOTA | GETQUOTA "User quota"
QUOTA | SETQUOTA "" (STORAGE 1000)
METADATA | SETMETADATA INBOX (/private/comment "My \\"own\\" comment")
METADATA | SETMETADATA "" (/private/comment "all")
METADATA | GETMETADATA INBOX /private/comment
METADATA | GETMETADATA "" (/private/comment /shared/comment)
METADATA | GETMETADATA (DEPTH infinity) INBOX (/private)
METADATA | GETMETADATA (MAXSIZE 3) INBOX (/private/comment)
METADATA | GETMETADATA INBOX /private/none
METADATA | SETMETADATA INBOX (/private/comment NIL)
ANNOTATE-EXPERIMENT-1 | GETANNOTATION INBOX "/vendor/cmu/cyrus-imapd/size" "value.shared"
LANGUAGE | LANGUAGE
URLAUTH | RESETKEY INBOX
CONDSTORE | ENABLE CONDSTORE
"""
SELECTED = """
| FETCH 1:* ALL
| FETCH 1:* FULL
| FETCH 1:* FAST
| FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)
| FETCH 1:* BODY
| UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (Subject "X-Q" "X-Empty")])
| UID FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (Subject Received)] BODY.PEEK[TEXT]<5.100>)
| UID FETCH 1 (BODY.PEEK[1.1.MIME] BODY.PEEK[1.2] BODY.PEEK[3.HEADER] BODY.PEEK[3.TEXT])
| UID FETCH 1 (BODY.PEEK[3.1] BODY.PEEK[3.HEADER.FIELDS (SUBJECT)] BODY.PEEK[2]<2.3>)
| UID FETCH 1 (BODY.PEEK[9] BODY.PEEK[1.9.MIME] BODY.PEEK[]<9999999.10>)
| UID FETCH 2 (RFC822.HEADER RFC822.TEXT)
| UID FETCH 2 (RFC822)
| UID FETCH 2 BODY[]
| UID FETCH 99 FLAGS
| FETCH 99 FLAGS
BINARY | UID FETCH 1 (BINARY.PEEK[2] BINARY.SIZE[2] BINARY.PEEK[1.1]<1.3> BINARY.SIZE[1.1])
BINARY | UID FETCH 2 (BINARY.PEEK[1] BINARY.SIZE[1])
BINARY | UID FETCH 1 (BINARY.PEEK[9])
PREVIEW | UID FETCH 1:* (PREVIEW)
PREVIEW | UID FETCH 1 (PREVIEW (LAZY))
SNIPPET=FUZZY | UID FETCH 1:2 (SNIPPET)
SNIPPET=FUZZY | UID FETCH 1 (SNIPPET (LAZY=FUZZY))
SAVEDATE | UID FETCH 1:* (SAVEDATE)
OBJECTID | UID FETCH 1:* (EMAILID THREADID)
CONDSTORE | UID FETCH 1:* (MODSEQ)
CONDSTORE | UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)
CONDSTORE | UID STORE 2 (UNCHANGEDSINCE 1) +FLAGS (\\Flagged)
CONDSTORE | UID SEARCH MODSEQ 1
CONDSTORE | UID SEARCH RETURN (ALL) MODSEQ 1
ANNOTATE-EXPERIMENT-1 | UID STORE 1 ANNOTATION (/comment (value.priv "My comment"))
ANNOTATE-EXPERIMENT-1 | UID FETCH 1 (ANNOTATION (/comment (value.priv size.priv)))
ANNOTATE-EXPERIMENT-1 | UID FETCH 1 (ANNOTATION (/* (value)))
ANNOTATE-EXPERIMENT-1 | SEARCH ANNOTATION /comment value "comment"
| SEARCH ALL
| UID SEARCH SUBJECT inner
| UID SEARCH KEYWORD none
| UID SEARCH CHARSET utf-8 TEXT needle
| UID SEARCH CHARSET x-none TEXT needle
ESEARCH | UID SEARCH RETURN () ALL
ESEARCH | UID SEARCH RETURN (MIN MAX COUNT ALL) 1:*
ESEARCH | SEARCH RETURN (COUNT MIN) KEYWORD none
SEARCHRES | UID SEARCH RETURN (SAVE) 1:2
SEARCHRES | UID FETCH $ FLAGS
SEARCH=FUZZY | UID SEARCH FUZZY SUBJECT iner
WITHIN | UID SEARCH YOUNGER 3600
CONTEXT=SEARCH | UID SEARCH RETURN (UPDATE PARTIAL 1:2 COUNT) UNDELETED
CONTEXT=SEARCH | UID STORE 3 +FLAGS (\\Deleted)
CONTEXT=SEARCH | UID STORE 3 -FLAGS (\\Deleted)
SORT | UID SORT (SUBJECT REVERSE DATE) UTF-8 ALL
SORT | SORT (ARRIVAL) US-ASCII KEYWORD none
SORT=DISPLAY | UID SORT (DISPLAYFROM) UTF-8 ALL
SORT=MODSEQ | UID SORT (MODSEQ) UTF-8 MODSEQ 1
ESORT | UID SORT RETURN (MIN ALL COUNT) (SIZE) UTF-8 ALL
THREAD=REFERENCES | UID THREAD REFERENCES UTF-8 ALL
THREAD=ORDEREDSUBJECT | UID THREAD ORDEREDSUBJECT UTF-8 ALL
THREAD=REFS | UID THREAD REFS UTF-8 ALL
THREAD=REFERENCES | THREAD REFERENCES US-ASCII KEYWORD none
| STORE 2 +FLAGS (\\Seen $Junk)
| UID STORE 2 FLAGS (\\Answered)
| UID STORE 2 -FLAGS.SILENT (\\Answered)
| UID STORE 99 +FLAGS (\\Seen)
| UID COPY 1:2 {p}a
| UID COPY 1 {p}none
| UID COPY 99 {p}a
MOVE | UID MOVE 2 {p}a
MOVE | UID MOVE 99 {p}a
MULTIAPPEND | NOOP
| UID STORE 3 +FLAGS.SILENT (\\Deleted)
UIDPLUS | UID EXPUNGE 3
| EXPUNGE
| CHECK
| NOSUCH COMMAND
| FETCH 1 NOSUCH
"""


def offered(commands: str, server: RealServer, capabilities: list[str]) -> list[str]:
    """Return those of *commands* that the server has the capabilities for."""
    found = []
    for line in commands.strip().splitlines():
        needed, _, command = line.partition("| ")
        needed = needed.strip()
        if not needed or any(c == needed or c.startswith(needed + "=") for c in capabilities):
            found.append(command.format(p=server.prefix, d=server.delimiter))
    return found


async def talk(server: RealServer, raw: RawConnection, user: str) -> None:
    (told, _) = await raw.ok("CAPABILITY")
    capabilities = told.decode().split()[2:]
    for command in offered(LOGGED_IN, server, capabilities):
        await raw(command)
    await raw.ok('APPEND INBOX (\\Seen $Work) "03-Feb-2026 04:05:06 +0100" ', RICH)
    for message in (PLAIN, REPLY, *BROKEN):
        await raw("APPEND INBOX ", message)
    await raw(f"APPEND {server.prefix}none ", PLAIN)
    if "MULTIAPPEND" in capabilities:
        await raw.ok(f"APPEND {server.prefix}a (\\Seen) ", PLAIN, " ", PLAIN)
    if "CATENATE" in capabilities:
        await raw.ok('APPEND INBOX CATENATE (URL "/INBOX/;UID=2" TEXT ', b"more\r\n.", ")")
        await raw('APPEND INBOX CATENATE (URL "/INBOX/;UID=99")')
    if "URLAUTH" in capabilities:
        url = f"imap://{user}@localhost/INBOX/;UID=2;URLAUTH=user+{user}"
        answers = await raw(f'GENURLAUTH "{url}" INTERNAL')
        made = answers[0].decode().partition("GENURLAUTH ")[2]
        await raw(f"URLFETCH {made}")
        await raw(f'URLFETCH "{url}:internal:00" {made}')
        if "URLAUTH=BINARY" in capabilities:
            quoted = made.strip('"')
            await raw(f'URLFETCH ("{quoted}" BODY)')
            await raw(f'URLFETCH ("{quoted}" BINARY)')
            await raw(f'URLFETCH ("{quoted}" BODYPARTSTRUCTURE)')
    await raw.ok("EXAMINE INBOX")
    selected = await raw.ok("SELECT INBOX")
    for command in offered(SELECTED, server, capabilities):
        await raw(command)
    if "QRESYNC" in capabilities:
        await resynchronise(raw, selected)
    if "NOTIFY" in capabilities:
        await raw.ok("NOTIFY SET STATUS (personal (MessageNew MessageExpunge MailboxName))")
        await raw.ok(f"CREATE {server.prefix}new")
        await raw.ok(f"APPEND {server.prefix}new ", PLAIN)
        await raw.ok("NOOP")
        await raw("NOTIFY SET (selected (NoSuchEvent))")
        await raw.ok("NOTIFY NONE")
    await raw("IDLE", b"DONE\r\n")
    if "UNSELECT" in capabilities:
        await raw.ok("UNSELECT")
    await raw(f"SELECT {server.prefix}none")
    await raw("FETCH 1 FLAGS")


async def resynchronise(raw: RawConnection, selected: list[bytes]) -> None:
    (validity,) = (
        line.partition(b"UIDVALIDITY ")[2].partition(b"]")[0].decode()
        for line in selected
        if b"[UIDVALIDITY" in line
    )
    await raw.ok("UNSELECT")
    await raw.ok("ENABLE QRESYNC")
    await raw.ok(f"SELECT INBOX (QRESYNC ({validity} 1))")
    await raw.ok(f"SELECT INBOX (QRESYNC ({validity} 1 1:9 (1,3 1,3)))")
    await raw.ok(f"SELECT INBOX (QRESYNC ({int(validity) + 1} 1))")
    await raw.ok("UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)")
    await raw.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)")
    await raw.ok("UID EXPUNGE 1")
    await raw("NOOP")


@pytest.mark.breaks("BAD")
async def test_everything_is_read_by_the_letter(any_server: RealServer) -> None:
    user = any_server.new_user()
    async with raw_connection(any_server, user) as raw:
        await talk(any_server, raw, user)
        if os.environ.get("AIMAP_RECORD"):
            text = "\n".join(raw.record) + "\n"
            # What Cyrus tells of the machine is nobody's business.
            text = text.replace(os.uname().release, "6.1.0")
            (RECORDS / f"{any_server.kind}.txt").write_text(text, "ascii", newline="\n")
