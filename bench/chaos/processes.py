"""Which process of a run is which, and what is left of a run that has ended."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tests.support.processes import below, processes

# By command line. Debian's Chromium is a shell script that starts another program: to kill the script proves nothing.
KINDS: Mapping[str, Callable[[str], bool]] = {
    "runner": lambda args: "webarena_runner.cli" in args,
    "browser": lambda args: "--remote-debugging-pipe" in args and "--type=" not in args and "/bin/sh" not in args,
    "renderer": lambda args: "--type=renderer" in args,
    "driver": lambda args: "run-driver" in args,
    "sites' process": lambda args: "webarena_mini.server" in args,
    "model's server": lambda args: "xserver.py" in args and "guard.py" not in args,
    "Chromium's other processes": lambda args: "--type=" in args or "chrome_crashpad" in args,
}
# Actors of a run. What else Ray has started stays when a run ends.
ACTORS = ("ray::Worker", "ray::Host")
ORPHAN_LIMIT_S = 10.0


def kind_of(args: str) -> str:
    """One of `KINDS`, or ""."""
    return next((kind for kind, holds in KINDS.items() if holds(args)), "")


class Family:
    """All processes of a run, also those that have left its process group and lost their parents."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._known: set[int] = set()

    def look(self, pid: int) -> dict[int, str]:
        """Those below a run's process, and that itself, with what kind each is."""
        running = processes()
        found = {each: kind_of(running[each][1]) for each in below(pid, running) | {pid} if each in running}
        self._known |= found.keys()
        return found

    def left(self) -> dict[int, str]:
        """Command lines of those that are still there a while after the run has ended."""
        deadline = time.monotonic() + ORPHAN_LIMIT_S
        while True:
            running = processes()
            left = {pid: args for pid, (_, args) in running.items() if self._counts(pid, args)}
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.2)

    def _counts(self, pid: int, args: str) -> bool:
        return pid in self._known or (self._is_marked(pid) and not _is_of_ray(args))

    def _is_marked(self, pid: int) -> bool:
        with suppress(OSError):
            return self._mark in Path(f"/proc/{pid}/environ").read_bytes()
        return False


def _is_of_ray(args: str) -> bool:
    return "/site-packages/ray/" in args or (args.startswith(("ray::", "ray-")) and not args.startswith(ACTORS))


def kill(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
