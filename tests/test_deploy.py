"""What stands in deploy/: each file fits the code, and the tools of its trade take it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from config.settings import load
from connectors.feed.metrics import FeedMetrics
from newswire import __version__
from newswire.commands import COMMANDS
from newswire.servers.artifacts import cache
from pipeline.alerts.metrics import AlertMetrics
from pipeline.stream.agents import counters
from pipeline.stream.delays import Delays
from pipeline.web.probes import WebMetrics

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/newswire"
RULES = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/newswire.json").read_text())
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
METRIC = re.compile(r"\bnewswire_\w+")
HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"


def names(registry: CollectorRegistry) -> Iterator[str]:
    """The names of a registry's samples."""
    for family in registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        for suffix in suffixes.get(family.type, ("",)):
            yield family.name + suffix


@pytest.fixture(scope="module")
def metrics() -> set[str]:
    """Every metric that a process has."""

    class Nothing:
        found = 0

    delays = CollectorRegistry()
    Delays(None).register(delays)  # type: ignore[arg-type]
    worker = (ROOT / "pipeline/stream/metrics.py").read_text()
    return {
        *names(FeedMetrics([]).registry),
        *names(AlertMetrics(Nothing()).registry),  # type: ignore[arg-type]
        *names(WebMetrics().registry),
        *names(delays),
        *(f"newswire_{name}_total" for name in counters()),
        # The worker's gauges need a worker: their names stand in its module.
        "newswire_lag",
        *(f"newswire_{name}" for name in re.findall(r'^\s+\(?"(\w+)",', worker, re.MULTILINE)),
    }


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_a_rule_asks_for_metrics_that_exist(rule: dict[str, Any], metrics: set[str]) -> None:
    """A renamed metric would silence the alert; its section in the runbook exists."""
    assert set(METRIC.findall(rule["expr"])) <= metrics
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^## (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in [heading.lower() for heading in headings]
    assert (rule["alert"]).lower() == anchor


def test_the_dashboard_asks_for_metrics_that_exist(metrics: set[str]) -> None:
    """Every panel has a title and an expression over metrics that a process has."""
    for panel in DASHBOARD["panels"]:
        assert panel["title"]
        for target in panel["targets"]:
            assert set(METRIC.findall(target["expr"])) <= metrics, panel["title"]


@pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    """Its command is one of ours, and it is given as long to end as the process takes."""
    text = unit.read_text()
    command = re.search(r"^ExecStart=/opt/newswire/bin/newswire (\w+)$", text, re.MULTILINE)
    assert command
    assert command[1] in COMMANDS
    assert "User=newswire" in text
    if command[1] == "worker":
        seconds = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
        assert seconds
        assert int(seconds[1]) > load(environ={}).worker.stop_seconds


def test_the_charts_settings_are_taken(tmp_path: Path) -> None:
    """The default settings of the chart load, and no process is embedded."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    file = tmp_path / "newswire.toml"
    file.write_text(values["settings"])
    settings = load(file, {})
    assert not settings.embedded.enabled
    assert settings.topics.min_insync_replicas == 2
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__


def run(*command: str | Path, **options: Any) -> str:
    """The output of a command; fails with what it said."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(name: str, module: str | None = None) -> str:
    """The path of a tool, built from its Go module where it is not installed."""
    built = cache() / "bin" / name
    if not built.exists() and module and shutil.which("go"):
        environ = {**os.environ, "GOBIN": str(built.parent), "GOFLAGS": "-mod=mod"}
        run("go", "install", module, env=environ, cwd="/")
    found = str(built) if built.exists() else shutil.which(name)
    if found is None:
        message = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing, on units whose command is there."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text().replace("/opt/newswire/bin/newswire", sys.executable)
        (tmp_path / path.name).write_text(text)
    units = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [analyze, "verify", *map(str, units)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "newswire" in line]
    assert ours == []


@pytest.mark.long
def test_prometheus_takes_the_rules() -> None:
    """`promtool` checks the rules, and each alert fires on its fault and not on a healthy day."""
    promtool = tool("promtool")
    folder = DEPLOY / "prometheus"
    run(promtool, "check", "rules", "rules.yml", cwd=folder)
    run(promtool, "test", "rules", "rules_test.yml", cwd=folder)
    run(promtool, "check", "config", "--syntax-only", "prometheus.yml", cwd=folder)


@pytest.mark.long
@pytest.mark.parametrize(
    "options",
    [[], ["--set", "worker.autoscaling.enabled=true", "--set", "fileSecrets={kafka-ca}"]],
    ids=["default", "autoscaling"],
)
def test_kubernetes_takes_the_chart(options: Sequence[str], tmp_path: Path) -> None:
    """`helm lint` and `helm template` pass, and each resource is valid for its schema."""
    helm = tool("helm", HELM)
    kubeconform = tool("kubeconform", KUBECONFORM)
    run(helm, "lint", "--strict", CHART)
    made = tmp_path / "made.yaml"
    made.write_text(run(helm, "template", "desk", CHART, "--kube-version", "1.31.0", *options))
    schemas(tmp_path / "schemas")
    at = f"{tmp_path}/schemas/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    # KEDA's ScaledObject is no resource of Kubernetes' own.
    out = run(kubeconform, "-summary", "-skip", "ScaledObject", "-schema-location", at, made)
    assert "Invalid: 0, Errors: 0" in out
    resources = list(yaml.safe_load_all(made.read_text()))
    assert {"StatefulSet", "Deployment", "Job", "CronJob", "PodDisruptionBudget"} <= {
        each["kind"] for each in resources
    }
    for each in resources:
        for container in (
            each.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ())
        ):
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["args"][1] in COMMANDS


def schemas(folder: Path) -> None:
    """Kubernetes' schemas of kubernetes-validate, with references to files beside them."""
    spec = importlib.util.find_spec("kubernetes_validate")
    origin = spec.origin if spec else None
    assert origin
    versions = (Path(origin).parent / "kubernetes-json-schema").glob("v*-local-strict")
    newest = max(versions, key=lambda p: int(p.name.split(".")[1]))
    folder.mkdir()
    for path in newest.glob("*.json"):
        schema = json.loads(
            path.read_text().replace('"/api/_definitions.json', '"_definitions.json')
        )
        schema.pop("$id", None)
        (folder / path.name).write_text(json.dumps(schema))
