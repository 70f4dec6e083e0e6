"""Sets of tasks: the official ones, the embedded one, and a user's own files."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webarena_runner.interfaces import TaskSet


def load_task_set(name: str) -> "TaskSet":
    """The task set called `name`: a plug-in, or the path of a file or folder in the official format.

    Raises:
        ConfigError: no such plug-in.
    """
    # Imported here so that the help text of the selection grammar costs the command line nothing.
    from webarena_runner import registry
    from webarena_runner.tasksets.file import is_file_name, task_file

    if name not in registry.names("tasksets") and is_file_name(name):
        return task_file(name)
    task_set: TaskSet = registry.load("tasksets", name)()
    return task_set


def profile_of(task_set: "TaskSet") -> str:
    """Name of the profile that the set's numbers are of."""
    return getattr(task_set, "profile", "") or "webarena"
