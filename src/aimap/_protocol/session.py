"""One IMAP connection without I/O: octets in, outcomes and events out; commands in, octets out.

The session owns every protocol fact, in three parts: what is known of the connection
(:mod:`aimap._protocol.facts`), which command may go and who waits for a continuation
request (:mod:`aimap._protocol.sending`), and whom an untagged response concerns
(:mod:`aimap._protocol.receiving`). It knows commands only by what
:class:`aimap._commands.base.Command` declares.

A command is on the wire whole or not at all. One that is cancelled before its first
octet is never sent; one that is cancelled later is *abandoned*: the rest of it is still
written, its answers are taken by it and dropped, and what they say of the state applies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, final

from aimap._commands.base import Command
from aimap._errors import (
    CapabilityError,
    ConnectionLostError,
    Delivery,
    ImapError,
    LimitExceededError,
    RemoteProtocolError,
)
from aimap._model.capability import Capabilities
from aimap._model.extension import Extension
from aimap._model.limits import Limits
from aimap._model.response import (
    ContinuationRequest,
    Response,
    StatusResponse,
    TaggedResponse,
    Unparsed,
)
from aimap._model.state import ConnectionState
from aimap._protocol.counters import SessionCounters
from aimap._protocol.events import ConnectionOver, Defect, SessionEvent
from aimap._protocol.facts import Facts
from aimap._protocol.pending import Pending, Stage
from aimap._protocol.receiving import Receiver
from aimap._protocol.sending import Sender
from aimap._protocol.view import MailboxView
from aimap._protocol.wire_log import WireLog
from aimap._wire.reader import ResponseReader

T = TypeVar("T")


def _told(error: ConnectionLostError, pending: Pending[Any]) -> ConnectionLostError:
    """Return an error of its own for a command, which says what is known of that."""
    told = error.fresh()
    if pending.stage is Stage.QUEUED:
        told.delivery = Delivery.NOT_SENT
    else:
        told.delivery = Delivery.IN_PART if pending.is_half_sent else Delivery.WHOLE
    told.may_repeat = told.delivery is not Delivery.WHOLE or pending.command.repeatable
    return told


def _ignore(event: SessionEvent) -> None:
    del event


@final
class Session:
    """The protocol of one connection.

    Args:
        limits: bounds on what the server may do.
        max_line: octets of a line that the server takes.
        log: what goes over the wire is told to it.
        tag_format: how tags look: a letter first (some servers want that), and a number.
        on_event: called with each event, while data is received.
        extension: what reads that which is not known here.

    Attributes:
        on_lost: called once the connection is over, if it is set.
    """

    __slots__ = (
        "_facts",
        "_heard_since_sending",
        "_limits",
        "_log",
        "_lost",
        "_reader",
        "_receiver",
        "_sender",
        "_tag_shape",
        "at_change_of_stream",
        "counters",
        "on_event",
        "on_lost",
    )

    def __init__(
        self,
        limits: Limits,
        *,
        max_line: int = 8192,
        log: WireLog | None = None,
        tag_format: str = "A{}",
        on_event: Callable[[SessionEvent], None] | None = None,
        extension: Extension | None = None,
    ) -> None:
        self.counters: SessionCounters = SessionCounters()
        self.on_event: Callable[[SessionEvent], None] = on_event or _ignore
        self.on_lost: Callable[[], object] | None = None
        self.at_change_of_stream: bool = False
        self._limits = limits
        self._log = log
        self._reader = ResponseReader(limits)
        if extension is not None:
            self._reader.reading.extension = extension
        emit = self._emit
        self._facts = Facts(self._reader.reading, emit, max_line)
        self._sender = Sender(
            self._facts, self.counters, limits.pipeline_depth, tag_format, self._on_sent, log
        )
        self._receiver = Receiver(self._facts, self._sender.in_flight, self._sender.gate, emit)
        self._tag_shape = re.compile(re.escape(tag_format.partition("{")[0]) + "[0-9]+", re.ASCII)
        self._heard_since_sending = True
        self._lost: ConnectionLostError | None = None

    # What is known

    @property
    def state(self) -> ConnectionState:
        """The connection's state."""
        return self._facts.state

    @property
    def greeting(self) -> StatusResponse | None:
        """How the server greeted, once it has."""
        return self._facts.greeting

    @property
    def capabilities(self) -> Capabilities | None:
        """What the server offers, where that is known."""
        return self._facts.capabilities

    def offers(self, *capabilities: str) -> bool:
        """Tell whether the server has one of them, be it within another."""
        return any(map(self._facts.offers, capabilities))

    def need(self, capability: str, where: str, *others: str) -> None:
        """Refuse what the server offers neither by *capability* nor by another.

        Args:
            capability: what is needed.
            where: the RFC that says so, and what else there is to do.
            others: what does as well.

        Raises:
            CapabilityError: if the server offers none of them.
        """
        if not self.offers(capability, *others):
            raise CapabilityError(capability, f"it is needed for this ({where})")

    def message_limit(self, *, saving: bool = False) -> int | None:
        """Return how many messages one command may be about (:rfc:`9738`), if that is bounded.

        Args:
            saving: whether the command saves messages in a mailbox, as COPY does.
        """
        return self._facts.message_limit(saving=saving)

    @property
    def enabled(self) -> Capabilities:
        """What was enabled."""
        return self._facts.enabled

    @property
    def view(self) -> MailboxView | None:
        """The selected mailbox."""
        return self._facts.view

    @property
    def max_line(self) -> int:
        """Octets of a line that the server takes."""
        return self._facts.max_line

    @max_line.setter
    def max_line(self, octets: int) -> None:
        self._facts.max_line = octets

    @property
    def depth(self) -> int:
        """How many commands may be in flight at once."""
        return self._sender.depth

    @depth.setter
    def depth(self, commands: int) -> None:
        self._sender.depth = commands

    @property
    def last_complaint(self) -> str:
        """The text of an untagged NO or BAD that answered nobody, until a command ends."""
        return self._facts.complaint

    @property
    def awaits_upload(self) -> bool:
        """Whether it is for the octets of an upload to be sent now."""
        return self._sender.awaits_upload

    @property
    def in_flight(self) -> int:
        """How many commands were sent and not yet answered."""
        return len(self._sender.in_flight)

    @property
    def unread(self) -> int:
        """Octets that were received and are not yet a whole response."""
        return self._reader.pending

    @property
    def said_bye(self) -> bool:
        """Whether the server has said BYE."""
        return self._facts.bye is not None

    @property
    def lost(self) -> ConnectionLostError | None:
        """Why the connection is over, once it is."""
        return self._lost

    # Commands in

    def submit(self, command: Command[T], on_done: Callable[[], None] | None = None) -> Pending[T]:
        """Take a command; it goes out as soon as the gate lets it.

        Args:
            command: the command.
            on_done: called once there is an outcome, unless it is abandoned first.
        """
        pending = Pending(command, on_done)
        over = self._lost or self._facts.bye
        if over is not None:
            pending.fail(_told(over, pending))
        else:
            self._sender.submit(pending)
        return pending

    def submit_ahead(
        self, command: Command[T], on_done: Callable[[], None] | None = None
    ) -> Pending[T]:
        """Take a command that goes along with the login which is submitted next.

        It is sent as if all before it had been answered as wished; what holds is what the
        answers say. If the login fails, so does it.
        """
        pending = Pending(command, on_done)
        if self._lost is not None:
            pending.fail(_told(self._lost, pending))
        else:
            self._sender.submit_ahead(pending)
        return pending

    def abandon(self, pending: Pending[Any]) -> None:
        """Give up the outcome of a command, without harm to any other.

        What was not sent is not sent; what was sent is answered and dropped. Only an upload
        that the server was told of ends the connection: a part of a message must never be
        stored.
        """
        if pending.owes_upload:
            self.lose(ConnectionLostError("an upload was given up half sent"))
        if not pending.done:
            pending.abandoned = True
            self._sender.abandon(pending)

    def answer(self, pending: Pending[Any], data: bytes) -> None:
        """Send the answer to a continuation request that took a while to find."""
        self._sender.answer(pending, data)

    def upload(self, pending: Pending[Any], data: bytes) -> None:
        """Send octets of an upload that has its turn.

        Raises:
            StateError: if it has not.
            InvalidArgumentError: if they are more than were announced, or hold a NUL.
        """
        if self._lost is None:
            self._sender.upload(pending, data)

    # Octets out

    def data_to_send(self) -> bytes:
        """Return the octets that are to be sent now, all commands that may go included."""
        if self._lost is not None:
            return b""
        data = b"".join(self._sender.take())
        if data:
            self.counters.octets_sent += len(data)
            self.counters.flights += self._heard_since_sending
            self._heard_since_sending = False
        return data

    @property
    def wants_to_send(self) -> bool:
        """Whether :meth:`data_to_send` may have something to give."""
        return self._sender.has_something

    def _on_sent(self, pending: Pending[Any]) -> None:
        self._receiver.expect(pending)
        self._facts.sent(pending.command)

    # What goes on in the background

    @property
    def background(self) -> Callable[[], Command[None]] | None:
        """Makes the command that is sent when nothing else is to be done."""
        return self._sender.background

    @background.setter
    def background(self, make: Callable[[], Command[None]] | None) -> None:
        self._sender.background = make

    def end_background(self) -> None:
        """End what runs in the background, if it runs; it begins again when all is quiet."""
        self._sender.interrupt()

    @property
    def in_background(self) -> bool:
        """Whether the background command has begun, and nothing else goes on."""
        return self._sender.in_background

    @property
    def only_ending_background(self) -> bool:
        """Whether the one thing due is the answer to the end of the background command."""
        return self._sender.only_ending_background

    # Changes of the stream

    def begin_anew(self) -> None:
        """Go on behind a change of the stream, and forget what was said before TLS.

        :rfc:`9051#section-6.2.1` demands it.
        """
        self.at_change_of_stream = False
        self._facts.capabilities = None
        # There is no other greeting (RFC 9051 section 6.2.1), and that one was anybody's.
        self._facts.greeting = StatusResponse("OK", None, "")

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
        if self._log is not None:
            self._log.received(data)
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
                    self.counters.responses += len(response)
                    self._receiver.receive_messages(response)
                else:
                    self.counters.responses += 1
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
        for tag, pending in list(self._sender.in_flight.items()):
            if pending.command.ends_connection:
                self._on_tagged(TaggedResponse(tag, "OK", None, ""))
        self.lose(self._facts.bye or ConnectionLostError("the server closed the connection"))

    def lose(self, error: ConnectionLostError) -> None:
        """Give the connection up: *error* becomes the outcome of all that is pending."""
        if self._lost is not None:
            return
        self._lost = error
        self._facts.state = ConnectionState.LOGOUT
        for pending in self._sender.lose():
            pending.fail(_told(error, pending))
        self._facts.close_view()
        self._emit(ConnectionOver())
        if self.on_lost is not None:
            self.on_lost()

    def _on_response(self, response: Response) -> None:
        if self.greeting is None:
            self._on_greeting(response)
        elif isinstance(response, TaggedResponse):
            self._on_tagged(response)
        elif isinstance(response, ContinuationRequest):
            if not self._sender.on_continuation(response):
                self._emit(
                    Defect("a continuation request that nothing waits for", response.data[:80])
                )
        else:
            self._receiver.receive(response)

    def _on_greeting(self, response: Response) -> None:
        # greeting = "*" SP (resp-cond-auth / resp-cond-bye) CRLF (RFC 9051 section 9)
        if not isinstance(response, StatusResponse) or response.condition in ("NO", "BAD"):
            raw = response.raw if isinstance(response, Unparsed) else b""
            raise RemoteProtocolError("the greeting is not OK, PREAUTH or BYE", raw)
        self._facts.greeting = response
        if response.condition == "PREAUTH":
            self._facts.state = ConnectionState.AUTHENTICATED
        self._receiver.receive(response)

    def _on_tagged(self, response: TaggedResponse) -> None:
        if response.condition == "BYE":
            self._receiver.receive(StatusResponse("BYE", response.code, response.text))
            return
        pending = self._sender.in_flight.get(response.tag)
        if pending is None:
            if self._tag_shape.fullmatch(response.tag):
                raise RemoteProtocolError(
                    "a tagged response for no command in flight", response.tag.encode("ascii")
                )
            self._emit(Defect("a tag that is not ours", response.tag.encode("utf-8")))
            return
        command = pending.command
        succeeded = response.condition == "OK"
        if succeeded and pending.is_half_sent:
            raise RemoteProtocolError("OK for a command of which only a part was sent")
        self._sender.on_tagged(pending, succeeded=succeeded)
        if self._log is not None and command.secret:
            self._log.end_secret()
        self._receiver.forget(pending)
        if response.code is not None:
            self._receiver.code(response.code, response.text)
        self._facts.answered(command, succeeded=succeeded)
        self._sender.on_answered_ahead(command, succeeded=succeeded)
        self.at_change_of_stream = command.changes_stream and succeeded
        self._sender.release(pending)
        try:
            value = command.finish(response)
        except ImapError as error:
            pending.fail(error)
        else:
            pending.succeed(value)

    def _emit(self, event: SessionEvent) -> None:
        self.on_event(event)
