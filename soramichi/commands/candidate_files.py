"""Files with candidates as corridors, and lines about what was irregular in files.

Apart from the options of `routes`, for commands that judge nothing and so need
no compiled planner.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from routes_planner.candidates_in.candidate import Stated
from routes_planner.candidates_in.reading import read_candidate_file
from routes_planner.zones_in.report import Note
from soramichi.domain.corridor import Corridor

# Features that one line about several of them names.
_MOST_NAMED = 3


def candidates(
    files: Sequence[Path], stated: Stated
) -> tuple[list[Corridor], list[tuple[str, Note]]]:
    """The corridors of all files, and what was irregular in them."""
    read_files = [read_candidate_file(path, stated=stated) for path in files]
    corridors = [corridor for each in read_files for corridor in each.corridors]
    return corridors, [(each.source, note) for each in read_files for note in each.report]


def note_lines(notes: Sequence[tuple[str, Note]]) -> list[str]:
    """What was irregular in the files, for stderr; what many have in common on one line.

    `soramichi geozones inspect` names every one of them.
    """
    alike: dict[tuple[str, str, str, str, str], list[str]] = {}
    for source, note in notes:
        what = source, note.field, str(note.action), note.reason.en, note.reason.ja
        alike.setdefault(what, []).append(note.identifier)
    return [
        f"{source}: {_some(identifiers)}: {field}: {action}: {en} / {ja}"
        for (source, field, action, en, ja), identifiers in alike.items()
    ]


def _some(identifiers: Sequence[str]) -> str:
    if len(identifiers) <= _MOST_NAMED:
        return ", ".join(identifiers)
    return f"{', '.join(identifiers[:_MOST_NAMED])} +{len(identifiers) - _MOST_NAMED}"
