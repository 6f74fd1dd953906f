"""Start, watch, restart and end child processes, so that none outlives its supervisor.

Three things keep children from being left behind: they are stopped in reverse
order on a clean end; on Linux the kernel signals them when the supervisor dies
however it dies (`setpriv --pdeathsig`); and each server, when it starts, ends a
predecessor that still uses its files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from soramichi.errors import Unavailable

# Restarts wait twice as long each time, up to this; a child that lived a minute starts over.
_LONGEST_PAUSE_S = 10.0
_HEALTHY_AFTER_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run: its arguments, what it adds to our environment, and how it is told to end.

    `account` is a user id to run as (root only): the child may then read and
    enter any folder, but owns and writes only what is that user's.
    """

    name: str
    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0
    account: int | None = None

    def line(self) -> list[str]:
        """The command line, wrapped so that the child dies with us where the kernel can do it."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            return list(self.arguments)
        return [
            setpriv,
            *account_arguments(self.account),
            f"--pdeathsig={self.stop_signal.name.removeprefix('SIG')}",
            "--",
            *self.arguments,
        ]


def account_arguments(account: int | None) -> list[str]:
    """setpriv's options for running as `account`; [] for staying who we are."""
    if account is None:
        return []
    return [
        f"--reuid={account}",
        f"--regid={account}",
        "--clear-groups",
        # The program and the data may lie below a folder only root can enter.
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
    ]


class Child:
    """One running command; its output goes to its log file.

    Make it in the main thread: what the kernel watches over is the thread that
    started the child, and the child is ended with it.
    """

    def __init__(self, command: Command) -> None:
        self.command = command
        self._started_at = time.monotonic()
        self._pause_s = 0.25
        self._due_at: float | None = None
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        """The process id; that of the last process once it has ended."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._started_at = time.monotonic()
        with self.command.log.open("ab") as log:
            return subprocess.Popen(
                self.command.line(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.command.environment},
                start_new_session=True,  # Ctrl-C reaches only the supervisor
            )

    def restart_if_due(self) -> int | None:
        """Restart it once its pause is over; returns its exit code when it has just ended."""
        code = self.exit_code
        if code is None:
            return None
        now = time.monotonic()
        if self._due_at is None:
            if now - self._started_at > _HEALTHY_AFTER_S:
                self._pause_s = 0.25
            self._due_at = now + self._pause_s
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            return code
        if now >= self._due_at:
            self._due_at = None
            self._process = self._spawn()
        return None

    def stop(self) -> None:
        """Ask it to end, wait, and force it when it does not."""
        if self.exit_code is None:
            self._process.send_signal(self.command.stop_signal)
            try:
                self._process.wait(self.command.stop_timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def resident_bytes(self) -> int:
        """Memory of the process and its descendants, shared pages counted once for each (PSS)."""
        try:
            process = psutil.Process(self.pid)
            family = [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        total = 0
        for one in family:
            with contextlib.suppress(psutil.Error):
                total += one.memory_full_info().pss
        return total

    def log_tail(self, lines: int = 8) -> str:
        """The last lines of its log, for an error message."""
        try:
            text = self.command.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], child: Child, *, timeout_s: float) -> None:
    """Return once `ready()`; raises `Unavailable` with the end of the log if the child ends."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if child.exit_code is not None:
            raise Unavailable(
                f"{child.command.name} ended with code {child.exit_code} while starting; "
                f"its log {child.command.log} ends:\n{child.log_tail()}"
            )
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{child.command.name} did not become ready within {timeout_s:.0f} s; "
                f"its log {child.command.log} ends:\n{child.log_tail()}"
            )
        time.sleep(0.02)


def end_leftover(pid_file: Path, *, needle: str, stop_signal: signal.Signals) -> None:
    """End a process that a killed supervisor left behind.

    `pid_file` starts with its number; it is touched only if `needle` stands in
    its command line, since the number may belong to somebody else by now.
    """
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        if needle not in " ".join(process.cmdline()):
            return
        process.send_signal(stop_signal)
        try:
            process.wait(10)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)
    except (OSError, ValueError, IndexError, psutil.Error):
        return
