"""Send a recorded flight through the same path as a live one, with its own times."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from simulators.faults import Sent
from simulators.flights import Tally, send
from simulators.pacer import Pacer
from simulators.publisher import open_publishers
from simulators.recorded.track import Recording
from soramichi.domain.wire import IDENTIFIER
from soramichi.settings import BrokerSettings

# Samples in one message when nothing has to be waited for.
AT_ONCE = 100


def aircraft_id_for(path: Path) -> str:
    """An aircraft id made of a file's name; "recording" when nothing of it can be used."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:60] or "recording"


def sent_samples(recording: Recording, *, operator_id: str, aircraft_id: str) -> list[Sent]:
    """Every sample in order of time, with flight id and sequence from 0.

    The tracks of one file are aircraft of their own, numbered when there are
    several: they may overlap in time.
    """
    sent: list[Sent] = []
    several = len(recording.tracks) > 1
    for number, track in enumerate(recording.tracks, start=1):
        own = f"{aircraft_id[:60]}-{number}" if several else aircraft_id
        assert IDENTIFIER.fullmatch(own)  # noqa: S101
        flight = f"{own[:47]}-{track.samples[0].time:%Y%m%dT%H%M%SZ}"
        for seq, sample in enumerate(track.samples):
            named = msgspec.structs.replace(sample, flight=flight, seq=seq)
            sent.append(Sent(sample.time, number, operator_id, own, named))
    return sorted(sent, key=lambda one: one.at)


def replay(  # noqa: PLR0913  # all keyword-only, each one fact
    recording: Recording,
    *,
    operator_id: str,
    aircraft_id: str,
    speed: float,
    broker: BrokerSettings,
    passwords: Mapping[str, str],
    stop: threading.Event,
) -> Tally:
    """Publish a recording `speed` times as fast as it was flown, 0 as fast as the broker takes it.

    Raises `Unavailable` when the broker cannot be reached at the start.
    """
    samples = sent_samples(recording, operator_id=operator_id, aircraft_id=aircraft_id)
    names = sorted({one.aircraft_id for one in samples})
    publishers = open_publishers(broker, {operator_id: names}, passwords=passwords, stop=stop)
    if speed == 0.0:
        return send(_at_once(samples, stop), publishers)
    pacer = Pacer(epoch=samples[0].at, speed=speed, stop=stop)
    return send(pacer.pace(iter(samples)), publishers)


def _at_once(samples: list[Sent], stop: threading.Event) -> Iterator[list[Sent]]:
    for start in range(0, len(samples), AT_ONCE):
        if stop.is_set():
            return
        yield samples[start : start + AT_ONCE]
