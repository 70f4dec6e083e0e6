"""How much memory a process takes with all that it has started."""

import psutil

from webarena_runner.allowance import MIB
from webarena_runner.allowance import memory_mb as allowed_mb


def memory_mb(pid: int) -> float:
    """MiB. What processes share counts once on Linux (PSS), elsewhere for each of them (RSS); 0 when it has ended."""
    try:
        root = psutil.Process(pid)
        return sum(map(_bytes_of, [root, *root.children(recursive=True)])) / MIB
    except psutil.Error:
        return 0.0


def half_of_all_mb() -> float:
    """Of the memory that this process may use."""
    return allowed_mb() / 2


def _bytes_of(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss if psutil.LINUX else process.memory_info().rss)
    except psutil.Error:
        return 0
