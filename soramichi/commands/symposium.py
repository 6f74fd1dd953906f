"""`soramichi symposium`: what the public may see, and when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from soramichi.commands.options import AS_JSON
from soramichi.domain.flight import Name
from soramichi.domain.publication import Discretion, Subject
from soramichi.errors import BadInput
from soramichi.settings import DatabaseSettings, load
from soramichi.store import pool, symposiums
from soramichi.store.pool import Connection
from soramichi.store.symposiums import Symposium


@click.group()
def symposium() -> None:
    """Decide what the public may see (一般公開の範囲を決めます).

    Nothing is public until a symposium publishes it; what is received outside
    its time stays private.
    """


@contextmanager
def _database() -> Iterator[Connection]:
    with pool.connect(load(DatabaseSettings), application="soramichi-symposium") as connection:
        yield connection


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no time; write it as 2026-11-28T10:00:00+09:00") from error
    if moment.tzinfo is None:
        raise BadInput(f"{text!r} names no time zone; add +09:00 for Japan")
    return moment


_SUBJECTS = {
    Subject.OPERATOR: "All of an operator; may be repeated. 運航者（複数可）",
    Subject.AIRCRAFT: "An aircraft; may be repeated. 機体（複数可）",
    Subject.FLIGHT: "A flight; may be repeated. 飛行（複数可）",
    Subject.CORRIDOR: "A corridor; may be repeated. 経路（複数可）",
}


def _subjects(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name what is published."""
    for kind in Subject:
        command = click.option(
            f"--{kind.value}", multiple=True, metavar="ID", help=_SUBJECTS[kind]
        )(command)
    return command


def _listed(**named: tuple[str, ...]) -> list[tuple[Subject, str]]:
    found = [(kind, one) for kind in Subject for one in named[kind.value]]
    if not found:
        raise BadInput("name at least one --operator, --aircraft, --flight or --corridor")
    return found


@symposium.command()
@click.argument("symposium_id")
@click.option("--name-ja", required=True, help="Name in Japanese. 日本語の名称")
@click.option("--name-en", required=True, help="Name in English. 英語の名称")
@click.option("--place-ja", default="", help="Place in Japanese. 日本語の会場名")
@click.option("--place-en", default="", help="Place in English. 英語の会場名")
@click.option(
    "--starts", required=True, metavar="TIME", help="From when: 2026-11-28T10:00:00+09:00. 開始時刻"
)
@click.option("--ends", metavar="TIME", help="Left out: no end. 省略時は終わりなし")
def create(  # noqa: PLR0913  # click passes one argument an option
    *,
    symposium_id: str,
    name_ja: str,
    name_en: str,
    place_ja: str,
    place_en: str,
    starts: str,
    ends: str | None,
) -> None:
    """Create a symposium, or change one (シンポジウムを登録・変更します)."""
    starts_at, ends_at = _time(starts), _time(ends)
    if starts_at is None or (ends_at is not None and ends_at <= starts_at):
        raise BadInput("--ends must be later than --starts")
    with _database() as connection:
        symposiums.put(
            connection,
            Symposium(
                symposium_id=symposium_id,
                name=Name(ja=name_ja, en=name_en),
                place=Name(ja=place_ja, en=place_en),
                starts_at=starts_at,
                ends_at=ends_at,
            ),
        )


@symposium.command()
@click.argument("symposium_id")
@_subjects
def publish(*, symposium_id: str, **named: tuple[str, ...]) -> None:
    """Let a symposium show these (公開します)."""
    subjects = _listed(**named)
    with _database() as connection:
        symposiums.publish(connection, symposium_id, subjects)


@symposium.command()
@click.argument("symposium_id")
@_subjects
def withdraw(*, symposium_id: str, **named: tuple[str, ...]) -> None:
    """Stop showing these (公開をやめます)."""
    subjects = _listed(**named)
    with _database() as connection:
        symposiums.withdraw(connection, symposium_id, subjects)


@symposium.command()
@click.argument("operator_id")
@click.option(
    "--delay",
    "delay_s",
    type=click.FloatRange(0, 86_400),
    default=0.0,
    help="Shown so many seconds late. 遅らせる秒数",
)
@click.option(
    "--grid",
    "grid_deg",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Shown to so many degrees, time and height in steps too. 格子（度、時刻と高さも粗くなる）",
)
def discretion(*, operator_id: str, delay_s: float, grid_deg: float) -> None:
    """Show an operator's aircraft late or coarsely (運航者の位置を遅らせる・粗くする)."""
    with _database() as connection:
        chosen = Discretion(delay=timedelta(seconds=delay_s), grid_deg=grid_deg)
        symposiums.be_discreet(connection, operator_id, chosen)


@symposium.command(name="list")
@AS_JSON
def list_symposiums(*, as_json: bool) -> None:
    """Every symposium and what it publishes (一覧)."""
    with _database() as connection:
        found = symposiums.listing(connection)
    if as_json:
        click.echo(json.dumps([_document(*one) for one in found], ensure_ascii=False))
        return
    for one, published in found:
        until = one.ends_at.astimezone(UTC).isoformat() if one.ends_at else "…"
        click.echo(f"{one.symposium_id}  {one.name.ja} / {one.name.en}")
        click.echo(f"  {one.starts_at.isoformat()} – {until}  {one.place.ja} {one.place.en}")
        for kind, subject in published:
            click.echo(f"  {kind.value:9} {subject}")


def _document(one: Symposium, published: list[tuple[Subject, str]]) -> dict[str, object]:
    return {
        "symposium": one.symposium_id,
        "name": {"ja": one.name.ja, "en": one.name.en},
        "place": {"ja": one.place.ja, "en": one.place.en},
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat() if one.ends_at else None,
        "published": [{"kind": kind.value, "id": subject} for kind, subject in published],
    }
