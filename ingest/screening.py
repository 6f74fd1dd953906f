"""Judge samples that the wire contract allows but experience does not.

A rule either flags (the sample is stored, the rule named in its row) or refuses
(the sample goes to quarantine, the rule named as the reason). Time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from soramichi.domain.telemetry import TelemetrySample
from soramichi.settings import IngestSettings

TIME_AHEAD = "time-ahead"
NULL_ISLAND = "null-island"


class Window(NamedTuple):
    """The observation times believed (closed) and accepted of messages received at one moment."""

    received_at: datetime
    oldest: datetime
    believed_until: datetime
    accepted_until: datetime

    def refusal(self, sample: TelemetrySample) -> str | None:
        """The rule by which the sample is refused, or None."""
        if sample.time < self.oldest:
            return "time-too-old"
        if sample.time > self.accepted_until:
            return "time-in-future"
        return None

    def flags(self, sample: TelemetrySample) -> list[str] | None:
        """The rules that the stored sample names, or None when it raises no doubt.

        `null-island`: latitude and longitude exactly 0, what receivers say without
        a fix. `time-ahead`: the aircraft's clock is ahead of ours.
        """
        raised = []
        if sample.latitude_deg == 0.0 and sample.longitude_deg == 0.0:
            raised.append(NULL_ISLAND)
        if sample.time > self.believed_until:
            raised.append(TIME_AHEAD)
        return raised or None


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

    def window(self, received_at: datetime) -> Window:
        """The limits as times, for messages received then."""
        return Window(
            received_at,
            self.oldest,
            received_at + self.future_skew,
            received_at + self.future_limit,
        )
