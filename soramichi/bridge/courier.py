"""The one thread that talks to the broker: it takes from the spool, sends, and books receipts.

Whoever publishes only writes to the spool and wakes it, so a dead network can
never hold an aircraft's samples up.
"""

from __future__ import annotations

import json
import logging
import random
import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from datetime import UTC, datetime

from soramichi.bridge.flow import Flow
from soramichi.bridge.line import BrokerAddress, Line, Will
from soramichi.bridge.numbering import FlightKey, Spooled
from soramichi.bridge.receipt import Receipt, read_receipt
from soramichi.bridge.sample import MAX_SEQ, ROOT, topic
from soramichi.bridge.spool import Spool
from soramichi.errors import BadInput, SoramichiError, Unavailable

log = logging.getLogger(__name__)

TICK_S = 0.25
FIRST_PAUSE_S = 0.2
MAX_PAUSE_S = 15.0
FORGET_EVERY_S = 60.0
GOODBYE_S = 2.0


class Courier(threading.Thread):
    """Carries what waits in `spool` to the broker until `stop`; `progress` wakes who drains."""

    def __init__(
        self,
        spool: Spool,
        broker: BrokerAddress,
        *,
        operator_id: str,
        client_id: str,
        aircraft_ids: Iterable[str] = (),
    ) -> None:
        super().__init__(name=f"bridge-{operator_id}", daemon=True)
        self.counts: Counter[str] = Counter()
        self.progress = threading.Condition()
        self.connected = False
        self.trouble: str | None = None
        self._spool = spool
        self._broker = broker
        self._operator_id = operator_id
        self._client_id = client_id
        self._aircraft: dict[str, None] = dict.fromkeys(aircraft_ids)
        self._flows: dict[FlightKey, Flow] = {}
        self._ready: dict[FlightKey, None] = {}  # may have something to send; a set in order
        self._added: deque[Spooled] = deque()
        self._wakeup = threading.Event()
        self._stopping = False
        self._line: Line | None = None
        self._connect_at_s = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._forget_at_s = 0.0
        self._ask_all_at_s = 0.0
        for key in spool.flights():
            last = spool.ends(key, below=MAX_SEQ + 1).last
            self._flow(key).top = 0 if last is None else last + 1

    # ---- called by other threads -----------------------------------------------------------

    def added(self, spooled: Iterable[Spooled]) -> None:
        """Samples are in the spool now."""
        self._added.extend(spooled)
        self._wakeup.set()

    def stop(self) -> None:
        """Say goodbye to the broker and end; what waits stays in the spool."""
        self._stopping = True
        self._wakeup.set()
        self.join()

    # ---- the thread ------------------------------------------------------------------------

    def run(self) -> None:
        """Work until stopped; a fault of the spool is kept in `trouble` and tried again."""
        while not self._stopping:
            self._wakeup.wait(TICK_S)
            self._wakeup.clear()
            try:
                self._turn()
            except (SoramichiError, sqlite3.Error) as error:
                self._note(str(error))
                time.sleep(TICK_S)
            else:
                self.trouble = None if self.connected else self.trouble
        self._leave()

    def _turn(self) -> None:
        self._take_added()
        now_s = time.monotonic()
        if now_s >= self._forget_at_s:
            self._forget_at_s = now_s + FORGET_EVERY_S
            self._spool.forget(time.time())
        line = self._line
        if line is not None:
            self._book(line)
            if line.stalled:
                line.trouble = "acknowledgements are overdue"
                line.cut()
            if not line.alive:
                self._lost(line.trouble)
        elif self._aircraft and now_s >= self._connect_at_s:
            self._connect()
        if self._line is not None:
            if now_s >= self._ask_all_at_s:
                self._ask_all_at_s = now_s + TICK_S
                self._ask_all(self._line, now_s)
            self._send(self._line)

    def _take_added(self) -> None:
        while self._added:
            spooled = self._added.popleft()
            self._flow(spooled.key).added(spooled.seq)
            if spooled.key.aircraft_id not in self._aircraft:
                self._aircraft[spooled.key.aircraft_id] = None
                if self._line is not None:
                    self._say_online(self._line, spooled.key.aircraft_id)

    def _flow(self, key: FlightKey) -> Flow:
        if key not in self._flows:
            self._flows[key] = Flow()
        self._ready[key] = None
        return self._flows[key]

    # ---- the connection --------------------------------------------------------------------

    def _connect(self) -> None:
        first, *others = self._aircraft
        will = Will(topic(self._operator_id, first, "status"), _status(online=False, also=others))
        try:
            self._line = Line.open(
                self._broker,
                client_id=self._client_id,
                receipts=f"{ROOT}/{self._operator_id}/+/receipt",
                will=will,
                wake=self._wakeup.set,
            )
        except Unavailable as error:
            self._lost(str(error))
            return
        self.counts["connections"] += 1
        self.connected, self.trouble, self._pause_s = True, None, FIRST_PAUSE_S
        now_s = time.monotonic()
        for flow in self._flows.values():
            flow.reconnected(now_s)
        for aircraft_id in self._aircraft:
            self._say_online(self._line, aircraft_id)

    def _lost(self, trouble: str) -> None:
        """Try again after a pause that doubles, with jitter lest a fleet come as one."""
        if self._line is not None:
            self._line.cut()
        self._line, self.connected = None, False
        self._note(trouble)
        self._connect_at_s = time.monotonic() + self._pause_s * random.uniform(0.5, 1.0)  # noqa: S311
        self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)

    def _leave(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        for aircraft_id in self._aircraft:
            line.send(
                topic(self._operator_id, aircraft_id, "status"), _status(online=False), retain=True
            )
        line.goodbye(GOODBYE_S)
        self.connected = False

    def _say_online(self, line: Line, aircraft_id: str) -> None:
        line.send(
            topic(self._operator_id, aircraft_id, "status"), _status(online=True), retain=True
        )

    def _note(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("bridge %s: %s", self._operator_id, trouble)
        self.trouble = trouble

    # ---- sending ---------------------------------------------------------------------------

    def _send(self, line: Line) -> None:
        """Give every flight its turn, a message at a time, until nothing is due or no room."""
        while self._ready and line.has_room():
            for key in list(self._ready):
                if not line.has_room():
                    return
                if not self._send_next(line, key, self._flows[key]):
                    del self._ready[key]

    def _ask_all(self, line: Line, now_s: float) -> None:
        for key, flow in self._flows.items():
            if line.has_room() and now_s >= flow.ask_at_s:
                self._ask(line, key, flow, now_s)

    def _send_next(self, line: Line, key: FlightKey, flow: Flow) -> bool:
        """Send one message of this flight; false when it has nothing to send now."""
        interval = flow.next_interval()
        if interval is None:
            return False
        batch = self._spool.batch(key, *interval)
        if batch is None:
            flow.nothing_in(interval)
            return True
        self._publish(line, key, batch.payload, len(batch.seqs))
        if interval[0] < flow.cursor:
            self.counts["resent"] += len(batch.seqs)
        flow.sent(interval, batch.seqs[-1], len(batch.seqs), time.monotonic())
        return True

    def _ask(self, line: Line, key: FlightKey, flow: Flow, now_s: float) -> None:
        """Send the ends of what is under way once more, so that the platform answers."""
        ends = self._spool.ends(key, below=flow.cursor)
        if ends.first is not None and ends.last is not None:
            questions = [self._spool.batch(key, seq, seq) for seq in {ends.first, ends.last}]
            payloads = [question.payload for question in questions if question is not None]
        else:
            kept = self._spool.newest_kept(key)
            payloads = [] if kept is None else [kept]
        for payload in payloads:
            self._publish(line, key, payload, 1)
            self.counts["resent"] += 1
        flow.asked(now_s)

    def _publish(self, line: Line, key: FlightKey, payload: bytes, samples: int) -> None:
        line.send(topic(self._operator_id, key.aircraft_id, "telemetry"), payload)
        self.counts["sent"] += samples

    # ---- receipts --------------------------------------------------------------------------

    def _book(self, line: Line) -> None:
        while line.inbox:
            where, payload = line.inbox.popleft()
            try:
                receipt = read_receipt(payload)
            except BadInput as error:
                self.counts["receipts_unreadable"] += 1
                log.warning("bridge %s: %s: %s", self._operator_id, where, error)
                continue
            if receipt.flight is not None:
                self._settle(FlightKey(where.split("/")[3], receipt.flight), receipt)

    def _settle(self, key: FlightKey, receipt: Receipt) -> None:
        flow = self._flows.get(key)
        if flow is None:
            self.counts["receipts_of_others"] += 1
            return
        settled = self._spool.settle(key.aircraft_id, receipt, believe_loss=flow.doubted)
        now_s = time.monotonic()
        if settled.doubted and flow.doubted:
            log.warning("bridge: the platform lost %d samples of %s", settled.doubted, key.flight)
            self.counts["revived"] += settled.doubted
            flow.revived(self._spool.ends(key, below=MAX_SEQ + 1).last or 0)
        in_flight = self._spool.ends(key, below=flow.cursor).samples
        flow.receipted(receipt, in_flight, now_s)
        self._ready[key] = None
        if settled.doubted and not flow.doubted:
            flow.doubt(now_s)
        else:
            flow.doubted = False
        self.counts["receipts"] += 1
        self.counts["receipted"] += settled.samples
        with self.progress:
            self.progress.notify_all()


def _status(*, online: bool, also: Iterable[str] = ()) -> bytes:
    members: dict[str, object] = {
        "online": online,
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    if others := list(also):
        members["also"] = others
    return json.dumps(members, separators=(",", ":")).encode()
