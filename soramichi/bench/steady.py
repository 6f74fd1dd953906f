"""Ingest at a steady rate: how long until a sample is committed, and what an outage costs."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from typing import NamedTuple

import psutil

from soramichi.bench import stage, stream
from soramichi.bench.contenders import TIMEOUT_S, await_word, consumers, variables
from soramichi.bench.plain_mqtt import Group, Plain
from soramichi.bench.stage import Stage
from soramichi.bench.throughput import Load, load, verify
from soramichi.embedded.nats import PLATFORM
from soramichi.store import pool

# At the start aircraft, flights and the database's plans are new, and a backlog builds up.
_COLD_S = 1.0


class Latencies(NamedTuple):
    """From publication to commit in milliseconds, of the first second and of the rest; sorted."""

    cold_ms: list[float]
    steady_ms: list[float]


def latencies(where: Stage, kind: str, *, per_second: float, seconds: float) -> Latencies:
    """Of each message sent at this rate, for a second and then `seconds`.

    The database remembers when each transaction committed; both clocks are this machine's.
    """
    aircraft = len(stream.AIRCRAFT)
    samples = max(1, round(per_second * (_COLD_S + seconds) / aircraft)) * aircraft
    what = load(samples, together=max(1, round(per_second / 1_000)))
    with ExitStack() as stack:
        users = stack.enter_context(where.broker(kind))
        database = where.database()
        [child] = consumers(kind)["ours"].start(
            where, variables(users[PLATFORM], database), samples
        )
        stack.callback(child.stop)
        await_word("ready", child)
        publisher = Plain(users[stream.OPERATOR], "bench-publisher")
        stack.callback(publisher.close)
        left_at = publisher.pace(what.groups, per_second=per_second)
        stage.wait_for(database, samples, timeout_s=TIMEOUT_S)
        with pool.connect(database, application="bench") as connection:
            rows = connection.execute(
                "SELECT aircraft_id, seq,"
                " extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM telemetry"
            ).fetchall()
    number = {one: position for position, one in enumerate(stream.AIRCRAFT)}
    published = [(left_at[seq * aircraft + number[one]], at) for one, seq, at in rows]
    steady_at = left_at[0] + _COLD_S
    return Latencies(
        sorted(1e3 * (at - left) for left, at in published if left < steady_at),
        sorted(1e3 * (at - left) for left, at in published if left >= steady_at),
    )


def outage_growth_mb(where: Stage, *, per_second: float, seconds: float) -> tuple[float, float]:
    """By how much the worker grows while the database is away and publishing goes on.

    Returns (in the first quarter, while it takes what it may hold; in the rest, which
    should be nothing). Before, it has stored for two seconds, so that what it always
    needs is there. Afterwards everything must be stored. Raises TimeoutError otherwise.
    """
    aircraft = len(stream.AIRCRAFT)
    ends = [
        round(per_second * until_s / aircraft) * aircraft
        for until_s in (2.0, 2.0 + seconds / 4, 2.0 + seconds)
    ]
    what = load(ends[-1], together=50)
    with ExitStack() as stack:
        users = stack.enter_context(where.broker("nats"))
        database = where.database()
        [child] = consumers("nats")["ours"].start(where, variables(users[PLATFORM], database), 0)
        stack.callback(child.stop)
        await_word("ready", child)
        publisher = Plain(users[stream.OPERATOR], "bench-publisher")
        stack.callback(publisher.close)
        process = psutil.Process(child.pid)
        sizes = []
        publisher.pace(_part(what, 0, ends[0]), per_second=per_second)
        stage.wait_for(database, ends[0], timeout_s=TIMEOUT_S)
        sizes.append(process.memory_info().rss)
        where.stop_database()
        try:
            for first, end in pairwise(ends):
                publisher.pace(_part(what, first, end), per_second=per_second)
                sizes.append(process.memory_info().rss)
        finally:
            where.start_database()
        stage.wait_for(database, what.samples, timeout_s=TIMEOUT_S)
        verify(database, what.samples)
    taken, grown = (1e-6 * (after - before) for before, after in pairwise(sizes))
    return taken, grown


def _part(what: Load, first: int, end: int) -> list[Group]:
    """The messages from `first` until `end`, counted anew, as `Plain.pace` wants them."""
    return [
        group._replace(first=group.first - first)
        for group in what.groups
        if first <= group.first < end
    ]
