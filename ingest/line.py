"""One connection to the broker, as paho sees it: a socket from which telemetry is taken out first.

paho reads a message in single bytes and writes each acknowledgement for itself, which costs it
20 us a message. Here a read takes hundreds of messages at once, acknowledgements leave together,
and paho is left with the rest of the protocol: connecting, subscribing, publishing.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Sequence

import numpy as np

_READ_BYTES = 256 * 1024
_PUBLISH = 0x30
_PUBACK = 0x4002  # the packet's kind and the length of what follows: a packet id
_PINGREQ = b"\xc0\x00"


# The topic, the payload, and the packet id, which is 0 where nothing is to be acknowledged. A plain
# tuple, since hundreds of thousands are made a second.
Publish = tuple[bytes, bytes, int]


def split(data: bytes, rest: bytearray) -> tuple[list[Publish], int]:
    """Take the whole packets from the front of `data`, and say how many bytes they were.

    Every packet that is no PUBLISH is appended to `rest`. Raises ValueError for
    what cannot be MQTT, after which nothing of the stream can be understood.
    """
    publishes: list[Publish] = []
    at, end = 0, len(data)
    while at + 2 <= end:
        length, start = data[at + 1], at + 2
        if length & 0x80:
            # Two bytes, as nearly all have, are read here: a call for each would cost more.
            if start < end and data[start] < 0x80:
                length, start = length & 0x7F | data[start] << 7, start + 1
            elif long := _length(data, at + 1):
                length, start = long
            else:
                break
        stop = start + length
        if stop > end:
            break
        kind = data[at]
        if kind & 0xF0 == _PUBLISH:
            payload_at = start + 2 + (data[start] << 8 | data[start + 1])
            topic = data[start + 2 : payload_at]
            packet_id = 0
            if kind & 0x06:
                packet_id = data[payload_at] << 8 | data[payload_at + 1]
                payload_at += 2
            if payload_at > stop:
                raise ValueError("a message shorter than its topic")
            publishes.append((topic, data[payload_at:stop], packet_id))
        else:
            rest += data[at:stop]
        at = stop
    return publishes, at


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """MQTT's "remaining length" at `at` and where it ends; None when it is not all there."""
    length, place = 0, 0
    for byte in data[at : at + 4]:
        at += 1
        length |= (byte & 0x7F) << place
        if byte < 0x80:
            return length, at
        place += 7
    if place == 28:
        raise ValueError("a packet's length of more than four bytes")
    return None


class Line:
    """A connected socket; `number` tells it from the connections before.

    Only the network thread calls anything but `acknowledge` and `in_flight`.
    `ended`: the broker closed it, or sent what is no MQTT.
    """

    def __init__(self, connected: socket.socket, number: int) -> None:
        self.number = number
        self.ended = False
        self._socket = connected
        self._for_paho = bytearray()
        self._begun = b""
        # Held while `_out` or `_held` changes: acknowledgements come from the writer's thread.
        self._lock = threading.Lock()
        self._out = bytearray()
        self._held: set[int] = set()

    # What paho calls.

    def recv(self, size: int) -> bytes:
        """What is left of the stream for paho; b"" once it ended."""
        if not self._for_paho and not self.ended:
            raise BlockingIOError
        data = bytes(self._for_paho[:size])
        del self._for_paho[:size]
        return data

    def send(self, data: bytes | bytearray) -> int:
        """Take all of it, to be sent by `flush`, so that packets never mix."""
        with self._lock:
            self._out += data
        return len(data)

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001  # a socket's signature
        """As of a socket."""
        self._socket.setblocking(flag)

    def fileno(self) -> int:
        """As of a socket."""
        return self._socket.fileno()

    def close(self) -> None:
        """Send what can be sent at once, and close."""
        self.flush()
        self._socket.close()

    # What the subscriber calls.

    def read(self) -> list[Publish]:
        """What can be read now; messages that we hold already are left out.

        A broker sends a message again that is not acknowledged in time, under
        the packet id that stays its own until we acknowledge it.
        """
        data = self._begun + self._receive()
        try:
            publishes, at = split(data, self._for_paho)
        except (ValueError, IndexError):
            self.ended = True
            return []
        self._begun = data[at:]
        held = self._held
        packet_ids = {one[2] for one in publishes}
        if len(packet_ids) == len(publishes) and 0 not in packet_ids:
            with self._lock:
                if held.isdisjoint(packet_ids):
                    held |= packet_ids
                    return publishes
        new = []
        with self._lock:
            for one in publishes:
                packet_id = one[2]
                # Also of two in one read: acknowledged twice, the second might be taken for the
                # next message with that id, which is not stored yet.
                if packet_id not in held:
                    new.append(one)
                    if packet_id:
                        held.add(packet_id)
        return new

    def waits_for_paho(self) -> bool:
        """Whether paho has something to read."""
        return self.ended or bool(self._for_paho)

    def waits_for_socket(self) -> bool:
        """Whether `flush` has something to send."""
        return bool(self._out)

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Tell the broker that these are settled, at the next `flush`; on a closed line never."""
        packets = np.full((len(packet_ids), 2), _PUBACK, ">u2")
        packets[:, 1] = packet_ids
        with self._lock:
            self._out += packets.tobytes()
            self._held.difference_update(packet_ids)

    def in_flight(self) -> int:
        """How many messages the broker waits to have acknowledged."""
        return len(self._held)

    def ping(self) -> None:
        """Show the broker that we are there."""
        self.send(_PINGREQ)

    def flush(self) -> bool:
        """Send what is waiting; False when some is left because the socket takes no more."""
        while self._out:
            try:
                sent = self._socket.send(bytes(self._out))
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            except OSError:
                self.ended = True
                return True
            with self._lock:
                del self._out[:sent]
        return True

    def _receive(self) -> bytes:
        try:
            data = self._socket.recv(_READ_BYTES)
            self.ended = not data
            # TLS keeps what it has decrypted to itself, where no selector sees it.
            while isinstance(self._socket, ssl.SSLSocket) and (more := self._socket.pending()):
                data += self._socket.recv(more)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b""
        except OSError:
            self.ended = True
            return b""
        return data
