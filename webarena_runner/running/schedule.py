"""What to run next, what to try again and when to stop: no clock, no I/O, so that every executor has the same rules."""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from webarena_runner.errors import JudgeError, ModelError, Overload
from webarena_runner.interfaces.execution import Attempt, Load
from webarena_runner.running.budgets import Budgets
from webarena_runner.running.width import Key, Width
from webarena_runner.types import EpisodeResult, Failure, Task, TaskId

# A browser or sites' process that ends so often under one episode does so because of it.
MOST_LOSSES = 5
EQUAL_REFUSALS = 5


class RunSchedule:
    """Errors are tried again in `retries` rounds after all else; what would go on failing stops the run.

    A round begins when all of the one before has ended, as far as it could be begun. When `budgets` are spent, no more
    is begun and what runs is finished.

    How many are under way at once is up to `width`, which hears of overloads. What was lost with a process that
    episodes share, or, `replays` times, with a shared site that went down, is run again as the next one and is no try:
    it counts for neither.
    `judged`: the run has a judge. `writers` are tasks that were seen to change a site in its earlier starts.
    """

    def __init__(
        self,
        todo: Iterable[tuple[Task, int]],
        *,
        retries: int,
        stop_after_errors: int,
        judged: bool,
        replays: int = 0,
        budgets: Budgets,
        writers: Iterable[TaskId] = (),
        width: Width | None = None,
    ) -> None:
        self._queue = deque(Attempt(task.task_id, trial) for task, trial in todo)
        self._retries = retries
        self._stop_after_errors = stop_after_errors
        self._judged = judged
        self._replays = replays
        self._budgets = budgets
        self._writers = set(writers)
        self._under_way: dict[Key, int] = {}
        self._errors_in_a_row = 0
        self._has_result = False
        self._refusals: Counter[str] = Counter()
        self._width = width or Width()
        self._why_width = ""
        self._stopped = ""
        self._closed = ""

    @property
    def stopped(self) -> str:
        return self._stopped

    @property
    def closed(self) -> str:
        """Why nothing more is begun, while what runs is finished; "" otherwise."""
        return self._closed

    @property
    def ended_early(self) -> str:
        """Why not all was run; "" when it was."""
        return self._stopped or (self._closed if self._queue else "")

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    @property
    def workers(self) -> int | None:
        """How many may be under way at once now; None: as many as the executor has room for."""
        return self._width.now

    @property
    def workers_used(self) -> tuple[int | None, int | None]:
        """The least and the most of `workers` up to now."""
        return self._width.used

    @property
    def why_workers(self) -> str:
        """Why that number is another than at first, or than before; "" when it is not."""
        return self._why_width

    def measured(self, load: Load) -> None:
        self._why_width = self._width.measured(load) or self._why_width

    def stop(self, why: str) -> None:
        """From outside; the first reason stays."""
        self._stopped = self._stopped or why

    def close(self, why: str) -> None:
        """Begins nothing more, and lets what runs end; the first reason stays."""
        self._closed = self._closed or why

    @property
    def waiting(self) -> Sequence[Attempt]:
        return () if self._closed else tuple(self._queue)

    def next(self, ready: Callable[[Attempt], bool] | None = None) -> Attempt | None:
        if self._stopped or self._closed or not self._width.has_room:
            return None
        for index, queued in enumerate(self._queue):
            attempt = replace(queued, writes=queued.task_id in self._writers)
            if self._has_its_turn(attempt) and (ready is None or ready(attempt)):
                del self._queue[index]
                key = attempt.task_id, attempt.trial
                self._under_way[key] = attempt.number
                self._width.begins(key)
                return attempt
        return None

    def _has_its_turn(self, attempt: Attempt) -> bool:
        """Not as long as an attempt of an earlier round runs."""
        return attempt.number <= min(self._under_way.values(), default=attempt.number)

    def ended(self, attempt: Attempt, result: EpisodeResult) -> None:
        key, failure = (attempt.task_id, attempt.trial), result.failure
        if result.wrote:
            self._writers.add(attempt.task_id)
        overloaded = failure is not None and failure.error_class == Overload.error_class
        self._under_way.pop(key, None)
        self._why_width = self._width.ends(key, overloaded=overloaded) or self._why_width
        lost = failure is not None and self._lost(attempt, failure)
        self._budgets.count(key, result, errored=failure is not None and not lost)
        if spent := self._budgets.spent:
            self.close(spent)
        if failure and lost:
            self._queue.appendleft(_again(attempt, failure))
            return
        if self.tries_again(attempt, failure):
            self._queue.append(replace(attempt, number=attempt.number + 1))
        self._errors_in_a_row = self._errors_in_a_row + 1 if failure and not self._lacks_judge(failure) else 0
        self._has_result = self._has_result or failure is None
        if failure and failure.error_class == ModelError.error_class and not failure.may_retry:
            self._refusals[_alike(failure)] += 1
        if failure and not self._stopped:
            self._stopped = self._why_stop(failure)

    def tries_again(self, attempt: Attempt, failure: Failure | None) -> bool:
        """Whether the attempt that ended like this is followed by another; not when the run stops for it."""
        if failure and self._lost(attempt, failure):
            return True
        return bool(failure and failure.may_retry and not failure.stops_run and attempt.number <= self._retries)

    def _lost(self, attempt: Attempt, failure: Failure) -> bool:
        if failure.away:
            return attempt.outages < self._replays
        return failure.process_lost and attempt.losses < MOST_LOSSES

    def _why_stop(self, failure: Failure) -> str:
        if failure.stops_run:
            return failure.message
        if not self._has_result and self._refusals[_alike(failure)] >= EQUAL_REFUSALS:
            return f"{EQUAL_REFUSALS} episodes were refused in the same way, and none has a result: {failure.message}"
        if self._errors_in_a_row >= self._stop_after_errors:
            return (
                f"{self._errors_in_a_row} episodes in a row ended in an error, the last one "
                f"({failure.error_class}): {failure.message}"
            )
        return ""

    def _lacks_judge(self, failure: Failure) -> bool:
        """The run was started without a judge: what needs one fails, and says nothing of the tasks after it."""
        return failure.error_class == JudgeError.error_class and not self._judged


def _again(attempt: Attempt, failure: Failure) -> Attempt:
    if failure.away:
        return replace(attempt, outages=attempt.outages + 1)
    return replace(attempt, losses=attempt.losses + 1)


def _alike(failure: Failure) -> str:
    """Its message without what differs from request to request: numbers of tokens, ids."""
    return re.sub(r"\b(?=\w*\d)[\w-]+", "N", failure.message)
