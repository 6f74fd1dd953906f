"""The whole platform in one data folder: database, broker, our processes and simulated flights.

simulate ──MQTT──> nats ──MQTT──> ingest ──COPY──> postgres ──SQL──> api ──HTTP──> browser
                    ├────────── live states ───────── │ ──────────────┘
                    └────────── events <── watch <────┘
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import psutil

from simulators.fleet import fleet
from simulators.scenarios import SCENARIOS, Scenario
from soramichi.domain.flight import Name
from soramichi.domain.publication import Subject
from soramichi.embedded import demonstration
from soramichi.embedded.folder import DataFolder, free_port, require_port
from soramichi.embedded.nats import Nats
from soramichi.embedded.postgres import Postgres
from soramichi.embedded.processes import Child, Command, wait_until
from soramichi.errors import Unavailable
from soramichi.settings import ApiSettings, IngestSettings, WatchSettings, environment
from soramichi.store import migrate, pool, quarantine, registry, symposiums
from soramichi.store.pool import Connection
from soramichi.store.quarantine import Account
from soramichi.store.symposiums import Symposium

# Whoever replays recorded flights into a running demo does it as this operator.
REPLAY = "replay"
DEMO = "demo"
RUNNING = "running.env"
# Whoever opens the page finds the three flights in the air, not waiting on the ground, and what
# they flew so far behind them: so the page can tell where each took off.
HEAD_START_S = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for; port 0 is any free one, `duration_s` None is until stopped."""

    host: str = "127.0.0.1"
    port: int = 8000
    mqtt_port: int = 0
    speed: float = 1.0
    duration_s: float | None = None
    fleet_size: int = 0


