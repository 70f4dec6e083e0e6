"""The embedded benchmark: our own tasks on the embedded sites, in the official format."""

from pathlib import Path
from typing import ClassVar

from webarena_runner.errors import TaskFileError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.settings.datafiles import find
from webarena_runner.settings.yaml import read_yaml
from webarena_runner.tasksets.content import read_content
from webarena_runner.tasksets.faults import require_whole
from webarena_runner.tasksets.records import Form, tasks_of
from webarena_runner.tasksets.verified import VerifiedForm
from webarena_runner.types import TaskId

CAUTION = "mini is not WebArena: own tasks on the embedded sites, for smoke runs and development"


class Mini:
    """`folder` holds `mini.json` and `mini.subsets.yaml` (None: `tasks/`, the working directory's copy first)."""

    name: ClassVar[str] = "mini"
    form: ClassVar[Form] = Form()
    caution: ClassVar[str] = CAUTION
    served_by = "embedded"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def load(self, *, allow_modified: bool = False) -> LoadedTasks:
        """All tasks and the named subsets; there is no official file to differ from.

        Raises:
            TaskFileError: malformed, or a subset names a task that is not there.
            ConfigError: a file is missing, or the subsets are not YAML.
        """
        path = self._find(self.name, ".json")
        read = tasks_of(read_content(path), str(path), self.name, self.form)
        require_whole(read.unusable, total=len(read.tasks) + len(read.unusable), file=str(path))
        known = {task.task_id for task in read.tasks}
        return LoadedTasks(
            self.name,
            read.tasks,
            read.sha256,
            str(path),
            subsets=self._subsets(known),
            served_by=self.served_by,
            caution=self.caution,
        )

    def _find(self, name: str, suffix: str) -> Path:
        if self._folder is None:
            return find("", name, (suffix,), root="tasks")
        return self._folder / f"{name}{suffix}"

    def _subsets(self, known: set[TaskId]) -> dict[str, tuple[TaskId, ...]]:
        document = read_yaml(self._find(f"{self.name}.subsets", ".yaml"))
        subsets = {}
        for name, ids in document.values.items():
            if not isinstance(ids, list) or not ids or any(type(task_id) not in (int, str) for task_id in ids):
                raise TaskFileError(f"{document.where((name,))}: {name}: expected a list of task ids, found {ids!r}")
            unknown = [task_id for task_id in ids if task_id not in known]
            if unknown:
                raise TaskFileError(f"{document.where((name,))}: {name}: no such task in {self.name}.json: {unknown}")
            subsets[str(name)] = tuple(ids)
        return subsets


class MiniVisual(Mini):
    """Tasks about pictures, in VisualWebArena's form and by its rules."""

    name = "mini-visual"
    form = Form(rules="visualwebarena")
    profile = "visualwebarena"
    caution = "mini-visual is not VisualWebArena: own tasks on the embedded sites, for smoke runs and development"


class MiniVerified(Mini):
    """Tasks of `mini` in WebArena-Verified's form, by the same ids, and scored by that benchmark's package."""

    name = "mini-verified"
    form = VerifiedForm()
    profile = "verified"
    caution = "mini-verified is not WebArena-Verified: own tasks on the embedded sites, scored by its evaluator"
