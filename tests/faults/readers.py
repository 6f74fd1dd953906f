"""The reading half of the whole layout: a streaming replica, the API on it, and who asks it."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from soramichi.embedded.folder import DataFolder, free_port
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import Child, Command, wait_until
from soramichi.settings import ApiSettings, BrokerSettings, environment
from soramichi.store import pool
from tests.deploy.replica import Replica

ASK_EVERY_S = 0.2
# An answer that takes longer is none; what was asked shortly before a kill can fail by it too.
ANSWER_WITHIN_S = 15.0
CAUGHT_UP_S = 20.0


class Asker:
    """Asks the API for its flights again and again, and remembers when it answered."""

    def __init__(self, url: str) -> None:
        self.answered_s: list[float] = []
        self.failed_s: list[float] = []
        self._url = f"{url}/api/v1/flights?limit=500"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def samples(self) -> int:
        """How many samples all flights have together that the API shows; raises OSError."""
        with urllib.request.urlopen(self._url, timeout=ANSWER_WITHIN_S) as answer:
            return sum(one["sample_count"] for one in json.load(answer)["flights"])

    def _run(self) -> None:
        while not self._stopping.wait(ASK_EVERY_S):
            asked_s = time.monotonic()
            try:
                self.samples()
            except (OSError, ValueError):
                self.failed_s.append(asked_s)
            else:
                self.answered_s.append(asked_s)


class Readers:
    """A replica of the primary, and an API process that reads from nothing else."""

    def __init__(self, postgres: Postgres, database: DataFolder, folder: DataFolder) -> None:
        self._copy = Replica(postgres, database.path, folder.path)
        self._folder = folder
        self._api_port = free_port()
        self.asker = Asker(f"http://127.0.0.1:{self._api_port}")

    def allow(self) -> None:
        """Let the running primary be copied; it is to be started anew after this."""
        self._copy.allow()

    def start_replica(self) -> Child:
        """Started, and it answers."""
        child = self._copy.start()
        wait_until(self.replica_answers, child, timeout_s=60)
        return child

    def start_api(self, broker: BrokerSettings, root: Path) -> Child:
        """Started, it answers, and from now on it is asked all the time."""
        child = Child(
            Command(
                name="api",
                arguments=[sys.executable, "-m", "api"],
                log=self._folder.log("api"),
                environment={
                    **environment(broker),
                    **environment(self._copy.settings),
                    **environment(ApiSettings(port=self._api_port)),
                    "PYTHONPATH": str(root),
                },
            )
        )
        wait_until(self._api_answers, child, timeout_s=60)
        self.asker.start()
        return child

    def replica_answers(self) -> bool:
        """Whether the replica can be asked now."""
        return self._rows() is not None

    def report(
        self, outages: list[tuple[float, float]], primary_rows: Callable[[], int]
    ) -> dict[str, Any]:
        """What readers saw, once nothing is written any more; the replica was away in `outages`.

        `refused` counts what it must not: questions that failed though the
        replica was there. `behind` is how many rows of the
        primary the replica, and the API, still lack after a while.
        """
        self.asker.stop()
        asker = self.asker
        deadline_s = time.monotonic() + CAUGHT_UP_S
        while (behind := self._behind(primary_rows())) and time.monotonic() < deadline_s:
            time.sleep(0.2)
        refused = [
            at_s
            for at_s in asker.failed_s
            if not any(begin - ANSWER_WITHIN_S <= at_s <= end for begin, end in outages)
        ]
        moments = asker.answered_s
        return {
            "asked": len(moments) + len(asker.failed_s),
            "answered": len(moments),
            "refused": len(refused),
            "longest_silence_s": round(max((b - a for a, b in pairwise(moments)), default=0.0), 2),
            "behind": behind,
        }

    def _behind(self, rows: int) -> int:
        with contextlib.suppress(OSError):
            return max(rows - (self._rows() or 0), rows - self.asker.samples())
        return rows

    def _rows(self) -> int | None:
        with contextlib.suppress(Exception):
            settings = self._copy.settings.model_copy(update={"connect_timeout_s": 2})
            with pool.connect(settings, application="faults-observer") as connection:
                row = connection.execute("SELECT count(*) FROM telemetry").fetchone()
                return int(row[0]) if row else None
        return None

    def _api_answers(self) -> bool:
        with contextlib.suppress(OSError):
            self.asker.samples()
            return True
        return False
