"""Imports point inward; the check is proven able to fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Which of our own packages each package may import, beside itself. The commands and the embedded
# platform are the outermost shells: they may import everything, and nothing imports them.
ALLOWED = {
    "soramichi.errors": set[str](),
    "soramichi.version": set[str](),
    "soramichi.domain": {"soramichi.errors"},
    "soramichi.settings": {"soramichi.errors"},
    "soramichi.logs": {"soramichi.settings"},
    "soramichi.mqtt": {"soramichi.settings", "soramichi.errors"},
    "soramichi.store": {"soramichi.domain", "soramichi.settings", "soramichi.errors"},
    "soramichi.bridge": {"soramichi.errors"},
    "ingest": {
        "soramichi.domain", "soramichi.store", "soramichi.mqtt", "soramichi.settings",
        "soramichi.errors",
    },
    "watch": {
        "routes_planner", "soramichi.domain", "soramichi.store", "soramichi.mqtt",
        "soramichi.settings", "soramichi.errors",
    },
    "routes_planner": {"soramichi.domain", "soramichi.errors"},
    "maps": {"soramichi.domain", "soramichi.errors"},
    "simulators": {
        "soramichi.domain", "soramichi.mqtt", "soramichi.settings", "soramichi.errors",
        "soramichi.bridge",
    },
    "api": {
        "routes_planner", "maps", "soramichi.domain", "soramichi.store", "soramichi.mqtt",
        "soramichi.settings", "soramichi.errors", "soramichi.version",
    },
}  # fmt: skip
OUTERMOST = {"soramichi.bench", "soramichi.commands", "soramichi.embedded", "soramichi.__main__"}
OURS = ("soramichi", "ingest", "watch", "routes_planner", "maps", "simulators", "api")


def imported(source: str) -> Iterator[str]:
    """Every module a source imports, wherever the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def stray_imports(source: str, owner: str) -> list[str]:
    """What `owner` imports of ours and may not."""
    allowed = ALLOWED[owner] | {owner}
    return [
        name
        for name in imported(source)
        if name.split(".")[0] in OURS
        and not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]


def owner_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:2]) if parts[0] == "soramichi" else parts[0]


def sources() -> list[Path]:
    return [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))
            if "node_modules" not in path.parts]  # fmt: skip


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_inward(path: Path) -> None:
    owner = owner_of(path)
    if owner in OUTERMOST or owner == "soramichi.__init__":
        return
    # An entry point may start its folder's command.
    if path.name == "__main__.py":
        return

    assert stray_imports(path.read_text(), owner) == []


def test_the_check_can_fail() -> None:
    lazy = "def f():\n    import api.app\n"
    hidden = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ingest import writer\n"

    assert stray_imports(lazy, "routes_planner") == ["api.app"]
    assert stray_imports(hidden, "soramichi.store") == ["ingest.writer"]
    assert stray_imports("from soramichi import store\n", "simulators") == ["soramichi.store"]
    assert stray_imports("from soramichi.errors import BadInput\n", "api") == []
