"""A TCP line that can be cut, stalled and delayed between two real programs."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from typing import Self

CHUNK = 65536


class Proxy:
    """Listens on `port` of 127.0.0.1 and passes everything to a `target_ports` there.

    Of several each connection gets the next one that answers, as a load balancer does it.

    `cut` resets every connection, and refuses new ones until `restore`.
    `stall` keeps connections open but passes nothing until `restore`, as a
    radio behind a mountain does. `delay_s` holds every byte back that long.
    """

    def __init__(self, *target_ports: int) -> None:
        self.delay_s = 0.0
        self._targets = deque(target_ports)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        self._refusing = False
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._refusing = True
        self._reset_all()

    def stall(self) -> None:
        self._open.clear()

    def lead_to(self, *target_ports: int) -> None:
        """New connections go to these."""
        self._targets = deque(target_ports)

    def restore(self) -> None:
        self._refusing = False
        self._open.set()

    def close(self) -> None:
        self._closed = True
        self._open.set()
        self._listener.close()
        self._reset_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                near.close()
                continue
            far = self._reach()
            if far is None:
                near.close()
                continue
            with self._lock:
                self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _reach(self) -> socket.socket | None:
        for _ in range(len(self._targets)):
            self._targets.rotate(-1)
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", self._targets[0]), timeout=5)
        return None

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        held: deque[tuple[float, bytes]] = deque()
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as waiting:
            waiting.register(source, selectors.EVENT_READ)
            while True:
                if waiting.select(0.01 if held else 0.5):
                    data = source.recv(CHUNK)
                    if not data:
                        break
                    held.append((time.monotonic() + self.delay_s, data))
                self._open.wait()
                while held and held[0][0] <= time.monotonic():
                    sink.sendall(held.popleft()[1])
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _reset_all(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for end in (end for pair in pairs for end in pair):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
