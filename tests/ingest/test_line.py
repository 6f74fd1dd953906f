"""Taking telemetry out of the stream before paho reads it."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.line import Line, Publish, split

PUBACK = b"\x40\x02"
PINGRESP = b"\xd0\x00"


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def packet(publish: Publish) -> bytes:
    topic, payload, packet_id = publish
    body = struct.pack(">H", len(topic)) + topic
    if packet_id:
        body += struct.pack(">H", packet_id)
    body += payload
    return bytes([0x32 if packet_id else 0x30]) + varint(len(body)) + body


publishes = st.tuples(st.binary(max_size=40), st.binary(max_size=20_000), st.integers(0, 65_535))


@given(st.lists(publishes | st.just(PINGRESP) | st.just(b"\x90\x03\x00\x01\x01")), st.data())
def test_every_packet_is_found_however_the_stream_is_cut(
    packets: list[Publish | bytes], data: st.DataObject
) -> None:
    stream = b"".join(one if isinstance(one, bytes) else packet(one) for one in packets)
    rest, found, begun = bytearray(), [], b""
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        begun += stream[:cut]
        stream = stream[cut:]
        some, used = split(begun, rest)
        found += some
        begun = begun[used:]

    assert begun == b""
    assert found == [one for one in packets if isinstance(one, tuple)]
    assert bytes(rest) == b"".join(one for one in packets if isinstance(one, bytes))


@given(st.binary(min_size=1, max_size=60))
def test_no_bytes_at_all_are_worse_than_the_end_of_the_connection(stream: bytes) -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        line = Line(near, 1)
        far.sendall(stream)
        line.read()
        assert line.ended or len(line._begun) <= len(stream)


@pytest.fixture
def pair() -> tuple[Line, socket.socket]:
    near, far = socket.socketpair()
    near.setblocking(False)
    return Line(near, 1), far


def test_a_message_that_we_still_hold_is_not_taken_twice(
    pair: tuple[Line, socket.socket],
) -> None:
    line, far = pair
    message = (b"t", b"x", 7)
    far.sendall(packet(message))
    assert line.read() == [message]
    far.sendall(packet(message))
    assert line.read() == []
    assert line.in_flight() == 1

    line.acknowledge([7])
    far.sendall(packet(message))

    assert line.read() == [message]


def test_a_message_that_comes_twice_in_one_read_is_taken_once(
    pair: tuple[Line, socket.socket],
) -> None:
    """Acknowledged twice, the second might be taken for the next message of that id."""
    line, far = pair
    far.sendall(packet((b"t", b"x", 7)) * 2 + packet((b"t", b"y", 0)) * 2)

    assert line.read() == [(b"t", b"x", 7), (b"t", b"y", 0), (b"t", b"y", 0)]


def test_acknowledgements_leave_together_and_never_inside_another_packet(
    pair: tuple[Line, socket.socket],
) -> None:
    line, far = pair
    line.send(b"\x30\x05half ")
    line.acknowledge([1, 258])
    assert line.flush()

    assert far.recv(100) == b"\x30\x05half " + PUBACK + b"\x00\x01" + PUBACK + b"\x01\x02"


def test_what_the_socket_does_not_take_is_sent_later(pair: tuple[Line, socket.socket]) -> None:
    line, far = pair
    line.send(b"x" * 3_000_000)
    assert not line.flush()
    got = 0
    while got < 3_000_000:
        got += len(far.recv(1 << 20))
        line.flush()

    assert line.flush()


def test_paho_reads_the_rest_and_then_the_end(pair: tuple[Line, socket.socket]) -> None:
    line, far = pair
    far.sendall(packet((b"t", b"x", 0)) + PINGRESP)
    line.read()
    assert (line.recv(1), line.recv(10)) == (PINGRESP[:1], PINGRESP[1:])
    with pytest.raises(BlockingIOError):
        line.recv(1)
    far.close()
    line.read()

    assert line.recv(1) == b""
