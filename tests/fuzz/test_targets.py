"""Any bytes at all, a few of them: what `make fuzz` asks of millions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.line import Line
from soramichi.domain import wire
from tests.fuzz import campaign, mutation, seeds, targets
from tests.fuzz.broker_targets import stream

CASES = [(name, seed) for name, make in seeds.SEEDS.items() for seed in make()]


@pytest.mark.parametrize(
    ("name", "seed"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)]
)
def test_every_seed_holds(name: str, seed: bytes) -> None:
    targets.TARGETS[name](seed)


@pytest.mark.parametrize("name", targets.TARGETS)
@given(data=st.data())
@settings(max_examples=150)
def test_every_edited_seed_holds(name: str, data: st.DataObject) -> None:
    of = data.draw(st.sampled_from(seeds.SEEDS[name]()))
    chance = data.draw(st.randoms(use_true_random=False))

    targets.TARGETS[name](mutation.edited(chance, of))


def test_the_targets_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a decoder that forgets a sample, and a line that forgets a message."""
    whole = wire.decode
    monkeypatch.setattr(wire, "decode", lambda of: whole(of)._replace(rejected=[]))
    with pytest.raises(AssertionError):
        targets.decode(b"hello")
    with pytest.raises(AssertionError):
        targets.batch(b"\0hello")

    monkeypatch.setattr(Line, "read", lambda _: [])
    with pytest.raises(AssertionError):
        stream(b"\0\0" + seeds.message(b"t", b"x", 1))


def test_a_campaign_counts_every_input_and_says_where_everything_ended(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed; make fuzz does it")
    found = [
        campaign.run(name, 100, seed=1, folder=tmp_path / name) for name in ("decode", "session")
    ]

    assert [(one["fault"], one["inputs"]) for one in found] == [(None, 100)] * 2
    counts = found[0]["counts"]
    assert counts["received"] == counts.get("stored", 0) + counts["quarantined"] >= 100


def test_a_process_that_ends_early_is_a_fault(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed; make fuzz does it")

    assert "exit 1" in campaign.run("no-such-target", 100, seed=1, folder=tmp_path / "x")["fault"]


def test_inputs_are_shared_out_without_a_rest() -> None:
    every = campaign.shared_out(10_000_000, tuple(campaign.SHARES))

    assert sum(every.values()) == 10_000_000
    assert campaign.shared_out(1_000, ["topic"]) == {"topic": 1_000}
