"""Many viewers at one stream: shared bytes, and nobody waits for anybody else."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from api.audience import GZIP_BEGINS, Audience, Event, Viewer
from api.live import LivePicture
from api.prepared import document
from soramichi.domain import wire
from soramichi.domain.publication import Discretion, Period, Publications, Subject
from soramichi.errors import Unavailable
from tests.builders import a_sample


class Line:
    """What an ASGI server gives a viewer: takes everything, or waits for `open`."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.got: list[Any] = []

    async def send(self, message: Message) -> None:
        if not self.open.is_set():
            await self.open.wait()
        self.got.append(message["body"])


def event(number: int) -> Event:
    return Event(f"{number}".encode())


def body(of: Event) -> Any:
    return of.message(deflated=False)["body"]


def plain(number: int) -> Any:
    return body(event(number))


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_every_viewer_gets_the_same_object_of_every_tick() -> None:
    async def scene() -> None:
        audience, lines = Audience(limit=9), [Line() for _ in range(5)]
        for line in lines:
            audience.join(Viewer(line.send, deflated=False), event(0))
        for number in range(1, 4):
            await audience.show(event(number), lambda seen: event(90 + seen))

        assert all(line.got == [plain(n) for n in range(4)] for line in lines)
        assert all(line.got[-1] is lines[0].got[-1] for line in lines)

    asyncio.run(scene())


def test_one_that_does_not_read_holds_up_nobody_and_then_gets_the_whole_picture() -> None:
    async def scene() -> None:
        audience, slow, quick = Audience(limit=9), Line(), Line()
        for line in (slow, quick):
            audience.join(Viewer(line.send, deflated=False), event(0))
        slow.open.clear()
        for number in range(1, 5):
            await audience.show(event(number), lambda seen: event(90 + seen))
            await settled()
        assert quick.got == [plain(n) for n in range(5)]
        assert slow.got == [plain(0)]
        slow.open.set()
        await settled()
        assert slow.got == [plain(0), plain(1), plain(91)]
        await audience.show(event(5), lambda seen: event(90 + seen))
        assert slow.got[-1] == quick.got[-1] == plain(5)

    asyncio.run(scene())


def test_one_that_left_while_it_was_behind_is_sent_nothing_more() -> None:
    async def scene() -> None:
        audience, line = Audience(limit=9), Line()
        viewer = Viewer(line.send, deflated=False)
        audience.join(viewer, event(0))
        line.open.clear()
        await audience.show(event(1), lambda seen: event(90 + seen))
        await settled()
        audience.leave(viewer)
        line.open.set()
        await settled()
        await audience.show(event(2), lambda seen: event(90 + seen))

        assert line.got == [plain(0)]
        assert len(audience) == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(scene())


def test_a_gzip_viewer_may_begin_with_any_event() -> None:
    """zlib reads each prefix of header and events, from any event on."""
    packed = [event(n).message(deflated=True)["body"] for n in range(5)]
    for first in range(5):
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(GZIP_BEGINS)
        for number in range(first, 5):
            text += unpacker.decompress(packed[number])
            assert text == b"".join(plain(n) for n in range(first, number + 1))


def test_gzip_begins_as_the_standard_says() -> None:
    """RFC 1952: what Python's own gzip writes without name and time begins alike."""
    assert gzip.compress(b"", mtime=0)[:8] == GZIP_BEGINS[:8]


def test_there_is_no_room_beyond_the_limit() -> None:
    async def scene() -> None:
        audience = Audience(limit=1)
        audience.require_room()
        audience.join(Viewer(Line().send, deflated=False), event(0))
        with pytest.raises(Unavailable):
            audience.require_room()

    asyncio.run(scene())


