"""Where compiled functions are kept, each question asked of a new process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# Compiles one small function, and says where it is kept and how many were compiled.
ASK = """
import numpy as np
from numba.core import event
from routes_planner.compiled.cache import folder
from routes_planner.compiled.rows import running
with event.install_recorder("numba:compile") as compiled:
    assert running(np.ones(3), np.zeros(3, np.int64)).tolist() == [0.0, 1.0, 2.0]
print(folder(), len([at for at, what in compiled.buffer if what.is_start]))
"""


def ask(root: Path = ROOT, **environment: str) -> tuple[Path, int]:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=root,
        env={"PYTHONPATH": os.fspath(root), "HOME": "/nonexistent", **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    where, count = done.stdout.rsplit(maxsplit=1)
    return Path(where), int(count)


def a_copy(tmp_path: Path) -> Path:
    """Only what `ASK` imports, so that its sources can be changed."""
    (tmp_path / "routes_planner").mkdir()
    shutil.copytree(
        ROOT / "routes_planner" / "compiled",
        tmp_path / "routes_planner" / "compiled",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    root = a_copy(tmp_path)

    assert ask(root) == (root / "routes_planner" / "compiled" / "__pycache__", 1)
    assert ask(root)[1] == 0


def test_a_change_in_another_file_of_the_folder_compiles_anew(tmp_path: Path) -> None:
    root = a_copy(tmp_path)
    ask(root)
    with (root / "routes_planner" / "compiled" / "windows.py").open("a") as source:
        source.write("\n# changed\n")

    assert ask(root)[1] == 1


def test_where_nothing_can_be_written_the_planner_starts_and_leaves_nothing(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    where, count = ask(NUMBA_CACHE_DIR=os.fspath(in_the_way), TMPDIR=os.fspath(tmp_path))

    assert where.parent == tmp_path
    assert count == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_compiling_beforehand_leaves_nothing_to_compile(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": os.fspath(tmp_path)}
    compiler = [sys.executable, "-m", "routes_planner.compiled"]
    subprocess.run(compiler, cwd=ROOT, env=environment, check=True)
    routes = [sys.executable, "-m", "soramichi", "routes"]
    zones = ["--geozones", "routes_planner/data/mie-zones.json"]
    check = ["check", "routes_planner/data/mie-routes.geojson", *zones]
    search = ["search", "--from", "136.70,34.52", "--to", "136.81,34.86", *zones]
    search += ["--aircraft-class", "evtol", "--height", "300", "--height-datum", "AMSL"]

    for question in (check, search):
        done = subprocess.run(
            [*routes, *question], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert "compiling" not in done.stderr
