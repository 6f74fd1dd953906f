"""The harness in CI: the short plan loses nothing, and what is lost on purpose is reported."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.__main__ import say
from tests.faults.plan import (
    LONG,
    LONG_NODES,
    LONG_S,
    SHORTEST_S,
    Fault,
    Kind,
    Plan,
    Times,
    long_plan,
    nodes_plan,
    short_plan,
)
from tests.faults.run import PLAIN, Report, Wish, run
from tests.faults.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.broker]

SEED = int(os.environ.get("FAULTS_SEED", "20261123"))


def a_plan(*faults: Fault, duration_s: float = 10.0) -> Plan:
    return Plan(
        seed=SEED, duration_s=duration_s, rate_hz=100.0, aircraft=6, ack_wait_s=4.0, faults=faults
    )


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """An empty folder that does not stay: a database and its disk take hundreds of megabytes."""
    folder = tmp_path / "work"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def carried_out(wish: Wish, work: Path) -> Report:
    say(f"FAULTS_SEED={wish.plan.seed} repeats this plan")
    return run(wish, work, say)


def test_the_short_plan_loses_and_doubles_nothing(work: Path) -> None:
    report = carried_out(Wish(plan=short_plan(SEED), workers=2), work)

    assert report.document()["verdict"]["which"] == {"lost": {}, "doubled": {}, "altered": {}}
    assert report.ok, report.document()
    assert report.verdict.stored > 5_000
    assert report.verdict.quarantined > 0
    assert all(row["times"] == row["planned"] for row in report.rows if not row["skipped"])
    if os.environ.get("REQUIRE_SERVERS") == "1":
        assert not report.skipped
    for kind, why in report.skipped.items():
        warnings.warn(f"not shown here: {kind}: {why}", stacklevel=1)


def test_of_the_whole_layout_any_one_node_may_be_killed(work: Path) -> None:
    """Three brokers, two workers, a primary and its replica, from which the API answers."""
    report = carried_out(Wish(plan=nodes_plan(SEED), broker="cluster", workers=2), work)

    assert report.document()["verdict"]["which"] == {"lost": {}, "doubled": {}, "altered": {}}
    assert report.ok, report.document()
    assert report.verdict.stored > 2_000
    assert all(row["times"] == row["planned"] for row in report.rows)
    reading = report.reading
    assert reading is not None
    assert reading["answered"] > 50


def test_a_row_that_is_missing_and_one_too_many_are_reported(work: Path) -> None:
    def tamper(world: World) -> None:
        with world.connect() as connection:
            connection.execute("DELETE FROM telemetry WHERE aircraft_id = 'JA01' AND seq = 3")
            connection.execute("UPDATE telemetry SET altitude_m = 1 WHERE seq = 5")
            connection.execute(
                "UPDATE telemetry SET seq = 7 WHERE aircraft_id = 'JA02' AND seq = 8"
            )

    report = carried_out(Wish(plan=a_plan(), before_judging=tamper), work)

    assert not report.ok
    assert report.verdict.lost == {"JA01": [3], "JA02": [8]}
    assert report.verdict.doubled == {"JA02": [7]}
    assert len(report.verdict.altered) == 6
    assert any("books" in fault for fault in report.verdict.faults)


def test_a_worker_that_acknowledges_before_it_commits_is_found_out(work: Path) -> None:
    faults = (Fault(4.5, Kind.WORKER_KILL, 0.0, 0.0), Fault(9.0, Kind.WORKER_KILL, 0.0, 0.0))
    hasty = (sys.executable, "-m", "tests.faults.hasty_ingest")

    wish = Wish(plan=a_plan(*faults), operators=[PLAIN], worker_arguments=hasty)
    report = carried_out(wish, work)

    assert report.verdict.lost
    assert not report.ok


def test_what_the_broker_still_holds_for_a_killed_worker_is_waited_for(work: Path) -> None:
    """It is delivered again only after `ack_wait`, when everything else has long been calm."""
    faults = (Fault(4.0, Kind.COMMIT_HANGS, 2.0, 0.0), Fault(5.5, Kind.WORKER_KILL, 0.0, 0.0))
    plan = replace(a_plan(*faults), ack_wait_s=12.0)

    report = carried_out(Wish(plan=plan, operators=[PLAIN]), work)

    assert report.ok, report.document()


def test_a_seed_gives_the_same_plan_again() -> None:
    assert short_plan(7) == short_plan(7)
    assert short_plan(7) != short_plan(8)


def test_the_long_plan_strikes_as_often_as_promised() -> None:
    kinds = [fault.kind for fault in long_plan(SEED).faults]
    cuts = {Kind.PUBLISHER_CUT, Kind.INGEST_CUT}

    assert kinds.count(Kind.WORKER_KILL) >= 100
    assert kinds.count(Kind.BACKEND_KILL) + kinds.count(Kind.POSTMASTER_KILL) >= 50
    assert kinds.count(Kind.BROKER_KILL) >= 20
    assert sum(kind in cuts for kind in kinds) >= 20
    longest_s = max(fault.duration_s for fault in long_plan(SEED).faults if fault.kind in cuts)
    assert 110 < longest_s <= 120


@pytest.mark.parametrize("wanted", [LONG, LONG_NODES])
def test_every_seed_and_length_has_a_plan_with_all_kinds(wanted: dict[Kind, Times]) -> None:
    for seed in range(50):
        for duration_s in (SHORTEST_S, 480.0, LONG_S):
            plan = long_plan(seed, duration_s, wanted)
            assert {fault.kind for fault in plan.faults} == set(wanted)
            assert all(fault.at_s + fault.duration_s <= duration_s for fault in plan.faults)
