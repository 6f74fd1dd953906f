"""Sort the samples of a batch of messages: good ones with their key, rejected ones with bytes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ingest.inbox import Received
from ingest.screening import Limits, Window
from soramichi.domain import wire
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import MalformedTelemetry
from soramichi.store.quarantine import Account, Quarantined

# Books need an owner; samples whose topic names none are booked here.
NOBODY = ""


class Item(NamedTuple):
    """One good sample, and where in which message it stood."""

    topic: wire.Topic
    sample: TelemetrySample
    flags: list[str] | None
    message: Received
    position: int


@dataclass(slots=True)
class Sorted:
    """A batch, sorted: `items` have distinct keys, and those of an aircraft stand together."""

    items: list[Item] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)

    def book(self, operator_id: str, account: Account) -> None:
        """Add to one operator's books."""
        self.accounts[operator_id] = self.accounts.get(operator_id, Account()) + account


def sort(messages: Iterable[Received], limits: Limits) -> Sorted:
    """Decode and judge every sample; of two with one key the first counts."""
    sorter = Sorter(limits)
    sorter.add(messages)
    return sorter.finish()


class Sorter:
    """Sorts a batch piece by piece, while it comes in; `samples` is how many were in it so far."""

    def __init__(self, limits: Limits) -> None:
        self.samples = 0
        self._limits = limits
        self._window: Window | None = None
        self._batch = Sorted()
        self._received: Counter[str] = Counter()
        self._by_time: defaultdict[str, dict[datetime, Item]] = defaultdict(dict)

    def add(self, messages: Iterable[Received]) -> None:
        """Sort these as well."""
        for message in messages:
            try:
                topic = _topic(message.topic)
            except MalformedTelemetry as error:
                self._count(NOBODY, 1)
                self._batch.quarantined.append(unowned(message, error))
                continue
            samples, rejected = wire.decode(message.payload)
            self._count(topic.operator_id, len(samples) + len(rejected))
            if rejected:
                self._batch.quarantined += [_rejected(topic, message, one) for one in rejected]
            if samples:
                self._judge(topic, message, samples)

    def finish(self) -> Sorted:
        """The batch; nothing may be added any more."""
        batch = self._batch
        for operator_id, count in self._received.items():
            batch.book(operator_id, Account(received=count))
        by_time = self._by_time.values()
        batch.items = [item for of_aircraft in by_time for item in of_aircraft.values()]
        return batch

    def _count(self, operator_id: str, samples: int) -> None:
        self._received[operator_id] += samples
        self.samples += samples

    def _judge(
        self, topic: wire.Topic, message: Received, samples: Sequence[TelemetrySample]
    ) -> None:
        window = self._window
        if window is None or window.received_at is not message.received_at:
            window = self._window = self._limits.window(message.received_at)
        of_aircraft = self._by_time[topic.aircraft_id]
        _, oldest, believed_until, _ = window
        for position, sample in enumerate(samples):
            # Not Item(…), which costs twice as much.
            item = _new(Item, (topic, sample, None, message, position))
            # Whether any rule has something to say, which is so for hardly any.
            if not (
                oldest <= sample.time <= believed_until
                and (sample.latitude_deg or sample.longitude_deg)
            ):
                if reason := window.refusal(sample):
                    detail = f"observed {sample.time.isoformat()}"
                    self._batch.quarantined.append(refused(item, reason, "time", detail))
                    continue
                item = item._replace(flags=window.flags(sample))
            earlier = of_aircraft.setdefault(sample.time, item)
            if earlier is not item:
                _meet_again(self._batch, earlier, item)


_new = tuple.__new__

# A worker hears the same few thousand topics again and again.
_topic = lru_cache(maxsize=16_384)(wire.parse_topic)


def _meet_again(batch: Sorted, earlier: Item, item: Item) -> None:
    if earlier.sample == item.sample and earlier.topic == item.topic:
        batch.book(item.topic.operator_id, Account(duplicate=1))
    else:
        batch.quarantined.append(conflicting(item))


def conflicting(item: Item) -> Quarantined:
    """A sample with the aircraft and time of another that says something else."""
    return refused(
        item,
        "conflicting-duplicate",
        "time",
        f"another sample of {item.sample.time.isoformat()} was stored first",
    )


def refused(item: Item, reason: str, field: str | None, detail: str) -> Quarantined:
    """A good sample that is not stored for `reason`, with its own bytes out of its message."""
    return Quarantined(
        topic=_published(item.topic),
        original=wire.element(item.message.payload, item.position),
        reason=reason,
        field=field,
        detail=detail,
        operator_id=item.topic.operator_id,
        aircraft_id=item.topic.aircraft_id,
        flight_label=item.sample.flight,
        seq=item.sample.seq,
        received_at=item.message.received_at,
    )


def unowned(message: Received, error: MalformedTelemetry) -> Quarantined:
    """A message on a topic that names no operator and aircraft of ours."""
    return Quarantined(
        topic=storable(message.topic),
        original=message.payload,
        reason=error.reason,
        field=error.field,
        detail=storable(error.detail),
        operator_id=None,
        aircraft_id=None,
        flight_label=None,
        seq=None,
        received_at=message.received_at,
    )


def _rejected(topic: wire.Topic, message: Received, rejected: wire.Rejected) -> Quarantined:
    flight, seq = wire.peek(rejected.original)
    return Quarantined(
        topic=_published(topic),
        original=rejected.original,
        reason=rejected.reason,
        field=storable(rejected.field) if rejected.field else None,
        detail=storable(rejected.detail),
        operator_id=topic.operator_id,
        aircraft_id=topic.aircraft_id,
        flight_label=flight,
        seq=seq,
        received_at=message.received_at,
    )


def _published(topic: wire.Topic) -> str:
    """The topic as its publisher knows it, whichever worker's part the broker put it in."""
    return f"{wire.ROOT}/{'/'.join(topic)}"


def storable(text: str) -> str:
    """Text that PostgreSQL can hold: no NUL, no lone surrogate; at most 500 characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:500]
