"""A worker that is wrong on purpose: it acknowledges before it commits.

The harness must report what it loses, else its zeros mean nothing.
"""

from __future__ import annotations

import time
from typing import Any

from ingest.__main__ import main
from ingest.service import Service

_settle = Service._settle


def _hasty(self: Service, messages: list[Any], batch: Any = None) -> None:
    self._subscriber.acknowledge(messages)
    # So long that whoever kills it finds it here: a COMMIT that is sent already may still count.
    time.sleep(0.3)
    _settle(self, messages, batch)


if __name__ == "__main__":
    Service._settle = _hasty  # type: ignore[method-assign]
    main()
