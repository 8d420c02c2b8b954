"""UNAUTHENTICATE (RFC 8437): nothing of before holds."""

from __future__ import annotations

from aimap._commands.connection import Enable
from aimap._commands.login import Login, Unauthenticate
from aimap._commands.mailboxes import Status
from aimap._model.state import ConnectionState
from aimap._protocol.events import MailboxClosed

from .support import Talk


def enabled_and_selected() -> Talk:
    talk = Talk(capabilities="ENABLE UTF8=ACCEPT UNAUTHENTICATE LITERAL+ AUTH=PLAIN")
    talk.submit(Enable("UTF8=ACCEPT"))
    assert talk.hears() == b"A1 ENABLE UTF8=ACCEPT\r\n"
    talk.says(b"* ENABLED UTF8=ACCEPT\r\nA1 OK done\r\n")
    talk.in_mailbox()
    return talk


def test_forgets_all() -> None:
    talk = enabled_and_selected()
    leaving = talk.submit(Unauthenticate())
    assert talk.hears() == b"A3 UNAUTHENTICATE\r\n"
    talk.says(b"A3 OK bye, joe\r\n")
    assert leaving.done
    session = talk.session
    assert session.state is ConnectionState.NOT_AUTHENTICATED
    assert session.capabilities is None
    assert not session.enabled
    assert session.view is None
    assert talk.events == [MailboxClosed()]
    # Names go out in modified UTF-7 again.
    talk.submit(Login("ann", "x"))
    assert talk.hears() == b"A4 LOGIN ann x\r\n"
    talk.says(b"A4 OK hi\r\n")
    talk.submit(Status("Entwürfe", ["MESSAGES"]))
    assert talk.hears() == b'A5 STATUS "Entw&APw-rfe" (MESSAGES)\r\n'


def test_what_the_answer_says_holds() -> None:
    talk = enabled_and_selected()
    talk.submit(Unauthenticate())
    talk.hears()
    talk.says(b"A3 OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] bye, joe\r\n")
    assert set(talk.session.capabilities or ()) == {"IMAP4rev1", "AUTH=PLAIN"}


def test_refused_changes_nothing() -> None:
    talk = enabled_and_selected()
    talk.submit(Unauthenticate())
    talk.hears()
    talk.says(b"A3 BAD what?\r\n")
    assert talk.session.state is ConnectionState.SELECTED
    assert "UNAUTHENTICATE" in (talk.session.capabilities or ())
    assert set(talk.session.enabled) == {"UTF8=ACCEPT"}


def test_nothing_goes_out_behind_it() -> None:
    talk = enabled_and_selected()
    talk.submit(Unauthenticate())
    talk.submit(Login("ann", "x"))
    assert talk.hears() == b"A3 UNAUTHENTICATE\r\n"
    assert talk.hears() == b""
