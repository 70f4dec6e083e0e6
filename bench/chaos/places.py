"""What is set up around a run: a disk that can be full, a clock that can jump, a machine that is busy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.chaos.run import MARK, WA_RUN
from tests.support.ray_nodes import Nodes, one_node

DISK_MIB = 48
HOGS_PER_CORE = 2
# Ends with its parent, however that ends.
HOG = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"
FAKETIME = (
    Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
    Path("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"),
)
# The runner alone has another clock: what it starts does not preload the library. In libfaketime 0.9.10 a waiting clock
# that stays lets each time.sleep fail (clock_nanosleep: EINVAL), which no real clock does.
_ON_ITS_OWN = (
    "import os, runpy, select, time; os.environ.pop('LD_PRELOAD'); "
    "time.sleep = lambda seconds: select.select([], [], [], seconds); "
    "runpy.run_module('webarena_runner.cli', run_name='__main__')"
)


class LeftOut(Exception):
    """This machine lacks what a disturbance needs."""


@contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """A file system of its own in the memory, which root may mount."""
    if os.geteuid() != 0:
        raise LeftOut("only root may mount a small disk")
    place.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        raise LeftOut(f"no small disk: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def full(place: Path, *, left_bytes: int = 0) -> Iterator[None]:
    """Takes all room of the file system that `place` is on, but for so much."""
    ballast = place / "ballast"
    room = os.statvfs(place)
    with ballast.open("wb") as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize - left_bytes))
    try:
        yield
    finally:
        ballast.unlink()


class Clock:
    """The wall clock of a runner; its clock for waiting stays, as when a machine's time is set."""

    program = (WA_RUN[0], "-c", _ON_ITS_OWN)

    def __init__(self, place: Path) -> None:
        library = next((path for path in FAKETIME if path.exists()), None)
        if library is None:
            raise LeftOut("needs libfaketime: apt-get install faketime")
        self._file = place / "clock"
        self.environ = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.set_by(0)

    def set_by(self, seconds: int) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._file)


@contextmanager
def hogs() -> Iterator[None]:
    """Programs that take most of the machine away from a run."""
    count = HOGS_PER_CORE * (os.cpu_count() or 1)
    burning = [
        subprocess.Popen([sys.executable, "-c", HOG, str(os.getpid())], start_new_session=True) for _ in range(count)
    ]
    try:
        yield
    finally:
        for each in burning:
            each.kill()
            each.wait()


@dataclass
class RayNodes:
    """Two nodes of a Ray cluster, the driver on the first."""

    nodes: Nodes
    second: Any

    @property
    def address(self) -> str:
        return self.nodes.address

    def replace(self) -> None:
        """Kills the second with all its processes, and starts another."""
        self.nodes.kill(self.second)
        self.second = self.nodes.add()


@contextmanager
def ray_nodes(mark: str) -> Iterator[RayNodes]:
    """What is started on them has the mark of the run that they are for."""
    if find_spec("ray") is None:
        raise LeftOut("needs Ray: the environment of make ray-test")
    os.environ[MARK] = mark
    try:
        with one_node() as nodes:
            yield RayNodes(nodes, nodes.add())
    finally:
        del os.environ[MARK]
