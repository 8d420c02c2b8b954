"""Other people's clients, which know nothing of us, use the embedded server."""

from __future__ import annotations

import imaplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import imapclient
import pytest
import trio

from aimap.testing import Server, ServerInThread, sample_messages, serve, serve_in_thread

MESSAGES = list(sample_messages(20))


@contextmanager
def background_server(tls: Any) -> Iterator[tuple[Server, Any]]:
    """Run the server in a thread of its own; give it, and what runs a function in there."""
    ready = threading.Event()
    box: dict[str, Any] = {}

    async def main() -> None:
        async with serve({"joe": "secret"}, tls=tls) as server:
            for message in MESSAGES:
                server.deliver("joe", message)
            box["server"] = server
            box["token"] = trio.lowlevel.current_trio_token()
            box["stop"] = trio.Event()
            ready.set()
            await box["stop"].wait()

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    assert ready.wait(10)

    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        return trio.from_thread.run_sync(lambda: function(*args, **kwargs), trio_token=box["token"])

    try:
        yield box["server"], call
    finally:
        call(box["stop"].set)
        thread.join(10)


def ok(answer: Any) -> Any:
    condition, data = answer
    assert condition == "OK", answer
    return data


@pytest.mark.parametrize("tls", ["implicit", "starttls", "insecure"])
def test_imaplib(tls: Any) -> None:
    with background_server(tls) as (server, call):
        if tls == "implicit":
            client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                "localhost", server.port, ssl_context=server.client_ssl_context
            )
        else:
            client = imaplib.IMAP4("localhost", server.port)
            if tls == "starttls":
                ok(client.starttls(server.client_ssl_context))
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login("joe", "wrong")
        ok(client.login("joe", "secret"))
        assert b"Drafts" in b"".join(ok(client.list()))
        assert ok(client.select("INBOX")) == [b"20"]
        assert ok(client.search(None, "UNSEEN"))[0].split() == [b"%d" % n for n in range(1, 21)]
        data = ok(client.fetch("3", "(UID RFC822.SIZE BODY.PEEK[])"))
        assert data[0][1] == MESSAGES[2]
        assert ok(client.uid("FETCH", "4", "(FLAGS RFC822)"))[0][1] == MESSAGES[3]
        assert b"\\Seen" in ok(client.fetch("4", "(FLAGS)"))[0]
        ok(client.store("1", "+FLAGS", "(\\Deleted $Junk)"))
        ok(client.append("Sent", "(\\Seen)", imaplib.Time2Internaldate(0), b"x: y\r\n\r\nhi\r\n"))
        ok(client.copy("2:3", "Sent"))
        assert b"MESSAGES 3" in ok(client.status("Sent", "(MESSAGES UIDNEXT)"))[0]
        assert ok(client.expunge()) == [b"1"]
        ok(client.uid("MOVE", "2", "Trash"))
        ok(client.create("New/Box"))
        ok(client.rename("New/Box", "Other"))
        ok(client.delete("Other"))
        ok(client.noop())
        ok(client.close())
        client.logout()
        assert server.violations == []
        assert len(call(server.mailbox, "joe", "Trash").messages) == 1


