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

from aimap.testing import Server, sample_messages, serve

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
