"""Counters as OpenTelemetry metrics."""

from __future__ import annotations

from typing import Any

import attrs
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import aimap
from aimap import observe

from .support import opened


def collected(reader: InMemoryMetricReader) -> dict[str, dict[str, Any]]:
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: {
            str((point.attributes or {})["account"]): point.value  # type: ignore[union-attr]
            for point in metric.data.data_points
        }
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


async def test_counters_are_metrics(autojump_clock: Any) -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("test")
    async with opened(messages=1) as (account, server, road):
        observe(lambda: [account], meter)
        await account.status("INBOX")
        await road.cut()
        await account.status("INBOX")
        async with account.watch("INBOX") as events:
            await events.caught_up()
            server.deliver("joe", b"x: y\r\n\r\n")
            await anext(events)
        found = collected(reader)
        statistics = account.statistics()
        assert found["aimap.connections"] == {"joe@localhost": 1}
        assert found["aimap.connections.opened"] == {"joe@localhost": 2}
        assert found["aimap.connections.lost"] == {"joe@localhost": 1}
        assert found["aimap.commands"] == {"joe@localhost": statistics.commands}
        assert found["aimap.received"] == {"joe@localhost": statistics.octets_received}
        assert found["aimap.events.longest_lag"] == {"joe@localhost": statistics.longest_lag}
        assert len(found) == len(attrs.fields(aimap.AccountStatistics))
