"""Every command, variable, file, port and service that the deployment names exists.

No container engine runs where the tests run, so the files are held against the project itself.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from ingest.metrics import Metrics
from soramichi import settings
from soramichi.__main__ import COMMANDS
from soramichi.commands.broker_accounts import Accounts
from soramichi.domain import wire

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^[a-z][a-z0-9/-]*:v?\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?$")
VARIABLES = {
    f"{section.model_config['env_prefix']}{name.upper()}": (section, name)
    for section in settings.SECTIONS
    for name in section.model_fields
}


class _Compose(yaml.SafeLoader):
    """YAML with compose's own `!override` tag read as what it stands before."""


def _override(loader: yaml.SafeLoader, node: yaml.Node) -> list[Any]:
    assert isinstance(node, yaml.SequenceNode)
    return loader.construct_sequence(node)


_Compose.add_constructor("!override", _override)


def load(name: str) -> dict[str, Any]:
    document = yaml.load((ROOT / name).read_text(), _Compose)  # noqa: S506  # a safe loader
    assert isinstance(document, dict)
    return document


COMPOSE = load("compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"migrate", "nats-volumes"}
services = pytest.mark.parametrize("name", SERVICES)


@services
def test_images_are_pinned_to_a_version(name: str) -> None:
    assert PINNED.match(SERVICES[name]["image"])


def test_base_images_of_the_dockerfile_are_pinned_to_a_version() -> None:
    images = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert [image for image in images if not PINNED.match(image)] == []
    assert images


@services
def test_a_service_has_the_least_privilege(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name == "nats-volumes":  # hands new volumes over, without a network
        assert service["cap_add"] == ["CHOWN"]
        assert service["network_mode"] == "none"
    else:
        assert int(service["user"].split(":")[0]) > 0
        assert "cap_add" not in service
    # PostgreSQL's image writes beside its volume.
    assert service.get("read_only", False) or name.startswith("database")


@services
def test_a_service_that_stays_has_a_health_check_and_is_restarted(name: str) -> None:
    if name in ONE_SHOT:
        return
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@services
def test_commands_exist(name: str) -> None:
    command = SERVICES[name].get("command", [])
    if command[:2] != ["python", "-m"]:
        assert "soramichi" not in SERVICES[name]["image"]
        return
    assert importlib.util.find_spec(f"{command[2]}.__main__")
    if command[2] == "soramichi":
        assert command[3] in COMMANDS


@services
def test_variables_are_settings_with_values_that_settings_accept(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    for variable, value in environment.items():
        if not variable.startswith("SORAMICHI_") or variable.startswith("SORAMICHI_SIMULATE_"):
            continue
        section, field = VARIABLES[variable]
        section.model_validate({field: re.sub(r"\$\{SESSION_KEY.*\}", "0" * 32, value)})


@services
def test_secrets_and_files_that_a_service_names_exist(name: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").touch()
    accounts = Accounts(tmp_path)
    accounts.prepare()
    accounts.share_with_simulators(["someone"])
    for secret in SERVICES[name].get("secrets", []):
        assert (tmp_path / COMPOSE["secrets"][secret]["file"]).exists()
    for variable, value in SERVICES[name].get("environment", {}).items():
        if str(value).startswith("/run/secrets/"):
            assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"], variable
    for mount in SERVICES[name].get("volumes", []):
        source, target, *_ = mount.split(":")
        if not source.startswith("./"):
            assert source in COMPOSE["volumes"]
        else:
            assert (ROOT / source).exists() or (tmp_path / source).exists(), target


@services
def test_words_of_the_broker_configuration_are_all_given(name: str) -> None:
    service = SERVICES[name]
    if "--config" not in service.get("command", []):
        return
    folder = ROOT / "deploy" / "nats"
    text = (folder / Path(service["command"][1]).name).read_text()
    text += (folder / "store.conf").read_text() + (folder / "mqtt.conf").read_text()
    code = "\n".join(line.split("#")[0] for line in text.splitlines())
    assert set(re.findall(r"\$(NATS_[A-Z_]+)", code)) == set(service["environment"])


@services
def test_dependencies_exist_in_the_same_profile_and_can_be_waited_for(name: str) -> None:
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        profiles = SERVICES[other].get("profiles")
        assert profiles is None or profiles == SERVICES[name]["profiles"]
        if wanted["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert other in ONE_SHOT


@services
def test_ports_are_published_on_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("profile", ["single", "cluster"])
def test_no_two_services_of_a_profile_share_a_port(profile: str) -> None:
    ports = [
        port.rsplit(":", 1)[0]
        for service in SERVICES.values()
        if profile in service.get("profiles", [profile])
        for port in service.get("ports", [])
    ]
    assert len(ports) == len(set(ports))


def test_workers_of_the_cluster_divide_what_the_broker_divides() -> None:
    configuration = (ROOT / "deploy" / "nats" / "cluster.conf").read_text()
    parts = re.search(r"partition\((\d+),", configuration)
    assert parts
    filters = {
        service["environment"]["SORAMICHI_INGEST_TOPIC_FILTER"]
        for name, service in SERVICES.items()
        if name.startswith("ingest-")
    }
    assert filters == {f"{wire.TELEMETRY_FILTER}/{part}" for part in range(int(parts[1]))}


def test_the_window_of_the_broker_is_the_inbox_of_a_worker() -> None:
    window = re.search(r"max_ack_pending: (\d+)", (ROOT / "deploy/nats/mqtt.conf").read_text())
    mosquitto = (ROOT / "deploy/mosquitto/mosquitto.conf").read_text()
    inbox = settings.IngestSettings().inbox_max_messages
    assert window
    assert int(window[1]) == inbox
    assert f"max_inflight_messages {inbox}\n" in mosquitto


def test_the_overlay_for_tls_changes_services_that_exist() -> None:
    overlay = load("deploy/tls.compose.yaml")
    for name, change in overlay["services"].items():
        assert name in SERVICES
        for variable in change["environment"]:
            assert variable in VARIABLES or variable.startswith("NATS_TLS_")
        assert set(change.get("secrets", [])) <= set(overlay["secrets"])
    assert (ROOT / "deploy/nats" / Path(overlay["services"]["nats"]["command"][1]).name).exists()


def test_the_dockerfile_copies_what_exists_and_dockerignore_lets_through() -> None:
    ignore = (ROOT / ".dockerignore").read_text().split()
    copies = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    for source in " ".join(copies).split():
        assert (ROOT / source).exists()
        assert f"!{source.split('/')[0]}" in ignore
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= set(" ".join(copies).split())


def test_metrics_in_alerts_exist() -> None:
    metrics = Metrics()
    metrics.watch("broker_connected", "", float)
    known = {sample.name for family in metrics.registry.collect() for sample in family.samples}
    known |= {f"{family.name}_total" for family in metrics.registry.collect()}
    alerts = (ROOT / "deploy/prometheus/alerts.yml").read_text()
    assert set(re.findall(r"soramichi_\w+", alerts)) <= known


@pytest.mark.parametrize("job", ["ingest", "watch", "api"])
def test_prometheus_asks_every_process_at_its_port(job: str) -> None:
    jobs = load("deploy/prometheus/prometheus.yml")["scrape_configs"]
    (targets,) = next(one["dns_sd_configs"] for one in jobs if one["job_name"] == job)
    processes = {name for name, one in SERVICES.items() if one.get("command", [])[2:] == [job]}
    assert set(targets["names"]) == processes
    variable = {
        "ingest": "SORAMICHI_INGEST_METRICS_PORT",
        "watch": "SORAMICHI_WATCH_METRICS_PORT",
        "api": "SORAMICHI_API_PORT",
    }[job]
    assert {SERVICES[name]["environment"][variable] for name in processes} == {str(targets["port"])}


FILES = ("compose.yaml", "deploy/tls.compose.yaml")


def filled_in(name: str) -> str:
    """The document without anchors, with a word for each variable, as what reads it wants it.

    That does not know how often `on-failure` may be tried again, which is its own member.
    """
    document = {key: one for key, one in load(name).items() if not key.startswith("x-")}
    text = re.sub(r"\$\{?(\w+)(:\?[^}]*\})?\}?", "word", yaml.safe_dump(document))
    return text.replace("restart: on-failure:5", "restart: on-failure")


@pytest.mark.parametrize("name", FILES)
def test_every_member_is_one_that_compose_knows_with_a_value_that_it_takes(name: str) -> None:
    read = PyCompose.from_yaml(filled_in(name))

    assert set(read.service_names()) == set(load(name)["services"])


@pytest.mark.parametrize(
    ("good", "slip"),
    [("cap_drop", "cap_dorp"), ("service_healthy", "service_sound"), ("interval: 10s", "ten")],
)
def test_a_slip_in_the_compose_file_is_found(good: str, slip: str) -> None:
    text = filled_in("compose.yaml")

    assert good in text
    with pytest.raises(ValueError, match=slip):
        PyCompose.from_yaml(text.replace(good, f"interval: {slip}" if ":" in good else slip, 1))


def test_docker_compose_reads_the_files_where_it_is_installed(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    asked = [docker or "docker", "compose"]
    if docker is None or subprocess.run([*asked, "version"], check=False).returncode:
        pytest.skip("docker compose is not installed")
    (tmp_path / ".env").write_text("SESSION_KEY=0\n")
    done = subprocess.run(
        [*asked, "--env-file", str(tmp_path / ".env"), "-f", str(ROOT / "compose.yaml"),
         "--profile", "*", "config", "--format", "json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["services"]) == set(SERVICES)
