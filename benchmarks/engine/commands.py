"""The small commands, as each client is asked for them."""

from __future__ import annotations

import imaplib
from abc import ABC, abstractmethod

import aioimaplib
import imapclient

import aimap
from benchmarks.engine.mail import MAILBOXES


class Small(ABC):
    """A command, the *number*-th of its kind.

    Attributes:
        selects: whether the INBOX is to be selected for it.
    """

    selects = False

    @abstractmethod
    def line(self, number: int) -> str:
        """Write it by hand."""

    @abstractmethod
    async def aimap(self, imap: aimap.Client, inbox: aimap.Mailbox | None, number: int) -> None: ...

    @abstractmethod
    def imaplib(self, client: imaplib.IMAP4, number: int) -> None: ...

    @abstractmethod
    def imapclient(self, client: imapclient.IMAPClient, number: int) -> None: ...

    @abstractmethod
    async def aioimaplib(self, client: aioimaplib.IMAP4, number: int) -> None: ...


class SmallNoop(Small):
    def line(self, number: int) -> str:
        return "NOOP"

    async def aimap(self, imap: aimap.Client, inbox: aimap.Mailbox | None, number: int) -> None:
        await imap.noop()

    def imaplib(self, client: imaplib.IMAP4, number: int) -> None:
        assert client.noop()[0] == "OK"

    def imapclient(self, client: imapclient.IMAPClient, number: int) -> None:
        client.noop()

    async def aioimaplib(self, client: aioimaplib.IMAP4, number: int) -> None:
        assert (await client.noop()).result == "OK"


class SmallStatus(Small):
    @staticmethod
    def _name(number: int) -> str:
        return MAILBOXES[number % len(MAILBOXES)]

    def line(self, number: int) -> str:
        return f"STATUS {self._name(number)} (MESSAGES)"

    async def aimap(self, imap: aimap.Client, inbox: aimap.Mailbox | None, number: int) -> None:
        assert (await imap.status(self._name(number), ["MESSAGES"])).messages == 0

    def imaplib(self, client: imaplib.IMAP4, number: int) -> None:
        assert client.status(self._name(number), "(MESSAGES)")[0] == "OK"

    def imapclient(self, client: imapclient.IMAPClient, number: int) -> None:
        assert client.folder_status(self._name(number), ["MESSAGES"])[b"MESSAGES"] == 0

    async def aioimaplib(self, client: aioimaplib.IMAP4, number: int) -> None:
        assert (await client.status(self._name(number), "(MESSAGES)")).result == "OK"


class SmallFetch(Small):
    selects = True

    def line(self, number: int) -> str:
        return f"UID FETCH {number + 1} (FLAGS INTERNALDATE RFC822.SIZE)"

    async def aimap(self, imap: aimap.Client, inbox: aimap.Mailbox | None, number: int) -> None:
        assert inbox is not None
        items = (aimap.FLAGS, aimap.INTERNALDATE, aimap.RFC822_SIZE)
        (message,) = await inbox.fetch_all(number + 1, *items)
        assert message.size

    def imaplib(self, client: imaplib.IMAP4, number: int) -> None:
        _, found = client.uid("FETCH", str(number + 1), "(FLAGS INTERNALDATE RFC822.SIZE)")
        assert found[0]

    def imapclient(self, client: imapclient.IMAPClient, number: int) -> None:
        items = ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]
        assert client.fetch(number + 1, items)[number + 1][b"RFC822.SIZE"]

    async def aioimaplib(self, client: aioimaplib.IMAP4, number: int) -> None:
        items = "(FLAGS INTERNALDATE RFC822.SIZE)"
        answer = await client.uid("FETCH", str(number + 1), items)
        assert answer.result == "OK"
        assert len(answer.lines) == 2


SMALL: dict[str, Small] = {"noop": SmallNoop(), "status": SmallStatus(), "fetch": SmallFetch()}
