"""What runs on this machine."""

import subprocess
from collections.abc import Mapping


def processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of all that run, by process id."""
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    found = (line.split(None, 3) for line in listed.stdout.splitlines())
    return {
        int(pid): (int(parent), args) for pid, parent, state, args in found if state[0] != "Z" and args[:3] != "ps "
    }


def below(pid: int, running: Mapping[int, tuple[int, str]]) -> set[int]:
    direct = {child for child, (parent, _) in running.items() if parent == pid}
    return direct.union(*(below(child, running) for child in direct))
