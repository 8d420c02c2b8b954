"""An account's counters as OpenTelemetry metrics. Needs the extra ``otel``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import opentelemetry.metrics
    from opentelemetry.metrics import CallbackOptions, Observation

    import aimap

_Instrument: TypeAlias = Literal["counter", "up_down_counter", "gauge"]

# Field, name, unit, what it is, and the kind of instrument.
_METRICS: tuple[tuple[str, str, str, str, _Instrument], ...] = (
    (
        "connections",
        "aimap.connections",
        "{connection}",
        "connections that are open",
        "up_down_counter",
    ),
    ("connected", "aimap.connections.opened", "{connection}", "connections opened", "counter"),
    ("losses", "aimap.connections.lost", "{connection}", "connections lost", "counter"),
    (
        "failures",
        "aimap.connections.failed",
        "{attempt}",
        "times that none could be opened",
        "counter",
    ),
    ("commands", "aimap.commands", "{command}", "commands sent", "counter"),
    ("octets_sent", "aimap.sent", "By", "octets sent", "counter"),
    ("octets_received", "aimap.received", "By", "octets received", "counter"),
    ("round_trips", "aimap.round_trips", "{round_trip}", "round trips", "counter"),
    ("events", "aimap.events", "{event}", "events that watches gave out", "counter"),
    ("lag", "aimap.events.lag", "s", "time from news to event, over all events", "counter"),
    ("longest_lag", "aimap.events.longest_lag", "s", "the longest such time", "gauge"),
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

    makers = {
        "counter": meter.create_observable_counter,
        "up_down_counter": meter.create_observable_up_down_counter,
        "gauge": meter.create_observable_gauge,
    }
    for field, name, unit, description, kind in _METRICS:
        makers[kind](name, [reading(field)], unit=unit, description=description)
