"""Selecting a mailbox to follow it, and asking what is new: with the login if need be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import attrs

from aimap._account.known import Known
from aimap._client.ahead import Ahead, Learnt
from aimap._commands.base import Command
from aimap._commands.connection import Enable
from aimap._commands.fetch import Fetch
from aimap._commands.search import Search
from aimap._commands.select import Examine, QResync, SelectResult
from aimap._errors import ImapError
from aimap._model.capability import Capabilities
from aimap._model.fetch import FLAGS, MODSEQ, FetchItem
from aimap._model.message import Message
from aimap._model.numbers import MAX_NUMBER, ModSeq, UIDSet
from aimap._model.offering import offers
from aimap._model.search import ALL
from aimap._protocol.events import SessionEvent

_EVERYTHING = UIDSet.from_ranges([(1, MAX_NUMBER)])

_LONGEST_KNOWN = 1000
_MOST_EVENTS = 1000
_MOST_LOOKED_AT = 1000
"""Messages of which all flags are asked for along with the login: that must not take long."""


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
@attrs.frozen
class Fetched:
    """Messages that the server told of because it was asked."""

    messages: list[Message]


def search_all(offered: Capabilities, track: Callable[[UIDSet], object]) -> Search:
    """Ask which messages there are.

    Args:
        offered: what the server offers.
        track: called with them at the very place where they are told: the numbers of messages
            are known then, too.
    """
    return Search(ALL, extended=offers(offered, "ESEARCH"), on_found=track)


def fetch_flags(
    note: Callable[[Fetched], object],
    uids: UIDSet = _EVERYTHING,
    *,
    by_modseq: bool,
    changed_since: ModSeq | None = None,
) -> Fetch:
    """Ask for the flags of messages, or of those that have changed."""
    items: list[FetchItem[Any]] = [FLAGS, MODSEQ] if by_modseq else [FLAGS]
    return Fetch(uids, items, lambda messages: note(Fetched(messages)), changed_since=changed_since)


@final
class Prepared:
    """A mailbox that is selected along with the login, for whoever follows it.

    Where selecting it does not say what is new, that is asked for as well.

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
        self.events: list[SessionEvent | Fetched] | None = []
        offered = learnt.after
        commands: list[Command[Any]] = []
        qresync = offers(offered, "QRESYNC") and offers(offered, "ENABLE")
        if qresync:
            commands.append(Enable("QRESYNC"))
        self.since = since(known) if qresync else None
        condstore = not qresync and offers(offered, "CONDSTORE")
        commands.append(Examine(name, condstore=condstore, qresync=self.since))
        self._selected = len(commands) - 1
        modseq = known.modseq if condstore else None
        self._looks = (
            known.begun and not qresync and (bool(modseq) or len(known.uids) <= _MOST_LOOKED_AT)
        )
        if self._looks:
            commands.append(search_all(offered, self._track))
            commands.append(fetch_flags(self._note, by_modseq=condstore, changed_since=modseq))
        self.ahead = Ahead(learnt, commands, self._on_event)

    def _on_event(self, event: SessionEvent) -> None:
        if self.events is not None:
            self.events.append(event)
            if len(self.events) > _MOST_EVENTS:
                self.events = None

    def _note(self, fetched: Fetched) -> None:
        if self.events is not None:
            self.events.append(fetched)

    def _track(self, uids: UIDSet) -> None:
        if self.ahead.view is not None:
            self.ahead.view.track(uids)

    def result(self) -> SelectResult | None:
        """Return what selecting has told, if that went well and can be relied on."""
        if self.events is None:
            return None
        result: SelectResult | None = self._outcome(self._selected)
        return result

    def found(self) -> UIDSet | None:
        """Return which messages there are, if that was asked, and :attr:`events` has the flags."""
        if not self._looks or self._outcome(self._selected + 2) is None:
            return None
        uids: UIDSet | None = self._outcome(self._selected + 1)
        return uids

    def _outcome(self, at: int) -> Any:
        try:
            return self.ahead.futures[at].outcome() if at < len(self.ahead.futures) else None
        except ImapError:
            return None
