"""A bad link on purpose: samples lost, doubled, late and out of order, the same for a seed."""

from __future__ import annotations

import heapq
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import BadSettings

_OUTAGE = re.compile(r"(?P<length>\d+(\.\d+)?)s?@(?P<start>\d+(\.\d+)?)s?")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)s?")
_SHARES = ("drop", "duplicate", "reorder")
# A duplicate comes this much later; a reordered sample is overtaken for at most so long.
_ECHO_S = 0.5
_OVERTAKEN_S = 3.0


class Sent(NamedTuple):
    """One sample on its way: due to be sent at `at`, in the simulation's time.

    `echo` marks the second copy of a doubled sample.
    """

    at: datetime
    order: int
    operator_id: str
    aircraft_id: str
    sample: TelemetrySample
    echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong between the aircraft and the publisher.

    `drop`, `duplicate` and `reorder` are shares of the samples, [0, 1];
    `latency_s` delays every sample; during an outage [start, start + length)
    nothing is sent, and what was observed follows late when it is over.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    latency_s: float = 0.0
    outages: tuple[tuple[float, float], ...] = ()  # (start_s, length_s)


NO_FAULTS = Faults()


def parse_faults(spec: str) -> Faults:
    """Read `drop=0.01,duplicate=0.01,reorder=0.02,latency=0.3s,outage=30s@120s`.

    `outage` may be given several times. Empty means no faults. Raises
    `BadSettings` naming the part that cannot be read.
    """
    shares: dict[str, float] = {}
    latency_s = 0.0
    outages: list[tuple[float, float]] = []
    for part in filter(None, (part.strip() for part in spec.split(","))):
        name, _, value = part.partition("=")
        outage, number = _OUTAGE.fullmatch(value), _NUMBER.fullmatch(value)
        if name == "outage" and outage:
            outages.append((float(outage["start"]), float(outage["length"])))
        elif name == "latency" and number:
            latency_s = float(number[1])
        elif name in _SHARES and number and float(number[1]) <= 1.0:
            shares[name] = float(number[1])
        else:
            raise BadSettings(
                f"--faults: {part!r} cannot be read; write for example "
                "drop=0.01,duplicate=0.01,reorder=0.02,latency=0.3s,outage=30s@120s"
            )
    if not 0.0 <= latency_s <= 3600.0:
        raise BadSettings(f"--faults: latency of {latency_s} s is outside [0, 3600]")
    return Faults(latency_s=latency_s, outages=tuple(sorted(outages)), **shares)


class BadLink:
    """Applies `Faults` to a stream in time order; counts what it dropped."""

    def __init__(self, faults: Faults, *, epoch: datetime, seed: int) -> None:
        self._faults = faults
        self._epoch = epoch
        self._draw = random.Random(f"faults-{seed}")
        self._order = 0
        self.dropped = 0

    def deliver(self, stream: Iterator[Sent]) -> Iterator[Sent]:
        """The stream as it leaves, in order of `at`; nothing is held back longer than needed."""
        if self._faults == NO_FAULTS:
            yield from stream
            return
        waiting: list[Sent] = []
        for sent in stream:
            while waiting and waiting[0].at <= sent.at:
                yield heapq.heappop(waiting)
            for late in self._fates(sent):
                heapq.heappush(waiting, late)
        while waiting:
            yield heapq.heappop(waiting)

    def _fates(self, sent: Sent) -> Iterator[Sent]:
        faults, draw = self._faults, self._draw
        if draw.random() < faults.drop:
            self.dropped += 1
            return
        at_s = (sent.at - self._epoch).total_seconds() + faults.latency_s
        if draw.random() < faults.reorder:
            at_s += draw.uniform(0.0, _OVERTAKEN_S)
        yield self._at(sent, at_s)
        if draw.random() < faults.duplicate:
            yield self._at(sent._replace(echo=True), at_s + _ECHO_S)

    def _at(self, sent: Sent, at_s: float) -> Sent:
        for start_s, length_s in self._faults.outages:
            if start_s <= at_s < start_s + length_s:
                at_s = start_s + length_s
        self._order += 1
        return sent._replace(at=self._epoch + timedelta(seconds=at_s), order=self._order)
