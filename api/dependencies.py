"""What an endpoint may use: the pool, the live picture and its viewers, the registry."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from fastapi import Request
from psycopg_pool import PoolTimeout

from api.audience import Audience
from api.live import LivePicture, PublicState
from api.prepared import Prepared, document
from soramichi.domain.flight import Aircraft
from soramichi.errors import BadInput, NotFound
from soramichi.settings import ApiSettings
from soramichi.store import reads
from soramichi.store.pool import AsyncPool

log = logging.getLogger(__name__)

# Names and classes change rarely; an aircraft that is not known yet is asked for soon.
_REGISTRY_MAX_AGE_S = 5.0
_STRANGERS_AFTER_S = 0.5
# How long a live answer waits for names.
_NAMES_WITHIN_S = 2.0


@dataclass(slots=True)
class Context:
    """One running application."""

    settings: ApiSettings
    pool: AsyncPool
    picture: LivePicture
    audience: Audience
    _registry: dict[str, Aircraft] = field(default_factory=dict)
    _registry_at: float = float("-inf")
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _aircraft: tuple[object, Prepared] | None = None
    _remembered: dict[str, tuple[object, Prepared]] = field(default_factory=dict)
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def registry(self) -> dict[str, Aircraft]:
        """Every registered aircraft, at most a few seconds old; older without the database."""
        async with self._asking:
            age_s = time.monotonic() - self._registry_at
            strangers = age_s > _STRANGERS_AFTER_S and not (
                self.picture.states.keys() <= self._registry.keys()
            )
            if strangers or age_s > _REGISTRY_MAX_AGE_S:
                try:
                    async with asyncio.timeout(_NAMES_WITHIN_S):
                        self._registry = await reads.aircraft(self.pool)
                except (psycopg.Error, PoolTimeout, TimeoutError) as error:
                    log.warning("names may be old, the database does not answer: %s", error)
                self._registry_at = time.monotonic()
        return self._registry

    async def aircraft(self) -> Prepared:
        """What flies now, as GeoJSON in the order of the ids; made anew when something changed."""
        registry = await self.registry()
        made_of = (self.picture.version, id(registry))
        if self._aircraft is None or self._aircraft[0] != made_of:
            states = sorted(self.picture.states.items())
            features = [_feature(state, registry) for _, state in states]
            answer = {"type": "FeatureCollection", "features": features, "next": None}
            self._aircraft = (made_of, document(answer, level=6))
        return self._aircraft[1]

    async def remembered(
        self, name: str, version: object, make: Callable[[], Awaitable[Prepared]]
    ) -> Prepared:
        """What was made for this version; made once, however many ask at the same time."""
        async with self._making:
            if name not in self._remembered or self._remembered[name][0] != version:
                self._remembered[name] = (version, await make())
            return self._remembered[name][1]


def _feature(state: PublicState, registry: dict[str, Aircraft]) -> dict[str, Any]:
    known = registry.get(state.id)
    properties: dict[str, Any] = {
        name: value
        for name in PublicState.__struct_fields__
        if name not in {"id", "lon", "lat"} and (value := getattr(state, name)) is not None
    }
    properties["name"] = (
        {"ja": known.name.ja, "en": known.name.en} if known else {"ja": state.id, "en": state.id}
    )
    properties["aircraft_class"] = known.aircraft_class if known else "unknown"
    return {
        "type": "Feature",
        "id": state.id,
        "geometry": {"type": "Point", "coordinates": [state.lon, state.lat]},
        "properties": properties,
    }


def no_flight(flight_id: str) -> NotFound:
    """Nothing of that id, or nothing that is for the asker: the two are not to be told apart."""
    return NotFound(f"there is no flight {flight_id!r}", ja=f"{flight_id} という飛行はありません")


def not_a_page() -> BadInput:
    """`before` is none that a `next` link could have held."""
    return BadInput(
        "before: follow the `next` link, or leave it out",
        ja="before: `next` のリンクをたどるか、付けないでください",
    )


def context(request: Request) -> Context:
    """The application's context, made by its lifespan."""
    found = request.app.state.context
    assert isinstance(found, Context)  # noqa: S101
    return found
