"""Flight events over HTTP: for everyone as far as they are published, whole for staff."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from api.live import LivePicture
from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.altitude import Datum
from soramichi.domain.events import (
    CorridorRef,
    Event,
    EventKind,
    Evidence,
    Place,
    Severity,
    ZoneRef,
)
from soramichi.domain.flight import Name
from soramichi.domain.publication import Discretion, Subject
from soramichi.settings import DatabaseSettings
from soramichi.store import pool, symposiums, watches
from tests.api.conftest import STAFF_TOKEN, Server
from tests.api.test_data import NOW, get, problem, store

ZONE = ZoneRef(source="s", identifier="Z1", name=Name(ja="区域", en="Zone"), zone_type="PROHIBITED")
CORRIDOR = CorridorRef(id="C1", name=Name(ja="経路一", en="Corridor one"))


def an_event(
    kind: EventKind,
    second: float,
    *,
    aircraft: str = "JA01",
    flight: str | None = None,
    received: datetime = NOW,
    **about: Any,
) -> Event:
    at = NOW + timedelta(seconds=second)
    place = Place(
        time=at, flight_id=flight or f"{aircraft}-1", longitude_deg=136.8712, latitude_deg=34.3521,
        altitude_m=312.4, altitude_datum=Datum.AMSL, received_from=received, received_to=received,
    )  # fmt: skip
    return Event(kind=kind, severity=Severity.WARNING, place=place, known_at=received,
                 evidence=Evidence(**about))  # fmt: skip


def one_of_each(aircraft: str) -> list[Event]:
    about: dict[EventKind, dict[str, Any]] = {
        EventKind.GEOZONE_ENTERED: {"zone": ZONE, "by_m": 12.3, "side": "across"},
        EventKind.GEOZONE_EXITED: {"zone": ZONE, "by_m": 4.5, "side": "across"},
        EventKind.CORRIDOR_DEVIATION: {"corridor": CORRIDOR, "by_m": 45.6, "side": "across"},
        EventKind.CORRIDOR_NEVER_ENTERED: {"corridor": CORRIDOR, "by_m": 78.9},
        EventKind.BATTERY_LOW: {"battery_pct": 33.25, "limit_pct": 20.0},
        EventKind.LINK_RECOVERED: {"silent_s": 31.0},
    }
    return [
        an_event(kind, number, aircraft=aircraft, **about.get(kind, {}))
        for number, kind in enumerate(EventKind)
    ]


def tell(database: DatabaseSettings, aircraft: str, events: Sequence[Event]) -> list[int]:
    with pool.connect(database, application="test") as connection:
        watches.tell(connection, [(aircraft, event) for event in events])
        return [
            row[0] for row in connection.execute(
                "SELECT event_id FROM flight_events WHERE aircraft_id = %s ORDER BY observed_at",
                (aircraft,),
            )
        ]  # fmt: skip


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]


def test_an_event_says_what_was_agreed_and_nothing_else(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    tell(database, "JA01", [an_event(EventKind.GEOZONE_ENTERED, 1.0, zone=ZONE, by_m=12.3)])

    answer = get(f"{server.url}/api/v1/events?flight=JA01-1")

    # Nothing that could be counted: what is not published has numbers, too.
    assert re.fullmatch("[0-9a-f]{16}", answer["events"][0]["id"])
    assert answer == {
        "events": [
            {
                "id": answer["events"][0]["id"],
                "kind": "geozone_entered",
                "severity": "warning",
                "aircraft": "JA01",
                "flight": "JA01-1",
                "time": (NOW + timedelta(seconds=1)).isoformat().replace("+00:00", "Z"),
                "lon": 136.8712,
                "lat": 34.3521,
                "zone": {"identifier": "Z1", "name": {"ja": "区域", "en": "Zone"}},
                "by_m": 12.3,
                "message": {"ja": "区域に入りました", "en": "entered Zone"},
            }
        ],
        "next": None,
    }


def test_events_are_filtered_and_paged_by_the_next_link(
    database: DatabaseSettings, server: Server
) -> None:
    for aircraft in ("JA01", "JA02"):
        store(database, aircraft, range(2))
        tell(
            database,
            aircraft,
            [an_event(EventKind.TAKEOFF, n, aircraft=aircraft) for n in range(5)],
        )

    page = get(f"{server.url}/api/v1/events?aircraft=JA02&limit=2")
    seen = page["events"]
    while page["next"]:
        page = get(server.url + page["next"])
        seen += page["events"]

    assert [event["aircraft"] for event in seen] == ["JA02"] * 5
    times = [event["time"] for event in seen]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 5
    assert problem(f"{server.url}/api/v1/events?before=x")["status"] == 422


def test_batteries_and_unpublished_corridors_are_for_staff(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    tell(database, "JA01", one_of_each("JA01"))
    private = {"battery_low", "corridor_deviation", "corridor_never_entered"}

    public = get(f"{server.url}/api/v1/events")["events"]
    whole = get(f"{server.url}/api/v1/events?detail=full", staff=True)["events"]
    assert set(kinds(whole)) == {str(kind) for kind in EventKind}
    assert set(kinds(public)) == set(kinds(whole)) - private
    assert {event["operator"] for event in whole} == {"mie-demo"}

    with pool.connect(database, application="test") as connection:
        symposiums.publish(connection, "of-mie-demo", [(Subject.CORRIDOR, "C1")])
    public = get(f"{server.url}/api/v1/events")["events"]
    assert set(kinds(public)) == set(kinds(whole)) - {"battery_low"}


def test_whoever_is_shown_coarsely_is_not_placed_by_the_edge_of_a_zone(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    tell(database, "JA01", one_of_each("JA01"))
    with pool.connect(database, application="test") as connection:
        symposiums.publish(connection, "of-mie-demo", [(Subject.CORRIDOR, "C1")])
        symposiums.be_discreet(connection, "mie-demo", Discretion(grid_deg=0.05))

    public = get(f"{server.url}/api/v1/events")["events"]

    assert set(kinds(public)) == {
        "takeoff", "landing", "link_lost", "link_recovered", "emergency",
    }  # fmt: skip
    assert {(event["lon"], event["lat"]) for event in public} == {(136.85, 34.35)}


def test_an_event_of_a_sample_from_before_the_symposium_stays_private(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    before = an_event(EventKind.TAKEOFF, 1.0, received=datetime(1999, 1, 1, tzinfo=UTC))
    tell(database, "JA01", [before])

    assert get(f"{server.url}/api/v1/events")["events"] == []
    assert len(get(f"{server.url}/api/v1/events?detail=full", staff=True)["events"]) == 1


def post(url: str, body: Any, *, token: str = STAFF_TOKEN) -> Any:
    request = urllib.request.Request(
        url, json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_who_acknowledged_first_stays(database: DatabaseSettings, server: Server) -> None:
    store(database, "JA01", range(2))
    [event_id] = tell(database, "JA01", [an_event(EventKind.EMERGENCY, 1.0)])
    door = f"{server.url}/api/v1/events/{event_id}/acknowledge"

    first = post(door, {"by": " 佐藤 "})
    second = post(door, {"by": "鈴木"})

    assert first["acknowledged_by"] == second["acknowledged_by"] == "佐藤"
    assert first["acknowledged_at"] == second["acknowledged_at"]
    for body, token, status in (
        ({"by": ""}, STAFF_TOKEN, 422),
        ({"by": "x", "z": 1}, STAFF_TOKEN, 422),
        ({"by": "x", "z": "z" * 5_000}, STAFF_TOKEN, 413),
        ({"by": "x"}, "wrong", 403),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(door, body, token=token)
        assert refused.value.code == status
    with pytest.raises(urllib.error.HTTPError, match="404"):
        post(f"{server.url}/api/v1/events/999999/acknowledge", {"by": "x"})


def test_a_server_that_reads_a_copy_says_where_to_acknowledge(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    [event_id] = tell(database, "JA01", [an_event(EventKind.EMERGENCY, 1.0)])
    with pool.connect(database, application="test") as connection:
        connection.autocommit = True
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name = 'soramichi-api'",
            (name,),
        )
    deadline = time.monotonic() + 30
    status, told = 0, ""
    while "primary" not in told:  # what was just ended is first found to be so
        assert time.monotonic() < deadline, (status, told)
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(f"{server.url}/api/v1/events/{event_id}/acknowledge", {"by": "x"})
        status, told = refused.value.code, json.load(refused.value)["detail"]

    assert status == 503


@pytest.mark.parametrize("door", ["events?detail=full", "links", "quarantine"])
def test_the_doors_of_staff_ask_for_the_token(server: Server, door: str) -> None:
    assert problem(f"{server.url}/api/v1/{door}")["status"] == 403
    assert get(f"{server.url}/api/v1/{door}", staff=True)


def test_staff_sees_links_and_what_waits_in_quarantine(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    with pool.connect(database, application="test") as connection:
        heard = watches.Heard("mie-demo", ["JA01"], online=False, at=NOW, retained=False)
        watches.hear(connection, heard)
        connection.execute(
            "INSERT INTO quarantine (topic, original, reason, received_at)"
            " VALUES ('t', 'x', 'not-json', now())"
        )

    [link] = get(f"{server.url}/api/v1/links", staff=True)["links"]
    assert (link["aircraft_id"], link["online"], link["lost"]) == ("JA01", False, False)
    found = get(f"{server.url}/api/v1/quarantine", staff=True)
    assert (found["waiting"], found["books"]["stored"]) == ({"not-json": 1}, 2)


def test_a_viewer_that_fell_behind_is_told_what_it_missed() -> None:
    async def fall_behind() -> tuple[bytes, bytes]:
        picture = LivePicture(max_age=timedelta(hours=1))
        frame = picture.snapshot()
        for data in (b"1", b"2"):
            picture.announce("flight-event", data)
            frame = picture.advance(NOW)
        behind = picture.whole(0)
        return (
            bytes(behind.message(deflated=False)["body"]),
            bytes(frame.message(deflated=False)["body"]),
        )

    behind, in_time = asyncio.run(fall_behind())
    assert behind.count(b"event: states") == 1
    assert behind.endswith(b"event: flight-event\ndata: 1\n\nevent: flight-event\ndata: 2\n\n")
    assert in_time.count(b"flight-event") == 1


# ---- the stream -----------------------------------------------------------------------------


def streamed(url: str) -> Iterator[dict[str, Any]]:
    """The flight events of the stream; {} for each tick, so that waiting ends."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        kind = b""
        for line in answer:
            if line.startswith(b"event: "):
                kind = line[7:].strip()
            elif line.startswith(b"data: "):
                yield json.loads(line[6:]) if kind == b"flight-event" else {}


