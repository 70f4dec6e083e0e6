"""Ends processes with their owner, who holds the other end of our standard input: the system closes that in any case.

    python guard.py run COMMAND ARGUMENT ...    the command, in our own process group, which ends with the owner
    python guard.py watch PID ...               processes that run already

Start it in a new session. When a command ends first, what it leaves in the group is for the owner to end (`end_group`).
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

STOP_LIMIT_S = 10.0


def run(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: None)  # the group's, below, is not for us
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    orphaned = threading.Event()
    threading.Thread(target=_end_with_owner, args=[orphaned], daemon=True).start()
    code = child.wait()
    if orphaned.is_set():
        end_group(os.getpgrp())
    return code if code >= 0 else 128 - code


def watch(processes: list[str]) -> int:
    _wait_for_owner()
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)
    return 0


def end_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _end_with_owner(orphaned: threading.Event) -> None:
    _wait_for_owner()
    orphaned.set()
    os.killpg(os.getpgrp(), signal.SIGTERM)
    killer = threading.Timer(STOP_LIMIT_S, end_group, [os.getpgrp()])
    killer.daemon = True
    killer.start()


def _wait_for_owner() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass


if __name__ == "__main__":
    sys.exit({"run": run, "watch": watch}[sys.argv[1]](sys.argv[2:]))
