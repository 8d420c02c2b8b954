"""Each capability does something, and does it no more once it is switched off."""

from __future__ import annotations

from typing import Any

import pytest

from aimap.testing import CAPABILITIES, CAPABILITIES_ON_DEMAND, Delay, On

from .test_obligations import quiet, talk
from .wrong_lines import LOGIN, OPEN

IN = (LOGIN,)

SEEN: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "ACL": ((*IN, b"c GETACL INBOX\r\n"), b"* ACL "),
    "ANNOTATE-EXPERIMENT-1": (OPEN, b"[ANNOTATIONS "),
    "BINARY": ((*OPEN, b"c UID FETCH 1 BINARY.SIZE[1]\r\n"), b"BINARY.SIZE[1] 3"),
    "CATENATE": ((*IN, b"c APPEND Sent CATENATE (TEXT {1+}\r\nx)\r\n"), b"c OK"),
    "CHILDREN": ((*IN, b'c LIST "" INBOX\r\n'), b"\\HasNoChildren"),
    "COMPRESS=DEFLATE": ((*IN, b"c COMPRESS DEFLATE\r\n"), b"c OK"),
    "CONDSTORE": (OPEN, b"[HIGHESTMODSEQ "),
    "CONTEXT=SEARCH": ((*OPEN, b"c UID SEARCH RETURN (UPDATE) ALL\r\n"), b"c OK"),
    "CONTEXT=SORT": ((*OPEN, b"c UID SORT RETURN (UPDATE) (DATE) UTF-8 ALL\r\n"), b"c OK"),
    "CONVERT": ((*IN, b'c CONVERSIONS "text/plain" "*"\r\n'), b"* CONVERSION "),
    "CREATE-SPECIAL-USE": ((*IN, b"c CREATE A (USE (\\Archive))\r\n"), b"c OK"),
    "ENABLE": ((*IN, b"c ENABLE CONDSTORE\r\n"), b"* ENABLED CONDSTORE"),
    "ESEARCH": ((*OPEN, b"c UID SEARCH RETURN (COUNT) ALL\r\n"), b"COUNT 2"),
    "ESORT": ((*OPEN, b"c UID SORT RETURN (COUNT) (DATE) UTF-8 ALL\r\n"), b"COUNT 2"),
    "FILTERS": ((*OPEN, b"c UID SEARCH FILTER x\r\n"), b"[UNDEFINED-FILTER x]"),
    "I18NLEVEL=2": ((*IN, b"c COMPARATOR\r\n"), b"* COMPARATOR "),
    "ID": ((b"c ID NIL\r\n",), b"* ID "),
    "IDLE": ((*IN, b"c IDLE\r\nDONE\r\n"), b"+ idling"),
    "INPROGRESS": ((*IN, b"c NAMESPACE\r\n"), b"[INPROGRESS "),
    "JMAPACCESS": ((*IN, b"c GETJMAPACCESS\r\n"), b"* JMAPACCESS "),
    "LANGUAGE": ((b"c LANGUAGE\r\n",), b"* LANGUAGE "),
    "LIST-EXTENDED": ((*IN, b'c LIST "" (INBOX Sent)\r\n'), b'"Sent"'),
    "LIST-METADATA": ((*IN, b'c LIST "" INBOX RETURN (METADATA (/shared/x))\r\n'), b"* METADATA "),
    "LIST-MYRIGHTS": ((*IN, b'c LIST "" INBOX RETURN (MYRIGHTS)\r\n'), b"* MYRIGHTS "),
    "LIST-STATUS": ((*IN, b'c LIST "" INBOX RETURN (STATUS (UIDNEXT))\r\n'), b"* STATUS "),
    "LITERAL+": ((*IN, b"c CREATE {1+}\r\nx\r\n"), b"c OK"),
    "LOGIN-REFERRALS": ((b"a LOGIN ann x\r\n",), b"[REFERRAL imap://ann@far/]"),
    "MAILBOX-REFERRALS": ((*IN, b'c RLIST "" Far\r\n'), b"\\Remote"),
    "METADATA": ((*IN, b"c GETMETADATA INBOX /shared/x\r\n"), b"c OK"),
    "MOVE": ((*OPEN, b"c UID MOVE 1 Sent\r\n"), b"* 1 EXPUNGE"),
    "MULTIAPPEND": ((*IN, b"c APPEND Sent {1+}\r\nx {1+}\r\ny\r\n"), b"c OK"),
    "MULTISEARCH": ((*IN, b"c ESEARCH IN (inboxes) ALL\r\n"), b"* ESEARCH "),
    "NAMESPACE": ((*IN, b"c NAMESPACE\r\n"), b"* NAMESPACE "),
    "OBJECTID": (OPEN, b"[MAILBOXID "),
    "PARTIAL": ((*OPEN, b"c UID FETCH 1:2 FLAGS (PARTIAL 1:1)\r\n"), b"c OK"),
    "PREVIEW": ((*OPEN, b"c UID FETCH 1 PREVIEW\r\n"), b'PREVIEW "1"'),
    "QRESYNC": ((*IN, b"c ENABLE QRESYNC\r\n"), b"* ENABLED QRESYNC"),
    "QUOTA": ((*IN, b'c GETQUOTA ""\r\n'), b"* QUOTA "),
    "QUOTA=RES-ANNOTATION-STORAGE": ((*IN, b'c GETQUOTA ""\r\n'), b"ANNOTATION-STORAGE 0 9"),
    "QUOTA=RES-MAILBOX": ((*IN, b'c GETQUOTA ""\r\n'), b"MAILBOX 5 9"),
    "QUOTA=RES-MESSAGE": ((*IN, b'c GETQUOTA ""\r\n'), b"MESSAGE 2 9"),
    "QUOTA=RES-STORAGE": ((*IN, b'c GETQUOTA ""\r\n'), b"STORAGE 1 9"),
    "QUOTASET": ((*IN, b'c SETQUOTA "" (STORAGE 9)\r\n'), b"c OK"),
    "REPLACE": ((*OPEN, b"c UID REPLACE 1 INBOX {1+}\r\nx\r\n"), b"* 1 EXPUNGE"),
    "RIGHTS=KXTE": ((*IN, b"c MYRIGHTS INBOX\r\n"), b"lrswipkxtea"),
    "SASL-IR": ((b"c AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n",), b"c OK"),
    "SAVEDATE": ((*OPEN, b"c UID FETCH 1 SAVEDATE\r\n"), b'SAVEDATE "'),
    "SEARCH=FUZZY": ((*OPEN, b"c UID SEARCH FUZZY SUBJECT one\r\n"), b"* SEARCH 1"),
    "SEARCHRES": ((*OPEN, b"c UID SEARCH RETURN (SAVE) ALL\r\n"), b"c OK"),
    "SORT": ((*OPEN, b"c UID SORT (DATE) UTF-8 ALL\r\n"), b"* SORT "),
    "SORT=DISPLAY": ((*OPEN, b"c UID SORT (DISPLAYFROM) UTF-8 ALL\r\n"), b"* SORT "),
    "SPECIAL-USE": ((*IN, b'c LIST "" Sent\r\n'), b"\\Sent"),
    "STATUS=SIZE": ((*IN, b"c STATUS INBOX (SIZE)\r\n"), b"(SIZE "),
    "THREAD=ORDEREDSUBJECT": ((*OPEN, b"c UID THREAD ORDEREDSUBJECT UTF-8 ALL\r\n"), b"* THREAD "),
    "THREAD=REFERENCES": ((*OPEN, b"c UID THREAD REFERENCES UTF-8 ALL\r\n"), b"* THREAD "),
    "UIDONLY": ((*IN, b"c ENABLE UIDONLY\r\n"), b"* ENABLED UIDONLY"),
    "UIDPLUS": ((*OPEN, b"c UID COPY 1 Sent\r\n"), b"[COPYUID "),
    "UNAUTHENTICATE": ((*IN, b"c UNAUTHENTICATE\r\n"), b"c OK"),
    "UNSELECT": ((*OPEN, b"c UNSELECT\r\n"), b"c OK"),
    "URL-PARTIAL": (
        (*IN, b'c APPEND Sent CATENATE (URL "/INBOX/;UID=1/;PARTIAL=0.5")\r\n'), b"c OK",
    ),
    "URLAUTH": (OPEN, b"[URLMECH "),
    "URLAUTH=BINARY": ((*IN, b'c URLFETCH ("x" BODY)\r\n'), b"(BODY NIL)"),
    "UTF8=ACCEPT": ((*IN, b"c ENABLE UTF8=ACCEPT\r\n"), b"* ENABLED UTF8=ACCEPT"),
    "WITHIN": ((*OPEN, b"c UID SEARCH YOUNGER 60\r\n"), b"* SEARCH 1 2"),
    # On demand
    "APPENDLIMIT": ((*IN, b"c STATUS INBOX (APPENDLIMIT)\r\n"), b"(APPENDLIMIT NIL)"),
    "APPENDLIMIT=9": ((*IN, b"c STATUS INBOX (APPENDLIMIT)\r\n"), b"(APPENDLIMIT 9)"),
    "IMAP4REV2": ((*IN, b"c ENABLE IMAP4rev2\r\n"), b"* ENABLED IMAP4rev2"),
    "LOGINDISABLED": (IN, b"a BAD"),
    "MESSAGELIMIT=1": ((*OPEN, b"c UID FETCH 1:2 FLAGS\r\n"), b"[MESSAGELIMIT 1 2]"),
    "NOTIFY": ((*IN, b"c NOTIFY NONE\r\n"), b"c OK"),
    "SAVELIMIT=1": ((*OPEN, b"c UID COPY 1:2 Sent\r\n"), b"[MESSAGELIMIT 1 2]"),
    "UTF8=ONLY": ((*IN, b"c SELECT INBOX\r\n"), b"c NO [CANNOT]"),
    "X-GM-EXT-1": ((*OPEN, b"c UID FETCH 1 X-GM-MSGID\r\n"), b"c OK"),
    "XLIST": ((*IN, b'c XLIST "" INBOX\r\n'), b"* XLIST "),
}  # fmt: skip
"""What is sent, and what only a server with that capability says."""

