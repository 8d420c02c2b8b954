"""The embedded server in a thread of its own, for tests and programs without Trio."""

from __future__ import annotations

import math
import ssl
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from typing import Generic, TypedDict, TypeVar, Unpack, final

import attrs
import trio

from aimap._model.numbers import UID
from aimap.testing._faults import Fault
from aimap.testing._logins import Logins
from aimap.testing._presets import Preset
from aimap.testing._received import ReceivedCommand
from aimap.testing._rules import Violation
from aimap.testing._scripts import On
from aimap.testing._server import Server, TLSMode, serve
from aimap.testing._transcripts import Transcript

T = TypeVar("T")

_PATIENCE = 30.0
"""Seconds for the server to start and to stop."""


class ServeOptions(TypedDict, total=False):
    """What :func:`serve` takes besides the accounts."""

    tls: TLSMode
    ssl_contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None
    host: str | None
    port: int
    capabilities: Iterable[str] | None
    preset: str | Preset | None
    strict: bool
    latency: float
    logins: Logins | None
    faults: Iterable[Fault | On]


@final
@attrs.frozen
class MessageSeen:
    """A message as it is on the server, seen from another thread.

    Attributes:
        uid: its UID.
        octets: all of it.
        flags: its flags.
        date: its internal date.
    """

    uid: UID
    octets: bytes
    flags: frozenset[str]
    date: datetime


@final
class ServerInThread:
    """The embedded server, run by :func:`serve_in_thread`. All methods are for any thread.

    Attributes:
        host: where it listens.
        port: the port it listens on.
    """

    def __init__(self, server: Server, token: trio.lowlevel.TrioToken) -> None:
        self.host: str = server.host
        self.port: int = server.port
        self._server = server
        self._token = token

    def call(self, function: Callable[[Server], T]) -> T:
        """Call a function with the :class:`Server`, in the server's thread.

        Args:
            function: what is called; it must not wait.
        """
        return trio.from_thread.run_sync(function, self._server, trio_token=self._token)

    @property
    def client_ssl_context(self) -> ssl.SSLContext:
        """A context that trusts this server.

        Raises:
            InvalidArgumentError: if it serves without TLS.
        """
        return self._server.client_ssl_context

    @property
    def ca_pem(self) -> bytes:
        """The certificate of the authority that signed this server's, in PEM.

        Raises:
            InvalidArgumentError: if it serves without TLS, or with contexts of yours.
        """
        return self._server.ca_pem

    @property
    def commands(self) -> list[str]:
        """The name of every command that any client sent."""
        return self.call(lambda server: list(server.commands))

    @property
    def log(self) -> list[ReceivedCommand]:
        """What any client sent, in order, with the answers."""
        return self.call(lambda server: list(server.log))

    @property
    def violations(self) -> list[Violation]:
        """What clients sent that they must not send."""
        return self.call(lambda server: list(server.violations))

    def messages(self, user: str, mailbox: str = "INBOX") -> list[MessageSeen]:
        """Return the messages of a mailbox as they are now."""
        return self.call(
            lambda server: [
                MessageSeen(UID(m.uid), m.octets, frozenset(map(str, m.flags)), m.date)
                for m in server.mailbox(user, mailbox).messages
            ]
        )

    def mailboxes(self, user: str) -> list[str]:
        """Return the names of an account's mailboxes."""
        return self.call(lambda server: sorted(server.accounts[user].mailboxes))

    def add_account(self, user: str, password: str) -> None:
        """Add an account: see :meth:`Server.add_account`."""
        self.call(lambda server: server.add_account(user, password))

    def deliver(
        self,
        user: str,
        message: bytes,
        *,
        mailbox: str = "INBOX",
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> UID:
        """Put a new message into a mailbox: see :meth:`Server.deliver`."""
        return self.call(
            lambda server: server.deliver(user, message, mailbox=mailbox, flags=flags, date=date)
        )

    def set_flags(
        self, user: str, uid: int, flags: Iterable[str], *, mailbox: str = "INBOX"
    ) -> None:
        """Give a message just those flags: see :meth:`Server.set_flags`."""
        self.call(lambda server: server.set_flags(user, uid, flags, mailbox=mailbox))

    def expunge(self, user: str, uids: Iterable[int], *, mailbox: str = "INBOX") -> None:
        """Remove messages for good: see :meth:`Server.expunge`."""
        self.call(lambda server: server.expunge(user, uids, mailbox=mailbox))

    def rename(self, user: str, old: str, new: str) -> None:
        """Rename a mailbox: see :meth:`Server.rename`."""
        self.call(lambda server: server.rename(user, old, new))

    def delete(self, user: str, mailbox: str) -> None:
        """Delete a mailbox: see :meth:`Server.delete`."""
        self.call(lambda server: server.delete(user, mailbox))

    def renew_uid_validity(self, user: str, mailbox: str = "INBOX") -> int:
        """Give a mailbox another UIDVALIDITY: see :meth:`Server.renew_uid_validity`."""
        return self.call(lambda server: server.renew_uid_validity(user, mailbox))

    def set_faults(self, *faults: Fault | On) -> None:
        """Change what goes wrong on connections to come."""

        def change(server: Server) -> None:
            server.faults = faults

        self.call(change)

    def drop_connections(self, user: str | None = None, *, reset: bool = False) -> None:
        """Close every connection: see :meth:`Server.drop_connections`."""

        async def drop() -> None:
            await self._server.drop_connections(user, reset=reset)

        trio.from_thread.run(drop, trio_token=self._token)

    def stall_connections(self, seconds: float = math.inf, user: str | None = None) -> None:
        """Fall silent: see :meth:`Server.stall_connections`."""
        self.call(lambda server: server.stall_connections(seconds, user))

    def reset(self) -> None:
        """Begin anew: see :meth:`Server.reset`."""
        trio.from_thread.run(self._server.reset, trio_token=self._token)


class _Thread(Generic[T]):
    """Runs an asynchronous context manager in a thread, and hands out what it gives."""

    def __init__(self, opened: AbstractAsyncContextManager[T]) -> None:
        self._opened = opened
        self._begun = threading.Event()
        self._scope = trio.CancelScope()
        self._token: trio.lowlevel.TrioToken | None = None
        self._values: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="aimap.testing", daemon=True)

    @property
    def token(self) -> trio.lowlevel.TrioToken:
        """What calls functions in the thread."""
        assert self._token is not None
        return self._token

    def start(self) -> T:
        """Start it, and wait until it has begun."""
        self._thread.start()
        if not self._begun.wait(_PATIENCE):
            raise RuntimeError("the server's thread did not start")
        if self._error is not None:
            raise self._error
        return self._values[0]

    def stop(self) -> None:
        """Stop it, and raise what it raised."""
        trio.from_thread.run_sync(self._scope.cancel, trio_token=self.token)
        self._thread.join(_PATIENCE)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:  # noqa: BLE001, ASYNC103 (raised where it is waited for)
            self._error = error
        self._begun.set()

    async def _main(self) -> None:
        async with self._opened as value:
            self._values.append(value)
            self._token = trio.lowlevel.current_trio_token()
            with self._scope:
                self._begun.set()
                await trio.sleep_forever()


