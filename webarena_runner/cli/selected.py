"""The task set that options name, and tasks by expression for the commands that only look at them."""

from pathlib import Path

import typer

from webarena_runner.cli.options import is_given, is_in_file
from webarena_runner.errors import UsageError
from webarena_runner.settings.records import TaskChoice
from webarena_runner.tasksets.selection import RUNS, choose, choose_task_set, draws
from webarena_runner.types import Task


def chosen_set(context: typer.Context, expression: str, task_set: str, *, runs: Path = RUNS) -> str:
    """The task set that `--tasks` and `--task-set` name. Raises UsageError when they name two."""
    chosen = choose_task_set(expression, task_set, runs=runs)
    if chosen != task_set and (is_given(context, "task_set") or is_in_file(context, "task_set")):
        default = "" if is_given(context, "tasks") else ", the default here,"
        raise UsageError(
            f"--task-set {task_set}: --tasks '{expression}'{default} chooses from the set {chosen}; leave "
            f"--task-set out, or choose its tasks, such as --tasks all"
        )
    return chosen


def chosen_tasks(
    context: typer.Context, expression: str, task_set: str, *, seed: int, allow_modified: bool
) -> tuple[Task, ...]:
    """Raises UsageError for an unknown set, a file that is not official, or an expression that fits nothing."""
    if is_given(context, "seed") and not draws(expression):
        raise UsageError(f"--seed {seed}: --tasks '{expression}' draws nothing (sample:N does); leave --seed out")
    chosen = chosen_set(context, expression, task_set)
    _, tasks = choose(TaskChoice(task_set=chosen, expression=expression, allow_modified=allow_modified), seed=seed)
    return tasks
