"""The data endpoints, over real HTTP."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.inbox import Received
from ingest.screening import Limits
from ingest.writer import Writer
from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.flight import Aircraft, AircraftClass, Name, Operator
from soramichi.domain.telemetry import TelemetrySample
from soramichi.settings import DatabaseSettings
from soramichi.store import pool, registry
from tests.api.conftest import STAFF_TOKEN, Server, serving
from tests.builders import a_sample

# Long enough ago that a step of what is shown coarsely has ended since.
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)


def get(url: str, *, staff: bool = False) -> Any:
    headers = {"Authorization": f"Bearer {STAFF_TOKEN}"} if staff else {}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def problem(url: str) -> dict[str, Any]:
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url, timeout=10)
    assert raised.value.headers["content-type"] == "application/problem+json"
    body = json.load(raised.value)
    assert body["status"] == raised.value.code
    assert isinstance(body, dict)
    return body


def events(url: str) -> Iterator[dict[str, Any]]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


def store(
    database: DatabaseSettings,
    aircraft: str,
    seconds: range,
    *,
    operator: str = "mie-demo",
    received_with_time: bool = False,
    **members: Any,
) -> None:
    """Store samples the way ingest does, received now or each when it was observed."""
    samples = [
        a_sample(time=NOW + timedelta(seconds=second), flight=f"{aircraft}-1", **members)
        for second in seconds
    ]
    settle(database, aircraft, samples, operator=operator, received_with_time=received_with_time)


def settle(
    database: DatabaseSettings,
    aircraft: str,
    samples: list[TelemetrySample],
    *,
    operator: str = "mie-demo",
    received_with_time: bool = False,
) -> None:
    """Store these samples."""
    limits = Limits(
        oldest=datetime(2000, 1, 1, tzinfo=UTC),
        future_skew=timedelta(minutes=5),
        future_limit=timedelta(days=1),
    )
    writer = Writer(
        lambda: pool.connect(database, application="test"), "test", limits, timedelta(minutes=5)
    )
    topic = wire.telemetry_topic(operator, aircraft)
    size = 1 if received_with_time else 500
    for start in range(0, len(samples), size):
        part = samples[start : start + size]
        received_at = part[0].time if received_with_time else NOW
        writer.settle([Received(topic, wire.encode(part), 1, 0, received_at)])
    writer.close()


def test_aircraft_are_geojson_with_names_and_without_what_is_private(
    database: DatabaseSettings, server: Server
) -> None:
    with pool.connect(database, application="test") as connection:
        registry.register(
            connection,
            [Operator(operator_id="mie-demo", name=Name(ja="三重", en="Mie"))],
            [
                Aircraft(
                    aircraft_id="JA01",
                    operator_id="mie-demo",
                    name=Name(ja="実証機", en="Trial"),
                    aircraft_class=AircraftClass.EVTOL,
                )
            ],
        )
    publish_live(server, battery_pct=71.5, seq=3, ground_speed_mps=52.1)
    deadline = time.monotonic() + 10
    while not (found := get(f"{server.url}/api/v1/aircraft")["features"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    [feature] = found
    assert feature["geometry"] == {"type": "Point", "coordinates": [136.8712, 34.3521]}
    assert feature["properties"]["name"] == {"ja": "実証機", "en": "Trial"}
    assert feature["properties"]["aircraft_class"] == "evtol"
    assert feature["properties"]["ground_speed_mps"] == 52.1
    text = json.dumps(found)
    assert not [word for word in ("mie-demo", "battery", "71.5", "seq") if word in text]


def publish_live(server: Server, **members: Any) -> None:
    client = mqtt.client(server.broker.settings(), "announcer", durable=False)
    client.connect("127.0.0.1", server.broker.port)
    client.loop_start()
    state = wire.LiveState(
        aircraft_id="JA01",
        operator_id="mie-demo",
        flight_id="F1",
        received_at=datetime.now(UTC),
        sample=a_sample(time=datetime.now(UTC), **members),
    )
    for _ in range(5):
        client.publish(wire.LIVE_TOPIC, wire.encode_message([state]), qos=1).wait_for_publish(5)
        time.sleep(0.1)
    client.disconnect()
    client.loop_stop()


def test_the_stream_starts_with_everything_and_goes_on_with_changes(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA07", range(3))
    stream = events(f"{server.url}/api/v1/stream")
    first = next(stream)
    assert first["time"].endswith("Z")
    publish_live(server, track_deg=90.0)

    changed = next(event for event in stream if event["aircraft"])

    assert changed["aircraft"][0]["id"] == "JA01"
    assert changed["aircraft"][0]["track_deg"] == 90.0
    stream.close()  # type: ignore[attr-defined]


def test_flights_are_paged_by_the_next_link(database: DatabaseSettings, server: Server) -> None:
    for number in range(5):
        store(database, f"A{number}", range(number, number + 2))

    page = get(f"{server.url}/api/v1/flights?limit=2")
    seen = [flight["id"] for flight in page["flights"]]
    while page["next"]:
        page = get(server.url + page["next"])
        seen += [flight["id"] for flight in page["flights"]]

    assert seen == ["A4-1", "A3-1", "A2-1", "A1-1", "A0-1"]


def test_a_track_is_thinned_but_keeps_its_ends(database: DatabaseSettings, server: Server) -> None:
    store(database, "JA01", range(1000), altitude_m=120.0)

    whole = get(f"{server.url}/api/v1/flights/JA01-1/track")
    thin = get(f"{server.url}/api/v1/flights/JA01-1/track?points=10")

    assert len(whole["geometry"]["coordinates"]) == 1000
    assert whole["geometry"]["coordinates"][0] == [136.8712, 34.3521, 120.0]
    assert len(thin["properties"]["times"]) == 10
    ends = whole["properties"]["times"][0], whole["properties"]["times"][-1]
    assert (thin["properties"]["times"][0], thin["properties"]["times"][-1]) == ends
    assert thin["properties"]["altitude_datum"] == "AMSL"
    [listed] = get(f"{server.url}/api/v1/flights")["flights"]
    for known in ("aircraft_id", "name", "aircraft_class"):
        assert thin["properties"][known] == listed[known]


def carried(page: str, name: str) -> Any:
    """What a page in one file has inside under that name."""
    found = re.search(rf'<script type="application/json" id="data-{name}">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


def test_a_flight_to_take_home_is_what_is_public_of_it(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(10))
    store(database, "JA02", range(20, 21))

    with urllib.request.urlopen(f"{server.url}/api/v1/flights/JA01-1/html", timeout=30) as answer:
        page, disposition = answer.read().decode(), answer.headers["Content-Disposition"]

    assert disposition == 'attachment; filename="soramichi-JA01-1.html"'
    assert carried(page, "track") == get(f"{server.url}/api/v1/flights/JA01-1/track")
    assert carried(page, "events")["events"] == []
    assert (
        carried(page, "corridors")["features"] == get(f"{server.url}/api/v1/corridors")["features"]
    )
    assert problem(f"{server.url}/api/v1/flights/none/html")["status"] == 404
    short = problem(f"{server.url}/api/v1/flights/JA02-1/html")
    assert short["status"] == 422
    assert "再生できません" in short["message"]["ja"]


def test_completeness_tells_what_is_missing_and_how_late_the_rest_was(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(10))
    store(database, "JA02", range(20, 25))

    one = get(f"{server.url}/api/v1/flights/JA01-1/completeness", staff=True)
    first = get(f"{server.url}/api/v1/completeness?limit=1", staff=True)
    second = get(server.url + first["next"], staff=True)

    assert (one["stored"], one["quarantined"], one["expected"]) == (10, 0, None)
    assert one["longest_pause_s"] == 1.0
    assert isinstance(one["latency_p50_s"], float)
    assert isinstance(one["latency_p99_s"], float)
    assert [page["flights"][0]["id"] for page in (first, second)] == ["JA02-1", "JA01-1"]
    assert second["next"] is None
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{server.url}/api/v1/flights/none/completeness", staff=True)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/api/v1/flights/none/track", 404, "none"),
        ("/api/v1/flights?limit=0", 422, "limit"),
        ("/api/v1/completeness", 403, "staff"),
        ("/api/v1/flights/JA01-1/completeness", 403, "staff"),
        ("/api/v1/flights/x/track?points=1e9", 422, "points"),
        ("/api/v1/flights?limit=x", 422, "limit"),
        ("/api/v1/events?before=x", 422, "before"),
        ("/api/v1/events?flight=%00", 422, "NUL"),
        ("/nowhere", 404, "nothing"),
    ],
)
def test_every_error_is_one_problem_document(
    server: Server, path: str, status: int, word: str
) -> None:
    body = problem(server.url + path)

    assert body["status"] == status
    assert word in body["detail"]
    assert set(body) == {"type", "title", "status", "detail", "message"}
    assert body["message"]["en"] == body["detail"]
    # Nothing of it in English but the names of what is meant.
    assert re.search("[ぁ-ん]", body["message"]["ja"])
    assert not re.search(r"[a-z]+ [a-z]+", body["message"]["ja"])


def test_a_person_who_mistyped_gets_a_page(server: Server) -> None:
    request = urllib.request.Request(f"{server.url}/nowhere", headers={"Accept": "text/html,*/*"})
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(request, timeout=10)

    page = missing.value.read().decode()
    assert missing.value.code == 404
    assert "ここにはページがありません" in page
    assert "There is no page here" in page
    assert "default-src 'none'" in missing.value.headers["Content-Security-Policy"]


def test_one_viewer_too_many_is_told_to_come_back(
    database: DatabaseSettings, tmp_path: Path
) -> None:
    with (
        serving(database, tmp_path, stream_max_viewers=1) as server,
        urllib.request.urlopen(f"{server.url}/api/v1/stream", timeout=10) as first,
    ):
        assert first.readline()
        refused = problem(f"{server.url}/api/v1/stream")

    assert refused["status"] == 503
    assert "try again in a minute" in refused["message"]["en"]
    assert "お試しください" in refused["message"]["ja"]


def test_a_question_that_is_too_large_is_told_so(server: Server) -> None:
    # Sent as it is made, so that nobody knows before how much it will be.
    request = urllib.request.Request(
        f"{server.url}/api/v1/routes/check",
        (b" " * size for size in [1_000_000] * 50 + [1]),
        {"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    body = json.load(refused.value)

    assert (refused.value.code, body["status"]) == (413, 413)
    assert "fewer or smaller files" in body["message"]["en"]
    assert "大きすぎます" in body["message"]["ja"]


def test_a_method_that_is_not_offered_is_told_which_are(server: Server) -> None:
    request = urllib.request.Request(f"{server.url}/api/v1/flights", method="DELETE")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)

    assert refused.value.code == 405
    assert "GET" in refused.value.headers["Allow"]


def test_health_readiness_and_metrics_answer(server: Server) -> None:
    assert get(f"{server.url}/healthz") == {"status": "ok"}
    assert get(f"{server.url}/readyz") == {"status": "ready"}
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        assert b"soramichi_api_aircraft 0.0" in answer.read()


def test_metrics_tell_where_every_sample_ended_and_name_no_operator(
    database: DatabaseSettings, server: Server
) -> None:
    store(database, "JA01", range(6), operator="hidden-air")
    store(database, "JA01", range(2), operator="hidden-air")
    store(database, "JA02", range(1), operator="hidden-air", latitude_deg=95.0)
    store(database, "JA01", range(1), operator="rival")

    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        text = answer.read().decode()
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")

    assert figures["soramichi_api_database_up"] == "1.0"
    assert figures['soramichi_samples{outcome="received"}'] == "10.0"
    assert figures['soramichi_samples{outcome="stored"}'] == "6.0"
    assert figures['soramichi_samples{outcome="duplicate"}'] == "2.0"
    assert figures['soramichi_samples{outcome="quarantined"}'] == "2.0"
    assert figures['soramichi_quarantine_waiting{reason="foreign-aircraft"}'] == "1.0"
    assert figures['soramichi_quarantine_waiting{reason="out-of-range"}'] == "1.0"
    assert "hidden-air" not in text


def test_a_hostile_flight_id_is_only_a_flight_that_does_not_exist(server: Server) -> None:
    hostile = urllib.parse.quote("'; DROP TABLE telemetry; --<script>", safe="")

    assert problem(f"{server.url}/api/v1/flights/{hostile}/track")["status"] == 404
