from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from distributed import LocalCluster

from routes_planner import distribute, scenes
from routes_planner.distribute import Task, check_batch, check_on
from routes_planner.rules.ruleset import load
from soramichi.errors import Unavailable


def test_two_worker_processes_give_the_verdicts_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    zones, plans = scenes.zones(300), scenes.corridors(40)
    plans[7] = replace(plans[7], departs_at=None)
    monkeypatch.setattr(distribute, "BATCH", 8)
    task = Task(zones=tuple(zones), today=date(2026, 11, 23), rules=load())
    alone = check_batch(plans, task)

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        together = check_on(cluster.scheduler_address, plans, task)

    assert together == alone


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribute, "_CONNECT_S", 1)

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        check_on("tcp://127.0.0.1:1", [], Task(zones=(), today=date(2026, 11, 23)))
