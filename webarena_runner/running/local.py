"""The executor of one machine: many episodes at once on one event loop, with one model, agent and browser."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from webarena_runner.interfaces.execution import Attempt, EpisodeStarted, ExecutorSetup, Schedule, StepTaken
from webarena_runner.running.player import Player, open_player
from webarena_runner.types import EpisodeResult


class LocalExecutor:
    """`workers` episodes at a time."""

    def __init__(self, player: Player, *, workers: int, on_event: Callable[[EpisodeStarted | StepTaken], None]) -> None:
        self._player = player
        self._workers = workers
        self._on_event = on_event

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: ExecutorSetup) -> AsyncIterator[Self]:
        """Raises UsageError when model, browser, sites or judge are not there."""
        async with open_player(setup.recipe, setup.environ, setup.on_event) as player:
            yield cls(player, workers=setup.recipe.config.settings.workers, on_event=setup.on_event)

    @property
    def versions(self) -> Mapping[str, str]:
        return self._player.versions

    async def run(self, schedule: Schedule) -> AsyncIterator[EpisodeResult]:
        free = set(range(self._workers))
        playing: dict[asyncio.Future[Any], tuple[int, Attempt]] = {}
        try:
            while not schedule.stopped:
                changed = self._player.changed()
                while free and (attempt := schedule.next(self._player.look())):
                    worker = min(free)
                    free.remove(worker)
                    episode = asyncio.create_task(self._player.play(attempt, worker=worker, on_event=self._on_event))
                    playing[episode] = worker, attempt
                if not playing and (changed is None or not self._may_go_on(schedule)):
                    return
                done, _ = await asyncio.wait({*playing, *filter(None, [changed])}, return_when=asyncio.FIRST_COMPLETED)
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
