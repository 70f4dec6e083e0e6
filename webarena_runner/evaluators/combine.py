"""The official score of a task: the product of its evaluators, one for each declared type, in the declared order."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import EpisodeEnd, Evaluator
from webarena_runner.types import Check, Score, Task, Verdict


class OfflineEvaluator(Protocol):
    """An evaluator that can also score what it, or its earlier version, saw of a past episode."""

    def score(self, check: Check, evidence: Mapping[str, Any], verdicts: Sequence[Verdict] = ()) -> Score: ...


async def score(task: Task, end: EpisodeEnd, evaluators: Mapping[str, Evaluator]) -> tuple[float, tuple[Score, ...]]:
    """Runs every check of the task, also after one has failed; `evaluators` by kind of check.

    Raises:
        EpisodeError: an evaluator cannot tell (site, browser, judge).
        ConfigError: no evaluator for a kind of check.
    """
    scores = []
    for check in task.checks:
        if check.kind not in evaluators:
            raise ConfigError(_no_evaluator(task, check.kind, evaluators))
        scores.append(await evaluators[check.kind].evaluate(check, end))
    return math.prod(each.value for each in scores), tuple(scores)


def rescore(
    task: Task, recorded: Sequence[Score], evaluators: Mapping[str, OfflineEvaluator]
) -> tuple[float, tuple[Score, ...]]:
    """Scores a past episode again from the evidence of its recorded scores, one for each check.

    Raises:
        JudgeUnusable: the check now needs a verdict that was not recorded.
        ConfigError: no evaluator for a kind of check, or the scores are not those of this task.
    """
    if [each.evaluator for each in recorded] != [check.kind for check in task.checks]:
        raise ConfigError(
            f"task {task.task_id} of {task.task_set}: expected recorded scores of "
            f"{', '.join(check.kind for check in task.checks)}, found {', '.join(each.evaluator for each in recorded)}"
        )
    scores = []
    for check, old in zip(task.checks, recorded, strict=True):
        if check.kind not in evaluators:
            raise ConfigError(_no_evaluator(task, check.kind, evaluators))
        scores.append(evaluators[check.kind].score(check, old.evidence, old.verdicts))
    return math.prod(each.value for each in scores), tuple(scores)


def _no_evaluator(task: Task, kind: str, evaluators: Mapping[str, object]) -> str:
    return (
        f"task {task.task_id} of {task.task_set} is scored by '{kind}', for which no evaluator is installed; "
        f"installed: {', '.join(sorted(evaluators))}"
    )