WITHOUT_ANOTHER = {
    "I18NLEVEL=1": "it is what the comparisons are like, whatever is offered",
    "IMAPSIEVE=SIEVE://LOCALHOST": "it says where scripts are; their names are metadata like any",
    "LITERAL-": "test_literals_at_once",
    "METADATA-SERVER": "test_metadata_of_the_server_alone",
    **dict.fromkeys(("UTF8=ALL", "UTF8=APPEND", "UTF8=USER"), "obsolete, and a word only"),
}


def test_none_is_forgotten() -> None:
    shown = {
        name if name in CAPABILITIES else name.partition("=9")[0].partition("=1")[0]
        for name in SEEN
    }
    assert shown | set(WITHOUT_ANOTHER) == CAPABILITIES | CAPABILITIES_ON_DEMAND


@pytest.mark.parametrize("capability", SEEN)
async def test_each(capability: str, autojump_clock: Any) -> None:
    sent, shown = SEEN[capability]

    async def answer(capabilities: set[str]) -> bytes:
        async with quiet(capabilities=capabilities, faults=FAULTS) as server:
            account = server.accounts["joe"]
            account.limits = dict.fromkeys(
                ("STORAGE", "MESSAGE", "MAILBOX", "ANNOTATION-STORAGE"), 9
            )
            server.mailbox("joe", "Far").referral = "imap://joe@far/Far"
            server.add_account("ann", "x").referral = "imap://ann@far/"
            found = await talk(server, *sent)
            # It is switched off here, and whoever asks for it all the same breaks a rule.
            server.violations.clear()
            return found

    assert shown in await answer({*CAPABILITIES, capability})
    assert shown not in await answer({*CAPABILITIES} - {capability})


FAULTS = [On("command", Delay(15), command="NAMESPACE")]
