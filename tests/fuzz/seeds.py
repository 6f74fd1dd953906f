"""Where fuzzing begins: inputs of each target that reach deep."""

from __future__ import annotations

import struct

from soramichi.domain import wire
from tests.builders import a_payload, a_sample
from tests.fuzz.targets import SEPARATOR, TOPICS

FULL = a_payload(
    '"seq":7', '"flight":"F1"', '"ground_speed_mps":52.1', '"track_deg":17.5',
    '"vertical_speed_mps":-0.4', '"heading_deg":18.0', '"battery_pct":71.5',
    '"status":"Airborne"', '"accuracy_h_m":3.0', '"accuracy_v_m":5.0',
)  # fmt: skip
ODD_MEMBERS = (
    '"time":"2021-01-13T10:30:00.123456789+09:00"', '"time":"1999-12-31T23:59:59Z"',
    '"time":"2021-01-14T09:00:00Z"', '"time":"0001-01-01T00:00:00+23:59"',
    '"time":"9999-12-31T23:59:59.999999999Z"', '"time":"2021-01-13T01:30:00"', '"time":1610501400',
    '"latitude_deg":NaN', '"latitude_deg":-Infinity', '"latitude_deg":-0.0,"longitude_deg":0',
    '"longitude_deg":1e999', '"altitude_m":-1000', '"altitude_datum":"MSL"', '"seq":true',
    '"seq":9223372036854775807', '"seq":1' + "0" * 40, '"flight":"a/b"', '"flight":"\\ud800"',
    '"flight":"\\u0000"', '"status":"\t"', '"status":null', '"rotor":[[[{"rpm":[1,2]}]]]',
)  # fmt: skip


def payloads() -> list[bytes]:
    """Good, bad and hopeless payloads, alone and in arrays."""
    other = wire.encode(a_sample(track_deg=1.0))
    single = [a_payload(), FULL, *(a_payload(one) for one in ODD_MEMBERS)]
    arrays = [
        b"[" + b",".join([a_payload(), FULL, other]) + b"]",
        b" [ " + b" , ".join([FULL, a_payload('"latitude_deg":NaN'), b"5"]) + b" ] ",
        b'[{"flight":"\xff"},' + FULL + b"]",
        b"[]", b"[1,]", b"[[]]", b"[{},null,true]", b"[" * 40 + b"]" * 40,
        b"\xef\xbb\xbf" + FULL, b"\x0b[" + FULL + b"]", b"", b"null", b"hello",
    ]  # fmt: skip
    return [*single, *arrays]


def batches() -> list[bytes]:
    """Several messages that meet in one batch, and each payload alone in one."""
    one, other = a_payload(), a_payload('"seq":1')
    return [
        *(b"\0" + alone for alone in payloads()),
        SEPARATOR.join([b"\0" + one, b"\1" + one, b"\2" + one, b"\3" + one, b"\0" + one]),
        b"\0" + one + SEPARATOR + b"\0" + other + SEPARATOR + b"\0[" + one + b"]",
    ]


def topics() -> list[bytes]:
    """Topics of ours and others that are nearly so."""
    return [
        *(one.encode() for one in TOPICS),
        b"soramichi/v1/a b/c/telemetry",
        b"soramichi/v1/a/b/status/1",
        b"soramichi/v1/a/b/telemetry/x",
        b"soramichi/v1/" + b"a" * 65 + b"/b/telemetry",
        "soramichi/v1/三重/\0/telemetry".encode(),
        b"\xff\xfe",
        b"",
    ]


def streams() -> list[bytes]:
    """What a broker says after CONNECT: acknowledgements, pings and messages of every kind."""
    connected, subscribed, pong = b"\x20\x02\x00\x00", b"\x90\x04\x00\x01\x01\x01", b"\xd0\x00"
    name = TOPICS[0].encode()
    talk = [
        connected, subscribed, pong,
        message(name, b"{}", 1), message(name, b"{}", 1), message(name, b"", 2), message(b"", b"x"),
        message(b"soramichi/v1/heartbeat/fuzz", b"1", 3), message(name, b"x" * 130, 65_535),
    ]  # fmt: skip
    bad = [
        b"\x20\x02\x00\x01", b"\x20\x02\x00\x05", b"\x20\x00", b"\x90\x00", b"\x90\x03\x00\x01\x80",
        b"\x32\x00", b"\x32\x03\x00\x01a", b"\x30\xff\xff\xff\xff\x01", b"\x40\x02\x00\x01",
        b"\x50\x02\x00\x01", b"\x62\x02\x00\x01", b"\x70\x00", b"\xb0\x02\x00\x01", b"\xc0\x00",
        b"\xe0\x00", b"\x00\x00", b"\xf0\x00",
    ]  # fmt: skip
    return [
        b"".join(talk),
        *(connected + one for one in bad),
        *(one + b"".join(talk) for one in bad),
    ]


def message(topic: bytes, content: bytes, packet_id: int = 0) -> bytes:
    """A PUBLISH packet, at least once when it has a packet id."""
    body = struct.pack(">H", len(topic)) + topic
    body += struct.pack(">H", packet_id) if packet_id else b""
    body += content
    length = b""
    left = len(body)
    while left > 127:
        length += bytes([left & 127 | 128])
        left >>= 7
    return bytes([0x32 if packet_id else 0x30]) + length + bytes([left]) + body


SEEDS = {
    "decode": payloads,
    "batch": batches,
    "topic": topics,
    "stream": lambda: [b"\0\1" + one for one in streams()],
    "session": streams,
}
