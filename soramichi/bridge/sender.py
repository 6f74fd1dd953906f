"""`Bridge`: what a publisher of telemetry holds in its hand."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from soramichi.bridge.courier import Courier
from soramichi.bridge.line import BrokerAddress
from soramichi.bridge.outstanding import Outstanding
from soramichi.bridge.sample import draft, identifier
from soramichi.bridge.spool import (
    DEFAULT_KEEP_S,
    DEFAULT_MAX_BYTES,
    DEFAULT_NEW_FLIGHT_AFTER_S,
    Spool,
    WhenFull,
)

Sample = Mapping[str, Any] | bytes | str


class Bridge:
    """Publishes one operator's samples so that none is lost; a context manager.

    `spool` is the file that holds samples until they are receipted; None holds
    them in memory, which survives a lost link but not this process. At most
    `max_bytes` are used; `when_full` then refuses new samples or drops the
    oldest. Receipted samples stay for `keep_s` seconds, if there is room, in
    case the platform is restored from an older backup. `aircraft_ids` connects
    at once; otherwise the first sample does. Safe to use from many threads.
    """

    def __init__(  # noqa: PLR0913  # all but the first by name
        self,
        broker: BrokerAddress,
        *,
        operator_id: str,
        spool: Path | None,
        aircraft_ids: Iterable[str] = (),
        max_bytes: int = DEFAULT_MAX_BYTES,
        when_full: WhenFull = "refuse",
        keep_s: float = DEFAULT_KEEP_S,
        new_flight_after_s: float = DEFAULT_NEW_FLIGHT_AFTER_S,
    ) -> None:
        identifier("operator", operator_id)
        known = [identifier("aircraft", aircraft_id) for aircraft_id in aircraft_ids]
        self._spool = Spool(
            spool,
            max_bytes=max_bytes,
            when_full=when_full,
            keep_s=keep_s,
            new_flight_after_s=new_flight_after_s,
        )
        # Two bridges of one operator must not throw each other out of the broker.
        name = self._spool.fact("client_id", f"soramichi-bridge-{secrets.token_hex(8)}")
        known += [key.aircraft_id for key in self._spool.flights()]
        self._courier = Courier(
            self._spool, broker, operator_id=operator_id, client_id=str(name), aircraft_ids=known
        )
        self._accepted = 0
        self._duplicates = 0
        self._closed = False
        self._courier.start()

    def publish(self, aircraft_id: str, sample: Sample) -> None:
        """Accept one sample: on disk when it returns, sent at once if the link is there.

        Its members go out unchanged; `seq` and `flight` are added when absent.
        Raises `BadInput` for what could never be receipted, `SpoolFull` at the
        bound and `Unavailable` when the disk refuses; then nothing was kept.
        """
        self.publish_all([(aircraft_id, sample)])

    def publish_all(self, samples: Iterable[tuple[str, Sample]]) -> None:
        """Accept (aircraft, sample) pairs with one wait for the disk: all of them or none."""
        drafts = [draft(aircraft_id, sample) for aircraft_id, sample in samples]
        if not drafts:
            return
        spooled = self._spool.append(drafts)
        fresh = [one for one in spooled if not one.duplicate]
        self._accepted += len(fresh)
        self._duplicates += len(spooled) - len(fresh)
        self._courier.added(fresh)

    def drain(self, timeout_s: float) -> Outstanding:
        """Wait until everything is receipted, at most so long; returns what is not."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            with self._courier.progress:
                remaining_s = deadline_s - time.monotonic()
                if self._spool.empty() or remaining_s <= 0:
                    return self._spool.outstanding()
                self._courier.progress.wait(min(remaining_s, 1.0))

    @property
    def counts(self) -> dict[str, int]:
        """Since this object was made: accepted, duplicates, sent, resent, receipted, and more.

        `sent` counts samples put on the line, `resent` those among them that
        had been there before; `revived` those that the platform lost again.
        """
        return {
            "accepted": self._accepted,
            "duplicates": self._duplicates,
            **dict.fromkeys(("sent", "resent", "receipted", "receipts", "connections"), 0),
            **self._courier.counts,
        }

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._courier.connected

    @property
    def trouble(self) -> str | None:
        """Why nothing can be sent or stored now; None when all is well."""
        return self._courier.trouble

    def close(self) -> Outstanding:
        """Say offline, disconnect and let go of the spool; returns what stays in it."""
        if not self._closed:
            self._closed = True
            self._courier.stop()
            self._left = self._spool.outstanding()
            self._spool.close()
        return self._left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
