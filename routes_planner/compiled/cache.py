"""How the inner loops are compiled, and where what comes out is kept.

numba keeps compiled functions on disk, but by itself it notices changes only in the
file of the function that is called, and it refuses to start where it can write neither
beside the source nor in a home folder. Here a change in any file of this folder compiles
all of it anew, and a read-only installation brings what was compiled when it was made.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., Any])

_SOURCES = Path(__file__).parent


@cache
def folder() -> Path:
    """Where compiled functions are kept: NUMBA_CACHE_DIR, or beside their source.

    What cannot be written is copied to a folder of this process first, because numba
    adds to it whenever a function meets types that are new to it.
    """
    beside = Path(getattr(numba_config, "CACHE_DIR", "") or _SOURCES) / "__pycache__"
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=beside):
            return beside
    except OSError:
        mine = Path(tempfile.mkdtemp(prefix="soramichi-"))
        atexit.register(shutil.rmtree, mine, ignore_errors=True)
        for kept in beside.glob("*.nb[ci]"):
            shutil.copyfile(kept, mine / kept.name)
        return mine


@cache
def _stamp() -> bytes:
    """Changes with every source of this folder: any of them may be a part of any function."""
    found = hashlib.sha256()
    for source in sorted(_SOURCES.glob("*.py")):
        found.update(source.read_bytes())
    return found.digest()


class Here:
    """numba's locator of a function's cache, for the functions of this folder."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> Here | None:
        """None for functions of others: numba then asks its own locators."""
        return cls(function) if Path(file).parent == _SOURCES else None

    def ensure_cache_path(self) -> None:
        """Asked before a function is kept."""
        folder()

    def get_cache_path(self) -> str:
        """Where its files are."""
        return os.fspath(folder())

    def get_source_stamp(self) -> bytes:
        """What it was compiled from."""
        return _stamp()

    def get_disambiguator(self) -> str:
        """Tells functions of one name in one file apart."""
        return str(self._line)


_NUMBAS_OWN = ("UserProvidedCacheLocator", "InTreeCacheLocator", "UserWideCacheLocator")
numba_config.CACHE_LOCATOR_CLASSES = ",".join(  # type: ignore[attr-defined]  # made at run time
    [f"{__name__}.{Here.__name__}", *_NUMBAS_OWN]
)


def compiled(function: Function) -> Function:
    """Compile for calls from Python, at the first of them.

    Division as numpy does it: a zero divisor gives an infinity, never an exception.
    """
    return cast("Function", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inner(function: Function) -> Function:
    """The same for what only compiled functions call.

    Without the way in from Python, which takes as long to compile as a small function.
    """
    made: Function = numba.njit(  # type: ignore[call-overload]  # numba takes these, unlisted
        cache=True, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return made
