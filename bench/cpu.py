"""CPU seconds of a process with all that it has started, also of what has ended since."""

import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

# Of <linux/prctl.h>.
SET_CHILD_SUBREAPER = 36


def drivers() -> set[int]:
    """Process ids of the Playwright drivers of this process."""
    return {child.pid for child in psutil.Process().children() if "run-driver" in _command(child)}


def own_s(pid: int) -> float:
    return _seconds_of(psutil.Process(pid))


def tree_s(pid: int) -> float:
    """With its descendants; those that have ended are in the time of whoever waited for them."""
    root = psutil.Process(pid)
    return sum(map(_seconds_of, [root, *root.children(recursive=True)]))


def _seconds_of(process: psutil.Process) -> float:
    try:
        spent = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(spent.user + spent.system + spent.children_user + spent.children_system)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@dataclass(frozen=True)
class Ran:
    """A command that has ended, and all it started with it; `began` is by the wall clock.

    `cpu_s` is of all of them, `itself_s` of the command's own process.
    """

    began: datetime
    wall_s: float
    cpu_s: float
    itself_s: float


def ran(
    command: Sequence[str | Path], log: Path, *, at: Path | None = None, more: Mapping[str, str] | None = None
) -> Ran:
    """Runs it to its end in folder `at`, with its output in `log`; adopts what its descendants leave, to count it too.

    `more` is added to its environment.

    Raises CalledProcessError, with the output, when it fails.
    """
    _adopt_orphans()
    others = _children()
    before, began, clock = resource.getrusage(resource.RUSAGE_CHILDREN), datetime.now(UTC), time.monotonic()
    # Where nothing compiled is kept, each run compiles all of its own modules.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ |= more or {}
    with log.open("w") as out:
        process = subprocess.Popen([*map(str, command)], stdout=out, stderr=out, env=environ, cwd=at)
        # Left unburied, or its time would be among that of all that this process has waited for.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        itself = psutil.Process(process.pid).cpu_times()
        code = process.wait()
    wall_s = time.monotonic() - clock
    if code:
        raise subprocess.CalledProcessError(code, process.args, log.read_text())
    while left := _children() - others:
        os.waitpid(left.pop(), 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(began, wall_s, cpu_s, itself.user + itself.system)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def _adopt_orphans() -> None:
    """Processes whose parent has ended become children of this one, whose time counts when they are waited for."""
    if ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no adopting of orphans on this system")
