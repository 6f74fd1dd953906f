"""One run: start everything, let the plan happen, let it calm down, compare."""

from __future__ import annotations

import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from soramichi.errors import Unavailable
from soramichi.store import quarantine
from soramichi.store.quarantine import Account
from tests.faults import world as worlds
from tests.faults.ledger import Ledger
from tests.faults.plan import Fault, Kind, Plan
from tests.faults.recovery import Struck, Watcher
from tests.faults.strikes import Striker
from tests.faults.traffic import BridgedPublisher, PlainPublisher, Publisher
from tests.faults.verdict import Verdict, in_windows, judge
from tests.faults.world import World

BRIDGED = ("mie-demo", "toba-tourism")
PLAIN = "plain"
WARM_UP_S = 3.0
# How long everything may take to calm down after the last fault.
CALM_S = 180.0
QUIET_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a plan is carried out."""

    plan: Plan
    broker: str = "nats"
    operators: Sequence[str] = (*BRIDGED, PLAIN)
    workers: int = 1
    worker_arguments: Sequence[str] = worlds.WORKER
    # Called with the ended system just before the comparison: how tests prove that it can fail.
    before_judging: Callable[[World], None] = lambda _world: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found."""

    wish: Wish
    verdict: Verdict
    books: Account
    struck: Sequence[Struck]
    skipped: dict[Kind, str]
    rows: Sequence[dict[str, Any]]
    reading: dict[str, Any] | None
    took_s: float

    @property
    def ok(self) -> bool:
        """Whether everything planned happened, was recovered from, and cost nothing."""
        return self.verdict.ok and not self.troubles()

    def troubles(self) -> list[str]:
        """What else went wrong."""
        found = [f"{one.fault.kind}: {one.failure}" for one in self.struck if one.failure]
        found += [
            f"{one.fault.kind} at {one.fault.at_s:.0f} s: never recovered from"
            for one in self.struck
            if one.recovered_s is None and not one.failure
        ]
        if self.reading and self.reading["refused"]:
            found.append("the API did not answer though its replica was there")
        if self.reading and self.reading["behind"]:
            found.append("the replica did not catch up")
        return found

    def document(self) -> dict[str, Any]:
        """One JSON document."""
        plan = self.wish.plan
        return {
            "seed": plan.seed,
            "machine": f"{platform.machine()}, {platform.python_implementation()} "
            f"{platform.python_version()}",
            "broker": self.wish.broker,
            "workers": self.wish.workers,
            "plan_s": plan.duration_s,
            "rate_hz": plan.rate_hz,
            "took_s": round(self.took_s, 1),
            "faults": list(self.rows),
            "timeline": [one.document() for one in self.struck],
            "skipped": {str(kind): why for kind, why in self.skipped.items()},
            "troubles": self.troubles(),
            "reading": self.reading,
            "books": self.books._asdict(),
            "verdict": self.verdict.document(),
            "ok": self.ok,
        }


def run(wish: Wish, work: Path, say: Callable[[str], None]) -> Report:
    """Carry a plan out in an empty folder, in which logs, ledgers and the database's disk stay."""
    began_s = time.monotonic()
    plan = wish.plan
    # mosquitto forgets what it has acknowledged when it is killed, so there a PUBACK is no promise.
    operators = [one for one in wish.operators if one != PLAIN or wish.broker != "mosquitto"]
    with (
        worlds.running(
            work,
            broker=wish.broker,
            operators=operators,
            workers=wish.workers,
            ack_wait_s=plan.ack_wait_s,
            worker_arguments=wish.worker_arguments,
        ) as world,
        _traffic(world, plan, operators, work) as (ledger, publishers),
    ):
        skipped = _skipped(world, plan)
        time.sleep(WARM_UP_S)
        with Watcher(world, ledger) as watcher:
            faults = [fault for fault in plan.faults if fault.kind not in skipped]
            _strike(world, publishers, watcher, faults, plan=plan, say=say)
            say("all faults are over; waiting until everything is calm")
            unreceipted = _calm_down(world, watcher, publishers, ledger, say=say, plan=plan)
        world.stop_workers()
        wish.before_judging(world)
        with world.connect() as connection:
            verdict = judge(connection, ledger)
            books = sum(quarantine.accounts(connection).values(), start=Account())
        verdict.unreceipted = unreceipted
        reading = _reading(world, watcher.struck)
        return Report(
            wish=wish,
            verdict=verdict,
            books=books,
            struck=watcher.struck,
            skipped=skipped,
            rows=_rows(plan, watcher.struck, skipped, verdict, ledger),
            reading=reading,
            took_s=time.monotonic() - began_s,
        )


def _reading(world: World, struck: Sequence[Struck]) -> dict[str, Any] | None:
    """What readers of the replica saw; None without one."""
    if world.readers is None:
        return None

    def rows() -> int:
        with world.connect() as connection:
            row = connection.execute("SELECT count(*) FROM telemetry").fetchone()
            return int(row[0]) if row else 0

    outages = [
        (one.began_s, one.recovered_s or one.began_s)
        for one in struck
        if one.fault.kind is Kind.REPLICA_KILL
    ]
    return world.readers.report(outages, rows)