def announce(server: Server, event_ids: Sequence[int], operator: str = "mie-demo") -> None:
    """Say on the event topic, as the watch does, that these are stored; what it says is no news."""
    client = mqtt.client(server.broker.settings(), "announcer", durable=False)
    client.connect("127.0.0.1", server.broker.port)
    client.loop_start()
    for event_id in event_ids:
        payload = json.dumps({"id": event_id, "kind": "lies", "battery_pct": 33.25}).encode()
        topic = wire.event_topic(operator, "JA01")
        client.publish(topic, payload, qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def heard(
    server: Server, event_ids: Sequence[int], *, seconds: float, enough: int | None = None
) -> list[dict[str, Any]]:
    """The flight events that the stream tells within so many seconds of their announcement.

    As soon as there are `enough` of them, it waits no longer.
    """
    found = []
    stream = streamed(f"{server.url}/api/v1/stream")
    next(stream)
    deadline = time.monotonic() + seconds
    announce(server, event_ids)
    for event in stream:
        found += [event] if event else []
        if time.monotonic() > deadline or len(found) == enough:
            break
    stream.close()  # type: ignore[attr-defined]
    return found


def connected(database: DatabaseSettings, server: Server) -> None:
    """Return once the server hears the broker."""
    [event_id, *_] = tell(database, "JA01", [an_event(EventKind.LANDING, -9.0)])
    deadline = time.monotonic() + 30
    while not heard(server, [event_id], seconds=1.0, enough=1):
        assert time.monotonic() < deadline


def test_the_stream_tells_what_may_be_told_and_only_that(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    store(database, "SECRET01", range(2), operator="rival")
    connected(database, server)
    ids = tell(database, "JA01", one_of_each("JA01"))[1:]
    ids += tell(database, "SECRET01", one_of_each("SECRET01"))

    events = heard(server, [2**70, *ids, 424_242], seconds=4.0)

    assert sorted(kinds(events)) == sorted(
        str(kind) for kind in EventKind
        if kind not in {"battery_low", "corridor_deviation", "corridor_never_entered"}
    )  # fmt: skip
    text = json.dumps(events)
    secrets = ("SECRET01", "rival", "mie-demo", "33.25", "lies")
    assert not [word for word in secrets if word in text]
    assert events == sorted(events, key=lambda event: event["time"])


def test_the_stream_is_as_late_as_the_operator_asked(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    connected(database, server)
    with pool.connect(database, application="test") as connection:
        symposiums.be_discreet(connection, "mie-demo", Discretion(delay=timedelta(seconds=6)))
    fresh = an_event(EventKind.TAKEOFF, 1.0, received=datetime.now(UTC))
    ids = tell(database, "JA01", [fresh])[1:]

    assert heard(server, ids, seconds=2.0) == []
    assert kinds(heard(server, [], seconds=30.0, enough=1)) == ["takeoff"]


def test_viewers_hear_what_happened_while_the_process_had_no_broker(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    connected(database, server)
    before = kinds(get(f"{server.url}/api/v1/events")["events"])
    stream = streamed(f"{server.url}/api/v1/stream")
    next(stream)
    server.broker.kill()
    tell(database, "JA01", [an_event(EventKind.EMERGENCY, 1.0)])
    server.broker.restart()

    deadline = time.monotonic() + 60
    told = next(one for one in stream if one or time.monotonic() > deadline)
    soon = [one for _, one in zip(range(20), stream, strict=False) if one]

    assert before == ["landing"] * len(before)
    assert kinds([told]) == ["emergency"]
    assert soon == []  # and none of it twice, nor what had been told before


def test_an_event_from_an_older_row_is_still_readable(
    database: DatabaseSettings, server: Server
) -> None:
    """Members of evidence that this release does not know are passed over."""
    store(database, "JA01", range(2))
    tell(database, "JA01", [an_event(EventKind.TAKEOFF, 1.0)])
    with pool.connect(database, application="test") as connection:
        connection.execute(
            "UPDATE flight_events SET evidence = %s", (Jsonb({"cause": "status", "later": 1}),)
        )

    assert kinds(get(f"{server.url}/api/v1/events")["events"]) == ["takeoff"]
