"""`newswire config show`: what is in force, and where it was set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.settings import DEFAULT_FILE, SECRETS, load_with_origins, variable
from newswire.configuration import DEFAULT, MASK, app, effective

TOKEN = "wN3k-Vq8zRt51LxPb2YcHd7e"
RUNNER = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file that changes two keys."""
    path = tmp_path / "own.toml"
    path.write_text(
        '[topics]\nprefix = "desk"\npartitions = 2\n[enrichment.languages]\nfr = "fr_x"\n'
    )
    return path


def shown(file: Path, environ: dict[str, str]) -> dict[str, tuple[object, str]]:
    """Every setting with its value and origin."""
    rows = effective(*load_with_origins(file, environ))
    return {row["setting"]: (row["value"], row["origin"]) for row in rows}


def test_each_setting_names_its_origin(file: Path) -> None:
    """The environment wins over the file, the file over the default, and each is named."""
    found = shown(file, {"NEWSWIRE_TOPICS__PARTITIONS": "8"})
    assert found["topics.prefix"] == ("desk", str(file))
    assert found["topics.partitions"] == (8, "the environment (NEWSWIRE_TOPICS__PARTITIONS)")
    assert found["topics.replication"] == (1, DEFAULT)
    assert found["enrichment.languages"] == ({"fr": "fr_x"}, str(file))


def test_no_secret_is_shown(file: Path) -> None:
    """Every secret is masked, and an unset one is shown as unset."""
    environ = {variable(key): TOKEN for key in SECRETS}
    found = shown(file, environ)
    for key in SECRETS:
        assert found[".".join(key)][0] == MASK
    assert TOKEN not in json.dumps(found)
    assert shown(file, {})["web.token"] == (None, DEFAULT)


def test_the_command_prints_only_what_differs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--changed --json` lists the settings of the file, and no default."""
    for name in ("NEWSWIRE_CONFIG", "NEWSWIRE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    done = RUNNER.invoke(app, ["--json", "--changed"], obj=file)
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.output)) >= {"topics.prefix", "topics.partitions"}
    assert "topics.replication" not in json.loads(done.output)
    assert str(DEFAULT_FILE) not in done.output