async def answered(app: ASGIApp, offer: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Headers and body of GET / for a client that offers these encodings."""
    got: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        got.append(message)

    scope = {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "root_path": "",
        "query_string": b"", "headers": [(b"accept-encoding", offer)], "http_version": "1.1",
        "scheme": "http", "server": ("test", 80), "client": ("test", 1),
    }  # fmt: skip
    await app(scope, receive, send)
    return dict(got[0]["headers"]), b"".join(part["body"] for part in got[1:])


def test_one_clients_answer_changes_nobody_elses() -> None:
    """Middleware writes into the headers it is given, and packs for who asks for no packing."""
    page = document(["a" * 2_000], level=6)
    app = Starlette(routes=[Route("/", page.answer)])
    app.add_middleware(GZipMiddleware, minimum_size=1_000)

    asyncio.run(answered(app, b"gzip;q=0"))
    headers, sent = asyncio.run(answered(app, b"identity"))

    assert json.loads(sent) == ["a" * 2_000]
    assert headers[b"content-length"] == str(len(sent)).encode()
    assert b"content-encoding" not in headers


def test_a_page_forgets_what_an_operator_shows_coarsely_from_now_on() -> None:
    async def scene() -> None:
        now = datetime(2026, 11, 23, tzinfo=UTC)
        always = Period(starts_at=datetime(2000, 1, 1, tzinfo=UTC))
        periods = {(Subject.OPERATOR, "o"): [always]}
        coarse = Discretion(grid_deg=0.05, delay=timedelta(0))
        picture = LivePicture(max_age=timedelta(hours=1))
        picture.publish(Publications(periods=periods, discretions={}))
        state = wire.LiveState(
            aircraft_id="JA01", operator_id="o", flight_id="F", received_at=now, sample=a_sample()
        )
        picture.update([state])
        picture.advance(now)
        picture.publish(Publications(periods=periods, discretions={"o": coarse}))

        frame = json.loads(body(picture.advance(now + timedelta(seconds=20))).split(b"data: ")[1])

        assert frame["gone"] == ["JA01"]
        assert [one["id"] for one in frame["aircraft"]] == ["JA01"]

    asyncio.run(scene())


def test_a_snapshot_says_whether_it_is_everything() -> None:
    async def scene() -> None:
        picture = LivePicture(max_age=timedelta(hours=1))

        def whole() -> bool:
            picture.advance(datetime.now(UTC))
            return b'"whole":true' in body(picture.snapshot())

        assert not whole()  # the database may know more
        with pytest.raises(Unavailable), picture.filling():
            raise Unavailable
        assert not whole()
        with picture.filling():
            assert not whole()  # it has not answered yet
            picture.miss()
        assert not whole()  # it answered before the last message was missed
        with picture.filling():
            pass
        assert whole()

    asyncio.run(scene())


def test_who_came_while_the_picture_was_behind_is_told_everything_once_it_is_not() -> None:
    async def scene() -> None:
        now = datetime(2026, 11, 23, tzinfo=UTC)
        picture = LivePicture(max_age=timedelta(hours=1))
        periods = {(Subject.OPERATOR, "o"): [Period(starts_at=now)]}
        picture.publish(Publications(periods=periods))
        state = wire.LiveState(
            aircraft_id="JA01", operator_id="o", flight_id="F", received_at=now, sample=a_sample()
        )
        picture.update([state])

        def next_frame() -> dict[str, Any]:
            frame = json.loads(body(picture.advance(now)).split(b"data: ")[1])
            assert isinstance(frame, dict)
            return frame

        assert len(next_frame()["aircraft"]) == 1
        picture.snapshot()  # somebody comes, who may have seen what was withdrawn meanwhile
        assert next_frame() == {"time": "2026-11-23T00:00:00Z", "aircraft": []}
        with picture.filling():
            pass
        whole = next_frame()
        assert whole["whole"]
        assert [one["id"] for one in whole["aircraft"]] == ["JA01"]
        assert "whole" not in next_frame()
        picture.snapshot()  # and one who is told all at once
        assert "whole" not in next_frame()

    asyncio.run(scene())


def test_an_older_state_takes_the_place_of_none_that_waits() -> None:
    async def scene() -> None:
        now = datetime(2026, 11, 23, tzinfo=UTC)
        picture = LivePicture(max_age=timedelta(hours=1))
        late = Discretion(delay=timedelta(hours=2))
        periods = {(Subject.OPERATOR, "o"): [Period(starts_at=now)]}
        picture.publish(Publications(periods=periods, discretions={"o": late}))
        for second in (0, 5, 10, 3):
            at = now + timedelta(seconds=second)
            state = wire.LiveState(
                aircraft_id="JA01",
                operator_id="o",
                flight_id="F",
                received_at=at,
                sample=a_sample(time=at),
            )
            picture.update([state])

        picture.advance(now + timedelta(hours=3))

        assert picture.states["JA01"].time == now + timedelta(seconds=10)

    asyncio.run(scene())


def test_news_come_with_the_next_tick_and_again_to_those_who_missed_it() -> None:
    async def scene() -> None:
        now = datetime(2026, 11, 23, tzinfo=UTC)
        picture = LivePicture(max_age=timedelta(hours=1))
        picture.announce("flight-event", b'{"kind":"takeoff"}')
        told = b'event: flight-event\ndata: {"kind":"takeoff"}\n\n'

        assert told in body(picture.advance(now))
        assert told not in body(picture.advance(now))
        assert told in body(picture.whole(0))
        assert told not in body(picture.whole(1))
        assert told not in body(picture.snapshot())

    asyncio.run(scene())
