"""How processes log: lines for people, or JSON lines for machines; never a secret in either.

Nothing that settings hold secret is ever passed to a logger; client ids, by which a stranger
could take over a session at the broker, are not either.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

from soramichi.settings import LogSettings

_PLAIN = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and `error` with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def configure(settings: LogSettings) -> None:
    """Log to stderr as the settings say; called once, by the entry point of a process."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.format == "json" else logging.Formatter(_PLAIN))
    logging.basicConfig(level=settings.level, handlers=[handler])
