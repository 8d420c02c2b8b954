"""How commands are written follows what the server offers, and what is enabled."""

from __future__ import annotations

from aimap import Limits, UIDSet
from aimap._model.capability import Capabilities
from aimap._protocol.session import Session
from aimap.commands import Append, Enable, QResync, Select, SetAcl


def logged_in(capabilities: str, *, max_line: int = 8192) -> Session:
    session = Session(Limits(), max_line=max_line)
    session.receive_data(f"* PREAUTH [CAPABILITY {capabilities}] hello\r\n".encode())
    return session


def test_binary_comes_with_its_capability() -> None:
    session = logged_in("IMAP4rev1 LITERAL+ BINARY")
    session.submit(Append("x", b"a\0b"))
    assert session.data_to_send() == b"A1 APPEND x ~{3+}\r\na\0b\r\n"
    session = logged_in("IMAP4rev1 LITERAL+")
    refused = session.submit(Append("x", b"a\0b"))
    assert session.data_to_send() == b""
    assert refused.done


def test_qresync_comes_with_its_enabling() -> None:
    session = logged_in("IMAP4rev1 ENABLE QRESYNC")
    early = session.submit(Select("x", qresync=QResync(1, 2, UIDSet("1:9"))))
    assert session.data_to_send() == b""
    assert early.done
    session.submit(Enable("QRESYNC"))
    session.data_to_send()
    session.receive_data(b"* ENABLED QRESYNC\r\nA1 OK done\r\n")
    assert session.enabled == Capabilities(["QRESYNC"])
    select = session.submit(Select("x", qresync=QResync(1, 2, UIDSet("1:9"))))
    assert session.data_to_send() == b"A2 SELECT x (QRESYNC (1 2 1:9))\r\n"
    session.receive_data(
        b"* OK [CLOSED] x\r\n* 3 EXISTS\r\n* VANISHED (EARLIER) 4:9\r\n"
        b"* 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (7))\r\nA2 OK [READ-WRITE] done\r\n"
    )
    result = select.outcome()
    assert result.vanished == UIDSet("4:9")
    assert [message.uid for message in result.changed] == [2]


def test_rights_come_with_their_capability() -> None:
    session = logged_in("IMAP4rev1 ACL RIGHTS=KXTE")
    session.submit(SetAcl("x", "fred", "lrk"))
    assert session.data_to_send() == b"A1 SETACL x fred lrk\r\n"
    assert session.submit(SetAcl("x", "fred", "lrc")).done is False
    assert session.data_to_send() == b""
    session = logged_in("IMAP4rev1 ACL")
    session.submit(SetAcl("x", "fred", "lrc"))
    assert session.data_to_send() == b"A1 SETACL x fred lrc\r\n"


def test_after_imap4rev2_is_enabled() -> None:
    session = logged_in("IMAP4rev1 IMAP4rev2 ENABLE")
    session.submit(Enable("IMAP4rev2"))
    session.data_to_send()
    session.receive_data(b"* ENABLED IMAP4rev2\r\nA1 OK done\r\n")
    session.submit(Select("ü"))
    assert session.data_to_send() == 'A2 SELECT "ü"\r\n'.encode()