@contextmanager
def _traffic(
    world: World, plan: Plan, operators: Sequence[str], work: Path
) -> Iterator[tuple[Ledger, list[Publisher]]]:
    """Everybody publishing; the aircraft are shared out among the operators."""
    ledger = Ledger(work / "ledger")
    publishers: list[Publisher] = []
    with ExitStack() as stack:
        for at, operator_id in enumerate(operators):
            own = [
                ledger.open(operator_id, f"JA{number:02}", plan.rate_hz / plan.aircraft)
                for number in range(at, plan.aircraft, len(operators))
            ]
            broker = world.user(operator_id, world.publisher_links[operator_id].port)
            made: Publisher = (
                PlainPublisher(own, broker=broker)
                if operator_id == PLAIN
                else BridgedPublisher(own, broker=broker, spool=work / f"{operator_id}.spool")
            )
            stack.callback(made.close)
            publishers.append(made)
        for one in publishers:
            one.start()
        yield ledger, publishers
        for entry in ledger.aircraft.values():
            entry.close()


def _skipped(world: World, plan: Plan) -> dict[Kind, str]:
    kinds = {fault.kind for fault in plan.faults}
    if world.disk.why_not is not None and Kind.DISK_FULL in kinds:
        return {Kind.DISK_FULL: world.disk.why_not}
    return {}


def _strike(
    world: World,
    publishers: Sequence[Publisher],
    watcher: Watcher,
    faults: Sequence[Fault],
    *,
    plan: Plan,
    say: Callable[[str], None],
) -> None:
    striker = Striker(world, publishers, plan.seed)
    began_s = time.monotonic()
    interrupted = threading.Event()

    def one(fault: Fault) -> None:
        struck = Struck(fault, striker.scope(fault))
        watcher.struck.append(struck)
        try:
            with striker.strike(fault):
                struck.began_s = time.monotonic()
                interrupted.wait(fault.duration_s)
        except Exception as error:  # noqa: BLE001  # the report tells it; the run goes on
            struck.failure = str(error) or repr(error)
        struck.ended_s = time.monotonic()
        length = f" for {fault.duration_s:.0f} s" if fault.duration_s else ""
        say(f"{fault.at_s:7.1f} s  {fault.kind}{length}")

    with ThreadPoolExecutor(max_workers=64) as threads:
        try:
            for fault in faults:
                time.sleep(max(0.0, began_s + fault.at_s - time.monotonic()))
                striking = threads.submit(one, fault)
                if plan.one_at_a_time:
                    striking.result()
                    _wait_until_whole(world, watcher)
        except BaseException:
            interrupted.set()
            raise


def _wait_until_whole(world: World, watcher: Watcher) -> None:
    deadline_s = time.monotonic() + CALM_S
    while time.monotonic() < deadline_s:
        time.sleep(0.1)
        if not watcher.waiting() and world.whole():
            return


def _calm_down(
    world: World,
    watcher: Watcher,
    publishers: Sequence[Publisher],
    ledger: Ledger,
    *,
    say: Callable[[str], None],
    plan: Plan,
) -> int:
    """Wait for recovery, for every receipt, and until nothing more is received.

    What a killed worker held unacknowledged comes again only after `ack_wait`.
    """
    quiet_s = plan.ack_wait_s + QUIET_S
    deadline_s = time.monotonic() + CALM_S
    while watcher.waiting() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    for one in publishers:
        one.stop()
    left = sum(one.drain(max(1.0, deadline_s - time.monotonic())) for one in publishers)
    say(f"{ledger.total()} samples accepted, {left} without a receipt")
    quiet_since_s, received = time.monotonic(), -1
    while time.monotonic() - quiet_since_s < quiet_s and time.monotonic() < deadline_s + quiet_s:
        now = _received(world)
        if now != received:
            quiet_since_s, received = time.monotonic(), now
        time.sleep(0.2)
    return left


def _received(world: World) -> int:
    try:
        with world.connect() as connection:
            return sum(quarantine.accounts(connection).values(), start=Account()).received
    except (psycopg.Error, Unavailable):
        return -1


def _rows(
    plan: Plan,
    struck: Sequence[Struck],
    skipped: dict[Kind, str],
    verdict: Verdict,
    ledger: Ledger,
) -> list[dict[str, Any]]:
    """The table: for each kind what was accepted from its beginnings to its recoveries."""
    rows = []
    for kind in (kind for kind in Kind if any(fault.kind is kind for fault in plan.faults)):
        own = [one for one in struck if one.fault.kind is kind and not one.failure]
        windows = [(one.began_s, one.recovered_s or float("inf")) for one in own]
        seconds = [one.recovery_s for one in own if one.recovery_s is not None]
        lost = in_windows(ledger, windows, verdict.lost)
        sent = in_windows(ledger, windows)
        rows.append(
            {
                "fault": str(kind),
                "times": len(own),
                "planned": sum(fault.kind is kind for fault in plan.faults),
                "skipped": skipped.get(kind),
                "longest_s": max((one.fault.duration_s for one in own), default=0.0),
                "sent": sent,
                "stored": sent - lost,
                "lost": lost,
                "doubled": in_windows(ledger, windows, verdict.doubled),
                "recovery_median_s": round(statistics.median(seconds), 2) if seconds else None,
                "recovery_max_s": round(max(seconds), 2) if seconds else None,
            }
        )
    return rows
