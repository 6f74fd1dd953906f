"""Aircraft that fly circles, zones and verdicts, in the form in which the server answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

KM_DEG = 1 / 111.2
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>alert(1)</script>"


@dataclass(slots=True)
class Craft:
    """One aircraft on a circle: centre, radius in km, metres per second, height in metres."""

    id: str
    name: dict[str, str]
    aircraft_class: str
    lon: float
    lat: float
    radius_km: float
    speed_mps: float
    altitude_m: float
    datum: str = "AMSL"
    behind: timedelta = timedelta()
    status: str = "Airborne"
    silent_after_s: float = math.inf
    route: tuple[dict[str, str], dict[str, str]] | None = None

    def state(self, at: datetime) -> dict[str, Any]:
        """What it sent at `at`; a recorded one observed it `behind` earlier."""
        t = at.timestamp()
        angle = t * self.speed_mps / (self.radius_km * 1000)
        climb = math.sin(angle * 3)
        east = self.radius_km * KM_DEG / math.cos(math.radians(self.lat))
        return {
            "id": self.id,
            "flight": f"{self.id}-1",
            "time": stamp(at - self.behind),
            "received_at": stamp(at),
            "lon": round(self.lon + east * math.sin(angle), 6),
            "lat": round(self.lat + self.radius_km * KM_DEG * math.cos(angle), 6),
            "altitude_m": round(self.altitude_m * (1 + 0.6 * climb), 1),
            "altitude_datum": self.datum,
            "ground_speed_mps": self.speed_mps,
            "track_deg": round((math.degrees(angle) + 90) % 360, 2),
            "vertical_speed_mps": round(3 * math.cos(angle * 3), 2),
            "heading_deg": round((math.degrees(angle) + 90) % 360, 2),
            "status": self.status,
        }


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def three_over_mie() -> list[Craft]:
    """The demonstrations' places, one class each, and one recording."""
    centrair = {"ja": "中部国際空港", "en": "Centrair"}
    shima = {"ja": "志摩スペイン村", "en": "Shima Spain Village"}
    return [
        Craft("JA-SM01", {"ja": "空飛ぶクルマ実証機", "en": "Flying car demonstrator"}, "evtol",
              136.86, 34.62, 9, 52, 420, route=(shima, centrair)),
        Craft("TOBA-D1", {"ja": "鳥羽離島ドローン", "en": "Toba island drone"}, "drone",
              136.87, 34.493, 2.2, 12, 90, datum="TAKEOFF"),
        Craft("MINAMI-D2", {"ja": "葛島周回ドローン", "en": "Kuzushima circuit drone"}, "drone",
              136.61, 34.262, 1.6, 14, 150, datum="AGL"),
        Craft("JA-H60", {"ja": "ヘリコプター(記録)", "en": "Helicopter (recorded)"}, "helicopter",
              136.55, 34.9, 7, 60, 620, behind=timedelta(days=2140)),
    ]  # fmt: skip


def a_zone(kind: str, west: float, south: float, name: str) -> dict[str, Any]:
    """A square of 0.12 degrees, as the server's GeoJSON has it."""
    east, north = west + 0.12, south + 0.12
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "identifier": kind, "name_ja": name, "name_en": name, "zone_type": kind,
            "source": "tests", "floor_m": 0, "floor_datum": "AGL",
            "ceiling_m": 150, "ceiling_datum": "AGL",
        },
    }  # fmt: skip


def five_zones() -> list[dict[str, Any]]:
    """One of each kind, in a row west of Ise Bay."""
    kinds = ("PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL", "USPACE", "NO_RESTRICTION")
    return [a_zone(kind, 136.3, 34.4 + i * 0.14, kind) for i, kind in enumerate(kinds)]


def a_hostile_one() -> Craft:
    return Craft("X-1", {"ja": HOSTILE, "en": HOSTILE}, "drone", 136.7, 34.8, 3, 20, 200)


