"""One IMAP connection without I/O: octets in, outcomes and events out; commands in, octets out.

The session owns every protocol fact: tags, the connection's state, capabilities, the
selected mailbox's view, which command may go (:mod:`aimap._protocol.gate`), which one
waits for a continuation request, and which response answers which command. It knows
commands only by what :class:`aimap._commands.base.Command` declares.

A command is on the wire whole or not at all. One that is cancelled before its first
octet is never sent; one that is cancelled later is *abandoned*: the rest of it is still
written, its answers are taken by it and dropped, and what they say of the state applies.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, final

import attrs

from aimap._commands.base import Command, Verdict
from aimap._errors import (
    ByeError,
    ConnectionLostError,
    ImapError,
    LimitExceededError,
    LocalProtocolError,
    RemoteProtocolError,
    StateError,
)
from aimap._model.capability import Capabilities
from aimap._model.code import CapabilityCode, ResponseCode
from aimap._model.limits import Limits
from aimap._model.message import Message
from aimap._model.response import (
    CapabilityResponse,
    ContinuationRequest,
    EnabledResponse,
    ESearchResponse,
    ExistsResponse,
    ExpungeResponse,
    FlagsResponse,
    RecentResponse,
    Response,
    StatusResponse,
    TaggedResponse,
    Unparsed,
    Untagged,
    VanishedResponse,
)
from aimap._model.state import ConnectionState
from aimap._protocol.events import Alert, Defect, MailboxClosed, SessionEvent, UnsolicitedResponse
from aimap._protocol.gate import Gate
from aimap._protocol.pending import Pending, Stage
from aimap._protocol.view import MailboxView
from aimap._wire.encoder import Dialect, Encoder
from aimap._wire.reader import ResponseReader

T = TypeVar("T")

_UTF8_EXTENSIONS = ("UTF8=ACCEPT", "IMAP4rev2")


@final
@attrs.define
class SessionCounters:
    """What went over a connection so far.

    Attributes:
        commands: commands sent.
        octets_sent: octets sent.
        octets_received: octets received.
        flights: times that octets went out after octets had come in: round trips.
        most_in_flight: commands in flight at once, at most.
    """

    commands: int = 0
    octets_sent: int = 0
    octets_received: int = 0
    flights: int = 0
    most_in_flight: int = 0


def _ignore(event: SessionEvent) -> None:
    del event


@final
class Session:
    """The protocol of one connection.

    Args:
        limits: bounds on what the server may do.
        max_line: octets of a line that the server takes.
        tag_format: how tags look: a letter first (some servers want that), and a number.
        on_event: called with each event, while data is received.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        max_line: int = 8192,
        tag_format: str = "A{}",
        on_event: Callable[[SessionEvent], None] | None = None,
    ) -> None:
        self.state = ConnectionState.NOT_AUTHENTICATED
        self.greeting: StatusResponse | None = None
        self.capabilities: Capabilities | None = None
        self.enabled = Capabilities()
        self.view: MailboxView | None = None
        self.counters = SessionCounters()
        self.on_event = on_event or _ignore
        self.at_change_of_stream = False
        self.background: Callable[[], Command[None]] | None = None
        self._limits = limits
        self.max_line = max_line
        self._reader = ResponseReader(limits)
        self._gate: Gate[Pending[Any]] = Gate()
        self._queued: dict[Pending[Any], None] = {}
        self._ready: deque[Pending[Any]] = deque()
        self._in_flight: dict[str, Pending[Any]] = {}
        self._claimants: dict[type, dict[Pending[Any], None]] = {}
        self._awaiting: Pending[Any] | None = None
        self._interruptible: Pending[Any] | None = None
        self._before_login: Capabilities | None = None
        self._out: list[bytes] = []
        self._tag_format = tag_format
        self._tag_shape = re.compile(re.escape(tag_format.partition("{")[0]) + "[0-9]+", re.ASCII)
        self._next_tag = 1
        self._heard_since_sending = True
        self._bye: ByeError | None = None
        self._lost: ConnectionLostError | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            TaggedResponse: self._on_tagged,
            ContinuationRequest: self._on_continuation,
            StatusResponse: self._on_status,
            CapabilityResponse: self._on_capability,
            EnabledResponse: self._on_enabled,
            ESearchResponse: self._on_esearch,
            ExistsResponse: self._on_exists,
            RecentResponse: self._on_recent,
            ExpungeResponse: self._on_expunge,
            VanishedResponse: self._on_vanished,
            FlagsResponse: self._on_flags,
            Unparsed: self._on_unparsed,
        }

    # Commands in

    def submit(self, command: Command[T], on_done: Callable[[], None] | None = None) -> Pending[T]:
        """Take a command; it goes out as soon as the gate lets it.

        Args:
            command: the command.
            on_done: called once there is an outcome, unless it is abandoned first.
        """
        pending = Pending(command, on_done)
        if self._lost is not None:
            pending.fail(self._lost.fresh())
        elif self._bye is not None:
            pending.fail(self._bye.fresh())
        else:
            self._queued[pending] = None
            if self._gate.enter(pending):
                self._ready.append(pending)
            else:
                self._interrupt()
        return pending

    def abandon(self, pending: Pending[Any]) -> None:
        """Give up the outcome of a command, without harm to any other.

        What was not sent is not sent; what was sent is answered and dropped.
        """
        if pending.done:
            return
        pending.abandoned = True
        if pending.stage is Stage.QUEUED:
            self._queued.pop(pending, None)
            if pending in self._ready:
                self._ready.remove(pending)
            self._release(pending)
            pending.fail(StateError("cancelled before it was sent"))
        elif pending is self._interruptible:
            self._interrupt()

    def answer(self, pending: Pending[Any], data: bytes) -> None:
        """Send the answer to a continuation request that took a while to find."""
        if pending is self._awaiting:
            self._out.append(data)

    # Octets out

    def data_to_send(self) -> bytes:
        """Return the octets that are to be sent now, all commands that may go included."""
        if self._lost is None:
            self._let_out()
            if (
                self.background is not None
                and self._bye is None
                and not self._in_flight
                and not self._queued
            ):
                self.submit(self.background())
                self._let_out()
        data = b"".join(self._out)
        self._out.clear()
        if data:
            self.counters.octets_sent += len(data)
            self.counters.flights += self._heard_since_sending
            self._heard_since_sending = False
        return data

    def _let_out(self) -> None:
        depth = self._limits.pipeline_depth
        while self._ready and self._awaiting is None and len(self._in_flight) < depth:
            self._send(self._ready.popleft())

    def _send(self, pending: Pending[Any]) -> None:
        command = pending.command
        del self._queued[pending]
        try:
            if self.state not in command.states:
                raise StateError(f"{command.name} is not possible: {self._state_in_words()}")
            wire = Encoder(self._dialect())
            command.write(wire)
            parts = wire.parts()
        except LocalProtocolError as error:
            self._release(pending)
            pending.fail(error)
            return
        pending.tag = self._tag_format.format(self._next_tag)
        self._next_tag += 1
        self._in_flight[pending.tag] = pending
        for kind in command.answers:
            self._claimants.setdefault(kind, {})[pending] = None
        self.counters.commands += 1
        self.counters.most_in_flight = max(self.counters.most_in_flight, len(self._in_flight))
        if command.opens is not None:
            self._close_view()
            self.view = MailboxView(command.opens, self._emit)
        if self._logs_in(command):
            self._before_login, self.capabilities = self.capabilities, None
        self._out += (pending.tag.encode("ascii"), b" ", parts[0])
        pending.parts = parts[1:]
        if pending.parts or command.converses:
            pending.stage = Stage.SENDING
            self._awaiting = pending
        else:
            pending.stage = Stage.SENT

    def _state_in_words(self) -> str:
        return "no mailbox is selected" if self._logged_in else f"the state is {self.state.value}"

    @property
    def _logged_in(self) -> bool:
        return self.state is ConnectionState.AUTHENTICATED

    def _logs_in(self, command: Command[Any]) -> bool:
        return (
            self.state is ConnectionState.NOT_AUTHENTICATED
            and command.enters is ConnectionState.AUTHENTICATED
        )

    def _dialect(self) -> Dialect:
        offered = self.capabilities or Capabilities()
        return Dialect(
            literal_plus="LITERAL+" in offered,
            literal_minus="LITERAL-" in offered or "IMAP4rev2" in offered,
            utf8=any(name in self.enabled for name in _UTF8_EXTENSIONS),
            binary="BINARY" in offered or "IMAP4rev2" in offered,
            rev2="IMAP4rev2" in self.enabled,
            qresync="QRESYNC" in self.enabled,
            uid_only="UIDONLY" in self.enabled,
            rights=next(iter(offered.values("RIGHTS")), "").lower() or None,
            max_line=self.max_line,
        )

    def _interrupt(self) -> None:
        pending, self._interruptible = self._interruptible, None
        if pending is not None and pending.command.interruption is not None:
            self._out.append(pending.command.interruption)
            # What follows may go behind it in the same flight (RFC 2177 section 3).
            self._release(pending)

    def end_background(self) -> None:
        """End what runs in the background, if it runs; it begins again when all is quiet."""
        self._interrupt()

    @property
    def in_background(self) -> bool:
        """Whether the background command has begun, and nothing else goes on."""
        return self._interruptible is not None

    @property
    def only_ending_background(self) -> bool:
        """Whether the one thing due is the answer to the end of the background command."""
        return len(self._in_flight) == 1 and all(
            pending.command.interruption is not None for pending in self._in_flight.values()
        )

    @property
    def wants_to_send(self) -> bool:
        """Whether :meth:`data_to_send` may have something to give."""
        return bool(self._out or self._ready or (self.background and not self._in_flight))

    @property
    def in_flight(self) -> int:
        """How many commands were sent and not yet answered."""
        return len(self._in_flight)

    @property
    def unread(self) -> int:
        """Octets that were received and are not yet a whole response."""
        return self._reader.pending

    @property
    def said_bye(self) -> bool:
        """Whether the server has said BYE."""
        return self._bye is not None

    @property
    def lost(self) -> ConnectionLostError | None:
        """Why the connection is over, once it is."""
        return self._lost

    def begin_anew(self) -> None:
        """Go on behind a change of the stream, and forget what was said before TLS.

        :rfc:`9051#section-6.2.1` demands it.
        """
        self.at_change_of_stream = False
        self.capabilities = None

    def go_on(self) -> bytes:
        """Go on behind a change of the stream; return the octets that came behind it."""
        self.at_change_of_stream = False
        return self._reader.take_rest()

    # Octets in

    def receive_data(self, data: bytes | bytearray) -> None:
        """Take octets from the server.

        Nothing is raised: what makes the connection unusable is in :attr:`lost`, and is
        the outcome of every command that was pending.
        """
        self.counters.octets_received += len(data)
        self._heard_since_sending = True
        try:
            if self.greeting is None and self.counters.octets_received > self._limits.max_greeting:
                raise LimitExceededError("max_greeting", self._limits.max_greeting)
            self._reader.receive_data(data)
            if self._stops_reading:
                return
            defects = self._reader.reading.defects
            for response in self._reader.responses():
                if defects:
                    self._tell_defects()
                if isinstance(response, list):
                    self._on_messages(response)
                else:
                    self._on_response(response)
                if self._stops_reading:
                    break
        except ConnectionLostError as error:
            self.lose(error)

    @property
    def _stops_reading(self) -> bool:
        """Whether the octets that follow are of another kind, or of no use any more."""
        return self.at_change_of_stream or self._lost is not None

    def _tell_defects(self) -> None:
        defects = self._reader.reading.defects
        told, defects[:] = list(defects), []
        for defect in told:
            self._emit(Defect(defect))

    def receive_eof(self) -> None:
        """Take the end of the server's stream."""
        if self._lost is not None:
            return
        for tag, pending in list(self._in_flight.items()):
            if pending.command.ends_connection:
                self._on_tagged(TaggedResponse(tag, "OK", None, ""))
        self.lose(self._bye or ConnectionLostError("the server closed the connection"))

    def lose(self, error: ConnectionLostError) -> None:
        """Give the connection up: *error* becomes the outcome of all that is pending."""
        if self._lost is not None:
            return
        self._lost = error
        self.state = ConnectionState.LOGOUT
        self._awaiting = self._interruptible = None
        pending = [*self._in_flight.values(), *self._queued]
        self._in_flight.clear()
        self._queued.clear()
        self._ready.clear()
        self._claimants.clear()
        self._out.clear()
        for each in pending:
            each.fail(error.fresh())
        self._close_view()

    def _on_response(self, response: Response) -> None:
        if self.greeting is None:
            self._on_greeting(response)
            return
        handler = self._handlers.get(type(response))
        if handler is not None:
            handler(response)
        elif not self._claimed(response):  # type: ignore[arg-type]
            self._emit(UnsolicitedResponse(response))  # type: ignore[arg-type]

    def _on_greeting(self, response: Response) -> None:
        # greeting = "*" SP (resp-cond-auth / resp-cond-bye) CRLF (RFC 9051 section 9)
        if not isinstance(response, StatusResponse) or response.condition in ("NO", "BAD"):
            raw = response.raw if isinstance(response, Unparsed) else b""
            raise RemoteProtocolError("the greeting is not OK, PREAUTH or BYE", raw)
        self.greeting = response
        if response.condition == "PREAUTH":
            self.state = ConnectionState.AUTHENTICATED
        self._on_status(response)

    def _on_tagged(self, response: TaggedResponse) -> None:
        if response.condition == "BYE":
            self._on_status(StatusResponse("BYE", response.code, response.text))
            return
        pending = self._in_flight.pop(response.tag, None)
        if pending is None:
            if self._tag_shape.fullmatch(response.tag):
                raise RemoteProtocolError(
                    "a tagged response for no command in flight", response.tag.encode("ascii")
                )
            self._emit(Defect("a tag that is not ours", response.tag.encode("utf-8")))
            return
        command = pending.command
        if pending is self._awaiting:
            self._awaiting = None
            if pending.parts and response.condition == "OK":
                self._in_flight[response.tag] = pending
                raise RemoteProtocolError("OK for a command of which only a part was sent")
        if pending is self._interruptible:
            self._interruptible = None
        for kind in command.answers:
            del self._claimants[kind][pending]
        self._apply(command, response)
        self.at_change_of_stream = command.changes_stream and response.condition == "OK"
        self._release(pending)
        try:
            value = command.finish(response)
        except ImapError as error:
            pending.fail(error)
        else:
            pending.succeed(value)

    def _apply(self, command: Command[Any], response: TaggedResponse) -> None:
        succeeded = response.condition == "OK"
        if self._logs_in(command) and not succeeded and self.capabilities is None:
            self.capabilities = self._before_login
        if response.code is not None:
            self._on_code(response.code, response.text)
        state = command.enters if succeeded else command.falls_to
        if state is not None:
            self.state = state
            if state is not ConnectionState.SELECTED:
                self._close_view()

    def _release(self, pending: Pending[Any]) -> None:
        self._ready.extend(self._gate.leave(pending))

    def _on_continuation(self, request: ContinuationRequest) -> None:
        pending = self._awaiting
        if pending is None:
            self._emit(Defect("a continuation request that nothing waits for", request.data[:80]))
            return
        if pending.parts:
            self._out.append(pending.parts.pop(0))
        elif (answer := pending.command.respond(request)) is not None:
            self._out.append(answer)
        if not pending.parts and not pending.command.converses:
            self._awaiting = None
            pending.stage = Stage.SENT
        elif pending.command.interruption is not None:
            self._awaiting = None
            pending.stage = Stage.SENT
            self._interruptible = pending
            if self._queued or pending.abandoned or self.background is None:
                self._interrupt()

    def _claimed(self, response: Untagged) -> Verdict | bool:
        claimants = self._claimants.get(type(response))
        if claimants:
            for pending in claimants:
                if verdict := pending.command.claim(response):
                    return verdict
        return False

    def _on_messages(self, run: list[Message]) -> None:
        view = self.view
        if view is None:
            for message in run:
                self._on_response(message)
            return
        if view.tracking:
            for message in run:
                view.fetched(message)
        for message in run:
            if message.seq is not None and message.seq > view.exists:
                self._emit(Defect("FETCH of a message that is not there", b"%d" % message.seq))
        news: list[Message] = []
        for pending in self._claimants.get(Message, ()):
            run = pending.command.claim_messages(run, news)
            if not run:
                break
        for message in (*news, *run):
            view.changed(message)

    def _on_esearch(self, response: ESearchResponse) -> None:
        pending = self._in_flight.get(response.tag or "")
        if pending is None or not pending.command.claim(response):
            self._emit(UnsolicitedResponse(response))

    def _on_status(self, response: StatusResponse) -> None:
        if response.condition == "BYE":
            self._bye = self._bye or ByeError(response.code, response.text)
            return
        if self._claimed(response):
            return
        if response.code is None or not self._on_code(response.code, response.text):
            self._emit(UnsolicitedResponse(response))

    def _on_code(self, code: ResponseCode, text: str) -> bool:
        if isinstance(code, CapabilityCode):
            self.capabilities = code.capabilities
            return True
        if code.name == "ALERT":
            self._emit(Alert(text))
            return True
        return self.view is not None and self.view.code(code)

    def _on_capability(self, response: CapabilityResponse) -> None:
        self.capabilities = response.capabilities
        self._claimed(response)

    def _on_enabled(self, response: EnabledResponse) -> None:
        # Only what was asked for counts: an answer to nobody changes nothing.
        if self._claimed(response):
            self.enabled = Capabilities(self.enabled | response.capabilities)
            self._reader.reading.utf8 = any(name in self.enabled for name in _UTF8_EXTENSIONS)
        else:
            self._emit(UnsolicitedResponse(response))

    def _on_exists(self, response: ExistsResponse) -> None:
        if self.view is not None:
            self.view.set_exists(response.count)

    def _on_recent(self, response: RecentResponse) -> None:
        if self.view is not None:
            self.view.recent = response.count

    def _on_expunge(self, response: ExpungeResponse) -> None:
        if self.view is not None:
            self.view.expunge(response.seq)

    def _on_vanished(self, response: VanishedResponse) -> None:
        if self.view is not None and not self._claimed(response) and not response.earlier:
            self.view.vanished(response.uids)

    def _on_flags(self, response: FlagsResponse) -> None:
        if self.view is not None:
            self.view.flags = response.flags

    def _on_unparsed(self, response: Unparsed) -> None:
        self._emit(Defect(response.reason, response.raw))

    def _close_view(self) -> None:
        if self.view is not None:
            self.view = None
            self._emit(MailboxClosed())

    def _emit(self, event: SessionEvent) -> None:
        self.on_event(event)
