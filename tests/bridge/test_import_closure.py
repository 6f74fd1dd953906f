"""A bridge on a small computer needs nothing but Python and paho."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from soramichi.bridge import sample
from soramichi.domain import wire

CLOSURE = """
import sys
before = set(sys.modules)
import soramichi.bridge.__main__
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def roots_imported() -> set[str]:
    # -S and the bare paths: no .pth file of the environment gets to import anything first.
    paho = Path(sys.modules["paho"].__path__[0]).parent
    code = f"import sys; sys.path[:0] = [{str(Path.cwd())!r}, {str(paho)!r}]\n{CLOSURE}"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_bridge_imports_only_the_standard_library_and_paho() -> None:
    imported = roots_imported()
    assert {"soramichi", "paho", "sqlite3"} <= imported
    assert imported - sys.stdlib_module_names - {"soramichi", "paho"} == set()


def test_the_repeated_names_of_the_wire_are_the_same() -> None:
    assert sample.topic("mie", "JA01", "telemetry") == wire.telemetry_topic("mie", "JA01")
    assert sample.topic("mie", "JA01", "receipt") == wire.receipt_topic("mie", "JA01")
    assert sample.topic("mie", "JA01", "status") == wire.status_topic("mie", "JA01")
    assert sample.IDENTIFIER.pattern == wire.IDENTIFIER.pattern
    assert sample.MAX_SAMPLES_PER_MESSAGE == wire.MAX_SAMPLES_PER_MESSAGE
    assert sample.MAX_BATCH_BYTES + sample.MAX_SAMPLE_BYTES <= wire.MAX_PAYLOAD_BYTES
