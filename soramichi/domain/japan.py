"""The clock of Japan: rules hold by its days, whatever clock a machine keeps."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")


def day_in_japan(moment: datetime) -> date:
    """The date in Japan at an aware moment."""
    return moment.astimezone(JST).date()
