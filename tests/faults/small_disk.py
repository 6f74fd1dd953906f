"""A file system of its own for the database, so that it can be full without hurting anybody."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_BYTES = 3 << 30
CHUNK = b"\0" * (1 << 20)


class SmallDisk:
    """A folder, and whether it is a file system that may be filled; `why_not` when it is not."""

    def __init__(self, folder: Path, why_not: str | None = None) -> None:
        self.folder = folder
        self.why_not = why_not
        self._filler = folder / "filler"

    @contextmanager
    def full(self) -> Iterator[None]:
        """No byte is free while the context lasts, unless the database gives one back."""
        try:
            self._fill()
            yield
        finally:
            self._filler.unlink(missing_ok=True)

    def _fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                os.posix_fallocate(file.fileno(), file.tell(), 64 * len(CHUNK))
                file.seek(0, os.SEEK_END)
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(CHUNK):
                pass


@contextmanager
def small_disk(work: Path) -> Iterator[SmallDisk]:
    """An ext4 file system in a file below `work`, mounted while the context lasts (root only)."""
    folder = work / "disk"
    folder.mkdir()
    why_not = _mount(work / "disk.img", folder)
    try:
        yield SmallDisk(folder, why_not)
    finally:
        if why_not is None:
            # Lazily, should somebody still look into it.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(image: Path, folder: Path) -> str | None:
    if os.geteuid() != 0:
        return "only root can mount a small file system"
    if missing := [name for name in ("mkfs.ext4", "mount") if shutil.which(name) is None]:
        return f"{missing[0]} is not installed"
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    for command in (
        ["mkfs.ext4", "-q", "-m", "0", str(image)],
        ["mount", "-o", "loop", str(image), str(folder)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"{command[0]}: {done.stderr.strip()}"
    return None
