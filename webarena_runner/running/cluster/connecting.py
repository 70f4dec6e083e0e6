"""Connecting to a Ray cluster, or starting one on this machine for as long as a run takes."""

import asyncio
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.stopping import STOP_SIGNALS

log = logging.getLogger(__name__)
NAMESPACE = "webarena-runner"
OWN = "local"
# Of a machine that is busy, the first start may fail all the same.
TRIES = 2
# Ray gives its own processes 30 s, which is too little on a machine that is busy; it reads this when it is imported.
START_LIMIT = {"RAY_raylet_start_wait_time_s": "120"}
OBJECT_STORE_BYTES = 256 << 20
# Its sockets lie below the folder, and their whole path may have 107 characters.
LONGEST_FOLDER = 40
TOKEN = "RAY_AUTH_TOKEN"


@dataclass(frozen=True)
class Node:
    """One that is alive; `host` is its address."""

    node_id: str
    host: str
    cpus: float
    gpus: float

    @property
    def name(self) -> str:
        return f"node {self.host} ({self.node_id[:8]})"


class Cluster:
    """One that this process is connected to; `through_client`: from outside, by ray://."""

    def __init__(self, address: str) -> None:
        self.through_client = address.startswith("ray://")

    async def nodes(self) -> list[Node]:
        """Those with cores: a head node that is started with none has no worker."""
        import ray

        found = [_node(each) for each in await asyncio.to_thread(ray.nodes) if each["Alive"]]
        return [node for node in found if node.cpus > 0]

    def here(self) -> str | None:
        """The node of this process; None: it is on none."""
        import ray

        return None if self.through_client else str(ray.get_runtime_context().get_node_id())

    def actor(self, kind: type, *arguments: Any, node: str | None, gpus: float = 0, name: str | None = None) -> Any:
        """An actor on a node, by its id; None: where Ray finds room. It is never moved and never started again."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        where = {} if node is None else {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}
        remote: Any = ray.remote(kind).options(
            num_cpus=0, num_gpus=gpus, max_restarts=0, max_concurrency=10_000, name=name, **where
        )
        return remote.remote(*arguments)

    async def kill(self, actor: Any) -> None:
        """As far as its node can be reached."""
        import ray
        from ray.exceptions import RayError

        try:
            await asyncio.to_thread(ray.kill, actor)
        except (RayError, ValueError) as error:
            log.info("a worker could not be ended: %s", error)


def _node(raw: Any) -> Node:
    resources = raw["Resources"]
    return Node(raw["NodeID"], raw["NodeManagerAddress"], resources.get("CPU", 0.0), resources.get("GPU", 0.0))


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Cluster]:
    """`address` is `auto`, HOST:PORT or ray://HOST:PORT; "": a cluster of its own, on this machine.

    Raises:
        ConfigError: there is no cluster, or it does not take us.
    """
    if "ray" in sys.modules and sys.modules["ray"].is_initialized():
        # By the program that calls us, which ends it too.
        yield Cluster(address)
        return
    for name in ("ray", "ray.util.client"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # Ray tells of nodes that are gone on what is standard output then, also with log_to_driver=False.
    with _prepared(address) as folder, redirect_stdout(sys.stderr):
        import ray

        await _off_the_loop(lambda: _init(address, folder), undo=ray.shutdown)
        _take_signals_back()
        try:
            yield Cluster(address)
        finally:
            await _off_the_loop(ray.shutdown)


async def _off_the_loop(call: Callable[[], Any], undo: Callable[[], Any] | None = None) -> None:
    """Cancelled, it is waited for all the same, and undone."""
    running = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if undo:
            await asyncio.to_thread(undo)
        raise


@contextmanager
def _prepared(address: str) -> Iterator[str | None]:
    """What a cluster of its own needs of the environment: a token, and a folder that goes with the run."""
    if address:
        yield None
        return
    # Without one Ray writes a token into the home folder, which everybody on the machine may read.
    added = {TOKEN: secrets.token_hex(32)} if "RAY_AUTH_MODE" not in os.environ else {}
    added |= {"RAY_USAGE_STATS_ENABLED": "0"} | START_LIMIT
    added = {name: value for name, value in added.items() if name not in os.environ}
    os.environ.update(added)
    own = os.environ.get("TMPDIR", "")
    try:
        yield own if own and len(str(Path(own).resolve())) <= LONGEST_FOLDER else None
    finally:
        for name in added:
            del os.environ[name]


def _init(address: str, folder: str | None) -> None:
    import ray

    common: dict[str, Any] = {"namespace": NAMESPACE, "log_to_driver": False, "configure_logging": False}
    if address:
        try:
            ray.init(address=address, **common)
        # Ray raises whatever the library below it does.
        except Exception as error:
            raise ConfigError(_not_reached(address, error)) from error
        return
    own = {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False, "_temp_dir": folder}
    for left in reversed(range(TRIES)):
        try:
            ray.init(address=OWN, **common, **own)
        except Exception as error:
            ray.shutdown()
            if not left:
                raise ConfigError(f"Ray did not start on this machine: {_first_line(error)}") from error
            log.warning("Ray did not start, trying again: %s", _first_line(error))
        else:
            return


def _not_reached(address: str, error: Exception) -> str:
    means = f"--ray-address {address}: no Ray cluster takes us there: {_first_line(error)}"
    if address == "auto":
        return f"{means}; start one (`ray start --head`), or name it by RAY_ADDRESS or --ray-address HOST:PORT"
    return f"{means}; it must run, with this version of Ray and of Python, and with our {TOKEN} where it has one"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _take_signals_back() -> None:
    """Ray has its own handlers put below Python's, which print a stack at each SIGTERM."""
    if threading.current_thread() is threading.main_thread():
        for each in STOP_SIGNALS:
            if (handler := signal.getsignal(each)) is not None:
                signal.signal(each, handler)
                signal.siginterrupt(each, False)  # noqa: FBT003 - as asyncio does it
