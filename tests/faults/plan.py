"""Which faults strike when: drawn from a seed alone, so that a run can be repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What breaks. A cut resets connections and refuses new ones, a stall keeps all bytes back."""

    WORKER_KILL = "worker kill -9"
    BACKEND_KILL = "database session kill -9"
    POSTMASTER_KILL = "postmaster kill -9"
    BROKER_KILL = "broker kill -9"
    PUBLISHER_CUT = "publisher link cut"
    PUBLISHER_STALL = "publisher link stall"
    INGEST_CUT = "ingest link cut"
    INGEST_STALL = "ingest link stall"
    # The sessions of the workers are stopped (SIGSTOP) for longer than the broker's ack_wait, so
    # that it delivers again what is being committed.
    COMMIT_HANGS = "commit hangs > ack_wait"
    # The same, and meanwhile the workers lose their MQTT connection and get a new one.
    RECONNECT_IN_COMMIT = "reconnect during commit"
    DATABASE_CUT = "database link cut"
    DATABASE_STALL = "database link stall"
    DISK_FULL = "database disk full"
    # Somebody delivers recent samples again, in arrays of random order.
    DELIVERED_AGAIN = "doubled and reordered"
    # The aircraft's clocks: samples are stamped hours too early or too late, and then right again.
    CLOCK_JUMP = "aircraft clock jump"


# Faults of one lane use the same thing (a proxy, the disk), so they never overlap; faults of
# different lanes do.
LANES: tuple[tuple[Kind, ...], ...] = (
    (Kind.WORKER_KILL,),
    (Kind.BACKEND_KILL, Kind.POSTMASTER_KILL),
    (Kind.BROKER_KILL,),
    (Kind.PUBLISHER_CUT, Kind.PUBLISHER_STALL),
    (Kind.INGEST_CUT, Kind.INGEST_STALL, Kind.RECONNECT_IN_COMMIT),
    (Kind.DATABASE_CUT, Kind.DATABASE_STALL, Kind.COMMIT_HANGS),
    (Kind.DISK_FULL,),
    (Kind.DELIVERED_AGAIN,),
    (Kind.CLOCK_JUMP,),
)

# While one of these lasts, samples of those it concerns cannot be committed.
HOLDING_UP = frozenset(
    {
        Kind.PUBLISHER_CUT,
        Kind.PUBLISHER_STALL,
        Kind.INGEST_CUT,
        Kind.INGEST_STALL,
        Kind.COMMIT_HANGS,
        Kind.RECONNECT_IN_COMMIT,
        Kind.DATABASE_CUT,
        Kind.DATABASE_STALL,
        Kind.DISK_FULL,
    }
)


@dataclass(frozen=True, slots=True)
class Times:
    """How often a kind strikes and for how long, in seconds, drawn from a closed interval."""

    count: int
    shortest_s: float = 0.0
    longest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One strike, `at_s` after the start; `draw` in [0, 1) chooses the victim among equals."""

    at_s: float
    kind: Kind
    duration_s: float
    draw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run: faults within `duration_s`, `rate_hz` samples a second from `aircraft` aircraft."""

    seed: int
    duration_s: float
    rate_hz: float
    aircraft: int
    ack_wait_s: float
    faults: tuple[Fault, ...]


def draw_faults(seed: int, duration_s: float, wanted: dict[Kind, Times]) -> tuple[Fault, ...]:
    """Spread what is wanted over the duration, each lane in slots of its own, in random order.

    A slot is as long as what happens in it, and a share of the time that is left over.
    """
    faults: list[Fault] = []
    for number, lane in enumerate(LANES):
        dice = random.Random(f"{seed}/{number}")
        drawn = [
            (kind, dice.uniform(wanted[kind].shortest_s, wanted[kind].longest_s))
            for kind in lane
            if kind in wanted
            for _ in range(wanted[kind].count)
        ]
        dice.shuffle(drawn)
        spare_s = duration_s - sum(length for _, length in drawn)
        assert spare_s > 0, f"{lane} does not fit into {duration_s} s"
        clock_s = 0.0
        for kind, length_s in drawn:
            pause_s = spare_s / len(drawn)
            at_s = clock_s + pause_s * dice.uniform(0.3, 0.7)
            faults.append(Fault(round(at_s, 2), kind, round(length_s, 2), dice.random()))
            clock_s += pause_s + length_s
    return tuple(sorted(faults, key=lambda fault: fault.at_s))


SHORT = {
    Kind.WORKER_KILL: Times(6),
    Kind.BACKEND_KILL: Times(2),
    Kind.POSTMASTER_KILL: Times(1),
    Kind.BROKER_KILL: Times(2),
    Kind.PUBLISHER_CUT: Times(1, 3, 6),
    Kind.PUBLISHER_STALL: Times(1, 3, 6),
    Kind.INGEST_CUT: Times(1, 2, 4),
    Kind.INGEST_STALL: Times(1, 2, 4),
    Kind.RECONNECT_IN_COMMIT: Times(1, 2, 3),
    Kind.DATABASE_CUT: Times(1, 1, 3),
    Kind.COMMIT_HANGS: Times(1, 5, 6),
    Kind.DISK_FULL: Times(1, 4, 5),
    Kind.DELIVERED_AGAIN: Times(1, 5, 8),
    Kind.CLOCK_JUMP: Times(2, 3, 6),
}

LONG = {
    Kind.WORKER_KILL: Times(104),
    Kind.BACKEND_KILL: Times(36),
    Kind.POSTMASTER_KILL: Times(16),
    Kind.BROKER_KILL: Times(21),
    Kind.PUBLISHER_CUT: Times(6, 5, 120),
    Kind.PUBLISHER_STALL: Times(6, 20, 120),
    Kind.INGEST_CUT: Times(6, 5, 120),
    Kind.INGEST_STALL: Times(6, 20, 120),
    Kind.RECONNECT_IN_COMMIT: Times(5, 3, 8),
    Kind.DATABASE_CUT: Times(6, 2, 40),
    Kind.DATABASE_STALL: Times(6, 5, 40),
    Kind.COMMIT_HANGS: Times(6, 12, 20),
    Kind.DISK_FULL: Times(5, 10, 25),
    Kind.DELIVERED_AGAIN: Times(8, 10, 30),
    Kind.CLOCK_JUMP: Times(8, 10, 60),
}


def short_plan(seed: int) -> Plan:
    """About a minute with every kind of fault, for CI."""
    return Plan(
        seed=seed,
        duration_s=40.0,
        rate_hz=300.0,
        aircraft=12,
        ack_wait_s=4.0,
        faults=draw_faults(seed, 40.0, SHORT),
    )


def long_plan(seed: int, duration_s: float = 1_900.0) -> Plan:
    """Half an hour: 104 worker, 52 database and 21 broker kills, 24 links cut up to 120 s."""
    return Plan(
        seed=seed,
        duration_s=duration_s,
        rate_hz=500.0,
        aircraft=20,
        ack_wait_s=10.0,
        faults=draw_faults(seed, duration_s, LONG),
    )
