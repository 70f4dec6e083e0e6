"""Plays episodes as a run does, with an agent and environments that a test has made."""

from collections.abc import Sequence
from pathlib import Path

from webarena_runner.log.writing import EpisodeFolders
from webarena_runner.running.budgets import Budgets, Used
from webarena_runner.running.episode import Harness
from webarena_runner.running.local import LocalExecutor
from webarena_runner.running.player import LEAVE_LIMIT_S, Player, ignore_event
from webarena_runner.running.schedule import RunSchedule
from webarena_runner.types import EpisodeResult, Task


async def play_all(
    harness: Harness, folder: Path, tasks: Sequence[Task], *, leave_limit_s: float = LEAVE_LIMIT_S
) -> tuple[list[EpisodeResult], str]:
    """Every attempt's result in the order in which they ended, and why the run stopped early."""
    settings = harness.settings
    schedule = RunSchedule(
        [(task, 0) for task in tasks],
        retries=settings.limits.retries,
        stop_after_errors=settings.limits.stop_after_errors,
        judged=settings.judge.model is not None,
        budgets=Budgets(settings.limits, Used()),
    )
    player = Player(
        harness,
        {task.task_id: task for task in tasks},
        EpisodeFolders(folder),
        model_facts={},
        leave_limit_s=leave_limit_s,
    )
    executor = LocalExecutor(player, workers=settings.workers, on_event=ignore_event)
    return [result async for result in executor.run(schedule)], schedule.ended_early
