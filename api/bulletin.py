"""Flight events for everyone: heard of from the broker, judged by the database, told once.

What comes over the broker is only a hint to look: whether an event may leave,
and what of it, is decided by the same query that answers `/api/v1/events`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from api.live import LivePicture
from soramichi.domain import wire
from soramichi.domain.events import EventKind, Evidence, Severity, describe
from soramichi.domain.flight import Name
from soramichi.store import events
from soramichi.store.events import Told
from soramichi.store.pool import AsyncPool

log = logging.getLogger(__name__)

FLIGHT_EVENT = "flight-event"
_LOOK_EVERY_S = 0.5
# A process that was cut off from the broker looks for so many events at most, and also for some
# before the newest that it knew of, since they are not always committed in the order of their ids.
_MISSED_AT_MOST = 1_000
_OUT_OF_ORDER = 100
# A read replica may be this far behind the event's message.
_REPLICA_LAG = timedelta(seconds=30)
_MOST_WAITING = 50_000


class PublicZone(msgspec.Struct, frozen=True):
    """The zone that an event is about."""

    identifier: str
    name: Name


class PublicCorridor(msgspec.Struct, frozen=True):
    """The corridor that an event is about."""

    id: str
    name: Name


class PublicEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What anybody may know of an event: listed member by member, so nothing slips through."""

    id: str
    kind: EventKind
    severity: Severity
    aircraft: str
    flight: str
    time: datetime
    lon: float
    lat: float
    zone: PublicZone | None = None
    corridor: PublicCorridor | None = None
    by_m: float | None = None
    message: Name


def public(told: Told) -> PublicEvent:
    """The public part of an event that the public may see, as coarse as its operator asked for."""
    event = told.event
    # What it rests on are times and metres finer than the steps and cells of a coarse view.
    about = Evidence() if told.discretion.is_coarse else event.evidence
    zone, corridor = about.zone, about.corridor
    return PublicEvent(
        id=told.public_id,
        kind=event.kind,
        severity=event.severity,
        aircraft=told.aircraft_id,
        flight=event.place.flight_id,
        time=told.discretion.moment(event.place.time),
        lon=told.discretion.coarse(event.place.longitude_deg),
        lat=told.discretion.coarse(event.place.latitude_deg),
        zone=PublicZone(zone.identifier, zone.name) if zone else None,
        corridor=PublicCorridor(corridor.id, corridor.name) if corridor else None,
        by_m=about.by_m,
        message=describe(event.kind, about),
    )


class Bulletin:
    """Events on their way to the viewers. Of one event loop; only `hear` is for other threads."""

    def __init__(self, pool: AsyncPool, picture: LivePicture) -> None:
        self._pool = pool
        self._picture = picture
        # When to look at each, and until when one that is not there yet is waited for.
        self._waiting: dict[int, tuple[datetime, datetime]] = {}
        # Settled here, the last ones: what is heard of twice is told once.
        self._settled: deque[int] = deque(maxlen=_MISSED_AT_MOST + _OUT_OF_ORDER)
        # The newest event known of, None before anybody looked.
        self._newest: int | None = None
        self._loop = asyncio.get_running_loop()

    def hear(self, payload: bytes) -> None:
        """Take a message of an event topic; callable from any thread."""
        event_id = wire.peek_event(payload)
        if event_id is not None and 0 < event_id < 2**63:
            self._loop.call_soon_threadsafe(self._expect, event_id)

    async def catch_up(self) -> None:
        """Look for events whose messages may have been missed; at first only for the newest.

        Raises psycopg.Error, PoolTimeout.
        """
        after, most = 0, 1
        if self._newest is not None:
            after, most = self._newest - _OUT_OF_ORDER, _MISSED_AT_MOST
        found = await events.later_than(self._pool, after, most=most)
        if self._newest is None:
            self._newest = max(found, default=0)
            # What there is already is on no viewer's screen as news.
            self._settled.extend(range(max(self._newest - _OUT_OF_ORDER, 0), self._newest + 1))
            return
        for event_id in found:
            self._expect(event_id)

    def _expect(self, event_id: int) -> None:
        if event_id not in self._settled and len(self._waiting) < _MOST_WAITING:
            now = datetime.now(UTC)
            self._waiting.setdefault(event_id, (now, now + _REPLICA_LAG))

    async def run(self) -> None:
        """Tell what may be told, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self._look(datetime.now(UTC))
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("flight events wait for the database: %s", error)

    async def _look(self, now: datetime) -> None:
        due = [event_id for event_id, (at, _) in self._waiting.items() if at <= now]
        if not due:
            return
        try:
            await self._tell(due, now)
        except (psycopg.Error, PoolTimeout):
            raise
        except Exception:
            # One that this release cannot read must not silence all others.
            log.exception("flight events are told one by one")
            for event_id in [one for one in due if one in self._waiting]:
                await self._tell_alone(event_id, now)

    async def _tell_alone(self, event_id: int, now: datetime) -> None:
        try:
            await self._tell([event_id], now)
        except (psycopg.Error, PoolTimeout):
            raise
        except Exception:
            log.exception("flight event %s cannot be told", event_id)
            self._waiting.pop(event_id, None)
            self._settled.append(event_id)

    async def _tell(self, due: list[int], now: datetime) -> None:
        found = {one.told.event_id: one for one in await events.judged(self._pool, due)}
        for event_id, one in found.items():
            if not one.is_public and one.is_early:
                # Where the database's clock is behind ours it is looked at again and again.
                self._waiting[event_id] = (one.public_from, one.public_from)
                continue
            del self._waiting[event_id]
            self._settled.append(event_id)
            if one.is_public:
                body = msgspec.json.encode(public(one.told))
                self._picture.announce(FLIGHT_EVENT, body)
        if self._newest is not None:
            self._newest = max(self._newest, *found, 0)
        for event_id in due:
            if event_id not in found and self._waiting[event_id][1] <= now:
                del self._waiting[event_id]
