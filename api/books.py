"""The books of the whole platform for Prometheus, as the database of this API process has them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg_pool import PoolTimeout

from soramichi.store import quarantine
from soramichi.store.pool import AsyncPool
from soramichi.store.quarantine import Overview


class _Books(Collector):
    """Operators are not named: who may read this may not know them all."""

    def __init__(self, overview: Overview | None) -> None:
        self._overview = overview

    def collect(self) -> Iterator[Metric]:
        """Whether the database answers; and if it does, where all samples ended."""
        yield GaugeMetricFamily(
            "soramichi_api_database_up",
            "1 while the database answers",
            value=float(self._overview is not None),
        )
        if self._overview is None:
            return
        # No counter: what is put back from quarantine changes sides.
        samples = GaugeMetricFamily(
            "soramichi_samples",
            "Samples of all operators by where they ended;"
            " received = stored + duplicate + quarantined",
            labels=["outcome"],
        )
        for outcome, count in self._overview.books._asdict().items():
            samples.add_metric([outcome], count)
        yield samples
        waiting = GaugeMetricFamily(
            "soramichi_quarantine_waiting",
            "Rejected samples and payloads not put back, by reason",
            labels=["reason"],
        )
        for reason, count in sorted(self._overview.waiting.items()):
            waiting.add_metric([reason], count)
        yield waiting


async def exposition(pool: AsyncPool) -> bytes:
    """The text that `/metrics` adds to the figures of its own process."""
    try:
        overview = await quarantine.overview(pool)
    except (psycopg.Error, PoolTimeout):
        overview = None
    registry = CollectorRegistry()
    registry.register(_Books(overview))
    return generate_latest(registry)
