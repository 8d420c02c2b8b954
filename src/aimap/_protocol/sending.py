"""Which commands go out, in which order, and who waits for a continuation request.

A command waits at the gate until it conflicts with nothing before it, then for its turn:
one at a time may stand half sent, waiting for a continuation request
(:rfc:`9051#section-4.3`) or for the octets of an upload, and nothing goes out meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, final

import attrs

from aimap._commands.base import STREAM, Command
from aimap._errors import (
    LocalProtocolError,
    StateError,
)
from aimap._model.response import ContinuationRequest
from aimap._model.state import LOGGED_OUT, ConnectionState
from aimap._protocol.counters import SessionCounters
from aimap._protocol.facts import Facts
from aimap._protocol.gate import Gate
from aimap._protocol.pending import Pending, Stage
from aimap._protocol.wire_log import WireLog
from aimap._wire.encoder import Dialect, Encoder, Streamed


def _logs_in(command: Command[Any]) -> bool:
    return command.enters is ConnectionState.AUTHENTICATED and command.states <= LOGGED_OUT


@final
class Sender:
    """Turns commands into octets, as soon as each may go.

    Args:
        facts: what is known of the connection.
        counters: kept up to date.
        tag_format: how tags look, with ``{}`` for a number.
        on_sent: called with each command as it goes out.
        log: what goes out is told to it.

    Attributes:
        depth: how many commands may be in flight at once.
        background: makes the command that is sent when nothing else is to be done.
        in_flight: the commands in flight, by their tags.
        queued: the commands that were not sent yet.
        gate: what those that may go claim.
    """

    __slots__ = (
        "_background_refused",
        "_behind_login",
        "_counters",
        "_facts",
        "_half_sent",
        "_idle",
        "_interruptible",
        "_log",
        "_next_tag",
        "_on_sent",
        "_out",
        "_ready",
        "_tag_format",
        "_unheard",
        "background",
        "depth",
        "gate",
        "in_flight",
        "queued",
    )

    def __init__(
        self,
        facts: Facts,
        counters: SessionCounters,
        depth: int,
        tag_format: str,
        on_sent: Callable[[Pending[Any]], None],
        log: WireLog | None,
    ) -> None:
        self.depth = depth
        self.background: Callable[[], Command[None]] | None = None
        self.in_flight: dict[str, Pending[Any]] = {}
        self.queued: dict[Pending[Any], None] = {}
        self._facts = facts
        self._counters = counters
        self._tag_format = tag_format
        self._on_sent = on_sent
        self._log = log
        self.gate: Gate[Pending[Any]] = Gate()
        # None if empty: even then a deque takes 760 octets, of every idle connection.
        self._ready: deque[Pending[Any]] | None = None
        self._half_sent: Pending[Any] | None = None
        self._interruptible: Pending[Any] | None = None
        self._out: list[bytes] = []
        self._next_tag = 1
        self._idle: Pending[None] | None = None
        self._background_refused = False
        self._behind_login: list[Pending[Any]] = []
        self._unheard: list[Pending[Any]] = []

    def submit(self, pending: Pending[Any]) -> None:
        """Take a command."""
        self.queued[pending] = None
        self._background_refused = False
        if self.gate.enter(pending):
            self._make_ready([pending])
        else:
            self.interrupt()

    def submit_ahead(self, pending: Pending[Any]) -> None:
        """Take a command that goes along with the login to come."""
        self.queued[pending] = None
        self._behind_login.append(pending)

    def _send_ahead(self) -> None:
        """Send what goes along with the login, as if all before it were done."""
        assumed = self._facts.dialect()
        while self._behind_login:
            pending = self._behind_login.pop(0)
            self.gate.enter(pending)
            command = pending.command
            assumed = attrs.evolve(assumed, qresync=assumed.qresync or "QRESYNC" in command.enables)
            self._send(pending, assumed)

    def on_answered_ahead(self, command: Command[Any], *, succeeded: bool) -> None:
        """Take the end of a command that others may have gone along with."""
        if self._unheard:
            # From here on, what the server says may be about the next of them.
            self._on_sent(self._unheard.pop(0))
        elif self._behind_login and _logs_in(command):
            if succeeded:
                self._send_ahead()
            else:
                for pending in self._behind_login:
                    self.queued.pop(pending, None)
                    pending.fail(StateError("the login that it was to go along with has failed"))
                self._behind_login.clear()

    def abandon(self, pending: Pending[Any]) -> None:
        """Give up a command: withdraw it, if none of it was sent."""
        if pending.stage is Stage.QUEUED:
            self.queued.pop(pending, None)
            if self._ready and pending in self._ready:
                self._ready.remove(pending)
            if pending in self._behind_login:
                self._behind_login.remove(pending)
            else:
                self.release(pending)
            pending.fail(StateError("cancelled before it was sent"))
        elif pending is self._interruptible:
            self.interrupt()

    # Octets out

    @property
    def has_something(self) -> bool:
        """Whether :meth:`take` may have something to give."""
        return bool(self._out or self._ready or (self.background and self._may_idle))

    @property
    def _may_idle(self) -> bool:
        return not self.in_flight and not self._background_refused

    def take(self) -> list[bytes]:
        """Let out all commands that may go; return the octets that are due."""
        self._let_out()
        if (
            self.background is not None
            and self._facts.bye is None
            and self._may_idle
            and not self.queued
        ):
            self._idle = Pending(self.background(), None)
            self.submit(self._idle)
            self._let_out()
        out, self._out = self._out, []
        if self._log is not None:
            for data in out:
                self._log.sent(data)
        return out

    def _let_out(self) -> None:
        while self._ready and self._half_sent is None and len(self.in_flight) < self.depth:
            self._send(self._ready.popleft())
        if not self._ready:
            self._ready = None

    def _make_ready(self, pending: list[Pending[Any]]) -> None:
        if pending:
            self._ready = self._ready or deque()
            self._ready.extend(pending)

    def _send(self, pending: Pending[Any], assumed: Dialect | None = None) -> None:
        command = pending.command
        del self.queued[pending]
        if not self.queued:
            # An empty dict keeps its table, of every idle connection, until it is cleared.
            self.queued.clear()
        try:
            if assumed is None:
                self._facts.check(command)
            wire = Encoder(assumed or self._facts.dialect())
            command.write(wire)
            pending.parts = wire.parts()
        except LocalProtocolError as error:
            self.release(pending)
            pending.fail(error)
            return
        pending.tag = self._tag_format.format(self._next_tag)
        self._next_tag += 1
        self.in_flight[pending.tag] = pending
        counters = self._counters
        counters.commands += 1
        counters.most_in_flight = max(counters.most_in_flight, len(self.in_flight))
        if assumed is None or not self._is_behind_others(pending):
            self._on_sent(pending)
        else:
            self._unheard.append(pending)
        if self._log is not None and command.secret:
            self._log.begin_secret(pending.tag, command.name, command.secrets)
        self._out += (pending.tag.encode("ascii"), b" ")
        self._go_on(pending)
        if self._behind_login and _logs_in(command) and pending.stage is Stage.SENT:
            self._send_ahead()

    def _is_behind_others(self, pending: Pending[Any]) -> bool:
        """Tell whether anything that was sent before a command is not answered yet."""
        return len(self.in_flight) > (pending.tag in self.in_flight)

    def _go_on(self, pending: Pending[Any]) -> None:
        """Send what of a command may go before the server, or an upload, has its turn."""
        parts = pending.parts
        while True:
            part = parts.pop(0)
            if isinstance(part, Streamed):
                pending.upload = part.upload
                break
            self._out.append(part)
            if not parts or not isinstance(parts[0], Streamed) or parts[0].synchronising:
                break
        if parts or pending.upload is not None or pending.command.converses:
            pending.stage = Stage.SENDING
            self._half_sent = pending
        else:
            pending.stage = Stage.SENT
            self._half_sent = None
        if pending.upload is not None:
            pending.upload.begin()

    # The server has its turn

    def on_continuation(self, request: ContinuationRequest) -> bool:
        """Take a continuation request; tell whether anything waited for it."""
        pending = self._half_sent
        if pending is None or pending.upload is not None:
            return False
        if pending.parts:
            self._go_on(pending)
            return True
        if (answer := pending.command.respond(request)) is not None:
            self._out.append(answer)
        if pending.command.interruption is not None:
            self._half_sent = None
            pending.stage = Stage.SENT
            self._interruptible = pending
            if self.queued or pending.abandoned or self.background is None:
                self.interrupt()
        return True

    def answer(self, pending: Pending[Any], data: bytes) -> None:
        """Send the answer to a continuation request that took a while to find."""
        if pending is self._half_sent:
            self._out.append(data)

    def on_tagged(self, pending: Pending[Any], *, succeeded: bool) -> None:
        """Take the end of a command."""
        del self.in_flight[pending.tag]
        if pending is self._idle:
            self._idle = None
            # Asked again at once, it would refuse again, for ever: not before something else
            # was sent.
            self._background_refused = not succeeded
        if pending is self._half_sent and pending.upload is None:
            # An upload goes on to its end all the same: the server counts its octets.
            self._half_sent = None
            pending.parts.clear()
        if pending is self._interruptible:
            self._interruptible = None

    def release(self, pending: Pending[Any]) -> None:
        """Let those go that waited for a command that is over."""
        # Those that went along with a login were sent already.
        freed = self.gate.leave(pending)
        self._make_ready([other for other in freed if other.stage is Stage.QUEUED])

    def lose(self) -> list[Pending[Any]]:
        """Give everything up; return the commands that were pending."""
        pending = [*self.in_flight.values(), *self.queued]
        self._half_sent = self._interruptible = None
        self.in_flight.clear()
        self.queued.clear()
        self._ready = None
        self._behind_login.clear()
        self._unheard.clear()
        self._out.clear()
        return pending

    # Uploads

    def upload(self, pending: Pending[Any], data: bytes) -> None:
        """Send octets of an upload that has its turn.

        Raises:
            StateError: if it has not.
            InvalidArgumentError: if they are more than were announced, or hold a NUL.
        """
        upload = pending.upload
        if upload is None:
            raise StateError("this upload does not have its turn")
        upload.count(data)
        self._out.append(data)
        if upload.missing:
            return
        pending.upload = None
        if pending.done:
            # Refused meanwhile; but the line has to end. Of messages behind it, nothing was
            # announced.
            self._out.append(b"\r\n")
            pending.parts.clear()
            self._half_sent = None
        else:
            self._go_on(pending)

    @property
    def awaits_upload(self) -> bool:
        """Whether it is for the octets of an upload to be sent now."""
        return self._half_sent is not None and self._half_sent.upload is not None

    # What goes on in the background

    def interrupt(self) -> None:
        """End what goes on in the background, if the server has begun it."""
        pending, self._interruptible = self._interruptible, None
        if pending is not None and pending.command.interruption is not None:
            self._out.append(pending.command.interruption)
            # What follows may go behind it in the same flight (RFC 2177 section 3); but until
            # the tagged OK there may be EXPUNGE, so no sequence numbers (RFC 9051 section 5.5).
            pending.claims = tuple(claim for claim in pending.claims if claim.key != STREAM)
            self._make_ready(self.gate.leave_lane(STREAM))

    @property
    def in_background(self) -> bool:
        """Whether the background command has begun, and nothing else goes on."""
        return self._interruptible is not None

    @property
    def only_ending_background(self) -> bool:
        """Whether the one thing due is the answer to the end of the background command."""
        return len(self.in_flight) == 1 and all(
            pending.command.interruption is not None for pending in self.in_flight.values()
        )
