"""What the code of the documentation finds when it is run: an embedded server in place of the
one that it names.

Imported by tests, and by programs that connect to ``imap.example.org``: these are run as
``python -m tests.docs.stage FILE``.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import trio

import aimap
import aimap.sync
import aimap.testing

USERS = ("joe", "joe@example.org", "joe@gmail.com", "joe@contoso.com", "joe@outlook.com")
TOKEN = "ya29.token"
_CONNECT = aimap.connect
_OPEN_ACCOUNT = aimap.open_account
_DISCOVER = aimap.discover


def letter() -> bytes:
    """Make a message with an attachment."""
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["To"] = "joe@example.org"
    message["Subject"] = "The plan"
    message["Message-ID"] = "<plan@example.org>"
    message.set_content("Dear Joe,\nhere it is.\n")
    message.add_attachment(
        b"%PDF" * 100, maintype="application", subtype="pdf", filename="plan.pdf"
    )
    return message.as_bytes().replace(b"\n", b"\r\n")


@asynccontextmanager
async def serving() -> AsyncGenerator[aimap.testing.Server]:
    """Serve accounts with some mail in them."""
    logins = aimap.testing.Logins(
        mechanisms=["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2"],
        tokens=dict.fromkeys(USERS, TOKEN),
    )
    async with aimap.testing.serve(
        dict.fromkeys(USERS, "secret"), tls="insecure", host=None, logins=logins
    ) as server:
        for user in USERS:
            for message in aimap.testing.sample_messages(8, large=10_000):
                server.deliver(user, message)
            server.deliver(user, letter())
            server.mailbox(user, "Archive")
        yield server


def sends_to(server: aimap.testing.Server | None) -> dict[str, Callable[..., Any]]:
    """Return what stands in for the functions that connect; without a server, each brings one."""

    @asynccontextmanager
    async def some_server() -> AsyncGenerator[aimap.testing.Server]:
        if server is not None:
            yield server
            return
        async with serving() as own:
            yield own

    @asynccontextmanager
    async def connect(host: str, **options: Any) -> AsyncGenerator[aimap.Client]:
        # They are good for a real one, too.
        _CONNECT(host, **options)
        options = {
            name: value
            for name, value in options.items()
            if name not in {"port", "ssl_context", "proxy"}
        }
        async with (
            some_server() as found,
            _CONNECT(host, **options | {"tls": "insecure", "stream": found.connect()}) as imap,
        ):
            yield imap

    @asynccontextmanager
    async def open_account(
        config: aimap.AccountConfig, **options: Any
    ) -> AsyncGenerator[aimap.Account]:
        import attrs

        async with some_server() as found:

            async def open_stream() -> trio.abc.Stream:
                return found.connect()

            here = attrs.evolve(config, tls="insecure", ssl_context=None, proxy=None)
            async with _OPEN_ACCOUNT(here, open_stream=open_stream, **options) as account:
                yield account

    async def discover(address: str, **options: Any) -> tuple[aimap.ServerSettings, ...]:
        return await _DISCOVER("joe@gmail.com", **options)

    return {"connect": connect, "open_account": open_account, "discover": discover}


@asynccontextmanager
async def names(server: aimap.testing.Server) -> AsyncGenerator[dict[str, Any]]:
    """Give the names that a fragment may use, besides those that it imports."""
    config = aimap.AccountConfig("imap.example.org", aimap.Password("joe", "secret"))
    async with (
        aimap.connect("imap.example.org", auth=aimap.Password("joe", "secret")) as imap,
        imap.select("INBOX") as inbox,
        aimap.open_account(config) as account,
        trio.open_nursery() as nursery,
    ):
        yield {
            **{name: getattr(aimap, name) for name in aimap.__all__},
            "__name__": "__fragment__",
            "aimap": aimap,
            "trio": trio,
            "date": date,
            "datetime": datetime,
            "timedelta": timedelta,
            "EmailMessage": EmailMessage,
            "server": server,
            "imap": imap,
            "inbox": inbox,
            "account": account,
            "config": config,
            "nursery": nursery,
            "secret": "secret",
            "password": "secret",
            "token": TOKEN,
            "key": b"key",
            "uid": aimap.UID(9),
            "uids": aimap.UIDSet("1:9"),
            "names": ["Drafts", "Sent", "Trash"],
        }
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    os.environ.setdefault("IMAP_PASSWORD", "secret")
    for name, stand_in in sends_to(None).items():
        setattr(aimap, name, stand_in)
    runpy.run_path(sys.argv[1], run_name="__main__")
