"""What must hold for whatever a broker says: bytes in, messages out, acknowledgements back."""

from __future__ import annotations

import random
import socket
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from ingest.line import Line, Publish
from ingest.subscriber import Subscriber
from soramichi.settings import BrokerSettings, IngestSettings


def stream(data: bytes) -> Counter[str]:
    """What a broker sends, read at once and in pieces; the first two bytes say how it is cut."""
    chance, data = random.Random(data[:2]), data[2:]
    expected = packets(data)
    at_once = _read([data])
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 6)))
    in_pieces = _read([data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)])
    if expected.broken:
        # What came in the same read as the break is sent again, over the next connection.
        assert at_once.broken
        assert in_pieces.broken
        count = len(in_pieces.publishes)
        assert in_pieces.publishes == expected.publishes[:count]
        assert expected.rest.startswith(in_pieces.rest)
    else:
        assert at_once == in_pieces == expected
    return Counter(messages=len(expected.publishes), broken=int(expected.broken))


class Packets:
    """A stream taken apart: messages, all other packets, and whether it broke off as no MQTT."""

    def __init__(self, publishes: list[Publish], rest: bytes, *, broken: bool) -> None:
        self.publishes, self.rest, self.broken = publishes, rest, broken

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packets) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # compared, never kept in a set


def packets(data: bytes) -> Packets:
    """The packets of a stream, without messages of a packet id that was there before."""
    found = _all_packets(data)
    new: dict[object, Publish] = {}
    for number, one in enumerate(found.publishes):
        new.setdefault(one[2] or f"without id, {number}", one)
    return Packets(list(new.values()), found.rest, broken=found.broken)


def _all_packets(data: bytes) -> Packets:
    """By MQTT 3.1.1, sections 2.2 and 3.3, byte by byte."""
    publishes: list[Publish] = []
    rest, at = b"", 0
    while at < len(data):
        length, size = 0, 1
        while True:
            if at + size >= len(data):
                return Packets(publishes, rest, broken=False)
            byte = data[at + size]
            length += (byte & 0x7F) * 128 ** (size - 1)
            size += 1
            if byte < 0x80:
                break
            if size == 5:
                return Packets(publishes, rest, broken=True)
        whole = data[at : at + size + length]
        if len(whole) < size + length:
            return Packets(publishes, rest, broken=False)
        at += len(whole)
        if whole[0] >> 4 != 3:
            rest += whole
            continue
        body = whole[size:]
        topic_ends = 2 + int.from_bytes(body[:2], "big")
        begins = topic_ends + (2 if whole[0] & 0x06 else 0)
        if len(body) < max(2, begins):
            return Packets(publishes, rest, broken=True)
        packet_id = int.from_bytes(body[topic_ends:begins], "big")
        publishes.append((body[2:topic_ends], body[begins:], packet_id))
    return Packets(publishes, rest, broken=False)


def _read(parts: Sequence[bytes]) -> Packets:
    """The parts, each read when it has come, through a line; then all is acknowledged."""
    near, far = _ends()
    line = Line(near, 1)
    publishes: list[Publish] = []
    for part in parts:
        if part and not line.ended:
            far.sendall(part)
            publishes += line.read()
    packet_ids = [packet_id for _, _, packet_id in publishes if packet_id]
    assert line.in_flight() == len(packet_ids)
    line.acknowledge(packet_ids)
    assert line.flush()
    assert line.in_flight() == 0
    _expect_acknowledgements(far, packet_ids)
    rest = b""
    while line.waits_for_paho() and (some := line.recv(7)):
        rest += some
    return Packets(publishes, rest, broken=line.ended)


@cache
def _ends() -> tuple[socket.socket, socket.socket]:
    """Both ends of a line; nothing is ever left in it, so all inputs can use the same."""
    near, far = socket.socketpair()
    near.setblocking(False)
    return near, far


def _expect_acknowledgements(far: socket.socket, packet_ids: Sequence[int]) -> None:
    expected = b"".join(b"\x40\x02" + one.to_bytes(2, "big") for one in packet_ids)
    got = b""
    while len(got) < len(expected):
        got += far.recv(65_536)
    assert got == expected


def session(data: bytes) -> Counter[str]:
    """A whole connection of the subscriber, in which the broker says these bytes and hangs up."""
    subscriber = Subscriber(BrokerSettings(), IngestSettings(client_id="fuzz"))
    near, far = socket.socketpair()
    with near, far:
        far.sendall(data)
        far.shutdown(socket.SHUT_WR)
        connections = iter([near])
        # The one thing that is not real: a pair of sockets stands for the line to the broker.
        subscriber.client._create_socket = partial(_next, connections, subscriber)  # type: ignore[method-assign]
        near.setblocking(False)
        subscriber.client.connect_async("broker")
        subscriber.client.reconnect()
        subscriber._serve()
        assert subscriber.client.socket() is None
    for one in (subscriber._waker, subscriber._woken):
        one.close()
    expected = packets(data)
    told = [
        (one.topic, one.payload, one.packet_id)
        for one in subscriber.inbox.take(max_samples=1 << 40)
    ]
    wanted = [
        (str(name, "utf-8", "replace"), content, packet_id)
        for name, content, packet_id in expected.publishes
        if str(name, "utf-8", "replace") != subscriber._beat_topic
    ]
    assert told == wanted[: len(told)]
    assert expected.broken or told == wanted
    return Counter(messages=len(told), broken=int(expected.broken))


def _next(connections: Any, subscriber: Subscriber) -> Line:
    return subscriber._open(next(connections))
