"""A user's own task file or folder in the official format."""

from pathlib import Path

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.tasksets.content import SUFFIXES, base_name
from webarena_runner.tasksets.records import read_tasks


class TaskFile:
    """The set is called as the file without its suffix, or with it where that is the name of another set."""

    served_by = None

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        name = base_name(self._path) or self._path.resolve().name
        return self._path.name if name in registry.names("tasksets") else name

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        """There is no official file to differ from.

        Raises:
            TaskFileError: unreadable or malformed.
        """
        read = read_tasks(self._path, self.name)
        return LoadedTasks(
            self.name,
            read.tasks,
            read.sha256,
            str(self._path.resolve()),
            caution=f"{self.name} is not WebArena: do not compare its numbers with WebArena's",
            unusable=read.unusable,
            notes=read.notes,
        )


def is_file_name(name: str) -> bool:
    """Whether the name of a task set is meant as a path: something is there, or it is written like one."""
    if "/" in name or name.endswith(SUFFIXES):
        return True
    try:
        return Path(name).exists()
    except OSError:
        return False


def load_task_file(name: str | Path) -> LoadedTasks:
    return task_file(name).load()


def task_file(name: str | Path) -> TaskFile:
    """Raises ConfigError for the home folder of a user that there is not."""
    try:
        return TaskFile(Path(name).expanduser())
    except RuntimeError as error:
        raise ConfigError(f"{name}: {error}") from error
