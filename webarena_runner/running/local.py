"""Many episodes at once on one event loop, one Chromium and one machine."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from webarena_runner.errors import JudgeError, LimitExceeded, RunnerError
from webarena_runner.log.writing import EpisodeFolders
from webarena_runner.running.episode import Episode, Harness, failed, run_episode
from webarena_runner.running.progress import EpisodeEnded, EpisodeStarted, Event, StepTaken
from webarena_runner.types import EpisodeResult, Failure, Step, Task

log = logging.getLogger(__name__)


class RunStopped(RunnerError):
    """The run ends before all is done, and can be resumed: going on would only use up the attempts."""


@dataclass(frozen=True)
class _Attempt:
    task: Task
    trial: int
    number: int


class LocalExecutor:
    """`workers` episodes at a time; errors are tried again after all else, up to the retry limit."""

    def __init__(self, harness: Harness, store: EpisodeFolders, on_event: Callable[[Event], None]) -> None:
        self._harness = harness
        self._store = store
        self._on_event = on_event
        self._errors_in_a_row = 0

    async def run(self, todo: Sequence[tuple[Task, int]]) -> AsyncIterator[EpisodeResult]:
        """Yields each attempt's result, already stored, as it ends.

        Raises:
            RunStopped: a model's quota or the run's money is used up, or as many episodes in a row as
                `limits.stop_after_errors` ended in an error.
        """
        queue = deque(_Attempt(task, trial, 1) for task, trial in todo)
        results: asyncio.Queue[EpisodeResult | None] = asyncio.Queue()

        async def work() -> None:
            try:
                async with asyncio.TaskGroup() as group:
                    for worker in range(min(self._harness.settings.workers, len(queue))):
                        group.create_task(self._work(worker, queue, results))
            finally:
                results.put_nowait(None)

        working = asyncio.create_task(work())
        try:
            while (result := await results.get()) is not None:
                yield result
            await working
        except BaseExceptionGroup as group:
            # Workers fail for the same few reasons; the first says it, the others were cancelled.
            raise group.exceptions[0] from None
        finally:
            working.cancel()
            await asyncio.wait([working])

    async def _work(self, worker: int, queue: deque[_Attempt], results: asyncio.Queue[EpisodeResult | None]) -> None:
        limits = self._harness.settings.limits
        while queue:
            attempt = queue.popleft()
            result = await self._run(worker, attempt)
            self._store.put(result)
            failure = result.failure
            again = bool(failure and failure.may_retry and not failure.stops_run and attempt.number <= limits.retries)
            if again:
                queue.append(_Attempt(attempt.task, attempt.trial, attempt.number + 1))
            log.info(
                "task %s trial %d: %s value %s steps %d %.1f s%s",
                result.task_id,
                result.trial,
                result.ending,
                result.value,
                result.steps,
                result.wall_s,
                f" ({result.failure.error_class}: {result.failure.message})" if result.failure else "",
            )
            self._on_event(EpisodeEnded(worker, result, final=not again))
            results.put_nowait(result)
            self._errors_in_a_row = self._errors_in_a_row + 1 if failure and not self._lacks_judge(failure) else 0
            if failure and failure.stops_run:
                raise RunStopped(failure.message)
            if failure and self._errors_in_a_row >= limits.stop_after_errors:
                raise RunStopped(
                    f"{self._errors_in_a_row} episodes in a row ended in an error, the last one "
                    f"({failure.error_class}): {failure.message}"
                )

    def _lacks_judge(self, failure: Failure) -> bool:
        """The run was started without a judge: what needs one fails, and says nothing of the tasks after it."""
        return failure.error_class == JudgeError.error_class and self._harness.judge is None

    async def _run(self, worker: int, attempt: _Attempt) -> EpisodeResult:
        task, limit_s = attempt.task, self._harness.settings.limits.episode_timeout_s

        def on_step(step: Step) -> None:
            self._on_event(StepTaken(worker, task.task_id, step.index, step.action_text))

        episode_log = self._store.begin(task.task_id, attempt.trial)
        self._on_event(EpisodeStarted(worker, task.task_id, attempt.trial, episode_log.attempt))
        episode = Episode(task, attempt.trial, episode_log, on_step)
        try:
            async with asyncio.timeout(limit_s):
                return await run_episode(self._harness, episode)
        except TimeoutError:
            return failed(
                episode, LimitExceeded(f"the episode took longer than {limit_s:g} s (limits.episode_timeout_s)")
            )
