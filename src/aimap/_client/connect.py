"""Opening a connection: TCP, TLS or STARTTLS, greeting, login; and closing it.

Everything up to TLS runs in the caller's task, one exchange at a time: nothing else may
be on the wire then (:rfc:`9051#section-6.2.1`). Only then does the reader begin, in a
nursery that the context manager owns. What leaves the ``async with``
block is the user's own exception, never a group: the tasks in that nursery do not raise.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Literal, TypeAlias, final

import trio

from aimap._client.ahead import Ahead
from aimap._client.auth import log_in
from aimap._client.client import Client
from aimap._client.driver import Driver
from aimap._client.proxy import open_through_proxy, parse_proxy
from aimap._client.timeouts import Timeouts
from aimap._commands.connection import Capability, Compress, Logout, StartTLS
from aimap._deflate import DeflateStream
from aimap._errors import (
    CapabilityError,
    CommandError,
    ConnectionLostError,
    ImapError,
    InvalidArgumentError,
    NoError,
    RemoteProtocolError,
    StateError,
)
from aimap._model.code import CapabilityCode
from aimap._model.extension import Extension
from aimap._model.limits import Limits
from aimap._model.profile import Profile
from aimap._model.state import ConnectionState
from aimap._nursery import PrivateNursery
from aimap._protocol.events import ConnectionEvent
from aimap._protocol.session import Session
from aimap._protocol.wire_log import WireLog
from aimap._sasl.auth import Auth
from aimap._wire.parse_response import as_one

TLSMode: TypeAlias = Literal["implicit", "starttls", "insecure"]

# Made once: thousands of connections would each hold their own.
_LIMITS, _TIMEOUTS = Limits(), Timeouts()
# Some login programs read on behind the login, and lose it.
_PATIENCE_AHEAD = 10.0

_PORTS: dict[TLSMode, int] = {"implicit": 993, "starttls": 143, "insecure": 143}


def connect(
    host: str,
    *,
    port: int | None = None,
    tls: TLSMode = "implicit",
    ssl_context: ssl.SSLContext | None = None,
    auth: Auth | None = None,
    limits: Limits | None = None,
    timeouts: Timeouts | None = None,
    stream: trio.abc.Stream | None = None,
    proxy: str | None = None,
    compress: bool = False,
    profile: Profile | None = None,
    wire_log: Callable[[str], object] | None = None,
    ahead: Ahead | None = None,
    extensions: Sequence[Extension] = (),
    on_event: Callable[[ConnectionEvent], object] | None = None,
) -> AbstractAsyncContextManager[Client]:
    """Connect to a server and log in, as an ``async with`` block.

    At the end of the block the client logs out, with a bounded wait; when an exception
    or a cancellation leaves the block, the connection is closed at once. An exception
    leaves the block as it is, never inside a group. A connection that is lost meanwhile
    is told to every command that is pending or comes later; the block goes on.

    Args:
        host: the server's name, which its certificate must bear.
        port: 993 if not given, or 143 for ``"starttls"`` and ``"insecure"``.
        tls: ``"implicit"`` is TLS from the first octet (:rfc:`8314#section-3`);
            ``"starttls"`` begins in clear and does nothing there but ask for TLS;
            ``"insecure"`` sends everything in clear, the password too.
        ssl_context: whom to trust; the system's certificate authorities if not given. The
            server's name has then to be among the certificate's ``subjectAltName``.
        auth: who logs in: :class:`Password`, :class:`OAuth`, :class:`External`,
            :class:`Anonymous`, :class:`GSSAPI` or :class:`SASL`. Without it the
            connection is left as the server greeted it.
        limits: bounds on what the server may do.
        timeouts: how long silence is borne.
        stream: a stream that is already open, to be used instead of a TCP connection.
        proxy: connect through a proxy: ``"socks5://host:1080"`` (:rfc:`1928`) or
            ``"http://host:8080"`` (CONNECT), with ``user:password@`` before the host if
            need be. The proxy finds out where *host* is. Needs the extra ``proxy``.
        compress: whether to compress all that follows the login (:rfc:`4978`), if the
            server offers it: a third of the octets or fewer, for 300 kB of memory.
        profile: what is peculiar about the server; without one it is recognised, where it is
            one of those that are known to be (:data:`PROFILES`).
        wire_log: called with each line that is sent and received, such as
            ``logging.getLogger("mail").debug``: without passwords and other secrets, and
            without messages, of which the length is told. It must not raise anything.
        ahead: what an account sends along with the login, by what it has learnt of the server;
            not for others.
        extensions: what the server says beyond what aimap knows, and what reads that; see
            :mod:`aimap.extending`.
        on_event: called with what the server says and nobody asked for: an :class:`Alert`, which
            a person is to see, an :class:`UnsolicitedResponse`, or a :class:`Defect`, where it
            deviates from the protocol. It must not raise anything.

    Returns:
        An async context manager that gives the :class:`Client`, once.

    Raises:
        InvalidArgumentError: if an argument makes no sense.
        OSError: if no connection could be opened, as the system said it.
        ConnectionLostError: if TLS failed, the server went away, the proxy made no
            connection, or all of it was not done within ``timeouts.connect`` seconds.
        AuthenticationError: if the server does not accept the credentials.
        CapabilityError: if it offers no way to log in that *auth* allows, or no STARTTLS
            where that was asked for.

    On cancellation the connection is closed at once, without LOGOUT.
    """
    if tls not in _PORTS:
        raise InvalidArgumentError(f"tls is 'implicit', 'starttls' or 'insecure', not {tls!r}")
    if auth is not None and not isinstance(auth, Auth):
        raise InvalidArgumentError(
            f"auth is a Password, an OAuth or the like, not a {type(auth).__name__}"
        )
    if ahead is not None and (tls != "implicit" or auth is None):
        raise InvalidArgumentError("nothing is sent ahead in clear, nor without a login")
    if proxy is not None and stream is not None:
        raise InvalidArgumentError("stream is open already: no proxy can be put before it")
    through = parse_proxy(proxy) if proxy is not None else None
    extension = as_one(extensions) if extensions else None
    limits, timeouts = limits or _LIMITS, timeouts or _TIMEOUTS
    port = _PORTS[tls] if port is None else port

    async def open_driver(deadline: float) -> Driver:
        try:
            with trio.fail_at(deadline):
                if through is not None:
                    link: trio.abc.Stream = await open_through_proxy(through, host, port)
                else:
                    link = stream or await trio.open_tcp_stream(host, port)
                log = None if wire_log is None else WireLog(wire_log)
                session = Session(limits, log=log, extension=extension)
                driver = Driver(link, session, limits=limits, timeouts=timeouts, profile=profile)
                await _secure(driver, host, tls, ssl_context, greeted=ahead is None)
        except trio.TooSlowError:
            raise _too_slow(timeouts) from None
        return driver

    async def begin(client: Client, driver: Driver, deadline: float) -> None:
        client.host, client.port, client.on_event = host, port, on_event
        if ahead is not None and auth is not None:
            await _begin_ahead(client, auth, ahead, host=host, port=port, deadline=deadline)
        else:
            await _begin(client, auth, deadline=deadline)
        if compress:
            await start_compressing(driver)

    return _Connection(open_driver, begin, timeouts.connect)


@final
class _Connection:
    """The ``async with`` block of :func:`connect`.

    A class, since a generator and what it would have to remember take 1 kB of every
    connection. What opening takes is forgotten once it is open.
    """

    __slots__ = ("_begin", "_client", "_nursery", "_open", "_patience")

    def __init__(
        self,
        open_driver: Callable[[float], Awaitable[Driver]],
        begin: Callable[[Client, Driver, float], Awaitable[None]],
        patience: float,
    ) -> None:
        self._open: Callable[[float], Awaitable[Driver]] | None = open_driver
        self._begin: Callable[[Client, Driver, float], Awaitable[None]] | None = begin
        self._patience = patience

    async def __aenter__(self) -> Client:
        """Connect and log in."""
        open_driver, begin, self._open, self._begin = self._open, self._begin, None, None
        if open_driver is None or begin is None:
            raise StateError("what connect() returns is entered once; call it again")
        deadline = trio.current_time() + self._patience
        driver = await open_driver(deadline)
        self._nursery = PrivateNursery()
        driver.start(await self._nursery.__aenter__())
        self._client = client = Client(driver)
        try:
            await begin(client, driver, deadline)
        except BaseException as error:
            await self._close(error)  # noqa: ASYNC102 (it waits for nobody but its own tasks)
            raise
        return client

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Log out, unless an exception leaves the block, and close."""
        if exc is None:
            try:
                await _log_out(self._client)  # noqa: ASYNC102 (cancelling is to end it)
            except BaseException as error:
                await self._close(error)  # noqa: ASYNC102 (as above)
                raise
        await self._close(exc)  # noqa: ASYNC102 (as above)

    async def _close(self, error: BaseException | None) -> None:
        driver = self._client._driver  # noqa: SLF001 (it is made here)
        driver.stop()
        try:
            await self._nursery.__aexit__(type(error) if error else None, error, None)
        finally:
            driver.session.lose(ConnectionLostError("the client was closed"))
            await trio.aclose_forcefully(driver.stream)


