"""A worker that is wrong on purpose: it acknowledges before it commits.

The harness must report what it loses, else its zeros mean nothing.
"""

from __future__ import annotations

import time
from itertools import chain, repeat
from typing import Any

from ingest.__main__ import main
from ingest.service import Service

_settle = Service._settle
# After its first batch so long that whoever kills it finds it here, whatever else the machine has
# to do: a COMMIT that is sent already may still count.
_holds_s = chain([6.0], repeat(0.0))


def _hasty(self: Service, messages: list[Any], batch: Any = None) -> None:
    self._subscriber.acknowledge(messages)
    time.sleep(next(_holds_s))
    _settle(self, messages, batch)


if __name__ == "__main__":
    Service._settle = _hasty  # type: ignore[method-assign]
    main()
