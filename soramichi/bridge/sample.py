"""What may enter the spool: a sample checked just enough to be numbered and kept.

Judging telemetry is the platform's business, so a sample with a latitude of 95
is kept, sent and quarantined there. Only what could never be receipted is
refused here: no JSON object, or a `seq` or `flight` outside the wire contract.

The names of the topics are repeated from `soramichi.domain.wire`, because that
module needs msgspec and a bridge on a small computer shall need nothing but
Python and paho; a test holds the two together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from soramichi.errors import BadInput

ROOT = "soramichi/v1"
MAX_SAMPLES_PER_MESSAGE = 500
# Far below the 512 KiB that ingest accepts; one batch must also fit a slow link's patience.
MAX_BATCH_BYTES = 256 * 1024
MAX_SAMPLE_BYTES = 64 * 1024
MAX_SEQ = 2**63 - 2  # the next number must still fit SQLite's integer
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
FLIGHT = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked sample; `seq` and `flight` are None where the bridge has to give them.

    `text` is the sample as JSON without what the bridge gives; `observed_s` its
    own time in seconds since 1970 (UTC), None when it has none that can be read.
    """

    aircraft_id: str
    members: dict[str, Any]
    text: bytes
    seq: int | None
    flight: str | None
    observed_s: float | None

    def body(self, *, flight: str, seq: int) -> bytes:
        """The sample as it goes over the wire, its own members first and unchanged."""
        if self.seq is not None and self.flight is not None:
            return self.text
        return encode(self.members | {"seq": seq, "flight": flight})


def identifier(name: str, value: str) -> str:
    """`value` when it can be a level of a topic, else `BadInput` naming what it was."""
    if not IDENTIFIER.fullmatch(value):
        raise BadInput(f"{name} {value!r} must match {IDENTIFIER.pattern}")
    return value


def topic(operator_id: str, aircraft_id: str, kind: str) -> str:
    """The topic of one aircraft; `kind` is telemetry, receipt or status."""
    return f"{ROOT}/{operator_id}/{aircraft_id}/{kind}"


def encode(members: Mapping[str, Any]) -> bytes:
    """Members as compact JSON; `BadInput` for what it cannot say (NaN, half a character)."""
    try:
        text = json.dumps(members, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"a sample must be plain JSON: {error}") from error


def parse(text: bytes | str) -> dict[str, Any]:
    """One JSON object, as UTF-8. Raises `BadInput` for anything else."""
    try:
        members = json.loads(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"a sample must be a JSON object: {error}") from error
    if not isinstance(members, dict):
        raise BadInput(f"a sample must be a JSON object, not {type(members).__name__}")
    return members


def draft(aircraft_id: str, sample: Mapping[str, Any] | bytes | str) -> Draft:
    """Check one sample of one aircraft. Raises `BadInput` when it can never be receipted."""
    members = dict(sample) if isinstance(sample, Mapping) else parse(sample)
    text = encode(members)
    if len(text) > MAX_SAMPLE_BYTES:
        raise BadInput(f"a sample may have at most {MAX_SAMPLE_BYTES} bytes")
    seq, flight = members.get("seq"), members.get("flight")
    if seq is not None and (type(seq) is not int or not 0 <= seq <= MAX_SEQ):
        raise BadInput(f"seq {seq!r} must be an integer from 0 to 2^63-2")
    if flight is not None and not (isinstance(flight, str) and FLIGHT.fullmatch(flight)):
        raise BadInput(f"flight {flight!r} must match {FLIGHT.pattern}")
    identifier("aircraft", aircraft_id)
    observed_s = _observed_s(members.get("time"))
    return Draft(aircraft_id, members, text, seq, flight, observed_s)


def _observed_s(time: object) -> float | None:
    if not isinstance(time, str):
        return None
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
