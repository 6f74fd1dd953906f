"""The truth against the tables: every accepted sample there once, unchanged, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ingest.screening import TIME_AHEAD
from soramichi.store import quarantine
from soramichi.store.copying import COLUMNS
from soramichi.store.pool import Connection
from soramichi.store.rows import SAMPLE_COLUMNS
from tests.faults.ledger import AircraftLedger, Ledger, decode
from tests.faults.traffic import is_bad

Numbers = dict[str, list[int]]  # per aircraft
Rows = dict[int, list[tuple[Any, ...]]]  # per number
# Between the shifts of a clock by whole hours and the longest delay of a plan.
AHEAD = timedelta(minutes=30)


@dataclass(slots=True)
class Verdict:
    """What was found; `ok` when nothing is wrong.

    `stored` counts accepted samples found in `telemetry`, `quarantined` those
    found there because they were out of range. `lost` are in neither, `doubled`
    more than once, `altered` not as they were sent, `foreign` rows that nobody sent.
    """

    sent: int = 0
    stored: int = 0
    quarantined: int = 0
    lost: Numbers = field(default_factory=dict)
    doubled: Numbers = field(default_factory=dict)
    altered: Numbers = field(default_factory=dict)
    foreign: int = 0
    unreceipted: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the run passed."""
        return not (
            self.lost
            or self.doubled
            or self.altered
            or self.foreign
            or self.unreceipted
            or self.faults
        )

    def document(self) -> dict[str, Any]:
        """For JSON: counts, and the numbers concerned, at most 100 of an aircraft."""
        counts = {
            name: sum(map(len, value.values())) if isinstance(value, dict) else value
            for name, value in asdict(self).items()
        }
        which = {
            name: {aircraft: numbers[:100] for aircraft, numbers in getattr(self, name).items()}
            for name in ("lost", "doubled", "altered")
        }
        return counts | {"which": which, "ok": self.ok}


def judge(connection: Connection, ledger: Ledger) -> Verdict:
    """Compare everything; the ledgers must be complete and the workers ended."""
    verdict = Verdict(sent=ledger.total())
    for one in ledger.aircraft.values():
        _aircraft(connection, one, verdict)
    verdict.foreign += _rows_of_others(connection, ledger)
    verdict.faults += _books(connection)
    verdict.faults += _rollups(connection)
    return verdict


def _aircraft(connection: Connection, ledger: AircraftLedger, verdict: Verdict) -> None:
    found, flagged, foreign = _stored(connection, ledger)
    rejected = _rejected(connection, ledger.aircraft_id)
    verdict.foreign += foreign
    newest: datetime | None = None
    ahead = 0
    for number, body in enumerate(ledger.bodies()):
        rows = found.get(number, [])
        bad = is_bad(number)
        copies = len(rows) + (rejected.pop(body, 0) if bad else 0)
        if copies != 1:
            which = verdict.doubled if copies else verdict.lost
            which.setdefault(ledger.aircraft_id, []).append(number)
        if bad:
            verdict.quarantined += copies > 0
            continue
        verdict.stored += copies > 0
        sample = decode(body)
        if any(row != msgspec.structs.astuple(sample)[:-1] for row in rows):
            verdict.altered.setdefault(ledger.aircraft_id, []).append(number)
        if sample.time - ledger.time(number) > AHEAD:
            ahead += 1
        else:
            newest = max(sample.time, newest or sample.time)
    if rejected:
        verdict.faults.append(f"{ledger.aircraft_id}: {sum(rejected.values())} good in quarantine")
    if flagged != ahead:
        verdict.faults.append(f"{ledger.aircraft_id}: {flagged} flagged as ahead, {ahead} were")
    verdict.faults += _flight(connection, ledger, found)
    verdict.faults += _state(connection, ledger.aircraft_id, newest)


def _stored(connection: Connection, ledger: AircraftLedger) -> tuple[Rows, int, int]:
    """The rows of an aircraft by number, how many are flagged as ahead, how many nobody sent."""
    rows = connection.execute(
        f"SELECT flags, flight_id, {', '.join(SAMPLE_COLUMNS)} FROM telemetry"
        " WHERE aircraft_id = %s",
        (ledger.aircraft_id,),
    ).fetchall()
    found: Rows = {}
    foreign = flagged = 0
    for flags, flight_id, *values in rows:
        number = values[SAMPLE_COLUMNS.index("seq")]
        flagged += TIME_AHEAD in (flags or ())
        if flight_id == ledger.flight and number in range(len(ledger.accepted_at_s)):
            found.setdefault(number, []).append(tuple(values))
        else:
            foreign += 1
    return found, flagged, foreign


