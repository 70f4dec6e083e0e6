"""A Ray cluster of several nodes on this machine, and runs on it."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import WA_RUN
from tests.support.processes import processes
from webarena_runner.log.reading import read_manifest, read_results
from webarena_runner.types import EpisodeResult

LIMIT_S = 300
# Ray's own start on a busy machine.
TRIES = 2
STORE_BYTES = 100 << 20
Started = Callable[..., "Run"]


@dataclass(frozen=True)
class Nodes:
    """A cluster whose first node has the driver too."""

    cluster: Any
    folder: Path

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self) -> Any:
        """Nodes are started one after the other: several at once get in each other's way."""
        for left in reversed(range(TRIES)):
            try:
                return self.cluster.add_node(num_cpus=2, object_store_memory=STORE_BYTES)
            except Exception:
                if not left:
                    raise
        raise AssertionError

    def kill(self, node: Any) -> None:
        """With all its processes, at once."""
        self.cluster.remove_node(node, allow_graceful=False)

    def workers_of(self, node: Any) -> list[int]:
        """Process ids of our actors there."""
        raylet = node.all_processes["raylet"][0].process.pid
        return [
            pid for pid, (parent, args) in processes().items() if parent == raylet and args.startswith("ray::Worker")
        ]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A head node; tests add others, and take them away."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    # Short, since sockets lie below it.
    folder = Path(tempfile.mkdtemp(prefix="wr"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_TMPDIR", str(folder))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        head = {"num_cpus": 2, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            yield Nodes(cluster, folder)
        finally:
            cluster.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


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

    def ended(self) -> str:
        """What it printed."""
        out, err = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0, (out, err)
        return out + err

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


@pytest.fixture
def started(workdir: Path) -> Iterator[Started]:
    """Starts runs, with `limit` of so many embedded tasks; those that still go on at the end are killed."""
    runs: list[Run] = []

    def start(*arguments: str, run_id: str = "r", limit: int | None = None) -> Run:
        few = () if limit is None else ("--model", "oracle", "--tasks", "mini & site:reddit", "--limit", str(limit))
        process = subprocess.Popen(
            [WA_RUN, *few, "--run-id", run_id, "--executor", "ray", "-o", "settle.limit_s=10", *arguments],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        runs.append(Run(process, workdir / "results" / run_id))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.communicate()
