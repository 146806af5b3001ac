"""`python -m tests.servers up --kind real --dir D`: servers to try things on by hand.

Prints their addresses as settings of the environment, and runs until SIGINT or SIGTERM.
"""

import argparse
import signal
import sys
from pathlib import Path

from tests.servers import KINDS, Missing, StartFailed, engine


def main() -> int:
    """0 when stopped by a signal, 1 when the servers could not start."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the servers and keep them running")
    up.add_argument("--kind", choices=KINDS, default="real")
    up.add_argument("--dir", type=Path, required=True, help="where they keep their data")
    arguments = parser.parse_args()

    signals = {signal.SIGINT, signal.SIGTERM}
    try:
        with engine(arguments.kind, arguments.dir) as running:
            signal.pthread_sigmask(signal.SIG_BLOCK, signals)
            print(f"NEWSWIRE_KAFKA__BROKERS={running.brokers}")
            print(f"NEWSWIRE_ELASTICSEARCH__URL={running.elasticsearch_url}", flush=True)
            signal.sigwait(signals)
    except (Missing, StartFailed) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
