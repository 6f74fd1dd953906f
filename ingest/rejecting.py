"""What goes to quarantine: each rejected sample or message with its own bytes, and why."""

from __future__ import annotations

from typing import NamedTuple

from ingest.inbox import Received
from soramichi.domain import malformed, wire
from soramichi.domain.telemetry import TelemetrySample
from soramichi.errors import MalformedTelemetry
from soramichi.store.quarantine import Quarantined


class Item(NamedTuple):
    """One good sample, and where in which message it stood."""

    topic: wire.Topic
    sample: TelemetrySample
    flags: tuple[str, ...]
    message: Received
    position: int


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


def rejected(topic: wire.Topic, message: Received, one: malformed.Rejected) -> Quarantined:
    """A sample, or a whole payload, that breaks the wire contract."""
    flight, seq = malformed.peek(one.original)
    return Quarantined(
        topic=_published(topic),
        original=one.original,
        reason=one.reason,
        field=storable(one.field) if one.field else None,
        detail=storable(one.detail),
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
