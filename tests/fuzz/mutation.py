"""Messages nearly right, for where no coverage guides: hypothesis and the path over a broker."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from soramichi.domain import wire
from soramichi.domain.telemetry import TelemetrySample
from tests.builders import a_sample

BEGIN = datetime(2021, 1, 13, 1, 30, tzinfo=UTC)
_PARTS = (
    b"", b"\0", b"\xff", b"\t", b'"', b",", b"[", b"]", b"{", b"}", b":null", b"NaN", b"-Infinity",
    b"1e999", b"-1000", b"0", b"9223372036854775808", b"\\ud800", b"\\u0000", "三重".encode(),
    b'"flight":"a b",', b'"seq":-1,', b'"time":"1999-12-31T23:59:59Z",',
    b'"time":"2199-01-01T00:00:00Z",',
)  # fmt: skip


def edited(chance: random.Random, data: bytes) -> bytes:
    """The same with up to four places changed, put in, taken out or doubled."""
    for _ in range(chance.randrange(5)):
        a, b = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        kind = chance.randrange(4)
        if kind == 0:
            data = data[:a] + bytes([chance.randrange(256)]) + data[a + 1 :]
        elif kind == 1:
            data = data[:a] + chance.choice(_PARTS) + data[a:]
        elif kind == 2:
            data = data[:a] + data[min(b, a + 20) :]
        else:
            data = data[:a] + data[a : min(b, a + 20)] + data[a:]
    return data


def payload(chance: random.Random) -> bytes:
    """One sample or some, mostly new, half of them edited; rarely very many or far too large."""
    rare = chance.random()
    if rare < 0.0005:
        return b"[" + b" " * 600_000 + b"]"
    count = 500 if rare < 0.001 else chance.choice((1, 1, 1, 2, 5, 20))
    samples = [_sample(chance) for _ in range(count)]
    data = wire.encode(samples if count > 1 or chance.random() < 0.2 else samples[0])
    return edited(chance, data) if chance.random() < 0.5 else data


def _sample(chance: random.Random) -> TelemetrySample:
    # One in twenty is of any time since 2000, so of any month's partition.
    minutes = chance.randrange(-11_000_000, 2_900_000) if chance.random() < 0.05 else 0
    after = timedelta(minutes=minutes, milliseconds=chance.randrange(3_600_000))
    return a_sample(
        time=BEGIN + after,
        latitude_deg=round(34.3 + chance.random() / 100, 7),
        seq=chance.choice((None, chance.randrange(100_000))),
        flight=chance.choice((None, "F1", "F2")),
        track_deg=chance.choice((None, 17.5)),
    )
