"""The executor of one machine: many episodes at once on one event loop, with one model, agent and browser."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Self

from webarena_runner.interfaces.execution import EpisodeStarted, ExecutorSetup, Schedule, StepTaken
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
        async with open_player(setup.recipe, setup.environ) as player:
            yield cls(player, workers=setup.recipe.config.settings.workers, on_event=setup.on_event)

    @property
    def versions(self) -> Mapping[str, str]:
        return self._player.versions

    async def run(self, schedule: Schedule) -> AsyncIterator[EpisodeResult]:
        free = set(range(self._workers))
        playing = {}
        try:
            while not schedule.stopped:
                while free and (attempt := schedule.next()):
                    worker = min(free)
                    free.remove(worker)
                    episode = asyncio.create_task(self._player.play(attempt, worker=worker, on_event=self._on_event))
                    playing[episode] = worker, attempt
                if not playing:
                    return
                done, _ = await asyncio.wait(playing, return_when=asyncio.FIRST_COMPLETED)
                for episode in done:
                    worker, attempt = playing.pop(episode)
                    free.add(worker)
                    result = episode.result()
                    schedule.ended(attempt, result)
                    yield result
        finally:
            for episode in playing:
                episode.cancel()
            if playing:
                await asyncio.wait(playing)
