"""A recorded flight arrives through a real broker sample for sample."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from simulators.recorded.track import Recording
from simulators.replay import aircraft_id_for, replay, sent_samples
from soramichi.domain.wire import IDENTIFIER
from tests.builders import A_SAMPLE, a_sample
from tests.simulators.conftest import Broker, samples_in, wait_for


def a_recording(*lengths: int) -> Recording:
    recording = Recording()
    for length in lengths:
        recording.add(
            "", [a_sample(time=A_SAMPLE.time + timedelta(seconds=n / 10)) for n in range(length)]
        )
    return recording


@pytest.mark.parametrize(
    ("name", "aircraft_id"),
    [
        ("px4_real_log_small.ulg", "px4_real_log_small"),
        ("2021-01-13 飛行.gpx", "2021-01-13"),
        ("飛行.gpx", "recording"),
        ("a" * 90 + ".csv", "a" * 60),
        ("a.b/c+d#.csv", "c-d"),
    ],
)
def test_an_aircraft_is_named_after_the_file(name: str, aircraft_id: str) -> None:
    assert aircraft_id_for(Path(name)) == aircraft_id
    assert IDENTIFIER.fullmatch(aircraft_id)


def test_tracks_become_aircraft_of_their_own_numbered_from_nought() -> None:
    sent = sent_samples(a_recording(3, 2), operator_id="replay", aircraft_id="log")

    assert [one.at for one in sent] == sorted(one.at for one in sent)
    for aircraft_id, length in (("log-1", 3), ("log-2", 2)):
        own = [one.sample for one in sent if one.aircraft_id == aircraft_id]
        assert [sample.seq for sample in own] == list(range(length))
        assert {sample.flight for sample in own} == {f"{aircraft_id}-20210113T013000Z"}


@pytest.mark.broker
@pytest.mark.parametrize("speed", [0.0, 40.0])
def test_every_recorded_sample_arrives_once_with_its_own_time(broker: Broker, speed: float) -> None:
    recording = a_recording(250)
    with broker.listening() as heard:
        tally = replay(
            recording,
            operator_id="replay",
            aircraft_id="log",
            speed=speed,
            broker=broker.settings,
            passwords=broker.passwords,
            stop=threading.Event(),
        )
        wait_for(lambda: len(samples_in(heard)) == 250, 10)

    assert (tally.published, tally.unreceipted) == ({"replay": 250}, 0)
    assert [s.time for s in samples_in(heard)] == [s.time for s in recording.tracks[0].samples]
