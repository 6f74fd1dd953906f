"""What ingest counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from soramichi.store.quarantine import Account, Quarantined


class Metrics:
    """Counters of one ingest process; received = stored + duplicate + quarantined."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._samples = Counter(
            "soramichi_ingest_samples",
            "Samples settled since this process started, by operator and where they ended",
            ["operator", "outcome"],
            registry=self.registry,
        )
        self._quarantined = Counter(
            "soramichi_ingest_quarantined",
            "Samples and payloads rejected, by reason",
            ["reason"],
            registry=self.registry,
        )
        self.failed_commits = Counter(
            "soramichi_ingest_failed_commits",
            "Batches that had to be tried again",
            registry=self.registry,
        )
        self.batch_messages = Histogram(
            "soramichi_ingest_batch_messages",
            "Messages settled by one commit",
            buckets=(1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000),
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "soramichi_ingest_commit_seconds",
            "Time from the end of gathering to the commit's answer",
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
            registry=self.registry,
        )

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Show a figure that is read when asked for."""
        Gauge(f"soramichi_ingest_{name}", text, registry=self.registry).set_function(read)

    def count(self, accounts: Mapping[str, Account], quarantined: Sequence[Quarantined]) -> None:
        """Add a committed batch."""
        for operator_id, account in accounts.items():
            for outcome, amount in account._asdict().items():
                self._samples.labels(operator_id, outcome).inc(amount)
        for item in quarantined:
            self._quarantined.labels(item.reason).inc()
