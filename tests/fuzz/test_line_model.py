"""A line against a model of the broker at its other end, in any order of events."""

from __future__ import annotations

import socket

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ingest.line import Line
from tests.fuzz.seeds import message


class Broker(RuleBasedStateMachine):
    """Sends messages, and again what is not acknowledged yet, in pieces of any length.

    Packet ids count upwards, as those of NATS and mosquitto do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = socket.socketpair()
        for end in (self.near, self.far):
            end.setblocking(False)
        self.line = Line(self.near, 1)
        self.sent = 0
        self.unsent = b""
        self.in_flight: set[int] = set()
        self.held: list[int] = []
        self.seen: set[int] = set()
        self.settled: list[int] = []

    def teardown(self) -> None:
        """Every message reaches us in the end."""
        self.part(1.0)
        self.read()
        assert self.seen == set(range(1, self.sent + 1))
        self.near.close()
        self.far.close()

    @rule()
    def send(self) -> None:
        self.sent += 1
        self.in_flight.add(self.sent)
        self._say(self.sent)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        self._say(data.draw(st.sampled_from(sorted(self.in_flight))))

    def _say(self, number: int) -> None:
        self.unsent += message(b"t", str(number).encode(), number)

    @precondition(lambda self: self.unsent)
    @rule(share=st.floats(0, 1))
    def part(self, share: float) -> None:
        """Some of it leaves."""
        size = round(share * len(self.unsent))
        self.far.sendall(self.unsent[:size])
        self.unsent = self.unsent[size:]

    @rule()
    def read(self) -> None:
        """We are never given what we hold."""
        for _, content, packet_id in self.line.read():
            assert content == str(packet_id).encode()
            assert packet_id not in self.held
            self.held.append(packet_id)
            self.seen.add(packet_id)
        assert not self.line.ended

    @precondition(lambda self: self.held)
    @rule(count=st.integers(1, 3))
    def settle(self, count: int) -> None:
        """We have stored the first ones."""
        done, self.held = self.held[:count], self.held[count:]
        self.settled += done
        self.line.acknowledge(done)
        assert self.line.flush()

    @precondition(lambda self: self.settled)
    @rule()
    def hear(self) -> None:
        """The broker hears of exactly those, in this order."""
        expected = b"".join(b"\x40\x02" + one.to_bytes(2, "big") for one in self.settled)
        assert self.far.recv(65_536) == expected
        self.in_flight -= set(self.settled)
        self.settled = []

    @invariant()
    def the_line_counts_what_we_hold(self) -> None:
        assert self.line.in_flight() == len(self.held)


TestLine = Broker.TestCase
TestLine.settings = settings(max_examples=60, stateful_step_count=30)