def _too_slow(timeouts: Timeouts) -> ConnectionLostError:
    return ConnectionLostError(f"the connection was not ready within {timeouts.connect:g} seconds")


async def _secure(
    driver: Driver, host: str, tls: TLSMode, context: ssl.SSLContext | None, *, greeted: bool
) -> None:
    """Bring the connection to its greeting, under TLS unless the user refused that."""
    try:
        if tls == "implicit":
            await _start_tls(driver, host, context)
        if greeted or tls != "implicit":
            await driver.receive_greeting()
        if tls == "starttls":
            await _change_to_tls(driver, host, context)
    except BaseException:
        await trio.aclose_forcefully(driver.stream)
        raise


async def _change_to_tls(driver: Driver, host: str, context: ssl.SSLContext | None) -> None:
    session = driver.session
    if session.state is not ConnectionState.NOT_AUTHENTICATED:
        # A login that nobody asked for, in clear: nothing may follow (RFC 9051 11.3).
        raise RemoteProtocolError("PREAUTH where STARTTLS was asked for")
    capabilities = session.capabilities
    if capabilities is None:
        capabilities = await driver.exchange(driver.submit(Capability()))
    if "STARTTLS" not in capabilities:
        raise CapabilityError("STARTTLS", "and nothing is sent without TLS")
    try:
        await driver.exchange(driver.submit(StartTLS()))
    except CommandError as error:
        raise ConnectionLostError(f"the server refused STARTTLS: {error.text}") from error
    if session.unread:
        raise RemoteProtocolError("octets behind the answer to STARTTLS, before TLS")
    await _start_tls(driver, host, context)
    session.begin_anew()


