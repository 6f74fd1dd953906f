"""The browser fixtures of the map tests serve the whole platform too."""

from tests.maps.conftest import chromium, opened

__all__ = ["chromium", "opened"]
