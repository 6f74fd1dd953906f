"""From scenarios to the broker: every aircraft's samples in time order, paced and published."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, dropwhile

from simulators.faults import NO_FAULTS, BadLink, Faults, Sent
from simulators.mission import patrol
from simulators.pacer import Pacer, epoch_for, now
from simulators.publisher import Publisher, open_publishers
from simulators.scenarios import Scenario, Sortie
from simulators.wind import WindField
from soramichi.domain.telemetry import TelemetrySample
from soramichi.settings import BrokerSettings

DRAIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to fly and how; `rate_hz` None is each scenario's own, `duration_s` None endless.

    `head_start_s` is how long the flights have been under way when the simulation
    begins. What they flew until then is sent at once, as after a broken link, but for
    `Scenario.for_load`; no sample is observed before `not_before`.
    """

    scenarios: tuple[Scenario, ...]
    seed: int = 0
    rate_hz: float | None = None
    speed: float = 1.0
    duration_s: float | None = None
    head_start_s: float = 0.0
    not_before: datetime | None = None
    faults: Faults = NO_FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How it ended: samples `published` per operator, and how many of all lack a receipt."""

    published: Mapping[str, int]
    unreceipted: int
    dropped: int = 0
    duplicated: int = 0


def samples_of(
    scenario: Scenario, sortie: Sortie, plan: Plan, *, epoch: datetime
) -> Iterator[TelemetrySample]:
    """One aircraft's samples, without end; the same for the same plan and epoch."""
    return patrol(
        sortie.aircraft,
        sortie.missions,
        epoch=epoch + timedelta(seconds=sortie.starts_after_s),
        rate_hz=plan.rate_hz or scenario.rate_hz,
        seed=plan.seed,
        wind=WindField(plan.seed),
    )


def merged(plan: Plan, *, epoch: datetime) -> Iterator[Sent]:
    """The samples of all aircraft together, ordered by time."""
    every = [(scenario, sortie) for scenario in plan.scenarios for sortie in scenario.sorties]

    took_off = epoch - timedelta(seconds=plan.head_start_s)

    def stream(order: int, scenario: Scenario, sortie: Sortie) -> Iterator[Sent]:
        aircraft = sortie.aircraft
        since = epoch if scenario.for_load else max(took_off, plan.not_before or took_off)
        flown = samples_of(scenario, sortie, plan, epoch=took_off)
        for sample in dropwhile(lambda sample: sample.time < since, flown):
            yield Sent(sample.time, order, aircraft.operator_id, aircraft.aircraft_id, sample)

    return heapq.merge(*(stream(order, *one) for order, one in zip(count(), every, strict=False)))


def simulate(
    plan: Plan,
    *,
    broker: BrokerSettings,
    passwords: Mapping[str, str],
    stop: threading.Event,
    notice: Callable[[str], None],
) -> Tally:
    """Fly the plan until its duration is over or `stop` is set, then wait for the receipts.

    Raises `Unavailable` when the broker cannot be reached at the start; later
    it is waited for.
    """
    aircraft: dict[str, list[str]] = {}
    for one in (one for scenario in plan.scenarios for one in scenario.aircraft):
        aircraft.setdefault(one.operator_id, []).append(one.aircraft_id)
    publishers = open_publishers(broker, aircraft, passwords=passwords, stop=stop)
    began = now()
    epoch = epoch_for(plan.speed, plan.duration_s, at=began)
    if plan.not_before is not None:
        epoch = max(epoch, plan.not_before)
    epoch = epoch.replace(microsecond=epoch.microsecond // 1000 * 1000)
    link = BadLink(plan.faults, epoch=epoch, seed=plan.seed)
    pacer = Pacer(
        epoch=epoch,
        speed=plan.speed,
        stop=stop,
        caught_up=lambda: notice("simulated time has caught up with the clock; going on at 1x"),
    )
    due = pacer.pace(link.deliver(merged(plan, epoch=epoch)), until_s=plan.duration_s)
    return send(due, publishers, link=link)


def send(
    due: Iterable[Sequence[Sent]],
    publishers: Mapping[str, Publisher],
    *,
    link: BadLink | None = None,
) -> Tally:
    """Publish what falls due, a message per aircraft and batch; at the end drain and close."""
    duplicated = 0
    try:
        for batch in due:
            duplicated += sum(sent.echo for sent in batch)
            together: dict[tuple[str, str], list[TelemetrySample]] = {}
            for sent in batch:
                key = (sent.operator_id, sent.aircraft_id)
                together.setdefault(key, []).append(sent.sample)
            for (operator_id, aircraft_id), samples in together.items():
                publishers[operator_id].publish(aircraft_id, samples)
        until = time.monotonic() + DRAIN_S
        for publisher in publishers.values():
            publisher.drain(max(0.0, until - time.monotonic()))
        return Tally(
            published={operator: one.published for operator, one in publishers.items()},
            unreceipted=sum(one.unreceipted for one in publishers.values()),
            dropped=link.dropped if link else 0,
            duplicated=duplicated,
        )
    finally:
        for publisher in publishers.values():
            publisher.close()
