"""The same check on many machines: batches of candidates on a Dask scheduler."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from routes_planner.demonstration import demonstration_sea
from routes_planner.planner import Planner
from routes_planner.population import Population
from routes_planner.rules.ruleset import RuleSet
from routes_planner.verdict import Verdict
from soramichi.domain import geoid
from soramichi.domain.corridor import Corridor
from soramichi.domain.dem import folder
from soramichi.domain.geozone import Geozone
from soramichi.domain.terrain import FirstOf
from soramichi.errors import BadSettings, Unavailable

BATCH = 500
_CONNECT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What every batch is checked against, as plain values: all that travels between machines.

    A task equals itself only: a worker lays out its zones once for all batches.
    `terrain` is a folder that every machine has under this name.
    """

    zones: tuple[Geozone, ...]
    today: date
    rules: RuleSet | None = None
    terrain: Path | None = None
    population: Population | None = None

    def planner(self) -> Planner:
        """The planner for it, with the geoid of Japan and the sea off Mie at 0 m."""
        sources = [] if self.terrain is None else [folder(self.terrain)]
        return Planner(
            zones=self.zones,
            today=self.today,
            rules=self.rules,
            geoid=geoid,
            terrain=FirstOf([*sources, demonstration_sea()]),
            population=self.population,
        )


def check_batch(corridors: Sequence[Corridor], task: Task) -> list[Verdict]:
    """The same check as on one machine."""
    return _planner(task).check(corridors)


@lru_cache(maxsize=1)
def _planner(task: Task) -> Planner:
    return task.planner()


def check_on(scheduler: str, corridors: Sequence[Corridor], task: Task) -> list[Verdict]:
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
        shared = client.scatter(task, broadcast=True)
        parts = [
            client.submit(check_batch, list(batch), shared, pure=False)
            for batch in _batches(corridors)
        ]
        return list(itertools.chain.from_iterable(client.gather(parts)))


def _batches(corridors: Sequence[Corridor]) -> list[Sequence[Corridor]]:
    return [corridors[k : k + BATCH] for k in range(0, len(corridors), BATCH)]
