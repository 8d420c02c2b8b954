"""Selecting a mailbox to follow it: by what is known of it, and with the login if need be."""

from __future__ import annotations

from typing import Any, final

from aimap._account.known import Known
from aimap._client.ahead import Ahead, Learnt
from aimap._commands.base import Command
from aimap._commands.connection import Enable
from aimap._commands.select import Examine, QResync, SelectResult
from aimap._errors import ImapError
from aimap._model.numbers import MAX_NUMBER, UIDSet
from aimap._model.offering import offers
from aimap._protocol.events import SessionEvent

_LONGEST_KNOWN = 1000
_MOST_EVENTS = 1000


def since(known: Known) -> QResync | None:
    """Return what to tell the server with SELECT, to learn what is new; ``None`` if nothing."""
    if known.uid_validity is None or known.modseq is None:
        return None
    uids = known.uids.frozen()
    if len(uids.ranges) > _LONGEST_KNOWN or len(str(uids)) > _LONGEST_KNOWN:
        # All that there can be.
        return QResync(known.uid_validity, known.modseq)
    # It tells of those only that are named (RFC 7162 section 3.2.5): of new ones, too.
    new = UIDSet.from_ranges([(min(known.uids.highest + 1, MAX_NUMBER), MAX_NUMBER)])
    return QResync(known.uid_validity, known.modseq, uids | new)


@final
class Prepared:
    """A mailbox that is selected along with the login, for whoever follows it.

    Args:
        name: the mailbox.
        known: what is known of it.
        learnt: what the server was the last time.

    Attributes:
        ahead: what goes along with the login.
        events: what the session has told since; ``None`` if that was too much to be kept.
    """

    def __init__(self, name: str, known: Known, learnt: Learnt) -> None:
        self.name = name
        self.known = known
        self.events: list[SessionEvent] | None = []
        commands: list[Command[Any]] = []
        qresync = offers(learnt.after, "QRESYNC") and offers(learnt.after, "ENABLE")
        if qresync:
            commands.append(Enable("QRESYNC"))
        self.since = since(known) if qresync else None
        condstore = not qresync and offers(learnt.after, "CONDSTORE")
        commands.append(Examine(name, condstore=condstore, qresync=self.since))
        self._at = len(commands) - 1
        self.ahead = Ahead(learnt, commands, self._on_event)

    def _on_event(self, event: SessionEvent) -> None:
        if self.events is not None:
            self.events.append(event)
            if len(self.events) > _MOST_EVENTS:
                self.events = None

    def result(self) -> SelectResult | None:
        """Return what selecting has told, if that went well and can be relied on."""
        if self.events is None or len(self.ahead.futures) <= self._at:
            return None
        try:
            result: SelectResult = self.ahead.futures[self._at].outcome()
        except ImapError:
            return None
        return result
