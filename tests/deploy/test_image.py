"""The image holds all that its commands need: its layout is made here without a container engine.

Its folders are those that the Dockerfile copies, its libraries those of the production lock, and,
as there, neither can be written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from soramichi.embedded.folder import free_port
from soramichi.embedded.processes import account_arguments
from tests.deploy.test_compose import ROOT, SERVICES

NOBODY = 65534
MODULES = sorted(
    {
        command[2]
        for one in SERVICES.values()
        if (command := one.get("command", []))[:2] == ["python", "-m"]
    }
)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for the root of the container's file system."""
    folder = tmp_path_factory.mktemp("image")
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for source in re.findall(r"^COPY (\w+) \w+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        shutil.copytree(ROOT / source, folder / "app" / source, ignore=ignored)
    for name, about in json.loads((ROOT / "maps/web/package-lock.json").read_text())[
        "packages"
    ].items():
        if name and not about.get("dev"):
            (folder / "app/maps/web" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "app/maps/web" / name).symlink_to(ROOT / "maps/web" / name)
    libraries = folder / "libraries"
    libraries.mkdir()
    for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE):
        with suppress(PackageNotFoundError):  # for another system or Python
            link_distribution(name, libraries)
    return folder


def link_distribution(name: str, libraries: Path) -> None:
    found = distribution(name)
    for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        if not (libraries / top).is_symlink():
            (libraries / top).symlink_to(Path(str(found.locate_file(top))))


def started(
    image: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """As an account that can write nowhere but in /tmp, where the tests run as root."""
    as_nobody = ["setpriv", *account_arguments(NOBODY), "--"] if os.geteuid() == 0 else []
    told = re.search(r"^ENV (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert told
    variables = dict(one.split("=", 1) for one in told[1].split())
    variables |= {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    variables |= {"PYTHONPATH": str(image / "libraries"), **(environment or {})}
    return subprocess.Popen(
        [*as_nobody, sys.executable, "-S", *arguments],
        cwd=image / "app", env=variables, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_its_commands_find_all_that_they_import_and_the_planner_a_place_to_compile_in(
    image: Path,
) -> None:
    modules = [*(f"{module}.__main__" for module in MODULES), "routes_planner.desk"]
    process = started(image, "-c", f"import {', '.join(modules)}")
    out, _ = process.communicate(timeout=120)

    assert process.returncode == 0, out


def test_the_api_serves(image: Path) -> None:
    port = free_port()
    process = started(image, "-m", "api", environment={"SORAMICHI_API_PORT": str(port)})
    try:
        deadline = time.monotonic() + 60
        while process.poll() is None:
            assert time.monotonic() < deadline
            with suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/live", timeout=5) as page:
                    assert b"<html" in page.read()
                break
            time.sleep(0.1)
        assert process.poll() is None, process.communicate()[0]
    finally:
        process.kill()
        process.wait()
