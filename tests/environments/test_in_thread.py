"""Worlds whose code blocks: each episode's in one thread of its own."""

import asyncio
import threading

import pytest

from webarena_runner.environments.in_thread import ThreadedWorld, in_thread
from webarena_runner.errors import BrowserError
from webarena_runner.types import Action, Observation, Score, Scroll, Stop


class Counter:
    """Ends at two; remembers which threads it was used from, and waits for another one at its start."""

    def __init__(self, meet: threading.Barrier, threads: set[int], closed: list[int]) -> None:
        meet.wait(10)
        self._threads, self._closed = threads, closed
        self._at = 0
        self._note()

    def _note(self) -> None:
        self._threads.add(threading.get_ident())

    @property
    def url(self) -> str:
        return f"counter:{self._at}"

    @property
    def is_over(self) -> bool:
        return self._at >= 2

    def observe(self) -> Observation:
        self._note()
        return Observation(url=self.url, tabs=(), text=str(self._at))

    def step(self, action: Action) -> Observation:
        if not isinstance(action, Scroll):
            raise BrowserError("broken")
        self._at += 1
        return self.observe()

    def score(self, answer: str) -> tuple[float, tuple[Score, ...]]:
        self._note()
        return float(self.is_over), ()

    def close(self) -> None:
        self._note()
        self._closed.append(threading.get_ident())


async def play(world: ThreadedWorld) -> tuple[str, bool, float]:
    assert (await world.observe()).text == "0"
    assert not world.is_over
    await world.step(Scroll(direction="down"))
    await world.step(Scroll(direction="down"))
    return world.url, world.is_over, (await world.score(""))[0]


async def test_two_episodes_block_each_other_not_and_keep_to_their_threads() -> None:
    meet, used, closed = threading.Barrier(2), (set[int](), set[int]()), list[int]()

    async def episode(number: int) -> tuple[str, bool, float]:
        async with in_thread(lambda: Counter(meet, used[number], closed)) as world:
            return await play(world)

    assert await asyncio.gather(episode(0), episode(1)) == [("counter:2", True, 1.0)] * 2
    assert [len(threads) for threads in used] == [1, 1]
    assert used[0] != used[1]
    assert set(closed) == used[0] | used[1]
    assert threading.get_ident() not in set(closed)


async def test_what_a_world_raises_is_the_episodes_and_it_is_closed() -> None:
    closed = list[int]()
    with pytest.raises(BrowserError, match="broken"):
        async with in_thread(lambda: Counter(threading.Barrier(1), set(), closed)) as world:
            await world.step(Stop(answer=""))
    assert len(closed) == 1