def a_fleet(count: int) -> list[Craft]:
    """`count` aircraft spread over the prefecture without any chance."""
    classes = ("drone", "evtol", "helicopter", "unknown")
    return [
        Craft(f"F{i:04d}", {"ja": f"試験機{i}", "en": f"Trial {i}"}, classes[i % 4],
              135.9 + (i * 0.618034 % 1) * 1.4, 33.7 + (i * 0.754877 % 1) * 1.5,
              2 + i % 7, 10 + i % 50, 30 + (i * 37) % 1200)
        for i in range(count)
    ]  # fmt: skip


def gathered(heard: list[tuple[Craft, dict[str, Any]]]) -> dict[str, Any]:
    """What `/api/v1/aircraft` answers for these states."""
    features = []
    for craft, state in heard:
        place = [state.pop("lon"), state.pop("lat")]
        known: dict[str, Any] = {"name": craft.name, "aircraft_class": craft.aircraft_class}
        if craft.route:
            known |= {"origin": craft.route[0], "destination": craft.route[1]}
        features.append(
            {"type": "Feature", "id": state.pop("id"), "properties": known | state,
             "geometry": {"type": "Point", "coordinates": place}}
        )  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def collection(fleet: list[Craft], at: datetime) -> dict[str, Any]:
    """The same for a fleet at one moment."""
    return gathered([(craft, craft.state(at)) for craft in fleet])


def a_track(
    craft: Craft, until: datetime, over: timedelta = timedelta(minutes=10)
) -> dict[str, Any]:
    """What a flight's track endpoint answers: a point every two seconds."""
    count = int(over.total_seconds() / 2)
    states = [craft.state(until - timedelta(seconds=2 * i)) for i in range(count, 0, -1)]
    line = [[s["lon"], s["lat"], s["altitude_m"]] for s in states]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": {
            "flight": states[0]["flight"],
            "aircraft_id": craft.id,
            "name": craft.name,
            "aircraft_class": craft.aircraft_class,
            "altitude_datum": craft.datum,
            "times": [s["time"] for s in states],
            "ground_speed_mps": [s["ground_speed_mps"] for s in states],
            "track_deg": [s["track_deg"] for s in states],
        },
    }


def corridors_over_the_bay() -> dict[str, Any]:
    """One published corridor: due south to due north, 2 km west of the flying car's circle."""
    line = [[136.74, 34.5, 300], [136.74, 34.75, 300]]
    properties = {
        "identifier": "A", "name": {"ja": "伊勢湾ルート", "en": "Ise Bay route"},
        "width_m": 300.0, "height_datum": "AMSL",
    }  # fmt: skip
    geometry = {"type": "LineString", "coordinates": line}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature]}


def some_events(until: datetime) -> dict[str, Any]:
    """Newest first, as the server has them: a deviation 2 min and a take-off 9 min before."""

    def event(number: int, kind: str, severity: str, before_s: int) -> dict[str, Any]:
        return {
            "id": number, "kind": kind, "severity": severity, "aircraft": "JA-SM01",
            "flight": "JA-SM01-1", "time": stamp(until - timedelta(seconds=before_s)),
            "lon": 136.8, "lat": 34.6, "message": {"ja": HOSTILE, "en": HOSTILE},
        }  # fmt: skip

    off = event(2, "corridor_deviation", "warning", 120)
    off |= {"corridor": {"id": "A", "name": {"ja": "A", "en": "A"}}, "by_m": 420.0}
    return {"events": [off, event(1, "takeoff", "info", 540)], "next": None}


def a_finding(
    severity: str, line: list[list[float]], span_m: tuple[float, float]
) -> dict[str, Any]:
    """One finding on a stretch, with a zone that has a hostile name."""
    return {
        "kind": "geozone", "severity": severity, "from_m": span_m[0], "to_m": span_m[1],
        "overlap_m": span_m[1] - span_m[0], "clearance_m": 0.0,
        "zone": {"identifier": "Z", "name": {"ja": HOSTILE, "en": HOSTILE}, "source": "tests"},
        "height_overlap": {"from_m": 0, "to_m": 150, "datum": "AMSL"}, "time_overlap": None,
        "geometry": {"type": "LineString", "coordinates": line},
        "message": {"ja": "許可の要る空域を通る", "en": "Passes a zone that asks for permission"},
    }  # fmt: skip


