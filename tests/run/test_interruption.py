"""A run that is killed or interrupted at any moment goes on without losing or repeating a finished episode."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_manifest, read_results

pytestmark = [pytest.mark.browser, pytest.mark.long]
LIMIT_S = 120
WA_RUN = (sys.executable, "-m", "webarena_runner.cli")


def start(out: Path) -> subprocess.Popen[str]:
    """A run of its own process group, as a terminal would start it."""
    chosen = ("--task-set", "mini", "--tasks", "30-35")
    command = [*WA_RUN, "--model", "oracle", *chosen, "--out", str(out), "--run-id", "r"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def resume(out: Path) -> subprocess.CompletedProcess[str]:
    command = [*WA_RUN, "resume", "r", "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split("\n")
    pairs = [tuple(map(int, line.split())) for line in listed if line.strip()]
    direct = [child for child, parent in pairs if parent == pid]
    return direct + [below for child in direct for below in children_of(child)]


def finished_at(out: Path) -> dict[str, int]:
    """Modification times of the finished results."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (out / "r" / "episodes").glob("*/result.json")}


def test_a_killed_run_resumes_with_what_is_missing_and_leaves_no_process_behind(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for(lambda: len(finished_at(tmp_path)) >= 3, process)
    family = children_of(process.pid)
    process.kill()
    process.communicate(timeout=LIMIT_S)
    before = finished_at(tmp_path)
    planned = {f"{task_id}.{trial}" for task_id, trial in read_manifest(tmp_path / "r").planned}
    assert 3 <= len(before) < len(planned)

    done = resume(tmp_path)
    assert done.returncode == 0, done.stderr
    after = finished_at(tmp_path)
    assert set(after) == planned
    assert {name: after[name] for name in before} == before
    assert all(result.value == 1 for result in read_results(tmp_path / "r").values())
    rows = (tmp_path / "leaderboard.csv").read_text().splitlines()
    assert len(rows) == 2
    deadline = time.monotonic() + 20
    while left := [pid for pid in family if Path(f"/proc/{pid}").exists() and not is_zombie(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def is_zombie(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def test_a_run_whose_tasks_have_changed_is_not_mixed(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for(lambda: len(finished_at(tmp_path)) >= 1, process)
    process.kill()
    process.communicate(timeout=LIMIT_S)
    path = RunPaths(tmp_path / "r").tasks
    path.write_text(path.read_text().replace("How many", "How few"))
    done = resume(tmp_path)
    assert done.returncode == 2
    assert f"{path}: has changed since the run began" in done.stderr
