"""The official score of a task: the product of its evaluators, one for each declared type, in the declared order.

One path for all: evidence, score, where that is open a judge's verdict, and score again. A running episode asks the
judge, `wa-run score` has the judge's reply in its line, and past episodes are in `again`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ValidationError

from webarena_runner import registry
from webarena_runner.errors import ConfigError, EpisodeError, JudgeUnusable, TaskFileError
from webarena_runner.interfaces import EpisodeEnd, Evaluator, EvaluatorSetup, Judge, Question
from webarena_runner.log.reading import total_usd
from webarena_runner.official.notation import render
from webarena_runner.pictures import KeptPictures
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Check, Score, Task, Verdict

# Of a score whose judge gave no verdict.
UNCLEAR = "judge_unclear"


class _Installed(Mapping[str, Evaluator]):
    """Each made when a check asks for it: what is wrong with a package of others is no matter to other tasks."""

    def __init__(self, scoring: ScoringSettings) -> None:
        self._setup = EvaluatorSetup(scoring)
        self._names = registry.names("evaluators")
        self._made: dict[str, Evaluator] = {}

    def __getitem__(self, kind: str) -> Evaluator:
        if kind not in self._names:
            raise KeyError(kind)
        if kind not in self._made:
            self._made[kind] = registry.load("evaluators", kind).build(self._setup)
        return self._made[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def load_evaluators(scoring: ScoringSettings) -> Mapping[str, Evaluator]:
    """One evaluator of each kind that is installed, by kind, scoring as these settings say."""
    return _Installed(scoring)


def needs_trace(task: Task, evaluators: Mapping[str, Evaluator]) -> bool:
    """Whether one of the task's checks looks at the network log.

    Raises:
        ConfigError: no evaluator for a kind of check.
    """
    found = [evaluator_of(task, check, evaluators) for check in task.checks]
    return any(evaluator.needs_trace(spec) for evaluator, spec in found)


def asks_verified(task: Task, evaluators: Mapping[str, Evaluator]) -> bool:
    """Whether webarena-verified scores one of the task's checks. Raises ConfigError as `needs_trace`."""
    return any(getattr(evaluator_of(task, check, evaluators)[0], "asks_verified", False) for check in task.checks)


def needs_bodies(task: Task, evaluators: Mapping[str, Evaluator]) -> bool:
    """Whether a check looks at what the sites answered. Raises ConfigError as `needs_trace`."""
    found = [evaluator_of(task, check, evaluators) for check in task.checks]
    return any(evaluator.needs_bodies(spec) for evaluator, spec in found if hasattr(evaluator, "needs_bodies"))


async def score(
    task: Task, end: EpisodeEnd, evaluators: Mapping[str, Evaluator], judge: Judge | None = None
) -> tuple[float, tuple[Score, ...]]:
    """Runs every check of the task, also after one has failed; `evaluators` by kind of check.

    Raises:
        EpisodeError: site, browser or judge failed, so there is no score; with what the judge has cost until then.
        ConfigError: no evaluator for a kind of check.
    """
    scores: list[Score] = []
    verdicts: list[Verdict] = []
    try:
        for check in task.checks:
            evaluator, spec = evaluator_of(task, check, evaluators)
            scores.append(await _score_of(task, evaluator, spec, end, judge, verdicts))
    except EpisodeError as error:
        error.cost_usd = total_usd([error.cost_usd, *(verdict.cost_usd for verdict in verdicts)])
        raise
    return product(scores), tuple(scores)


async def _score_of(
    task: Task, evaluator: Evaluator, spec: BaseModel, end: EpisodeEnd, judge: Judge | None, taken: list[Verdict]
) -> Score:
    """Of one check; the verdicts that it takes are added to those `taken`."""
    evidence = await evaluator.collect(spec, end)
    verdicts: list[Verdict] = []
    while isinstance(outcome := next_outcome(evaluator, spec, evidence, verdicts), Question):
        if judge is None:
            return unjudged(outcome, _missing_judge(task, outcome))
        verdicts.append(await asked(judge, outcome, render(task.intent, end.lease.urls), end.pictures))
        taken.append(verdicts[-1])
    return outcome


