"""An episode that is played from outside: the runner's own loop, with the caller of `step` in the agent's place."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webarena_runner.errors import LimitExceeded
from webarena_runner.interfaces.environments import EnvironmentProvider
from webarena_runner.running.episode import Episode, Harness, play_episode
from webarena_runner.settings.records import RunSettings
from webarena_runner.types import Decision, EpisodeResult, Observation, Step, Task, Tool

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turn:
    """What the caller is shown; `urls` are the leased sites' by official name, `result` is set when it is over.

    `intent` is the episode's, which may be known only since it has begun, as are the functions that it offers, `tools`.
    """

    observation: Observation
    urls: Mapping[str, str]
    intent: str
    tools: tuple[Tool, ...] = ()
    result: EpisodeResult | None = None


class _ExternalAgent:
    """An agent whose decisions come from elsewhere."""

    def __init__(self) -> None:
        self.turns: asyncio.Queue[Turn] = asyncio.Queue()
        self.decisions: asyncio.Queue[Decision] = asyncio.Queue()

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        self.turns.put_nowait(Turn(now, urls, task.intent, task.tools))
        return await self.decisions.get()

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Takes any task."""


class _NoLog:
    """The caller keeps what it wants to keep."""

    attempt = 1

    def append(self, step: Step, screenshot: bytes | None = None) -> None:
        """Keeps nothing."""

    def keep_last_page(self, observation: Observation) -> None:
        """Keeps nothing."""


class Play:
    """One episode on the event loop that this is made on; `leave` must be called, however it ends."""

    def __init__(self, provider: EnvironmentProvider, settings: RunSettings, task: Task) -> None:
        self._agent = _ExternalAgent()
        self._limit_s = settings.limits.episode_timeout_s
        self._urls: Mapping[str, str] = {}
        self._episode = Episode(task, 0, _NoLog(), lambda step: None)
        self._playing = asyncio.create_task(play_episode(Harness(settings, self._agent, provider), self._episode))

    async def begin(self) -> Turn:
        """Raises EpisodeError when the sites or the browser are not there."""
        return await self._next()

    async def decide(self, decision: Decision) -> Turn:
        """Raises EpisodeError when infrastructure fails; the episode is then over and has no score."""
        self._agent.decisions.put_nowait(decision)
        return await self._next()

    async def leave(self) -> None:
        """Gives back the browser context and the sites, also in the middle of the episode."""
        left_early = not self._playing.done()
        self._playing.cancel()
        await asyncio.wait({self._playing})
        if left_early and not self._playing.cancelled() and (error := self._playing.exception()):
            log.warning("task %s: could not be left cleanly: %s", self._episode.task.task_id, error)

    async def _next(self) -> Turn:
        waiting = asyncio.create_task(self._agent.turns.get())
        try:
            async with asyncio.timeout(self._limit_s):
                await asyncio.wait({waiting, self._playing}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as error:
            raise LimitExceeded(
                f"task {self._episode.task.task_id}: no observation within {self._limit_s:g} s "
                "(limits.episode_timeout_s); does another environment hold the site?"
            ) from error
        finally:
            waiting.cancel()
        if not self._playing.done():
            turn = waiting.result()
            self._urls = turn.urls
            return turn
        result = self._playing.result()
        if self._episode.now is None:
            raise RuntimeError("an episode ended without an observation")
        task = self._episode.as_asked()
        return Turn(self._episode.now, self._urls, task.intent, task.tools, result)
