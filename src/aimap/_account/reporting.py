"""What an account tells of itself: log records, a hook, and counters."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeAlias, final

import attrs

from aimap._account.failures import Failure, classify
from aimap._client.client import Client
from aimap._errors import ConnectionLostError
from aimap._protocol.counters import SessionCounters

_log = logging.getLogger("aimap.account")


class AccountEventKind(Enum):
    """What happened to an account."""

    CONNECTED = "connected"
    """A connection was opened, and logged in."""
    DISCONNECTED = "disconnected"
    """A connection was lost, or closed because nobody needed it."""
    FAILED = "failed"
    """No connection could be opened, or the server refused the login."""
    GAVE_UP = "gave up"
    """Nothing is tried any more."""


@final
@attrs.frozen(kw_only=True)
class AccountEvent:
    """Something that happened to an account, for logs and monitors.

    Attributes:
        kind: what happened.
        account: what the account is called.
        failure: why, where something went wrong.
        seconds: how long it took to connect; how long the connection was open; or how long
            until the next try, where there is to be one.
    """

    kind: AccountEventKind
    account: str
    failure: Failure | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        after = "" if self.seconds is None else f" {_BEHIND[self.kind]} {self.seconds:.3g} s"
        why = "" if self.failure is None else f": {self.failure}"
        return f"{self.account}: {self.kind.value}{after}{why}"


_BEHIND = {
    AccountEventKind.CONNECTED: "after",
    AccountEventKind.DISCONNECTED: "after",
    AccountEventKind.FAILED: "and tries again in",
    AccountEventKind.GAVE_UP: "after",
}
_LEVELS = {
    AccountEventKind.CONNECTED: logging.INFO,
    AccountEventKind.DISCONNECTED: logging.INFO,
    AccountEventKind.FAILED: logging.WARNING,
    AccountEventKind.GAVE_UP: logging.ERROR,
}

Hook: TypeAlias = Callable[[AccountEvent], object]


@final
@attrs.define(kw_only=True)
class AccountStatistics:
    """What an account did so far, over all its connections.

    Attributes:
        connections: connections that are open now.
        connected: connections that were opened.
        losses: connections that were lost, not closed by us.
        failures: times that no connection could be opened.
        commands: commands sent.
        octets_sent: octets sent, as they were before compression and TLS.
        octets_received: octets received, likewise.
        round_trips: times that octets went out after octets had come in.
        events: events that watches gave out.
        lag: seconds from when news came in until it was given out, over all events.
        longest_lag: the longest of these.
    """

    connections: int = 0
    connected: int = 0
    losses: int = 0
    failures: int = 0
    commands: int = 0
    octets_sent: int = 0
    octets_received: int = 0
    round_trips: int = 0
    events: int = 0
    lag: float = 0.0
    longest_lag: float = 0.0

    def _add(self, counters: SessionCounters) -> None:
        self.commands += counters.commands
        self.octets_sent += counters.octets_sent
        self.octets_received += counters.octets_received
        self.round_trips += counters.flights


@final
class Reporter:
    """Tells what happens to one account.

    Args:
        label: what the account is called.
        hook: called with each event; it must not raise anything.
    """

    def __init__(self, label: str, hook: Hook | None) -> None:
        self._label = label
        self._hook = hook
        self._past = AccountStatistics()

    def connected(self, seconds: float) -> None:
        """Tell that a connection was opened, and how long that took."""
        self._past.connected += 1
        self._tell(AccountEventKind.CONNECTED, None, seconds)

    def disconnected(
        self, counters: SessionCounters, lost: ConnectionLostError | None, seconds: float
    ) -> None:
        """Tell that a connection is over, why if it was lost, and how long it was open."""
        self._past._add(counters)  # noqa: SLF001 (of this module)
        self._past.losses += lost is not None
        failure = None if lost is None else classify(lost)
        self._tell(AccountEventKind.DISCONNECTED, failure, seconds)

    def failed(self, failure: Failure, wait: float | None) -> None:
        """Tell that no connection could be opened, and when that is tried again."""
        self._past.failures += 1
        self._tell(AccountEventKind.FAILED, failure, wait)

    def gave_up(self, failure: Failure) -> None:
        """Tell that nothing is tried any more."""
        self._tell(AccountEventKind.GAVE_UP, failure, None)

    def gave_out(self, lag: float) -> None:
        """Count an event that a watch gave out, so long after it had come in."""
        self._past.events += 1
        self._past.lag += lag
        self._past.longest_lag = max(self._past.longest_lag, lag)

    def statistics(self, clients: Iterable[Client]) -> AccountStatistics:
        """Return all counters, those of the connections that are open included."""
        now = attrs.evolve(self._past)
        for client in clients:
            now.connections += 1
            now._add(client.statistics())  # noqa: SLF001 (of this module)
        return now

    def _tell(self, kind: AccountEventKind, failure: Failure | None, seconds: float | None) -> None:
        event = AccountEvent(kind=kind, account=self._label, failure=failure, seconds=seconds)
        # Server text is an argument, never the format; and one event is one record.
        _log.log(_LEVELS[kind], "%s", _one_line(str(event)), extra={"aimap": event})
        if self._hook is not None:
            self._hook(event)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
