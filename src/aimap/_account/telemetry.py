"""An account's counters as OpenTelemetry metrics. Needs the extra ``otel``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import opentelemetry.metrics
    from opentelemetry.metrics import CallbackOptions, Observation

    import aimap

# Name, unit, what it is, and whether it goes up and down.
_METRICS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("connections", "aimap.connections", "{connection}", "connections that are open", True),
    ("connected", "aimap.connections.opened", "{connection}", "connections opened", False),
    ("losses", "aimap.connections.lost", "{connection}", "connections lost", False),
    ("failures", "aimap.connections.failed", "{attempt}", "times that none could be opened", False),
    ("commands", "aimap.commands", "{command}", "commands sent", False),
    ("octets_sent", "aimap.sent", "By", "octets sent", False),
    ("octets_received", "aimap.received", "By", "octets received", False),
    ("round_trips", "aimap.round_trips", "{round_trip}", "round trips", False),
    ("events", "aimap.events", "{event}", "events that watches gave out", False),
    ("lag", "aimap.events.lag", "s", "time from news to event, over all events", False),
)


def observe(
    accounts: Callable[[], Iterable[aimap.Account]],
    meter: opentelemetry.metrics.Meter | None = None,
) -> None:
    """Give the counters of accounts out as OpenTelemetry metrics.

    They are read when they are collected, in the collector's own thread, and cost nothing
    otherwise. Each has the attribute ``account``, what the account is called.

    Args:
        accounts: called at each collection; returns the accounts that there are.
        meter: makes the instruments; that of the name ``aimap``, if not given.

    Raises:
        ImportError: if the extra ``otel`` is not installed.
    """
    from opentelemetry import metrics  # noqa: PLC0415 (an extra, needed only here)

    meter = meter or metrics.get_meter("aimap")

    def reading(field: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def read(options: CallbackOptions) -> Iterable[Observation]:
            del options
            return [
                metrics.Observation(
                    getattr(account.statistics(), field), {"account": account.config.label}
                )
                for account in accounts()
            ]

        return read

    for field, name, unit, description, goes_down in _METRICS:
        make = (
            meter.create_observable_up_down_counter
            if goes_down
            else (meter.create_observable_counter)
        )
        make(name, [reading(field)], unit=unit, description=description)
