"""Zones, corridors and the planner over HTTP, against the stored demonstration set."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.error
import urllib.request
from html import unescape
from http.client import HTTPConnection
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import FilePayload

from soramichi.domain.publication import Subject
from soramichi.embedded import demonstration
from soramichi.settings import DatabaseSettings
from soramichi.store import geozones, pool, symposiums
from tests.api.conftest import Server
from tests.api.test_data import get
from tests.browser import DESKTOP, PHONE, Open, Visit

IN_JAPANESE = re.compile("[ぁ-ん]")
ROUTES = resources.files("routes_planner.data").joinpath("mie-routes.geojson").read_text()


def post(url: str, question: dict[str, Any]) -> tuple[int, Any]:
    request = urllib.request.Request(
        url, json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    try:
        # The first question may compile the planner, for minutes where all cores are busy.
        with urllib.request.urlopen(request, timeout=400) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def seeded(database: DatabaseSettings) -> None:
    with pool.connect(database, application="test") as connection:
        demonstration.seed(connection)


@pytest.mark.usefixtures("seeded")
def test_route_a_and_route_b_are_judged_against_the_stored_zones(server: Server) -> None:
    status, answer = post(
        f"{server.url}/api/v1/routes/check",
        {"candidates": [{"name": "routes.geojson", "text": ROUTES}], "aircraft_class": "evtol"},
    )

    assert status == 200
    verdicts = {one["candidate"]: one for one in answer["verdicts"]}
    lines = {one["properties"]["candidate"] for one in answer["candidates"]["features"]}
    assert set(verdicts) == lines == {"route-a", "route-b"}
    titles = {one["properties"]["title_ja"] for one in answer["candidates"]["features"]}
    assert titles == {one["properties"]["title_ja"] for one in json.loads(ROUTES)["features"]}
    assert verdicts["route-b"]["verdict"] == "fail"
    # The steps of a sloping surface are one zone, told as one.
    surfaces = [f["zone"]["identifier"] for f in verdicts["route-a"]["findings"] if f.get("zone")]
    assert len(surfaces) == len(set(surfaces)) > 3
    assert not [one for one in surfaces if "#" in one]
    assert (
        verdicts["route-b"]["metrics"]["over_did_m"] > verdicts["route-a"]["metrics"]["over_did_m"]
    )
    assert any(finding["zone"]["identifier"].startswith("MIE-S")
               for finding in verdicts["route-b"]["findings"] if finding.get("zone"))  # fmt: skip


def test_without_any_zone_nothing_passes(server: Server) -> None:
    status, answer = post(
        f"{server.url}/api/v1/routes/check",
        {"candidates": [{"name": "routes.geojson", "text": ROUTES}]},
    )

    assert (status, answer["title"]) == (422, "BadInput")
    assert "no zones are stored" in answer["detail"]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("question", "word"),
    [
        ({"candidates": [{"name": "x.kml", "text": "<kml"}]}, "x.kml"),
        ({"candidates": [{"name": "x.json", "text": "{}"}]}, "x.json"),
        ({"candidates": [{"name": "x.kml", "text": ""}]}, "x.kml"),
        ({"candidates": [{"name": "x.csv", "text": "é" * 2_000_001}]}, "x.csv"),
        ({"candidates": []}, "candidates"),
        ({str(n): 0 for n in range(100_000)}, "30"),
        ({"candidates": [{str(n): 0 for n in range(100_000)}]}, "30"),
        ({"candidates": [{} for _ in range(21)]}, "20"),
        ({"candidates": [{str(n): 0 for n in range(20)}] * 20}, "candidates"),
        ({"candidates": [{"name": "x", "text": "y"}], "speed_mps": -1}, "speed_mps"),
        ({"candidates": [{"name": "x", "text": "y"}], "depart": "2026-11-23T10:00:00"}, "depart"),
        ({"candidates": [{"name": "x", "text": "y"}], "colour": "red"}, "colour"),
    ],
)
def test_a_question_that_cannot_be_read_is_told_what_is_wrong(
    server: Server, question: dict[str, Any], word: str
) -> None:
    status, answer = post(f"{server.url}/api/v1/routes/check", question)

    assert status == 422
    assert word in answer["detail"]
    assert len(answer["detail"]) < 2_000
    assert answer["message"]["en"] == answer["detail"]
    assert word in answer["message"]["ja"]
    assert IN_JAPANESE.search(answer["message"]["ja"])


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    "change",
    [
        {"to": [136.5, 34.3]},
        {"aircraft_class": None},
        {"height_datum": "TAKEOFF"},
        {"height_datum": "BARO"},
        {"to": [136.5, 91.0]},
        {"to": [136.5]},
        {"to": None},
        {"height_m": -1},
        {"speed_mps": 501},
        {"depart": "soon"},
    ],
)
def test_a_search_that_makes_no_sense_is_refused_in_both_languages(
    server: Server, change: dict[str, Any]
) -> None:
    question = {"from": [136.5, 34.3], "to": [136.6, 34.4], "aircraft_class": "evtol"} | change

    status, answer = post(f"{server.url}/api/v1/routes/search", question)

    assert status == 422
    assert answer["message"]["en"] == answer["detail"]
    assert IN_JAPANESE.search(answer["message"]["ja"])


def test_only_published_corridors_are_shown(database: DatabaseSettings, server: Server) -> None:
    with pool.connect(database, application="test") as connection:
        assert demonstration.seed(connection) == ["route-a", "route-b"]
        symposiums.publish(connection, "of-mie-demo", [(Subject.CORRIDOR, "route-a")])

    shown = get(f"{server.url}/api/v1/corridors")["features"]
    zones = get(f"{server.url}/api/v1/geozones")["features"]

    assert [one["properties"]["identifier"] for one in shown] == ["route-a"]
    volumes = get(f"{server.url}/api/v1/geozones?detail=volumes")["features"]
    assert len(zones) == len({one["properties"]["identifier"] for one in volumes}) == 18
    assert len(volumes) > 100


def test_importing_again_updates_and_never_doubles(database: DatabaseSettings) -> None:
    from routes_planner.demonstration import demonstration_zones  # noqa: PLC0415
    from soramichi.commands.geozones import records  # noqa: PLC0415

    zones = records([demonstration_zones()])
    with pool.connect(database, application="test") as connection:
        first = geozones.put(connection, zones)
        again = geozones.put(connection, zones[1:])
        changed = geozones.put(connection, [zones[1]._replace(features=[])])
        pruned = geozones.put(connection, zones[1:], prune=True)

        assert (first.added, first.changed, first.absent) == (len(zones), 0, [])
        assert (again.unchanged, again.absent) == (len(zones) - 1, [zones[0].identifier])
        assert (changed.added, changed.changed) == (0, 1)
        assert (pruned.changed, pruned.absent) == (1, [zones[0].identifier])
        assert len(geozones.listing(connection)) == len(zones) - 1


@pytest.mark.usefixtures("seeded")
def test_the_same_check_is_given_as_one_page_that_carries_its_zones(server: Server) -> None:
    asked = urllib.request.Request(
        f"{server.url}/api/v1/routes/html",
        json.dumps({"candidates": [{"name": "routes.geojson", "text": ROUTES}]}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=120) as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        html = answer.read().decode()

    assert "default-src 'none'" in unescape(html)
    inside = html.split('id="data-geozones">')[1].partition("</script>")[0]
    assert len(json.loads(inside)["features"]) == 18
    judged = html.split('id="data-answer">')[1].partition("</script>")[0]
    assert [one["candidate"] for one in json.loads(judged)["verdicts"]] == ["route-a", "route-b"]


@pytest.mark.usefixtures("seeded")
def test_profiles_and_layers_stand_in_the_order_of_the_verdicts(server: Server) -> None:
    _, answer = post(
        f"{server.url}/api/v1/routes/check",
        {"candidates": [{"name": "routes.geojson", "text": ROUTES}]},
    )

    names = [one["candidate"] for one in answer["verdicts"]]
    assert [one["candidate"] for one in answer["profiles"]] == names
    assert len(answer["layers"]) == len(names)
    for layer in answer["layers"]:
        # No population and no terrain on land is loaded: each says so, none looks harmless.
        assert "no population" in layer["people"]["reason"]["en"]
        assert layer["fall"]["unknown"]["coordinates"]


def test_a_question_that_would_fill_the_memory_is_not_read(server: Server) -> None:
    """As long as it says it is, or in parts without saying so."""
    address = server.url.removeprefix("http://")
    for headers, sent in (({"Content-Length": str(10**9)}, 0), ({}, 60)):
        asking = HTTPConnection(address, timeout=60)
        parts = (b" " * 1_000_000 for _ in range(sent))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            asking.request(
                "POST", "/api/v1/routes/check", parts if sent else None,
                {"Content-Type": "application/json", **headers}, encode_chunked=bool(sent),
            )  # fmt: skip
        assert asking.getresponse().status == 413
        asking.close()
    assert get(f"{server.url}/healthz") == {"status": "ok"}


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("together", [False, True])
def test_candidates_of_one_question_that_come_too_close_to_each_other_are_told(
    server: Server, *, together: bool
) -> None:
    _, answer = post(
        f"{server.url}/api/v1/routes/check",
        {"candidates": [{"name": "routes.geojson", "text": ROUTES}], "together": together,
         "depart": "2026-11-23T10:00:00+09:00"},
    )  # fmt: skip

    between = {
        one["candidate"]: [f for f in one["findings"] if f["kind"] == "corridor"]
        for one in answer["verdicts"]
    }
    # Both leave from one place at one time.
    assert between["route-a"][0]["other"] == "route-b"
    assert between["route-b"][0]["other"] == "route-a"
    assert between["route-a"][0]["from_m"] == 0.0
    severities = {f["severity"] for found in between.values() for f in found}
    assert severities == ({"fail"} if together else {"caution"})


def give(visit: Visit, name: str, text: str) -> None:
    """Open a file on the desk."""
    file = FilePayload(name=name, mimeType="x/x", buffer=text.encode())
    visit.page.locator("#files").set_input_files(file)


def crossing() -> FilePayload:
    """Two lines over Ise Bay, one eastward and one northward, meeting at (136.8, 34.65)."""

    def candidate(name: str, *ends: list[float]) -> dict[str, Any]:
        stated = {"name": name, "aircraft_class": "evtol", "height_datum": "AMSL", "speed_mps": 50,
                  "width_m": 100, "departs_at": "2026-11-23T10:00:00+09:00"}  # fmt: skip
        line = {"type": "LineString", "coordinates": [[*end, 220.0] for end in ends]}
        return {"type": "Feature", "properties": stated, "geometry": line}

    features = [
        candidate("<b>east</b>", [136.70, 34.65], [136.90, 34.65]),
        candidate("north", [136.80, 34.5675], [136.80, 34.7325]),
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    return FilePayload(name="two.geojson", mimeType="application/json", buffer=text.encode())


def judged(visit: Visit, count: int = 2) -> None:
    visit.wait(
        f"soramichi.desk.entries.length === {count} && !soramichi.desk.asking", timeout_s=120
    )
    visit.wait("soramichi.desk.entries.every(({ result }) => result)", timeout_s=120)


@pytest.mark.browser
@pytest.mark.usefixtures("seeded")
def test_the_desk_tells_where_and_when_two_candidates_come_too_close(
    server: Server, opened: Open
) -> None:
    visit = opened(server.url, "/routes?lang=en", DESKTOP)
    visit.page.locator("#files").set_input_files(crossing())
    judged(visit)
    told = visit.page.locator("#between")
    assert "A and B come too close if both fly" in told.inner_text()
    # 9.16 km to the crossing on either, some 183 s at 50 m/s; each is 60 s later still too near.
    stretches = re.findall(r"([AB]) (\d+\.\d\d)–(\d+\.\d\d) km", told.inner_text())
    assert [letter for letter, _, _ in stretches] == ["A", "B"]
    assert all(float(low) < 9.15 < float(high) for _, low, high in stretches)
    assert "they overlap" in told.inner_text()
    assert "10:03:0" in told.inner_text()
    assert "50 m aside, 20 m in height, or 60 s" in told.inner_text()
    verdicts = ".map(({ result }) => result.verdict.verdict)"
    assert visit.page.evaluate(f"soramichi.desk.entries{verdicts}")[0] == "pass"
    # To press it is to look at the place.
    told.get_by_role("button").click()
    visit.wait("soramichi.map.getBounds().contains([34.65, 136.8]) && soramichi.map.getZoom() > 12")

    visit.page.locator("#conditions summary").click()
    visit.page.get_by_label("All of them are to fly").check()
    visit.wait("soramichi.desk.conditions.together")
    judged(visit)
    assert visit.page.evaluate(f"soramichi.desk.entries{verdicts}") == ["fail", "fail"]
    assert "A and B come too close to each other" in told.inner_text()
    assert visit.page.locator(".finding").first.inner_text().startswith("Fail · Distance from B")

    visit.page.locator("#language").click()
    assert "AとBが近づきすぎます" in told.inner_text()
    assert "経路が重なります" in told.inner_text()
    assert visit.page.locator("#between b").count() == 0
    visit.resize(PHONE)
    assert told.is_visible()


@pytest.mark.browser
@pytest.mark.usefixtures("seeded")
def test_the_desk_says_nothing_of_candidates_that_keep_apart(server: Server, opened: Open) -> None:
    apart = json.loads(crossing()["buffer"])
    apart["features"][1]["properties"]["departs_at"] = "2026-11-23T10:10:00+09:00"
    visit = opened(server.url, "/routes?lang=ja")
    give(visit, "x", json.dumps(apart))
    judged(visit)
    assert not visit.page.locator("#between").is_visible()


@pytest.mark.browser
@pytest.mark.usefixtures("seeded")
def test_what_the_server_refuses_is_said_in_the_readers_language(
    server: Server, opened: Open
) -> None:
    visit = opened(server.url, "/routes?lang=ja")
    message = visit.page.locator("#message")

    def drop(name: str, text: str) -> str:
        give(visit, name, text)
        visit.wait("document.querySelector('#message').innerText.includes('判定できません')", 120)
        return message.inner_text()

    assert drop("empty.kml", "") == "判定できませんでした。 empty.kml: ファイルが空です"
    assert "JSON として読めません" in drop("bad.geojson", '{"type":')
    visit.page.locator("#language").click()
    assert message.inner_text().startswith("No verdict could be reached. bad.geojson: this is not")
    visit.complaints[:] = [said for said in visit.complaints if "422" not in said]


@pytest.mark.browser
@pytest.mark.usefixtures("seeded")
def test_one_bad_file_takes_no_other_with_it_and_a_missing_datum_is_asked_for(
    server: Server, opened: Open
) -> None:
    visit = opened(server.url, "/routes?lang=en")
    line = [[136.80, 34.65, 300], [136.85, 34.70, 320]]
    good = {"type": "Feature", "properties": {"name": "g", "height_datum": "AGL"},
            "geometry": {"type": "LineString", "coordinates": line}}  # fmt: skip
    bare = good | {"properties": {"name": "bare"}}
    files = {"good.geojson": json.dumps(good), "bare.geojson": json.dumps(bare),
             "bad.geojson": '{"type":', "strange.html": "<p>"}  # fmt: skip
    visit.page.locator("#files").set_input_files(
        [FilePayload(name=name, mimeType="application/json", buffer=text.encode())
         for name, text in files.items()]
    )  # fmt: skip
    judged(visit)
    message = visit.page.locator("#message")
    assert "bad.geojson: this is not" in message.inner_text()
    assert "strange.html: this page was not saved here" in message.inner_text()
    assert "bare.geojson: the heights are not used" in message.inner_text()
    points = "soramichi.desk.features.map(({ geometry }) => geometry.coordinates[0].length)"
    assert visit.page.evaluate(points) == [3, 2]
    message.get_by_role("button", name="above sea level").click()
    visit.wait(f"JSON.stringify({points}) === '[3,3]'", 60)
    judged(visit)
    datums = "soramichi.desk.features.map(({ properties }) => properties.height_datum)"
    assert visit.page.evaluate(datums) == ["AGL", "AMSL"]
    assert visit.page.evaluate("soramichi.desk.notes") == []
    visit.complaints[:] = [said for said in visit.complaints if "422" not in said]


@pytest.mark.browser
@pytest.mark.usefixtures("seeded")
def test_a_candidate_is_called_by_its_title_until_somebody_names_it(
    server: Server, opened: Open
) -> None:
    visit = opened(server.url, "/routes?lang=ja")
    routes = json.loads(ROUTES)
    line = routes["features"][1]["geometry"]
    parts = [line["coordinates"][:4], line["coordinates"][4:]]
    routes["features"][1]["geometry"] = {"type": "MultiLineString", "coordinates": parts}
    give(visit, "mie.geojson", json.dumps(routes))
    judged(visit, 3)
    names = visit.page.locator(".verdict .name")
    assert names.all_inner_texts() == [
        "A案 伊勢湾上", "B案 沿岸（伊勢・松阪・津）", "B案 沿岸（伊勢・松阪・津） 2",
    ]  # fmt: skip
    assert "「B案 沿岸（伊勢・松阪・津）」に近づきすぎます" in visit.page.content()
    visit.page.locator("#language").click()
    assert names.first.inner_text() == "Route A, over Ise Bay"
    visit.page.locator("#edit").click()
    visit.page.locator("#member-name").fill("海の道")
    visit.page.keyboard.press("Tab")
    judged(visit, 3)
    visit.page.locator("#language").click()
    assert names.first.inner_text() == "海の道"
