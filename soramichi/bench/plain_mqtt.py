"""MQTT 3.1.1 on a bare socket: the plainest publisher and reader there can be.

A benchmark's publisher must never be what is measured, and the plainest reader is the limit for
everybody else: it looks at no payload and answers a whole read with one write.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from soramichi.settings import BrokerSettings

# Packet ids are reused after so many, far more than are ever in flight.
_PACKET_IDS = 60_000
_READ_BYTES = 1 << 18


class Group(NamedTuple):
    """Some encoded PUBLISH packets that are written together; `first` is the first's number."""

    first: int
    messages: int
    packets: bytes


def encode(messages: Iterable[tuple[str, bytes]], *, together: int) -> list[Group]:
    """(topic, payload) pairs as QoS 1 packets, `together` in a group."""
    groups: list[Group] = []
    packets: list[bytes] = []
    number = 0
    for number, (topic, payload) in enumerate(messages, start=1):
        name = topic.encode()
        packet_id = (number - 1) % _PACKET_IDS + 1
        body = struct.pack(">H", len(name)) + name + struct.pack(">H", packet_id) + payload
        packets.append(b"\x32" + length(len(body)) + body)
        if len(packets) == together:
            groups.append(Group(number - together, together, b"".join(packets)))
            packets = []
    if packets:
        groups.append(Group(number - len(packets), len(packets), b"".join(packets)))
    return groups


def length(number: int) -> bytes:
    """MQTT's "remaining length"."""
    out = bytearray()
    while True:
        number, low = number >> 7, number & 127
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


class Plain:
    """A connected client. Raises OSError when the broker refuses it or ends the connection."""

    def __init__(self, broker: BrokerSettings, client_id: str) -> None:
        self._socket = socket.create_connection((broker.host, broker.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fields, flags = [client_id], 0x02  # a clean session
        if broker.username is not None:
            fields += [broker.username, broker.secret() or ""]
            flags |= 0xC0
        body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x00"
        for field in fields:
            body += struct.pack(">H", len(field.encode())) + field.encode()
        self._socket.sendall(b"\x10" + length(len(body)) + body)
        if self._exactly(4)[3] != 0:
            raise ConnectionRefusedError(f"the broker refuses {client_id}")

    def close(self) -> None:
        """Disconnect."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def flood(self, groups: Sequence[Group], *, window: int) -> None:
        """Publish as fast as the broker acknowledges, with at most `window` unacknowledged."""
        in_flight = 0
        for group in groups:
            while in_flight + group.messages > window:
                in_flight -= self._acknowledged()
            self._socket.sendall(group.packets)
            in_flight += group.messages
        while in_flight:
            in_flight -= self._acknowledged()

    def pace(self, groups: Sequence[Group], *, per_second: float) -> list[float]:
        """Publish so many messages a second; the time (of `time.time`) at which each left."""
        left_at: list[float] = []
        in_flight = 0
        began = time.monotonic()
        for group in groups:
            early_s = began + group.first / per_second - time.monotonic()
            if early_s > 0:
                time.sleep(early_s)
            left_at += [time.time()] * group.messages
            self._socket.sendall(group.packets)
            in_flight += group.messages
            while select.select([self._socket], [], [], 0)[0]:
                in_flight -= self._acknowledged()
        while in_flight:
            in_flight -= self._acknowledged()
        return left_at

    def subscribe(self, topic_filter: str) -> None:
        """Subscribe at QoS 1 and wait until the broker says so."""
        name = topic_filter.encode()
        body = b"\x00\x01" + struct.pack(">H", len(name)) + name + b"\x01"
        self._socket.sendall(b"\x82" + length(len(body)) + body)
        self._exactly(5)

    def read(self, messages: int) -> None:
        """Receive and acknowledge so many messages, without a look at their payloads."""
        begun = b""
        seen = 0
        while seen < messages:
            data = self._socket.recv(_READ_BYTES)
            if not data:
                raise ConnectionResetError("the broker ended the connection")
            data = begun + data
            acknowledgements, at = _acknowledge(data)
            begun = data[at:]
            if acknowledgements:
                self._socket.sendall(acknowledgements)
            seen += len(acknowledgements) // 4

    def _acknowledged(self) -> int:
        """Wait for some PUBACKs; how many came. Nothing else is sent to a mere publisher."""
        data = self._socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionResetError("the broker ended the connection")
        if len(data) % 4:
            data += self._exactly(4 - len(data) % 4)
        return len(data) // 4

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise ConnectionResetError("the broker ended the connection")
            data += more
        return data


def _acknowledge(data: bytes) -> tuple[bytearray, int]:
    """The PUBACKs for the whole QoS 1 messages at the front of `data`, and where these end."""
    out = bytearray()
    at, end = 0, len(data)
    while at + 2 <= end:
        size, place, start = 0, 0, at + 1
        while start < end:
            byte = data[start]
            size |= (byte & 127) << place
            place += 7
            start += 1
            if byte < 128:
                break
        else:
            break
        if start + size > end:
            break
        id_at = start + 2 + (data[start] << 8 | data[start + 1])
        out += b"\x40\x02" + data[id_at : id_at + 2]
        at = start + size
    return out, at
