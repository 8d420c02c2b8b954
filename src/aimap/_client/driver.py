"""The reader and the writer task of one connection, and what waits for them.

The reader is the only code that reads the stream, the writer the only code that writes
it; there is a writer only while there is something to write, since a task of its own
would cost every idle connection 3 kB. Neither raises: what goes wrong ends the session,
which fails every pending command; so an error always reaches the tasks that it concerns,
and only those.

The reader stops reading, so that TCP pushes back on the server, only while messages
that nobody takes exceed their budget *and* no task awaits anything on this connection,
and never while the writer waits for the server to read: the server might wait likewise.

Silence is measured by progress: a whole response, or enough octets. A server that drips
is as good as silent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar, final

import trio

from aimap._client.profiles import choose_profile
from aimap._client.timeouts import Timeouts
from aimap._commands.base import Command
from aimap._commands.connection import Idle, Noop
from aimap._deflate import DeflateStream
from aimap._errors import ConnectionLostError, StateError
from aimap._model.capability import Capabilities
from aimap._model.code import InProgressCode
from aimap._model.limits import Limits
from aimap._model.notify import EventGroup
from aimap._model.profile import Profile
from aimap._model.state import ConnectionState
from aimap._protocol.session import Session

T = TypeVar("T")

# Trio would make each task a name of its own.
_READER, _WRITER = "aimap reader", "aimap writer"
_READ_SIZE = 256 * 1024
_PIECE = 64 * 1024
_AFTER_BYE = 1.0
_BREAKS = (trio.BrokenResourceError, trio.ClosedResourceError, ConnectionLostError)


@final
class CommandFuture(Generic[T]):
    """A command on its way. :meth:`wait` for it from any task, or from several."""

    def __init__(self, driver: Driver, command: Command[T], *, ahead: bool = False) -> None:
        self._driver = driver
        self._event: trio.Event | None = None
        self._callback: Callable[[CommandFuture[T]], None] | None = None
        submit = driver.session.submit_ahead if ahead else driver.session.submit
        self._pending = submit(command, self._on_done)

    def _answer(self, data: bytes) -> None:
        self._driver.session.answer(self._pending, data)
        self._driver.wake_writer()

    def _on_done(self) -> None:
        if self._event is not None:
            self._event.set()
        if self._callback is not None:
            self._callback(self)

    def upload(self, data: bytes) -> None:
        """Send octets of the upload that this command announced, once it has its turn.

        Raises:
            InvalidArgumentError: if they are more than were announced, or hold a NUL.
            StateError: if it does not have its turn.
        """
        self._driver.session.upload(self._pending, data)
        self._driver.wake_writer()

    def call_when_done(self, callback: Callable[[CommandFuture[T]], None]) -> None:
        """Have *callback* called, in the reader task, as soon as there is an outcome."""
        if self._pending.done:
            callback(self)
        else:
            self._callback = callback

    def outcome(self) -> T:
        """Return the result of a command that is done.

        Raises:
            ImapError: what the command failed with.
            StateError: if there is no outcome yet.
        """
        if not self._pending.done:
            raise StateError(f"{self._pending.command.name} has no outcome yet")
        return self._pending.outcome()

    @property
    def done(self) -> bool:
        """Whether there is an outcome."""
        return self._pending.done

    @property
    def progress(self) -> InProgressCode | None:
        """How far the server says that it is, where it says so (INPROGRESS, :rfc:`9585`)."""
        return self._pending.progress

    async def wait_done(self) -> None:
        """Wait until there is an outcome, whatever it is. Cancelling gives up the waiting."""
        if self._pending.done:
            await trio.lowlevel.checkpoint()
        else:
            if self._event is None:
                self._event = trio.Event()
            with self._driver.awaiting:
                await self._event.wait()

    async def wait(self) -> T:
        """Wait for the outcome, and return the command's result.

        Cancelling gives up the waiting only; the command goes on.

        Raises:
            ImapError: what the command failed with.
            StateError: if :meth:`cancel` was called before there was an outcome.
        """
        await self.wait_done()
        return self.outcome()

    def cancel(self) -> None:
        """Give the command up. If it was not sent yet, it never will be.

        If it was, the server may still carry it out; its answers are dropped, and the
        connection goes on.
        """
        self._driver.session.abandon(self._pending)
        if self._event is not None:
            self._event.set()
        self._driver.wake_writer()


@final
class _Awaiting:
    """Counts the tasks that await something, and lets the reader go on for them."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.count: int = 0

    def __enter__(self) -> None:
        self.count += 1
        self._driver.wake_reader()

    def __exit__(self, *exc: object) -> None:
        self.count -= 1


