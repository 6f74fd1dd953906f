"""When the sun rises and sets: zones may apply "from sunrise" rather than from a clock time.

The low-precision formulas of J. Meeus, "Astronomical Algorithms" (2nd ed.,
ch. 15, 22, 25, 28), as NOAA's solar calculator uses them: within a minute of
the almanac between 60° S and 60° N in this century.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta

from soramichi.domain.geozone import SunEvent
from soramichi.domain.position import Position

# Height of the sun's centre: 34' of refraction and a 16' radius below the horizon; civil twilight.
_CENTRE_DEG = {
    SunEvent.SR: -0.833,
    SunEvent.SS: -0.833,
    SunEvent.BMCT: -6.0,
    SunEvent.EECT: -6.0,
}
_MORNING = {SunEvent.SR, SunEvent.BMCT}
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_event(event: SunEvent, day: date, where: Position) -> datetime | None:
    """The instant (UTC) of `event` on the mean solar day `day` at `where`.

    The mean solar day runs from midnight to midnight of the mean sun over that
    longitude. None when the sun does not cross that height on that day.
    """
    noon = datetime.combine(day, time(12), UTC) - timedelta(hours=where.longitude_deg / 15.0)
    instant = noon
    # The sun moves while it climbs: three rounds bring the instant to well under a second.
    for _ in range(3):
        declination, equation_of_time_min = _sun(instant)
        half_day_min = _half_day_min(_CENTRE_DEG[event], where.latitude_deg, declination)
        if half_day_min is None:
            return None
        sign = -1.0 if event in _MORNING else 1.0
        instant = noon + timedelta(minutes=sign * half_day_min - equation_of_time_min)
    return instant


def _half_day_min(centre_deg: float, latitude_deg: float, declination: float) -> float | None:
    """Minutes from culmination until the sun's centre is at `centre_deg`."""
    latitude = math.radians(latitude_deg)
    cosine = (
        math.sin(math.radians(centre_deg)) - math.sin(latitude) * math.sin(declination)
    ) / max(math.cos(latitude) * math.cos(declination), 1e-12)
    if not -1.0 <= cosine <= 1.0:
        return None
    return 4.0 * math.degrees(math.acos(cosine))


def _sun(at: datetime) -> tuple[float, float]:
    """Declination in radians and equation of time in minutes."""
    century = (at - _J2000).total_seconds() / (86_400.0 * 36_525.0)
    mean_longitude = math.radians(
        (280.46646 + century * (36_000.76983 + 0.0003032 * century)) % 360
    )
    anomaly = math.radians(357.52911 + century * (35_999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        (1.914602 - century * (0.004817 + 0.000014 * century)) * math.sin(anomaly)
        + (0.019993 - 0.000101 * century) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )
    node = math.radians(125.04 - 1934.136 * century)
    longitude = mean_longitude + math.radians(centre - 0.00569 - 0.00478 * math.sin(node))
    obliquity = math.radians(23.439291 - 0.0130042 * century + 0.00256 * math.cos(node))
    y = math.tan(obliquity / 2.0) ** 2
    equation = (
        y * math.sin(2 * mean_longitude)
        - 2 * eccentricity * math.sin(anomaly)
        + 4 * eccentricity * y * math.sin(anomaly) * math.cos(2 * mean_longitude)
        - 0.5 * y * y * math.sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * math.sin(2 * anomaly)
    )
    return math.asin(math.sin(obliquity) * math.sin(longitude)), 4.0 * math.degrees(equation)
