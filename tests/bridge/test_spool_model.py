"""The spool against the plainest model of it: whatever order things happen in, they agree."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from soramichi.bridge.numbering import FlightKey
from soramichi.bridge.receipt import read_receipt
from soramichi.bridge.sample import MAX_SEQ, draft, encode
from soramichi.bridge.spool import Spool
from tests.bridge.receiver import a_receipt
from tests.bridge.samples import members

FLIGHTS = st.sampled_from([FlightKey("JA01", "F"), FlightKey("JA01", "G"), FlightKey("JA02", "F")])


class SpoolMachine(RuleBasedStateMachine):
    """`waiting` and `kept` are what must be in the spool; `platform` is what it has stored."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = Spool(self.folder / "spool")
        self.next: dict[FlightKey, int] = {}
        self.waiting: dict[FlightKey, set[int]] = {}
        self.kept: dict[FlightKey, set[int]] = {}
        self.clock = 0

    @rule(key=FLIGHTS, count=st.integers(1, 5))
    def append(self, key: FlightKey, count: int) -> None:
        self.clock += count
        drafts = [
            draft(key.aircraft_id, members(self.clock - count + n, flight=key.flight))
            for n in range(count)
        ]
        spooled = self.spool.append(drafts)
        first = self.next.get(key, 0)
        assert [one.seq for one in spooled] == list(range(first, first + count))
        self.next[key] = first + count
        self.waiting.setdefault(key, set()).update(range(first, first + count))

    @rule(key=FLIGHTS, covered=st.sets(st.integers(0, 30)), believe_loss=st.booleans())
    def receipt(self, key: FlightKey, covered: set[int], *, believe_loss: bool) -> None:
        receipt = read_receipt(encode(a_receipt(key.flight, covered)))
        settled = self.spool.settle(key.aircraft_id, receipt, believe_loss=believe_loss)
        waiting = self.waiting.setdefault(key, set())
        kept = self.kept.setdefault(key, set())
        assert settled.samples == len(waiting & covered)
        kept |= waiting & covered
        waiting -= covered
        assert settled.doubted == len(kept - covered)
        if believe_loss:
            waiting |= kept - covered
            kept &= covered

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = Spool(self.folder / "spool")

    @rule()
    def forget(self) -> None:
        assert self.spool.forget(4e9) == sum(map(len, self.kept.values()))
        self.kept.clear()

    @invariant()
    def what_waits_is_what_was_never_covered(self) -> None:
        for key in self.next:
            batch = self.spool.batch(key, 0, MAX_SEQ)
            assert set(batch.seqs if batch else ()) == self.waiting.get(key, set())
        total = sum(map(len, self.waiting.values()))
        assert self.spool.outstanding().samples == total
        assert self.spool.empty() == (total == 0)
        held = {key for key in self.next if self.waiting.get(key) or self.kept.get(key)}
        assert set(self.spool.flights()) == held

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)


SpoolMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_the_spool_agrees_with_its_model = SpoolMachine.TestCase
