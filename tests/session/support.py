"""A session, and the server that a test plays."""

from __future__ import annotations

from typing import Any, TypeVar

from aimap import Limits
from aimap._commands.base import Command
from aimap._protocol.events import SessionEvent
from aimap._protocol.pending import Pending
from aimap._protocol.session import Session

T = TypeVar("T")


class Talk:
    """Plays the server to a session: :meth:`says` what it sends, :meth:`hears` what it gets."""

    def __init__(
        self, *, capabilities: str = "", greeting: bytes | None = None, **options: Any
    ) -> None:
        self.events: list[SessionEvent] = []
        self.session = Session(
            options.pop("limits", Limits()), on_event=self.events.append, **options
        )
        if greeting is None:
            words = f"IMAP4rev1 {capabilities}".strip()
            greeting = f"* PREAUTH [CAPABILITY {words}] hello\r\n".encode()
        self.says(greeting)

    def says(self, data: bytes, *, chunk: int | None = None) -> None:
        for at in range(0, len(data), chunk or len(data)):
            self.session.receive_data(data[at : at + (chunk or len(data))])

    def hears(self) -> bytes:
        return self.session.data_to_send()

    def submit(self, command: Command[T]) -> Pending[T]:
        return self.session.submit(command)

    def in_mailbox(self, exists: int = 3) -> None:
        """Have INBOX selected."""
        from aimap._commands.select import Select

        pending = self.submit(Select("INBOX"))
        tag = self.hears().split()[0]
        self.says(
            b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n%s OK [READ-WRITE] selected\r\n"
            % (exists, tag)
        )
        assert pending.done
        self.events.clear()
