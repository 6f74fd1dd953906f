"""`soramichi quarantine`: what was rejected and why, and putting it back after a fix."""

from __future__ import annotations

import base64
import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import click
import psycopg

from ingest.jumps import Jumps
from ingest.screening import Limits
from ingest.writer import Writer
from soramichi.commands.options import AS_JSON
from soramichi.errors import BadInput, NotFound
from soramichi.settings import DatabaseSettings, IngestSettings, load
from soramichi.store import pool, telemetry
from soramichi.store import quarantine as store
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account, Kept, Quarantined

# The name in the books under which rows that are put back change sides.
_WORKER = "quarantine-retry"
_PREVIEW_CHARACTERS = 60

_reason = click.option("--reason", help="Only rows rejected for this reason. 理由で絞り込み")
_aircraft = click.option(
    "--aircraft", "aircraft_id", help="Only rows of this aircraft. 機体で絞り込み"
)


@click.group()
def quarantine() -> None:
    """What was rejected, and putting it back (隔離データの確認・再投入)."""


@quarantine.command("list")
@_reason
@_aircraft
@click.option(
    "--settled", is_flag=True, help="Rows put back, instead of those waiting. 再投入済みの一覧"
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="At most so many. 最大件数",
)
@AS_JSON
def list_(
    *, reason: str | None, aircraft_id: str | None, settled: bool, limit: int, as_json: bool
) -> None:
    """The newest rejected items (新しい順に表示します)."""
    with _connect() as connection:
        rows = store.listed(
            connection, reason=reason, aircraft_id=aircraft_id, settled=settled, limit=limit
        )
    if as_json:
        click.echo(json.dumps([_document(row, whole=False) for row in rows]))
        return
    for row in rows:
        click.echo(
            f"{row.quarantine_id:>8}  {row.item.received_at:%Y-%m-%dT%H:%M:%SZ}"
            f"  {row.item.reason}{f' ({row.item.field})' if row.item.field else ''}"
            f"  {printable(row.item.topic)}  {printable(row.item.original)[:_PREVIEW_CHARACTERS]}"
        )
    if not rows:
        click.echo("nothing / ありません")


@quarantine.command()
@click.argument("quarantine_id", type=int)
@AS_JSON
def show(*, quarantine_id: int, as_json: bool) -> None:
    """One rejected item whole, safe to look at (元データの表示)."""
    with _connect() as connection:
        row = store.get(connection, quarantine_id)
    if row is None:
        raise NotFound(f"there is no row {quarantine_id}; see `soramichi quarantine list`")
    document = _document(row, whole=True)
    if as_json:
        click.echo(json.dumps(document))
        return
    del document["original_base64"]
    for name, value in document.items():
        click.echo(f"{name:16} {'' if value is None else printable(str(value))}")


@quarantine.command()
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every row that waits. 待機中のすべて")
@_reason
@_aircraft
@AS_JSON
def retry(
    *,
    ids: Sequence[int],
    everything: bool,
    reason: str | None,
    aircraft_id: str | None,
    as_json: bool,
) -> None:
    """Put rows back after a fix (修正後の再投入).

    Exit 1 when some are rejected again. Their original bytes go through the same
    decoding, screening and storing as when they arrived, and are kept whatever
    comes of it. In the books they move from `quarantined` to where they end.
    """
    chosen = bool(ids) + (everything or reason is not None or aircraft_id is not None)
    if chosen != 1:
        raise BadInput("name the rows to put back, or say --all, --reason or --aircraft")
    with _connect() as connection:
        if not ids:
            rows = store.listed(connection, reason=reason, aircraft_id=aircraft_id)
            # The oldest first, as they came.
            ids = [row.quarantine_id for row in reversed(rows)]
    writer = _writer(load(IngestSettings))
    try:
        results = [_retry(writer, one) for one in ids]
    finally:
        writer.close()
    _report(results, as_json=as_json)
    sys.exit(0 if all(result["outcome"] == "settled" for result in results) else 1)


def printable(data: bytes | str) -> str:
    r"""Text that cannot command a terminal: what is not a visible character is escaped.

    >>> print(printable(b"ok \x1b[2J \xff"))
    ok \x1b[2J \xff
    """
    text = data.decode(errors="backslashreplace") if isinstance(data, bytes) else data
    return "".join(
        one
        if one == " " or unicodedata.category(one)[0] not in "CZ"
        else one.encode("unicode_escape").decode()
        for one in text
    )


def _retry(writer: Writer, quarantine_id: int) -> dict[str, Any]:
    result: dict[str, Any] = {"id": quarantine_id}
    try:
        found = writer.retry(quarantine_id)
    except psycopg.Error as error:
        if telemetry.is_temporary(error):
            raise
        return {**result, "outcome": "rejected", "reason": "store-refused", "detail": str(error)}
    if found is None:
        return {**result, "outcome": "not-waiting"}
    if isinstance(found, Quarantined):
        detail = {"reason": found.reason, "field": found.field, "detail": found.detail}
        return {**result, "outcome": "rejected", **detail}
    return {**result, "outcome": "settled", "books": found._asdict()}


def _report(results: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    results = list(results)
    if as_json:
        click.echo(json.dumps(results))
        return
    for result in results:
        if result["outcome"] == "settled":
            books = Account(**result["books"])
            text = f"settled / 完了: {books.stored} stored, {books.duplicate} duplicate"
        elif result["outcome"] == "rejected":
            text = f"rejected again / 再度不可: {result['reason']}: {printable(result['detail'])}"
        else:
            text = "does not wait / 対象外"
        click.echo(f"{result['id']:>8}  {text}")
    if not results:
        click.echo("nothing / ありません")


def _document(row: Kept, *, whole: bool) -> dict[str, Any]:
    item = row.item
    document: dict[str, Any] = {
        "id": row.quarantine_id,
        "reason": item.reason,
        "field": item.field,
        "detail": item.detail,
        "topic": item.topic,
        "operator_id": item.operator_id,
        "aircraft_id": item.aircraft_id,
        "flight_label": item.flight_label,
        "seq": item.seq,
        "received_at": item.received_at.isoformat(),
        "settled_at": row.settled_at.isoformat() if row.settled_at else None,
        "settled_as": row.settled_as,
        "original_bytes": len(item.original),
    }
    if whole:
        document["original"] = printable(item.original)
        document["original_base64"] = base64.b64encode(item.original).decode()
    return document


def _connect() -> Connection:
    return pool.connect(load(DatabaseSettings), application="soramichi-quarantine")


def _writer(settings: IngestSettings) -> Writer:
    return Writer(
        connect=_connect,
        worker=_WORKER,
        limits=Limits.of(settings),
        flight_gap=timedelta(seconds=settings.flight_gap_s),
        jumps=Jumps.of(settings),
    )
