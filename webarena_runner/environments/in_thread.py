"""Worlds whose code blocks, such as simulators and other people's environments: one thread for each episode."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from webarena_runner.types import Action, Observation, Score

T = TypeVar("T")


class BlockingWorld(Protocol):
    """As `Environment` and `EndsItself`, without `async`; all calls come from one thread, one after another."""

    @property
    def url(self) -> str: ...

    @property
    def is_over(self) -> bool: ...

    def observe(self) -> Observation: ...

    def step(self, action: Action) -> Observation: ...

    def score(self, answer: str) -> tuple[float, tuple[Score, ...]]: ...

    def close(self) -> None: ...


class ThreadedWorld:
    """A world in its thread, as episodes want it. `url` and `is_over` are those after the last call."""

    def __init__(self, world: BlockingWorld, thread: ThreadPoolExecutor) -> None:
        self._world = world
        self._thread = thread
        self.url = ""
        self.is_over = False

    async def observe(self) -> Observation:
        return await self._called(self._world.observe)

    async def step(self, action: Action) -> Observation:
        return await self._called(lambda: self._world.step(action))

    async def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        return await self._called(lambda: self._world.score(answer))

    async def _called(self, call: Callable[[], T]) -> T:
        def look() -> tuple[T, str, bool]:
            return call(), self._world.url, self._world.is_over

        value, self.url, self.is_over = await asyncio.get_running_loop().run_in_executor(self._thread, look)
        return value


@asynccontextmanager
async def in_thread(make: Callable[[], BlockingWorld]) -> AsyncIterator[ThreadedWorld]:
    """Makes the world in a thread of its own, and closes it there. A call that hangs keeps its thread, not the run."""
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, thread_name_prefix="world")
    try:
        world = await loop.run_in_executor(thread, make)
        try:
            yield ThreadedWorld(world, thread)
        finally:
            await loop.run_in_executor(thread, world.close)
    finally:
        thread.shutdown(wait=False)
