"""Nothing unpublished leaves: every public door is tried with every kind of secret."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from msgspec import structs

from api.live import LivePicture
from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.events import EventKind
from soramichi.domain.publication import Discretion, Period, Publications, Subject
from soramichi.domain.telemetry import TelemetrySample
from soramichi.settings import DatabaseSettings
from soramichi.store import events as stored_events
from soramichi.store import pool, symposiums
from tests.api.conftest import STAFF_TOKEN, Server
from tests.api.test_data import NOW, get, problem, settle, store
from tests.api.test_events import an_event, one_of_each, tell
from tests.builders import a_sample
from tests.servers import publish_operator

SECRET = "SECRET01"


def announce(server: Server, operator: str, aircraft: str, **members: Any) -> None:
    """Say on the live topic, as ingest does, that this aircraft has moved."""
    client = mqtt.client(server.broker.settings(), "announcer", durable=False)
    client.connect("127.0.0.1", server.broker.port)
    client.loop_start()
    state = wire.LiveState(
        aircraft_id=aircraft,
        operator_id=operator,
        flight_id=f"{aircraft}-1",
        received_at=datetime.now(UTC),
        sample=a_sample(time=datetime.now(UTC), battery_pct=33.25, seq=987_654, **members),
    )
    client.publish(wire.LIVE_TOPIC, wire.encode_message([state]), qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def shown(server: Server) -> dict[str, Any]:
    return {one["id"]: one for one in get(f"{server.url}/api/v1/aircraft")["features"]}


def announced(server: Server, aircraft: str) -> dict[str, Any]:
    """How it is shown once the server, which may just be connecting, has heard of it."""
    deadline = time.monotonic() + 20
    while aircraft not in (now := shown(server)):
        assert time.monotonic() < deadline
        announce(server, "mie-demo", aircraft)
        time.sleep(0.2)
    found = now[aircraft]
    assert isinstance(found, dict)
    return found


# Every route, in one of three kinds; a new one fails the test until somebody decides.
PUBLIC = {
    "GET /api/v1/aircraft",
    "GET /api/v1/stream",
    "GET /api/v1/flights",
    "GET /api/v1/flights/{flight_id}/track",
    "GET /api/v1/flights/{flight_id}/html",
    "GET /api/v1/events",
    "GET /api/v1/geozones",
    "GET /api/v1/corridors",
    "POST /api/v1/routes/check",
    "POST /api/v1/routes/search",
    "POST /api/v1/routes/html",
    "GET /replay/{flight_id}",
    "GET /readyz",
}
STAFF = {
    "POST /api/v1/events/{event_id}/acknowledge",
    "GET /api/v1/links",
    "GET /api/v1/quarantine",
    "GET /api/v1/flights/{flight_id}/completeness",
    "GET /api/v1/completeness",
    "GET /metrics",  # or from this host
}
# The same for everybody, whatever flies and whatever is stored.
FIXED = {
    "GET /",
    "GET /live",
    "GET /kiosk",
    "GET /routes",
    "GET /operator",
    "GET /docs",
    "GET /openapi.json",
    "GET /healthz",
    "GET /manifest.webmanifest",
    "GET /service-worker.js",
    "GET /static/{path:path}",
    "GET /tiles/{z}/{x}/{y}",
}
# Through a proxy, as the public comes: this host itself may see `/metrics`.
AS_PUBLIC = {"X-Forwarded-For": "203.0.113.9"}
LINE = {
    "type": "Feature",
    "properties": {"name": "c", "altitude_datum": "AMSL"},
    "geometry": {"type": "LineString", "coordinates": [[136.8, 34.5, 300], [136.9, 34.6, 300]]},
}
BODIES = {
    "/api/v1/routes/check": {"candidates": [{"name": "c.json", "text": json.dumps(LINE)}]},
    "/api/v1/routes/html": {"candidates": [{"name": "c.json", "text": json.dumps(LINE)}]},
    "/api/v1/routes/search": {"from": [136.8, 34.5], "to": [136.85, 34.55]},
}


def doors(app: FastAPI) -> set[str]:
    """Method and path of every route of the application."""
    found = set()
    waiting: list[Any] = list(app.routes)
    while waiting:
        route = waiting.pop()
        if hasattr(route, "original_router"):  # an included router keeps its routes
            waiting += route.original_router.routes
        else:
            found |= {f"{method} {route.path}" for method in route.methods - {"HEAD"}}
    return found


def asked(server: Server, door: str, query: str = "") -> tuple[int, Message, str]:
    """Status, headers and text that the public gets at a door, asking for the secret flight."""
    method, path = door.split()
    path = path.replace("{flight_id}", f"{SECRET}-1").replace("{event_id}", "1")
    path = path.replace("{path:path}", "icon.svg").replace("{z}/{x}/{y}", "0/0/0")
    body = BODIES.get(path, {"by": "x"}) if method == "POST" else None
    request = urllib.request.Request(
        f"{server.url}{path}{query}",
        data=json.dumps(body).encode() if body else None,
        headers=AS_PUBLIC | ({"Content-Type": "application/json"} if body else {}),
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            whole = answer.readline() + answer.readline() if "stream" in path else answer.read()
            return answer.status, answer.headers, whole.decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def every_public_answer(server: Server) -> str:
    """All that the public doors say, whichever flight is asked for by name."""
    texts = [asked(server, door) for door in sorted(PUBLIC | STAFF | FIXED)]
    queries = (f"?flight={SECRET}-1", f"?aircraft={SECRET}&limit=500", "?detail=full")
    texts += [asked(server, "GET /api/v1/events", query) for query in queries]
    texts += [asked(server, "GET /api/v1/flights", f"?before={SECRET}-1")]
    # What repeats what was asked for says nothing by that.
    return "\n".join(text.replace(f"{SECRET}-1", "") for _, _, text in texts)


def test_every_route_is_public_for_staff_or_fixed(server: Server) -> None:
    assert doors(server.app) == PUBLIC | STAFF | FIXED
    assert not PUBLIC & STAFF | PUBLIC & FIXED | STAFF & FIXED


@pytest.mark.parametrize("door", sorted(STAFF))
def test_what_is_for_staff_refuses_everybody_else(server: Server, door: str) -> None:
    status, headers, text = asked(server, door)

    assert status == 403
    assert headers["content-type"] == "application/problem+json"
    assert "staff" in text


def test_every_page_has_a_strict_policy(server: Server) -> None:
    pages = 0
    for door in sorted(doors(server.app)):
        _, headers, _ = asked(server, door)
        assert headers["x-content-type-options"] == "nosniff" or "html" not in str(
            headers["content-type"]
        )
        if "html" not in str(headers["content-type"]) or "attachment" in str(
            headers["content-disposition"]
        ):
            continue
        pages += 1
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), door
        assert "unsafe" not in policy, door
        assert "http" not in policy, door
        assert "*" not in policy, door
    assert pages == 7


def test_what_is_fixed_is_the_same_whatever_flies(
    database: DatabaseSettings, server: Server
) -> None:
    before = {door: asked(server, door)[2] for door in FIXED}
    store(database, "JA01", range(5))
    tell(database, "JA01", one_of_each("JA01"))
    announced(server, "JA02")

    assert {door: asked(server, door)[2] for door in FIXED} == before


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "soramichi.example"},
    ],
)
def test_metrics_are_for_this_host_and_for_staff(server: Server, headers: dict[str, str]) -> None:
    def answered(more: dict[str, str]) -> int:
        request = urllib.request.Request(f"{server.url}/metrics", headers=headers | more)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert answered({}) == 403
    assert answered({"Authorization": f"Bearer {STAFF_TOKEN}"}) == 200
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("shown", ["", " ", STAFF_TOKEN])
def test_a_token_file_that_holds_nothing_lets_nobody_in(
    server: Server, tmp_path: Path, shown: str
) -> None:
    (tmp_path / "token").write_text("\n")
    request = urllib.request.Request(
        f"{server.url}/api/v1/links", headers={"Authorization": f"Bearer {shown}"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)

    assert refused.value.code == 500
    assert json.load(refused.value)["detail"] == "see the server log"


def test_an_unpublished_aircraft_leaves_by_no_door(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, SECRET, range(5), operator="rival")
    store(database, "JA01", range(5))
    for aircraft in (SECRET, "JA01"):
        tell(database, aircraft, one_of_each(aircraft))
    announced(server, "JA02")
    announce(server, "rival", SECRET)
    announced(server, "JA03")  # so what was said before it has been heard too

    said = every_public_answer(server)

    assert "JA02" in said
    assert "JA01-1" in said
    assert "geozone_entered" in said
    assert not [
        word for word in (SECRET, "rival", "mie-demo", "33.25", "987654", "C1") if word in said
    ]


def test_what_was_received_outside_the_symposium_stays_private(
    database: DatabaseSettings, server: Server
) -> None:
    publish_operator(
        database, "rival", starts_at=NOW + timedelta(seconds=2), ends_at=NOW + timedelta(seconds=6)
    )
    store(database, "R1", range(10), operator="rival", received_with_time=True)
    store(database, "R2", range(100, 110), operator="rival", received_with_time=True)

    time.sleep(max(0.0, (NOW + timedelta(seconds=7) - datetime.now(UTC)).total_seconds()))
    track = get(f"{server.url}/api/v1/flights/R1-1/track")
    listed = {one["id"]: one for one in get(f"{server.url}/api/v1/flights")["flights"]}

    assert len(track["properties"]["times"]) == 4
    assert track["properties"]["sample_count"] == listed["R1-1"]["sample_count"] == 4
    assert listed["R1-1"]["first_observed_at"].startswith(
        (NOW + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S")
    )
    assert "R2-1" not in listed
    assert problem(f"{server.url}/api/v1/flights/R2-1/track")["status"] == 404


def test_the_order_of_flights_does_not_tell_that_a_delayed_one_flies_on(
    database: DatabaseSettings, server: Server
) -> None:
    publish_operator(database, "rival")
    store(database, "LATE", range(-7_200, 0, 600), operator="rival", received_with_time=True)
    store(database, "JA01", range(-600, -590), received_with_time=True)
    store(database, "JA02", range(-9_000, -8_990), received_with_time=True)
    with pool.connect(database, application="test") as connection:
        symposiums.be_discreet(connection, "rival", Discretion(delay=timedelta(hours=1)))

    page = get(f"{server.url}/api/v1/flights?limit=1")
    seen = [page["flights"][0]["id"]]
    while page["next"]:
        page = get(server.url + page["next"])
        seen += [one["id"] for one in page["flights"]]
    whole = get(f"{server.url}/api/v1/flights")["flights"]

    assert seen == [one["id"] for one in whole] == ["JA01-1", "LATE-1", "JA02-1"]
    assert [one["last_observed_at"] for one in whole] == sorted(
        (one["last_observed_at"] for one in whole), reverse=True
    )


def test_a_withdrawn_aircraft_disappears(database: DatabaseSettings, server: Server) -> None:
    announced(server, "JA02")
    with pool.connect(database, application="test") as connection:
        symposiums.withdraw(connection, "of-mie-demo", [(Subject.OPERATOR, "mie-demo")])

    deadline = time.monotonic() + 30
    while shown(server):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def follow(server: Server, operator: str, asked: Discretion) -> None:
    """Wait until the server shows the operator as it asked."""
    picture = server.app.state.context.picture
    deadline = time.monotonic() + 30
    while picture._publications.discretion(operator) != asked:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_positions_are_as_late_and_as_coarse_as_the_operator_asked(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    with pool.connect(database, application="test") as connection:
        asked = Discretion(delay=timedelta(seconds=3), grid_deg=0.05)
        symposiums.be_discreet(connection, "mie-demo", asked)
    follow(server, "mie-demo", asked)
    time.sleep(3)  # until what was stored is old enough
    began = time.monotonic()

    coordinates = announced(server, "JA02")["geometry"]["coordinates"]
    track = get(f"{server.url}/api/v1/flights/JA01-1/track")

    assert time.monotonic() - began >= 2.5
    assert coordinates == [136.85, 34.35]
    assert track["geometry"]["coordinates"][0][:2] == [136.85, 34.35]


GRID = Discretion(grid_deg=0.05)
BEGINS = datetime.fromtimestamp(time.time() // 10 * 10 - 100, UTC)


def flown(*, bend: float) -> list[TelemetrySample]:
    """A path of 40 s: `bend` changes it within its cells, and when it comes into the second one."""
    crossed = 12 + 6 * bend  # of the step that ends at 20 s
    return [
        a_sample(
            time=BEGINS + timedelta(seconds=second + 0.7 * bend),
            longitude_deg=(136.9 if second >= crossed else 136.87) - 0.0003 * bend * second,
            latitude_deg=34.352 - 0.0001 * bend * second,
            altitude_m=301.0 + 9.0 * bend,
            vertical_speed_mps=1.0 + bend,
        )
        for second in range(40)
    ]


def stored_and_told(database: DatabaseSettings, server: Server, *, bend: float) -> str:
    """What the public reads of that path, flown by an aircraft of its own and under no name."""
    aircraft = f"BENT{bend:.0f}"
    # Its number of samples and the time of its last one differ, too.
    path = flown(bend=bend)[: 40 - int(4 * bend)]
    settle(database, aircraft, [structs.replace(one, flight=None) for one in path])
    one = [one for one in get(f"{server.url}/api/v1/flights")["flights"] if aircraft in one["id"]]
    flight = one[0]["id"]
    kinds = (EventKind.TAKEOFF, EventKind.LINK_RECOVERED, EventKind.LANDING)
    seconds = (BEGINS - NOW).total_seconds() + 5 * bend
    about: dict[str, Any] = {"silent_s": 3.0 + bend, "by_m": 9.0 * bend}
    happened = [an_event(kind, seconds + 10 * i, flight=flight, **about)
                for i, kind in enumerate(kinds)]  # fmt: skip
    ids = tell(database, aircraft, happened)
    flight = quote(flight)
    paths = (
        f"flights/{flight}/track",
        f"flights/{flight}/track?points=3",
        f"events?aircraft={aircraft}&limit=1",
        f"events?aircraft={aircraft}",
    )
    home = urllib.request.urlopen(f"{server.url}/api/v1/flights/{flight}/html", timeout=30)
    answers = [get(f"{server.url}/api/v1/{path}") for path in paths]
    said = json.dumps([one, *answers, home.read().decode()])
    # What the public calls an event tells nothing: neither its number nor how many there are.
    assert not re.search(rf'"id": (?:{"|".join(map(str, ids))})\b', said)
    said = re.sub(r'("id": "|"id\\":\\"|%7C)[0-9a-f]{16}\b', r"\g<1>0", said)
    return said.replace(aircraft, "BENT")


def streamed(*, bend: float) -> list[bytes]:
    """What a viewer gets of it, frame by frame."""

    async def frames() -> list[bytes]:
        picture = LivePicture(max_age=timedelta(hours=1))
        always = Period(starts_at=datetime(2000, 1, 1, tzinfo=UTC))
        picture.publish(
            Publications(
                periods={(Subject.OPERATOR, "o"): [always]},
                discretions={"o": Discretion(grid_deg=GRID.grid_deg, delay=timedelta(seconds=3))},
            )
        )
        shown = []
        for second, sample in enumerate(flown(bend=bend)):
            now = BEGINS + timedelta(seconds=second + 1)
            state = wire.LiveState(
                aircraft_id="JA01",
                operator_id="o",
                flight_id="JA01-1",
                received_at=sample.time + timedelta(seconds=0.1 + 2 * bend),
                sample=sample,
            )
            picture.update([state])
            shown.append(bytes(picture.advance(now).message(deflated=False)["body"]))
        return shown

    return asyncio.run(frames())


def test_paths_that_differ_within_cells_are_told_apart_by_nothing(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(1))
    with pool.connect(database, application="test") as connection:
        symposiums.be_discreet(connection, "mie-demo", GRID)

    straight, bent = (stored_and_told(database, server, bend=bend) for bend in (0.0, 1.0))

    assert straight == bent
    assert "vertical_speed" not in straight
    assert [one["sample_count"] for one in json.loads(straight)[0]] == [None]
    track = json.loads(straight)[1]
    assert track["properties"]["sample_count"] is None
    assert [datetime.fromisoformat(at) for at in track["properties"]["times"]] == [
        BEGINS + timedelta(seconds=10 * step) for step in range(4)
    ]
    first, second = [136.85, 34.35, 300.0], [136.9, 34.35, 300.0]
    assert track["geometry"]["coordinates"] == [first, first, second, second]


def test_a_live_path_is_told_in_steps_too() -> None:
    straight, bent = streamed(bend=0.0), streamed(bend=1.0)

    assert straight == bent
    frames = [json.loads(one.split(b"data: ")[1]) for one in straight]
    moved = [one["aircraft"][0] for one in frames if one["aircraft"]]
    assert [(one["lon"], one["altitude_m"]) for one in moved] == [
        (136.85, 300.0), (136.85, 300.0), (136.9, 300.0), (136.9, 300.0),
    ]  # fmt: skip
    assert all(
        one["time"] <= one["received_at"] <= frame["time"]
        for frame in frames
        for one in frame["aircraft"]
    )


def test_what_is_coarse_becomes_public_at_the_ends_of_steps_only(
    database: DatabaseSettings,
) -> None:
    """When something can first be seen is told no finer than its time."""
    store(database, "JA01", range(1))
    publish_operator(database, "mie-demo")
    coarse = Discretion(grid_deg=0.05, delay=timedelta(seconds=3.7))
    received = datetime(2026, 7, 1, 9, 0, 4, 200_000, tzinfo=UTC)
    [event_id] = tell(database, "JA01", [an_event(EventKind.TAKEOFF, 0.0, received=received)])

    async def public_from() -> datetime:
        async with pool.async_pool(database, application="test") as connections:
            [one] = await stored_events.judged(connections, [event_id])
            return one.public_from

    with pool.connect(database, application="test") as connection:
        symposiums.be_discreet(connection, "mie-demo", coarse)
        [(until, known, now)] = connection.execute(
            "SELECT upper(p), upper_inc(p), now() FROM public_periods('mie-demo', 'JA01', 'F') AS p"
        ).fetchall()

    assert until == coarse.moment(now - coarse.delay)
    assert not known
    assert asyncio.run(public_from()) == coarse.public_from(received)
    assert coarse.public_from(received).second == 10


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic Zm9yLXRlc3RzLW9ubHk="])
def test_staff_doors_open_to_the_token_only(server: Server, token: str) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/v1/completeness", headers={"Authorization": token}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    assert refused.value.code == 403
    assert get(f"{server.url}/api/v1/completeness", staff=True)["flights"] == []
