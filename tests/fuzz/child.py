"""One process of a campaign: one target under atheris, for so many inputs.

`python -m tests.fuzz.child TARGET INPUTS SEED FOLDER`; the figures go to `FOLDER/result.json`, and
an input that fails to `FOLDER/crash-…` or `FOLDER/timeout-…`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["soramichi.domain", "ingest", "paho"]):
    from tests.fuzz import seeds, targets

# CPU time; no input of a few kilobytes may cost more.
STALL_S = 1.0
# Bytes; longer batches are mostly arrays of hundreds of bad samples, each as slow as the other.
_MAX_LENGTH = {"batch": 400}
_TELL_EVERY_S = 30.0


class Tally:
    """Calls the target and counts; ends the process when it has seen enough."""

    def __init__(self, name: str, inputs: int, folder: Path) -> None:
        self._target = targets.TARGETS[name]
        self._name, self._inputs, self._folder = name, inputs, folder
        self._seen = 0
        self._slowest_s = 0.0
        self._counts: Counter[str] = Counter()
        self._began = self._told = time.monotonic()

    def __call__(self, data: bytes) -> None:
        """One input."""
        began = time.thread_time()
        self._counts.update(self._target(data))
        took_s = time.thread_time() - began
        assert took_s < STALL_S, f"{took_s:.1f} s for {len(data)} bytes"
        self._slowest_s = max(self._slowest_s, took_s)
        self._seen += 1
        if self._seen % 1_000 == 0:
            self._tell()
        if self._seen == self._inputs:
            self._end()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY_S:
            self._told = now
            rate = self._seen / (now - self._began)
            sys.stderr.write(f"{self._name:8}{self._seen:>12,} inputs{rate:>10,.0f}/s\n")

    def _end(self) -> None:
        result = {
            "inputs": self._seen,
            "seconds": time.monotonic() - self._began,
            "slowest_s": self._slowest_s,
            "counts": self._counts,
        }
        (self._folder / "result.json").write_text(json.dumps(result))
        # libFuzzer knows no other end from inside than a crash.
        os._exit(0)


def main() -> None:
    """See above."""
    name, inputs, seed, folder = sys.argv[1:5]
    logging.disable()
    corpus = Path(folder) / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, one in enumerate(seeds.SEEDS[name]()):
        (corpus / f"seed-{number}").write_bytes(one)
    options = ["-timeout=60", "-rss_limit_mb=2048", "-verbosity=0"]
    options.append(f"-max_len={_MAX_LENGTH.get(name, 1_024)}")
    atheris.Setup(
        [sys.argv[0], *options, f"-seed={seed}", f"-artifact_prefix={folder}/", str(corpus)],
        Tally(name, int(inputs), Path(folder)),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
