"""Past episodes scored again, from the evidence that their folder has; the verdicts come from whoever drives it.

`score_again` asks by `yield`: those who have recorded verdicts, a judge, or only want to know how many questions there
are answer it.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from webarena_runner.errors import ConfigError, EpisodeError, EvidenceMissing
from webarena_runner.evaluators.combine import evaluator_of, next_outcome, not_recorded, product, unjudged
from webarena_runner.interfaces import Evaluator, Past, Question
from webarena_runner.types import Check, Score, Task, Verdict

Scores = tuple[float, tuple[Score, ...]]
# None is for a question without a verdict: the score is then the one that no verdict can change, if there is one.
Scoring = Generator[Question, Verdict | None, Scores]


def score_again(task: Task, evidence: Sequence[Mapping[str, Any]], evaluators: Mapping[str, Evaluator]) -> Scoring:
    """Scores by evidence, one for each check.

    Raises:
        JudgeUnusable: a question has no verdict, and decides.
        EvidenceMissing: the evidence is not what the evaluator of the check can score.
        ConfigError: no evaluator for a kind of check.
    """
    scores = []
    for check, seen in zip(task.checks, evidence, strict=True):
        evaluator, spec = evaluator_of(task, check, evaluators)
        verdicts: list[Verdict] = []
        while isinstance(outcome := _outcome(task, check, evaluator, spec, seen, verdicts), Question):
            verdict = yield outcome
            if verdict is None:
                outcome = unjudged(outcome, not_recorded(outcome))
                break
            verdicts.append(verdict)
        scores.append(outcome)
    return product(scores), tuple(scores)


def by_record(scoring: Scoring, verdicts: Sequence[Verdict]) -> Scores:
    """Answers each question with the verdict that was recorded for it. Raises as `score_again`."""
    known = {(verdict.kind, verdict.reference): verdict for verdict in verdicts}
    try:
        question = next(scoring)
        while True:
            question = scoring.send(known.get((question.kind, question.reference)))
    except StopIteration as done:
        found: Scores = done.value
        return found


def rescore(task: Task, recorded: Sequence[Score], evaluators: Mapping[str, Evaluator]) -> Scores:
    """Scores a past episode again, from the evidence and verdicts of its recorded scores, one for each check.

    Raises:
        JudgeUnusable: the check now needs a verdict that was not recorded.
        ConfigError: no evaluator for a kind of check, or the scores are not those of this task.
    """
    if [each.evaluator for each in recorded] != [check.kind for check in task.checks]:
        raise ConfigError(
            f"task {task.task_id} of {task.task_set}: expected recorded scores of "
            f"{', '.join(check.kind for check in task.checks)}, found {', '.join(each.evaluator for each in recorded)}"
        )
    verdicts = [verdict for score in recorded for verdict in score.verdicts]
    return by_record(score_again(task, [score.evidence for score in recorded], evaluators), verdicts)


def evidence_of_past(
    task: Task, played: Sequence[Check], recorded: Sequence[Score], past: Past, evaluators: Mapping[str, Evaluator]
) -> list[Mapping[str, Any]]:
    """Evidence for each check of `task`; the episode was `recorded` by the checks that it was `played` with.

    Raises:
        EvidenceMissing: a check looks at what the episode's folder does not have.
        ConfigError: no evaluator for a kind of check.
    """
    pairs = list(zip(played, recorded, strict=False))
    found: list[Mapping[str, Any]] = []
    for check in task.checks:
        same = next((pair for pair in pairs if pair[0] == check and pair[1].evidence), None)
        if same is not None:
            pairs.remove(same)
            found.append(same[1].evidence)
            continue
        evaluator, spec = evaluator_of(task, check, evaluators)
        recall = getattr(evaluator, "recall", None)
        if recall is None:
            raise EvidenceMissing(f"{check.kind}: its check is not the one that the episode was scored by")
        seen = [
            (evaluator.Spec.model_validate(old.spec), score.evidence)
            for old, score in zip(played, recorded, strict=False)
            if old.kind == check.kind and score.evidence
        ]
        found.append(recall(spec, Past(past.answer, past.final_url, past.urls, seen)))
    return found


def _outcome(
    task: Task,
    check: Check,
    evaluator: Evaluator,
    spec: BaseModel,
    evidence: Mapping[str, Any],
    verdicts: Sequence[Verdict],
) -> Score | Question:
    try:
        return next_outcome(evaluator, spec, evidence, verdicts)
    except EpisodeError as error:
        # Such as the URL of a site that the evidence does not have.
        raise EvidenceMissing(f"{check.kind}: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EvidenceMissing(
            f"task {task.task_id} of {task.task_set}: the recorded evidence is not what {check.kind} can score: "
            f"{error!r}"
        ) from error
