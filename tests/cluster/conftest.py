"""A Ray cluster of several nodes on this machine, and runs on it."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import WA_RUN
from tests.support.processes import processes
from tests.support.ray_nodes import Nodes, one_node, require_ray
from webarena_runner.log.reading import read_manifest, read_results
from webarena_runner.types import EpisodeResult

LIMIT_S = 300
# In the environment of all that a run starts, also on a cluster of its own.
MARK = "WA_TEST_RUN"
Started = Callable[..., "Run"]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A head node; tests add others, and take them away."""
    require_ray()
    with one_node() as found:
        yield found


@dataclass(frozen=True)
class Run:
    """`wa-run` as a process of its own, and its run folder."""

    process: "subprocess.Popen[str]"
    folder: Path

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert self.process.poll() is None, f"it ended before that: {self.process.communicate()}"
            assert time.monotonic() < deadline, "it takes too long"
            time.sleep(0.2)

    def until_steps(self, episodes: int) -> None:
        """So many attempts have a step."""
        self.until(lambda: len(list(self.folder.glob("episodes/*/steps.jsonl"))) >= episodes)

    def left(self) -> dict[int, str]:
        """Processes that the run started and that are there still a few seconds after its end."""
        mark, deadline = f"{MARK}={self.folder.parents[1]}".encode(), time.monotonic() + 15
        while True:
            left = {pid: args for pid, (_, args) in processes().items() if mark in _environ(pid)}
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.5)

    def ended(self) -> str:
        """What it printed."""
        out, err = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0, (out, err)
        return out

    @property
    def failures(self) -> list[str]:
        """Classes of the errors of all attempts."""
        texts = [path.read_text() for path in self.folder.glob("attempts/*/result.json")]
        return [text.split('"error_class": "')[1].split('"')[0] for text in texts]

    def require_all_passed_once(self) -> dict[Any, EpisodeResult]:
        planned = {tuple(each) for each in read_manifest(self.folder).planned}
        results = read_results(self.folder)
        assert set(results) == planned
        assert {key: result.value for key, result in results.items()} == dict.fromkeys(planned, 1.0)
        return results


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def started(workdir: Path) -> Iterator[Started]:
    """Starts runs, with `limit` of so many embedded tasks; those that still go on at the end are killed."""
    runs: list[Run] = []

    def start(*arguments: str, run_id: str = "r", limit: int | None = None, executor: str = "ray") -> Run:
        few = () if limit is None else ("--model", "oracle", "--tasks", "mini & site:reddit", "--limit", str(limit))
        new = (*few, "--run-id", run_id, "-o", "settle.limit_s=10")
        process = subprocess.Popen(
            [WA_RUN, *arguments, *(new if arguments[0] != "resume" else ()), "--executor", executor],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": "1", MARK: str(workdir)},
        )
        runs.append(Run(process, workdir / "results" / run_id))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.communicate()
