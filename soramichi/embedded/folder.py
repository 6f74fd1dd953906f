"""The one folder in which the embedded servers keep everything, and its lock."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import socket
import sys
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from soramichi.errors import Unavailable, listening


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


# Below those that systems take for outgoing connections (Linux from 32768), any of which could
# be taken between our look and the bind of the server that the port is for.
_FREE_PORTS = range(20_000, 32_000)
_given: deque[int] = deque(maxlen=1_000)
# Names that keep the last of them from other processes of ours until their servers listen.
_kept: deque[socket.socket] = deque()
_MOST_KEPT = 50


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on right now, and not one that was given lately.

    On Linux not one either that another process of ours was given for a server that it is starting.
    Raises OSError when `host` is no address of ours.
    """
    while True:
        port = _FREE_PORTS[secrets.randbelow(len(_FREE_PORTS))]
        if port in _given:
            continue
        with socket.socket(_family(host)) as probe:
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise
        if not _keep(port):
            continue
        _given.append(port)
        return port


def _keep(port: int) -> bool:
    """Whether it is ours among all our processes: so long as this socket has the port's name."""
    if sys.platform != "linux":  # where sockets have no names but files
        return True
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0soramichi-port-{port}")
    except OSError:
        name.close()
        return False
    _kept.append(name)
    if len(_kept) > _MOST_KEPT:
        _kept.popleft().close()
    return True


def require_port(host: str, port: int, what: str) -> int:
    """`port` itself when it can be listened on, a free one for 0; else as `listening` says."""
    if port == 0:
        with listening(host, port, what):
            return free_port(host)
    with socket.socket(_family(host)) as probe:
        # As servers do, so that a connection still closing does not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with listening(host, port, what):
            probe.bind((host, port))
    return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
