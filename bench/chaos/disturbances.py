"""What is done to a run at a moment, by name. Another kind is one more entry."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from bench.chaos import places
from bench.chaos.model import FAULTS, ModelServer
from bench.chaos.processes import Family, kill
from bench.chaos.run import Run

SERVER_AWAY_S = 1.0
FULL_FOR_S = 2.0
HOGS_FOR_S = 4.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
JUMPS_S = (-86_400, -3600, -1, 1, 3600, 86_400, 400 * 86_400)
# A share of the replies large enough to meet each episode, and small enough for all to end.
SPOILED_SHARE = 0.3


@dataclass
class Scene:
    """A run that goes on, what belongs to it, and where chance comes from."""

    run: Run
    server: ModelServer
    family: Family
    chance: random.Random
    around: places.Clock | places.RayNodes | None = None

    def pids(self, *kinds: str) -> list[int]:
        return sorted(pid for pid, kind in self.family.look(self.run.process.pid).items() if kind in kinds)


@dataclass(frozen=True)
class Disturbance:
    """`strike` returns False when there was nothing to strike.

    `moments` is how often `make chaos` does it. `around` is set up before the run and taken down after it. `fault`: of
    the model server's replies. `noise`: words that a user should not see for it.
    """

    strike: Callable[[Scene], bool] | None
    moments: int = 8
    around: Callable[[Run], AbstractContextManager[places.Clock | places.RayNodes | None]] | None = None
    fault: str = ""
    noise: tuple[str, ...] = ()
    game: str = "scripted"
    ends_run: bool = False
    among: tuple[str, ...] = ()

    def drawn(self, chance: random.Random) -> "Disturbance":
        return DISTURBANCES[chance.choice(self.among)] if self.among else self


def _kill_runner(scene: Scene) -> bool:
    scene.family.look(scene.run.process.pid)
    scene.run.process.kill()
    scene.run.process.wait()
    return True


def _kill_all_of(*kinds: str) -> Callable[[Scene], bool]:
    def strike(scene: Scene) -> bool:
        found = scene.pids(*kinds)
        kill(found, signal.SIGKILL)
        return bool(found)

    return strike


def _kill_one(kind: str) -> Callable[[Scene], bool]:
    def strike(scene: Scene) -> bool:
        found = scene.pids(kind)
        kill(found and [scene.chance.choice(found)], signal.SIGKILL)
        return bool(found)

    return strike


def _kill_server(scene: Scene) -> bool:
    scene.server.kill_for(SERVER_AWAY_S)
    return True


def _signal_to_group(scene: Scene) -> bool:
    number = scene.chance.choice(SIGNALS)
    scene.family.look(scene.run.process.pid)
    os.killpg(scene.run.process.pid, number)
    return True


def _fill_disk(scene: Scene) -> bool:
    with places.full(scene.run.out, left_bytes=scene.chance.randrange(40_000)):
        deadline = time.monotonic() + 60
        while not scene.run.is_over and time.monotonic() < deadline:
            time.sleep(0.05)
    return True


def _fill_temporary(scene: Scene) -> bool:
    with places.full(scene.run.temporary):
        time.sleep(FULL_FOR_S)
    return True


def _jump(scene: Scene) -> bool:
    if not isinstance(scene.around, places.Clock):
        raise TypeError("no clock to set")
    scene.around.set_by(scene.chance.choice(JUMPS_S))
    return True


def _replace_node(scene: Scene) -> bool:
    if not isinstance(scene.around, places.RayNodes):
        raise TypeError("no node to kill")
    scene.around.replace()
    return True


def _burn(scene: Scene) -> bool:
    with places.hogs():
        time.sleep(HOGS_FOR_S)
    return True


@contextmanager
def _own_clock(run: Run) -> Iterator[places.Clock]:
    clock = places.Clock(run.place)
    run.program, run.environ = clock.program, clock.environ
    yield clock


@contextmanager
def _disk_of(run: Run, name: str) -> Iterator[None]:
    with places.small_disk(run.place / name):
        yield


@contextmanager
def _on_nodes(run: Run) -> Iterator[places.RayNodes]:
    with places.ray_nodes(run.mark) as nodes:
        run.arguments = (*run.arguments, "--executor", "ray", "--ray-address", nodes.address)
        yield nodes


TREE = ("browser", "renderer", "Chromium's other processes")
_QUIET = ("errored (",)
ANYTHING = ("runner", "Chromium's whole tree", "Playwright's driver", "the sites' process", "signals to the group")

DISTURBANCES: Mapping[str, Disturbance] = {
    "runner": Disturbance(_kill_runner, moments=50, ends_run=True),
    "runner, tasks that write": Disturbance(_kill_runner, moments=15, game="smoke", ends_run=True),
    "Chromium's main process": Disturbance(_kill_all_of("browser")),
    "Chromium's whole tree": Disturbance(_kill_all_of(*TREE), moments=15),
    "one renderer": Disturbance(_kill_one("renderer")),
    "Playwright's driver": Disturbance(_kill_one("driver"), moments=15),
    "the sites' process": Disturbance(_kill_one("sites' process"), moments=15),
    "model server": Disturbance(_kill_server, noise=_QUIET),
    "llama.cpp's server": Disturbance(_kill_one("model's server"), game="small model"),
    "a Ray node": Disturbance(_replace_node, moments=5, around=_on_nodes),
    "signals to the group": Disturbance(_signal_to_group, moments=15, noise=_QUIET, ends_run=True),
    "full disk": Disturbance(_fill_disk, around=lambda run: _disk_of(run, "out"), noise=_QUIET, ends_run=True),
    "full temporary folder": Disturbance(_fill_temporary, around=lambda run: _disk_of(run, "tmp")),
    "clock jumps": Disturbance(_jump, moments=15, around=_own_clock, noise=_QUIET),
    "CPU hogs": Disturbance(_burn, moments=4),
    "anything": Disturbance(None, moments=30, among=ANYTHING),
    **{f"model server: {fault}": Disturbance(None, moments=10, fault=fault) for fault in FAULTS},
}
