"""What the documents promise is what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import soramichi.errors
from soramichi import settings
from soramichi.__main__ import COMMANDS

ROOT = Path(__file__).parents[1]


def test_every_error_is_in_the_tree_of_its_module() -> None:
    tree = soramichi.errors.__doc__ or ""
    classes = [
        name
        for name, one in inspect.getmembers(soramichi.errors, inspect.isclass)
        if one.__module__ == soramichi.errors.__name__
    ]

    assert [name for name in classes if name not in tree] == []


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    fields = {
        f"{section.model_config['env_prefix']}{name.upper()}"
        for section in settings.SECTIONS
        for name in section.model_fields
    }
    documented = set(re.findall(r"`(SORAMICHI_[A-Z_]+)`", (ROOT / "README.md").read_text()))

    assert {name for name in fields - documented if not name.endswith("_PASSWORD")} == set()
    assert documented - fields <= {"SORAMICHI_SIMULATE_CREDENTIALS_FILE"}


def test_both_readmes_have_the_same_settings_with_the_same_defaults() -> None:
    row = re.compile(r"^\| `(SORAMICHI_[A-Z_]+)` \|(.*?)\|(.*)\|$", re.MULTILINE)
    english, japanese = (row.findall((ROOT / name).read_text())
                         for name in ("README.md", "README.ja.md"))  # fmt: skip

    assert len(english) > 50
    assert [each[:2] for each in japanese] == [each[:2] for each in english]
    # What has a meaning in one language has it in the other.
    assert [bool(each[2].strip()) for each in japanese] == [bool(e[2].strip()) for e in english]


def test_every_command_is_in_both_readmes() -> None:
    for readme in ("README.md", "README.ja.md"):
        text = (ROOT / readme).read_text()
        assert [name for name in COMMANDS if f"soramichi {name}" not in text] == []


def test_no_registry_host_and_no_machine_path_is_in_the_lock_files() -> None:
    locks = [one.name for one in ROOT.glob("requirements*.lock")]
    assert len(locks) == 3
    for lock in (*locks, "maps/web/package-lock.json"):
        text = (ROOT / lock).read_text()
        assert not re.search(r"https?://|file:|(^|\s)/[a-z]", text, flags=re.MULTILINE)
