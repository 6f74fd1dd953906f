"""Wind that is the same for everyone in the air and for everyone who uses the same seed."""

from __future__ import annotations

import math
import random
from typing import NamedTuple

# Neutral boundary layer over water and fields: speed grows with height to the power 1/7,
# from the 10 m at which wind is reported (the usual engineering profile).
REPORTED_AT_M = 10.0
PROFILE = 1.0 / 7.0
# A gust cell passes in minutes and is some kilometres wide.
CELL_M = 8_000.0


class Wind(NamedTuple):
    """Where the air goes, in m/s (a wind "from" the west has `east_mps` > 0)."""

    east_mps: float
    north_mps: float


class WindField:
    """A mean wind with slow, smooth variation in place and time.

    The mean at 10 m is drawn from 1 to 5 m/s, mostly from the west, as in a
    Mie winter; around it four waves with periods of one to ten minutes change
    each component by at most a third of the mean.
    """

    def __init__(self, seed: int) -> None:
        draw = random.Random(f"wind-{seed}")
        self.speed_mps = draw.uniform(1.0, 5.0)
        towards = math.radians(draw.gauss(90.0, 40.0))
        self._mean = (self.speed_mps * math.sin(towards), self.speed_mps * math.cos(towards))
        self._waves = [
            tuple(
                (
                    math.tau / draw.uniform(60.0, 600.0),
                    math.tau / CELL_M * draw.uniform(-1.0, 1.0),
                    math.tau / CELL_M * draw.uniform(-1.0, 1.0),
                    draw.uniform(0.0, math.tau),
                )
                for _ in range(4)
            )
            for _ in range(2)
        ]

    def at(self, *, east_m: float, north_m: float, height_m: float, time_s: float) -> Wind:
        """The wind at a place (metres in the simulation's plane), height and time."""
        profile = (max(height_m, REPORTED_AT_M) / REPORTED_AT_M) ** PROFILE
        share = self.speed_mps / 12.0
        east, north = (
            mean
            + share
            * sum(math.sin(w * time_s + k * east_m + m * north_m + p) for w, k, m, p in waves)
            for mean, waves in zip(self._mean, self._waves, strict=True)
        )
        return Wind(profile * east, profile * north)
