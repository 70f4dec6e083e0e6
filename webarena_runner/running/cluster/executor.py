"""The executor of a Ray cluster: a worker on each node, and the run folder on the machine of the command."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib import metadata
from time import monotonic
from typing import ClassVar, Self

from webarena_runner import registry
from webarena_runner.errors import ConfigError, EngineGone
from webarena_runner.interfaces.execution import ExecutorSetup, Schedule
from webarena_runner.log.paths import Key
from webarena_runner.running.cluster.connecting import connected
from webarena_runner.running.cluster.crew import Crew
from webarena_runner.running.cluster.handing_out import FreshSites, HandingOut, PooledSites
from webarena_runner.running.cluster.host_news import HostNews
from webarena_runner.running.cluster.hosts import hosted
from webarena_runner.running.cluster.kit import packed
from webarena_runner.running.cluster.ledger import Ledger
from webarena_runner.running.cluster.reachable import require_reachable
from webarena_runner.running.cluster.shares import shares
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import EpisodeResult

log = logging.getLogger(__name__)
# Nodes that come back, or new ones, are waited for so long when none is left.
NO_NODE_LIMIT_S = 600.0
LOOK_EVERY_S = 5.0


class RayExecutor:
    """`workers` episodes at a time on all nodes together."""

    coordinates_sites: ClassVar[bool] = True

    def __init__(
        self, crew: Crew, sites: HandingOut, host: HostNews, *, workers: int, versions: Mapping[str, str]
    ) -> None:
        self._crew = crew
        self._sites = sites
        self._host = host
        self._workers = workers
        self._versions = versions
        self._none_since: float | None = None

    @classmethod
    def check_settings(cls, settings: RunSettings) -> None:
        """Raises ConfigError when a setting is not for a cluster, or Ray is not installed."""
        if settings.workers == "auto":
            raise ConfigError(
                "--workers auto goes by how one machine bears its episodes; give how many are to be played at once on "
                "all nodes together, such as --workers 32"
            )
        registry.require_modules("executors", "ray", ["ray"])

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: ExecutorSetup) -> AsyncIterator[Self]:
        """Raises UsageError when the cluster, or on one of its nodes model, browser, sites or judge are not there."""
        recipe, settings = setup.recipe, setup.recipe.config.settings
        kit = packed(recipe, setup.environ, hand_over=settings.ray.secrets == "driver")
        tasks = {task.task_id: task for task in recipe.tasks}
        drops = settings.browser.screenshots == "failed"
        ledger = Ledger(recipe.folder, on_event=setup.on_event, drops_pictures=drops)
        async with connected(settings.ray.address) as cluster:
            nodes = {node.node_id: node for node in await cluster.nodes()}
            if not nodes:
                raise ConfigError("the cluster has no node with cores; add one (`ray start --address HOST:PORT`)")
            given = shares(recipe.workers, {name: node.cpus for name, node in nodes.items()})
            require_reachable(recipe.config, [nodes[name] for name in given], environment=recipe.environment)
            async with hosted(cluster, kit, run_id=recipe.folder.name) as (common, actors):
                host = HostNews(recipe.folder, actors, setup.on_event)
                sites: HandingOut = PooledSites(common.sites, tasks) if common.sites else FreshSites()
                crew = Crew(cluster, kit, common, tasks, ledger)
                host.start(crew.happened)
                try:
                    await crew.start(nodes, given)
                    yield cls(crew, sites, host, workers=recipe.workers, versions=_versions(crew))
                finally:
                    await crew.close()
                    await host.close()

    @property
    def versions(self) -> Mapping[str, str]:
        return self._versions

    async def run(self, schedule: Schedule) -> AsyncIterator[EpisodeResult]:
        crew, free, slots = self._crew, set(range(self._workers)), dict[Key, int]()
        log.info("played on %s", ", ".join(f"{each.node.name}: {each.share} at once" for each in crew.members))
        watching = asyncio.create_task(self._sites.watch(crew.happened))
        try:
            while not schedule.stopped:
                crew.happened.clear()
                for attempt, result in crew.take_ended():
                    free.add(slots.pop((attempt.task_id, attempt.trial)))
                    schedule.ended(attempt, result)
                    yield result
                try:
                    await self._hand_out(schedule, free, slots)
                    if self._must_stop(schedule) or not (crew.playing or await self._may_go_on(schedule)):
                        return
                except EngineGone as error:
                    schedule.stop(f"{error}; resume the run once the cluster has it again")
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await crew.happened.wait()
        finally:
            watching.cancel()
            await crew.drain()

    async def _hand_out(self, schedule: Schedule, free: set[int], slots: dict[Key, int]) -> None:
        while self._crew.forfeited:
            await self._sites.forfeited(*self._crew.forfeited.popleft())
        most = min(len(free), self._crew.room)
        if schedule.stopped or not most:
            return
        for attempt, granted in await self._sites.next(schedule, most):
            slot = min(free)
            free.remove(slot)
            slots[attempt.task_id, attempt.trial] = slot
            self._crew.begin(attempt, slot=slot, granted=granted)

    def _must_stop(self, schedule: Schedule) -> bool:
        if self._host.failure:
            raise self._host.failure
        if self._host.lost:
            schedule.stop(f"{self._host.lost}; resume the run once the cluster has it again")
        return bool(schedule.stopped)

    async def _may_go_on(self, schedule: Schedule) -> bool:
        """Nothing is playing: whether there is something to wait for."""
        waiting = len(schedule.waiting)
        if not waiting:
            return False
        if not self._crew.members:
            self._none_since = self._none_since or monotonic()
            if monotonic() - self._none_since < NO_NODE_LIMIT_S:
                return True
            schedule.stop(f"no node of the cluster has had a worker for {NO_NODE_LIMIT_S:.0f} s, and {waiting} wait")
            return False
        self._none_since = None
        if why := await self._sites.stuck(schedule):
            schedule.stop(f"{waiting} episodes have no sites left: {why}; once they are there again, resume")
            return False
        return True


def _versions(crew: Crew) -> dict[str, str]:
    """Those of the workers, of each where they differ."""
    found: dict[str, set[str]] = {}
    for member in crew.members:
        for name, version in member.versions.items():
            found.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()} | {"ray": metadata.version("ray")}
