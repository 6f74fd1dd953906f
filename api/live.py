"""The live picture: the newest public states in memory, encoded once a tick for everybody."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from paho.mqtt.client import Client, MQTTMessage

from api.audience import Event, written
from soramichi import mqtt
from soramichi.domain import wire
from soramichi.domain.publication import NO_DISCRETION, Discretion, Publications
from soramichi.errors import MalformedTelemetry
from soramichi.settings import BrokerSettings

log = logging.getLogger(__name__)

# States of one aircraft, however long its operator asked to be shown late.
_HELD_AT_MOST = 600
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


class _Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    time: datetime
    aircraft: list[PublicState]
    # No longer published, or not as before: pages forget them at once, then take `aircraft`.
    gone: list[str] = []
    # Everything that flies: pages forget what is not in it.
    whole: bool = False


def public(state: wire.LiveState, discretion: Discretion) -> PublicState:
    """The public part of a state, as late and as coarse as its operator asked for.

    `received_at` is when the public first hears of it. Beside a coarse place there is
    no speed and no direction: from those the path could be worked out again.
    """
    sample = state.sample
    coarse = discretion.is_coarse
    return PublicState(
        id=state.aircraft_id,
        flight=state.flight_id,
        time=discretion.moment(sample.time),
        received_at=discretion.public_from(state.received_at),
        lon=discretion.coarse(sample.longitude_deg),
        lat=discretion.coarse(sample.latitude_deg),
        altitude_m=discretion.height(sample.altitude_m),
        altitude_datum=sample.altitude_datum.value,
        ground_speed_mps=None if coarse else sample.ground_speed_mps,
        track_deg=None if coarse else sample.track_deg,
        vertical_speed_mps=None if coarse else sample.vertical_speed_mps,
        heading_deg=None if coarse else sample.heading_deg,
        status=sample.status.value if sample.status else None,
    )


class LivePicture:
    """The newest public state of every aircraft heard of within `max_age`, by its id.

    What is not published never enters `states`, so no page, endpoint or stream can let it
    out. Belongs to one event loop; only `hear` and `miss` may be called from another thread.
    """

    def __init__(self, *, max_age: timedelta) -> None:
        self.states: dict[str, PublicState] = {}
        # Grows with each change of `states`.
        self.version = 0
        # How often messages may have been missed, and how many of those times the database has
        # since been asked for what it knows more.
        self._misses = 1
        self._filled = 0
        self._publications = Publications()
        self._max_age = max_age
        # What each shown state was made of, and those that are not to be seen yet.
        self._sources: dict[str, wire.LiveState] = {}
        self._held: dict[str, deque[wire.LiveState]] = {}
        self._changed: set[str] = set()
        self._gone: set[str] = set()
        self._tick = 0
        self._snapshot: tuple[tuple[int, int, bool], Event] = ((-1, -1, False), Event(b""))
        # Whether somebody was sent everything at a time when that was perhaps not all.
        self._in_part = False
        # What is new besides states: waiting for the next tick, and told at earlier ones.
        self._news: list[bytes] = []
        self._told: deque[tuple[int, bytes]] = deque(maxlen=_NEWS_KEPT)
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

    def miss(self) -> None:
        """Note that messages may have been missed; callable from any thread."""
        self._misses += 1

    @property
    def behind(self) -> bool:
        """Whether the database may know more than is shown."""
        return self._filled != self._misses

    @contextmanager
    def filling(self) -> Iterator[None]:
        """While the block takes in what the database knows; it counts once the block has ended.

        What is missed in the meantime, or an error, leaves the picture behind.
        """
        misses = self._misses
        yield
        self._filled = misses

    def publish(self, publications: Publications) -> None:
        """Follow what is published now; what no longer is disappears at once.

        An operator's wish to be shown later or more coarsely holds from now on; what was
        shown already cannot be taken back, and is not shown any longer.
        """
        before, self._publications = self._publications, publications
        for aircraft_id, state in list(self._sources.items()):
            discretion = publications.discretion(state.operator_id)
            kept = discretion == before.discretion(state.operator_id)
            if not (kept and self._allowed(state)):
                self._forget(aircraft_id)
                self._gone.add(aircraft_id)
                if not kept:
                    self.update([state])

    def update(self, states: Iterable[wire.LiveState]) -> None:
        """Take newer states of what is published; an older one than is known changes nothing."""
        for state in states:
            if not self._allowed(state):
                continue
            if self._publications.discretion(state.operator_id) == NO_DISCRETION:
                self._show(state)
            else:
                self._hold(state)

    def announce(self, kind: str, data: bytes) -> None:
        """Send every viewer an event of this kind with the next tick; `data` is public JSON."""
        self._news.append(written(kind, data))

    def advance(self, now: datetime) -> Event:
        """End a tick: what changed since the last one."""
        self._release(now)
        for aircraft_id, shown in list(self.states.items()):
            if now - shown.received_at > self._max_age:
                self._forget(aircraft_id)
        # Whoever came while the picture was behind has not heard what was withdrawn before.
        whole = self._in_part and not self.behind
        self._in_part = self._in_part and not whole
        told = sorted(self.states if whole else self._changed & self.states.keys())
        frame = _Frame(now, [self.states[one] for one in told], sorted(self._gone), whole)
        self._changed.clear()
        self._gone.clear()
        self._tick += 1
        news, self._news = self._news, []
        self._told.extend((self._tick, one) for one in news)
        return Event(b"".join([self._written(frame), *news]))

    def snapshot(self) -> Event:
        """Everything that flies."""
        return self.whole(self._tick)

    def whole(self, seen: int) -> Event:
        """Everything that flies, and the news since the tick `seen`.

        Made anew each tick, for its time is a viewer's first clock.
        """
        of = (self._tick, self.version, self.behind)
        self._in_part |= self.behind
        if self._snapshot[0] != of:
            known = list(self.states.values())
            frame = _Frame(datetime.now(UTC), known, whole=not self.behind)
            self._snapshot = (of, Event(self._written(frame)))
        missed = [one for tick, one in self._told if tick > seen]
        everything = self._snapshot[1]
        # One for all who missed nothing, so that it is deflated once.
        return Event(b"".join([everything.body, *missed])) if missed else everything

    def _written(self, frame: _Frame) -> bytes:
        return written("states", self._encoder.encode(frame))

    def _allowed(self, state: wire.LiveState) -> bool:
        return self._publications.allows(
            operator_id=state.operator_id,
            aircraft_id=state.aircraft_id,
            flight_id=state.flight_id,
            received_at=state.received_at,
        )

    def _show(self, state: wire.LiveState) -> None:
        known = self.states.get(state.aircraft_id)
        discretion = self._publications.discretion(state.operator_id)
        if known is None or known.time < discretion.moment(state.sample.time):
            self._sources[state.aircraft_id] = state
            self.states[state.aircraft_id] = public(state, discretion)
            self._changed.add(state.aircraft_id)
            self.version += 1

    def _forget(self, aircraft_id: str) -> None:
        del self.states[aircraft_id], self._sources[aircraft_id]
        self.version += 1

    def _hold(self, state: wire.LiveState) -> None:
        """Keep a state until it may be shown: at most some hundreds of an aircraft, the newest too.

        A long delay is told in larger steps, or a day of it would fill the memory.
        """
        held = self._held.setdefault(state.aircraft_id, deque())
        if held and state.sample.time <= held[-1].sample.time:
            return
        step = self._publications.discretion(state.operator_id).delay / _HELD_AT_MOST
        if len(held) >= 2 and state.received_at - held[-2].received_at < step:
            held[-1] = state
        else:
            held.append(state)

    def _release(self, now: datetime) -> None:
        """Show what was held back for long enough, unless it was withdrawn meanwhile."""
        for aircraft_id, held in list(self._held.items()):
            while held and self._public_from(held[0]) <= now:
                state = held.popleft()
                if self._allowed(state):
                    self._show(state)
            if not held:
                del self._held[aircraft_id]

    def _public_from(self, state: wire.LiveState) -> datetime:
        return self._publications.discretion(state.operator_id).public_from(state.received_at)


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
        picture.miss()

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
