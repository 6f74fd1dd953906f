"""Those who watch the live stream: each tick is encoded once and written to all in one pass."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Coroutine, Generator
from typing import Any, cast

from starlette.types import Message, Send

from soramichi.errors import Unavailable

# A gzip stream without end: this once, then blocks that refer to nothing before them, so that
# whoever joins late can read them too.
GZIP_BEGINS = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# So many are served before other work has its turn.
_AT_ONCE = 500


class Event:
    """Server-sent events as they go to every viewer, deflated when the first one wants that."""

    __slots__ = ("_deflated", "_plain")

    def __init__(self, body: bytes) -> None:
        self._plain: Message = _part(body)
        self._deflated: Message | None = None

    @property
    def body(self) -> bytes:
        """The events themselves."""
        return bytes(self._plain["body"])

    def message(self, *, deflated: bool) -> Message:
        """The part of the response, one object for all."""
        if not deflated:
            return self._plain
        if self._deflated is None:
            packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
            packed = packer.compress(self._plain["body"]) + packer.flush(zlib.Z_FULL_FLUSH)
            self._deflated = _part(packed)
        return self._deflated


def written(kind: str, data: bytes) -> bytes:
    """One server-sent event; `data` is JSON, which has no line breaks."""
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


class Viewer:
    """One open stream: the tick it was sent last, and what it has yet to take."""

    __slots__ = ("behind", "deflated", "seen", "send")

    def __init__(self, send: Send, *, deflated: bool) -> None:
        # ASGI promises an awaitable; every server's is a coroutine, and it must be one here.
        self.send = cast("Callable[[Message], Coroutine[Any, Any, None]]", send)
        self.deflated = deflated
        self.seen = -1
        self.behind: asyncio.Task[None] | None = None


class Audience:
    """All viewers of this process, at most `limit`; belongs to one event loop.

    A viewer that does not keep up is left to a task of its own and costs the others nothing:
    it holds one event, and gets the whole picture when it can take more.
    """

    def __init__(self, *, limit: int) -> None:
        self.tick = 0
        self._limit = limit
        self._viewers: set[Viewer] = set()
        self._frame = Event(b"")
        self._whole: Callable[[int], Event] = lambda _seen: self._frame

    def __len__(self) -> int:
        return len(self._viewers)

    def require_room(self) -> None:
        """Raise `Unavailable` when there is no place for one more."""
        if len(self._viewers) >= self._limit:
            raise Unavailable(
                "too many viewers at once; try again in a minute",
                ja="見ている人が多すぎます。一分ほど待ってからもう一度お試しください",
            )

    def join(self, viewer: Viewer, snapshot: Event) -> None:
        """Send the whole picture, and from then on every tick."""
        self._viewers.add(viewer)
        viewer.seen = self.tick
        self._send(viewer, snapshot)

    def leave(self, viewer: Viewer) -> None:
        """Send it nothing more."""
        self._viewers.discard(viewer)
        if viewer.behind is not None:
            viewer.behind.cancel()

    async def show(self, frame: Event, whole: Callable[[int], Event]) -> None:
        """Send a tick to everybody; nobody waits for a viewer that cannot take it yet.

        `whole` makes what such a one gets later: everything, given the last tick it was sent.
        """
        self.tick += 1
        self._frame, self._whole = frame, whole
        for count, viewer in enumerate(tuple(self._viewers), start=1):
            if viewer.behind is None:
                self._send(viewer, self._next(viewer))
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def _next(self, viewer: Viewer) -> Event:
        """What it has not seen: the last tick, or everything when it missed one."""
        event = self._frame if viewer.seen == self.tick - 1 else self._whole(viewer.seen)
        viewer.seen = self.tick
        return event

    def _send(self, viewer: Viewer, event: Event) -> None:
        """Begin to send; what the connection does not take at once becomes a task.

        Most sends never wait, and a task for each of thousands would cost more than they do.
        """
        sending = viewer.send(event.message(deflated=viewer.deflated))
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        rest = _Rest(sending, waits_for)
        viewer.behind = asyncio.create_task(self._catch_up(viewer, rest), name="viewer-behind")

    async def _catch_up(self, viewer: Viewer, rest: _Rest) -> None:
        await rest
        while viewer.seen < self.tick and viewer in self._viewers:
            await viewer.send(self._next(viewer).message(deflated=viewer.deflated))
        viewer.behind = None


class _Rest:
    """The rest of a coroutine that was started outside of a task and now waits for something."""

    def __init__(self, started: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._started = started
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        try:
            while True:
                yield self._waits_for
                self._waits_for = self._started.send(None)
        except StopIteration:
            return
        finally:
            self._started.close()
