"""Topic names and payload codec: the one place where bytes become samples and back.

Ingest, simulators, replay and api all use this module, so a simulator cannot
speak a dialect that ingest does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from soramichi.domain import malformed
from soramichi.domain.altitude import Datum
from soramichi.domain.events import EventKind, Evidence, Severity
from soramichi.domain.flight import Name
from soramichi.domain.malformed import Rejected, explain, is_array
from soramichi.domain.telemetry import FlightLabel, TelemetrySample
from soramichi.errors import MalformedTelemetry

ROOT = "soramichi/v1"
TELEMETRY_FILTER = f"{ROOT}/+/+/telemetry"
STATUS_FILTER = f"{ROOT}/+/+/status"
EVENT_FILTER = f"{ROOT}/+/+/event"
LIVE_TOPIC = f"{ROOT}/live"
MAX_SAMPLES_PER_MESSAGE = 500
# 500 samples with every member present and long numbers stay under 256 KiB.
MAX_PAYLOAD_BYTES = 512 * 1024

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
LABEL = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
# A broker that divides telemetry over several workers appends the worker's number.
_TOPIC = re.compile(
    rf"{ROOT}/({IDENTIFIER.pattern})/({IDENTIFIER.pattern})/([a-z]+)(?:(?<=/telemetry)/[0-9]+)?"
)


class _Labelled(msgspec.Struct):
    """The one member that `TelemetrySample` does not look at closely."""

    flight: FlightLabel | None = None


_encoder = msgspec.json.Encoder()
_payload = msgspec.json.Decoder(TelemetrySample | list[TelemetrySample])
_sample = msgspec.json.Decoder(TelemetrySample)
_labelled = msgspec.json.Decoder(_Labelled)


class Topic(NamedTuple):
    """Who a per-aircraft topic belongs to and what it carries."""

    operator_id: str
    aircraft_id: str
    kind: str


class Decoded(NamedTuple):
    """What one payload held: the good samples in order, and every rejected one."""

    samples: list[TelemetrySample]
    rejected: list[Rejected]


class Samples(NamedTuple):
    """All samples of some payloads, in order, and how many each payload held."""

    samples: list[TelemetrySample]
    counts: list[int]


class Status(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether an aircraft's publisher is on line; also the MQTT will, which names others in `also`.

    The `time` of a will is when its connection began.
    """

    online: bool
    time: datetime
    also: list[str] = msgspec.field(default_factory=list)


class FlightEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One flight event as its operator hears it; the same `id` may come twice, an event never."""

    id: int
    kind: EventKind
    severity: Severity
    aircraft: str
    flight: str
    time: datetime
    lon: float
    lat: float
    altitude_m: float
    altitude_datum: Datum
    evidence: Evidence
    message: Name


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What is settled for good of one flight: stored, or in quarantine with its bytes.

    All numbers are sequence numbers. Everything from `settled_from` to
    `settled_through` is settled except `missing` (closed intervals [first,
    last], to be sent again); `committed_through` is the highest number with no
    gap between `settled_from` and it. None when the samples carry no numbers.
    `quarantined` counts this aircraft's samples in quarantine.
    """

    flight: str | None
    committed_through: int | None
    missing: list[tuple[int, int]]
    quarantined: int
    settled_from: int | None
    settled_through: int | None


class _EventId(msgspec.Struct):
    """All that is needed of an event to ask for it."""

    id: int


class LiveState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest observation of one aircraft as ingest tells it to the API processes."""

    aircraft_id: str
    operator_id: str
    flight_id: str
    received_at: datetime
    sample: TelemetrySample


_live = msgspec.json.Decoder(list[LiveState])
_status = msgspec.json.Decoder(Status)
_event = msgspec.json.Decoder(_EventId)


def telemetry_topic(operator_id: str, aircraft_id: str) -> str:
    """Where an aircraft's samples are published."""
    return _topic(operator_id, aircraft_id, "telemetry")


def status_topic(operator_id: str, aircraft_id: str) -> str:
    """Where an aircraft's publisher says, retained, whether it is on line."""
    return _topic(operator_id, aircraft_id, "status")


def receipt_topic(operator_id: str, aircraft_id: str) -> str:
    """Where the platform tells an aircraft's publisher what is stored for good."""
    return _topic(operator_id, aircraft_id, "receipt")


def event_topic(operator_id: str, aircraft_id: str) -> str:
    """Where the platform announces an aircraft's flight events."""
    return _topic(operator_id, aircraft_id, "event")


def heartbeat_topic(client_id: str) -> str:
    """Where an ingest worker tells itself that the broker still delivers."""
    return f"{ROOT}/heartbeat/{client_id}"


def _topic(operator_id: str, aircraft_id: str, kind: str) -> str:
    for name, value in (("operator", operator_id), ("aircraft", aircraft_id)):
        if not IDENTIFIER.fullmatch(value):
            raise MalformedTelemetry(
                "bad-identifier",
                field=name,
                detail=f"{value!r} does not match {IDENTIFIER.pattern}",
            )
    return f"{ROOT}/{operator_id}/{aircraft_id}/{kind}"


