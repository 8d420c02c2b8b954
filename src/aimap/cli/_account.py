"""An account as the program knows it, and a connection to it."""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import date, datetime, timedelta
from typing import TypeAlias, final

import attrs

from aimap import Account as SupervisedAccount
from aimap import (
    AccountConfig,
    AccountEvent,
    AuthenticationError,
    Client,
    LoginFailure,
    Timeouts,
    connect,
    open_account,
)
from aimap._client.connect import TLSMode
from aimap.cli._secrets import Secret
from aimap.cli._show import plain

Hook: TypeAlias = Callable[[AccountEvent], object]

STORES = ("maildir", "sqlite")
"""What a mirror may go into."""


@final
@attrs.frozen(kw_only=True)
class Account:
    """Where an account is, who logs in, and how.

    Attributes:
        name: what the program calls it.
        host: the server.
        users: what to log in as: the first, and if the server refuses that, the next.
        secret: the way to the password or token.
        port: the server's port, if not the usual one.
        tls: as for :func:`aimap.connect`.
        ca_file: the certificate authorities to trust instead of the system's.
        proxy: as for :func:`aimap.connect`.
        timeout: seconds to connect in, and to wait for an answer.
        compress: whether to compress, where the server offers it.
        connections: how many to use side by side, at most, to mirror it.
        mailboxes: patterns of the mailboxes to mirror.
        since: mirror what came in the last so many days only; ``None`` for all.
        largest: mirror messages of up to so many octets only; ``None`` for all.
        folder: where it is mirrored to, below the folder for all.
        store: what it is mirrored into, one of :data:`STORES`.
        trace: whether to print what is sent and received.
    """

    name: str
    host: str
    users: tuple[str, ...]
    secret: Secret
    port: int | None = None
    tls: TLSMode = "implicit"
    ca_file: str | None = None
    proxy: str | None = attrs.field(default=None, repr=False)
    timeout: float | None = None
    compress: bool = True
    connections: int = 1
    mailboxes: tuple[str, ...] = ("*",)
    since: int | None = None
    largest: int | None = None
    folder: str = ""
    store: str = "maildir"
    trace: bool = False

    @property
    def timeouts(self) -> Timeouts:
        """How long the server is waited for."""
        if self.timeout is None:
            return Timeouts()
        return Timeouts(connect=self.timeout, response=self.timeout)

    def first_day(self) -> date | None:
        """Return the day from which on messages are mirrored, if not all are."""
        if self.since is None:
            return None
        return datetime.now().astimezone().date() - timedelta(days=self.since)

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return whom to trust.

        Raises:
            OSError: if the file with the certificate authorities cannot be read.
        """
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None


@asynccontextmanager
async def open_connection(account: Account) -> AsyncGenerator[Client]:
    """Connect and log in; raises what :func:`aimap.connect` raises, and SecretError."""
    async with AsyncExitStack() as stack:
        yield await _log_in(account, stack)


@asynccontextmanager
async def open_supervised(account: Account, on_event: Hook) -> AsyncGenerator[SupervisedAccount]:
    """Open an account that is connected again and again; raises SecretError.

    It may have one connection more than for mirroring, to wait for changes.
    Only the first of the account's users is tried: see :func:`settled`.
    """
    config = AccountConfig(
        account.host,
        await account.secret.auth(account.users[0]),
        port=account.port,
        tls=account.tls,
        ssl_context=account.ssl_context(),
        timeouts=account.timeouts,
        proxy=account.proxy,
        compress=account.compress,
        max_connections=account.connections + 1,
        name=account.name,
    )
    trace = _print_trace if account.trace else None
    async with open_account(config, on_event=on_event, wire_log=trace) as supervised:
        yield supervised


async def settled(account: Account) -> Account:
    """Log in once, and return the account with the one user that the server accepts."""
    async with AsyncExitStack() as stack:
        for user in account.users:
            one = attrs.evolve(account, users=(user,))
            try:
                await _log_in(one, stack)
            except AuthenticationError:
                if user == account.users[-1]:
                    raise
            else:
                return one
    raise AssertionError


async def _log_in(account: Account, stack: AsyncExitStack) -> Client:
    *others, last = account.users
    for user in others:
        try:
            return await stack.enter_async_context(await _connection(account, user))
        except AuthenticationError as error:
            # RFC 6186 section 4: the name before the "@" comes next.
            if error.reason not in (LoginFailure.WRONG_CREDENTIALS, LoginFailure.REFUSED):
                raise
    return await stack.enter_async_context(await _connection(account, last))


async def _connection(account: Account, user: str) -> AbstractAsyncContextManager[Client]:
    return connect(
        account.host,
        port=account.port,
        tls=account.tls,
        ssl_context=account.ssl_context(),
        auth=await account.secret.auth(user),
        timeouts=account.timeouts,
        proxy=account.proxy,
        compress=account.compress,
        wire_log=_print_trace if account.trace else None,
    )


def _print_trace(line: str) -> None:
    print(plain(line), file=sys.stderr)
