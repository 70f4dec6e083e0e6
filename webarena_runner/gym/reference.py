"""Plays a task's reference actions where only texts of pages are at hand: in environments of other frameworks."""

from webarena_runner.actions.id_grammar import written
from webarena_runner.actions.reference import reference_plan
from webarena_runner.agents.oracle import Oracle
from webarena_runner.errors import SelectionError
from webarena_runner.official.sites import OFFICIAL_SITES
from webarena_runner.tasksets import load_task_set
from webarena_runner.types import Action, Observation, Task, TaskId

PUBLIC_URLS = {name: site.public_url for name, site in OFFICIAL_SITES.items()}


class ReferencePlayer:
    """One episode's. It goes by the text alone, so it does not scroll to elements that are printed and not in view."""

    def __init__(self, task: Task) -> None:
        """Raises TaskFileError for a task without reference actions, or with malformed ones."""
        reference_plan(task)
        self._task = task
        self._oracle = Oracle()
        self._notes: list[str] = []

    @classmethod
    def of(cls, task_set: str, task_id: TaskId) -> "ReferencePlayer":
        """Raises UsageError when the set has no such task, or the task no reference actions."""
        return cls(task_of(task_set, task_id))

    def next(self, text: str) -> str:
        """The action text for a page, in the id grammar, with sites by their public names."""
        return written(self.next_action(text))

    def next_action(self, text: str) -> Action:
        """The same as a record."""
        decision = self._oracle.decide(self._task, self._notes, Observation(url="", tabs=(), text=text), PUBLIC_URLS)
        self._notes.append(decision.note)
        return decision.action


def task_of(task_set: str, task_id: TaskId) -> Task:
    """Raises UsageError when the set has no such task."""
    found = next((task for task in load_task_set(task_set).load().tasks if task.task_id == task_id), None)
    if found is None:
        raise SelectionError(f"task_id {task_id!r}: '{task_set}' has no such task; see: wa-run tasks list")
    return found
