"""How commands are written follows what the server offers, and what is enabled."""

from __future__ import annotations

import pytest

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


def test_a_server_of_imap4rev2_only_goes_by_it_from_the_start() -> None:
    session = logged_in("IMAP4rev2")
    session.submit(Select("ü"))
    assert session.data_to_send() == 'A1 SELECT "ü"\r\n'.encode()


def test_a_server_of_both_revisions_goes_by_the_first_until_the_second_is_enabled() -> None:
    session = logged_in("IMAP4rev1 IMAP4rev2")
    session.submit(Select("ü"))
    assert session.data_to_send() == b'A1 SELECT "&APw-"\r\n'
    assert not session.offers("IDLE")
    assert session.offers("ENABLE")


@pytest.mark.parametrize(
    ("offered", "has"),
    [
        ("IMAP4rev2", "IDLE MOVE ESEARCH UIDPLUS sasl-ir LITERAL- STATUS=SIZE"),
        ("IMAP4rev1 QRESYNC", "CONDSTORE"),
        ("IMAP4rev1 UTF8=ONLY", "UTF8=ACCEPT"),
        ("IMAP4rev1 METADATA", "METADATA-SERVER"),
        ("IMAP4rev1 APPENDLIMIT=9 MESSAGELIMIT=1000", "APPENDLIMIT MESSAGELIMIT"),
        ("IMAP4rev1 IMAPSIEVE=sieve://x", "IMAPSIEVE"),
    ],
)
def test_what_holds_a_capability_offers_it(offered: str, has: str) -> None:
    session = logged_in(offered)
    for name in has.split():
        assert session.offers(name)
        assert not logged_in("IMAP4rev1").offers(name)
    assert not session.offers("NOTIFY")
    assert session.offers("NOTIFY", has.split(maxsplit=1)[0])
