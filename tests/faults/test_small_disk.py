from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.small_disk import small_disk


def test_a_full_disk_refuses_every_byte_and_afterwards_takes_them(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        if disk.why_not is not None:
            pytest.skip(disk.why_not)
        with disk.full(), pytest.raises(OSError, match="No space left"):
            (disk.folder / "refused").write_bytes(b"x" * 8192)
        (disk.folder / "taken").write_bytes(b"x" * 8192)
    assert not (disk.folder / "taken").exists()


def test_without_root_it_says_why_it_cannot_be_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with small_disk(tmp_path) as disk:
        assert disk.why_not == "only root can mount a small file system"
        assert disk.folder.is_dir()
