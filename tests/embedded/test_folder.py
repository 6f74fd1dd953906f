"""Ports for servers that are being started."""

from __future__ import annotations

import subprocess
import sys

import pytest

from soramichi.embedded import folder

# Another process, for which chance names the port first that this one was given.
ANOTHER = """
from soramichi.embedded import folder
folder._FREE_PORTS = range({first}, {first} + 2)
chances = iter([0, 1])
folder.secrets.randbelow = lambda _: next(chances)
print(folder.free_port())
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="sockets have names without files on Linux only"
)
def test_two_processes_are_not_given_one_port() -> None:
    for _ in range(20):  # until the next one is free as well
        first = folder.free_port()
        line = [sys.executable, "-c", ANOTHER.format(first=first)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break

    assert done.stdout.split() == [str(first + 1)]


def test_no_more_ports_are_kept_than_a_process_may_open_files() -> None:
    ports = {folder.free_port() for _ in range(200)}

    assert len(ports) == 200
    assert len(folder._kept) <= 50
