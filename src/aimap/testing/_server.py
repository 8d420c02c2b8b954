"""The embedded server: accounts, connections, and what a test can do to them."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, final

import attrs
import trio

from aimap._errors import InvalidArgumentError
from aimap._model.numbers import UID
from aimap._nursery import PrivateNursery
from aimap.testing._capabilities import CAPABILITIES, check_capabilities
from aimap.testing._connection import Connection, Handler
from aimap.testing._faults import Fault
from aimap.testing._handlers import HANDLERS, handler_of
from aimap.testing._link import DelayedStream, memory_link
from aimap.testing._logins import Logins
from aimap.testing._presets import Preset, preset_of
from aimap.testing._received import ReceivedCommand
from aimap.testing._rules import Violation
from aimap.testing._scripts import On, Script
from aimap.testing._store import Account, StoredMailbox
from aimap.testing._trees import read_mail

if TYPE_CHECKING:
    import trustme

TLSMode: TypeAlias = Literal["implicit", "starttls", "insecure"]

_SPECIAL_USES = {"Drafts": "\\Drafts", "Sent": "\\Sent", "Trash": "\\Trash"}


@final
class Server:
    """A running embedded server; made by :func:`serve`.

    Attributes:
        host: where it listens, or ``"localhost"`` if it only serves memory streams.
        port: the port it listens on, or 0.
        accounts: by user name.
        capabilities: what is offered, in upper case.
        preset: whose ways it has.
        strict: whether what lenient servers take is refused.
        logins: how clients can log in; replace it to change that for those to come.
        jmap_url: what GETJMAPACCESS tells (:rfc:`9698`).
        certificate: its certificate in DER, if that is known.
        commands: the name of every command that any client sent, in order.
        log: what any client sent, in order, with the answers.
        violations: what clients sent that they must not send, in order.
        flights: how many times input came in on connections that have ended.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        *,
        accounts: Mapping[str, str],
        tls: TLSMode,
        contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None,
        capabilities: Iterable[str],
        preset: Preset,
        strict: bool,
        latency: float,
        logins: Logins,
        faults: Iterable[Fault | On],
        authority: trustme.CA | None,
    ) -> None:
        self.host = "localhost"
        self.port = 0
        self.accounts: dict[str, Account] = {}
        self.capabilities: set[str] = set(capabilities)
        self.strict = strict
        self.commands: list[str] = []
        self.log: list[ReceivedCommand] = []
        self.violations: list[Violation] = []
        self.flights: int = 0
        self.logins = logins
        self.preset = preset
        self._first_faults = (*preset.faults, *faults)
        self.faults = self._first_faults
        self._initial = dict(accounts)
        self._number = 0
        self.jmap_url = "https://localhost/.well-known/jmap"
        self.certificate: bytes | None = logins.certificate
        self._authority = authority
        self.ssl_context: ssl.SSLContext | None = contexts[0] if contexts else None
        self._client_context = contexts[1] if contexts else None
        self._tls: TLSMode = tls
        self._latency = latency
        self._nursery = nursery
        self._connections: dict[Connection, None] = {}
        for user, password in accounts.items():
            self.add_account(user, password)

    @property
    def faults(self) -> Sequence[Fault | On]:
        """What goes wrong; replace it to change that for connections to come.

        Raises:
            InvalidArgumentError: if one is about a command that does not exist.
        """
        return self._faults

    @faults.setter
    def faults(self, faults: Iterable[Fault | On]) -> None:
        self._faults = tuple(faults)
        self.octet_faults: list[Fault] = [each for each in self._faults if isinstance(each, Fault)]
        self.script: Script = Script(
            (each for each in self._faults if isinstance(each, On)), HANDLERS
        )

    @property
    def client_ssl_context(self) -> ssl.SSLContext:
        """A context that trusts this server.

        Raises:
            InvalidArgumentError: if it serves without TLS.
        """
        if self._client_context is None:
            raise InvalidArgumentError("this server speaks no TLS: it was started without")
        return self._client_context

    def client_ssl_context_for(self, user: str) -> ssl.SSLContext:
        """Return a context that trusts this server, with a client certificate for *user*.

        That is for EXTERNAL, which must be among the mechanisms when the server starts.

        Raises:
            InvalidArgumentError: if the certificates were not made by this server.
        """
        if self._authority is None:
            raise InvalidArgumentError("this server's certificates are not its own")
        context = ssl.create_default_context()
        self._authority.configure_trust(context)  # pyright: ignore[reportUnknownMemberType]
        self._authority.issue_cert(user).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
        return context

    @property
    def tls(self) -> TLSMode:
        """Whether it serves with TLS from the beginning, by STARTTLS, or without."""
        return self._tls

    @property
    def ca_pem(self) -> bytes:
        """The certificate of the authority that signed this server's, in PEM.

        Raises:
            InvalidArgumentError: if it serves without TLS, or with contexts of yours.
        """
        if self._authority is None:
            raise InvalidArgumentError("this server's certificate is not its own, or it has none")
        return self._authority.cert_pem.bytes()

    @property
    def offers_starttls(self) -> bool:
        """Whether connections begin in clear and can change to TLS."""
        return self._tls == "starttls"

    def handler(self, command: str, offers: Callable[[str], bool]) -> tuple[Handler | None, str]:
        """Return what handles a command, and the states in which it is legal."""
        return handler_of(command, offers)

    def add_account(self, user: str, password: str) -> Account:
        """Add an account, with INBOX and the usual special-use mailboxes."""
        account = self.accounts[user] = Account(password)
        mailboxes = _SPECIAL_USES if self.preset.mailboxes is None else self.preset.mailboxes
        for name, use in mailboxes.items():
            account.create(name, use or None)
        return account

    def mailbox(self, user: str, name: str = "INBOX") -> StoredMailbox:
        """Return a mailbox, created if it is not there.

        Raises:
            InvalidArgumentError: if there is no such account.
        """
        account = self._account(user)
        return account.mailbox(name) or account.create(name)

    def _account(self, user: str) -> Account:
        account = self.accounts.get(user)
        if account is None:
            raise InvalidArgumentError(f"there is no account {user!r} on the embedded server")
        return account

    def deliver(
        self,
        user: str,
        message: bytes,
        *,
        mailbox: str = "INBOX",
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> UID:
        """Put a new message into a mailbox, and tell whoever has it selected.

        Args:
            user: whose mailbox.
            message: the whole message.
            mailbox: which mailbox; created if it is not there.
            flags: flags that it has.
            date: its internal date; now if not given.

        Returns:
            Its UID.
        """
        return UID(self.mailbox(user, mailbox).add(message, flags, date).uid)

    def load(self, user: str, path: str | Path, *, mailbox: str = "INBOX") -> int:
        """Deliver mail from files: a folder of .eml files, an mbox or a Maildir.

        A folder with ``cur`` and ``new`` is a Maildir, with those below it (Maildir++). In
        any other one, messages are files that end in ``.eml``; folders and mbox files
        (``.mbox``) in it are mailboxes. Line ends become CRLF.

        Args:
            user: whose mailboxes.
            path: the file or the folder.
            mailbox: in which mailbox its own messages belong.

        Returns:
            How many messages there were.

        Raises:
            InvalidArgumentError: if it is nothing of that kind, or there is no such account.
            OSError: if it cannot be read.
        """
        count = 0
        for each in read_mail(Path(path), mailbox):
            self.deliver(user, each.octets, mailbox=each.mailbox, flags=each.flags, date=each.date)
            count += 1
        return count

    def set_flags(
        self, user: str, uid: int, flags: Iterable[str], *, mailbox: str = "INBOX"
    ) -> None:
        """Give a message just those flags.

        Raises:
            InvalidArgumentError: if there is no such message.
        """
        box = self.mailbox(user, mailbox)
        message = box.find(uid)
        if message is None:
            raise InvalidArgumentError(f"there is no message {uid} in {mailbox!r}")
        box.set_flags(message, flags)

    def expunge(self, user: str, uids: Iterable[int], *, mailbox: str = "INBOX") -> None:
        """Remove messages for good."""
        box = self.mailbox(user, mailbox)
        wanted = set(uids)
        box.expunge([message for message in box.messages if message.uid in wanted])

    def connect(self) -> trio.abc.Stream:
        """Return the client's end of a new connection in memory.

        It runs on Trio's clock: with ``latency`` and an autojump clock, in virtual time.
        """
        ours, theirs = memory_link()
        client: trio.abc.Stream = theirs
        if self._latency:
            delayed = DelayedStream(theirs, self._latency)
            self._nursery.start_soon(delayed.run)
            client = delayed
        self._nursery.start_soon(self._serve, ours, 2 * self._latency)
        return client

    async def serve_stream(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until it ends."""
        await self._serve(stream, self._latency)

    async def _serve(self, stream: trio.abc.Stream, round_trip: float) -> None:
        if self._latency:
            delayed = DelayedStream(stream, self._latency)
            self._nursery.start_soon(delayed.run)
            stream = delayed
        if self._tls == "implicit":
            assert self.ssl_context is not None
            stream = trio.SSLStream(
                stream, self.ssl_context, server_side=True, https_compatible=True
            )
        secure = self._tls == "implicit"
        self._number += 1
        connection = Connection(
            self, stream, number=self._number, secure=secure, round_trip=round_trip
        )
        self._connections[connection] = None
        try:
            await connection.run()
        finally:
            del self._connections[connection]

    def rename(self, user: str, old: str, new: str) -> None:
        """Rename a mailbox, and all that is below it.

        Raises:
            InvalidArgumentError: if there is no such account or mailbox, or there is one of
                the new name.
        """
        account = self._account(user)
        account.require(old)
        if account.mailbox(new) is not None:
            raise InvalidArgumentError(f"there is a mailbox {new!r} already")
        account.rename(old, new)

    def delete(self, user: str, mailbox: str) -> None:
        """Delete a mailbox; who has it selected is thrown out.

        Raises:
            InvalidArgumentError: if there is no such account or mailbox.
        """
        account = self._account(user)
        found = account.require(mailbox)
        account.delete(found.name)
        self._throw_out(found, "the mailbox was deleted")

    def renew_uid_validity(self, user: str, mailbox: str = "INBOX") -> int:
        """Give a mailbox another UIDVALIDITY, and its messages UIDs from 1 on.

        Who has it selected is thrown out (:rfc:`9051#section-2.3.1.1`).

        Returns:
            The new UIDVALIDITY.

        Raises:
            InvalidArgumentError: if there is no such account.
        """
        found = self.mailbox(user, mailbox)
        found.renew_uid_validity()
        self._throw_out(found, "the mailbox has another UIDVALIDITY")
        return found.uid_validity

    def _throw_out(self, mailbox: StoredMailbox, reason: str) -> None:
        for connection in self._connections:
            if connection.view is not None and connection.view.mailbox is mailbox:
                self._nursery.start_soon(connection.throw_out, reason)

    def _chosen(self, user: str | None) -> list[Connection]:
        return [each for each in self._connections if user in (None, each.user)]

    async def drop_connections(self, user: str | None = None, *, reset: bool = False) -> None:
        """Close every connection at once, as a crash would.

        Args:
            user: only those of this user.
            reset: by an error (TCP's RST) instead of the end of the stream.
        """
        for connection in self._chosen(user):
            await connection.break_off(reset=reset)

    def stall_connections(self, seconds: float = math.inf, user: str | None = None) -> None:
        """Fall silent; what is said meanwhile comes when that is over.

        Args:
            seconds: for how long; for ever if not given.
            user: only on the connections of this user.
        """
        for connection in self._chosen(user):
            connection.end.stall(seconds)

    async def reset(self) -> None:
        """Begin anew: with the accounts and the faults that there were, and no mail.

        Connections are dropped, and what was noted of clients is forgotten.
        """
        await self.drop_connections()
        self.faults = self._first_faults
        self.accounts.clear()
        for user, password in self._initial.items():
            self.add_account(user, password)
        self.commands.clear()
        self.log.clear()
        self.violations.clear()
        self.flights = 0


@asynccontextmanager
async def serve(
    accounts: Mapping[str, str] | None = None,
    *,
    tls: TLSMode = "implicit",
    ssl_contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
    host: str | None = "127.0.0.1",
    port: int = 0,
    capabilities: Iterable[str] | None = None,
    preset: str | Preset | None = None,
    strict: bool = True,
    latency: float = 0.0,
    logins: Logins | None = None,
    faults: Iterable[Fault | On] = (),
) -> AsyncGenerator[Server]:
    """Run an IMAP server in memory, as an ``async with`` block.

    Args:
        accounts: user names and their passwords; ``{"joe": "secret"}`` if not given.
        tls: ``"implicit"``, ``"starttls"`` or ``"insecure"``.
        ssl_contexts: the server's and the clients' context; a throw-away certificate
            authority (by ``trustme``, extra ``testing``) if not given.
        host: the address to listen on; ``None`` serves memory streams only.
        port: the port to listen on; 0 takes a free one.
        capabilities: what to offer beyond IMAP4rev1: out of ``CAPABILITIES``, which is all
            that is offered if nothing is given, and ``CAPABILITIES_ON_DEMAND``.
        preset: the name of a server after whose ways it is to go: one of ``PRESETS``, such
            as ``"gmail"``; it says what is offered, unless *capabilities* do.
        strict: refuse, by BAD, what the RFCs forbid clients and lenient servers take.
        latency: seconds that octets take each way.
        logins: how clients can log in; by PLAIN and the LOGIN command if not given.
        faults: what goes wrong: on each connection at a moment of its octets
            (:class:`Drop`, :class:`Stall` and so on, which see what is sent before it is
            compressed and encrypted), or at an event of any connection (:class:`On`).

    Yields:
        The :class:`Server`.

    Raises:
        InvalidArgumentError: if a capability or preset is not one that it has, a fault is
            about a command that does not exist, or a mechanism with ``-PLUS`` is to be
            offered without the certificate being known; if trustme is needed and missing.
        OSError: if the port cannot be used.

    On leaving the block every connection is closed.
    """
    ways = Preset(capabilities=CAPABILITIES) if preset is None else preset_of(preset)
    offered = check_capabilities(ways.capabilities if capabilities is None else capabilities)
    logins = logins or Logins()
    authority: trustme.CA | None = None
    if tls != "insecure":
        if ssl_contexts is None:
            authority, ssl_contexts, certificate = _throw_away_contexts(
                client_certificates="EXTERNAL" in logins.mechanisms
            )
            logins = attrs.evolve(logins, certificate=certificate)
        if logins.certificate is None and any(m.endswith("-PLUS") for m in logins.mechanisms):
            raise InvalidArgumentError("-PLUS needs the certificate: give it in Logins")
    async with PrivateNursery() as nursery:
        server = Server(
            nursery,
            accounts={"joe": "secret"} if accounts is None else accounts,
            tls=tls,
            contexts=ssl_contexts,
            capabilities=offered,
            preset=ways,
            strict=strict,
            latency=latency,
            logins=logins,
            faults=faults,
            authority=authority,
        )
        if host is not None:
            listeners = await nursery.start(
                partial(trio.serve_tcp, server.serve_stream, port, host=host)
            )
            server.host = "localhost" if host == "127.0.0.1" else host
            server.port = listeners[0].socket.getsockname()[1]
        yield server


def _throw_away_contexts(
    *, client_certificates: bool
) -> tuple[trustme.CA, tuple[ssl.SSLContext, ssl.SSLContext], bytes]:
    try:
        import trustme  # noqa: PLC0415 (an extra, needed only here)
    except ImportError as error:
        raise InvalidArgumentError(
            "a certificate needs the library trustme, which cannot be imported here; "
            "install 'trio-aimap[testing]', give ssl_contexts, or serve with tls='insecure'"
        ) from error
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.configure_cert(server)  # pyright: ignore[reportUnknownMemberType]
    if client_certificates:
        authority.configure_trust(server)  # pyright: ignore[reportUnknownMemberType]
        server.verify_mode = ssl.CERT_OPTIONAL
    client = ssl.create_default_context()
    authority.configure_trust(client)  # pyright: ignore[reportUnknownMemberType]
    pem = issued.cert_chain_pems[0].bytes().decode("ascii")
    return authority, (server, client), ssl.PEM_cert_to_DER_cert(pem)
