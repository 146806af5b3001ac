"""Real Elasticsearch: a node of the minimal official distribution, alone or in a cluster.

Its server core only: no analysis-common (so no `english` analyzer), no reindex, ingest or
painless, and no rest-root (`GET /` answers 405, so readiness is asked of `/_cluster/health`).
"""

import json
import os
import pwd
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from newswire.servers.artifacts import Missing, artifacts, enterable, java
from newswire.servers.process import Server, StartFailed, free_port

USER = "elastic"


class Elasticsearch(Server):
    """An index at `address` (a URL), on `folder`; at a free port of the loopback without `at`.

    With a `password`, security is on and the user `elastic` has it; without, it is off.
    `settings` are further settings of elasticsearch.yml; files that they name go into
    `folder/config`. `plugins` are plugins to compile and install, each of one Java source.

    Elasticsearch refuses to run as root: then it runs as `nobody`, who owns the folder and so
    must be able to enter it (`process.folder_for_servers` makes one).
    """

    name = "elasticsearch"

    def __init__(
        self,
        folder: Path,
        password: str | None = None,
        settings: Mapping[str, object] | None = None,
        plugins: Sequence[Path] = (),
        at: tuple[str, int] | None = None,
        heap_mb: int = 1024,
    ) -> None:
        super().__init__(folder)
        self.password = password
        self._host, self._port = at or ("127.0.0.1", free_port())
        self._heap_mb = heap_mb
        self._transport_port = free_port()
        self._settings = dict(settings or {})
        self._plugins = tuple(plugins)
        self.uid = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None

    @property
    def address(self) -> str:
        """Returns the URL of its HTTP interface."""
        secure = self._settings.get("xpack.security.http.ssl.enabled") is True
        return f"{'https' if secure else 'http'}://{self._host}:{self._port}"

    def prepare(self) -> None:
        """Unpacks it the first time, write its settings, give the folder to its user."""
        if self.uid is not None and not enterable(self.folder, self.uid):
            raise Missing(f"Elasticsearch runs as nobody, who cannot enter {self.folder}.")
        home = self._home()
        if not home.exists():
            self._unpack(home)
            for source in self._plugins:
                self._install_plugin(home, source)
        settings = {
            "discovery.type": "single-node",
            "network.host": self._host,
            "http.port": self._port,
            "transport.port": self._transport_port,
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "node.store.allow_mmap": False,
            "cluster.routing.allocation.disk.threshold_enabled": False,
            "xpack.security.enabled": self.password is not None,
            **self._settings,
        }
        self._passing.mkdir(exist_ok=True)
        # JSON is YAML.
        (self._config / "elasticsearch.yml").write_text(json.dumps(settings, indent=1))
        if self.password is not None and not (self._config / "elasticsearch.keystore").exists():
            self._keep_password(home, self.password)
        if self.uid is not None:
            for path in (self.folder, self._passing, *self._config.rglob("*"), self._config):
                os.chown(path, self.uid, self.uid)

    @property
    def _config(self) -> Path:
        return self.folder / "config"

    @property
    def _passing(self) -> Path:
        return self.folder / "tmp"

    def _package(self) -> Path:
        """Returns the zip that it is made of: the pinned one, or that of another version."""
        if chosen := os.environ.get("ES_PACKAGE"):
            return Path(chosen)
        (package,) = artifacts().glob("elasticsearch-*.zip")
        return package

    def _home(self) -> Path:
        return self.folder / self._package().stem

    def _unpack(self, home: Path) -> None:
        with zipfile.ZipFile(self._package()) as package:
            package.extractall(self.folder)
        for script in (home / "bin").iterdir():
            script.chmod(0o755)  # zipfile forgets modes
        shutil.copytree(home / "config", self._config, dirs_exist_ok=True)

    def _install_plugin(self, home: Path, source: Path) -> None:
        compiler = java(21) / "bin" / "javac"
        if not compiler.exists():
            raise Missing(f"{compiler} is missing: install a JDK, not a JRE, to compile plugins.")
        folder = home / "plugins" / source.stem.lower()
        classes = folder / "classes"
        classes.mkdir(parents=True)
        compiled = subprocess.run(
            [
                *(str(compiler), "--release", "21", "-proc:none"),
                *("-cp", str(home / "lib" / "*"), "-d", str(classes), str(source)),
            ],
            capture_output=True,
            text=True,
        )
        if compiled.returncode != 0:
            raise StartFailed(f"{source.name} does not compile:\n{compiled.stderr}")
        with zipfile.ZipFile(folder / "plugin.jar", "w") as jar:
            for path in classes.iterdir():
                jar.write(path, path.name)
        shutil.rmtree(classes)
        (folder / "plugin-descriptor.properties").write_text(
            f"name={source.stem.lower()}\ndescription=for tests\nversion=1\njava.version=21\n"
            f"classname={source.stem}\nelasticsearch.version={home.name.split('-')[1]}\n"
        )

    def _keep_password(self, home: Path, password: str) -> None:
        add = ["add", "--stdin", "--force", "bootstrap.password"]  # --force makes the keystore
        done = subprocess.run(
            [str(home / "bin" / "elasticsearch-keystore"), *add],
            input=password,
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise StartFailed(f"elasticsearch-keystore failed:\n{done.stdout}{done.stderr}")

    def environment(self) -> Mapping[str, str]:
        """Returns its Java, its heap, its configuration and its folder for what passes."""
        return {
            "ES_JAVA_HOME": str(java(21, self.uid, self.folder)),
            "ES_JAVA_OPTS": f"-Xms{self._heap_mb}m -Xmx{self._heap_mb}m",
            "ES_PATH_CONF": str(self._config),
            "ES_TMPDIR": str(self._passing),
            "CLI_JAVA_OPTS": f"-Djava.io.tmpdir={self._passing}",
        }

    def command(self) -> list[str]:
        """Returns the command of the node in the foreground."""
        return [str(self._home() / "bin" / "elasticsearch")]

    def ready(self) -> bool:
        """Returns whether the cluster is yellow or better."""
        try:
            answer = httpx.get(
                f"{self.address}/_cluster/health",
                auth=(USER, self.password) if self.password is not None else None,
                verify=False,
                timeout=2,
            )
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()["status"] in {"yellow", "green"}