@pytest.mark.parametrize("tls", ["implicit", "insecure"])
def test_imapclient(tls: Any) -> None:
    with background_server(tls) as (server, call):
        client = imapclient.IMAPClient(
            "localhost",
            server.port,
            ssl=tls == "implicit",
            ssl_context=server.client_ssl_context if tls == "implicit" else None,
        )
        client.login("joe", "secret")
        assert {name for _, _, name in client.list_folders()} >= {"INBOX", "Sent"}
        assert client.find_special_folder(b"\\Sent") == "Sent"
        assert client.select_folder("INBOX")[b"EXISTS"] == 20
        assert client.search(["UNSEEN"]) == list(range(1, 21))
        fetched = client.fetch([1, 2, 20], ["ENVELOPE", "BODYSTRUCTURE", "FLAGS", "BODY.PEEK[]"])
        assert fetched[20][b"BODY[]"] == MESSAGES[19]
        assert fetched[1][b"ENVELOPE"].from_[0].host == b"example.org"
        assert client.add_flags(1, [b"\\Flagged"]) == {1: (b"\\Flagged",)}
        assert client.append("Sent", b"x: y\r\n\r\n").startswith(b"[APPENDUID")
        client.copy([1, 2], "Sent")
        client.move([3], "Trash")
        client.create_folder("Grüße")
        assert "Grüße" in [name for _, _, name in client.list_folders()]
        client.idle()
        call(server.deliver, "joe", b"x: y\r\n\r\n")
        answers = client.idle_check(timeout=10)
        while not any(answer[1] == b"EXISTS" for answer in answers):
            answers += client.idle_check(timeout=10)
        client.idle_done()
        client.delete_messages([2])
        client.expunge([2])
        assert 2 not in client.search()
        client.logout()
        assert server.violations == []


@contextmanager
def imapclient_on(server: ServerInThread, user: str = "joe") -> Iterator[imapclient.IMAPClient]:
    with imapclient.IMAPClient(server.host, port=server.port, ssl=False) as client:
        client.login(user, "secret")
        client.select_folder("INBOX")
        yield client


def test_imapclient_and_extensions() -> None:
    with serve_in_thread({"joe": "secret"}, tls="insecure") as server:
        server.deliver("joe", b"Subject: b\r\nMessage-ID: <1@x>\r\nFrom: Zoe <a@x>\r\n\r\n")
        server.deliver("joe", b"Subject: Re: b\r\nReferences: <1@x>\r\nFrom: Amy <b@x>\r\n\r\n")
        server.deliver("joe", b"Subject: a\r\nFrom: Mia <c@x>\r\n\r\n")
        with imapclient_on(server) as client:
            assert client.sort("SUBJECT") == [3, 1, 2]
            assert client.sort("REVERSE DISPLAYFROM") == [1, 3, 2]
            assert client.thread("REFERENCES") == ((1, 2), (3,))
            assert client.thread("ORDEREDSUBJECT") == ((1, 2), (3,))
            (quota,) = client.get_quota()[:1]
            assert (quota.quota_root, quota.resource) == ("", "STORAGE")
            assert client.set_quota([imapclient.imapclient.Quota("", "MESSAGE", 0, 50)]) is not None
            assert client.get_quota_root("INBOX")[0].quota_roots == [""]
            client.setacl("INBOX", "fred", "lr")
            assert (b"fred", b"lr") in client.getacl("INBOX")
            assert client.namespace().personal == (("", "/"),)
            assert client.find_special_folder(b"\\Sent") == "Sent"
            client.move([3], "Sent")
            client.uid_expunge([2])
            assert client.folder_status("Sent", ["MESSAGES", "SIZE"])[b"MESSAGES"] == 1
        assert server.violations == []


def test_imapclient_on_gmail() -> None:
    with serve_in_thread({"joe": "secret"}, tls="insecure", preset="gmail") as server:
        server.deliver("joe", b"Subject: hello\r\nMessage-ID: <1@x>\r\n\r\nhow are you?\r\n")
        server.deliver("joe", b"Subject: other\r\nReferences: <1@x>\r\n\r\n")
        with imapclient_on(server) as client:
            assert client.gmail_search("how subject:hello") == [1]
            client.add_gmail_labels([1], ["work", "\\Starred"])
            client.remove_gmail_labels([1], ["work"])
            assert "\\Starred" in client.get_gmail_labels([1])[1]
            found = client.fetch([1, 2], ["X-GM-MSGID", "X-GM-THRID"])
            assert found[1][b"X-GM-THRID"] == found[2][b"X-GM-THRID"]
            assert found[1][b"X-GM-MSGID"] != found[2][b"X-GM-MSGID"]
            assert client.find_special_folder(b"\\Trash") == "[Gmail]/Trash"
            assert (b"\\Inbox",) in [flags[1:] for flags, _, _ in client.xlist_folders()]
        assert server.violations == []
