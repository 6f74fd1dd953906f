from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from soramichi.bridge.receipt import Receipt
from soramichi.bridge.sample import draft
from soramichi.bridge.spool import Spool
from soramichi.bridge.spool_file import set_aside
from soramichi.errors import BadFile, BadInput, NewerSchema, SpoolFull, Unavailable
from tests.bridge.samples import members


def fill(spool: Spool, first: int, end: int, **changes: Any) -> None:
    spool.append([draft("JA01", members(number, **changes)) for number in range(first, end)])


def a_receipt(flight: str, through: int, *missing: tuple[int, int]) -> Receipt:
    return Receipt(flight, 0, through, missing)


def test_numbers_are_given_from_zero_and_go_on_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    first = spool.append([draft("JA01", members(0)), draft("JA01", members(1))])
    spool.close()
    spool = Spool(tmp_path / "s")
    third = spool.append([draft("JA01", members(2))])
    assert [one.seq for one in first + third] == [0, 1, 2]
    assert third[0].key == first[0].key


def test_a_sample_goes_out_with_its_own_members_unchanged() -> None:
    spool = Spool(None)
    own = members(0, flight="F1", seq=7, remark="晴れ", altitude_m=1e-7, wind={"deg": [1, None]})
    [spooled] = spool.append([draft("JA01", json.dumps(own))])
    batch = spool.batch(spooled.key, 0, 100)
    assert batch is not None
    assert json.loads(batch.payload) == own


def test_a_pause_begins_a_new_flight_only_for_samples_without_one() -> None:
    spool = Spool(None, new_flight_after_s=60)
    times = (0, 599, 1200)  # tenths of a second
    auto = spool.append([draft("JA01", members(number)) for number in times])
    named = spool.append([draft("JA02", members(number, flight="F")) for number in times])
    assert auto[0].key == auto[1].key != auto[2].key
    assert auto[2].seq == 0
    assert [one.seq for one in named] == [0, 1, 2]


def test_a_twin_is_a_duplicate_and_another_sample_of_that_number_is_refused() -> None:
    spool = Spool(None)
    fill(spool, 0, 1, flight="F", seq=3)
    [twin] = spool.append([draft("JA01", members(0, flight="F", seq=3))])
    assert twin.duplicate
    with pytest.raises(BadInput, match="used for another sample"):
        fill(spool, 0, 1, flight="F", seq=3, altitude_m=1.0)
    assert spool.outstanding().samples == 1


def test_a_counter_that_restarts_is_refused_even_after_the_receipt() -> None:
    spool = Spool(None)
    for number in range(5):
        fill(spool, number, number + 1, flight="F", seq=number)
    spool.settle("JA01", a_receipt("F", 4), believe_loss=False)
    with pytest.raises(BadInput, match="new flight id"):
        fill(spool, 9, 10, flight="F", seq=0)


def test_a_counter_that_restarts_without_a_flight_begins_a_new_one() -> None:
    spool = Spool(None)
    keys = [spool.append([draft("JA01", members(n, seq=n % 3))])[0].key for n in range(6)]
    assert len(set(keys)) == 2


def test_a_late_sample_is_no_restart() -> None:
    spool = Spool(None)
    fill(spool, 5, 6, flight="F", seq=5)
    fill(spool, 2, 3, flight="F", seq=2)
    assert spool.outstanding().samples == 2