def an_answer(names: list[str]) -> dict[str, Any]:
    """Over the bay it passes, along the coast not; the third lacks something."""
    bay = [[136.857, 34.325, 0], [136.93, 34.45, 300], [136.85, 34.7, 450], [136.805, 34.858, 20]]
    coast = [[136.857, 34.325, 0], [136.71, 34.49, 220], [136.51, 34.72, 250], [136.62, 34.96, 250]]
    lines = (bay, coast, [[lon - 0.05, lat] for lon, lat, _ in bay])
    stretch = [[136.71, 34.49], [136.51, 34.72]]
    found: tuple[list[dict[str, Any]], ...] = (
        [],
        [a_finding("fail", stretch, (22_000, 50_000))],
        [a_finding("unknown", [[136.8, 34.7], [136.755, 34.858]], (41_000, 60_000))],
    )
    verdicts = [
        {"candidate": name, "verdict": ("pass", "fail", "unknown")[i], "aircraft_class": "evtol",
         "depart": None, "rules": "tests", "findings": found[i],
         "metrics": {"length_m": 61_230.4 + 9_000 * i, "duration_s": 1312.0, "over_did_m": 0.0,
                     "energy_reserve_pct": None, "people_below": None, "min_clearance_m": 412.7,
                     "max_height_agl_m": None}}
        for i, name in enumerate(names[:3])
    ]  # fmt: skip
    features = [
        {"type": "Feature", "properties": {"candidate": name, "altitude_datum": "AMSL"},
         "geometry": {"type": "LineString", "coordinates": lines[i]}}
        for i, name in enumerate(names[:3])
    ]  # fmt: skip
    candidates = {"type": "FeatureCollection", "features": features}
    return {
        "judged_at": "2026-11-23T01:00:00Z",
        "verdicts": verdicts,
        "candidates": candidates,
        "profiles": [a_profile(name, 61_230.4 + 9_000 * i) for i, name in enumerate(names[:3])],
        "layers": [some_layers(line) for line in lines[: len(features)]],
        "notes": [],
    }


def a_profile(name: str, length_m: float) -> dict[str, Any]:
    """Level over a hill, over ground that is not known in its last third; below a hostile zone."""
    count = 90
    ground = [100 * math.sin(i / 10) ** 2 if i < 60 else None for i in range(count)]
    return {
        "candidate": name, "datum": "AMSL", "length_m": length_m,
        "distance_m": [(i + 0.5) * length_m / count for i in range(count)],
        "top_m": [330.0] * count, "bottom_m": [270.0] * count, "ground_m": ground, "zones": [],
        "limits": [{"identifier": "Z", "name": {"ja": HOSTILE, "en": HOSTILE},
                    "zone_type": "CONDITIONAL", "at_m": [9_000.0, 40_000.0],
                    "floor_m": [300.0, 400.0]}],
    }  # fmt: skip


def some_layers(line: list[list[float]]) -> dict[str, Any]:
    """A width, sound and falls over a part of the line; nobody knows the people."""
    (west, south), (east, north) = line[0][:2], line[-1][:2]
    ring = [[west, south], [east + 0.1, south], [east + 0.1, north], [west, north], [west, south]]
    square = {"type": "Polygon", "coordinates": [ring]}
    stretch = {"type": "LineString", "coordinates": [[east, north], [east, north - 0.1]]}
    reason = {"ja": "標高がありません", "en": "no terrain is loaded"}
    open_end = {"unknown": stretch, "reason": reason}
    return {
        "width": square,
        "people": {"cells": None, "reason": {"ja": "人口がありません", "en": "no population"}},
        "loudness": {"levels": [{"db": 40.0, "area": square}], "doubt_db": 5.0,
                     "example": "an example", **open_end},
        "fall": {"area": square, **open_end},
    }  # fmt: skip
