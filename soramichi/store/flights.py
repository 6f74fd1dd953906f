"""Flights as they grow: which flight a sample belongs to, and what of it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from psycopg.types.range import Range

from soramichi.domain.publication import step_of
from soramichi.domain.wire import Receipt
from soramichi.store.pool import Connection
from soramichi.store.recordset import records, recordset

# `~` and `@` occur in no aircraft id and no label, so the three kinds of id never meet.
_TAKEN = "~"
_UNNAMED = "@"
_PROGRESS = recordset(
    id="text",
    first="timestamptz",
    last="timestamptz",
    first_in="timestamptz",
    last_in="timestamptz",
    added="int8",
    seqs="text",
)


class Progress(NamedTuple):
    """What a batch stores of one flight; `seqs` are its sequence numbers, in closed ranges."""

    first_observed_at: datetime
    last_observed_at: datetime
    first_received_at: datetime
    last_received_at: datetime
    samples: int
    seqs: list[tuple[int, int]]


class Key(NamedTuple):
    """What a receipt is about: a flight by the name its publisher gave it, or by its id."""

    operator_id: str
    aircraft_id: str
    label: str | None
    flight_id: str | None


def named(
    connection: Connection, labels: Mapping[tuple[str, str], datetime]
) -> dict[tuple[str, str], str]:
    """The flight id for each (aircraft, label), made on first use.

    The id is the label itself, or `label~aircraft` when another aircraft flew
    under that label before. `labels` gives the first time seen, for new flights.
    """
    if not labels:
        return {}
    keys = sorted(labels)
    aircraft, names = [key[0] for key in keys], [key[1] for key in keys]
    for suffix in ("", f" || '{_TAKEN}' || a"):
        connection.execute(
            "INSERT INTO flights"
            " (flight_id, aircraft_id, label, first_observed_at, last_observed_at)"
            f" SELECT l{suffix}, a, l, t, t"
            " FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS i (a, l, t)"
            " WHERE NOT EXISTS (SELECT FROM flights WHERE aircraft_id = a AND label = l)"
            " ORDER BY a, l ON CONFLICT DO NOTHING",
            (aircraft, names, [labels[key] for key in keys]),
        )
    found = connection.execute(
        "SELECT f.aircraft_id, f.label, f.flight_id FROM flights f"
        " JOIN unnest(%s::text[], %s::text[]) AS i (a, l) ON f.aircraft_id = a AND f.label = l",
        (aircraft, names),
    )
    return {(aircraft_id, label): flight_id for aircraft_id, label, flight_id in found}


def unnamed(
    connection: Connection, times: Mapping[str, Sequence[datetime]], *, gap: timedelta
) -> dict[tuple[str, datetime], str]:
    """The flight id for each (aircraft, time) of samples that name no flight.

    Observations no further apart than `gap` are one flight, whatever the order
    they arrive in; a new flight is `aircraft@time`, the step of time in which it began.
    """
    if not times:
        return {}
    known: dict[str, list[_Span]] = {aircraft_id: [] for aircraft_id in times}
    rows = connection.execute(
        "SELECT f.aircraft_id, f.flight_id, f.first_observed_at, f.last_observed_at FROM flights f"
        " JOIN unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS i (a, since, until)"
        " ON f.aircraft_id = a AND f.label IS NULL"
        " AND f.last_observed_at >= since AND f.first_observed_at <= until"
        " AND f.last_observed_hour >= date_bin('1 hour', since, 'epoch')",
        (
            list(times),
            [min(moments) - gap for moments in times.values()],
            [max(moments) + gap for moments in times.values()],
        ),
    )
    for aircraft_id, flight_id, first, last in rows:
        known[aircraft_id].append(_Span(flight_id, first, last))
    ids = {}
    for aircraft_id, moments in times.items():
        for moment in sorted(moments):
            span = _span_near(known[aircraft_id], moment, gap)
            if span is None:
                # Ids are public: no finer than the times of an operator who is shown coarsely.
                stamp = step_of(moment).strftime("%Y%m%dT%H%M%SZ")
                span = _Span(f"{aircraft_id}{_UNNAMED}{stamp}", moment, moment)
                known[aircraft_id].append(span)
                _insert(connection, aircraft_id, span)
            span.first, span.last = min(span.first, moment), max(span.last, moment)
            ids[aircraft_id, moment] = span.flight_id
    return ids


class _Span:
    """The extent of a flight while a batch is sorted into it."""

    def __init__(self, flight_id: str, first: datetime, last: datetime) -> None:
        self.flight_id, self.first, self.last = flight_id, first, last


def _span_near(spans: Iterable[_Span], moment: datetime, gap: timedelta) -> _Span | None:
    near = [span for span in spans if span.first - gap <= moment <= span.last + gap]
    return min(near, key=lambda span: abs(moment - span.last), default=None)


def _insert(connection: Connection, aircraft_id: str, span: _Span) -> None:
    connection.execute(
        "INSERT INTO flights (flight_id, aircraft_id, first_observed_at, last_observed_at)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (flight_id) DO NOTHING",
        (span.flight_id, aircraft_id, span.first, span.last),
    )


def advance(connection: Connection, progress: Mapping[str, Progress]) -> None:
    """Add what a batch stores to its flights, none of which may be empty."""
    if not progress:
        return
    connection.execute(
        "UPDATE flights SET"
        " first_observed_at = least(first_observed_at, first),"
        " last_observed_at = greatest(last_observed_at, last),"
        " first_received_at = least(first_received_at, first_in),"
        " last_received_at = greatest(last_received_at, last_in),"
        " sample_count = sample_count + added,"
        " seq_stored = seq_stored + seqs::int8multirange"
        f" FROM {_PROGRESS} WHERE flight_id = id",
        [
            records(
                (flight_id, *one[:-1], _multirange(one.seqs)) for flight_id, one in progress.items()
            )
        ],
    )


def receipts(connection: Connection, keys: Iterable[Key]) -> list[tuple[Key, Receipt]]:
    """What is settled of each flight right now: its stored numbers and those in quarantine.

    An operator is told only of flights of its own aircraft, and of what it sent
    under another's.
    """
    listed = list(keys)
    rows = connection.execute(
        """
        SELECT coalesce(
                 (SELECT f.seq_stored FROM flights f JOIN aircraft c USING (aircraft_id)
                   WHERE c.operator_id = k.o AND f.aircraft_id = k.a
                     AND CASE WHEN k.l IS NULL THEN f.flight_id = k.f ELSE f.label = k.l END),
                 '{}')
             + coalesce(
                 (SELECT range_agg(int8range(q.seq, q.seq, '[]')) FROM quarantine q
                   WHERE q.operator_id = k.o AND q.aircraft_id = k.a AND q.flight_label = k.l
                     AND q.settled_at IS NULL),
                 '{}'),
               (SELECT count(*) FROM quarantine q
                 WHERE q.operator_id = k.o AND q.aircraft_id = k.a AND q.settled_at IS NULL)
          FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
               WITH ORDINALITY AS k (o, a, l, f, position)
         ORDER BY position
        """,
        [list(column) for column in zip(*listed, strict=True)] if listed else [[], [], [], []],
    )
    return [(key, _receipt(key, *row)) for key, row in zip(listed, rows, strict=True)]


def _multirange(runs: Iterable[tuple[int, int]]) -> str:
    """PostgreSQL's text for closed ranges of numbers.

    >>> _multirange([(1, 3), (7, 7)])
    '{[1,3],[7,7]}'
    """
    return "{" + ",".join(f"[{first},{last}]" for first, last in runs) + "}"


def _receipt(key: Key, settled: Sequence[Range[int]], quarantined: int) -> Receipt:
    # psycopg gives a multirange's ranges in order, as [lower, upper).
    runs = [(one.lower or 0, (one.upper or 0) - 1) for one in settled]
    return Receipt(
        flight=key.label,
        committed_through=runs[0][1] if runs else None,
        missing=[(before[1] + 1, after[0] - 1) for before, after in pairwise(runs)],
        quarantined=quarantined,
        settled_from=runs[0][0] if runs else None,
        settled_through=runs[-1][1] if runs else None,
    )