@pytest.mark.parametrize(
    "bad",
    [
        b"[]",
        b"{",
        b"\xff",
        b'{"time":NaN}',
        b'{"a":1e999}',
        b'{"seq":-1}',
        b'{"seq":true}',
        b'{"flight":"a b"}',
        b'{"flight":1}',
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_what_could_never_be_receipted_is_refused(bad: bytes) -> None:
    with pytest.raises(BadInput):
        draft("JA01", bad)


def test_a_receipt_removes_what_it_covers_and_nothing_else() -> None:
    spool = Spool(None, keep_s=0)
    fill(spool, 0, 10, flight="F")
    fill(spool, 0, 10, flight="G")
    receipt = Receipt("F", 2, 8, ((3, 4), (7, 7)))
    assert spool.settle("JA01", receipt, believe_loss=False).samples == 4
    [first, second] = spool.outstanding().flights
    batch = spool.batch(spool.flights()[0], 0, 100)
    assert batch is not None
    assert batch.seqs == (0, 1, 3, 4, 7, 9)
    assert (first.samples, second.samples) == (6, 10)


def test_at_the_bound_receipted_samples_go_first_and_then_new_ones_are_refused() -> None:
    spool = Spool(None, max_bytes=400_000)
    fill(spool, 0, 800, flight="F")
    spool.settle("JA01", a_receipt("F", 599), believe_loss=False)
    refused_at = None
    for number in range(800, 3000):
        try:
            fill(spool, number, number + 1, flight="F")
        except SpoolFull:
            refused_at = number
            break
    assert refused_at is not None
    left = spool.outstanding()
    assert (left.samples, left.dropped) == (refused_at - 600, 0)
    assert left.flights[0].first_seq == 600
    spool.settle("JA01", a_receipt("F", refused_at - 1), believe_loss=False)
    fill(spool, refused_at, refused_at + 1, flight="F")


def test_dropping_the_oldest_is_a_choice_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", max_bytes=400_000, when_full="drop-oldest")
    for number in range(0, 5000, 100):
        fill(spool, number, number + 100, flight="F")
    left = spool.outstanding()
    assert left.dropped > 0
    assert left.samples + left.dropped == 5000
    assert left.flights[0].last_seq == 4999
    spool.close()
    assert (tmp_path / "s").stat().st_size <= 400_000 + 65_536
    assert Spool(tmp_path / "s").outstanding().dropped == left.dropped


def test_callers_that_come_together_all_succeed_or_fail_for_themselves(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    fill(spool, 0, 1, flight="F", seq=0)
    failed: list[int] = []

    def publish(worker: int) -> None:
        for number in range(20):
            try:
                spool.append([draft("JA01", members(number, flight=f"W{worker}"))])
                if worker == 0:
                    fill(spool, 0, 1, flight="F", seq=0, altitude_m=2.0)
            except BadInput:
                failed.append(worker)

    threads = [threading.Thread(target=publish, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [0] * 20
    assert spool.outstanding().samples == 121


def test_receipted_samples_are_forgotten_in_time() -> None:
    spool = Spool(None, keep_s=100)
    fill(spool, 0, 10, flight="F")
    spool.settle("JA01", a_receipt("F", 9), believe_loss=False)
    assert spool.settle("JA01", a_receipt("F", 3), believe_loss=False).doubted == 6
    assert spool.forget(0.0) == 0
    assert spool.forget(4e9) == 10


def damage(path: Path) -> bytes:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)
    return bytes(content)


def test_a_damaged_spool_is_an_error_every_time_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s"
    spool = Spool(path)
    fill(spool, 0, 500)
    spool.close()
    content = damage(path)
    for _ in range(2):
        with pytest.raises(BadFile, match="damaged"):
            Spool(path)
        assert path.read_bytes() == content
    aside = set_aside(path)
    assert aside.read_bytes() == content
    assert not Spool(path).outstanding()


@pytest.mark.parametrize("content", [b"no database at all " * 300, b"x"])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(BadFile):
        Spool(tmp_path / "s")
    assert (tmp_path / "s").read_bytes() == content


def test_a_foreign_database_and_a_newer_spool_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "foreign") as db:
        db.execute("CREATE TABLE a (b)")
    with pytest.raises(BadFile, match="not a spool"):
        Spool(tmp_path / "foreign")
    Spool(tmp_path / "newer").close()
    with sqlite3.connect(tmp_path / "newer") as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(NewerSchema):
        Spool(tmp_path / "newer")


def test_a_spool_has_one_owner_at_a_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    with pytest.raises(Unavailable, match="in use"):
        Spool(tmp_path / "s")
    spool.close()
    Spool(tmp_path / "s").close()


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """SQLite promises that a commit survives a power cut in WAL mode from FULL (2) on."""
    spool = Spool(tmp_path / "spool")
    assert spool._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert spool._db.execute("PRAGMA synchronous").fetchone() == (2,)
    spool.close()
