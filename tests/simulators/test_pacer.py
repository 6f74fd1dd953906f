"""Simulated time keeps its pace and never overtakes the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

import pytest

from simulators.pacer import Pacer, epoch_for, now


class Tick(NamedTuple):
    at: datetime


def ticks(epoch: datetime, step_s: float) -> Iterator[Tick]:
    return (Tick(epoch + timedelta(seconds=n * step_s)) for n in count())


@pytest.mark.parametrize("speed", [0.5, 1.0, 8.0])
def test_samples_fall_due_at_the_ordered_pace(speed: float) -> None:
    epoch = epoch_for(speed, 1.0, at=now())
    pacer = Pacer(epoch=epoch, speed=speed, stop=threading.Event())

    got = [tick for batch in pacer.pace(ticks(epoch, 0.1), until_s=1.0) for tick in batch]

    assert abs(len(got) - 10 * speed) <= 2 + speed
    assert pacer.elapsed_s() < 1.5


def test_nothing_is_sent_before_its_time() -> None:
    epoch = epoch_for(20.0, 1.0, at=now())
    pacer = Pacer(epoch=epoch, speed=20.0, stop=threading.Event())

    for batch in pacer.pace(ticks(epoch, 0.1), until_s=1.0):
        assert batch[-1].at <= now() + timedelta(milliseconds=5)


def test_faster_time_becomes_real_time_once_it_has_caught_up() -> None:
    notices: list[str] = []
    epoch = now() - timedelta(seconds=5)
    pacer = Pacer(
        epoch=epoch, speed=20.0, stop=threading.Event(), caught_up=lambda: notices.append("now")
    )

    for batch in pacer.pace(ticks(epoch, 0.1), until_s=1.0):
        assert batch[-1].at <= now() + timedelta(milliseconds=5)
    assert notices == ["now"]


def test_stop_ends_a_long_wait() -> None:
    stop = threading.Event()
    pacer = Pacer(epoch=now(), speed=1.0, stop=stop)
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()

    list(pacer.pace(ticks(now(), 60.0)))

    assert time.monotonic() - began < 5.0


def test_a_slow_receiver_delays_but_loses_nothing() -> None:
    epoch = now()
    pacer = Pacer(epoch=epoch, speed=1.0, stop=threading.Event())
    got: list[Tick] = []
    for batch in pacer.pace(ticks(epoch, 0.01)):
        got += batch
        time.sleep(0.1)
        if len(got) > 50:
            break

    assert [tick.at for tick in got] == [
        epoch + timedelta(seconds=n * 0.01) for n in range(len(got))
    ]
