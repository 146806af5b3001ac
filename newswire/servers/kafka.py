"""Real Apache Kafka: a KRaft node, broker and controller in one process; alone or in a cluster."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from newswire.servers.artifacts import artifacts, java
from newswire.servers.process import Server, StartFailed, free_port

CLUSTER_ID = "bmV3c3dpcmUtdGVzdHMtMQ"
STARTED = "Kafka Server started"


class Kafka(Server):
    """A broker at `address`, on `folder`: a free port of the loopback, where none is given.

    `advertised` ("host:port") is the address that it tells its clients, when that is not its own:
    that of a proxy in front of it. `further` are further listeners by name, each with its port and
    that of the proxy in front of it. `settings` are further lines of server.properties: those of
    a cluster replace what makes it stand alone.
    """

    name = "kafka"

    def __init__(
        self,
        folder: Path,
        advertised: str | None = None,
        settings: Mapping[str, str] | None = None,
        further: Mapping[str, tuple[int, int]] | None = None,
        address: str | None = None,
        heap_mb: int = 512,
    ) -> None:
        super().__init__(folder)
        self.address = address or f"127.0.0.1:{free_port()}"
        self.advertised = advertised or self.address
        self._controller = f"127.0.0.1:{free_port()}"
        self._settings = dict(settings or {})
        self._further = dict(further or {})
        self._heap_mb = heap_mb
        self._log_read_from = 0

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def prepare(self) -> None:
        """Writes server.properties and, the first time, format the storage."""
        ports = self._further.items()
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{self._controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"CLIENT://{self.address},CONTROLLER://{self._controller}"
            + "".join(f",{name}://127.0.0.1:{port}" for name, (port, _) in ports),
            "advertised.listeners": f"CLIENT://{self.advertised}"
            + "".join(f",{name}://127.0.0.1:{proxy}" for name, (_, proxy) in ports),
            "inter.broker.listener.name": "CLIENT",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT"
            + "".join(f",{name}:PLAINTEXT" for name, _ in ports),
            "log.dirs": str(self.folder / "data"),
            "num.partitions": "1",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # A broker that was killed may register again only when its last session has run out.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "group.initial.rebalance.delay.ms": "0",
            **self._settings,
        }
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        self._properties.write_text("".join(lines), encoding="utf-8")
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        self._log_read_from = self.log.stat().st_size if self.log.exists() else 0

    def _format(self) -> None:
        arguments = ["format", "--cluster-id", CLUSTER_ID, "--config", str(self._properties)]
        done = subprocess.run(
            [*self._java("-Xmx128m"), "kafka.tools.StorageTool", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise StartFailed(f"kafka cannot format its storage:\n{done.stdout}{done.stderr}")

    def _java(self, *options: str) -> list[str]:
        jars = str(artifacts() / "*")
        return [str(java(17, folder=self.folder) / "bin" / "java"), *options, "-cp", jars]

    def command(self) -> list[str]:
        """Returns the command of the broker in the foreground."""
        passing = f"-Djava.io.tmpdir={self.folder}"  # or libraries stay behind in /tmp
        heap = (f"-Xms{self._heap_mb}m", f"-Xmx{self._heap_mb}m")
        options = [*heap, "-XX:+ExitOnOutOfMemoryError", passing]
        return [*self._java(*options), "kafka.Kafka", str(self._properties)]

    def ready(self) -> bool:
        """Returns whether this start's part of the log says so.

        The log is asked, for the advertised address may be a proxy that is not there yet.
        """
        with self.log.open("rb") as log:
            log.seek(self._log_read_from)
            return STARTED.encode() in log.read()
