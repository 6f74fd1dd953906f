"""What of a flight has arrived, what is missing, and how late it was.

Sequence numbers are the publisher's own, so a flight is only known from the first
number that arrived to the last: what was lost before or after leaves no trace here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from psycopg.rows import TupleRow
from psycopg.types.multirange import Multirange

from soramichi.domain.flight import Flight
from soramichi.store import arrays
from soramichi.store.pool import AsyncPool
from soramichi.store.reads import OF_FLIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A flight's samples by their sequence numbers.

    `stored` counts samples, numbered or not, `quarantined` those not yet settled.
    `expected` is how many numbers there are from the first to the last that was
    stored or is in quarantine, `missing` how many of them are neither, in the
    closed intervals `missing_ranges`; None and empty when no sample is numbered.
    `longest_gap` is the length of the longest of them, 0 without any.
    """

    flight: Flight
    stored: int
    quarantined: int
    expected: int | None
    missing: int | None
    missing_ranges: list[tuple[int, int]]
    longest_gap: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A flight's samples by their times.

    `longest_pause_s` lies between two observations and starts at
    `longest_pause_from`. Latencies are from observation, by the aircraft's
    clock, to the write of the transaction that stored the sample, by ingest's:
    its commit follows by the rest of that transaction. Negative when the
    aircraft's clock is ahead. All None when there is nothing to measure.
    """

    longest_pause_s: float | None
    longest_pause_from: datetime | None
    latency_p50_s: float | None
    latency_p99_s: float | None


_NUMBERS = """
    SELECT f.flight_id, f.aircraft_id, f.first_observed_at, f.last_observed_at, f.sample_count,
           f.seq_stored + coalesce(q.seqs, '{}'), coalesce(q.items, 0)
      FROM flights f JOIN aircraft a USING (aircraft_id)
      LEFT JOIN LATERAL (
           SELECT count(*) AS items, range_agg(int8range(seq, seq, '[]')) AS seqs
             FROM quarantine WHERE operator_id = a.operator_id AND aircraft_id = f.aircraft_id
              AND flight_label = f.label AND settled_at IS NULL) q ON true
"""
_LAST_FIRST = """
     ORDER BY f.last_observed_hour DESC, f.last_observed_at DESC, f.flight_id DESC LIMIT %(limit)s
"""
PAGE = _NUMBERS + _LAST_FIRST
PAGE_BEFORE = f"""{_NUMBERS}
     WHERE (f.last_observed_at, f.flight_id) < (%(at)s, %(flight)s)
       AND f.last_observed_hour <= date_bin('1 hour', %(at)s, 'epoch')
{_LAST_FIRST}"""


async def numbers(pool: AsyncPool, flight_id: str) -> Numbers | None:
    """One flight's numbers, or None when there is no such flight."""
    async with pool.connection() as connection:
        cursor = await connection.execute(f"{_NUMBERS} WHERE f.flight_id = %s", (flight_id,))
        row = await cursor.fetchone()
        return _numbers(row) if row else None


async def page(
    pool: AsyncPool, *, limit: int, before: tuple[datetime, str] | None = None
) -> list[Numbers]:
    """The flights last observed, newest first; `before` continues after that (time, id)."""
    at, flight = before or (None, None)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            PAGE_BEFORE if before else PAGE, {"at": at, "flight": flight, "limit": limit}
        )
        return [_numbers(row) for row in await cursor.fetchall()]


async def times(pool: AsyncPool, of: Flight) -> Times:
    """How a flight's samples lie in time; reads all of them."""
    async with pool.connection() as connection:
        row = await arrays.fetch(
            connection,
            f"SELECT {arrays.aggregates(('time', 'stored_at'))} FROM {OF_FLIGHT}",
            (of.aircraft_id, of.flight_id, of.first_observed_at, of.last_observed_at),
        )
    observed, stored = (arrays.integers(column) for column in row)
    if not len(observed):
        return Times(
            longest_pause_s=None, longest_pause_from=None, latency_p50_s=None, latency_p99_s=None
        )
    p50, p99 = (float(one) / 1e6 for one in np.percentile(stored - observed, (50, 99)))
    pauses = np.diff(observed)
    at = int(pauses.argmax()) if len(pauses) else None
    return Times(
        longest_pause_s=None if at is None else float(pauses[at]) / 1e6,
        longest_pause_from=None if at is None else arrays.moments(observed[at : at + 1])[0],
        latency_p50_s=p50,
        latency_p99_s=p99,
    )


def _numbers(row: TupleRow) -> Numbers:
    *about, settled, quarantined = row
    runs = _runs(settled)
    gaps = [(before[1] + 1, after[0] - 1) for before, after in pairwise(runs)]
    lengths = [last - first + 1 for first, last in gaps]
    return Numbers(
        flight=Flight(**dict(zip(Flight.__slots__, about, strict=True))),
        stored=about[-1],
        quarantined=quarantined,
        expected=runs[-1][1] - runs[0][0] + 1 if runs else None,
        missing=sum(lengths) if runs else None,
        missing_ranges=gaps,
        longest_gap=max(lengths, default=0) if runs else None,
    )


def _runs(settled: Multirange[int]) -> Sequence[tuple[int, int]]:
    # In order, as [lower, upper), neither of them open.
    return [(one.lower or 0, (one.upper or 0) - 1) for one in settled]
