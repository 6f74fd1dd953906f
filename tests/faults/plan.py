"""Which faults strike when: drawn from a seed alone, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What breaks. A cut resets connections and refuses new ones, a stall keeps all bytes back."""

    WORKER_KILL = "worker kill -9"
    BACKEND_KILL = "database session kill -9"
    POSTMASTER_KILL = "postmaster kill -9"
    BROKER_KILL = "broker kill -9"
    # Of a cluster: the node that leads the stream of all messages, and the one that leads itself.
    STREAM_LEADER_KILL = "stream leader kill -9"
    CLUSTER_LEADER_KILL = "cluster leader kill -9"
    REPLICA_KILL = "read replica kill -9"
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


Lane = Sequence[Kind]
# Faults of one lane use the same thing (a proxy, the disk), so they never overlap; faults of
# different lanes do.
LANES: Sequence[Lane] = (
    (Kind.WORKER_KILL,),
    (Kind.BACKEND_KILL, Kind.POSTMASTER_KILL),
    (Kind.BROKER_KILL, Kind.STREAM_LEADER_KILL, Kind.CLUSTER_LEADER_KILL),
    (Kind.REPLICA_KILL,),
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

    def lengths_s(self, dice: random.Random) -> list[float]:
        """How long each lasts: one out of each of `count` equal parts of the interval.

        So short and long ones are in every plan, and all plans take about as long.
        """
        part_s = (self.longest_s - self.shortest_s) / self.count
        return [self.shortest_s + part_s * (at + dice.random()) for at in range(self.count)]

    def share(self, of_them: float) -> Times:
        """So many of them, at least one."""
        return Times(max(1, int(self.count * of_them)), self.shortest_s, self.longest_s)


@dataclass(frozen=True, slots=True)
class Fault:
    """One strike, `at_s` after the start; `draw` in [0, 1) chooses the victim among equals."""

    at_s: float
    kind: Kind
    duration_s: float
    draw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run: faults within `duration_s`, `rate_hz` samples a second from `aircraft` aircraft.

    `one_at_a_time`: a fault waits until all is as before the last one.
    """

    seed: int
    duration_s: float
    rate_hz: float
    aircraft: int
    ack_wait_s: float
    faults: tuple[Fault, ...]
    one_at_a_time: bool = False


def draw_faults(
    seed: int, duration_s: float, wanted: dict[Kind, Times], lanes: Sequence[Lane] = LANES
) -> tuple[Fault, ...]:
    """Spread what is wanted over the duration, each lane in slots of its own, in random order.

    A slot is as long as what happens in it, and a share of the time that is left over.
    """
    faults: list[Fault] = []
    for number, lane in enumerate(lanes):
        dice = random.Random(f"{seed}/{number}")
        drawn = [
            (kind, length_s)
            for kind in lane
            if kind in wanted
            for length_s in wanted[kind].lengths_s(dice)
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

# Within so many seconds, and in a plan of another duration as many as fit into it.
LONG_S = 1_380.0
SHORTEST_S = 300.0
LONG = {
    Kind.WORKER_KILL: Times(104),
    Kind.BACKEND_KILL: Times(36),
    Kind.POSTMASTER_KILL: Times(16),
    Kind.BROKER_KILL: Times(21),
    Kind.PUBLISHER_CUT: Times(13, 5, 120),
    Kind.PUBLISHER_STALL: Times(3, 20, 120),
    Kind.INGEST_CUT: Times(7, 5, 120),
    Kind.INGEST_STALL: Times(3, 20, 120),
    Kind.RECONNECT_IN_COMMIT: Times(5, 3, 8),
    Kind.DATABASE_CUT: Times(6, 2, 40),
    Kind.DATABASE_STALL: Times(6, 5, 40),
    Kind.COMMIT_HANGS: Times(6, 12, 20),
    Kind.DISK_FULL: Times(5, 10, 25),
    Kind.DELIVERED_AGAIN: Times(8, 10, 30),
    Kind.CLOCK_JUMP: Times(8, 10, 60),
}

# What may be lost one at a time where everything is there more than once.
NODES = {
    Kind.STREAM_LEADER_KILL: Times(1),
    Kind.CLUSTER_LEADER_KILL: Times(1),
    Kind.BROKER_KILL: Times(1),
    Kind.WORKER_KILL: Times(2),
    Kind.BACKEND_KILL: Times(1),
    Kind.POSTMASTER_KILL: Times(1),
    Kind.REPLICA_KILL: Times(1),
}
# The same in the long plan, beside all of its faults.
LONG_NODES = LONG | {
    Kind.BROKER_KILL: Times(14),
    Kind.STREAM_LEADER_KILL: Times(7),
    Kind.CLUSTER_LEADER_KILL: Times(7),
    Kind.REPLICA_KILL: Times(14),
}


def nodes_plan(seed: int) -> Plan:
    """Each kind of node of the whole layout, leaders too, one after another; for CI."""
    return Plan(
        seed=seed,
        duration_s=20.0,
        rate_hz=200.0,
        aircraft=12,
        ack_wait_s=10.0,
        faults=draw_faults(seed, 20.0, NODES, lanes=[tuple(NODES)]),
        one_at_a_time=True,
    )


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


def long_plan(seed: int, duration_s: float = LONG_S, wanted: dict[Kind, Times] = LONG) -> Plan:
    """At 1,380 s: 104 worker, 52 database and 21 broker kills, 20 links cut for up to 120 s."""
    share = duration_s / LONG_S
    return Plan(
        seed=seed,
        duration_s=duration_s,
        rate_hz=500.0,
        aircraft=20,
        ack_wait_s=10.0,
        faults=draw_faults(
            seed, duration_s, {kind: times.share(share) for kind, times in wanted.items()}
        ),
    )
