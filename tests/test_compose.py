"""docker-compose.yml: the specification is kept, and nothing in it is open, floating or root."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from config.settings import load
from newswire.__main__ import app

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")


def test_keeps_the_compose_specification() -> None:
    """The file is valid under the JSON schema of the compose specification."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(FILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_pinned_closed_and_unprivileged(name: str) -> None:
    """An image has a full version or is built here, ports are local, and the user is not root."""
    service = SERVICES[name]
    if name in OURS:
        assert (service["image"], service["build"]) == ("newswire:local", ".")
    else:
        assert PINNED.fullmatch(service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert int(service["user"].split(":")[0]) > 0
    assert not service.get("privileged")


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in OURS])
def test_server_has_health_check(name: str) -> None:
    """A server says when it is ready, so that what needs it can wait."""
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_waits_for_what_it_needs(name: str) -> None:
    """A dependency is waited for until healthy, or until done, not just until started."""
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        done = SERVICES[needed].get("restart") == "on-failure"
        expected = "service_completed_successfully" if done else "service_healthy"
        assert how["condition"] == expected


def test_state_is_in_named_volumes() -> None:
    """Each volume that is not a read-only mount of this checkout is a named one, and declared."""
    declared = set(yaml.safe_load(FILE.read_text(encoding="utf-8"))["volumes"])
    mounted = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not (volume.startswith("./") and volume.endswith(":ro"))
    }
    assert mounted == declared


@pytest.mark.parametrize("name", OURS)
def test_command_is_of_the_command_line(name: str) -> None:
    """A container of ours runs a command that `newswire` has, with arguments that it takes."""
    program, command, *arguments = OURS[name]["command"]
    assert program == get_command(app).name == "newswire"
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    found = group.get_command(group.make_context(program, [command]), command)
    assert found is not None
    found.make_context(command, arguments)


@pytest.mark.parametrize("name", OURS)
def test_settings_are_known(name: str) -> None:
    """Every variable that a container of ours gets is a setting of ours, and fits."""
    settings = load(environ=OURS[name]["environment"])
    assert settings.kafka.brokers == ("kafka:19092",)
    assert not settings.embedded.enabled


def test_worker_may_end_by_itself() -> None:
    """Compose waits longer than the worker may take after SIGTERM, before it kills it."""
    settings = load(environ=OURS["worker"]["environment"])
    grace = re.fullmatch(r"(\d+)s", OURS["worker"]["stop_grace_period"])
    assert grace is not None
    assert int(grace[1]) > settings.worker.stop_seconds


def test_image_is_not_root_and_installs_what_is_locked() -> None:
    """The image's base is pinned, its user is the one of the containers, its packages hashed."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert all(PINNED.fullmatch(image) for image in re.findall(r"^FROM (\S+)", text, re.M))
    assert re.findall(r"^USER (\S+)", text, re.M) == [OURS["worker"]["user"]]
    assert "pip install --require-hashes -r requirements.lock" in text


def test_hadolint_has_nothing_to_say() -> None:
    """The Dockerfile keeps the rules of its trade."""
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_scrapes_the_processes_where_they_listen() -> None:
    """Each target is a service on the port of its settings, and each file of rules is mounted."""
    told = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    mounted = [volume.split(":")[1] for volume in SERVICES["prometheus"]["volumes"]]
    assert set(told["rule_files"]) <= set(mounted)
    for static in told["scrape_configs"][0]["static_configs"]:
        (target,) = static["targets"]
        name, port = target.split(":")
        settings = load(environ=OURS[name]["environment"])
        assert getattr(settings, static["labels"]["process"]).port == int(port), target


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    """The provisioned source is the Prometheus of this file, the dashboards' folder is mounted."""
    folder = ROOT / "deploy/grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
    name, port = source["url"].removeprefix("http://").split(":")
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    (provider,) = yaml.safe_load((folder / "dashboards/newswire.yml").read_text())["providers"]
    volumes = dict(reversed(volume.split(":")[:2]) for volume in SERVICES["grafana"]["volumes"])
    mounted = ROOT / volumes[provider["options"]["path"]]
    for dashboard in mounted.glob("*.json"):
        assert f'"{source["uid"]}"' in dashboard.read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_images_build_works_in_an_environment_of_its_own(tmp_path: Path) -> None:
    """The build's commands, run one after the other on what the Dockerfile copies, and no more."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    _, build, _ = text.split("\nFROM ")
    home, work = tmp_path / "opt", tmp_path / "build"
    work.mkdir()
    environ = {**os.environ, "PATH": f"{home / 'bin'}:{os.environ['PATH']}"}
    for step, said in re.findall(r"^(COPY|RUN) (.*)$", build, re.M):
        if step == "COPY":
            *sources, target = said.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, work / target)
                else:
                    shutil.copy(ROOT / source, work / target)
        else:
            ran = said.replace("/opt/newswire", str(home))
            done = subprocess.run(
                ran, shell=True, cwd=work, env=environ, capture_output=True, text=True
            )
            assert done.returncode == 0, (ran, done.stderr[-3000:])
    told = subprocess.run(
        [home / "bin" / "newswire", "parse", str(ROOT / "config/demo/water-treaty-1.txt")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert "Rhine" in told.stdout
