"""What the tests of the store share: which storage the server gives us."""

from __future__ import annotations

import pytest

from soramichi.store import migrate
from soramichi.store.pool import Connection


@pytest.fixture
def storage(connection: Connection) -> str:
    return migrate.storage_kind(connection)


@pytest.fixture
def native(storage: str) -> None:
    if storage != migrate.NATIVE:
        pytest.skip("this server has TimescaleDB, which does it in its own way")


@pytest.fixture
def timescale(storage: str) -> None:
    if storage != migrate.TIMESCALE:
        pytest.skip("this server has no TimescaleDB; TEST_DATABASE_URL can name one that has")
