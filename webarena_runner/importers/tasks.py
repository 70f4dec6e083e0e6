"""The tasks of an imported run: those of their task file where it is here and says the same, else what is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import TaskFileError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.log.paths import task_name
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets import load_task_set
from webarena_runner.tasksets.ids import listed_ids
from webarena_runner.types import Task, TaskId, id_order


@dataclass(frozen=True)
class KnownTasks:
    """A task set by task id; `fault` says why it could not be loaded, and `loaded` is None then."""

    name: str
    loaded: LoadedTasks | None
    fault: str = ""

    @property
    def by_id(self) -> dict[TaskId, Task]:
        return {task.task_id: task for task in self.loaded.tasks} if self.loaded else {}


def load_known(name: str) -> KnownTasks:
    """The official set may be absent, a set that somebody names may not.

    Raises:
        UsageError: another set cannot be loaded.
    """
    task_set = load_task_set(name)
    try:
        return KnownTasks(task_set.name, task_set.load(allow_modified=True))
    except TaskFileError as error:
        if name != WEBARENA.name:
            raise
        return KnownTasks(task_set.name, None, str(error))


def bare_task(task_set: str, task_id: TaskId, **known: Any) -> Task:
    """A task of which only this is known; nothing can be checked by it."""
    fields: dict[str, Any] = {"intent": "", "sites": (), "start_urls": (), "login_sites": (), "checks": (), "raw": {}}
    return Task(task_set=task_set, task_id=task_id, **fields | known)


def about_tasks(known: KnownTasks, tasks: Sequence[Task], planned: Iterable[tuple[TaskId, int]]) -> dict[str, Any]:
    """What a manifest says of them."""
    loaded = known.loaded
    other = [task.task_id for task in tasks if not task.checks]
    caution = ""
    if loaded and other:
        caution = f"tasks {listed_ids(other)} are not those of {known.name}: do not compare with its numbers"
    return {
        "task_set": known.name,
        "task_set_sha256": loaded.sha256 if loaded else "",
        "task_set_modified": bool(loaded and loaded.modified),
        "expected_count": loaded.expected_count if loaded else None,
        "scope": known.name,
        "caution": caution or (loaded.caution if loaded else ""),
        "planned": tuple(sorted(planned, key=lambda key: (id_order(key[0]), key[1]))),
        "task_sites": {task_name(task.task_id): "+".join(sorted(task.sites)) for task in tasks},
    }


def note_on(known: KnownTasks) -> tuple[str, ...]:
    """For whoever imports it, when the set is not there."""
    if known.loaded:
        return ()
    return (f"what the tasks' checks are is not known: {known.fault}, then import it again under another --run-id",)
