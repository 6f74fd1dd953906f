"""Sort the samples of a batch of messages: good ones as columns, rejected ones with their bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np

from ingest import rejecting
from ingest.inbox import Received
from ingest.jumps import Steps
from ingest.rejecting import Item
from ingest.screening import Limits
from soramichi.domain import wire
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import MalformedTelemetry
from soramichi.store import rows
from soramichi.store.arrays import Integers
from soramichi.store.copying import Draft
from soramichi.store.quarantine import Account, Quarantined
from soramichi.store.rows import Records

# Books need an owner; samples whose topic names none are booked here.
NOBODY = ""

# What the table does not hold of a sample: places in the lists of `Sorted`, and where among the
# good ones of its message it stood.
_RECORD = np.dtype(
    [*rows.RECORD, ("topic", "i4"), ("label", "i4"), ("message", "i4"), ("position", "i4")]
)  # fmt: skip
_RAW = np.dtype(f"V{_RECORD.itemsize}")


@dataclass(slots=True)
class Sorted:
    """A batch, sorted: `records` have distinct keys, and those of an aircraft stand together.

    Of the texts that records count to, `flag_sets` begins with that of no doubt. A sample is kept
    as its record alone: ten thousand objects would be made and unmade for the few that are asked
    for. `steps` (of the records that raise no doubt) and `draft` are there where somebody prepared
    them, until a record is changed.
    """

    messages: list[Received] = field(default_factory=list)
    topics: list[wire.Topic] = field(default_factory=list)
    aircraft_ids: list[str] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    flag_sets: list[tuple[str, ...]] = field(default_factory=lambda: [()])
    records: Records = field(default_factory=lambda: np.zeros(0, _RECORD))
    quarantined: list[Quarantined] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)
    steps: Steps | None = None
    draft: Draft | None = None

    def book(self, operator_id: str, account: Account) -> None:
        """Add to one operator's books."""
        self.accounts[operator_id] = self.accounts.get(operator_id, Account()) + account

    def by_operator(self, records: Records) -> Counter[str]:
        """How many of these records each operator sent."""
        found: Counter[str] = Counter()
        for topic, count in enumerate(np.bincount(records["topic"]).tolist()):
            if count:
                found[self.topics[topic].operator_id] += count
        return found

    def item(self, at: int) -> Item:
        """One of the records, as an object, out of its message."""
        one = self.records[at]
        message, position = self.messages[one["message"]], int(one["position"])
        return Item(
            self.topics[one["topic"]],
            _samples(message.payload)[position],
            self.flag_sets[one["flags"]],
            message,
            position,
        )

    def items(self) -> list[Item]:
        """All of them; for those who have few."""
        return [self.item(at) for at in range(len(self.records))]

    def flag(self, positions: Sequence[int] | Integers, flags: tuple[str, ...]) -> None:
        """Have these records name these rules."""
        self.steps = self.draft = None
        if flags not in self.flag_sets:
            self.flag_sets.append(flags)
        self.records["flags"][positions] = self.flag_sets.index(flags)

    def refuse(self, positions: Integers, reason: str, detail: str) -> None:
        """Take these records out and put their samples into quarantine."""
        items = [self.item(at) for at in positions.tolist()]
        self.quarantined += [rejecting.refused(item, reason, None, detail) for item in items]
        self.records = np.delete(self.records, positions)
        self.steps = self.draft = None


def sort(messages: Iterable[Received], limits: Limits) -> Sorted:
    """Decode and judge every sample; of two with one key the first counts."""
    sorter = Sorter(limits)
    sorter.add(list(messages))
    return sorter.finish()


