"""What a reader made of a file: its zones, and every feature it could not take as it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soramichi.domain.flight import Name
from soramichi.domain.geozone import Geozone, Unknown


class Action(StrEnum):
    """What became of something irregular.

    DROPPED: it is no zone. REPAIRED: read in the one way it can be meant.
    UNKNOWN: kept in its widest reading, so that a verdict there is "unknown".
    NOTED: read as it is; worth knowing.
    """

    DROPPED = "dropped"
    REPAIRED = "repaired"
    UNKNOWN = "unknown"
    NOTED = "noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One irregularity: in which feature, in which member of it, what was done and why."""

    identifier: str
    field: str
    action: Action
    reason: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The zones of one file; `report` is empty when everything was regular.

    `valid_from` and `valid_until` are the period the publisher states for the
    whole file, None where it states none.
    """

    source: str
    zone_format: str
    zones: tuple[Geozone, ...]
    report: tuple[Note, ...]
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Item:
    """Collects what is irregular about one feature, or about one part of it.

    `unknowns` are about what was placed; `unplaced` about parts of the feature
    that could be anywhere.
    """

    def __init__(self, identifier: str, notes: list[Note]) -> None:
        self.identifier = identifier
        self.unknowns: list[Unknown] = []
        self.unplaced: list[Unknown] = []
        self._notes = notes

    def part(self) -> Item:
        """A part with unknowns of its own; all else joins that of the feature."""
        part = Item(self.identifier, self._notes)
        part.unplaced = self.unplaced
        return part

    def lose(self, part: Item) -> None:
        """That part has no place: what is unknown about it concerns every place."""
        self.unplaced += part.unknowns

    def dropped(self, field: str, ja: str, en: str) -> None:
        """It is no zone."""
        self._note(field, Action.DROPPED, Name(ja=ja, en=en))

    def repaired(self, field: str, ja: str, en: str) -> None:
        """It could be meant in one way only."""
        self._note(field, Action.REPAIRED, Name(ja=ja, en=en))

    def noted(self, field: str, ja: str, en: str) -> None:
        """Read as it is."""
        self._note(field, Action.NOTED, Name(ja=ja, en=en))

    def unknown(self, field: str, ja: str, en: str) -> None:
        """It could not be read: the caller goes on with the widest reading."""
        reason = Name(ja=ja, en=en)
        self.unknowns.append(Unknown(field=field, reason=reason))
        self._note(field, Action.UNKNOWN, reason)

    def _note(self, field: str, action: Action, reason: Name) -> None:
        self._notes.append(
            Note(identifier=self.identifier, field=field, action=action, reason=reason)
        )
