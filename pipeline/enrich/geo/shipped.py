"""The gazetteer that the package ships, unpacked once for all processes to map.

`python -m tools.gazetteer` builds data/gazetteer.bin.zst. Places: GeoNames, CC BY 4.0; see
data/gazetteer.LICENCE.md.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from importlib.resources import files
from pathlib import Path

import zstandard

from pipeline.wire.errors import SetupError


def ensure(directory: Path) -> Path:
    """Returns the shipped gazetteer's file in a folder, unpacked first if it is not there whole.

    Raises:
        SetupError: it can't be written.
    """
    packed = files("pipeline.enrich.geo").joinpath("data/gazetteer.bin.zst").read_bytes()
    key = hashlib.blake2b(packed, digest_size=6).hexdigest()
    path = directory / f"gazetteer-{key}.bin"
    if not path.exists() or path.stat().st_size != zstandard.frame_content_size(packed):
        replace(path, zstandard.ZstdDecompressor().decompress(packed))
    return path


def replace(path: Path, content: bytes) -> None:
    """Write a gazetteer file. Another process sees the old one or the new one, both whole.

    Raises:
        SetupError: it can't be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".gazetteer-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise SetupError(f"the gazetteer can't be written to {path}: {error}") from error
