"""What is stored of zones and corridors, as the watch judges by it; read anew when it changes."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from routes_planner.candidates_in.candidate import Stated
from routes_planner.candidates_in.reading import read_candidates
from routes_planner.demonstration import demonstration_sea
from routes_planner.zones_in.stored import stored_zone
from soramichi.domain import dem
from soramichi.domain.conformance import Limits, Surroundings
from soramichi.domain.corridor_watch import AssignedCorridor
from soramichi.domain.events import CorridorRef
from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone
from soramichi.domain.terrain import FirstOf, Terrain
from soramichi.domain.zone_volumes import Zones
from soramichi.errors import SoramichiError
from soramichi.settings import WatchSettings
from soramichi.store import geozones, watches
from soramichi.store.pool import Connection
from soramichi.store.watches import Assigned

log = logging.getLogger(__name__)

# A corridor is read for so long after it was to be over.
_OVERTIME = timedelta(days=1)


def limits_of(settings: WatchSettings) -> Limits:
    """The settings as the engine takes them."""
    return Limits(
        dwell=timedelta(seconds=settings.dwell_s),
        link_silence=timedelta(seconds=settings.link_silence_s),
        link_offline=timedelta(seconds=settings.link_offline_s),
        corridor_after=timedelta(seconds=settings.corridor_after_s),
        battery_levels_pct=(settings.battery_low_pct, settings.battery_critical_pct),
    )


def terrain_of(folder: Path | None) -> Terrain:
    """The tiles of a folder where one is named, and the sea, whose height is known without."""
    return FirstOf([*([] if folder is None else [dem.folder(folder)]), demonstration_sea()])


@dataclass(slots=True)
class Known:
    """What is stored, as of the last `refresh`."""

    limits: Limits
    terrain: Terrain
    around: Surroundings = field(init=False)
    corridors: dict[str, list[AssignedCorridor]] = field(default_factory=dict)
    _rows: list[Assigned] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.around = Surroundings(terrain=self.terrain, limits=self.limits)

    def refresh(self, connection: Connection) -> None:
        """Read zones and corridors again where they changed."""
        version = watches.zones_version(connection)
        if version != self.around.zones.version:
            read = [_zone(features) for features in geozones.zones(connection)]
            zones = Zones([one for one in read if one is not None], version=version)
            self.around = Surroundings(zones=zones, terrain=self.terrain, limits=self.limits)
            log.info("watching %d zones", len(zones.watched))
        rows = watches.assigned(connection, since=datetime.now(UTC) - _OVERTIME)
        if rows != self._rows:
            self.corridors = {}
            for row in rows:
                if (corridor := _corridor(row)) is not None:
                    self.corridors.setdefault(row.aircraft_id, []).append(corridor)
            self._rows = rows


def _zone(features: list[dict[str, Any]]) -> Geozone | None:
    try:
        return stored_zone(features)
    except SoramichiError:
        log.exception("a stored zone cannot be read and is not watched; import it again")
        return None


def _corridor(row: Assigned) -> AssignedCorridor | None:
    try:
        document = json.dumps(row.feature).encode()
        [plan] = read_candidates(f"{row.corridor_id}.geojson", document, stated=Stated()).corridors
    except (SoramichiError, ValueError):
        log.exception("corridor %s cannot be read and is not watched", row.corridor_id)
        return None
    ref = CorridorRef(id=row.corridor_id, name=Name(ja=row.name_ja, en=row.name_en))
    return AssignedCorridor(ref, plan, row.departs_at, row.arrives_at)
