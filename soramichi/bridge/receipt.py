"""A receipt as the bridge reads it: which sequence numbers need not be sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from soramichi.errors import BadInput

Interval = tuple[int, int]  # closed: both ends belong to it


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's whole knowledge of one flight at one moment.

    Received for good, be it in the store or in quarantine, is everything from
    `settled_from` to `settled_through` (both None: nothing yet) except
    `missing`, which are closed, ascending, disjoint intervals between the two.
    """

    flight: str | None
    settled_from: int | None
    settled_through: int | None
    missing: tuple[Interval, ...]

    def settled(self) -> Iterator[Interval]:
        """The intervals that need not be sent again, ascending and disjoint."""
        if self.settled_from is None or self.settled_through is None:
            return
        start = self.settled_from
        for first, last in self.missing:
            if start < first:
                yield start, min(first - 1, self.settled_through)
            start = max(start, last + 1)
        if start <= self.settled_through:
            yield start, self.settled_through

    def owed(self, through: int) -> Iterator[Interval]:
        """What is left of 0..`through` without the settled intervals, ascending."""
        start = 0
        for first, last in self.settled():
            if start > through:
                return
            if start < first:
                yield start, min(first - 1, through)
            start = max(start, last + 1)
        if start <= through:
            yield start, through


def read_receipt(payload: bytes) -> Receipt:
    """Decode a receipt. Raises `BadInput` when it is not one; unknown members are ignored."""
    try:
        members = json.loads(payload)
        flight = members["flight"]
        ends = members["settled_from"], members["settled_through"]
        missing = _intervals(members["missing"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"unreadable receipt: {error!r}") from error
    if not (flight is None or isinstance(flight, str)) or not (
        ends == (None, None) or all(map(_natural, ends))
    ):
        raise BadInput("unreadable receipt: a member has the wrong type")
    return Receipt(flight, *ends, missing)


def _natural(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _intervals(pairs: Any) -> tuple[Interval, ...]:
    intervals = tuple((first, last) for first, last in pairs)
    end = -1
    for first, last in intervals:
        if not (_natural(first) and _natural(last) and end < first <= last):
            raise ValueError(f"[{first!r},{last!r}] is no ascending closed interval")
        end = last
    return intervals
