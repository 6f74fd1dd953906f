"""The one folder in which the embedded servers keep everything, and its lock."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from soramichi.errors import PortTaken, Unavailable


class DataFolder:
    """A folder that one supervisor at a time may use; a context manager holding its lock.

    Raises `Unavailable` when it cannot be written or when another supervisor
    holds it. The lock belongs to the process, so it is gone with it, however it ends.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / "log").mkdir(exist_ok=True)
            (self.path / "secrets").mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unavailable(
                f"the data folder {self.path} cannot be written ({error.strerror}); "
                "make it writable or choose another with --data-dir"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._lock, 32, 0).decode().strip() or "unknown"
            os.close(self._lock)
            raise Unavailable(
                f"the data folder {self.path} is in use by process {holder}; "
                "stop it, or choose another with --data-dir"
            ) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def log(self, name: str) -> Path:
        """The log file of one child; started afresh when it has grown past 20 MB."""
        file = self.path / "log" / f"{name}.log"
        if file.exists() and file.stat().st_size > 20_000_000:
            file.replace(file.with_suffix(".log.1"))
        return file

    def secret(self, name: str) -> Path:
        """A file holding a password made for this folder at first use, readable by us alone."""
        file = self.path / "secrets" / name
        if not file.exists():
            fresh = file.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(24))
            fresh.replace(file)
        return file


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on right now."""
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)  # noqa: S101
        return port


def require_port(host: str, port: int, what: str) -> int:
    """`port` itself when it can be listened on, a free one for 0. Raises `PortTaken`."""
    if port == 0:
        return free_port(host)
    with socket.socket(_family(host)) as probe:
        # As servers do, so that a connection still closing does not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port, what) from error
    return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
