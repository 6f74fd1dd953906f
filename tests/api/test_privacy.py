"""Nothing unpublished leaves: every public door is tried with every kind of secret."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.publication import Discretion, Subject
from soramichi.settings import DatabaseSettings
from soramichi.store import pool, symposiums
from tests.api.conftest import Server
from tests.api.test_data import NOW, events, get, problem, store
from tests.api.test_events import one_of_each, tell
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


def every_public_answer(server: Server) -> str:
    """All that the public doors say, whichever flight is asked for by name."""
    texts = []
    with urllib.request.urlopen(f"{server.url}/openapi.json") as answer:
        paths = [path for path, methods in json.load(answer)["paths"].items() if "get" in methods]
    assert {"/api/v1/flights/{flight_id}/track", "/api/v1/events"} <= set(paths)
    asked = (f"flight={SECRET}-1", f"aircraft={SECRET}&limit=500", "detail=full")
    doors = ["/", "/live", "/metrics", *(f"/api/v1/events?{query}" for query in asked)]
    for path in [*paths, *doors]:
        if path == "/api/v1/stream":
            texts.append(json.dumps(next(events(server.url + path))))
            continue
        asked = path.replace("{flight_id}", f"{SECRET}-1")
        try:
            with urllib.request.urlopen(server.url + asked, timeout=10) as answer:
                texts.append(answer.read().decode())
        except urllib.error.HTTPError as error:
            # The refusal may repeat what was asked for, and nothing else.
            texts.append(error.read().decode().replace(f"{SECRET}-1", ""))
    return "\n".join(texts)


def test_an_unpublished_aircraft_leaves_by_no_door(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, SECRET, range(5), operator="rival")
    store(database, "JA01", range(5))
    for aircraft in (SECRET, "JA01"):
        tell(database, aircraft, one_of_each(aircraft))
    announced(server, "JA02")
    announce(server, "rival", SECRET)
    time.sleep(0.5)

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


def test_a_withdrawn_aircraft_disappears(database: DatabaseSettings, server: Server) -> None:
    announced(server, "JA02")
    with pool.connect(database, application="test") as connection:
        symposiums.withdraw(connection, "of-mie-demo", [(Subject.OPERATOR, "mie-demo")])

    deadline = time.monotonic() + 30
    while shown(server):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_positions_are_as_late_and_as_coarse_as_the_operator_asked(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(2))
    with pool.connect(database, application="test") as connection:
        asked = Discretion(delay=timedelta(seconds=3), grid_deg=0.05)
        symposiums.be_discreet(connection, "mie-demo", asked)
    time.sleep(3)  # until the server follows it, and what was stored is old enough
    began = time.monotonic()

    coordinates = announced(server, "JA02")["geometry"]["coordinates"]
    track = get(f"{server.url}/api/v1/flights/JA01-1/track")

    assert time.monotonic() - began >= 2.5
    assert coordinates == [136.85, 34.35]
    assert track["geometry"]["coordinates"][0][:2] == [136.85, 34.35]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic Zm9yLXRlc3RzLW9ubHk="])
def test_staff_doors_open_to_the_token_only(server: Server, token: str) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/v1/completeness", headers={"Authorization": token}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    assert refused.value.code == 403
    assert get(f"{server.url}/api/v1/completeness", staff=True)["flights"] == []
