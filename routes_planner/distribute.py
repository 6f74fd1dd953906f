"""The same check on many machines: batches of candidates on a Dask scheduler."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from routes_planner.check import check_many
from routes_planner.population import Population
from routes_planner.surroundings import survey
from routes_planner.verdict import Verdict
from soramichi.domain import geoid
from soramichi.domain.corridor import Corridor
from soramichi.domain.dem import folder
from soramichi.domain.geozone import Geozone
from soramichi.errors import BadSettings, Unavailable

BATCH = 500
_CONNECT_S = 10


def check_batch(
    corridors: Sequence[Corridor],
    zones: Sequence[Geozone],
    terrain: Path | None,
    population: Population | None,
) -> list[Verdict]:
    """`check_many` from plain values, which is all that travels between machines.

    `terrain` is a folder that every machine has under this name.
    """
    around = survey(zones, geoid=geoid, terrain=None if terrain is None else folder(terrain))
    return check_many(corridors, around, population=population)


def check_on(
    scheduler: str,
    corridors: Sequence[Corridor],
    zones: Sequence[Geozone],
    *,
    terrain: Path | None = None,
    population: Population | None = None,
) -> list[Verdict]:
    """`check_batch` in batches of 500 on the Dask scheduler at this address; [] for no candidates.

    Raises `BadSettings` when Dask is not installed, `Unavailable` when nothing
    answers at the address.
    """
    try:
        from distributed import Client  # noqa: PLC0415  # an extra, wanted only here
    except ImportError:
        raise BadSettings("--scheduler needs Dask: pip install 'soramichi[dask]'") from None
    try:
        client = Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Unavailable(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        # Sent to every worker once, not with every batch.
        shared = client.scatter(list(zones), broadcast=True)
        parts = [
            client.submit(check_batch, list(batch), shared, terrain, population, pure=False)
            for batch in _batches(corridors)
        ]
        return list(itertools.chain.from_iterable(client.gather(parts)))


def _batches(corridors: Sequence[Corridor]) -> list[Sequence[Corridor]]:
    return [corridors[k : k + BATCH] for k in range(0, len(corridors), BATCH)]
