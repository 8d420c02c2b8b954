"""Mailboxes to measure with."""

from __future__ import annotations

import imaplib

from tests.servers.real import PASSWORD, RealServer

MAILBOXES = tuple(f"M{number}" for number in range(20))

_APPENDED = 50
MESSAGE = (
    b"From: Joe <joe@example.org>\r\nTo: ann@example.org\r\nSubject: Number %d\r\n"
    b"Date: Mon, 7 Feb 2022 21:52:25 -0800\r\nMessage-ID: <%d@example.org>\r\n\r\n"
    + b"As ever, nothing new; that is all there is to tell.\r\n"
    * 20
)


def make_user(server: RealServer, messages: int = 0) -> str:
    """Return a new user with :data:`MAILBOXES`, and that many small messages in the INBOX."""
    user = server.new_user()
    client = imaplib.IMAP4("127.0.0.1", server.port)
    client.login(user, PASSWORD)
    for name in MAILBOXES:
        client.create(name)
    for number in range(min(messages, _APPENDED)):
        client.append("INBOX", "", "", MESSAGE % (number, number))
    client.select("INBOX")
    there = min(messages, _APPENDED)
    while there < messages:
        more = min(there, messages - there)
        answer = client.copy(f"1:{more}", "INBOX")
        assert answer[0] == "OK", answer
        there += more
    client.logout()
    return user


def make_large(server: RealServer, octets: int) -> str:
    """Return a new user with one message of that many octets, or a few more."""
    user = server.new_user()
    client = imaplib.IMAP4("127.0.0.1", server.port)
    client.login(user, PASSWORD)
    line = b"x" * 76 + b"\r\n"
    client.append("INBOX", "", "", b"Subject: large\r\n\r\n" + line * (octets // len(line) + 1))
    client.logout()
    return user
