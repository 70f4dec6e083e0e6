"""The executor of one machine: many episodes at once on one event loop, with one model, agent and browser."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, nullcontext
from typing import Any, ClassVar, Self

from webarena_runner.interfaces.execution import Attempt, EpisodeStarted, ExecutorSetup, Schedule, StepTaken
from webarena_runner.running.load import TELL_EVERY_S, Meter
from webarena_runner.running.player import Player, open_player
from webarena_runner.types import EpisodeResult


class LocalExecutor:
    """`workers` episodes at a time; with `measures`, as many of them as the schedule makes of what it is told."""

    coordinates_sites: ClassVar[bool] = True

    def __init__(
        self,
        player: Player,
        *,
        workers: int,
        measures: bool = False,
        on_event: Callable[[EpisodeStarted | StepTaken], None],
    ) -> None:
        self._player = player
        self._workers = workers
        self._meter = Meter(player.counts) if measures else None
        self._on_event = on_event

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: ExecutorSetup) -> AsyncIterator[Self]:
        """Raises UsageError when model, browser, sites or judge are not there."""
        async with open_player(setup.recipe, setup.environ, setup.on_event) as player:
            recipe = setup.recipe
            most, measures = recipe.most_workers or recipe.workers, recipe.most_workers is not None
            yield cls(player, workers=most, measures=measures, on_event=setup.on_event)

    @property
    def versions(self) -> Mapping[str, str]:
        return self._player.versions

    async def run(self, schedule: Schedule) -> AsyncIterator[EpisodeResult]:
        async with self._meter.running() if self._meter else nullcontext(), aclosing(self._play(schedule)) as results:
            async for result in results:
                yield result

    async def _play(self, schedule: Schedule) -> AsyncGenerator[EpisodeResult]:
        free = set(range(self._workers))
        playing: dict[asyncio.Future[Any], tuple[int, Attempt]] = {}
        try:
            while not schedule.stopped:
                changed = self._player.changed()
                while free and (attempt := schedule.next(self._player.look())):
                    worker = min(free)
                    free.remove(worker)
                    episode = asyncio.create_task(self._player.play(attempt, worker=worker, on_event=self._take))
                    playing[episode] = worker, attempt
                if not playing and (changed is None or not self._may_go_on(schedule)):
                    return
                waited_for = {*playing, *filter(None, [changed])}
                limit_s = TELL_EVERY_S if self._meter else None
                done, _ = await asyncio.wait(waited_for, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
                if self._meter and self._meter.is_due:
                    schedule.measured(self._meter.take())
                if changed in done:
                    # What ends the run may have come up in a reset.
                    changed.result()
                for ended in done & playing.keys():
                    worker, attempt = playing.pop(ended)
                    free.add(worker)
                    result = ended.result()
                    schedule.ended(attempt, result)
                    yield result
        finally:
            for unfinished in playing:
                unfinished.cancel()
            if playing:
                await asyncio.wait(playing)

    def _take(self, event: EpisodeStarted | StepTaken) -> None:
        if self._meter and isinstance(event, StepTaken):
            self._meter.count_step()
        self._on_event(event)

    def _may_go_on(self, schedule: Schedule) -> bool:
        """Nothing is playing: whether there is something to wait for."""
        if not schedule.waiting:
            return False
        if why := self._player.stuck(schedule.waiting):
            schedule.stop(
                f"{len(schedule.waiting)} episodes have no sites left: {why}; once they are there again, resume"
            )
            return False
        return True
