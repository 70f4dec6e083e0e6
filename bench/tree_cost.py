"""What a process and all that it started take: processor time and memory (PSS) of runner, Chromium and driver."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LOOK_EVERY_S = 1.0
# Memory takes some milliseconds a process to ask for.
WEIGHED_EVERY = 4


@dataclass
class Cost:
    """Processor time, and the most memory at once, by kind; `busy` is the share of all cores that anybody used."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    most_mb: dict[str, float] = field(default_factory=dict)
    busy: float = 0.0


class Tree:
    """Processes that end between two looks are counted as they were at the last one."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._cpu_s: dict[int, tuple[str, float]] = {}

    def look(self, cost: Cost, *, weigh: bool) -> None:
        most_mb: dict[str, float] = {}
        try:
            main = psutil.Process(self._root)
            every = [main, *main.children(recursive=True)]
        except psutil.Error:
            return
        for process in every:
            try:
                kind, spent = self._kind(process), process.cpu_times()
                self._cpu_s[process.pid] = kind, spent.user + spent.system
                if weigh:
                    most_mb[kind] = most_mb.get(kind, 0.0) + process.memory_full_info().pss / 2**20
            except (OSError, psutil.Error):
                continue
        for kind, size_mb in most_mb.items():
            cost.most_mb[kind] = max(cost.most_mb.get(kind, 0.0), size_mb)
        cost.cpu_s = {
            kind: sum(spent_s for each, spent_s in self._cpu_s.values() if each == kind)
            for kind, _ in self._cpu_s.values()
        }

    def _kind(self, process: psutil.Process) -> str:
        if process.pid == self._root:
            return "runner"
        if process.pid in self._cpu_s:
            return self._cpu_s[process.pid][0]
        program = Path(process.exe()).name.lower()
        return "chromium" if "chrom" in program or "headless" in program else "driver" if "node" in program else "other"


@contextmanager
def watched(root: int) -> Iterator[Cost]:
    """Looks every second while the block runs."""
    cost, over, tree = Cost(), threading.Event(), Tree(root)
    before, started = psutil.cpu_times(), time.monotonic()

    def watch() -> None:
        looks = 0
        while not over.wait(LOOK_EVERY_S):
            tree.look(cost, weigh=looks % WEIGHED_EVERY == 0)
            looks += 1

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield cost
    finally:
        over.set()
        watching.join()
        after = psutil.cpu_times()
        idle_s = after.idle + after.iowait - before.idle - before.iowait
        cost.busy = 1 - idle_s / ((time.monotonic() - started) * (psutil.cpu_count() or 1))
