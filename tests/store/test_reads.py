"""What the API reads: right, through indexes, and without writing anything."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from psycopg.conninfo import conninfo_to_dict

from soramichi.settings import DatabaseSettings
from soramichi.store import completeness, flights, migrate, pool, reads, registry, telemetry
from soramichi.store.pool import AsyncPool, Connection
from soramichi.store.reads import Box
from soramichi.store.rows import Row
from tests.builders import a_sample, append, progress
from tests.servers import publish_operator

START = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
T = TypeVar("T")


def read(database: DatabaseSettings, question: Callable[[AsyncPool], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with pool.async_pool(database, application="test") as opened:
            return await question(opened)

    return asyncio.run(ask())


def fly(connection: Connection, aircraft: str, seconds: list[float], **members: Any) -> list[Row]:
    """Store one flight, named like its aircraft."""
    times = [START + timedelta(seconds=second) for second in seconds]
    rows = [
        Row(
            aircraft, aircraft, None, START,
            a_sample(time=time, flight=aircraft,
                     **{name: value(at) if callable(value) else value
                        for name, value in members.items()}),
        )
        for at, time in enumerate(times)
    ]  # fmt: skip
    with connection.transaction():
        telemetry.ensure_partitions(connection, [min(times), max(times)])
        registry.claim(connection, {aircraft: "mie-demo"})
        flights.named(connection, {(aircraft, aircraft): times[0]})
        append(connection, rows)
        telemetry.advance_latest(connection, [rows[-1].key])
        seqs = [row.sample.seq for row in rows if row.sample.seq is not None]
        flights.advance(connection, {aircraft: progress(times, times, seqs)})
    return rows


@pytest.fixture(autouse=True)
def _published(database: DatabaseSettings) -> None:
    publish_operator(database, "mie-demo")


def the_track(database: DatabaseSettings, flight_id: str, *, points: int) -> reads.Track:
    async def ask(opened: AsyncPool) -> reads.Track:
        flight = await reads.public_flight(opened, flight_id)
        assert flight is not None
        return await reads.public_track(opened, flight, points=points)

    return read(database, ask)


def test_a_whole_track_is_exactly_what_was_sent(
    connection: Connection, database: DatabaseSettings
) -> None:
    rows = fly(
        connection, "JA01", [0, 0.000001, 2],
        longitude_deg=lambda at: 136.8 + at / 7, ground_speed_mps=lambda at: [None, 0.0, 52.1][at],
    )  # fmt: skip

    track = the_track(database, "JA01", points=100)

    samples = [row.sample for row in rows]
    assert track.times == [sample.time for sample in samples]
    assert track.longitudes_deg == [sample.longitude_deg for sample in samples]
    assert track.ground_speeds_mps == [None, 0.0, 52.1]
    assert track.tracks_deg == [None, None, None]
    assert track.altitude_datum == "AMSL"
    assert track.received_at == [START] * 3


def test_a_thinned_track_keeps_its_one_corner(
    connection: Connection, database: DatabaseSettings
) -> None:
    fly(
        connection, "JA01", list(range(1_000)),
        longitude_deg=lambda at: 136.8 + 0.0005 * min(at, 371),
        latitude_deg=lambda at: 34.3 + 0.0005 * max(0, at - 371),
    )  # fmt: skip

    track = the_track(database, "JA01", points=3)

    assert track.times[1] == START + timedelta(seconds=371)
    assert len(track.times) == 3


def test_heights_of_two_datums_are_said_not_to_be_comparable(
    connection: Connection, database: DatabaseSettings
) -> None:
    fly(connection, "JA01", [0, 1, 2], altitude_datum=lambda at: ["AMSL", "AGL", "AMSL"][at])

    assert the_track(database, "JA01", points=2).altitude_datum is None


BOX = Box(136.82, 34.32, 136.87, 34.37)


def scattered(connection: Connection) -> list[Row]:
    chance = random.Random(3)
    rows = []
    for aircraft in ("JA01", "JA02", "JA03"):
        rows += fly(
            connection, aircraft, sorted(chance.sample(range(900), 200)),
            longitude_deg=lambda _: chance.choice([136.82, 136.87, 136.8 + chance.random() / 10]),
            latitude_deg=lambda _: chance.choice([34.32, 34.37, 34.3 + chance.random() / 10]),
            altitude_datum=lambda _: chance.choice(["AMSL", "AGL"]),
        )  # fmt: skip
    return rows


def test_a_box_and_a_time_window_find_exactly_what_is_in_them(
    connection: Connection, database: DatabaseSettings
) -> None:
    rows = scattered(connection)
    since, until = START + timedelta(seconds=100), START + timedelta(seconds=700)
    expected = {
        row.key for row in rows
        if since <= row.sample.time < until
        and BOX.west_deg <= row.sample.longitude_deg <= BOX.east_deg
        and BOX.south_deg <= row.sample.latitude_deg <= BOX.north_deg
    }  # fmt: skip

    for _ in range(2):  # before and after the minutes are rolled up
        found = read(database, lambda p: reads.within(p, BOX, since, until, limit=10_000))
        assert len(found) == len(expected)
        assert {(one.aircraft_id, one.time) for one in found} == expected
        telemetry.refresh_rollups(connection, age=timedelta(0))
    first = read(database, lambda p: reads.within(p, BOX, since, until, limit=3))
    assert first == found[:3]


def plan(
    connection: Connection,
    statement: str,
    parameters: tuple[object, ...] | Mapping[str, object],
) -> str:
    lines = connection.execute(f"EXPLAIN {statement}".encode(), parameters).fetchall()
    return "\n".join(line for (line,) in lines)


@pytest.fixture
def busy(connection: Connection) -> Connection:
    """Enough rows, flights and aircraft that reading a whole table would be the dearer plan."""
    telemetry.ensure_partitions(connection, [START, START + timedelta(days=40)])
    connection.execute(
        "INSERT INTO telemetry (aircraft_id, time, flight_id, latitude_deg, longitude_deg,"
        " altitude_m, altitude_datum, received_at, stored_at)"
        " SELECT 'JA' || a, %s + n * interval '10 s', 'F' || a,"
        " 34 + a / 50.0 + random() / 100, 136.5, 300, 'AMSL', now(), now()"
        " FROM generate_series(1, 50) a, generate_series(1, 2000) n",
        (START,),
    )
    connection.execute(
        "SELECT mark_telemetry(array_agg(a), array_agg(m)) FROM (SELECT DISTINCT aircraft_id a,"
        " date_trunc('minute', time) m FROM telemetry) marks"
    )
    registry.claim(connection, {f"JA{number}": "mie-demo" for number in range(1, 51)})
    telemetry.refresh_rollups(connection, age=timedelta(0), most=1_000_000)
    connection.execute(
        "INSERT INTO latest_state (aircraft_id, time, flight_id, latitude_deg, longitude_deg,"
        " altitude_m, altitude_datum, received_at)"
        " SELECT 'X' || n, now(), 'F', 34, 136, 300, 'AMSL', now() - n * interval '1 min'"
        " FROM generate_series(1, 5000) n"
    )
    connection.execute("ANALYZE")
    return connection


def test_the_latest_states_are_found_by_an_index(busy: Connection) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)

    found = plan(busy, reads.LATEST_STATES, {"since": since})

    assert "latest_state_by_reception" in found


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (reads.EARLIEST, {"mark": START, "limit": 20}),
        (
            reads.PAGE,
            {"earliest": START - timedelta(hours=4), "mark": START, "after": "F9", "limit": 20},
        ),
        (completeness.PAGE_BEFORE, {"at": START, "flight": "F9", "limit": 20}),
        (completeness.PAGE, {"limit": 20}),
    ],
)
def test_the_last_flights_are_found_by_an_index(
    busy: Connection, statement: str, parameters: dict[str, object]
) -> None:
    busy.execute(
        "INSERT INTO flights (flight_id, aircraft_id, label, first_observed_at, last_observed_at)"
        " SELECT 'F' || n, 'JA1', 'F' || n, %(at)s - n * interval '10 min',"
        " %(at)s - n * interval '10 min'"
        " FROM generate_series(1, 50000) n",
        {"at": START},
    )
    busy.execute("ANALYZE flights")

    found = plan(busy, statement, parameters)

    assert "flights_by_time" in found
    assert "Seq Scan on flights" not in found


def test_a_track_is_found_by_an_index_in_its_own_partitions(busy: Connection) -> None:
    found = plan(
        busy,
        f"SELECT count(*) FROM {reads.OF_FLIGHT}",
        ("JA7", "F7", START, START + timedelta(hours=2)),
    )

    assert re.search(r"Index Scan (on|using) \S*pkey", found)
    assert "Seq Scan" not in found
    assert "2026_12" not in found  # another month


def test_a_box_and_a_time_window_are_found_by_indexes(busy: Connection) -> None:
    small = Box(136.5, 34.5, 136.51, 34.51)
    window = START + timedelta(hours=1), START + timedelta(hours=1, minutes=10)

    found = plan(busy, reads.WITHIN, (*small, *window, 100))

    if migrate.storage_kind(busy) == migrate.NATIVE:
        assert "telemetry_1min_kept_by_time" in found
        assert re.search(r"Index Scan (on|using) telemetry_2026_11_pkey", found)
    else:
        assert re.search(r"Index Scan (on|using) \S*telemetry_time_idx", found)
    assert not re.search(r"Seq Scan on (telemetry_2026_11|telemetry_1min|_hyper)", found)


@pytest.mark.usefixtures("timescale")
def test_a_track_and_a_box_in_the_columnstore_are_found_by_its_indexes(busy: Connection) -> None:
    busy.execute("SELECT public.compress_chunk(c) FROM public.show_chunks('telemetry') c")
    busy.execute("VACUUM ANALYZE telemetry")
    flight = "JA7", "F7", START, START + timedelta(hours=2)
    box = *Box(136.5, 34.5, 136.51, 34.51), START, START + timedelta(minutes=10), 100

    # A few pages of columns are read whole the cheapest; the question here is what can be used.
    busy.execute("SET enable_seqscan = off")
    track = plan(busy, f"SELECT count(*) FROM {reads.OF_FLIGHT}", flight)
    within = plan(busy, reads.WITHIN, box)

    assert "ColumnarScan" in track
    assert re.search(r"Index Scan using compress_hyper_\S+aircraft_id\S*", track)
    assert "_ts_meta_v2_min_latitude_deg" in within


def test_reads_work_where_nothing_can_be_written(
    connection: Connection, database: DatabaseSettings
) -> None:
    """As on a replica, whose transactions are all read-only."""
    fly(connection, "JA01", [0, 1, 5], seq=lambda at: [1, 2, 4][at])
    name = conninfo_to_dict(database.url)["dbname"]
    connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())

    assert [f.flight_id for f in read(database, lambda p: reads.public_flights(p, limit=9))] == [
        "JA01"
    ]
    assert len(the_track(database, "JA01", points=2).times) == 2
    assert read(database, lambda p: reads.latest_states(p, since=START))[0].aircraft_id == "JA01"
    assert set(read(database, reads.aircraft)) == {"JA01"}
    window = START, START + timedelta(hours=1)
    everywhere = Box(-180, -90, 180, 90)
    assert len(read(database, lambda p: reads.within(p, everywhere, *window, limit=9))) == 3
    found = read(database, lambda p: completeness.numbers(p, "JA01"))
    assert found is not None
    assert read(database, lambda p: completeness.times(p, found.flight)).longest_pause_s == 4.0
    assert read(database, lambda p: completeness.page(p, limit=9)) == [found]
