"""Whose an untagged response is: a command's, the mailbox view's, or nobody's.

Whatever it says of the state applies in any case. What nobody claims becomes an event;
nothing is lost, and nothing is given to a command that it does not answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, final

from aimap._commands.base import NUMBERING, Mode, Verdict
from aimap._errors import ByeError
from aimap._model.code import CapabilityCode, InProgressCode, ResponseCode, UIDValidityCode
from aimap._model.message import Message
from aimap._model.numbers import MAX_NUMBER
from aimap._model.response import (
    CapabilityResponse,
    EnabledResponse,
    ESearchResponse,
    ExistsResponse,
    ExpungeResponse,
    FlagsResponse,
    ListResponse,
    RecentResponse,
    Response,
    StatusResponse,
    Unparsed,
    Untagged,
    VanishedResponse,
)
from aimap._protocol.events import Alert, Defect, SessionEvent, UnsolicitedResponse
from aimap._protocol.facts import Facts
from aimap._protocol.gate import Gate
from aimap._protocol.pending import Pending

# What is lost with it leaves the view wrong.
_COUNTS = re.compile(rb"\* (?:[^ ]+ (?:EXPUNGE|EXISTS)|VANISHED)\b", re.IGNORECASE)


@final
class Receiver:
    """Hands untagged responses to those whom they concern.

    Args:
        facts: what is known of the connection, kept up to date.
        in_flight: the commands in flight, by their tags.
        gate: what those that may be in flight claim.
        emit: called with what nobody claims.
    """

    __slots__ = (
        "_claimants",
        "_emit",
        "_facts",
        "_gate",
        "_in_flight",
    )

    def __init__(
        self,
        facts: Facts,
        in_flight: dict[str, Pending[Any]],
        gate: Gate[Pending[Any]],
        emit: Callable[[SessionEvent], None],
    ) -> None:
        self._facts = facts
        self._in_flight = in_flight
        self._gate = gate
        self._emit = emit
        self._claimants: dict[type, dict[Pending[Any], None]] = {}

    def expect(self, pending: Pending[Any]) -> None:
        """Let a command claim responses, behind those that are in flight already."""
        for kind in pending.command.answers:
            self._claimants.setdefault(kind, {})[pending] = None

    def forget(self, pending: Pending[Any]) -> None:
        """Let a command claim nothing any more."""
        for kind in pending.command.answers:
            claimants = self._claimants.get(kind, {})
            claimants.pop(pending, None)
            if not claimants:
                self._claimants.pop(kind, None)
        if not self._claimants:
            self._claimants.clear()

    def receive(self, response: Response) -> None:
        """Take an untagged response."""
        handler = self._handlers.get(type(response))
        if handler is not None:
            handler(self, response)
        elif not self._claimed(response):  # type: ignore[arg-type]
            self._emit(UnsolicitedResponse(response))  # type: ignore[arg-type]

    def receive_messages(self, run: list[Message]) -> None:
        """Take FETCH responses that came one behind the other."""
        view = self._facts.view
        if view is None:
            for message in run:
                self.receive(message)
            return
        if view.tracking:
            for message in run:
                view.fetched(message)
        exists = MAX_NUMBER if view.opening else view.exists
        for seq in [message.seq or 0 for message in run]:
            if seq > exists:
                self._emit(Defect("FETCH of a message that is not there", b"%d" % seq))
        news: list[Message] = []
        claimants = self._claimants.get(Message, ())
        for loosely in (False, True):
            for pending in claimants:
                if not run:
                    break
                command = pending.command
                claim = command.claim_messages_loosely if loosely else command.claim_messages
                run = claim(run, news)
        for message in (*news, *run):
            view.changed(message)

    def code(self, code: ResponseCode, text: str) -> bool:
        """Apply a response code, and tell whether it said anything of the state."""
        facts = self._facts
        if isinstance(code, CapabilityCode):
            facts.capabilities = code.capabilities
            return True
        if code.name == "ALERT":
            self._emit(Alert(text))
            return True
        if code.name == "CLOSED":
            facts.closed_before()
            for pending in self._in_flight.values():
                if pending.command.opens is not None:
                    pending.command.start_over()
            return True
        view = facts.view
        if view is None:
            return False
        if (
            isinstance(code, UIDValidityCode)
            and code.uid_validity is not None
            and view.uid_validity not in (None, code.uid_validity)
        ):
            # Every UID means another message now (RFC 3501 section 2.3.1.1).
            self._emit(Defect("UIDVALIDITY changed in the selected mailbox", code.arguments))
            facts.end_selection()
            return True
        return view.code(code)

    def _claimed(self, response: Untagged) -> Verdict | bool:
        claimants = self._claimants.get(type(response), ())
        for pending in claimants:
            if verdict := pending.command.claim(response):
                return verdict
        for pending in claimants:
            if verdict := pending.command.claim_loosely(response):
                return verdict
        return False

    def _on_esearch(self, response: ESearchResponse) -> None:
        pending = self._in_flight.get(response.tag or "")
        if pending is None or not pending.command.claim(response):
            self._emit(UnsolicitedResponse(response))

    def _on_status(self, response: StatusResponse) -> None:
        if response.condition == "BYE":
            self._facts.bye = self._facts.bye or ByeError(response.code, response.text)
            return
        if self._claimed(response):
            return
        if response.condition in ("NO", "BAD"):
            self._facts.complaint = response.text
        if isinstance(response.code, InProgressCode):
            pending = self._in_flight.get(response.code.tag or "")
            if pending is not None:
                pending.progress = response.code
                return
        if response.code is None or not self.code(response.code, response.text):
            self._emit(UnsolicitedResponse(response))

    def _on_capability(self, response: CapabilityResponse) -> None:
        self._facts.capabilities = response.capabilities
        self._claimed(response)

    def _on_enabled(self, response: EnabledResponse) -> None:
        # Only what was asked for counts: an answer to nobody changes nothing.
        if self._claimed(response):
            self._facts.enable(response.capabilities)
        else:
            self._emit(UnsolicitedResponse(response))

    def _on_exists(self, response: ExistsResponse) -> None:
        if self._facts.view is not None:
            self._facts.view.set_exists(response.count)

    def _on_recent(self, response: RecentResponse) -> None:
        if self._facts.view is not None:
            self._facts.view.recent = response.count

    def _on_expunge(self, response: ExpungeResponse) -> None:
        view = self._facts.view
        if view is None:
            return
        if self._gate.mode(NUMBERING) is Mode.BY_NUMBER:
            # RFC 9051 section 7.5.1 forbids it: whom those numbers meant is unknown now.
            view.doubt("EXPUNGE while messages are named by number", b"%d" % response.seq)
        view.expunge(response.seq)

    def _on_vanished(self, response: VanishedResponse) -> None:
        view = self._facts.view
        if view is not None and not self._claimed(response) and not response.earlier:
            view.vanished(response.uids)

    def _on_flags(self, response: FlagsResponse) -> None:
        if self._facts.view is not None:
            self._facts.view.flags = response.flags

    def _on_list(self, response: ListResponse) -> None:
        self._facts.delimiters |= {response.mailbox.delimiter}
        if not self._claimed(response):
            self._emit(UnsolicitedResponse(response))

    def _on_unparsed(self, response: Unparsed) -> None:
        view = self._facts.view
        if view is not None and _COUNTS.match(response.raw):
            view.doubt(response.reason, response.raw)
        else:
            self._emit(Defect(response.reason, response.raw))

    _handlers: ClassVar[dict[type, Callable[[Receiver, Any], None]]] = {
        StatusResponse: _on_status,
        CapabilityResponse: _on_capability,
        EnabledResponse: _on_enabled,
        ESearchResponse: _on_esearch,
        ExistsResponse: _on_exists,
        RecentResponse: _on_recent,
        ExpungeResponse: _on_expunge,
        VanishedResponse: _on_vanished,
        FlagsResponse: _on_flags,
        ListResponse: _on_list,
        Unparsed: _on_unparsed,
    }
