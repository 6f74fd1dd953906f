"""The codec: good samples through unchanged, bad ones named with their bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soramichi.domain import wire
from soramichi.errors import MalformedTelemetry
from tests.builders import a_payload, a_sample


def test_what_is_encoded_is_decoded_unchanged() -> None:
    samples = [a_sample(seq=i, ground_speed_mps=52.1, battery_pct=None) for i in range(3)]

    assert wire.decode(wire.encode(samples)) == wire.Decoded(samples, [])
    assert wire.decode(wire.encode(samples[0])).samples == samples[:1]


@pytest.mark.parametrize(
    ("member", "reason", "field"),
    [
        ('"latitude_deg":91', "out-of-range", "latitude_deg"),
        ('"longitude_deg":-180.1', "out-of-range", "longitude_deg"),
        ('"latitude_deg":NaN', "not-finite", "latitude_deg"),
        ('"ground_speed_mps":-Infinity', "not-finite", "ground_speed_mps"),
        ('"altitude_m":1e999', "wrong-type", "altitude_m"),
        ('"altitude_m":-1000', "out-of-range", "altitude_m"),
        ('"altitude_datum":"MSL"', "out-of-range", "altitude_datum"),
        ('"time":"2021-01-13T01:30:00"', "bad-time", "time"),
        ('"time":1610501400', "wrong-type", "time"),
        ('"seq":true', "wrong-type", "seq"),
        ('"seq":-1', "out-of-range", "seq"),
        ('"track_deg":361', "out-of-range", "track_deg"),
        ('"flight":"a/b"', "out-of-range", "flight"),
        ('"status":"Hovering"', "out-of-range", "status"),
    ],
)
def test_a_bad_member_is_rejected_with_its_name(member: str, reason: str, field: str) -> None:
    payload = a_payload(member)

    decoded = wire.decode(payload)

    assert decoded.samples == []
    [rejected] = decoded.rejected
    assert (rejected.original, rejected.reason, rejected.field) == (payload, reason, field)


@pytest.mark.parametrize(
    "missing", ["time", "latitude_deg", "longitude_deg", "altitude_m", "altitude_datum"]
)
def test_a_required_member_is_named_when_missing(missing: str) -> None:
    payload = a_payload().replace(missing.encode(), b"other")

    [rejected] = wire.decode(payload).rejected

    assert (rejected.reason, rejected.field) == ("missing", missing)


def test_unknown_members_and_nulls_are_no_fault() -> None:
    decoded = wire.decode(a_payload('"rotor_rpm":[1,2]', '"track_deg":null'))

    assert decoded.samples[0].track_deg is None


def test_one_bad_sample_costs_no_other() -> None:
    good, bad = a_payload(), a_payload('"latitude_deg":NaN')

    decoded = wire.decode(b"[" + b" , ".join([good, bad, b"5", good]) + b"]")

    assert len(decoded.samples) == 2
    assert [(r.original, r.reason) for r in decoded.rejected] == [
        (bad, "not-finite"),
        (b"5", "wrong-type"),
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"seq":' + b"1" * 5_000 + b"}", "wrong-type"),
        (b'{"status":"\xff"}', "not-json"),
        (b'{"status":"\t"}', "not-json"),
        (b'{"status":"\xed\xa0\x80"}', "not-json"),
    ],
)
def test_one_sample_that_is_no_json_costs_no_other(bad: bytes, reason: str) -> None:
    good = a_payload()

    decoded = wire.decode(b"[" + good + b"," + bad + b"," + good + b"]")

    assert len(decoded.samples) == 2
    assert [(r.original, r.reason) for r in decoded.rejected] == [(bad, reason)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\x0b[5]", "not-json"),
        (b"[5]\x0c", "not-json"),
        ("[5\u3000]".encode(), "not-json"),
        (b"", "not-json"),
        (b"hello", "not-json"),
        (b"\xff\xfe", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"[1,]", "not-json"),
        (b"[] trailing", "not-json"),
        (b"[]", "empty"),
        (b"[" + b"5," * 500 + b"5]", "too-many-samples"),
        (b" " * (wire.MAX_PAYLOAD_BYTES + 1), "too-large"),
    ],
)
def test_a_hopeless_payload_is_one_rejected_item_with_all_its_bytes(
    payload: bytes, reason: str
) -> None:
    assert [(r.original, r.reason) for r in wire.decode(payload).rejected] == [(payload, reason)]


@given(st.binary(max_size=300))
def test_no_bytes_make_the_decoder_raise_or_lose_an_item(payload: bytes) -> None:
    decoded = wire.decode(payload)

    assert len(decoded.samples) + len(decoded.rejected) >= 1


def test_a_broker_may_append_the_number_of_a_worker_to_telemetry_only() -> None:
    assert wire.parse_topic("soramichi/v1/a/b/telemetry/1") == ("a", "b", "telemetry")
    for bad in ("soramichi/v1/a/b/status/1", "soramichi/v1/a/b/telemetry/x"):
        with pytest.raises(MalformedTelemetry, match="bad-topic"):
            wire.parse_topic(bad)


def test_topics_name_operator_and_aircraft_and_nothing_else() -> None:
    topic = wire.telemetry_topic("mie-pref", "JA_01")

    assert topic == "soramichi/v1/mie-pref/JA_01/telemetry"
    assert wire.parse_topic(topic) == ("mie-pref", "JA_01", "telemetry")
    for bad in ("soramichi/v1/a/telemetry", "soramichi/v1/a b/c/telemetry", "x/" + topic):
        with pytest.raises(MalformedTelemetry, match="bad-topic"):
            wire.parse_topic(bad)
    with pytest.raises(MalformedTelemetry, match="aircraft"):
        wire.telemetry_topic("mie-pref", "a/b")


def test_a_message_holds_at_most_500_samples() -> None:
    with pytest.raises(MalformedTelemetry, match="too-many-samples"):
        wire.encode([a_sample()] * 501)


def test_none_members_are_left_out_of_the_payload() -> None:
    assert b"track_deg" not in wire.encode(a_sample())
