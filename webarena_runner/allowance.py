"""What of the machine this process may use: the limits of its control groups (containers, systemd, Slurm) count too."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

MIB = 1 << 20
# Version 1 says with a number near 2**63 that there is no limit.
_NO_LIMIT = 1 << 60


@dataclass(frozen=True)
class Groups:
    """Where Linux tells of them; elsewhere there is nothing."""

    own: Path = Path("/proc/self/cgroup")
    mounted: Path = Path("/sys/fs/cgroup")

    def folders(self, controller: str) -> Iterator[Path]:
        """The group of this process and those above it, each of which may have a limit."""
        for line in _text(self.own).splitlines():
            _, names, path = (line.split(":", 2) + ["", ""])[:3]
            if names and controller not in names.split(","):
                continue
            root = self.mounted / names if names else self.mounted
            folder = root / path.lstrip("/")
            # In a container the path may be that of the machine, and what is mounted that of the container.
            yield from (each for each in (folder, *folder.parents) if each.is_relative_to(root) and each.is_dir())


HERE = Groups()


def cores(groups: Groups = HERE) -> int:
    """Those that this process may use, at least 1; 1 where that cannot be told."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shares = [found]
    for folder in groups.folders("cpu"):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        quota = quota or _text(folder / "cpu.cfs_quota_us")
        period = period or _text(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):
            shares.append(max(1, round(int(quota) / int(period))))
    return min(shares)


def memory_mb(groups: Groups = HERE) -> float:
    """MiB that this process and all others of its groups may use."""
    limits = [limit for limit, _ in _limits(groups)]
    return min([psutil.virtual_memory().total, *limits]) / MIB


def free_mb(groups: Groups = HERE) -> float:
    """MiB that can be had without anything being swapped out or killed."""
    left = [limit - used for limit, used in _limits(groups)]
    return max(0.0, min([psutil.virtual_memory().available, *left]) / MIB)


def _limits(groups: Groups) -> Iterator[tuple[int, int]]:
    """The limit of each group that has one, and what is used of it; files in the cache that can go are not."""
    for folder in groups.folders("memory"):
        limit = _text(folder / "memory.max") or _text(folder / "memory.limit_in_bytes")
        used = _text(folder / "memory.current") or _text(folder / "memory.usage_in_bytes")
        if limit.isdecimal() and used.isdecimal() and int(limit) < _NO_LIMIT:
            stat = dict(line.split(" ", 1) for line in _text(folder / "memory.stat").splitlines() if " " in line)
            cached = stat.get("total_inactive_file") or stat.get("inactive_file") or "0"
            yield int(limit), max(0, int(used) - int(cached))


def _text(path: Path) -> str:
    """Empty where there is no such file."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
