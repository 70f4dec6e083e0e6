"""Tasks by expression, for the commands that only look at them."""

from webarena_runner.settings.records import TaskChoice
from webarena_runner.tasksets.selection import choose, choose_task_set
from webarena_runner.types import Task


def chosen_tasks(expression: str, task_set: str, *, seed: int, allow_modified: bool) -> tuple[Task, ...]:
    """Raises UsageError for an unknown set, a file that is not official, or an expression that fits nothing."""
    chosen = choose_task_set(expression, task_set)
    _, tasks = choose(TaskChoice(task_set=chosen, expression=expression, allow_modified=allow_modified), seed=seed)
    return tasks
