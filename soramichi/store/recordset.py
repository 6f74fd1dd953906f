"""Many small records as one parameter, for the statements that a batch is settled with.

A JSON array costs the client a twentieth of what an array for each column does (measured 2026-11:
a hundred records of seven members, 0.1 against 1.7 ms).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

_encode = msgspec.json.Encoder().encode


def recordset(**columns: str) -> str:
    """A FROM item named `i` with these columns and types, in the order of the records' members.

    >>> recordset(id="text", added="int8")
    "(SELECT (r->>0)::text, (r->>1)::int8 FROM json_array_elements(%s::json) r) AS i (id, added)"
    """
    members = ", ".join(f"(r->>{at})::{kind}" for at, kind in enumerate(columns.values()))
    return f"(SELECT {members} FROM json_array_elements(%s::json) r) AS i ({', '.join(columns)})"


def records(rows: Iterable[Sequence[object]]) -> str:
    """The parameter that belongs to it; times keep their microseconds."""
    return _encode(list(rows)).decode()
