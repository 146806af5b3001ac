"""Damaged and hostile deliveries at every format: python -m tests.bench.fuzz [SECONDS] [SEED].

Fixtures and demo stories are cut, doubled, mixed and altered, and each format reads them. Prints
what broke a promise: another error than ParseError, more than five seconds, or more memory than
twenty times the input and 32 MB.
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Iterator

from connectors.formats import FORMATS
from pipeline.wire import codec
from pipeline.wire.errors import ParseError
from tests.contracts.golden import context, fixtures

SECONDS = 600.0
SLOWEST_SECONDS = 5.0
GROWTH = 20
BASE_BYTES = 32 * 1024 * 1024
PIECES = (
    b"\x00", b"\x01", b"\x02", b"\x03", b"\x1f", b"&#0;", b"&nbsp;", b"<![CDATA[", b"]]>", b"<p>",
    b"<a " + b"b " * 500, b"[" * 500, b"{", b'"', b"\\ud800", b"\xff\xfe", b"\xed\xa0\x80",
    b"\n" * 500, b"BC-A--B,1\n", b"LISBON (AP) - ", b"KILL", b"EMBARGOED until ", b"9" * 400,
    b"<nitf>", b"ZCZC\n",
)  # fmt: skip


def deliveries(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield a format's name and a delivery that was made of its fixtures, without end."""
    paths = {name: fixtures(name) for name in FORMATS}
    every = [path.read_bytes() for found in paths.values() for path in found]
    while True:
        name = chance.choice(list(paths))
        raw = bytearray(chance.choice(paths[name]).read_bytes())
        for _ in range(chance.randint(1, 8)):
            start = chance.randint(0, len(raw))
            end = min(len(raw), start + int(chance.expovariate(1 / 60)))
            other = chance.choice(every)
            at = chance.randint(0, len(other))
            piece = chance.choice(
                (b"", bytes(raw[start:end]) * 2, chance.choice(PIECES), other[at : at + 200])
            )
            raw[start:end] = piece
        yield name, bytes(raw)


def main() -> int:
    """Fuzz for the given time; the number of broken promises is the exit code, 100 at most."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    chance = random.Random(sys.argv[2] if len(sys.argv) > 2 else "newswire")
    contexts = {name: context(fixtures(name)[0]) for name in FORMATS}
    until = time.monotonic() + seconds
    tried = broken = 0
    tracemalloc.start()
    for name, raw in deliveries(chance):
        if time.monotonic() > until:
            break
        tried += 1
        tracemalloc.reset_peak()
        before, start = tracemalloc.get_traced_memory()[0], time.process_time()
        said = None
        try:
            for story in FORMATS[name](raw, contexts[name]).stories:
                codec.encode(story)
        except ParseError:
            pass
        except Exception as error:  # every other error breaks the promise
            said = repr(error)
        grown = tracemalloc.get_traced_memory()[1] - before
        spent = time.process_time() - start
        if spent > SLOWEST_SECONDS:
            said = said or f"{spent:.1f} s"
        if grown > max(BASE_BYTES, GROWTH * len(raw)):
            said = said or f"{grown / 1e6:.0f} MB of {len(raw)} bytes"
        if said:
            broken += 1
            sys.stdout.write(f"{name}: {said}\n  {raw[:300]!r}\n")
    sys.stdout.write(f"{tried} deliveries, {broken} broken promises\n")
    return min(broken, 100)


if __name__ == "__main__":
    sys.exit(main())
