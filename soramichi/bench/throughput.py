"""Samples a second through one consumer, from the first publication to the last commit.

Where nothing is stored, to the last acknowledgement.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain

import psutil

from soramichi.bench import stage, stream
from soramichi.bench.contenders import TIMEOUT_S, Consumer, await_word, variables
from soramichi.bench.plain_mqtt import Group, Plain, encode
from soramichi.bench.stage import Stage
from soramichi.embedded.nats import PLATFORM
from soramichi.embedded.processes import Child
from soramichi.errors import Unavailable
from soramichi.settings import DatabaseSettings
from soramichi.store import pool

# Unacknowledged messages of the publisher: enough that it never waits for one round trip.
_WINDOW = 2_000


@dataclass(frozen=True, slots=True)
class Load:
    """A stream, encoded once for all consumers."""

    samples: int
    groups: list[Group]

    @property
    def messages(self) -> int:
        """How many messages it is."""
        return self.groups[-1].first + self.groups[-1].messages


def load(samples: int, *, per_message: int = 1, together: int = 50) -> Load:
    """The first `samples` of the stream."""
    return Load(
        samples, encode(stream.messages(samples, per_message=per_message), together=together)
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: samples a second, and CPU time of the consumer a sample."""

    per_second: float
    cpu_us: float


def measure(where: Stage, kind: str, consumer: Consumer, what: Load) -> Figure:
    """One consumer, once. Raises TimeoutError or Unavailable when it does not get through."""
    with ExitStack() as stack:
        users = stack.enter_context(where.broker(kind, workers=consumer.workers))
        database = where.database()
        children = consumer.start(where, variables(users[PLATFORM], database), what.messages)
        for child in children:
            stack.callback(child.stop)
        for child in children:
            await_word("ready", child)
        publisher = Plain(users[stream.OPERATOR], "bench-publisher")
        stack.callback(publisher.close)
        cpu_before = _cpu_s(children)
        began = time.time()  # the clock of the database, too
        publisher.flood(what.groups, window=_WINDOW)
        if consumer.stores:
            stage.wait_for(database, what.samples, timeout_s=TIMEOUT_S)
        else:
            await_word("done", children[0])
        ended = time.time()
        cpu_s = _cpu_s(children) - cpu_before
        if consumer.stores:
            verify(database, what.samples)
            # Not when we had counted the rows, which takes a second a million.
            ended = stage.last_commit(database)
        took_s = ended - began
    return Figure(what.samples / took_s, 1e6 * cpu_s / what.samples)


def _cpu_s(children: Sequence[Child]) -> float:
    """CPU time used so far; Node's wheel starts the real program as a child of a script."""
    parents = [psutil.Process(child.pid) for child in children]
    everyone = chain.from_iterable([one, *one.children(recursive=True)] for one in parents)
    times = [one.cpu_times() for one in everyone]
    return sum(one.user + one.system for one in times)


def verify(database: DatabaseSettings, samples: int) -> None:
    """Raises `Unavailable` when what is stored is not what was sent."""
    with pool.connect(database, application="bench") as connection:
        [(stored,)] = connection.execute("SELECT count(*) FROM telemetry").fetchall()
    if stored != samples:
        raise Unavailable(f"{stored} rows are stored of {samples} samples")
