"""Runs one server for another process and outlives it by a moment, to end the server.

Usage: guard.py UID|- COMMAND... The first line of standard output is the id of the server's
process, which is that of its process group too. Standard input is the life line: the kernel
closes it when the process that holds the other end dies, however it dies, and then the whole
group is killed. That a JVM starts another, or that the group is stopped, makes no difference.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> int:
    """Runs the server, and returns its exit status."""
    user, *command = sys.argv[1:]
    uid = None if user == "-" else int(user)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)

    def hold_life_line() -> None:
        sys.stdin.buffer.read()
        kill()

    threading.Thread(target=hold_life_line, daemon=True).start()
    print(server.pid, flush=True)
    status = server.wait()
    kill()
    return status


if __name__ == "__main__":
    # At once: a normal exit would wait for the thread that holds the life line.
    os._exit(main())
