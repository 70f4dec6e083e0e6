"""What the HTML report of a run of the benchmark's size takes in time, memory and room, and how soon it can be used.

The run is made up (`synthetic_run`). Its time is beside that of reading the same run folder, every record of it.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from playwright.sync_api import sync_playwright

from bench.synthetic_run import make_run
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_steps
from webarena_runner.report.summary import load_run
from webarena_runner.report.units import size

HEADLESS_SHELL = Path("/usr/bin/chromium-headless-shell")
# Asking for it holds the process up.
SAMPLE_S = 0.5
FIRST_ROW = "table.tasks tbody tr a"


class Spent(NamedTuple):
    """Seconds on the clock, and of processors, which other programs on the machine change less."""

    clock_s: float
    processor_s: float


def read_all(run: Path) -> Spent:
    """Every result and step of the run, by this process."""
    started, processor = time.perf_counter(), time.process_time()
    report = load_run(run)
    for key in report.manifest.planned:
        for _ in read_steps(RunPaths(run).episode(*key).folder):
            pass
    return Spent(time.perf_counter() - started, time.process_time() - processor)


def build(run: Path, folder: Path) -> tuple[Spent, float]:
    """The whole command, and the most memory of it and its processes together in MB."""
    command = [sys.executable, "-m", "webarena_runner.cli", "report", str(run), "--html", str(folder)]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    most = 0.0
    while process.poll() is None:
        most = max(most, memory_mb(process.pid))
        time.sleep(SAMPLE_S)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(time.perf_counter() - started, processor_s), most


def memory_mb(pid: int) -> float:
    """Resident memory of a process and all below it, what they share counted once."""
    total = 0.0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for each in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                total += each.memory_full_info().pss / 1e6
    return total


def usable(index: Path, turns: int) -> list[float]:
    """Seconds from asking for the first page until its first task can be clicked, in a browser that is warm."""
    found = []
    with sync_playwright() as playwright:
        path = str(HEADLESS_SHELL) if HEADLESS_SHELL.exists() else None
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=os.geteuid() != 0)
        for _ in range(turns):
            page = browser.new_page()
            started = time.perf_counter()
            page.goto(index.as_uri(), wait_until="commit")
            page.locator(FIRST_ROW).first.click(trial=True)
            found.append(time.perf_counter() - started)
            page.close()
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=812)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the run here, or use the one that is here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run = given.folder or Path(scratch) / "run"
        if not run.exists():
            make_run(run, tasks=given.tasks, steps=given.steps)
        report = Path(scratch) / "report"
        readings, builds, memories = [], [], []
        for _ in range(given.turns):
            readings.append(read_all(run))
            spent, memory = build(run, report)
            builds.append(spent)
            memories.append(memory)
        index = report / "index.html"
        for name, all_spent in (("reading the run folder", readings), ("building the report", builds)):
            clock_s, processor_s = map(statistics.median, zip(*all_spent, strict=True))
            print(f"{name:28}  {clock_s:8.1f} s   {processor_s:8.1f} s of processors")
        ratios = [one.clock_s / other.clock_s for one, other in zip(builds, readings, strict=True)]
        print(f"building / reading            {statistics.median(ratios):8.2f}")
        print(f"memory while building         {max(memories):8.0f} MB")
        print(f"index page                    {size(index.stat().st_size):>11}")
        pages = sum(path.stat().st_size for path in (report / "tasks").iterdir())
        print(f"episode pages                 {size(pages):>11}")
        print(f"first task can be clicked     {statistics.median(usable(index, 2 * given.turns + 1)):8.2f} s")


if __name__ == "__main__":
    main()
