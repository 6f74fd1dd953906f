"""Run the targets one after another."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from soramichi.bench.stage import BROKERS
from tests.fuzz import path

# Of so many inputs, how many go to each target: the cheap ones get more.
SHARES = {
    "decode": 0.60, "batch": 0.10, "stream": 0.20, "topic": 0.085, "session": 0.005,
    "nats": 0.005, "mosquitto": 0.005,
}  # fmt: skip


def shared_out(inputs: int, names: Sequence[str]) -> dict[str, int]:
    """How many inputs each of these targets gets; together at least `inputs`."""
    whole = sum(SHARES[name] for name in names)
    return {name: math.ceil(round(inputs * SHARES[name] / whole, 6)) for name in names}


def run(name: str, inputs: int, *, seed: int, folder: Path) -> dict[str, Any]:
    """One target; `fault` is None, or what went wrong and where the input is kept."""
    if name in BROKERS:
        return path.run(name, inputs, seed=seed)
    return _guided(name, inputs, seed=seed, folder=folder)


def _guided(name: str, inputs: int, *, seed: int, folder: Path) -> dict[str, Any]:
    """In a process of its own under atheris."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.fuzz.child", name, str(inputs), str(seed), str(folder)]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.PIPE)
        assert child.stderr is not None
        for line in child.stderr:
            log.write(line)
            if line.startswith(name.encode()):
                sys.stderr.buffer.write(line)
                sys.stderr.flush()
        code = child.wait()
    result = folder / "result.json"
    if code == 0 and result.exists():
        return {"target": name, "fault": None, **json.loads(result.read_text())}
    kept = next((str(one) for one in sorted(folder.glob("*-*")) if one.is_file()), "no input kept")
    fault = f"exit {code}, {kept}; see {folder / 'log'}"
    return {
        "target": name, "fault": fault, "inputs": 0, "seconds": 1.0, "slowest_s": 0.0, "counts": {}
    }  # fmt: skip
