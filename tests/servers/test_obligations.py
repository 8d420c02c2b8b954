"""What real servers make of what a client must not do: a sample of the embedded server's rules.

``BAD`` or ``NO`` where they refuse it, ``OK`` where they forgive it: then only a strict
server shows a client's mistake.
"""

from __future__ import annotations

import pytest

from .raw import raw_connection
from .real import RealServer
from .support import connected, fill

# Rule, what is sent, what each server answers: Dovecot, Cyrus, Courier.
ANSWERS = {
    "state": ("LOGIN x y", "BAD", "BAD", "NO"),
    "arguments": ("NOOP x", "OK", "BAD", "NO"),
    "above-exists": ("FETCH 9 FLAGS", "BAD", "NO", "OK"),
    "number-zero": ("UID FETCH 0 FLAGS", "BAD", "OK", "OK"),
    "malformed-set": ("UID FETCH 5: FLAGS", "BAD", "BAD", "NO"),
    "malformed-set-2": ("UID FETCH 1:2:3 FLAGS", "BAD", "BAD", "NO"),
    "number-over-32-bits": ("UID FETCH 4294967296 FLAGS", "BAD", "OK", "OK"),
    "enable-while-selected": ("ENABLE CONDSTORE", "OK", "OK", "OK"),
    "status-of-selected": ("STATUS INBOX (MESSAGES)", "OK", "OK", "OK"),
    "status-option-twice": ("STATUS INBOX (UIDNEXT UIDNEXT)", "OK", "OK", "OK"),
    "recent-flag": ("STORE 1 +FLAGS (\\Recent)", "BAD", "BAD", "NO"),
    "flag-atoms": ("STORE 1 +FLAGS (\\Starred)", "BAD", "BAD", "NO"),
    "return-behind-charset": ("SEARCH CHARSET UTF-8 RETURN (ALL) ALL", "BAD", "BAD", "NO"),
    "unknown-return": ("SEARCH RETURN (SOME) ALL", "BAD", "BAD", "NO"),
    "dates": ("SEARCH SINCE 31-Feb-2026", "OK", "OK", "OK"),
    "empty-sort": ("SORT () UTF-8 ALL", "BAD", "BAD", "NO"),
    "reverse-alone": ("SORT (REVERSE) UTF-8 ALL", "BAD", "BAD", "NO"),
    "mailbox-utf7": ("STATUS &AGE- (MESSAGES)", "NO", "NO", "NO"),
    "recursivematch": ('LIST (RECURSIVEMATCH) "" *', "BAD", "BAD", "OK"),
    "empty-patterns": ('LIST "" ()', "OK", "BAD", "BAD"),
    "metadata-entries": ("GETMETADATA INBOX /shared//x", "BAD", "OK", "NO"),
    "acl-identifier": ('SETACL INBOX "" l', "BAD", "NO", "OK"),
    "acl-rights": ("SETACL INBOX fred LRS", "BAD", "BAD", "OK"),
    "qresync-not-enabled": ("SELECT INBOX (QRESYNC (1 1))", "BAD", "BAD", "NO"),
    "vanished-alone": ("UID FETCH 1 FLAGS (VANISHED)", "BAD", "BAD", "NO"),
    "zero-validity-modseq": ("FETCH 1 FLAGS (CHANGEDSINCE 0)", "OK", "OK", "NO"),
    "unchangedsince-behind": ("STORE 1 +FLAGS (X) (UNCHANGEDSINCE 5)", "OK", "BAD", "NO"),
    "binary-size-range": ("FETCH 1 BINARY.SIZE[1]<0.5>", "OK", "BAD", "NO"),
    "notify-pairs": ("NOTIFY SET (inboxes (MessageNew))", "OK", "BAD", "NO"),
    "id-limits": ('ID ("a" "1" "a" "2")', "OK", "OK", "NO"),
}


@pytest.mark.breaks("BAD")
async def test_what_they_say(any_server: RealServer) -> None:
    user = any_server.new_user()
    async with connected(any_server, user, tls="insecure") as imap:
        await fill(imap, [b"Subject: x\r\n\r\nx\r\n"])
    expected = {
        rule: row[1 + ["dovecot", "cyrus", "courier"].index(any_server.kind)]
        for rule, row in ANSWERS.items()
    }
    said: dict[str, str] = {}
    for rule, row in ANSWERS.items():
        async with raw_connection(any_server, user) as raw:
            await raw.ok("SELECT INBOX")
            said[rule] = (await raw(row[0]))[-1].split(b" ")[1].decode()
    assert said == expected
