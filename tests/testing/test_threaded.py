"""The embedded server beside code that knows nothing of Trio."""

from __future__ import annotations

import imaplib
import ssl

import pytest

from aimap import InvalidArgumentError
from aimap.testing import (
    Change,
    On,
    ServerInThread,
    Transcript,
    TranscriptError,
    play_in_thread,
    serve_in_thread,
)


def login(server: ServerInThread) -> imaplib.IMAP4:
    imap = imaplib.IMAP4(server.host, server.port)
    imap.login("joe", "secret")
    return imap


def test_a_program_with_imaplib() -> None:
    with serve_in_thread({"joe": "secret"}, tls="insecure") as server:
        assert server.deliver("joe", b"Subject: x\r\n\r\n", flags=["\\Flagged"]) == 1
        with login(server) as imap:
            imap.select("INBOX")
            imap.uid("STORE", "1", "+FLAGS", "(\\Seen)")
            server.set_flags("joe", 1, ["\\Seen", "$Work"])
            server.deliver("joe", b"\r\n")
            assert imap.noop()[0] == "OK"
            server.expunge("joe", [2])
        (message,) = server.messages("joe")
        assert message.flags == {"\\Seen", "$Work"}
        assert message.octets == b"Subject: x\r\n\r\n"
        assert server.commands[-1] == "LOGOUT"
        assert [command.name for command in server.log][-3:] == ["UID STORE", "NOOP", "LOGOUT"]
        assert server.violations == []


def test_control() -> None:
    with serve_in_thread(tls="insecure") as server:
        server.add_account("ann", "x")
        server.deliver("ann", b"\r\n", mailbox="A")
        server.rename("ann", "A", "B")
        before = server.renew_uid_validity("ann", "B")
        assert server.renew_uid_validity("ann", "B") > before
        server.delete("ann", "B")
        assert server.mailboxes("ann") == ["Drafts", "INBOX", "Sent", "Trash"]
        imap = login(server)
        server.stall_connections(0.01)
        imap.noop()
        server.drop_connections()
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            imap.noop()
        imap.shutdown()
        server.set_faults(On("greeting", Change("ready", "at your service")))
        with login(server) as imap:
            assert imap.welcome.endswith(b"at your service")
        server.reset()
        assert server.call(lambda inner: sorted(inner.accounts)) == ["joe"]
        with pytest.raises(InvalidArgumentError):
            _ = server.ca_pem


def test_tls() -> None:
    with serve_in_thread() as server:
        trusting = ssl.create_default_context(cadata=server.ca_pem.decode())
        for context in (server.client_ssl_context, trusting):
            with imaplib.IMAP4_SSL(server.host, server.port, ssl_context=context) as imap:
                assert imap.noop()[0] == "OK"


def test_it_does_not_start() -> None:
    with pytest.raises(InvalidArgumentError, match="did you mean 'gmail'"):
        with serve_in_thread(preset="gmial"):
            pass
    with serve_in_thread(tls="insecure") as server:
        with pytest.raises(OSError):
            with serve_in_thread(tls="insecure", port=server.port):
                pass


DIALOGUE = Transcript.parse("""
S: * OK IMAP4rev1 ready
C: 1 CAPABILITY
S: * CAPABILITY IMAP4rev1
S: 1 OK done
C: 2 LOGIN joe [hidden]
S: 2 OK done
C: 3 NOOP
S: * 5 EXISTS
S: 3 OK done
C: 4 LOGOUT
S: * BYE
S: 4 OK done
""")


def test_a_transcript_for_imaplib() -> None:
    with play_in_thread(DIALOGUE) as (host, port):
        for _ in range(2):
            with imaplib.IMAP4(host, port) as imap:
                imap.login("joe", "secret")
                assert imap.noop()[0] == "OK"
                assert imap.response("EXISTS")[1] == [b"5"]


def test_a_transcript_not_followed() -> None:
    with pytest.raises(TranscriptError, match=r"'3 NOOP'; it said '\w+ CAPABILITY'"):
        with play_in_thread(DIALOGUE) as (host, port):
            imap = imaplib.IMAP4(host, port)
            imap.login("joe", "secret")
            with pytest.raises((imaplib.IMAP4.error, OSError)):
                imap.capability()
            imap.shutdown()


def test_a_transcript_that_nobody_hears() -> None:
    with pytest.raises(TranscriptError, match=r"'1 CAPABILITY'; it said nothing"):
        with play_in_thread(DIALOGUE):
            pass


def test_a_transcript_left_early() -> None:
    with pytest.raises(TranscriptError, match=r"'3 NOOP'; it said nothing"):
        with play_in_thread(DIALOGUE) as (host, port):
            imap = imaplib.IMAP4(host, port)
            imap.login("joe", "secret")
            imap.shutdown()
