"""A user's own task file in the official format."""

from pathlib import Path

from webarena_runner import registry
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.tasksets.records import read_tasks


class TaskFile:
    """The set is called as the file without its suffix, or with it where that is the name of another set."""

    served_by = None

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        return self._path.name if self._path.stem in registry.names("tasksets") else self._path.stem

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        """There is no official file to differ from.

        Raises:
            TaskFileError: unreadable or malformed.
        """
        tasks, sha256 = read_tasks(self._path, self.name)
        caution = f"{self.name} is not WebArena: do not compare its numbers with WebArena's"
        return LoadedTasks(self.name, tasks, sha256, str(self._path.resolve()), caution=caution)


def load_task_file(path: Path) -> LoadedTasks:
    return TaskFile(path).load()
