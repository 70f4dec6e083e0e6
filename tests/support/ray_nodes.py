"""A Ray cluster of several nodes on this machine, which come one after the other and can be killed."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import processes
from webarena_runner.running.cluster.connecting import START_LIMIT

TRIES = 2
NODE = {"num_cpus": 2, "object_store_memory": 100 << 20}


@dataclass(frozen=True)
class Nodes:
    """The first node has the driver too."""

    cluster: Any
    folder: Path

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self, **options: Any) -> Any:
        """Another one, when all others are there: several at once get in each other's way."""
        for left in reversed(range(TRIES)):
            try:
                return self.cluster.add_node(**NODE, **options)
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


def require_ray() -> None:
    """Skips the test without it; what it may take to start Ray reads when it is imported."""
    os.environ.update(START_LIMIT)
    pytest.importorskip("ray")


@contextmanager
def one_node() -> Iterator[Nodes]:
    """To which others are added. Its runs find it by the environment, and its address."""
    from ray.cluster_utils import Cluster

    # Short, since sockets lie below it.
    folder = Path(tempfile.mkdtemp(prefix="wr", dir="/tmp"))  # noqa: S108 - whatever TMPDIR says
    added = {"RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_TMPDIR": str(folder), "RAY_USAGE_STATS_ENABLED": "0"}
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    cluster = Cluster()
    nodes = Nodes(cluster, folder)
    try:
        nodes.add(include_dashboard=False)
        yield nodes
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
