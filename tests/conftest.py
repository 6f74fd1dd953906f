"""Fixtures: a real database for each test, a real broker for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from soramichi.settings import DatabaseSettings
from soramichi.store import pool
from soramichi.store.pool import Connection
from tests.browser import chromium, opened
from tests.servers import Broker, DatabaseServer, a_broker, a_database_server

# Used by name wherever a test asks for them.
__all__ = ["chromium", "opened"]

# A busy machine is no failed property: time is measured by the benchmarks, never by a test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# What takes minutes begins first, so that at the end no worker is busy with it alone. Then what
# compiles the planner, which the others find compiled.
FIRST = ("tests/faults/test_short_plan.py", "tests/routes_planner/", "tests/embedded/")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the files that take longest to the front; the others stay in their order."""
    items.sort(key=lambda one: [not one.nodeid.startswith(path) for path in FIRST])


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    with a_database_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def database(database_server: DatabaseServer) -> Iterator[DatabaseSettings]:
    """A migrated database that is this test's alone."""
    made = database_server.create(template=database_server.template)
    yield made
    database_server.drop(made)


@pytest.fixture
def connection(database: DatabaseSettings) -> Iterator[Connection]:
    with pool.connect(database, application="test") as opened:
        opened.autocommit = True
        yield opened


@pytest.fixture(params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Each broker in turn, fresh, on a free port."""
    with a_broker(request.param, tmp_path / "broker") as running:
        yield running


@pytest.fixture
def shared_data() -> Path:
    """The folder of real files that nobody here wrote."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is not beside this checkout")
    return SHARED_DATA
