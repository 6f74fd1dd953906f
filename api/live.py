"""The live picture: newest states in memory, encoded once a tick and shared by every viewer."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from paho.mqtt.client import Client, MQTTMessage

from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.publication import Discretion, Publications
from soramichi.errors import MalformedTelemetry
from soramichi.settings import BrokerSettings

log = logging.getLogger(__name__)

# A viewer that was away for longer than so many events asks for the list.
_NEWS_KEPT = 200


class PublicState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What anybody may see of an aircraft: listed member by member, so nothing slips through."""

    id: str
    flight: str
    time: datetime
    received_at: datetime
    lon: float
    lat: float
    altitude_m: float
    altitude_datum: str
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_speed_mps: float | None = None
    heading_deg: float | None = None
    status: str | None = None


class _Frame(msgspec.Struct, frozen=True):
    time: datetime
    aircraft: list[PublicState]


def public(state: wire.LiveState, discretion: Discretion) -> PublicState:
    """The public part of a state, as coarse as its operator asked for."""
    sample = state.sample
    return PublicState(
        id=state.aircraft_id,
        flight=state.flight_id,
        time=sample.time,
        received_at=state.received_at,
        lon=discretion.coarse(sample.longitude_deg),
        lat=discretion.coarse(sample.latitude_deg),
        altitude_m=sample.altitude_m,
        altitude_datum=sample.altitude_datum.value,
        ground_speed_mps=sample.ground_speed_mps,
        track_deg=sample.track_deg,
        vertical_speed_mps=sample.vertical_speed_mps,
        heading_deg=sample.heading_deg,
        status=sample.status.value if sample.status else None,
    )


class LivePicture:
    """The newest public state of every aircraft heard of within `max_age`, and its ticks.

    What is not published never enters `states`, so no page, endpoint or stream can let it
    out. Belongs to one event loop; only `hear` may be called from another thread.
    """

    def __init__(self, *, max_age: timedelta) -> None:
        self.states: dict[str, PublicState] = {}
        self.tick = 0
        self._publications = Publications()
        self._max_age = max_age
        # What each shown state was made of, and those whose operator asked for a delay.
        self._sources: dict[str, wire.LiveState] = {}
        self._held: deque[tuple[datetime, wire.LiveState]] = deque()
        self._changed: set[str] = set()
        self._frame = b""
        # What is new besides states: waiting for the next tick, and told at earlier ones.
        self._news: list[bytes] = []
        self._told: deque[tuple[int, bytes]] = deque(maxlen=_NEWS_KEPT)
        self._snapshot: bytes | None = None
        self._ticked = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._encoder = msgspec.json.Encoder()

    def hear(self, payload: bytes) -> None:
        """Take a message of `wire.LIVE_TOPIC`; callable from any thread."""
        try:
            states = wire.decode_live(payload)
        except MalformedTelemetry as error:
            log.warning("live message passed over: %s", error)
            return
        self._loop.call_soon_threadsafe(self.update, states)

    def publish(self, publications: Publications) -> None:
        """Follow what is published now; what no longer is disappears at once."""
        self._publications = publications
        for aircraft_id, state in list(self._sources.items()):
            if not self._allowed(state):
                del self.states[aircraft_id], self._sources[aircraft_id]

    def update(self, states: Iterable[wire.LiveState]) -> None:
        """Take newer states of what is published; an older one than is known changes nothing."""
        for state in states:
            if not self._allowed(state):
                continue
            delay = self._publications.discretion(state.operator_id).delay
            if delay:
                self._held.append((state.received_at + delay, state))
            else:
                self._show(state)

    def announce(self, kind: str, body: bytes) -> None:
        """Send every viewer one event of its own with the next tick; `body` is public JSON."""
        self._news.append(f"event: {kind}\ndata: ".encode() + body + b"\n\n")

    def advance(self, now: datetime) -> None:
        """End a tick: encode what changed since the last one, and wake the viewers."""
        self._release(now)
        for aircraft_id, source in list(self._sources.items()):
            if now - source.received_at > self._max_age:
                del self.states[aircraft_id], self._sources[aircraft_id]
        changed = [self.states[one] for one in sorted(self._changed) if one in self.states]
        self._changed.clear()
        self._frame = self._encode(now, changed) + b"".join(self._news)
        self._snapshot = None
        self.tick += 1
        self._told.extend((self.tick, one) for one in self._news)
        self._news.clear()
        self._ticked.set()
        self._ticked = asyncio.Event()

    def _allowed(self, state: wire.LiveState) -> bool:
        return self._publications.allows(
            operator_id=state.operator_id,
            aircraft_id=state.aircraft_id,
            flight_id=state.flight_id,
            received_at=state.received_at,
        )

    def _show(self, state: wire.LiveState) -> None:
        known = self._sources.get(state.aircraft_id)
        if known is None or known.sample.time < state.sample.time:
            discretion = self._publications.discretion(state.operator_id)
            self._sources[state.aircraft_id] = state
            self.states[state.aircraft_id] = public(state, discretion)
            self._changed.add(state.aircraft_id)

    def _release(self, now: datetime) -> None:
        """Show what was held back for long enough, unless it was withdrawn meanwhile."""
        waiting = [held for held in self._held if held[0] > now]
        due = [state for release_at, state in self._held if release_at <= now]
        self._held = deque(waiting)
        for state in due:
            if self._allowed(state):
                self._show(state)

    def snapshot(self) -> bytes:
        """An event with every state, made at most once a tick."""
        if self._snapshot is None:
            self._snapshot = self._encode(datetime.now(UTC), list(self.states.values()))
        return self._snapshot

    async def next_event(self, seen: int) -> tuple[int, bytes]:
        """The event after tick `seen`, waited for; a viewer that fell behind gets everything."""
        if seen >= self.tick:
            await self._ticked.wait()
        if self.tick == seen + 1:
            return self.tick, self._frame
        missed = [one for tick, one in self._told if tick > seen]
        return self.tick, b"".join([self.snapshot(), *missed])

    async def run(self, *, interval_s: float) -> None:
        """Tick for ever."""
        while True:
            await asyncio.sleep(interval_s)
            self.advance(datetime.now(UTC))

    def _encode(self, now: datetime, states: list[PublicState]) -> bytes:
        body = self._encoder.encode(_Frame(now, states))
        return b"event: states\ndata: " + body + b"\n\n"


def listener(
    picture: LivePicture,
    broker: BrokerSettings,
    client_id: str,
    *,
    on_event: Callable[[bytes], None],
) -> Client:
    """A started client that feeds the picture, now and after every reconnection.

    `on_event` is called with each flight event's message, in the client's thread.
    """
    made = mqtt.client(broker, client_id, durable=False)

    def on_connect(client: Client, *_ignored: Any) -> None:
        client.subscribe([(wire.LIVE_TOPIC, 0), (wire.EVENT_FILTER, 1)])

    def on_message(_client: Client, _userdata: Any, message: MQTTMessage) -> None:
        if message.topic == wire.LIVE_TOPIC:
            picture.hear(bytes(message.payload))
        else:
            on_event(bytes(message.payload))

    made.on_connect = on_connect
    made.on_message = on_message
    made.connect_async(broker.host, broker.port, broker.keepalive_s)
    made.loop_start()
    return made
