"""No secret stands in what a command prints or logs, whatever goes wrong."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from config.settings import SECRETS, variable
from newswire.servers.process import free_port

ROOT = Path(__file__).parents[2]

FEEDS = {
    "http": 'source = "http"\nformat = "text"\nurl = "{web}/story"\n',
    "rss": 'source = "rss"\nformat = "rss"\nurl = "{web}/feed"\n',
    "ftp": 'source = "directory"\nformat = "text"\npath = "ftp://someone@127.0.0.1:{closed}/in"\n',
    "mail": 'source = "imap"\nformat = "mail"\nhost = "127.0.0.1"\nport = {closed}\nuser = "x"\n',
    "wire": 'source = "kafka"\nformat = "text"\ntopic = "x"\nbrokers = ["127.0.0.1:{closed}"]\n'
    'security_protocol = "SASL_PLAINTEXT"\nsasl_mechanism = "PLAIN"\nsasl_username = "x"\n'
    "timeout_seconds = 2\n",
    "hook": 'source = "webhook"\nformat = "text"\nport = {closed}\n',
}
SECRETS_OF_FEEDS = {
    "http": ["token"],
    "rss": ["password"],
    "ftp": ["password"],
    "mail": ["password"],
    "wire": ["sasl_password"],
    "hook": ["token", "hmac_secret"],
}
COMMANDS = [
    "status",
    "setup",
    "search ferry",
    "feeds check",
    "worker",
    "kibana import --url http://127.0.0.1:{closed}",
]


class Refusing(BaseHTTPRequestHandler):
    """Lets nobody in, and says back what was shown, as some proxies do."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.end_headers()
        self.wfile.write(str(self.headers).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Not to the test's output."""


@pytest.fixture
def web() -> Iterator[str]:
    """A server that refuses."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


STRONG = "0123456789abcdef"
"""Makes a secret that is not refused as weak."""


def forms(secret: str) -> set[str]:
    """A secret as it may stand somewhere."""
    return {
        secret,
        quote(secret, safe=""),
        secret.encode().hex(),
        base64.b64encode(secret.encode()).decode().rstrip("=")[:-1],
    }


def test_secrets_stay_secret(tmp_path: Path, web: str) -> None:
    """With nothing to be reached, at the most talkative level, no command tells a secret."""
    closed = free_port()
    (tmp_path / "feeds.toml").write_text(
        "".join(f"[feeds.{n}]\n{t.format(web=web, closed=closed)}" for n, t in FEEDS.items())
    )
    secrets = {variable(key): f"canary/{key[1]} é {STRONG}" for key in SECRETS}
    for feed, names in SECRETS_OF_FEEDS.items():
        for name in names:
            # As a file of secrets has it: with a line break at its end.
            end = "\n" if feed == "http" else ""
            secrets[f"NEWSWIRE_FEED__{feed.upper()}__{name.upper()}"] = (
                f"canary/{feed}{name} é {STRONG}{end}"
            )
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")},
        **secrets,
        "NEWSWIRE_DATA_DIR": str(tmp_path / "var"),
        "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(tmp_path / "feeds.toml"),
        "NEWSWIRE_LOGGING__LEVEL": "DEBUG",
        "NEWSWIRE_KAFKA__BROKERS": f"127.0.0.1:{closed}",
        "NEWSWIRE_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "NEWSWIRE_KAFKA__SASL_MECHANISM": "PLAIN",
        "NEWSWIRE_KAFKA__SASL_USERNAME": "someone",
        "NEWSWIRE_ELASTICSEARCH__URL": web,
        "NEWSWIRE_ELASTICSEARCH__USERNAME": "someone",
    }

    def told(command: str, **over: str) -> str:
        arguments = command.format(closed=closed).split()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "newswire", *arguments],
                cwd=ROOT,
                env={**environ, **over},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=20 if command == "worker" else 60,
            )
        except subprocess.TimeoutExpired as waiting:  # for what is away: as it should
            return (waiting.stdout or b"").decode()
        assert done.returncode != 0, command
        return done.stdout.decode()

    with ThreadPoolExecutor(4) as pool:
        outputs = dict(zip(COMMANDS, pool.map(told, COMMANDS), strict=True))
    outputs["a bad setting"] = told("status", NEWSWIRE_KAFKA__NOPE="1")
    outputs["a bad secret"] = told("status", NEWSWIRE_WEB__TOKEN="canary")
    kept = {
        str(path.relative_to(tmp_path)): path.read_bytes().decode("latin-1")
        for path in (tmp_path / "var").rglob("*")
        if path.is_file() and path.stat().st_size < 10_000_000
    }
    assert [command for command, text in outputs.items() if not text] == []
    for where, text in {**outputs, **kept}.items():
        for name, secret in secrets.items():
            line = next((x for x in text.splitlines() for f in forms(secret) if f in x), None)
            assert line is None, (name, where)
        assert "canary" not in text, where