@final
class Driver:
    """Moves octets between a stream and a session, and keeps time."""

    __slots__ = (
        "_borne",
        "_deadline",
        "_drained",
        "_knows_profile",
        "_nursery",
        "_patience",
        "_read_wanted",
        "_sending",
        "_since_progress",
        "_unsendable",
        "_writing",
        "awaiting",
        "buffered",
        "limits",
        "next_stream",
        "notified",
        "profile",
        "session",
        "stream",
        "timeouts",
    )

    def __init__(
        self,
        stream: trio.abc.Stream,
        session: Session,
        *,
        limits: Limits,
        timeouts: Timeouts,
        profile: Profile | None = None,
    ) -> None:
        self.stream: trio.abc.Stream = stream
        self.session: Session = session
        self.limits: Limits = limits
        self.timeouts: Timeouts = timeouts
        self.profile: Profile = profile or Profile()
        # What notify() asks for, which a watch has to ask for as well.
        self.notified: tuple[EventGroup, ...] = ()
        self._knows_profile = profile is not None
        self.next_stream: Callable[[trio.abc.Stream, bytes], trio.abc.Stream] | None = None
        self.awaiting: _Awaiting = _Awaiting(self)
        self.buffered: int = 0
        self._nursery: trio.Nursery | None = None
        self._writing = False
        self._read_wanted: trio.Event | None = None
        self._drained: trio.Event | None = None
        self._patience = trio.CancelScope()
        self._borne = self._deadline = math.inf
        self._sending = False
        self._unsendable: ConnectionLostError | None = None
        self._since_progress = 0

    # What other tasks call

    def submit(self, command: Command[T]) -> CommandFuture[T]:
        """Send *command* as soon as it may go; do not wait for it."""
        future = CommandFuture(self, command)
        self.wake_writer()
        return future

    def submit_ahead(self, command: Command[T]) -> CommandFuture[T]:
        """Send *command* along with the login that is submitted next."""
        return CommandFuture(self, command, ahead=True)

    async def call(self, command: Command[T]) -> T:
        """Send *command* and wait for its result. Cancelling abandons the command."""
        future = self.submit(command)
        try:
            return await future.wait()
        finally:
            if not future.done:
                future.cancel()

    def answer(self, future: CommandFuture[T], data: bytes) -> None:
        """Send the answer to a continuation request that a command could not give at once."""
        future._answer(data)  # noqa: SLF001 (no part of what users see)

    async def drain(self) -> None:
        """Wait until all that is due was sent, or the connection is over."""
        if self.session.lost is not None:
            await trio.lowlevel.checkpoint()
            return
        self._drained = trio.Event()
        self.wake_writer()
        await self._drained.wait()
        self._drained = None

    def begin_idle(self) -> None:
        """Send IDLE whenever nothing else is to be done, if the server offers it."""
        if self.session.offers("IDLE"):
            self.session.background = Idle
            self.wake_writer()

    def end_idle(self) -> None:
        """Send IDLE no more, and end the one that is under way."""
        self.session.background = None
        self.session.end_background()
        self.wake_writer()

    def wake_writer(self) -> None:
        """Let the writer look for something to send, or close what is over."""
        # A writer that waits for the server to read does not see that all is over.
        if self._nursery is not None and (not self._writing or self.session.lost is not None):
            self._writing = True
            self._nursery.start_soon(self._run_writer, name=_WRITER)

    def wake_reader(self) -> None:
        """Let the reader look again whether it is to go on."""
        if self._read_wanted is not None:
            self._read_wanted.set()

    def recognise(self, fields: Mapping[str, str | None] | None = None) -> None:
        """Learn from what the server has said so far what is peculiar about it.

        Args:
            fields: what it answered to ID, if it was asked.
        """
        session = self.session
        if not self._knows_profile:
            greeting = session.greeting.text if session.greeting is not None else ""
            offered = session.capabilities or Capabilities()
            self.profile = choose_profile(greeting, offered, fields)
        session.max_line = self.profile.max_line
        session.depth = min(
            self.limits.pipeline_depth, self.profile.pipeline_depth or self.limits.pipeline_depth
        )

    # Before there are tasks

    async def exchange(self, future: CommandFuture[T]) -> T:
        """Send and receive in this task until *future* is done."""
        while not future.done:
            await self._exchange_once()
        return await future.wait()

    async def receive_greeting(self) -> None:
        """Receive in this task until the server has greeted."""
        while self.session.greeting is None and self.session.lost is None:
            await self._exchange_once()
        if self.session.said_bye:
            self.session.receive_eof()
        if self.session.lost is not None:
            raise self.session.lost.fresh()

    async def _exchange_once(self) -> None:
        if await self._send():
            return
        try:
            data = await self.stream.receive_some(_READ_SIZE)
        except _BREAKS as error:
            self._broke(error)
        else:
            self._take(data)

    # The tasks

    def start(self, nursery: trio.Nursery) -> None:
        """Begin to read, and to write whenever there is something, until :meth:`stop`."""
        self._nursery = nursery
        nursery.start_soon(self._run_reader, name=_READER)

    def stop(self) -> None:
        """Begin nothing new: the nursery is about to close."""
        self._nursery = None

    async def _run_reader(self) -> None:
        while self.session.lost is None:
            if not self.session.in_flight:
                self.keep_time()
            with trio.CancelScope(deadline=self._deadline) as self._patience:
                while self.session.lost is None:
                    if self._is_to_pause:
                        await self._pause()
                        continue
                    # Here, and in no coroutine that every idle connection would have.
                    try:
                        data = await self.stream.receive_some(_READ_SIZE)
                    except _BREAKS as error:
                        self._broke(error)
                    else:
                        self._take(data)
            # The scope's deadline is only ever moved forward: what is later now, is waited for.
            if self._patience.cancelled_caught and trio.current_time() >= self._deadline:
                self._out_of_patience()
        self._tell_drained()
        await trio.aclose_forcefully(self.stream)

    async def _pause(self) -> None:
        self._deadline = math.inf
        self._read_wanted = trio.Event()
        try:
            await self._read_wanted.wait()
        finally:
            self._read_wanted = None
            # The silence was ours.
            self.keep_time()

    @property
    def _is_to_pause(self) -> bool:
        return (
            self.buffered > self.limits.max_buffered
            and not self.awaiting.count
            and not self._sending
            and self._unsendable is None
        )

    async def _run_writer(self) -> None:
        while self.session.lost is None:
            if not await self._send():
                break
        self._writing = False
        self._tell_drained()
        if self.session.lost is not None:
            await trio.aclose_forcefully(self.stream)

    def _tell_drained(self) -> None:
        if self._drained is not None:
            self._drained.set()

    async def _send(self) -> bool:
        data = b"" if self._unsendable is not None else self.session.data_to_send()
        if not data:
            return False
        self._sending = True
        self.wake_reader()
        try:
            if len(data) <= _PIECE:
                self.keep_time()
                await self.stream.send_all(data)
            else:
                pieces = memoryview(data)
                for at in range(0, len(data), _PIECE):
                    self.keep_time()
                    await self.stream.send_all(pieces[at : at + _PIECE])
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            # What the server said before it went may still be read: often it says why.
            self._unsendable = _broken("the connection broke while sending", error)
            self.wake_reader()
        self._sending = False
        if self.session.awaits_upload or self._unsendable is not None:
            self.keep_time()
        return True

    def _broke(self, error: Exception) -> None:
        """Take the end of a stream that did not end well."""
        session = self.session
        if isinstance(error, ConnectionLostError):
            session.lose(error)
            return
        if not session.said_bye:
            session.lose(self._unsendable or _broken("the connection broke", error))
        session.receive_eof()

    def _end(self) -> None:
        """Take the end of what the server sends."""
        if self._unsendable is not None and not self.session.said_bye:
            self.session.lose(self._unsendable)
        self.session.receive_eof()

    def _take(self, data: bytes | bytearray) -> None:
        if not data:
            self._end()
            return
        session = self.session
        heard = session.counters.responses
        session.receive_data(data)
        self._since_progress += len(data)
        if (
            session.counters.responses != heard
            or self._since_progress >= self.limits.min_progress
            or not session.in_flight
        ):
            self.keep_time()
        if session.at_change_of_stream and self.next_stream is not None:
            # The octets behind the answer are of the new kind already.
            self.stream = self.next_stream(self.stream, session.go_on())
            self.next_stream = None
        if (
            isinstance(self.stream, DeflateStream)
            and session.state is ConnectionState.NOT_AUTHENTICATED
        ):
            # UNAUTHENTICATE ends the compression too (RFC 8437 section 4.1), and nothing
            # goes out before its answer.
            self.stream = self.stream.transport_stream
        if session.wants_to_send:
            self.wake_writer()

    def keep_time(self) -> None:
        """Set how long the reader waits for more, from now on."""
        session = self.session
        if session.said_bye or self._unsendable is not None:
            patience = _AFTER_BYE
        elif session.in_background:
            patience = min(
                self.timeouts.idle_renewal, self.profile.idle_renewal or self.timeouts.idle_renewal
            )
        elif session.only_ending_background:
            patience = self.timeouts.idle_probe
        elif session.awaits_upload and not self._sending:
            # It is the user's source that keeps all waiting.
            patience = math.inf
        elif session.in_flight or self._sending:
            patience = self.timeouts.response
        elif session.greeting is None:
            patience = math.inf
        else:
            patience = self.timeouts.keepalive
        self._since_progress = 0
        self._borne = patience
        self._deadline = deadline = trio.current_time() + patience
        self._patience.deadline = min(self._patience.deadline, deadline)

    def _out_of_patience(self) -> None:
        session = self.session
        if session.said_bye or self._unsendable is not None:
            self._end()
        elif session.in_background:
            session.end_background()
            self.keep_time()
            self.wake_writer()
        elif session.in_flight or self._sending:
            session.lose(
                ConnectionLostError(
                    f"the server made no progress for {self._borne:g} seconds "
                    f"while an answer was due{self._last_words()}"
                )
            )
        else:
            session.submit(Noop())
            self.keep_time()
            self.wake_writer()

    def _last_words(self) -> str:
        """Quote a complaint: some servers say why in an untagged response, and no more."""
        words = self.session.last_complaint
        return f"; its last complaint was: {words}" if words else ""


def _broken(reason: str, cause: BaseException) -> ConnectionLostError:
    error = ConnectionLostError(f"{reason}: {_root(cause)}")
    error.__cause__ = cause
    return error


def _root(error: BaseException) -> str:
    """Say what is at the bottom of Trio's stream errors."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__
