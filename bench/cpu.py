"""CPU seconds of a process with all that it has started, also of what has ended since."""

import psutil


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
