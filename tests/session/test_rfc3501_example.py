"""The sample connection of RFC 3501 section 8, octet for octet."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from aimap import Flag, Limits, Message
from aimap._commands.base import Command, PlainCommand
from aimap._commands.connection import Logout
from aimap._commands.login import Login
from aimap._commands.select import Select
from aimap._model.response import TaggedResponse, Untagged
from aimap._model.state import ConnectionState
from aimap._protocol.events import MessageChanged, SessionEvent
from aimap._protocol.session import Session

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

GREETING = b"* OK IMAP4rev1 Service Ready\r\n"
LOGIN = b"a001 OK LOGIN completed\r\n"
SELECT = (
    b"* 18 EXISTS\r\n"
    b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
    b"* 2 RECENT\r\n"
    b"* OK [UNSEEN 17] Message 17 is the first unseen message\r\n"
    b"* OK [UIDVALIDITY 3857529045] UIDs valid\r\n"
    b"a002 OK [READ-WRITE] SELECT completed\r\n"
)
FETCH_FULL = (
    b'* 12 FETCH (FLAGS (\\Seen) INTERNALDATE "17-Jul-1996 02:44:25 -0700" '
    b'RFC822.SIZE 4286 ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" '
    b'"IMAP4rev1 WG mtg summary and minutes" '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
    b'((NIL NIL "imap" "cac.washington.edu")) '
    b'((NIL NIL "minutes" "CNRI.Reston.VA.US")'
    b'("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL '
    b'"<B27397-0100000@cac.washington.edu>") '
    b'BODY ("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92))\r\n'
    b"a003 OK FETCH completed\r\n"
)
HEADER = (
    b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    b"From: Terry Gray <gray@cac.washington.edu>\r\n"
    b"Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
    b"To: imap@cac.washington.edu\r\n"
    b"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
    b"Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
    b"\r\n"
)
# The RFC says {342} and prints 342 octets.
FETCH_HEADER = b"* 12 FETCH (BODY[HEADER] {342}\r\n" + HEADER + b")\r\na004 OK FETCH completed\r\n"
STORE = b"* 12 FETCH (FLAGS (\\Seen \\Deleted))\r\na005 OK +FLAGS completed\r\n"
LOGOUT = b"* BYE IMAP4rev1 server terminating connection\r\na006 OK LOGOUT completed\r\n"


class AsPrinted(Command[list[Message]]):
    """A FETCH or STORE in the very words of the RFC."""

    name = "FETCH"
    answers = (Message,)
    states = frozenset({ConnectionState.SELECTED})

    def __init__(self, words: str) -> None:
        self.words = words
        self.messages: list[Message] = []

    def write(self, wire: Encoder) -> None:
        for word in self.words.split():
            wire.item(word)

    def claim(self, response: Untagged) -> bool:
        assert isinstance(response, Message)
        self.messages.append(response)
        return True

    def result(self, response: TaggedResponse) -> list[Message]:
        return self.messages


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_sample_connection(chunk: int) -> None:
    events: list[SessionEvent] = []
    session = Session(Limits(), tag_format="a{:03}", on_event=events.append)

    def says(data: bytes) -> None:
        for at in range(0, len(data), chunk):
            session.receive_data(data[at : at + chunk])

    assert len(HEADER) == 342
    says(GREETING)
    assert session.data_to_send() == b""

    login = session.submit(Login("mrc", "secret"))
    assert session.data_to_send() == b"a001 LOGIN mrc secret\r\n"
    says(LOGIN)
    login.outcome()
    assert session.state is ConnectionState.AUTHENTICATED

    select = session.submit(Select("inbox"))
    assert session.data_to_send() == b"a002 SELECT INBOX\r\n"
    says(SELECT)
    select.outcome()
    view = session.view
    assert view is not None
    assert (view.exists, view.recent, view.first_unseen) == (18, 2, 17)
    assert (view.uid_validity, view.read_only) == (3857529045, False)
    assert view.flags == {Flag.ANSWERED, Flag.FLAGGED, Flag.DELETED, Flag.SEEN, Flag.DRAFT}

    full = session.submit(AsPrinted("fetch 12 full"))
    assert session.data_to_send() == b"a003 fetch 12 full\r\n"
    says(FETCH_FULL)
    (message,) = full.outcome()
    assert (message.seq, message.size, message.flags) == (12, 4286, {Flag.SEEN})
    assert message.internal_date == datetime(
        1996, 7, 17, 2, 44, 25, tzinfo=timezone(timedelta(hours=-7))
    )
    assert message.envelope.subject == "IMAP4rev1 WG mtg summary and minutes"
    assert [str(address) for address in message.envelope.cc] == [
        "minutes@CNRI.Reston.VA.US",
        "John Klensin <KLENSIN@MIT.EDU>",
    ]
    assert message.envelope.from_ == message.envelope.sender == message.envelope.reply_to
    assert message.envelope.message_id == "<B27397-0100000@cac.washington.edu>"

    header = session.submit(AsPrinted("fetch 12 body[header]"))
    assert session.data_to_send() == b"a004 fetch 12 body[header]\r\n"
    says(FETCH_HEADER)
    assert header.outcome()[0].body("HEADER") == HEADER

    store = session.submit(AsPrinted("store 12 +flags \\deleted"))
    assert session.data_to_send() == b"a005 store 12 +flags \\deleted\r\n"
    says(STORE)
    assert store.outcome()[0].flags == {"\\Seen", "\\Deleted"}

    logout = session.submit(Logout())
    assert session.data_to_send() == b"a006 LOGOUT\r\n"
    says(LOGOUT)
    logout.outcome()
    assert session.state is ConnectionState.LOGOUT
    assert not [event for event in events if isinstance(event, MessageChanged)]


def test_commands_of_any_kind_may_be_defined_by_users() -> None:
    class Check(PlainCommand):
        name = "CHECK"
        states = frozenset({ConnectionState.SELECTED})

    session = Session(Limits())
    session.receive_data(b"* PREAUTH hi\r\n")
    refused = session.submit(Check())
    session.data_to_send()
    with pytest.raises(Exception, match="no mailbox is selected"):
        refused.outcome()
