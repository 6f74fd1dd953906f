"""A bad link loses, doubles and delays just what it counts, the same for a seed."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from simulators.faults import NO_FAULTS, BadLink, Faults, Sent, parse_faults
from soramichi.errors import BadSettings
from tests.builders import A_SAMPLE, a_sample

EPOCH = A_SAMPLE.time


def sent(count: int) -> list[Sent]:
    times = [EPOCH + timedelta(seconds=n / 5) for n in range(count)]
    return [
        Sent(time, 0, "mie-demo", "JA21HD", a_sample(time=time, seq=n))
        for n, time in enumerate(times)
    ]


def delivered(faults: Faults, count: int = 5_000, seed: int = 1) -> tuple[BadLink, list[Sent]]:
    link = BadLink(faults, epoch=EPOCH, seed=seed)
    return link, list(link.deliver(iter(sent(count))))


def test_a_specification_is_read() -> None:
    spec = "drop=0.01, duplicate=0.02,reorder=1,latency=0.3s,outage=30s@120s,outage=5@10.5"

    assert parse_faults(spec) == Faults(
        drop=0.01,
        duplicate=0.02,
        reorder=1.0,
        latency_s=0.3,
        outages=((10.5, 5.0), (120.0, 30.0)),
    )
    assert parse_faults("") == NO_FAULTS


@pytest.mark.parametrize(
    "spec", ["drop", "drop=2", "drop=-1", "drop=nan", "lose=0.1", "outage=30s", "latency=9999"]
)
def test_a_bad_specification_is_refused(spec: str) -> None:
    with pytest.raises(BadSettings, match="--faults"):
        parse_faults(spec)


def test_without_faults_nothing_changes() -> None:
    assert delivered(NO_FAULTS, 100)[1] == sent(100)


def test_what_arrives_is_what_was_sent_less_dropped_plus_doubled() -> None:
    link, got = delivered(Faults(drop=0.05, duplicate=0.05, reorder=0.1, latency_s=0.2))

    doubled = sum(one.echo for one in got)
    assert len(got) == 5_000 - link.dropped + doubled
    assert 150 < link.dropped < 350
    assert 150 < doubled < 350
    numbers = [one.sample.seq for one in got]
    assert len(set(numbers)) == 5_000 - link.dropped
    assert any(a > b for a, b in pairwise(numbers))  # type: ignore[operator]
    assert all(a.at <= b.at for a, b in pairwise(got))


def test_nothing_leaves_before_it_was_observed() -> None:
    _, got = delivered(Faults(duplicate=0.1, reorder=0.3, latency_s=0.2))

    assert min((one.at - one.sample.time).total_seconds() for one in got) >= 0.2 - 1e-6


def test_an_outage_is_silent_and_its_samples_come_afterwards() -> None:
    _, got = delivered(Faults(outages=((100.0, 30.0),)), count=1_000)

    offsets = [(one.at - EPOCH).total_seconds() for one in got]
    assert not any(100.0 <= at < 130.0 for at in offsets)
    assert [one.sample.seq for one in got] == list(range(1_000))
    assert offsets.count(130.0) == 151  # 30 s at 5 Hz, and the one that is due then


def test_the_same_seed_is_the_same_link() -> None:
    faults = Faults(drop=0.1, duplicate=0.1, reorder=0.1)

    assert delivered(faults)[1] == delivered(faults)[1]
    assert delivered(faults)[1] != delivered(faults, seed=2)[1]
