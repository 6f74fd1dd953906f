"""Connections to PostgreSQL: made from the settings, always in our schema and in UTC."""

from __future__ import annotations

import traceback
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from soramichi.errors import Unavailable
from soramichi.settings import DatabaseSettings

Connection = psycopg.Connection[TupleRow]
AsyncPool = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]


def conninfo(settings: DatabaseSettings, *, application: str) -> str:
    """A libpq connection string: our schema first, times in UTC, dead peers noticed in seconds."""
    extra: dict[str, Any] = {"password": password} if (password := settings.secret()) else {}
    return make_conninfo(
        settings.url,
        application_name=application,
        connect_timeout=settings.connect_timeout_s,
        # Compiling costs our short queries far more than they take (measured 2026-11: 300 ms).
        options="-c search_path=soramichi -c timezone=UTC -c jit=off",
        keepalives_idle=10,
        keepalives_interval=3,
        keepalives_count=3,
        # A peer that vanished while we wait for its answer is given up after this long.
        tcp_user_timeout=20_000,
        **extra,
    )


def connect(settings: DatabaseSettings, *, application: str) -> Connection:
    """One connection. Raises `Unavailable` saying how to find out more."""
    try:
        return psycopg.connect(conninfo(settings, application=application))
    except psycopg.OperationalError as error:
        # psycopg's frames hold the error that holds them, and with them whatever our callers hold:
        # a batch of ingest for each attempt, until the collector comes by.
        traceback.clear_frames(error.__traceback__)
        first_line = str(error).strip().partition("\n")[0]
        raise Unavailable(
            f"the database cannot be reached: {first_line}; see `soramichi doctor`"
        ) from error


def async_pool(
    settings: DatabaseSettings, *, application: str, most: int | None = None
) -> AsyncPool:
    """A pool, not yet open; its connections answer in autocommit, since the API only reads.

    At most `most` connections; None: as the settings say.
    """
    return AsyncConnectionPool(
        conninfo(settings, application=application),
        min_size=1,
        max_size=settings.pool_max_connections if most is None else most,
        kwargs={"autocommit": True},
        timeout=settings.connect_timeout_s,
        open=False,
        name=application,
    )
