"""`soramichi operators`: accounts that both brokers read, with passwords kept apart."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from soramichi.commands.broker_accounts import Accounts
from soramichi.commands.operators import operators
from soramichi.errors import BadInput, NotFound


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").touch()
    return tmp_path


def test_no_password_stands_in_what_the_brokers_read(project: Path) -> None:
    password = Accounts(project).add("alpha").read_text()
    for file in (project / "deploy" / "accounts").iterdir():
        assert "alpha" in file.read_text()
        assert password not in file.read_text()


def test_secrets_are_closed_to_other_users_of_the_host(project: Path) -> None:
    Accounts(project).prepare()
    assert stat.S_IMODE((project / "deploy" / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600


def test_preparing_again_changes_nothing(project: Path) -> None:
    Accounts(project).add("alpha")
    before = {file: file.read_bytes() for file in project.rglob("*") if file.is_file()}
    Accounts(project).prepare()
    assert {file: file.read_bytes() for file in project.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("bad", ["", "a.b", "a/b", "+", "#", ">", "platform", "live", "x" * 65])
def test_a_name_that_topics_cannot_carry_is_refused(project: Path, bad: str) -> None:
    with pytest.raises(BadInput):
        Accounts(project).add(bad)


def test_an_account_is_not_given_twice(project: Path) -> None:
    Accounts(project).add("alpha")
    with pytest.raises(BadInput, match="already"):
        Accounts(project).add("alpha")


def test_a_removed_operator_is_gone_with_its_password(project: Path) -> None:
    password_file = Accounts(project).add("alpha")
    Accounts(project).remove("alpha")
    assert Accounts(project).operators == []
    assert not password_file.exists()
    with pytest.raises(NotFound):
        Accounts(project).remove("alpha")


def test_files_changed_by_hand_are_refused_with_what_to_do(project: Path) -> None:
    Accounts(project).prepare()
    (project / "deploy" / "accounts" / "nats.json").write_text("{}")
    with pytest.raises(BadInput, match="restore it"):
        Accounts(project)


def test_a_folder_without_compose_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--project"):
        Accounts(tmp_path).prepare()


def test_the_command_adds_and_lists(project: Path) -> None:
    run = CliRunner()
    added = run.invoke(operators, ["add", "alpha", "--project", str(project), "--json"])
    listed = run.invoke(operators, ["list", "--project", str(project), "--json"])
    assert json.loads(added.stdout)["operator"] == "alpha"
    assert json.loads(listed.stdout) == {"operators": ["alpha"]}


def test_the_demo_shares_the_simulated_operators_passwords(project: Path) -> None:
    done = CliRunner().invoke(operators, ["init", "--demo", "--project", str(project)])
    assert done.exit_code == 0
    shared = json.loads((project / "deploy" / "secrets" / "simulators").read_text())
    assert set(shared) == set(Accounts(project).operators) != set()
