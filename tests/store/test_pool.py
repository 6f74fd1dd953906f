"""Reaching the database, or not."""

from __future__ import annotations

import gc
import weakref

import pytest

from soramichi.errors import Unavailable
from soramichi.settings import DatabaseSettings
from soramichi.store import pool


class _Batch:
    """Something large that a caller holds."""


def test_a_failed_attempt_keeps_nothing_of_its_caller() -> None:
    nobody = DatabaseSettings(url="postgresql://soramichi@127.0.0.1:1/soramichi")

    def attempt() -> weakref.ref[_Batch]:
        batch = _Batch()
        with pytest.raises(Unavailable, match="soramichi doctor"):
            pool.connect(nobody, application="test")
        return weakref.ref(batch)

    gc.collect()
    gc.disable()
    try:
        assert attempt()() is None
    finally:
        gc.enable()