async def _start_tls(driver: Driver, host: str, context: ssl.SSLContext | None) -> None:
    stream = trio.SSLStream(
        driver.stream,
        context or _default_context(),
        server_hostname=host,
        https_compatible=True,
    )
    driver.stream = stream
    try:
        await stream.do_handshake()
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        # Closed by somebody else, who has the stream below: that is a loss like any other.
        raise ConnectionLostError(f"TLS failed: {_tls_reason(error)}") from error


def _default_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # A name counts where it is meant to be one of a server (RFC 9525 section 6.3).
    context.hostname_checks_common_name = False
    return context


def _tls_reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {error.verify_message}"
    return str(error) or "the server closed the connection"


async def _begin(client: Client, auth: Auth | None, *, deadline: float) -> None:
    driver = client._driver  # noqa: SLF001 (it is made here)
    session = driver.session
    try:
        with trio.fail_at(deadline):
            if session.capabilities is None:
                await driver.call(Capability())
            driver.recognise()
            if session.state is not ConnectionState.NOT_AUTHENTICATED:
                await client._enable_what_is_demanded()  # noqa: SLF001 (it is made here)
                return
            if auth is None:
                return
            await client.log_in(auth)
    except trio.TooSlowError:
        raise _too_slow(driver.timeouts) from None


async def _begin_ahead(
    client: Client, auth: Auth, ahead: Ahead, *, host: str, port: int, deadline: float
) -> None:
    """Log in without waiting for the greeting, and send along what was learnt to be right."""
    driver = client._driver  # noqa: SLF001 (it is made here)
    learnt = ahead.learnt
    try:
        with trio.fail_at(deadline):
            ahead.begin(driver)
            _, code = await log_in(driver, auth, host=host, port=port, learnt=learnt)
            client.login_code = code
            with trio.move_on_after(_PATIENCE_AHEAD) as patience:
                await ahead.wait()
            if patience.cancelled_caught:
                raise ConnectionLostError("what was sent along with the login was not answered")
            if learnt.told and not isinstance(code, CapabilityCode):
                # It did so the last time: what is known now is what it said before the login.
                await driver.call(Capability())
            await client._learn(learnt.before, learnt.mechanism)  # noqa: SLF001 (it is made here)
    except trio.TooSlowError:
        raise _too_slow(driver.timeouts) from None


async def start_compressing(driver: Driver) -> None:
    """Compress what follows (:rfc:`4978`), where the server offers that and does it well.

    Raises:
        ConnectionLostError: if the connection is gone.
    """
    if not driver.profile.compress or not driver.session.offers("COMPRESS=DEFLATE"):
        return
    driver.next_stream = partial(DeflateStream, max_ratio=driver.limits.max_deflate_ratio)
    try:
        await driver.call(Compress())
    except NoError:
        # A layer below compresses already (RFC 4978 section 3), or the server will not.
        driver.next_stream = None


async def _log_out(client: Client) -> None:
    driver = client._driver  # noqa: SLF001 (it is made here)
    client._leave_by_what_follows()  # noqa: SLF001
    with trio.move_on_after(driver.timeouts.logout):
        try:
            await driver.call(Logout())
        except ImapError:
            # What the block was for is done; that the server went first changes nothing.
            return
