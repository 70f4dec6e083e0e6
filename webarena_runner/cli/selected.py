"""Tasks by expression, for the commands that only look at them."""

from webarena_runner.tasksets import load_task_set
from webarena_runner.tasksets.selection import choose_task_set, select
from webarena_runner.types import Task


def chosen_tasks(expression: str, task_set: str, *, seed: int, allow_modified: bool) -> tuple[Task, ...]:
    """Raises UsageError for an unknown set, a file that is not official, or an expression that fits nothing."""
    loaded = load_task_set(choose_task_set(expression, task_set)).load(allow_modified=allow_modified)
    return select(expression, loaded, seed=seed)
