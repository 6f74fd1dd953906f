"""Benchmarks measure what they say: everything sent is stored, or nothing is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from soramichi.bench import stage, steady, store, throughput
from soramichi.bench.contenders import consumers, node_program
from soramichi.bench.report import median, result, show
from soramichi.bench.stage import Stage
from soramichi.commands.bench import BENCHES, bench
from soramichi.errors import Unavailable
from soramichi.store import pool
from tests.servers import missing

SMALL = throughput.load(1_000)


@pytest.fixture(scope="module")
def where() -> Iterator[Stage]:
    with Stage() as made:
        yield made


@pytest.fixture(params=stage.BROKERS)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "mosquitto" and stage.has_mosquitto() is None:
        missing("mosquitto")
    return str(request.param)


@pytest.mark.parametrize("name", ["transport", "paho_idle", "tutorial", "ours", "ours_two_workers"])
def test_each_consumer_gets_everything(where: Stage, kind: str, name: str) -> None:
    figure = throughput.measure(where, kind, consumers(kind)[name], SMALL)

    assert figure.per_second > 0


def test_the_strongest_peer_gets_everything(where: Stage) -> None:
    if node_program() is None:
        missing("node")
    figure = throughput.measure(where, "nats", consumers("nats")["node"], SMALL)

    assert figure.per_second > 0


def test_a_consumer_that_stores_something_else_is_not_reported(where: Stage) -> None:
    database = where.database()
    with pool.connect(database, application="test"), pytest.raises(Unavailable, match="0 rows"):
        throughput.verify(database, 1)


def test_latency_is_measured_for_each_message(where: Stage) -> None:
    found = steady.latencies(where, "nats", per_second=1_000, seconds=1)

    everything = [*found.cold_ms, *found.steady_ms]
    assert len(everything) == 2_000
    assert len(found.cold_ms) == pytest.approx(1_000, abs=100)
    assert 0 < min(everything) <= max(everything) < 60_000


def test_an_outage_is_survived_and_its_memory_told(where: Stage) -> None:
    taken, grown = steady.outage_growth_mb(where, per_second=500, seconds=2)

    assert abs(taken) < 50
    assert abs(grown) < 50


def test_ways_to_store_are_measured_on_the_same_rows(where: Stage) -> None:
    rates = store.rates(where, samples=store.BATCH, runs=1)

    assert set(rates) == {"psql", "idempotent", "append", "append_again", "settle"}
    assert all(rate > 0 for rate in rates.values())


def test_a_report_has_the_members_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [result("a", 1.5, "x/s", limit=3.0), result("b", 2.0, "ms")]
    show(rows, runs=3, as_json=True)
    document = json.loads(capsys.readouterr().out)

    assert {"machine", "runs", "results"} <= set(document)
    assert [row["ratio"] for row in document["results"]] == [0.5, None]
    assert set(document["results"][0]) >= {"name", "value", "unit", "limit", "ratio"}


@pytest.mark.parametrize(
    ("target", "met"),
    [(">= 0.5", True), (">= 0.51", False), ("<= 0.4", False), ("value <= 35", True), (None, None)],
)
def test_a_row_says_whether_its_target_was_met(*, target: str | None, met: bool | None) -> None:
    assert result("a", 1.5, "x/s", limit=3.0, target=target)["met"] is met


def test_a_target_without_a_limit_is_about_the_value() -> None:
    assert result("a", 26.0, "ms", target="<= 25")["met"] is False


def test_the_median_is_not_moved_by_one_bad_run() -> None:
    assert median([10.0, 1.0, 11.0]) == 10.0


def test_every_benchmark_can_be_asked_what_it_does() -> None:
    for name in [*BENCHES, "all"]:
        answer = CliRunner().invoke(bench, [name, "--help"])
        assert answer.exit_code == 0, answer.output
        assert "--quick" in answer.output
        assert "--json" in answer.output
