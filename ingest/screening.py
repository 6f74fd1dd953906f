"""Judge samples that the wire contract allows but experience does not.

A rule either flags (the sample is stored, the rule named in its row) or refuses
(the sample goes to quarantine, the rule named as the reason). Time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from soramichi.settings import IngestSettings
from soramichi.store.arrays import Integers
from soramichi.store.rows import Records, microseconds

TIME_AHEAD = "time-ahead"
NULL_ISLAND = "null-island"


class Doubts(NamedTuple):
    """The positions of the records that each reason refuses, and that each set of rules flags."""

    refused: dict[str, Integers]
    flagged: dict[tuple[str, ...], Integers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is still believed.

    Observation times before `oldest` (its own excluded) or more than
    `future_limit` ahead of reception are refused; more than `future_skew` ahead
    are flagged, and never become an aircraft's latest state.
    """

    oldest: datetime
    future_skew: timedelta
    future_limit: timedelta

    @classmethod
    def of(cls, settings: IngestSettings) -> Limits:
        """What an administrator has set."""
        return cls(
            oldest=settings.oldest_time,
            future_skew=timedelta(seconds=settings.future_skew_s),
            future_limit=timedelta(seconds=settings.future_limit_s),
        )

    def doubts(self, records: Records) -> Doubts:
        """What the rules say of these records; of nearly all nothing.

        `null-island`: latitude and longitude exactly 0, what receivers say without
        a fix. `time-ahead`: the aircraft's clock is ahead of ours.
        """
        ahead_us = records["time"] - records["received_at"]
        old = records["time"] < microseconds([self.oldest])[0]
        refused = {"time-too-old": old, "time-in-future": ahead_us > _us(self.future_limit)}
        good = ~(old | refused["time-in-future"])
        skewed = good & (ahead_us > _us(self.future_skew))
        island = good & (records["latitude_deg"] == 0.0) & (records["longitude_deg"] == 0.0)
        flagged = {
            (NULL_ISLAND,): island & ~skewed,
            (TIME_AHEAD,): skewed & ~island,
            (NULL_ISLAND, TIME_AHEAD): island & skewed,
        }
        return Doubts(
            {reason: np.flatnonzero(where) for reason, where in refused.items()},
            {flags: np.flatnonzero(where) for flags, where in flagged.items()},
        )


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
