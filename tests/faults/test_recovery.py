"""When a fault counts as recovered from, told from times alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.ledger import Ledger
from tests.faults.plan import Fault, Kind
from tests.faults.recovery import Struck, judge_recovery

EVERYBODY = {"mie-demo", "toba-tourism"}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Two aircraft of two operators, number n of each accepted at second n."""
    made = Ledger(tmp_path / "ledger")
    for operator_id, aircraft_id in (("mie-demo", "JA01"), ("toba-tourism", "JA02")):
        one = made.open(operator_id, aircraft_id, rate_hz=1.0)
        for number in range(100):
            one.accept([b"{}"], float(number))
    return made


def struck(
    kind: Kind, began_s: float, ended_s: float | None, scope: set[str] = EVERYBODY
) -> Struck:
    return Struck(Fault(began_s, kind, 0.0, 0.0), scope, began_s=began_s, ended_s=ended_s)


def test_every_aircraft_must_have_a_sample_accepted_after_the_fault(ledger: Ledger) -> None:
    kill = struck(Kind.WORKER_KILL, 10.0, 10.0)

    judge_recovery(kill, [kill], ledger, {"JA01": 12, "JA02": 9}, 13.0)
    assert kill.recovered_s is None
    judge_recovery(kill, [kill], ledger, {"JA01": 12, "JA02": 10}, 13.5)
    assert kill.recovery_s == 3.5


def test_it_counts_from_the_end_of_a_longer_fault_that_overlaps(ledger: Ledger) -> None:
    kill = struck(Kind.WORKER_KILL, 10.0, 10.0)
    cut = struck(Kind.INGEST_CUT, 9.0, None)

    judge_recovery(kill, [kill, cut], ledger, {"JA01": 12, "JA02": 12}, 13.0)
    assert kill.recovered_s is None
    cut.ended_s = 20.0
    judge_recovery(kill, [kill, cut], ledger, {"JA01": 21, "JA02": 21}, 22.0)
    assert kill.recovery_s == 2.0


def test_who_is_cut_off_alone_is_left_out(ledger: Ledger) -> None:
    kill = struck(Kind.WORKER_KILL, 10.0, 10.0)
    cut = struck(Kind.PUBLISHER_CUT, 5.0, None, {"toba-tourism"})

    judge_recovery(kill, [kill, cut], ledger, {"JA01": 11, "JA02": 4}, 11.5)
    assert kill.recovery_s == 1.5


def test_a_fault_that_holds_nothing_up_leaves_nobody_out(ledger: Ledger) -> None:
    kill = struck(Kind.WORKER_KILL, 10.0, 10.0)
    jump = struck(Kind.CLOCK_JUMP, 5.0, None, {"toba-tourism"})

    judge_recovery(kill, [kill, jump], ledger, {"JA01": 11, "JA02": 4}, 11.5)
    assert kill.recovered_s is None