class Platform:
    """Everything running; made by `running`, which also ends it."""

    def __init__(self, folder: DataFolder, wish: Wish, say: Callable[[str], None]) -> None:
        self.wish = wish
        self.folder = folder
        self.scenarios = _scenarios(wish)
        self.port = require_port(wish.host, wish.port, "the web pages (--port)")
        self.postgres = Postgres(folder)
        self.nats = Nats(
            folder,
            port=require_port("127.0.0.1", wish.mqtt_port, "MQTT (--mqtt-port)"),
            operators=[
                *dict.fromkeys(o.operator_id for s in self.scenarios for o in s.operators),
                REPLAY,
            ],
        )
        self.children: list[Child] = []
        self.simulator: Child | None = None
        self._say = say
        self._books_before = Account()
        self._last_observed: datetime | None = None

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the pages."""
        host = "127.0.0.1" if self.wish.host in {"0.0.0.0", "::"} else self.wish.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def start(self) -> None:
        """Start everything in order, saying what is done; raises `Unavailable`, naming the log."""
        self._say("[1/5] database / データベース")
        self.children.append(self.postgres.start())
        self._say("[2/5] schema / スキーマ")
        self._prepare_database()
        self._say("[3/5] broker / ブローカー")
        self.children.append(self.nats.start())
        self._say("[4/5] ingest, watch, api / 取り込み・監視・配信")
        self.children += [
            self._python("ingest", self._ingest()),
            self._python("watch", self._servers() | environment(WatchSettings(metrics_port=0))),
            self._python("api", self._api()),
        ]
        wait_until(self._api_ready, self.children[-1], timeout_s=60)
        self._announce()
        self._say("[5/5] flights / デモ飛行")
        self.simulator = self._simulate()

    def watch(self) -> None:
        """Restart what ended; called again and again. A simulator with an end is let end."""
        for child in [*self.children, *([self.simulator] if self.simulator else [])]:
            if child is self.simulator and self.wish.duration_s is not None:
                continue
            if (code := child.restart_if_due()) is not None:
                self._say(f"{child.command.name} ended ({code}), starting it again / 再起動します")

    def simulator_ended(self) -> bool:
        """Whether the flights are over; False while they run or wait to be restarted."""
        return self.simulator is not None and self.simulator.exit_code is not None

    def land(self, *, timeout_s: float = 20.0) -> int:
        """Stop the simulator, wait until all it sent is settled; returns what it published."""
        if self.simulator is None:
            return 0
        self.simulator.stop()
        published = _published(self.simulator)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            # The database may just be restarting.
            with contextlib.suppress(Unavailable):
                if self.books().received >= published:
                    break
            self.watch_servers()
            time.sleep(0.1)
        return published

    def watch_servers(self) -> None:
        """Restart servers that ended, while the simulator is being stopped."""
        for child in self.children:
            child.restart_if_due()

    def books(self) -> Account:
        """Where the samples received since the start ended."""
        now = self._books()
        before = self._books_before
        return Account(*(a - b for a, b in zip(now, before, strict=True)))

    def stop(self) -> None:
        """End everything, the last started first."""
        (self.folder.path / RUNNING).unlink(missing_ok=True)
        for child in [*([self.simulator] if self.simulator else []), *reversed(self.children)]:
            child.stop()

    def resident_bytes(self) -> int:
        """Memory of all processes together, this one included."""
        everyone = [*self.children, *([self.simulator] if self.simulator else [])]
        own = psutil.Process().memory_full_info().pss
        return int(own) + sum(child.resident_bytes() for child in everyone)

    def _prepare_database(self) -> None:
        with pool.connect(self.postgres.settings, application="soramichi-demo") as connection:
            migrate.migrate(connection)
            with connection.transaction():
                registry.register(
                    connection,
                    [one for scenario in self.scenarios for one in scenario.operators],
                    [one for scenario in self.scenarios for one in scenario.aircraft],
                )
                self._publish(connection)
            # Faster than real time starts in the past, but never where an earlier run has been.
            row = connection.execute(
                "SELECT max(time) + '1 s' FROM latest_state WHERE aircraft_id = ANY(%s)",
                ([one.aircraft_id for scenario in self.scenarios for one in scenario.aircraft],),
            ).fetchone()
            self._last_observed = row[0] if row else None
        self._books_before = self._books()

    def _publish(self, connection: Connection) -> None:
        """Show the demo's own flights, unless somebody has decided what is to be shown."""
        if any(one.symposium_id != DEMO for one, _ in symposiums.listing(connection)):
            return
        symposiums.put(
            connection,
            Symposium(
                symposium_id=DEMO,
                name=Name(ja="デモ", en="Demonstration"),
                place=Name(ja="三重県", en="Mie"),
                starts_at=datetime(2000, 1, 1, tzinfo=UTC),
                ends_at=None,
            ),
        )
        subjects = [(Subject.OPERATOR, operator) for operator in self.nats.operators]
        subjects += [(Subject.CORRIDOR, corridor) for corridor in demonstration.seed(connection)]
        symposiums.publish(connection, DEMO, subjects)

    def _books(self) -> Account:
        with pool.connect(self.postgres.settings, application="soramichi-demo") as connection:
            return sum(quarantine.accounts(connection).values(), start=Account())

    def _python(self, module: str, variables: dict[str, str], *arguments: str) -> Child:
        return Child(
            Command(
                name=module,
                arguments=[sys.executable, "-m", module, *arguments],
                log=self.folder.log(module),
                environment={**variables, "PYTHONUNBUFFERED": "1"},
                stop_timeout_s=40,
            )
        )

    def _servers(self) -> dict[str, str]:
        return environment(self.nats.settings()) | environment(self.postgres.settings)

    def _ingest(self) -> dict[str, str]:
        # Whoever connects under another's client id takes over its session and what waits there,
        # so the name is not to be guessed; it stays the same from start to start.
        session = self.folder.secret("ingest-session").read_text()
        settings = IngestSettings(client_id=f"ingest-{session}", metrics_port=free_port())
        return self._servers() | environment(settings)

    def _api(self) -> dict[str, str]:
        settings = ApiSettings(
            host=self.wish.host, port=self.port, staff_token_file=self.folder.secret("staff-token")
        )
        return self._servers() | environment(settings)

    def _simulate(self) -> Child:
        arguments = ["--json", "--speed", str(self.wish.speed), "--head-start", str(HEAD_START_S)]
        if self._last_observed is not None:
            arguments += ["--not-before", self._last_observed.isoformat()]
        if self.wish.fleet_size:
            arguments += ["--fleet", str(self.wish.fleet_size)]
        if self.wish.duration_s is not None:
            arguments += ["--duration", str(self.wish.duration_s)]
        variables = environment(self.nats.settings()) | {
            "SORAMICHI_SIMULATE_CREDENTIALS_FILE": str(self._credentials())
        }
        return self._python("simulators", variables, *arguments)

    def _credentials(self) -> str:
        file = self.folder.path / "secrets" / "operators.json"
        file.touch(mode=0o600)
        passwords = {
            operator: self.folder.secret(f"mqtt-{operator}").read_text()
            for operator in self.nats.operators
        }
        file.write_text(json.dumps(passwords))
        return str(file)

    def _announce(self) -> None:
        """Tell other commands started in the same place how to reach this platform."""
        file = self.folder.path / RUNNING
        variables = self._servers() | {
            "SORAMICHI_SIMULATE_CREDENTIALS_FILE": self._credentials(),
            "SORAMICHI_DEMO_PID": str(os.getpid()),
            "SORAMICHI_DEMO_URL": self.url,
        }
        file.touch(mode=0o600)
        file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))

    def _api_ready(self) -> bool:
        address = urlsplit(self.url)
        asking = HTTPConnection(address.hostname or "", address.port, timeout=2)
        try:
            asking.request("GET", "/readyz")
            return asking.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            asking.close()


@contextmanager
def running(folder: DataFolder, wish: Wish, say: Callable[[str], None]) -> Iterator[Platform]:
    """The platform, started; ended in order whatever happens inside."""
    platform = Platform(folder, wish, say)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()


def _scenarios(wish: Wish) -> Sequence[Scenario]:
    chosen = list(SCENARIOS.values())
    return [*chosen, fleet(wish.fleet_size, seed=0)] if wish.fleet_size else chosen


def _published(simulator: Child) -> int:
    """What the simulator's last line says it published: one JSON document."""
    lines = simulator.log_tail(1)
    try:
        return int(json.loads(lines)["published"])
    except (ValueError, KeyError, TypeError):
        return 0
