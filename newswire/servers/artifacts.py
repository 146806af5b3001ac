"""Java, Maven, and the files of the real servers, fetched once and verified."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from newswire.servers.jre import bundled

HERE = Path(__file__).parent


class Missing(Exception):
    """This machine lacks something that the real servers need; the message says what to do."""


def cache() -> Path:
    """Returns the folder of files kept between runs: `NEWSWIRE_CACHE`, else `~/.cache/newswire`."""
    chosen = os.environ.get("NEWSWIRE_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "newswire"


def artifacts() -> Path:
    """Returns the folder with Kafka's jars and Elasticsearch's zip, each as pinned in `sha256sums`.

    They are copied through Maven the first time, and again after a pin has changed.

    Raises:
        Missing: no Maven, Maven could not get them, or a file is not the one pinned.
    """
    pins = (HERE / "sha256sums").read_bytes()
    made = (HERE / "pom.xml").read_bytes() + pins
    folder = cache() / f"servers-{hashlib.sha256(made).hexdigest()[:16]}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as temporary:
            fetched = Path(temporary) / "servers"
            _fetch(fetched)
            _verify(fetched, pins.decode("ascii"))
            # Two first runs at once both fetch; the second rename finds the folder made.
            try:
                fetched.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("Maven is not installed: install it (mvn) to run the real servers.")
    done = subprocess.run(
        [
            maven,
            *("--batch-mode", "--quiet", "--file", str(HERE / "pom.xml")),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={folder}",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise Missing(
            f"Maven could not get the real servers:\n{(done.stdout + done.stderr)[-2000:]}"
        )


def _verify(folder: Path, pins: str) -> None:
    pinned = {name: digest for digest, name in (line.split() for line in pins.splitlines())}
    found: dict[str, str] = {}
    for path in folder.iterdir():
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    wrong = sorted(name for name, _ in found.items() ^ pinned.items())
    if wrong:
        raise Missing(
            f"These files differ from those in sha256sums: {', '.join(dict.fromkeys(wrong))}"
        )


def java(at_least: int, uid: int | None = None, folder: Path | None = None) -> Path:
    """Returns a Java home of version `at_least` or newer that user `uid`, or this one, can run.

    `ES_JAVA_HOME` and `JAVA_HOME` come first, then the oldest that will do of those installed,
    then that of the extra `newswire[java]`, which is laid out in `folder`.

    Raises:
        Missing: there is none.
    """
    named = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if name in os.environ]
    installed = {home: version for home in _homes() if (version := _version(home)) is not None}
    by_age = sorted(installed, key=lambda home: (installed[home], home))
    for home in [*named, *by_age]:
        version = installed.get(home) or _version(home) or 0
        if version >= at_least and (uid is None or enterable(home / "bin" / "java", uid)):
            return home
    own = bundled(folder) if folder else None
    if own and (_version(own) or 0) >= at_least:
        return own
    raise Missing(
        f"Java {at_least} or newer is not installed (nor named by JAVA_HOME): install it, or "
        "`pip install newswire[java]`."
    )


def _homes() -> Iterator[Path]:
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve().parent.parent
    for folder, pattern in (
        (Path("/usr/lib/jvm"), "*"),
        (Path("/opt"), "*"),
        (Path("/opt/java"), "*"),
        (Path("/Library/Java/JavaVirtualMachines"), "*/Contents/Home"),
        (Path.home() / ".sdkman" / "candidates" / "java", "*"),
        (Path.home() / ".jdks", "*"),
    ):
        yield from (home for home in folder.glob(pattern) if (home / "bin" / "java").exists())


def _version(home: Path) -> int | None:
    """Returns the major version of the Java in `home`: 17, 21, 25; None when it is none."""
    try:
        told = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        told = ""
    if (found := re.search(r'JAVA_VERSION="(\d+)', told)) is None:
        try:
            asked = subprocess.run(
                [home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        found = re.search(r'version "(\d+)', asked.stderr)
    return int(found[1]) if found else None


def enterable(path: Path, uid: int) -> bool:
    """Returns whether user `uid` may pass every folder above `path`, and run or enter it."""
    for step in (path.resolve(), *path.resolve().parents):
        status = step.stat()
        bit = stat.S_IXUSR if status.st_uid == uid else stat.S_IXOTH
        if not status.st_mode & bit:
            return False
    return True