@contextmanager
def serve_in_thread(
    accounts: Mapping[str, str] | None = None,
    **options: Unpack[ServeOptions],
) -> Generator[ServerInThread]:
    """Run the embedded server in a thread of its own, as a ``with`` block.

    ::

        with aimap.testing.serve_in_thread({"joe": "secret"}, tls="insecure") as server:
            with imaplib.IMAP4(server.host, server.port) as imap:
                imap.login("joe", "secret")

    Args:
        accounts: user names and their passwords; ``{"joe": "secret"}`` if not given.
        options: what :func:`serve` takes.

    Yields:
        The :class:`ServerInThread`.

    Raises:
        InvalidArgumentError: what :func:`serve` raises.
        OSError: if the port cannot be used.
    """
    thread = _Thread(serve(accounts, **options))
    server = thread.start()
    try:
        yield ServerInThread(server, thread.token)
    finally:
        thread.stop()


@contextmanager
def play_in_thread(transcript: Transcript) -> Generator[tuple[str, int]]:
    """Play a transcript from a thread of its own, as a ``with`` block.

    Args:
        transcript: what is played to whoever connects.

    Yields:
        The host and the port to connect to, without TLS.

    Raises:
        TranscriptError: what :meth:`Transcript.listening` raises.
        OSError: likewise.
    """
    thread = _Thread(transcript.listening())
    where = thread.start()
    try:
        yield where
    finally:
        thread.stop()
