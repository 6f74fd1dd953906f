"""The viewers of the live stream, in a process of their own: plain sockets under one epoll.

`python -m soramichi.bench.live_viewers PLAN` prints what it saw as JSON; PLAN is a `Plan` as JSON.
"""

from __future__ import annotations

import re
import resource
import select
import socket
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec
import psutil

_REQUEST = b"GET %s HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n"
# How an event ends on the wire: its blank line, then the end of its chunk.
_END = b"\n\n\r\n"
_TIME = b'data: {"time":"'
# A tick is over for everybody when nothing has come for so long.
_QUIET_S = 0.25
_RECEIVE_BYTES = 65_536
# Clients that ask for snapshots at the same time.
_ASKING = 16
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to read from and how; `deaf` viewers connect, ask and never read."""

    port: int
    pid: int
    path: str = "/api/v1/stream"
    viewers: int
    ticks: int
    deaf: int = 0
    # How long to wait, after measuring, until the server has dropped them.
    patience_s: float = 0.0


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the viewers saw between two quiet moments, and what it cost the server."""

    ticks: int
    messages: int
    missing: int
    p50_ms: float
    p99_ms: float
    last_ms: float
    server_cpu_s: float
    wall_s: float
    rss_before_mb: float
    rss_after_mb: float
    dropped: int


class Audience:
    """Open viewers; `delays` is what each tick took to each viewer, since the last `clear`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.delays: list[float] = []
        self.ticks: Counter[bytes] = Counter()
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._buffers: dict[int, bytearray] = {}
        self._at: dict[bytes, float] = {}
        # Ticks of which something came before the last `clear`: the rest of them is not counted.
        self._earlier: set[bytes] = set()

    def join(self, viewers: int) -> None:
        """Connect them, reading for those that are already there."""
        for number in range(viewers):
            one = connect(self.plan)
            one.setblocking(False)
            self._sockets[one.fileno()] = one
            self._buffers[one.fileno()] = bytearray()
            self._epoll.register(one, select.EPOLLIN)
            if number % 50 == 0:
                self.read(0.0)

    def read(self, timeout_s: float) -> bool:
        """Read what is there; False when nothing came in that time. Raises ConnectionError."""
        ready = self._epoll.poll(timeout_s)
        for fileno, _ in ready:
            data = self._sockets[fileno].recv(_RECEIVE_BYTES)
            if not data:
                raise ConnectionError("the server ended the stream of a viewer that reads")
            buffer = self._buffers[fileno]
            buffer += data
            while (end := buffer.find(_END)) >= 0:
                self._event(buffer, end, time.time())
                del buffer[: end + len(_END)]
        return bool(ready)

    def quiet(self, *, ticks: int, timeout_s: float, complete: bool = False) -> None:
        """Read until so many ticks came, and then nothing more; gives up waiting at the timeout.

        A server that pauses in the middle of a tick is quiet, too: `complete` asks for all of it.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.read(_QUIET_S) or len(self.ticks) < ticks:
                continue
            if not complete or min(self.ticks.values()) >= len(self._sockets):
                return

    def clear(self) -> None:
        """Forget what was seen, and count from the next tick on."""
        self._earlier = set(self._at)
        self.delays.clear()
        self.ticks.clear()

    def _event(self, buffer: bytearray, end: int, now: float) -> None:
        start = buffer.find(_TIME, 0, end) + len(_TIME)
        tick = bytes(buffer[start : buffer.index(b'"', start)])
        if tick not in self._at:
            self._at[tick] = datetime.fromisoformat(tick.decode()).timestamp()
        if tick in self._earlier:
            return
        self.delays.append(now - self._at[tick])
        self.ticks[tick] += 1


def connect(plan: Plan, *, receive_bytes: int | None = None) -> socket.socket:
    """One that has asked for the stream."""
    one = socket.socket()
    if receive_bytes is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    one.connect(("127.0.0.1", plan.port))
    one.sendall(_REQUEST % plan.path.encode())
    return one


def watch(plan: Plan) -> Seen:
    """Connect everybody, then measure whole ticks, from one quiet moment to another."""
    server = psutil.Process(plan.pid)
    rss_before, files = server.memory_info().rss, server.num_fds()
    audience = Audience(plan)
    deaf = [connect(plan, receive_bytes=4_096) for _ in range(plan.deaf)]
    audience.join(plan.viewers)
    audience.clear()
    audience.quiet(ticks=3, timeout_s=15)
    audience.clear()
    cpu, wall = cpu_s(plan.pid), time.monotonic()
    audience.quiet(ticks=plan.ticks, timeout_s=3 * plan.ticks + 5, complete=True)
    cpu, wall = cpu_s(plan.pid) - cpu, time.monotonic() - wall
    delays = sorted(audience.delays)
    rss_after = server.memory_info().rss
    deadline = time.monotonic() + plan.patience_s
    while time.monotonic() < deadline and server.num_fds() > files + plan.viewers:
        audience.read(_QUIET_S)
    dropped = files + plan.viewers + plan.deaf - server.num_fds()
    for one in deaf:
        one.close()
    return Seen(
        ticks=len(audience.ticks),
        messages=len(delays),
        missing=len(audience.ticks) * plan.viewers - len(delays),
        p50_ms=1e3 * delays[len(delays) // 2],
        p99_ms=1e3 * delays[int(len(delays) * 0.99)],
        last_ms=1e3 * delays[-1],
        server_cpu_s=cpu,
        wall_s=wall,
        rss_before_mb=rss_before / 1e6,
        rss_after_mb=rss_after / 1e6,
        dropped=dropped,
    )


def requests_per_s(port: int, path: str, requests: int) -> float:
    """How many answers a second come to a few clients that ask again at once."""
    clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(_ASKING)]
    asked = b"GET %s HTTP/1.1\r\nHost: bench\r\n\r\n" % path.encode()
    began = time.perf_counter()
    for _ in range(requests // _ASKING):
        for client in clients:
            client.sendall(asked)
        for client in clients:
            _answer(client)
    took_s = time.perf_counter() - began
    for client in clients:
        client.close()
    return requests // _ASKING * _ASKING / took_s


def _answer(client: socket.socket) -> None:
    """Take one whole answer. Raises ConnectionError for one that is not 200."""
    data = client.recv(_RECEIVE_BYTES)
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 200") or length is None:
        raise ConnectionError(f"the server answered {head[:40]!r}; see its log")
    missing = int(length[1]) - len(body)
    while missing > 0:
        part = client.recv(_RECEIVE_BYTES)
        if not part:
            raise ConnectionError("the server ended an answer early; see its log")
        missing -= len(part)


def cpu_s(pid: int) -> float:
    """CPU time of all threads that live now; finer than the 10 ms of the process's own times."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in tasks) / 1e9


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    seen = watch(msgspec.json.decode(sys.argv[1], type=Plan))
    sys.stdout.buffer.write(msgspec.json.encode(seen))
