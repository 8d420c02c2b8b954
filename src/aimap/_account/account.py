"""An account as its user sees it."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias, TypeVar, final

import trio

from aimap._account.config import AccountConfig
from aimap._account.credentials import Guarded
from aimap._account.link import Use
from aimap._account.mailboxes import AboutMailboxes
from aimap._account.pool import Pool
from aimap._account.position import Position
from aimap._account.repeating import TRIES, Pause
from aimap._account.reporting import AccountStatistics, Hook, Reporter
from aimap._account.watch import AccountWatch
from aimap._client.ahead import Ahead
from aimap._client.appending import InMemory
from aimap._client.client import Client
from aimap._client.connect import connect
from aimap._client.fetching import FetchResult
from aimap._client.mailbox import Mailbox
from aimap._client.timeouts import Timeouts
from aimap._errors import CommandError, ConnectionLostError, StateError
from aimap._model.code import AppendUIDCode
from aimap._model.copied import CopyResult
from aimap._model.fetch import FetchItem
from aimap._model.numbers import UIDSet
from aimap._model.search import ALL, SearchCriteria
from aimap._nursery import PrivateNursery

T = TypeVar("T")

StreamOpener: TypeAlias = Callable[[], Awaitable[trio.abc.Stream]]
UIDs: TypeAlias = UIDSet | str | int | Iterable[int]

_BEYOND_LOGOUT = 2.0


@asynccontextmanager
async def open_account(
    config: AccountConfig,
    *,
    on_event: Hook | None = None,
    open_stream: StreamOpener | None = None,
    wire_log: Callable[[str], object] | None = None,
) -> AsyncGenerator[Account]:
    """Open an account, as an ``async with`` block that may last for months.

    The block begins at once. Connections are made when something needs one, made again when
    they are lost, and never more than ``config.max_connections``. While the server cannot be
    reached, what needs it waits, and the tries become rarer (:class:`Retry`); how long *you*
    wait is up to your cancel scopes. What cannot succeed by trying again, such as a password
    that was refused, ends the trying: everything then raises :exc:`AccountError`.

    At the end of the block all connections are logged out, with a bounded wait; when an
    exception or a cancellation leaves the block, they are closed at once. An exception
    leaves the block as it is, never inside a group.

    Args:
        config: the account.
        on_event: called with each :class:`AccountEvent`, for monitors; it must not raise
            anything. The logger ``aimap.account`` gets the same.
        open_stream: opens the stream below TLS in place of a TCP connection: a tunnel, or a
            test's own.
        wire_log: as for :func:`aimap.connect`, of all connections.

    Yields:
        The :class:`Account`.
    """
    async with PrivateNursery() as nursery:
        account = Account(config, nursery, on_event, open_stream, wire_log)
        yield account
        await account._close()  # noqa: SLF001 (of this module)


@final
class Account(AboutMailboxes):
    """An account that is kept connected; made by :func:`open_account`.

    Any number of tasks may use it. What needs a connection waits for one: in the order in
    which it was asked for, where there are too few.

    The methods that name a mailbox select it for you, on a connection that has it
    selected already if there is one. What is safe to repeat is repeated by itself, on
    another connection, when the link drops; what is not raises
    :exc:`ConnectionLostError`, whose ``delivery`` says what is known.

    Cancelling a call gives up its waiting; what was sent by then may have been done, and the
    connection goes back to the others.
    """

    def __init__(
        self,
        config: AccountConfig,
        nursery: trio.Nursery,
        on_event: Hook | None,
        open_stream: StreamOpener | None,
        wire_log: Callable[[str], object] | None,
    ) -> None:
        self.config = config
        self._nursery = nursery
        self._timeouts = config.timeouts or Timeouts()
        self._open_stream = open_stream
        self._wire_log = wire_log
        self._auth = Guarded(config.auth)
        self._reporter = Reporter(config.label, on_event)
        self._pool = Pool(config, nursery, self._connect, self._reporter)

    def __repr__(self) -> str:
        return f"<aimap.Account {self.config.label}, {len(self._pool.links)} connections>"

    @asynccontextmanager
    async def _connect(self, ahead: Ahead | None) -> AsyncGenerator[Client]:
        config = self.config
        stream = None if self._open_stream is None else await self._open_stream()
        async with connect(
            config.host,
            port=config.port,
            tls=config.tls,
            ssl_context=config.ssl_context,
            auth=self._auth,
            limits=config.limits,
            timeouts=config.timeouts,
            stream=stream,
            proxy=config.proxy,
            profile=config.profile,
            wire_log=self._wire_log,
            ahead=ahead,
            extensions=config.extensions,
        ) as client:
            yield client

    async def _close(self) -> None:
        await self._pool.close(self._timeouts.logout + _BEYOND_LOGOUT)

    # The account itself

    async def ready(self) -> None:
        """Wait until there is a connection that is logged in.

        Raises:
            AccountError: if the account has given up.

        Cancelling gives up the waiting only.
        """
        async with self._pool.using(Use.SHARE):
            pass

    def try_now(self) -> None:
        """Try at once what is being waited for, also if the account has given up.

        Call it when the network is back, or the user has changed what was wrong.
        """
        self._pool.try_now()

    def statistics(self) -> AccountStatistics:
        """Return counters over all connections so far."""
        # A copy at once: collectors of metrics ask from threads of their own.
        return self._reporter.statistics([link.client for link in tuple(self._pool.links)])

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Client]:
        """Take a connection for yourself, as an ``async with`` block.

        No mailbox is selected. Inside the block all is as with :func:`aimap.connect`: nothing
        is repeated, and a lost connection stays lost.

        Yields:
            The :class:`Client`.

        Raises:
            AccountError: if the account has given up.
            ConnectionLostError: if the connection is gone.
        """
        async with self._pool.using(Use.ALONE) as link:
            await link.prepare(compressed=self.config.compress)
            yield link.client

    @asynccontextmanager
    async def select(
        self, name: str, *, uid_validity: int | None = None
    ) -> AsyncGenerator[Mailbox]:
        """Select a mailbox to read and change, in a block (:rfc:`9051#section-6.3.2`).

        A lost connection ends what can be done in the block: select again then. A drop before
        the mailbox is selected is not noticed.

        Args:
            name: the mailbox.
            uid_validity: what UIDVALIDITY the UIDs that you have are of.

        Yields:
            The :class:`Mailbox`, on a connection where nobody else selects another one.

        Raises:
            AccountError: if the account has given up.
            StateError: if UIDVALIDITY is another one: the UIDs mean other messages.
            NoError: if there is no such mailbox, or the server refuses.
        """
        async with self._selected(name, read_only=False, uid_validity=uid_validity) as mailbox:
            yield mailbox

    @asynccontextmanager
    async def examine(
        self, name: str, *, uid_validity: int | None = None
    ) -> AsyncGenerator[Mailbox]:
        """Select it for reading only (:rfc:`9051#section-6.3.3`); otherwise like :meth:`select`."""
        async with self._selected(name, read_only=True, uid_validity=uid_validity) as mailbox:
            yield mailbox

    @asynccontextmanager
    async def _selected(
        self, name: str, *, read_only: bool, uid_validity: int | None
    ) -> AsyncGenerator[Mailbox]:
        tries = 0
        pause = Pause(self.config.retry)
        while True:
            tries += 1
            await pause.over()
            async with self._pool.using(Use.MAILBOX, name, read_only=read_only) as link:
                try:
                    await link.prepare(compressed=self.config.compress)
                    mailbox = await link.enter(name, read_only=read_only)
                except ConnectionLostError:
                    if tries < TRIES:
                        continue
                    raise
                except CommandError as error:
                    if pause.begin(link.driver, error):
                        continue
                    raise
                try:
                    if uid_validity not in (None, mailbox.uid_validity):
                        raise StateError(
                            f"UIDVALIDITY of {name!r} is {mailbox.uid_validity} now, not "
                            f"{uid_validity}: the UIDs mean other messages"
                        )
                    yield mailbox
                finally:
                    link.leave()
                return

    def watch(self, *names: str, since: Position | None = None) -> AccountWatch:
        """Watch mailboxes: all that happens to their messages, in order, nothing twice.

        ::

            async with account.watch("INBOX", since=saved) as events:
                async for event in events:
                    match event:
                        case Arrived(uid=uid): ...
                        case FlagsChanged(uid=uid, flags=flags): ...
                        case Expunged(uid=uid): ...
                        case MailboxReset(): ...
                    save(events.position)

        Events come for what has changed from one state to the next: of a message that came
        and went while there was no connection nothing is told, and of flags that changed
        twice, once. Several mailboxes are followed over one connection where the server has
        NOTIFY (:rfc:`5465`) and mod-sequences; elsewhere over one each, and where there are
        too few they take turns, so that each is looked at within :attr:`Timeouts.poll`. A
        connection that you need is given to you at once.

        Args:
            names: the mailboxes.
            since: where to begin: what :attr:`AccountWatch.position` was. A mailbox that it does
                not know begins with what is there when it is first looked at.

        Returns:
            An async context manager that gives an async iterable of :class:`Arrived`,
            :class:`FlagsChanged`, :class:`Expunged` and :class:`MailboxReset`.

        Raises:
            InvalidArgumentError: if no mailbox is named, or one twice.
        """
        return AccountWatch(self._pool, self._nursery, self.config, self._reporter, names, since)

    # What is repeated

    async def append(
        self,
        name: str,
        message: InMemory,
        *,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> AppendUIDCode | None:
        """Upload a message, as :meth:`Client.append` does.

        Repeated only if it is known not to have been stored: never is one stored twice. To
        read it from a source while it is sent, use :meth:`connection`.

        Raises:
            AccountError: if the account has given up.
            InvalidArgumentError: if the message, a flag or the date cannot be sent.
            NoError: if the server refuses.
            ConnectionLostError: if the link dropped, and whether it was stored is not known.
        """
        flags = tuple(flags)
        code: AppendUIDCode | None = await self._repeating(
            self._any_connection,
            lambda imap: imap.append(name, message, flags=flags, date=date),
        )
        return code

    async def append_all(
        self, name: str, messages: Sequence[InMemory]
    ) -> builtins.list[AppendUIDCode | None]:
        """Upload several messages, as :meth:`Client.append_all` does.

        Repeated only if it is known that none was stored.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if a message needs what the server does not offer.
            InvalidArgumentError: if a message cannot be sent, or is too large.
            PartlyStoredError: if some were stored, and others were refused; it tells which.
            NoError: if the server refuses, and nothing was stored.
            ConnectionLostError: if the link dropped, and what was stored is not known.
        """
        codes: builtins.list[AppendUIDCode | None] = await self._repeating(
            self._any_connection, lambda imap: imap.append_all(name, messages)
        )
        return codes

    def _in(
        self, name: str, uid_validity: int | None, *, read_only: bool
    ) -> Callable[[], AbstractAsyncContextManager[Mailbox]]:
        return partial(self._selected, name, read_only=read_only, uid_validity=uid_validity)

    async def search(
        self, name: str, criteria: SearchCriteria = ALL, *, uid_validity: int | None = None
    ) -> UIDSet:
        """Search a mailbox, as :meth:`Mailbox.search` does. Repeated by itself.

        Args:
            name: the mailbox.
            criteria: such as ``UNSEEN & FROM("joe")``.
            uid_validity: what UIDVALIDITY the UIDs in *criteria* are of.

        Raises:
            AccountError: if the account has given up.
            StateError: if UIDVALIDITY is another one.
            NoError: if there is no such mailbox, or the server refuses.
        """
        found: UIDSet = await self._repeating(
            self._in(name, uid_validity, read_only=True), lambda box: box.search(criteria)
        )
        return found

    async def fetch_all(
        self,
        name: str,
        uids: UIDs,
        *items: FetchItem[Any],
        uid_validity: int | None = None,
    ) -> FetchResult:
        """Fetch data of messages, as :meth:`Mailbox.fetch_all` does. Repeated by itself.

        The mailbox is opened for reading: what is fetched stays unseen.

        Args:
            name: the mailbox.
            uids: which messages.
            items: what to fetch of each, such as ``ENVELOPE``.
            uid_validity: what UIDVALIDITY the UIDs are of.

        Raises:
            AccountError: if the account has given up.
            InvalidArgumentError: if there is no item.
            StateError: if UIDVALIDITY is another one.
            NoError: if there is no such mailbox, or the server refuses.
        """
        wanted = uids if isinstance(uids, UIDSet) else UIDSet(uids)
        found: FetchResult = await self._repeating(
            self._in(name, uid_validity, read_only=True), lambda box: box.fetch_all(wanted, *items)
        )
        return found

    async def add_flags(
        self, name: str, uids: UIDs, *flags: str, uid_validity: int | None = None
    ) -> None:
        """Add flags to messages, as :meth:`Mailbox.add_flags` does. Repeated by itself.

        Args:
            name: the mailbox.
            uids: which messages.
            flags: such as ``Flag.SEEN``; at least one.
            uid_validity: what UIDVALIDITY the UIDs are of.

        Raises:
            AccountError: if the account has given up.
            InvalidArgumentError: if a flag is not one; nothing is sent then.
            StateError: if UIDVALIDITY is another one, or the mailbox is read-only.
            NoError: if there is no such mailbox, or the server refuses.
        """
        wanted = uids if isinstance(uids, UIDSet) else UIDSet(uids)
        await self._repeating(
            self._in(name, uid_validity, read_only=False),
            lambda box: box.add_flags(wanted, *flags),
        )

    async def remove_flags(
        self, name: str, uids: UIDs, *flags: str, uid_validity: int | None = None
    ) -> None:
        """Remove flags from messages; otherwise like :meth:`add_flags`."""
        wanted = uids if isinstance(uids, UIDSet) else UIDSet(uids)
        await self._repeating(
            self._in(name, uid_validity, read_only=False),
            lambda box: box.remove_flags(wanted, *flags),
        )

    async def set_flags(
        self, name: str, uids: UIDs, *flags: str, uid_validity: int | None = None
    ) -> None:
        """Give messages just those flags, or none; otherwise like :meth:`add_flags`."""
        wanted = uids if isinstance(uids, UIDSet) else UIDSet(uids)
        await self._repeating(
            self._in(name, uid_validity, read_only=False),
            lambda box: box.set_flags(wanted, *flags),
        )

    # What is not

    async def copy(
        self, name: str, uids: UIDs, to: str, *, uid_validity: int | None = None
    ) -> CopyResult:
        """Copy messages to another mailbox, as :meth:`Mailbox.copy` does.

        Nothing is repeated once a command was sent: there could be two copies then.

        Args:
            name: the mailbox that they are in.
            uids: which messages.
            to: the mailbox that they go to.
            uid_validity: what UIDVALIDITY the UIDs are of.

        Raises:
            AccountError: if the account has given up.
            StateError: if UIDVALIDITY is another one.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the link dropped; what was copied by then is not known.
        """
        async with self._selected(name, read_only=True, uid_validity=uid_validity) as mailbox:
            return await mailbox.copy(uids, to)

    async def move(
        self, name: str, uids: UIDs, to: str, *, uid_validity: int | None = None
    ) -> CopyResult:
        """Move messages to another mailbox, as :meth:`Mailbox.move` does.

        Nothing is repeated once a command was sent. Where the server has MOVE, a message is
        in one of the two mailboxes, whatever happens: moving the same ones again moves those
        that are left.

        Args:
            name: the mailbox that they are in.
            uids: which messages.
            to: the mailbox that they go to.
            uid_validity: what UIDVALIDITY the UIDs are of.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if the server has neither MOVE nor UIDPLUS.
            StateError: if UIDVALIDITY is another one, or the mailbox is read-only.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the link dropped; what was moved by then is not known.
        """
        async with self._selected(name, read_only=False, uid_validity=uid_validity) as mailbox:
            return await mailbox.move(uids, to)