def parse_topic(topic: str) -> Topic:
    """The parts of a per-aircraft topic. Raises `MalformedTelemetry` for any other topic."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise MalformedTelemetry("bad-topic", detail=topic[:200])
    return Topic(*match.groups())


def encode(samples: TelemetrySample | Sequence[TelemetrySample]) -> bytes:
    """One sample, or an array of up to 500, as a payload; None members are left out."""
    if not isinstance(samples, TelemetrySample) and not 0 < len(samples) <= MAX_SAMPLES_PER_MESSAGE:
        raise MalformedTelemetry(
            "too-many-samples", detail=f"{len(samples)} in a message, 1..{MAX_SAMPLES_PER_MESSAGE}"
        )
    return _encoder.encode(samples)


def encode_message(message: Status | Receipt | FlightEvent | Sequence[LiveState]) -> bytes:
    """Any of the platform's own messages as a payload."""
    return _encoder.encode(message)


def decode_live(payload: bytes) -> list[LiveState]:
    """The states in a message on `LIVE_TOPIC`. Raises `MalformedTelemetry` for anything else."""
    try:
        return _live.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedTelemetry("not-json", detail=str(error)) from error


def decode_status(payload: bytes) -> Status:
    """What a publisher says of its connection. Raises `MalformedTelemetry` for anything else."""
    try:
        return _status.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedTelemetry("not-json", detail=str(error)) from error


def peek_event(payload: bytes) -> int | None:
    """The id of a message on an event topic, None for anything that has none."""
    try:
        return _event.decode(payload).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_live_state(row: Mapping[str, object]) -> LiveState:
    """A state from a database row, whose columns are the members of the state and its sample."""
    own = {name: row[name] for name in LiveState.__struct_fields__ if name != "sample"}
    sample = {name: row[name] for name in TelemetrySample.__struct_fields__ if name in row}
    return msgspec.convert({**own, "sample": sample}, LiveState)


def decode_all(payloads: Sequence[bytes]) -> Samples | None:
    """The samples of payloads that are all good, quickly; None when anything is wrong in one.

    What is wrong, and what is good beside it, `decode` says of each. [] and [] for no payload.
    """
    if max(map(len, payloads), default=0) > MAX_PAYLOAD_BYTES:
        return None
    try:
        found = list(map(_payload.decode, payloads))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    counts = [len(one) if isinstance(one, list) else 1 for one in found]
    samples: list[TelemetrySample] = []
    for one in found:
        samples += one if isinstance(one, list) else (one,)
    if not all(0 < count <= MAX_SAMPLES_PER_MESSAGE for count in set(counts)):
        return None
    if not all(map(_is_label, {sample.flight for sample in samples})):
        return None
    return Samples(samples, counts)


def decode(payload: bytes) -> Decoded:
    """Every sample of a payload, the good apart from the bad; never raises for bad bytes.

    A payload that is no JSON object or array, or too large, or empty, is one
    rejected item with its bytes whole. In an array each element is judged for
    itself, so one bad sample costs no other.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        return _whole(payload, "too-large", f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES}")
    good = decode_all([payload])
    if good is not None:
        return Decoded(good.samples, [])
    return _decode_elements(payload) if is_array(payload) else _one_by_one([payload])


@lru_cache(maxsize=16_384)
def _is_label(label: str | None) -> bool:
    return label is None or LABEL.fullmatch(label) is not None


def element(payload: bytes, position: int) -> bytes:
    """The bytes of the sample that `decode` gave as `samples[position]` of a payload.

    Counts good samples only, as `decode` does; a payload of one sample is its own element.
    """
    return _good(payload)[position] if is_array(payload) else payload


# A batch asks for many elements of one message in a row, 500 of them at most.
@lru_cache(maxsize=1)
def _good(payload: bytes) -> list[bytes]:
    return [one for one in malformed.split(payload) if not _one_by_one([one]).rejected]


def _decode_elements(payload: bytes) -> Decoded:
    try:
        elements = malformed.split(payload)
    except (ValueError, RecursionError) as error:
        return _whole(payload, "not-json", str(error))
    if not 0 < len(elements) <= MAX_SAMPLES_PER_MESSAGE:
        detail = f"{len(elements)} samples in a message, 1..{MAX_SAMPLES_PER_MESSAGE}"
        return _whole(payload, "too-many-samples" if elements else "empty", detail)
    return _one_by_one(elements)


def _one_by_one(elements: list[bytes]) -> Decoded:
    decoded = Decoded([], [])
    for element in elements:
        try:
            sample = _sample.decode(element)
            if not _is_label(sample.flight):
                _labelled.decode(element)  # which raises what is wrong with it
            decoded.samples.append(sample)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            decoded.rejected.append(explain(element, error))
    return decoded


def _whole(payload: bytes, reason: str, detail: str) -> Decoded:
    return Decoded([], [Rejected(payload, reason, None, detail)])