class Sorter:
    """Sorts a batch piece by piece, while it comes in; `samples` is how many were in it so far."""

    def __init__(self, limits: Limits) -> None:
        self.samples = 0
        self._limits = limits
        self._batch = Sorted()
        self._parts: list[Records] = []
        self._received: Counter[str] = Counter()
        # Places in the lists of the batch.
        self._topics: dict[str, int] = {}
        self._aircraft_of: list[int] = []
        self._aircraft: dict[str, int] = {}
        self._labels: dict[str | None, int] = {}

    def add(self, messages: Sequence[Received]) -> None:
        """Sort these as well."""
        strange = {message[0] for message in messages} - self._topics.keys()
        if faults := {name: fault for name in strange if (fault := self._learn(name))}:
            apart = [one for one in messages if one.topic in faults]
            self._count(NOBODY, len(apart))
            quarantined = self._batch.quarantined
            quarantined += [rejecting.unowned(one, faults[one.topic]) for one in apart]
            messages = [one for one in messages if one.topic not in faults]
        decoded = wire.decode_all([message[1] for message in messages])
        decoded = decoded or self._decode(messages)
        self._batch.messages += messages
        if decoded.samples:
            self._parts.append(self._part(messages, decoded))
        self.samples += len(decoded.samples)

    def finish(self) -> Sorted:
        """The batch; nothing may be added any more."""
        batch = self._batch
        batch.aircraft_ids += self._aircraft
        batch.labels += self._labels
        if self._parts:
            records = _joined(self._parts)
            self._received.update(batch.by_operator(records))
            batch.records = rows.pick(records, np.argsort(records["aircraft"], kind="stable"))
        for operator_id, count in self._received.items():
            batch.book(operator_id, Account(received=count))
        _screen(batch, self._limits)
        _part_twins(batch)
        return batch

    def _learn(self, name: str) -> MalformedTelemetry | None:
        """What is wrong with a topic; if nothing is, its place is known from then on."""
        try:
            topic = _topic(name)
        except MalformedTelemetry as error:
            return error
        self._topics[name] = len(self._batch.topics)
        self._batch.topics.append(topic)
        self._aircraft_of.append(self._aircraft.setdefault(topic.aircraft_id, len(self._aircraft)))
        return None

    def _decode(self, messages: Iterable[Received]) -> wire.Samples:
        """The samples of messages of which some are not good, and how many each has."""
        found = wire.Samples([], [])
        for message in messages:
            samples, rejected = wire.decode(message.payload)
            found.samples.extend(samples)
            found.counts.append(len(samples))
            topic = _topic(message.topic)
            if rejected:
                self._count(topic.operator_id, len(rejected))
                self._batch.quarantined += [
                    rejecting.rejected(topic, message, one) for one in rejected
                ]
        return found

    def _count(self, operator_id: str, samples: int) -> None:
        self._received[operator_id] += samples
        self.samples += samples

    def _part(self, messages: Sequence[Received], decoded: wire.Samples) -> Records:
        """The records of some messages."""
        part = np.zeros(len(decoded.samples), _RECORD)
        labels = rows.fill(part, decoded.samples)
        for label in set(labels):
            self._labels.setdefault(label, len(self._labels))
        part["label"] = list(map(self._labels.__getitem__, labels))
        topics = np.array([self._topics[message[0]] for message in messages])
        counts = np.array(decoded.counts)
        before = len(self._batch.messages) - len(messages)
        for name, column in (
            ("topic", topics),
            ("aircraft", np.array(self._aircraft_of)[topics]),
            ("received_at", _receptions(messages)),
            ("message", np.arange(before, before + len(messages))),
            ("position", counts - np.cumsum(counts)),
        ):
            part[name] = np.repeat(column, counts)
        part["position"] += np.arange(len(part))
        return part


def _receptions(messages: Sequence[Received]) -> Integers:
    """When each was received; those of one read of the socket share the very object."""
    moments = [message[4] for message in messages]
    if moments[0] is moments[-1]:
        return np.repeat(rows.microseconds(moments[:1]), len(moments))
    places = {id(moment): moment for moment in moments}
    known = dict(zip(places, rows.microseconds([*places.values()]).tolist(), strict=True))
    return np.array([known[id(moment)] for moment in moments])


def _joined(parts: Sequence[Records]) -> Records:
    """The parts in a row; numpy's own way goes member by member, even where the types are one."""
    whole = np.empty(sum(map(len, parts)), _RECORD)
    np.concatenate([part.view(_RAW) for part in parts], out=whole.view(_RAW))
    return whole


# A worker hears the same few thousand topics again and again.
_topic = lru_cache(maxsize=16_384)(wire.parse_topic)


# Many of one message are asked for in a row, or by turns with those of another that is the same.
@lru_cache(maxsize=16)
def _samples(payload: bytes) -> list[TelemetrySample]:
    return wire.decode(payload).samples


def _screen(batch: Sorted, limits: Limits) -> None:
    doubts = limits.doubts(batch.records)
    for flags, positions in doubts.flagged.items():
        if len(positions):
            batch.flag(positions, flags)
    reasons = {at: reason for reason, found in doubts.refused.items() for at in found.tolist()}
    if reasons:
        for at, reason in sorted(reasons.items()):
            item = batch.item(at)
            detail = f"observed {item.sample.time.isoformat()}"
            batch.quarantined.append(rejecting.refused(item, reason, "time", detail))
        batch.records = np.delete(batch.records, list(reasons))


def _part_twins(batch: Sorted) -> None:
    """Of samples of one aircraft and time, keep the first; the others are booked or rejected."""
    records = batch.records
    later = records["time"][1:] > records["time"][:-1]
    if (later | (records["aircraft"][1:] != records["aircraft"][:-1])).all():
        return
    order = np.lexsort((records["time"], records["aircraft"]))
    taken = []
    for first, end in pairwise(
        rows.edges(records["aircraft"][order], records["time"][order]).tolist()
    ):
        kept, *others = order[first:end].tolist()
        for at in others:
            taken.append(at)
            _meet_again(batch, batch.item(kept), batch.item(at))
    batch.records = np.delete(records, taken)


def _meet_again(batch: Sorted, earlier: Item, item: Item) -> None:
    if earlier.sample == item.sample and earlier.topic == item.topic:
        batch.book(item.topic.operator_id, Account(duplicate=1))
    else:
        batch.quarantined.append(rejecting.conflicting(item))
