"""What a number may depend on besides the settings: this machine, and the packages in this Python."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires
from pathlib import Path

from webarena_runner import registry
from webarena_runner.allowance import cores
from webarena_runner.extras import PACKAGE

NVIDIA_SMI = "nvidia-smi"
_ASK_GPUS = ("--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
# It wakes sleeping GPUs, which takes seconds.
_GPU_LIMIT_S = 20
_NAME = re.compile(r"[A-Za-z0-9._-]+")
# The header of the file comes first, and has one.
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)
_OF_DEVELOPERS = re.compile(r"""extra\s*==\s*['"](dev|docs)['"]""")


def hardware() -> dict[str, str]:
    """Processor, cores that this process may use, memory, and each GPU with driver and memory, where there is one."""
    found = {"cpu": _cpu(), "cores": str(cores()), "memory": _memory()}
    return {name: text for name, text in found.items() if text} | _gpus()


def packages() -> dict[str, str]:
    """Versions of what the runner needs or can use, and of the packages that announce plug-ins of it."""
    found = {}
    for name in sorted({*_named(PACKAGE), *registry.packages()} - {PACKAGE}, key=str.lower):
        try:
            found[name] = _version(distribution(name))
        except PackageNotFoundError:
            continue
    return found


def _version(package: Distribution) -> str:
    """As its `version`, which reads a whole description as an e-mail: for all, a tenth of the start of a run."""
    found = _VERSION.search(package.read_text("METADATA") or "")
    return found[1] if found else package.version


def _named(package: str) -> Iterator[str]:
    """The packages that one names as its requirements, those of its extras too, unless they are tools of developers."""
    try:
        lines = requires(package) or []
    except PackageNotFoundError:
        return
    for line in lines:
        match = _NAME.match(line)
        if match and not _OF_DEVELOPERS.search(line):
            yield match.group()


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return named[1].strip() if named else platform.machine()


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"
    except (AttributeError, OSError, ValueError):
        return ""


def _gpus() -> dict[str, str]:
    """None where there is no such program, or it does not answer."""
    program = shutil.which(NVIDIA_SMI)
    if program is None:
        return {}
    try:
        done = subprocess.run(
            [program, *_ASK_GPUS], capture_output=True, text=True, timeout=_GPU_LIMIT_S, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    found = {}
    for index, line in enumerate(filter(str.strip, done.stdout.splitlines())):
        name, driver, memory = ([part.strip() for part in line.split(",")] + ["", ""])[:3]
        found[f"gpu {index}"] = f"{name}, driver {driver}, {memory}"
    return found