def _rejected(connection: Connection, aircraft_id: str) -> Counter[bytes]:
    rows = connection.execute("SELECT topic, original FROM quarantine").fetchall()
    return Counter(
        bytes(original) for topic, original in rows if topic.split("/")[3] == aircraft_id
    )


def _flight(connection: Connection, ledger: AircraftLedger, found: Rows) -> Iterator[str]:
    """The flight's own count and numbers, kept up batch by batch, against its rows."""
    row = connection.execute(
        "SELECT sample_count, seq_stored FROM flights WHERE aircraft_id = %s AND label = %s",
        (ledger.aircraft_id, ledger.flight),
    ).fetchone()
    count, runs = row or (0, ())
    rows = sum(map(len, found.values()))
    if count != rows:
        yield f"{ledger.aircraft_id}: the flight counts {count} samples and has {rows}"
    numbers = {number for run in runs for number in range(run.lower, run.upper)}
    if numbers != found.keys():
        yield f"{ledger.aircraft_id}: seq_stored differs from its rows"


def _state(connection: Connection, aircraft_id: str, newest: datetime | None) -> Iterator[str]:
    row = connection.execute(
        "SELECT FROM latest_state l JOIN telemetry t USING (aircraft_id, time)"
        f" WHERE aircraft_id = %s AND time = %s AND ({_of('l')}) IS NOT DISTINCT FROM ({_of('t')})",
        (aircraft_id, newest),
    ).fetchone()
    if row is None:
        yield f"{aircraft_id}: latest_state is not its newest sample, of {newest}"


def _of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in COLUMNS)


def _rows_of_others(connection: Connection, ledger: Ledger) -> int:
    row = connection.execute(
        "SELECT count(*) FROM telemetry WHERE NOT aircraft_id = ANY(%s)", (list(ledger.aircraft),)
    ).fetchone()
    assert row is not None
    return int(row[0])


def _books(connection: Connection) -> Iterator[str]:
    """Received = stored + duplicate + quarantined, and as many rows as the books say."""
    stored = _counts(
        connection,
        "SELECT operator_id, count(*) FROM telemetry JOIN aircraft USING (aircraft_id) GROUP BY 1",
    )
    kept = _counts(connection, "SELECT operator_id, count(*) FROM quarantine GROUP BY 1")
    for operator_id, books in quarantine.accounts(connection).items():
        if books.received != books.stored + books.duplicate + books.quarantined:
            yield f"the books of {operator_id!r} do not balance: {books}"
        found = stored.get(operator_id, 0), kept.get(operator_id or None, 0)
        if found != (books.stored, books.quarantined):
            yield f"{operator_id!r} has {found} rows stored and quarantined, its books say {books}"


def _rollups(connection: Connection) -> Iterator[str]:
    """The rolled-up minutes, kept up batch by batch, against the samples."""
    samples = _counts(connection, "SELECT aircraft_id, count(*) FROM telemetry GROUP BY 1")
    rolled = "SELECT aircraft_id, sum(sample_count)::int8 FROM telemetry_1min GROUP BY 1"
    minutes = _counts(connection, rolled)
    if samples != minutes:
        yield f"telemetry_1min counts {minutes}, telemetry has {samples}"


def _counts(connection: Connection, query: str) -> dict[str | None, int]:
    return dict(connection.execute(query.encode()).fetchall())


def in_windows(
    ledger: Ledger, windows: Sequence[tuple[float, float]], numbers: Numbers | None = None
) -> int:
    """How many accepted samples, or of them those in `numbers`, fall into any of the windows."""
    total = 0
    for aircraft_id, one in ledger.aircraft.items():
        chosen: set[int] = set()
        for begin_s, end_s in windows:
            chosen.update(range(*one.between(begin_s, end_s)))
        total += len(chosen if numbers is None else chosen & set(numbers.get(aircraft_id, ())))
    return total
