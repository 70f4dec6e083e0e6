"""An executor: each attempt in a process of its own, and a crash takes no other with it."""

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from typing import Self

from webarena_runner.interfaces.execution import Attempt, ExecutorSetup, Recipe, Schedule
from webarena_runner.running.player import open_player
from webarena_runner.types import EpisodeResult


class Processes:
    """The schedule says what is next; a worker opens its own browser and sites."""

    versions: Mapping[str, str] = {}

    def __init__(self, recipe: Recipe, pool: ProcessPoolExecutor) -> None:
        self._recipe = recipe
        self._workers = recipe.workers
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: ExecutorSetup) -> AsyncIterator[Self]:
        workers = setup.recipe.workers
        start_afresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            workers, mp_context=start_afresh, max_tasks_per_child=1
        ) as pool:
            yield cls(setup.recipe, pool)

    async def run(self, schedule: Schedule) -> AsyncIterator[EpisodeResult]:
        loop = asyncio.get_running_loop()
        playing: dict[asyncio.Future[EpisodeResult], Attempt] = {}
        while not schedule.stopped:
            while len(playing) < self._workers and (attempt := schedule.next()):
                playing[loop.run_in_executor(self._pool, play, self._recipe, attempt)] = (
                    attempt
                )
            if not playing:
                return
            done, _ = await asyncio.wait(playing, return_when=asyncio.FIRST_COMPLETED)
            for episode in done:
                result = episode.result()
                schedule.ended(playing.pop(episode), result)
                yield result


def play(recipe: Recipe, attempt: Attempt) -> EpisodeResult:
    """In the worker's process; keys and passwords come from its environment."""

    async def attempted() -> EpisodeResult:
        async with open_player(recipe, os.environ) as player:
            return await player.play(attempt)

    return asyncio.run(attempted())
