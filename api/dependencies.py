"""What an endpoint may use: the pool, the live picture, the registry."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass, field

from fastapi import Request

from api.live import LivePicture
from soramichi.domain.flight import Aircraft
from soramichi.errors import NotAllowed
from soramichi.settings import ApiSettings
from soramichi.store import reads
from soramichi.store.pool import AsyncPool

# Names and classes change rarely; unknown aircraft are looked up at most this often.
_REGISTRY_MAX_AGE_S = 5.0


@dataclass(slots=True)
class Context:
    """One running application."""

    settings: ApiSettings
    pool: AsyncPool
    picture: LivePicture
    _registry: dict[str, Aircraft] = field(default_factory=dict)
    _registry_at: float = float("-inf")

    async def registry(self) -> dict[str, Aircraft]:
        """Every registered aircraft, at most a few seconds old."""
        if time.monotonic() - self._registry_at > _REGISTRY_MAX_AGE_S:
            self._registry = await reads.aircraft(self.pool)
            self._registry_at = time.monotonic()
        return self._registry


def staff(request: Request) -> None:
    """Let only those pass who show the staff token; without one configured, nobody.

    Raises `NotAllowed`. The token comes as `Authorization: Bearer …`.
    """
    expected = context(request).settings.staff_token()
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if (
        expected is None
        or scheme.lower() != "bearer"
        or not hmac.compare_digest(shown.strip().encode(), expected.encode())
    ):
        raise NotAllowed("this is for staff: send the token of SORAMICHI_API_STAFF_TOKEN_FILE")


def context(request: Request) -> Context:
    """The application's context, made by its lifespan."""
    found = request.app.state.context
    assert isinstance(found, Context)  # noqa: S101
    return found
