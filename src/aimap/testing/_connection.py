"""One client's connection: its state, its view of the mailbox, and its loop."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, final

import trio

from aimap._deflate import DeflateStream
from aimap._model.flag import Flag
from aimap._model.numbers import SeqSet, UIDSet
from aimap.testing._faulty import ServersEnd
from aimap.testing._grammar import Arguments, ViolationError
from aimap.testing._input import Input, Line, UnreadableError
from aimap.testing._store import Account, StoredMailbox, StoredMessage

if TYPE_CHECKING:
    from aimap.testing._server import Server

Handler = Callable[["Connection", Arguments], Awaitable[None]]

SYSTEM_FLAGS = (Flag.ANSWERED, Flag.FLAGGED, Flag.DELETED, Flag.SEEN, Flag.DRAFT)
_SEND_SIZE = 256 * 1024
_MAX_RATIO = 1000


@final
class RefusalError(Exception):
    """A command is refused: answered by NO."""

    def __init__(self, text: str, code: str | None = None) -> None:
        self.code = code
        super().__init__(text)


@final
class Connection:
    """Serves one stream. Handlers write with :meth:`send`, and may set ``done_code``."""

    def __init__(self, server: Server, stream: trio.abc.Stream, *, secure: bool) -> None:
        self.server = server
        self.stream = stream
        self.secure = secure
        self.compressed = False
        self.user = ""
        self.account: Account | None = None
        self.mailbox: StoredMailbox | None = None
        self.read_only = False
        self.messages: list[StoredMessage] = []
        self.changed = trio.Event()
        self.tag = ""
        self.done_code = ""
        self.done_text = ""
        self.logged_out = False
        self._out = bytearray()
        self._dirty: dict[StoredMessage, None] = {}
        self._arrived: list[StoredMessage] = []
        self._expunged: list[StoredMessage] = []
        self._end = ServersEnd(stream, server.faults)
        self.input = Input(
            self._end, strict=server.strict, literal_plus="LITERAL+" in server.capabilities
        )

    # Output

    def send(self, data: bytes) -> None:
        """Queue octets of a response."""
        self._out += data

    def untagged(self, text: str) -> None:
        """Queue an untagged response."""
        self._out += b"* %s\r\n" % text.encode("utf-8")

    async def flush(self, *, above: int = 0) -> None:
        """Write what is queued, if it is more than *above* octets."""
        if len(self._out) > above:
            data, self._out = self._out, bytearray()
            await self._end.send_all(data)

    async def flush_some(self) -> None:
        """Write what is queued once it is much."""
        await self.flush(above=_SEND_SIZE)

    # The selected mailbox (Listener)

    def on_arrival(self, message: StoredMessage) -> None:
        """Take a new message of the selected mailbox."""
        self._arrived.append(message)
        self.changed.set()

    def on_expunge(self, message: StoredMessage) -> None:
        """Take the end of a message of the selected mailbox."""
        self._expunged.append(message)
        self.changed.set()

    def on_flags(self, message: StoredMessage, source: object) -> None:
        """Take new flags of a message of the selected mailbox."""
        if source is not self:
            self._dirty[message] = None
            self.changed.set()

    def tell_flags(self, message: StoredMessage) -> None:
        """Have the flags of a message told with the next news."""
        self._dirty[message] = None

    def select(self, mailbox: StoredMailbox, *, read_only: bool) -> None:
        """Make *mailbox* the selected one."""
        self.deselect()
        self.mailbox = mailbox
        self.read_only = read_only
        self.messages = list(mailbox.messages)
        mailbox.listeners[self] = None

    def deselect(self) -> None:
        """Leave the selected mailbox."""
        if self.mailbox is not None:
            self.mailbox.listeners.pop(self, None)
        self.mailbox = None
        self.messages = []
        self._arrived, self._expunged, self._dirty = [], [], {}

    @property
    def selected(self) -> StoredMailbox:
        """The selected mailbox."""
        assert self.mailbox is not None
        return self.mailbox

    def seq(self, message: StoredMessage) -> int | None:
        """Return a message's sequence number in this client's view."""
        at = bisect_left(self.messages, message.uid, key=lambda m: m.uid)
        if at < len(self.messages) and self.messages[at] is message:
            return at + 1
        return None

    @property
    def highest_uid(self) -> int:
        """The highest UID in view, or 0."""
        return self.messages[-1].uid if self.messages else 0

    def chosen(self, numbers: UIDSet | SeqSet) -> Iterable[tuple[int, StoredMessage]]:
        """Iterate over messages in view by UID or sequence number.

        Raises:
            ViolationError: if a sequence number is above EXISTS.
        """
        if isinstance(numbers, SeqSet):
            if numbers and numbers.last > len(self.messages):
                raise ViolationError("a sequence number above EXISTS (RFC 3501 section 9)")
            return [(seq, self.messages[seq - 1]) for seq in numbers]
        found: list[tuple[int, StoredMessage]] = []
        for low, high in numbers.ranges:
            at = bisect_left(self.messages, low, key=lambda m: m.uid)
            while at < len(self.messages) and self.messages[at].uid <= high:
                found.append((at + 1, self.messages[at]))
                at += 1
        return found

    def tell_news(self, *, expunges: bool) -> None:
        """Queue what happened to the mailbox (:rfc:`9051#section-7.5.1`: EXPUNGE not always)."""
        if expunges:
            gone, self._expunged = self._expunged, []
            for message in gone:
                if message in self._arrived:
                    self._arrived.remove(message)
                seq = self.seq(message)
                if seq is not None:
                    del self.messages[seq - 1]
                    self.untagged(f"{seq} EXPUNGE")
                self._dirty.pop(message, None)
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            self.messages += arrived
            self.untagged(f"{len(self.messages)} EXISTS")
            self.untagged("0 RECENT")
        dirty, self._dirty = self._dirty, {}
        for message in dirty:
            seq = self.seq(message)
            if seq is not None:
                flags = " ".join(sorted(message.flags))
                self.untagged(f"{seq} FETCH (UID {message.uid} FLAGS ({flags}))")

    # The loop

    async def run(self) -> None:
        """Serve until the client leaves."""
        server = self.server
        self.untagged(f"OK [CAPABILITY {self.capability_words()}] aimap test server ready")
        try:
            await self.flush()
            while not self.logged_out:
                try:
                    line = await self.input.command()
                except UnreadableError as refused:
                    self._refuse(refused.tag, "", str(refused))
                else:
                    await self._serve(line)
                await self.flush()
        except (EOFError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            server.flights += self.input.flights
            self.deselect()
            await trio.aclose_forcefully(self.stream)

    def _refuse(self, tag: str, command: str, reason: str) -> None:
        self.server.violations.append(f"{command} {reason}".strip())
        self._out += f"{tag} BAD {reason}\r\n".encode()

    async def _serve(self, line: Line) -> None:
        self.server.commands.append(line.name)
        self.tag = line.tag
        self.done_code = ""
        self.done_text = ""
        arguments = Arguments(line.rest)
        command = line.name
        try:
            if command == "UID":
                command = f"UID {arguments.atom()}"
                if not arguments.at_end:
                    arguments.space()
            handler, states = self.server.handler(command)
            if handler is None:
                raise ViolationError("no such command, or its capability is not offered")
            if self.state not in states:
                raise ViolationError(f"not in the state '{self.state}' (RFC 3501 section 3)")
            await handler(self, arguments)
        except ViolationError as error:
            self._refuse(line.tag, command, str(error))
            return
        except RefusalError as error:
            code = f"[{error.code}] " if error.code else ""
            self._out += f"{line.tag} NO {code}{error}\r\n".encode()
            return
        # RFC 9051 7.5.1: no EXPUNGE in answer to FETCH, STORE or SEARCH by number.
        self.tell_news(expunges=command not in ("FETCH", "STORE", "SEARCH"))
        code = f"[{self.done_code}] " if self.done_code else ""
        text = self.done_text or f"{command} completed"
        self._out += f"{line.tag} OK {code}{text}\r\n".encode()
        if command == "STARTTLS":
            await self._start_tls()
        elif command == "COMPRESS":
            await self._compress()

    async def _start_tls(self) -> None:
        await self.flush()
        if self.input.pending:
            # RFC 9051 section 6.2.1: nothing may be sent before the answer to STARTTLS.
            self.server.violations.append("STARTTLS octets behind STARTTLS")
            raise EOFError
        assert self.server.ssl_context is not None
        tls = trio.SSLStream(
            self.stream, self.server.ssl_context, server_side=True, https_compatible=True
        )
        self.stream = self._end.stream = tls
        self.secure = True
        await tls.do_handshake()

    async def _compress(self) -> None:
        await self.flush()
        if self.input.pending:
            # RFC 4978 section 3: nothing may be sent before the answer to COMPRESS.
            self.server.violations.append("COMPRESS octets behind COMPRESS")
            raise EOFError
        self.stream = self._end.stream = DeflateStream(self.stream, max_ratio=_MAX_RATIO)
        self.compressed = True

    @property
    def state(self) -> str:
        """One letter: n(ot authenticated), a(uthenticated) or s(elected)."""
        if self.account is None:
            return "n"
        return "a" if self.mailbox is None else "s"

    @property
    def may_log_in(self) -> bool:
        """Whether credentials are taken now."""
        return self.secure or not self.server.offers_starttls

    def capability_words(self) -> str:
        """Return the capabilities offered in this state."""
        words = ["IMAP4rev1"]
        if self.account is None:
            offered = self.server.capabilities
            words += sorted(offered & {"SASL-IR", "LITERAL+", "ID", "ENABLE"})
            if self.server.offers_starttls and not self.secure:
                words.append("STARTTLS")
            logins = self.server.logins
            if self.may_log_in:
                words += [f"AUTH={name}" for name in logins.offered(secure=self.secure)]
            if not self.may_log_in or not logins.command:
                words.append("LOGINDISABLED")
        else:
            words += sorted(self.server.capabilities)
        return " ".join(words)
