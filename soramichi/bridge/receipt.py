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

    `missing` and `rejected` are closed, ascending, disjoint intervals. Stored
    for good is everything from 0 to `committed_through` (None: nothing yet)
    except `missing`; `rejected` was received for good but is in quarantine.
    """

    flight: str | None
    committed_through: int | None
    missing: tuple[Interval, ...]
    rejected: tuple[Interval, ...]
    quarantined: int

    def settled(self) -> Iterator[Interval]:
        """The intervals that must not be sent again; they may overlap."""
        start = 0
        if self.committed_through is not None:
            for first, last in self.missing:
                if start < first:
                    yield start, min(first - 1, self.committed_through)
                start = max(start, last + 1)
            if start <= self.committed_through:
                yield start, self.committed_through
        yield from self.rejected

    def owed(self, through: int) -> Iterator[Interval]:
        """What is left of 0..`through` without the settled intervals, ascending."""
        start = 0
        for first, last in sorted(self.settled()):
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
        flight, through = members["flight"], members["committed_through"]
        quarantined = members["quarantined"]
        receipt = Receipt(
            flight,
            through,
            _intervals(members["missing"]),
            _intervals(members.get("settled_quarantined", [])),
            quarantined,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadInput(f"unreadable receipt: {error!r}") from error
    numbers = (quarantined, 0 if through is None else through)
    if not (flight is None or isinstance(flight, str)) or not all(map(_natural, numbers)):
        raise BadInput("unreadable receipt: a member has the wrong type")
    return receipt


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
