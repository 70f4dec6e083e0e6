"""Tasks that a run cannot score are refused before it starts: their score would be no 0."""

from collections.abc import Mapping, Sequence

from webarena_runner.errors import TaskFileError
from webarena_runner.evaluators.combine import cannot_score, evaluator_of
from webarena_runner.interfaces import Evaluator
from webarena_runner.types import Task


def require_scorable(tasks: Sequence[Task], evaluators: Mapping[str, Evaluator]) -> None:
    """Raises TaskFileError for tasks with a check that these evaluators cannot score, with the reasons.

    Raises:
        ConfigError: no evaluator for a kind of check.
    """
    reasons = not_scored(tasks, evaluators)
    if not reasons:
        return
    lines = "\n".join(f"  {reason}; {len(found)} of {len(tasks)} tasks" for reason, found in reasons.items())
    refused = {task.task_id: task for found in reasons.values() for task in found}
    kept = [task for task in tasks if task.task_id not in refused]
    without = _told_apart_by(list(refused.values()), kept)
    remedy = f"leave them out: --tasks '... & !{without}'" if kept else "these are all of the chosen tasks"
    raise TaskFileError(f"this run cannot score {len(refused)} of the {len(tasks)} tasks:\n{lines}\n{remedy}")


def not_scored(tasks: Sequence[Task], evaluators: Mapping[str, Evaluator]) -> dict[str, list[Task]]:
    """Tasks that have no score, by the reason. Raises ConfigError as `require_scorable`."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        for reason in dict.fromkeys(_reasons(task, evaluators)):
            found.setdefault(reason, []).append(task)
    return found


def _reasons(task: Task, evaluators: Mapping[str, Evaluator]) -> list[str]:
    checks = [(check.kind, *evaluator_of(task, check, evaluators)) for check in task.checks]
    return [f"{kind}: {why}" for kind, evaluator, spec in checks if (why := cannot_score(evaluator, spec))]


def _told_apart_by(refused: Sequence[Task], kept: Sequence[Task]) -> str:
    """What chooses these tasks alone: the kind of check that they have in common and no other has, or their ids."""
    common = set.intersection(*(_kinds(task) for task in refused))
    apart = sorted(common.difference(*map(_kinds, kept)))
    return f"eval:{apart[0]}" if apart else f"({','.join(map(_as_chosen, refused))})"


def _kinds(task: Task) -> set[str]:
    return {check.kind for check in task.checks}


def _as_chosen(task: Task) -> str:
    return f'"{task.task_id}"' if isinstance(task.task_id, str) else str(task.task_id)
