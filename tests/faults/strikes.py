"""How each fault is carried out against the running system, and who is affected."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from soramichi.errors import Unavailable
from tests.faults.plan import Fault, Kind
from tests.faults.traffic import Echo, Publisher
from tests.faults.world import Supervised, World
from tests.proxy import Proxy

# How long a victim is waited for, for example the session of a worker that is just starting.
PATIENCE_S = 120.0
JUMPS_H = (-5, -2, -1, 1, 2, 6)


class Striker:
    """Carries faults out, each on the thread of its caller."""

    def __init__(self, world: World, publishers: Sequence[Publisher], seed: int) -> None:
        self._world = world
        self._publishers = publishers
        self._seed = seed

    def scope(self, fault: Fault) -> set[str]:
        """The operators whose samples a fault can hold up."""
        if fault.kind in {
            Kind.PUBLISHER_CUT,
            Kind.PUBLISHER_STALL,
            Kind.CLOCK_JUMP,
            Kind.DELIVERED_AGAIN,
        }:
            return {self._publisher(fault).operator_id}
        return {one.operator_id for one in self._publishers}

    def strike(self, fault: Fault) -> AbstractContextManager[None]:
        """The fault lasts while the context does; a kill is over when it is entered.

        Entering raises `Unavailable` when no victim can be found.
        """
        if fault.kind.value.endswith("kill -9"):
            return _kill(*self._victim(fault))
        match fault.kind:
            case Kind.COMMIT_HANGS | Kind.RECONNECT_IN_COMMIT:
                return self._sessions_stopped(reconnect=fault.kind is Kind.RECONNECT_IN_COMMIT)
            case Kind.DISK_FULL:
                return self._world.disk.full()
            case Kind.DELIVERED_AGAIN:
                return self._delivered_again(fault)
            case Kind.CLOCK_JUMP:
                return self._clock_wrong(fault)
            case _:
                stalled = fault.kind.value.endswith("stall")
                return _broken(self._link(fault), Proxy.stall if stalled else Proxy.cut)

    def _victim(self, fault: Fault) -> tuple[Callable[[], bool], str]:
        """How to kill what a fault is for (false when it is not there), and what that is."""
        world = self._world
        match fault.kind:
            case Kind.WORKER_KILL:
                return _one(world.workers, fault).kill, "running worker"
            case Kind.BACKEND_KILL:
                return lambda: self._kill_session(fault), "database session of a worker"
            case Kind.POSTMASTER_KILL:
                return world.database.kill, "running postmaster"
            case Kind.REPLICA_KILL:
                assert world.replica is not None
                return world.replica.kill, "running replica"
            case Kind.STREAM_LEADER_KILL:
                return lambda: self._kill_node(world.broker.stream_leader()), "stream leader"
            case Kind.CLUSTER_LEADER_KILL:
                return lambda: self._kill_node(world.broker.cluster_leader()), "cluster leader"
        number = int(fault.draw * len(world.nodes))
        return lambda: self._kill_node(number), "broker node that may be spared"

    def _kill_node(self, number: int | None) -> bool:
        """Of a cluster one node at a time: only when the others can go on without it."""
        world = self._world
        return number is not None and world.broker.healthy() and world.nodes[number].kill()

    def _publisher(self, fault: Fault) -> Publisher:
        return self._publishers[int(fault.draw * len(self._publishers))]

    def _link(self, fault: Fault) -> Proxy:
        if fault.kind in {Kind.DATABASE_CUT, Kind.DATABASE_STALL}:
            return self._world.database_link
        if fault.kind in {Kind.INGEST_CUT, Kind.INGEST_STALL}:
            return self._world.ingest_link
        return self._world.publisher_links[self._publisher(fault).operator_id]

    def _kill_session(self, fault: Fault) -> bool:
        sessions = self._world.worker_sessions()
        if not sessions:
            return False
        return _signal(sessions[int(fault.draw * len(sessions))], signal.SIGKILL)

    @contextmanager
    def _sessions_stopped(self, *, reconnect: bool) -> Iterator[None]:
        stopped: list[int] = []

        def stop() -> bool:
            stopped.extend(
                pid for pid in self._world.worker_sessions() if _signal(pid, signal.SIGSTOP)
            )
            return bool(stopped)

        _until(stop, "database session of a worker")
        try:
            if reconnect:
                self._world.ingest_link.cut()
                self._world.ingest_link.restore()
            yield
        finally:
            for pid in stopped:
                _signal(pid, signal.SIGCONT)

    @contextmanager
    def _delivered_again(self, fault: Fault) -> Iterator[None]:
        publisher = self._publisher(fault)
        user = self._world.user(publisher.operator_id)
        with Echo(publisher, user, seed=f"{self._seed}/{fault.at_s}"):
            yield

    @contextmanager
    def _clock_wrong(self, fault: Fault) -> Iterator[None]:
        hours = JUMPS_H[int(fault.draw * 1_000) % len(JUMPS_H)]
        self._publisher(fault).clock_ahead(timedelta(hours=hours))
        try:
            yield
        finally:
            self._publisher(fault).clock_ahead(timedelta())


def _one(workers: Sequence[Supervised], fault: Fault) -> Supervised:
    return workers[int(fault.draw * len(workers))]


@contextmanager
def _kill(kill: Callable[[], bool], what: str) -> Iterator[None]:
    _until(kill, what)
    yield


@contextmanager
def _broken(link: Proxy, how: Callable[[Proxy], None]) -> Iterator[None]:
    how(link)
    try:
        yield
    finally:
        link.restore()


def _signal(pid: int, number: signal.Signals) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _until(done: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline_s:
            raise Unavailable(f"no {what} was there to strike at within {PATIENCE_S:.0f} s")
        time.sleep(0.1)
