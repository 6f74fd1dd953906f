"""Booked airspace on a real database: whatever comes too close is refused, by whoever asks."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from routes_planner.separation import Separation, conflicts
from routes_planner.slices import BOOKED, STEP_S, slices
from soramichi.commands.bookings import wanted_of
from soramichi.domain import geoid
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name, Operator
from soramichi.domain.geodesy import offset
from soramichi.errors import NotFound
from soramichi.settings import DatabaseSettings
from soramichi.store import corridors, pool, registry
from soramichi.store.corridors import CorridorRecord, Taken, Wanted
from soramichi.store.pool import Connection
from tests.routes_planner.builders import NOON, a_corridor, amsl


def a_wish(*at: tuple[float, float], operator: str | None = None, **changes: Any) -> Wanted:
    plan = a_corridor(*at, **changes)
    return wanted_of(plan, slices(plan, geoid=geoid), operator)


def booked(connection: Connection) -> list[str]:
    return [one.corridor_id for one in corridors.bookings(connection)]


def test_a_booking_is_kept_with_its_corridor_and_listed(connection: Connection) -> None:
    registry.register(connection, [Operator(operator_id="mie", name=Name(ja="三重", en="Mie"))], [])

    answer = corridors.book(connection, a_wish(operator="mie"))

    [one] = corridors.bookings(connection)
    assert one.corridor_id == answer
    assert (one.name.ja, one.operator_id, one.departs_at) == ("route-a", "mie", NOON)
    assert (one.arrives_at - one.departs_at).total_seconds() == pytest.approx(200.0, abs=0.1)
    definition = connection.execute("SELECT definition FROM corridors").fetchone()
    assert definition is not None
    assert definition[0]["geometry"]["type"] == "LineString"


def test_what_crosses_a_booked_corridor_at_its_time_is_refused_and_leaves_nothing(
    connection: Connection,
) -> None:
    first = corridors.book(connection, a_wish())

    answer = corridors.book(connection, a_wish((0, -2_000), (0, 2_000)))

    assert isinstance(answer, Taken)
    [rival] = answer.rivals
    assert rival.corridor_id == first
    cut = slices(a_corridor((0, -2_000), (0, 2_000)), geoid=geoid)
    met = cut.along_m[rival.met]
    assert met[0, 0] < 2_000 < met[-1, 1]
    assert booked(connection) == [first]
    assert connection.execute("SELECT count(*) FROM corridors").fetchone() == (1,)


@pytest.mark.parametrize(
    "changes",
    [
        {"departs_at": NOON + timedelta(seconds=100)},
        {"height": amsl(121)},
        {"at": ((2_400, -2_000), (2_400, 2_000))},
    ],
)
def test_what_keeps_apart_in_time_in_height_or_aside_is_booked(
    connection: Connection, changes: dict[str, Any]
) -> None:
    corridors.book(connection, a_wish())
    at = changes.pop("at", ((0, -2_000), (0, 2_000)))

    assert isinstance(corridors.book(connection, a_wish(*at, **changes)), str)


def test_a_corridor_that_crosses_itself_does_not_stand_in_its_own_way(
    connection: Connection,
) -> None:
    loop = ((0, 0), (300, 0), (300, 300), (0, 300), (0, 0), (300, 0))

    assert isinstance(corridors.book(connection, a_wish(*loop)), str)


def test_a_cancelled_booking_makes_room(connection: Connection) -> None:
    first = corridors.book(connection, a_wish())
    assert isinstance(first, str)
    assert isinstance(corridors.book(connection, a_wish()), Taken)

    corridors.cancel(connection, first)

    assert booked(connection) == []
    assert isinstance(corridors.book(connection, a_wish()), str)


def test_only_what_is_booked_can_be_cancelled(connection: Connection) -> None:
    corridors.put(connection, [CorridorRecord("drawn", Name(ja="案", en="drawn"), {})])

    for unknown in ("drawn", "booking-7"):
        with pytest.raises(NotFound, match="routes bookings"):
            corridors.cancel(connection, unknown)


def test_an_unknown_operator_books_nothing(connection: Connection) -> None:
    with pytest.raises(NotFound, match="nobody"):
        corridors.book(connection, a_wish(operator="nobody"))

    assert booked(connection) == []


def test_a_candidate_is_replaced_by_its_id_and_a_booked_corridor_never(
    connection: Connection,
) -> None:
    first = corridors.book(connection, a_wish())
    assert isinstance(first, str)

    for name in ("one", "two"):
        records = [CorridorRecord(each, Name(ja=name, en=name), {}) for each in ("drawn", first)]
        corridors.put(connection, records)

    rows = connection.execute("SELECT corridor_id, name_en FROM corridors ORDER BY 1 DESC")
    assert rows.fetchall() == [("drawn", "two"), (first, "route-a")]


def test_no_random_pair_that_comes_too_close_is_ever_booked(connection: Connection) -> None:
    """No conflict of the separation is missed, and what is refused besides is within a slice."""
    rng = np.random.default_rng(11)
    close, refused = 0, 0
    for pair in range(200):
        one, other = _a_random_corridor(rng), _a_random_corridor(rng)
        too_close = _too_close(one, other)
        for plan in (one, other):
            answer = corridors.book(connection, wanted_of(plan, slices(plan, geoid=geoid), None))
        assert isinstance(answer, Taken) or not too_close, pair
        if isinstance(answer, Taken):
            assert conflicts(one, other, _loosened(one, other), geoid=geoid), pair
        close, refused = close + too_close, refused + isinstance(answer, Taken)
        for corridor_id in booked(connection):
            corridors.cancel(connection, corridor_id)
    assert 40 < close <= refused < 160


@pytest.mark.parametrize("move", ["later", "higher", "aside"])
def test_what_is_only_just_too_close_is_refused(connection: Connection, move: str) -> None:
    """Another corridor is moved away until the separation just still finds a conflict."""
    rng = np.random.default_rng(13)
    for pair in range(25):
        one, other = _a_random_corridor(rng), _a_random_corridor(rng)
        near, far = 0.0, 8_000.0
        if not _too_close(one, other):
            continue
        while far - near > 1e-4:
            middle = 0.5 * (near + far)
            close = _too_close(one, _moved(other, move, middle))
            near, far = (middle, far) if close else (near, middle)
        for plan in (one, _moved(other, move, near)):
            answer = corridors.book(connection, wanted_of(plan, slices(plan, geoid=geoid), None))
        assert isinstance(answer, Taken), pair
        for corridor_id in booked(connection):
            corridors.cancel(connection, corridor_id)


def _too_close(one: Corridor, other: Corridor) -> bool:
    return bool(conflicts(one, other, BOOKED, geoid=geoid))


def _moved(plan: Corridor, move: str, by: float) -> Corridor:
    """Later by seconds, or higher or northwards by metres."""
    assert plan.departs_at is not None
    assert plan.heights is not None
    if move == "later":
        return replace(plan, departs_at=plan.departs_at + timedelta(seconds=by))
    if move == "higher":
        return replace(plan, heights=tuple(amsl(each.metres + by) for each in plan.heights))
    there = tuple(offset(each, east_m=0.0, north_m=by) for each in plan.waypoints)
    return replace(plan, waypoints=there)


def _a_random_corridor(rng: np.random.Generator) -> Corridor:
    return a_corridor(
        *[(float(x), float(y)) for x, y in rng.uniform(-1_500, 1_500, (3, 2))],
        heights=tuple(amsl(float(h)) for h in rng.uniform(50, 250, 3)),
        half_width_m=float(rng.uniform(20, 80)),
        below_m=float(rng.uniform(0, 10)),
        vertical_speed_mps=4.0,
        ground_speed_mps=float(rng.uniform(10, 40)),
        departs_at=NOON + timedelta(seconds=float(rng.uniform(0, 60))),
    )


def _loosened(one: Corridor, other: Corridor) -> Separation:
    """What two slices that meet certainly break: one slice of each in time and climb, 2 % aside."""
    wide = one.half_width_m + other.half_width_m + BOOKED.horizontal_m
    return Separation(
        horizontal_m=BOOKED.horizontal_m + 0.02 * wide + 0.7,
        vertical_m=BOOKED.vertical_m + 2.0 * STEP_S * 4.0 + 0.01,
        time_s=BOOKED.time_s + 2.0 * STEP_S + 0.01,
    )


def test_of_two_sessions_that_confirm_at_once_one_is_booked(database: DatabaseSettings) -> None:
    wishes = (a_wish(), a_wish((0, -2_000), (0, 2_000)))
    together = threading.Barrier(2)
    answers: dict[int, str | Taken] = {}

    def confirm(k: int, connection: Connection) -> None:
        together.wait(10)
        answers[k] = corridors.book(connection, wishes[k])

    with (
        pool.connect(database, application="one") as one,
        pool.connect(database, application="other") as other,
    ):
        for _ in range(40):
            threads = [
                threading.Thread(target=confirm, args=(k, session))
                for k, session in enumerate((one, other))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            [winner] = [answer for answer in answers.values() if isinstance(answer, str)]
            [loser] = [answer for answer in answers.values() if isinstance(answer, Taken)]
            assert [rival.corridor_id for rival in loser.rivals] == [winner]
            assert booked(one) == [winner]
            corridors.cancel(one, winner)
            one.commit()
            answers.clear()


@pytest.mark.parametrize("first_commits", [True, False])
def test_the_database_itself_refuses_who_asks_it_past_this_program(
    database: DatabaseSettings,
    first_commits: bool,  # noqa: FBT001
) -> None:
    outcome: list[type[Exception] | None] = []

    def insert(session: Connection) -> None:
        row = session.execute("SELECT count(*) + pg_backend_pid() FROM corridors").fetchone()
        assert row is not None
        session.execute(
            "INSERT INTO corridors (corridor_id, name_ja, name_en, definition)"
            " VALUES (%s, '', '', '{}')",
            (str(row[0]),),
        )
        session.execute(
            "WITH b AS (INSERT INTO bookings (corridor_id) VALUES (%s) RETURNING booking)"
            " INSERT INTO corridor_slices (booking, position, during, footprint, height)"
            " SELECT booking, 0, tstzrange(%s, %s, '[]'),"
            " '((136,34),(137,34),(137,35))', '[90,110]' FROM b",
            (str(row[0]), NOON, NOON + timedelta(seconds=5)),
        )

    def second(session: Connection) -> None:
        try:
            insert(session)
        except psycopg.Error as error:
            outcome.append(type(error))
        else:
            outcome.append(None)

    with (
        pool.connect(database, application="one") as one,
        pool.connect(database, application="other") as other,
    ):
        insert(one)
        waiting = threading.Thread(target=second, args=(other,))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive(), "the second has to wait for what becomes of the first"
        if first_commits:
            one.commit()
        else:
            one.rollback()
        waiting.join(20)
    assert outcome == [psycopg.errors.ExclusionViolation if first_commits else None]
