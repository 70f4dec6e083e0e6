"""Telling what is wrong with records of a task file: all of it at once, and what can be done besides correcting it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from webarena_runner.errors import TaskFileError

if TYPE_CHECKING:
    from webarena_runner.interfaces import LoadedTasks, UnusableTask
    from webarena_runner.types import TaskId

_SHOWN = 30


def require_whole(unusable: "Sequence[UnusableTask]", *, total: int, file: str, remedy: str = "") -> None:
    """Raises TaskFileError with what is wrong with these records, of so many."""
    if not unusable:
        return
    faults = [fault for task in unusable for fault in task.faults]
    lines = [*faults[:_SHOWN], *([f"and {len(faults) - _SHOWN} more"] if faults[_SHOWN:] else [])]
    head = f"{file}: {len(faults)} faults in {len(unusable)} of {total} records:\n  "
    raise TaskFileError((head if faults[1:] else "") + "\n  ".join(lines) + (f"\n{remedy}" if remedy else ""))


def require_usable(chosen: "frozenset[TaskId]", loaded: "LoadedTasks") -> None:
    """Raises TaskFileError when the chosen ids are of records that cannot be run."""
    unusable = [task for task in loaded.unusable if task.task_id in chosen]
    total = len(loaded.tasks) + len(loaded.unusable)
    require_whole(unusable, total=total, file=loaded.source, remedy=f"correct the file{_or_else(loaded)}")


def _or_else(loaded: "LoadedTasks") -> str:
    if not loaded.tasks:
        return ""
    ids = list(dict.fromkeys(task.task_id for task in loaded.unusable))
    if any(isinstance(task_id, str) and task_id.startswith(" ") for task_id in ids):
        return f", or name those of the {len(loaded.tasks)} other tasks that you want by their ids"
    named = ",".join(f'"{task_id}"' if isinstance(task_id, str) else str(task_id) for task_id in ids)
    return f", or choose the {len(loaded.tasks)} others: --tasks 'all & !({named})'"
