"""What each process reads from its environment, with units in the names.

Every variable is `SORAMICHI_<SECTION>_<FIELD>`; the table in README.md lists
them all, and a test compares the two. A secret can be given as a file
(`…_PASSWORD_FILE`), which keeps it out of process listings.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from soramichi.errors import BadSettings


class _Section(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


class _WithPassword(_Section):
    password: SecretStr | None = None
    password_file: Path | None = None

    def secret(self) -> str | None:
        """The password, from the file when one is named; None when there is none.

        Raises `BadSettings` when the file cannot be read or is empty.
        """
        if self.password_file is not None:
            return _read_secret(self.password_file)
        return self.password.get_secret_value() if self.password else None


def _read_secret(file: Path) -> str:
    """What the file holds, never nothing: an empty secret would let everybody in."""
    try:
        secret = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"the secret in {file} cannot be read: {error}") from error
    if not secret:
        raise BadSettings(f"{file} is to hold a secret and is empty; write one into it")
    return secret


class BrokerSettings(_WithPassword):
    """Where the MQTT broker is and who we are there."""

    model_config = SettingsConfigDict(env_prefix="SORAMICHI_BROKER_")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    username: str | None = None
    tls_ca_file: Path | None = None
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30


class DatabaseSettings(_WithPassword):
    """Where PostgreSQL is; `url` is a libpq connection string or URI without a password."""

    model_config = SettingsConfigDict(env_prefix="SORAMICHI_DATABASE_")

    url: str = "postgresql://soramichi@127.0.0.1:5432/soramichi"
    connect_timeout_s: Annotated[int, Field(ge=1, le=300)] = 5
    pool_max_connections: Annotated[int, Field(ge=1, le=200)] = 8


class IngestSettings(_Section):
    """How samples are gathered, judged and stored.

    The rules by which a sample is judged, as they are named in `quarantine.reason` (refused)
    or in `telemetry.flags` (stored, but never the latest state):

    - refused `time-too-old`: observed before `oldest_time`
    - refused `time-in-future`: observed more than `future_limit_s` after it was received
    - flagged `time-ahead`: observed more than `future_skew_s` after it was received
    - flagged `null-island`: latitude and longitude exactly 0, a receiver without a fix
    - flagged `implied-speed`: further from the aircraft's newest believed place than
      `jump_slack_m` and its class's `max_speed_…_mps` over the time between allow
    """

    model_config = SettingsConfigDict(env_prefix="SORAMICHI_INGEST_")

    # The broker keeps the session under this name while we are away; one name a worker.
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "soramichi-ingest"
    topic_filter: str = "soramichi/v1/+/+/telemetry"
    batch_max_samples: Annotated[int, Field(ge=1, le=100_000)] = 30_000
    batch_max_age_ms: Annotated[int, Field(ge=1, le=10_000)] = 10
    # What is received and not yet settled; beyond either, the broker keeps it.
    inbox_max_messages: Annotated[int, Field(ge=1, le=65_535)] = 16_384
    inbox_max_mb: Annotated[int, Field(ge=1, le=4_096)] = 64
    # Our own message through the broker and back: how often, and how long a silent one is borne.
    heartbeat_interval_s: Annotated[float, Field(ge=0.05, le=300.0)] = 5.0
    heartbeat_timeout_s: Annotated[float, Field(ge=0.1, le=600.0)] = 15.0
    future_skew_s: Annotated[float, Field(ge=0.0)] = 300.0
    future_limit_s: Annotated[float, Field(ge=0.0)] = 86_400.0
    max_speed_drone_mps: Annotated[float, Field(gt=0.0)] = 90.0
    max_speed_evtol_mps: Annotated[float, Field(gt=0.0)] = 130.0
    max_speed_helicopter_mps: Annotated[float, Field(gt=0.0)] = 150.0
    max_speed_unknown_mps: Annotated[float, Field(gt=0.0)] = 350.0
    jump_slack_m: Annotated[float, Field(ge=0.0)] = 100.0
    oldest_time: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    flight_gap_s: Annotated[float, Field(gt=0.0)] = 300.0
    live_interval_ms: Annotated[int, Field(ge=10, le=60_000)] = 200
    receipt_interval_ms: Annotated[int, Field(ge=100, le=60_000)] = 1_000
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 9464  # 0: no metrics listener

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if self.future_limit_s < self.future_skew_s:
            raise ValueError("future_limit_s must not be smaller than future_skew_s")
        return self


class WatchSettings(_Section):
    """When something in the air is an event."""

    model_config = SettingsConfigDict(env_prefix="SORAMICHI_WATCH_")

    interval_ms: Annotated[int, Field(ge=50, le=60_000)] = 500
    # What was observed earlier and is stored later by no more than this is still in order.
    lateness_s: Annotated[float, Field(ge=0.0, le=3_600.0)] = 1.0
    # A change counts once it has lasted.
    dwell_s: Annotated[float, Field(ge=0.0, le=60.0)] = 2.0
    link_silence_s: Annotated[float, Field(ge=1.0, le=3_600.0)] = 15.0
    link_offline_s: Annotated[float, Field(ge=0.0, le=3_600.0)] = 5.0
    corridor_after_s: Annotated[float, Field(ge=1.0)] = 180.0
    battery_low_pct: Annotated[float, Field(ge=0.0, le=100.0)] = 20.0
    battery_critical_pct: Annotated[float, Field(ge=0.0, le=100.0)] = 10.0
    # Elevation tiles for heights above ground; the sea is known without.
    terrain_folder: Path | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 9465  # 0: no metrics listener

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if self.battery_critical_pct >= self.battery_low_pct:
            raise ValueError("battery_critical_pct must be smaller than battery_low_pct")
        return self


class ApiSettings(_Section):
    """Where the pages and data are served."""

    model_config = SettingsConfigDict(env_prefix="SORAMICHI_API_")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    stream_interval_ms: Annotated[int, Field(ge=100, le=60_000)] = 1_000
    # Beyond so many open streams a viewer is asked to come back later.
    stream_max_viewers: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    # What the QR code on the big screen leads to; by default the address the screen itself used.
    public_url: str | None = None
    # An aircraft not heard of for longer is no longer shown.
    state_max_age_s: Annotated[float, Field(gt=0.0)] = 3_600.0
    # Whoever shows this token may see what is for staff only; without it nobody may.
    staff_token_file: Path | None = None
    # A base map of tiles, from a server or out of a file here; the attribution is shown on it.
    tile_url: str | None = None
    pmtiles_file: Path | None = None
    tile_attribution: str | None = None
    # What the planner's desk knows of the ground: elevation tiles or GeoTIFF, people by mesh code.
    terrain_folder: Path | None = None
    population_file: Path | None = None

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if self.pmtiles_file is not None:
            if self.tile_url is not None:
                raise ValueError("tile_url and pmtiles_file are two base maps: unset one of them")
        elif (self.tile_url is None) != (self.tile_attribution is None):
            raise ValueError("tile_url and tile_attribution are set together or not at all")
        return self

    def staff_token(self) -> str | None:
        """The token out of its file, None without one. Raises `BadSettings`."""
        return _read_secret(self.staff_token_file) if self.staff_token_file else None


class LogSettings(_Section):
    """How a process logs."""

    model_config = SettingsConfigDict(env_prefix="SORAMICHI_LOG_")

    format: Literal["text", "json"] = "text"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


SECTIONS: tuple[type[BaseSettings], ...] = (
    BrokerSettings,
    DatabaseSettings,
    IngestSettings,
    WatchSettings,
    ApiSettings,
    LogSettings,
)

S = TypeVar("S", bound=BaseSettings)


def load(section: type[S]) -> S:
    """Read one section from the environment. Raises `BadSettings` naming each variable."""
    try:
        return section()
    except ValidationError as error:
        prefix = section.model_config.get("env_prefix", "")
        faults = "; ".join(
            f"{prefix}{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors()
        )
        raise BadSettings(faults) from error


def environment(section: BaseSettings) -> dict[str, str]:
    """The variables that make another process load this section; a password only as its file."""
    prefix = section.model_config.get("env_prefix", "")
    return {
        f"{prefix}{name.upper()}": str(value)
        for name, value in section.model_dump().items()
        if value is not None and name != "password"
    }