def score_outcome(
    task: Task,
    check: Check,
    outcome: BaseModel,
    evaluators: Mapping[str, Evaluator],
    *,
    urls: Mapping[str, str],
    reply: str | None,
) -> Score:
    """Scores an outcome that was recorded elsewhere, as if the judge, whenever asked, had said `reply`.

    Raises:
        TaskFileError: the outcome does not fit the check.
        JudgeUnusable: a judge has to decide, and there is no reply.
        SiteError: a site that the check names has no URL.
    """
    evaluator, spec = evaluator_of(task, check, evaluators)
    try:
        evidence = evaluator.evidence_of(spec, outcome, urls)
    except TaskFileError as error:
        raise TaskFileError(f"task {task.task_id}: {error}") from error
    verdicts: list[Verdict] = []
    while isinstance(scored := next_outcome(evaluator, spec, evidence, verdicts), Question):
        if reply is None:
            return unjudged(scored, not_recorded(scored))
        verdicts.append(_verdict(scored, reply))
    return scored


def evaluator_of(task: Task, check: Check, evaluators: Mapping[str, Evaluator]) -> tuple[Evaluator, BaseModel]:
    """The evaluator of a check, and the check's spec as its own record."""
    evaluator = evaluators.get(check.kind)
    if evaluator is None:
        raise ConfigError(
            f"task {task.task_id} of {task.task_set} is scored by '{check.kind}', for which no evaluator is installed; "
            f"installed: {', '.join(sorted(evaluators))}"
        )
    try:
        return evaluator, evaluator.Spec.model_validate(check.spec)
    except ValidationError as error:
        raise TaskFileError(
            f"task {task.task_id} of {task.task_set}: its {check.kind} check is not as the installed evaluator reads "
            f"it: {error}"
        ) from error


def cannot_score(evaluator: Evaluator, spec: BaseModel) -> str:
    """Why a check has no score by the rules of this run, where its evaluator has a way to say so; "" when it has."""
    told = getattr(evaluator, "cannot_score", None)
    return str(told(spec)) if told else ""


def next_outcome(
    evaluator: Evaluator, spec: BaseModel, evidence: Mapping[str, object], verdicts: Sequence[Verdict]
) -> Score | Question:
    """The score, or the next question.

    Raises:
        TaskFileError: the rules of the evaluator do not know the check.
        TypeError: the evaluator asks for what it was given.
    """
    if why := cannot_score(evaluator, spec):
        raise TaskFileError(why)
    outcome = evaluator.score(spec, evidence, verdicts)
    if isinstance(outcome, Question) and any(
        (verdict.kind, verdict.reference) == (outcome.kind, outcome.reference) for verdict in verdicts
    ):
        raise TypeError(f"{type(evaluator).__name__}.score asks for a verdict that it was given: {outcome}")
    return outcome


async def asked(judge: Judge, question: Question, intent: str, pictures: KeptPictures) -> Verdict:
    """The judge's verdict, not read yet; `intent` has the sites' URLs, `pictures` are those of the episode."""
    intent = intent if question.intent is None else question.intent
    shown = {"pictures": [pictures.read(question.picture).for_models()]} if question.picture else {}
    reply = await judge.ask(question.kind, intent=intent, reference=question.reference, answer=question.answer, **shown)
    verdict = _verdict(question, reply.text, judge=judge.name)
    return verdict.model_copy(update={"cached": reply.cached, "cost_usd": reply.cost_usd, "question": reply.question})


def _verdict(question: Question, reply: str, *, judge: str = "") -> Verdict:
    """The evaluator reads the reply, and gives the verdict its score."""
    return Verdict(kind=question.kind, reference=question.reference, reply=reply, score=None, judge=judge, cached=False)


def unjudged(question: Question, message: str) -> Score:
    """The score without a verdict. Raises JudgeUnusable where the verdict decides."""
    if question.unjudged is None:
        raise JudgeUnusable(message)
    return question.unjudged


def _missing_judge(task: Task, question: Question) -> str:
    return (
        f"task {task.task_id} of {task.task_set} needs a judge model to decide the answer {question.answer!r}; "
        "name a model file in judge.model (wa-run: --judge NAME; in Python: assignments=['judge.model=NAME']), or "
        "leave such tasks out"
    )


def not_recorded(question: Question) -> str:
    return (
        f"the {question.kind} verdict on {question.answer!r} against {question.reference!r} was not recorded; "
        f"only a run with a judge can score this"
    )


def product(scores: Sequence[Score]) -> float:
    """The official way to combine the scores of a task."""
    return math.prod(each.value for each in scores)
