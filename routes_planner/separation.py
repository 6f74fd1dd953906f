"""Corridor against corridor: two flights that come too close, in space and in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from routes_planner.compiled.rows import joined
from routes_planner.compiled.separation import close_pieces
from routes_planner.evidence import line_of, times_of
from routes_planner.flown import Flown, fly
from routes_planner.profile import profile
from routes_planner.surroundings import COLUMN, Geoid
from routes_planner.verdict import Finding, Severity, Verdict
from soramichi.domain.corridor import Corridor
from soramichi.domain.flight import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """What two corridors must keep from each other; they conflict where all three are broken.

    `horizontal_m` and `vertical_m` between their edges and bands, `time_s` between the
    moments at which one and the other pass. Touching counts as too close.
    """

    horizontal_m: float = 0.0
    vertical_m: float = 0.0
    time_s: float = 60.0


# What booked corridors keep from each other, and candidates where nobody says.
USUAL = Separation(horizontal_m=50.0, vertical_m=20.0, time_s=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A stretch of the first corridor on which the second is too close.

    `clearance_m` is the least distance between their edges meanwhile, 0.0 where they
    overlap. `known` False: heights or departures that cannot be compared might still
    keep them apart.
    """

    from_m: float
    to_m: float
    clearance_m: float
    known: bool


def conflicts(
    one: Corridor, other: Corridor, separation: Separation, *, geoid: Geoid | None = None
) -> list[Conflict]:
    """Every stretch of `one` on which `other` comes too close; [] when they keep apart."""
    return list(_conflicts(fly([one], geoid), fly([other], geoid), separation))


def with_conflicts(
    verdicts: Sequence[Verdict],
    candidates: Sequence[Corridor],
    booked: Sequence[Corridor],
    separation: Separation,
    *,
    geoid: Geoid | None = None,
) -> list[Verdict]:
    """The verdicts with a finding for every stretch that comes too close to a booked corridor."""
    others = [fly([corridor], geoid) for corridor in booked]
    judged = []
    for verdict, candidate in zip(verdicts, candidates, strict=True):
        mine = fly([candidate], geoid)
        found = [
            _finding(mine, other.corridors[0], conflict)
            for other in others
            for conflict in _conflicts(mine, other, separation)
        ]
        judged.append(_with(verdict, found))
    return judged


def with_conflicts_among(
    verdicts: Sequence[Verdict],
    candidates: Sequence[Corridor],
    separation: Separation,
    *,
    together: bool,
    geoid: Geoid | None = None,
) -> list[Verdict]:
    """The verdicts with a finding for every stretch that comes too close to another candidate.

    `together`: all of them are to fly, so that this fails, or is unknown. Otherwise they
    are alternatives: a caution where it is certain, and no verdict changes.
    """
    flown = [fly([candidate], geoid) for candidate in candidates]
    found: list[list[Finding]] = [[] for _ in candidates]
    for pair in _near(flown, separation):
        for one, other in (pair, pair[::-1]):
            for conflict in _conflicts(flown[one], flown[other], separation):
                finding = _finding(flown[one], candidates[other], conflict)
                if together:
                    found[one].append(finding)
                elif conflict.known:
                    found[one].append(_if_both_fly(finding))
    return [_with(verdict, mine) for verdict, mine in zip(verdicts, found, strict=True)]


def _with(verdict: Verdict, found: list[Finding]) -> Verdict:
    findings = sorted([*verdict.findings, *found], key=lambda f: (f.from_m, f.to_m))
    return replace(verdict, findings=tuple(findings))


def _near(flown: Sequence[Flown], separation: Separation) -> list[tuple[int, int]]:
    """Pairs whose boxes and hours come near enough to look closer, each once."""
    boxes, hours = [], []
    for one in flown:
        pieces = one.flights.pieces
        # A degree east has fewer metres than one north: its room is enough for both.
        room = separation.horizontal_m / float(pieces["kx"].min())
        boxes.append(
            shapely.box(
                pieces["west"].min() - room,
                pieces["south"].min() - room,
                pieces["east"].max() + room,
                pieces["north"].max() + room,
            )
        )
        hours.append((pieces["starts"].min() - separation.time_s, pieces["ends"].max()))
    pairs = shapely.STRtree(boxes).query(boxes, predicate="intersects").T.tolist()
    return [
        (a, b)
        for a, b in pairs
        if a < b and hours[a][0] <= hours[b][1] and hours[b][0] <= hours[a][1]
    ]


def _conflicts(one: Flown, other: Flown, separation: Separation) -> Iterator[Conflict]:
    column = _common_column(one, other)
    bands = [flown.flights.band[:, column if column is not None else 0] for flown in (one, other)]
    if column is None:
        bands = [np.broadcast_to([np.inf, np.inf, -np.inf, -np.inf], b.shape).copy() for b in bands]
    pieces = one.flights.pieces
    which, rows = close_pieces(
        pieces,
        bands[0],
        other.flights.pieces,
        bands[1],
        late_s=separation.time_s,
        apart_m=separation.vertical_m,
        between_m=separation.horizontal_m,
    )
    if not which.size:
        return
    begin, span = one.along_m[which, 0], np.diff(one.along_m[which])[:, 0]
    from_m, to_m = begin + rows[:, 0] * span, begin + rows[:, 1] * span
    order = np.argsort(from_m, kind="stable")
    same = np.zeros(order.size, np.int64)
    first, low, high = joined(same, same, from_m[order], to_m[order], 1e-3)
    ends = np.append(first[1:], order.size)
    widths = one.corridors[0].half_width_m + other.corridors[0].half_width_m
    departures = [flown.corridors[0].departs_at is not None for flown in (one, other)]
    for start, end, a, b in zip(first, ends, low, high, strict=True):
        least = float(rows[order[start:end], 2].min())
        yield Conflict(
            from_m=float(a),
            to_m=float(b),
            clearance_m=max(least - widths, 0.0),
            known=column is not None and all(departures),
        )


def _common_column(one: Flown, other: Flown) -> int | None:
    """The datum in which both lines' heights are known; None when there is none."""
    for column in COLUMN.values():
        if all(np.isfinite(flown.flights.band[:, column]).all() for flown in (one, other)):
            return column
    return None


def _finding(mine: Flown, other: Corridor, conflict: Conflict) -> Finding:
    line = profile(mine, 0, conflict.from_m, conflict.to_m)
    km = f"{conflict.from_m / 1000:.2f}", f"{conflict.to_m / 1000:.2f}"
    called = other.title or Name(ja=other.name, en=other.name)
    if conflict.known:
        message = Name(
            ja=f"「{called.ja}」に近づきすぎます: {km[0]}〜{km[1]} km",
            en=f"too close to {called.en}: km {km[0]} to {km[1]}",
        )
    else:
        message = Name(
            ja=f"「{called.ja}」との間隔は判定できません(高さの基準か出発時刻が足りません)",
            en=f"the separation from {called.en} cannot be judged: heights of one datum "
            "or a departure time are missing",
        )
    return Finding(
        kind="corridor",
        severity=Severity.FAIL if conflict.known else Severity.UNKNOWN,
        from_m=conflict.from_m,
        to_m=conflict.to_m,
        clearance_m=conflict.clearance_m,
        time_overlap=times_of(mine.corridors[0], line),
        geometry=line_of(line),
        other=other.name,
        message=message,
    )


def _if_both_fly(finding: Finding) -> Finding:
    message = Name(
        ja=f"{finding.message.ja}（両方とも飛ぶ場合）",
        en=f"{finding.message.en}, if both fly",
    )
    return replace(finding, severity=Severity.CAUTION, message=message)
