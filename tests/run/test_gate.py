"""What the executor of one machine does while sites are in use, suspended or gone: no worker waits for one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.run.playing import play_all
from webarena_runner.agents.oracle import Oracle
from webarena_runner.errors import OutsideSites, StoreError
from webarena_runner.interfaces.environments import Environment, EpisodeNotes
from webarena_runner.running.episode import Harness
from webarena_runner.running.gate import SiteGate, request_of
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.sites.allocation import Allocation
from webarena_runner.sites.pool import Pool
from webarena_runner.types import Task, TaskId

LIMIT_S = 20


class World:
    """Sites that end each episode at once, after it was seen to begin; `held` keeps those of some tasks waiting."""

    versions: dict[str, str] = {}

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.gate = SiteGate(pool, "official")
        self.began: list[TaskId] = []
        self.three_began = asyncio.Event()
        self.held: dict[TaskId, asyncio.Event] = {}

    @asynccontextmanager
    async def episode(self, task: Task, *, trial: int, notes: EpisodeNotes) -> AsyncIterator[Environment]:
        grant = self.gate.take(task.task_id, trial) or await self.pool.acquire(request_of(task))
        self.began.append(task.task_id)
        if len(self.began) == 3:
            self.three_began.set()
        try:
            if task.task_id in self.held:
                await self.held[task.task_id].wait()
            raise OutsideSites("the end")
            yield
        finally:
            await self.pool.release(grant)

    async def play(self, folder: Path, *tasks: Task, workers: int = 1) -> str:
        """Why the run stopped early."""
        settings = load_run_config(CliOptions(model="oracle"), {})[0].settings.model_copy(update={"workers": workers})
        (folder / "episodes").mkdir()
        async with asyncio.timeout(LIMIT_S):
            return (await play_all(Harness(settings, Oracle(), self), folder, tasks))[1]


@pytest.fixture
def world() -> World:
    return World(Pool(Allocation({"1": ("reddit", "gitlab")})))


def a_task(task_id: int, *sites: str, writes: bool = False) -> Task:
    given: dict[str, Any] = {"start_urls": (), "login_sites": (), "checks": (), "raw": {}}
    return Task(task_set="own", task_id=task_id, intent="", template_id=1, sites=sites, writes=writes, **given)


async def test_no_worker_waits_for_a_site_that_another_one_writes_to(world: World, tmp_path: Path) -> None:
    world.held = {1: asyncio.Event()}
    tasks = [a_task(1, "reddit", writes=True), a_task(2, "reddit"), a_task(3, "gitlab"), a_task(4, "gitlab")]
    playing = asyncio.create_task(world.play(tmp_path, *tasks, workers=2))
    await world.three_began.wait()
    assert world.began == [1, 3, 4]
    world.held[1].set()
    assert await playing == ""
    assert world.began == [1, 3, 4, 2]


async def test_a_run_whose_sites_are_gone_plays_the_others_and_says_how_to_go_on(world: World, tmp_path: Path) -> None:
    world.pool.suspend("1", "reddit", "no answer for 30 min", for_good=True)
    stopped = await world.play(tmp_path, a_task(1, "reddit"), a_task(2, "gitlab"), a_task(3, "reddit", "gitlab"))
    assert world.began == [2]
    assert "2 episodes" in stopped
    assert "reddit of instance 1: no answer for 30 min" in stopped
    assert "once they are there again, resume" in stopped


async def test_a_run_waits_for_a_site_that_may_come_back(world: World, tmp_path: Path) -> None:
    world.pool.suspend("1", "reddit", "it is down")
    playing = asyncio.create_task(world.play(tmp_path, a_task(1, "reddit")))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not playing.done()
    world.pool.resume("1", "reddit")
    assert await playing == ""
    assert world.began == [1]


async def test_what_was_handed_out_for_an_episode_that_never_took_it_is_given_back(world: World) -> None:
    task = a_task(1, "reddit", writes=True)
    assert world.gate.look()(task, 0)
    assert not world.gate.look()(a_task(2, "reddit"), 0)
    await world.gate.forget(1, 0)
    assert world.gate.look()(a_task(2, "reddit"), 0)


async def test_a_reset_that_cannot_be_noted_ends_the_run(tmp_path: Path) -> None:
    async def full_disk(instance: str, sites: object, why: str) -> str:
        raise StoreError("no space left")

    rules = Allocation({"1": ("reddit",)}, needs_reset=lambda _instance, _site, tasks, _written: tasks is None)
    async with Pool(rules, reset=full_disk) as pool:
        with pytest.raises(StoreError, match="no space left"):
            await World(pool).play(tmp_path, a_task(1, "reddit"))
