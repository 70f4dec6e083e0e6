"""A run's statistics: its success rate in all and by part, over trials, and what it took."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from webarena_runner.log.paths import Key
from webarena_runner.official.notation import UNACHIEVABLE
from webarena_runner.report.statistics import (
    Mean,
    Rate,
    Trial,
    over_tasks,
    pass_at_k,
    pass_hat_k,
    rate_of,
    template_average,
)
from webarena_runner.report.times import Share, times_of
from webarena_runner.types import EpisodeResult, Task

if TYPE_CHECKING:
    from webarena_runner.report.summary import RunReport

# With fewer the interval covers less than its 95 %: see the table in docs/statistics.md.
FEW_TEMPLATES = 20
FEW_OUTCOMES = 20


@dataclass(frozen=True)
class Spent:
    """What the episodes that ended took of something, `total` in all; `per_pass` is None when none passed."""

    total: float
    mean: float
    median: float | None
    per_pass: float | None

    def as_json(self) -> dict[str, Any]:
        return {"total": self.total, "per_task": self.mean, "median": self.median, "per_pass": self.per_pass}


@dataclass(frozen=True)
class RunStatistics:
    """All that docs/statistics.md explains, of one run. Rates are over what was planned, except `scored`.

    `overall` is None when nothing was planned, `scored` when no episode has a score. `by_evaluator` and the two after
    it are empty or None when the run folder does not say what the tasks are. `spent` is by steps, tokens, cost_usd and
    wall_s, without what is not known; `times` says what the episodes' time went into.
    """

    overall: Rate | None
    scored: Rate | None
    by_site: Mapping[str, Rate]
    by_evaluator: Mapping[str, Rate]
    achievable: Rate | None
    unachievable: Rate | None
    by_trial: Mapping[int, Rate]
    template_average: Mean | None
    pass_at: Mapping[int, Mean]
    pass_hat: Mapping[int, Mean]
    spent: Mapping[str, Spent]
    times: tuple[Share, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "overall": self.overall and self.overall.as_json(),
            "scored": self.scored and self.scored.as_json(),
            "by_site": {name: rate.as_json() for name, rate in self.by_site.items()},
            "by_evaluator": {name: rate.as_json() for name, rate in self.by_evaluator.items()},
            "achievable": self.achievable and self.achievable.as_json(),
            "unachievable": self.unachievable and self.unachievable.as_json(),
            "by_trial": {str(trial): rate.as_json() for trial, rate in self.by_trial.items()},
            "template_average": self.template_average and self.template_average.as_json(),
            "pass_at_k": {str(k): mean.as_json() for k, mean in self.pass_at.items()},
            "pass_hat_k": {str(k): mean.as_json() for k, mean in self.pass_hat.items()},
            "spent": {name: spent.as_json() for name, spent in self.spent.items()},
            "times": [part.as_json() for part in self.times],
            "notes": list(self.notes),
        }


def break_down(report: "RunReport") -> RunStatistics:
    """Reads the run's tasks too."""
    asked = {task_id: report.task(task_id) for task_id, _ in report.manifest.planned}
    tasks = {task_id: task for task_id, task in asked.items() if task}
    kinds = {task_id: kinds_of(task) for task_id, task in tasks.items()}
    cannot = {task_id: is_unachievable(task) for task_id, task in tasks.items()}
    trials = report.trials
    by_trial = _by(trials, lambda key: key[1])
    return RunStatistics(
        overall=report.rate,
        scored=report.scored_rate,
        by_site=_by(trials, lambda key: report.sites_of(key[0])),
        by_evaluator=_by({key: trial for key, trial in trials.items() if key[0] in kinds}, lambda key: kinds[key[0]]),
        achievable=rate_of(trial for key, trial in trials.items() if cannot.get(key[0]) is False),
        unachievable=rate_of(trial for key, trial in trials.items() if cannot.get(key[0]) is True),
        by_trial=by_trial if len(by_trial) > 1 else {},
        template_average=template_average(list(trials.values())),
        pass_at=over_tasks(trials.values(), pass_at_k),
        pass_hat=over_tasks(trials.values(), pass_hat_k),
        spent=_spent(report),
        times=times_of(report),
        notes=tuple(_notes(report, known=len(kinds))),
    )


def planned_trials(report: "RunReport") -> dict[Key, Trial]:
    """In the order of the plan; what errored or did not run has not passed."""
    templates, heads = report.templates, report.heads
    found = {}
    for key in report.manifest.planned:
        task_id, _ = key
        template = templates.get(task_id)
        result = heads.get(key)
        shared: Hashable = ("task", task_id) if template is None else template
        found[key] = Trial(task_id, shared, result is not None and result.value == 1)
    return found


def _by(trials: Mapping[Key, Trial], name: Callable[[Key], Any]) -> dict[Any, Rate]:
    groups: dict[Any, list[Trial]] = {}
    for key, trial in trials.items():
        groups.setdefault(name(key), []).append(trial)
    return {group: Rate(tuple(groups[group])) for group in sorted(groups)}


def _spent(report: "RunReport") -> dict[str, Spent]:
    """Cost is of all attempts, as in the result table; the rest of the latest ones."""
    results, passed = list(report.heads.values()), report.total.passed
    if not results:
        return {}
    measures: dict[str, Callable[[EpisodeResult], float]] = {
        "steps": lambda result: result.steps,
        "tokens": lambda result: result.prompt_tokens + result.completion_tokens,
        "wall_s": lambda result: result.wall_s,
    }
    found = {}
    for name, measure in measures.items():
        values = [measure(result) for result in results]
        found[name] = Spent(sum(values), fmean(values), median(values), sum(values) / passed if passed else None)
    if (cost := report.cost_usd) is not None:
        found["cost_usd"] = Spent(cost, cost / len(results), None, cost / passed if passed else None)
    return found


def kinds_of(task: Task) -> str:
    """The evaluators of a task, joined by "+"."""
    return "+".join(sorted({check.kind for check in task.checks}))


def is_unachievable(task: Task) -> bool:
    """Whether its reference answer says that it cannot be done."""
    answers = (check.spec.get("reference_answers") for check in task.checks)
    return any(isinstance(each, dict) and each.get("fuzzy_match") == UNACHIEVABLE for each in answers)


def _notes(report: "RunReport", *, known: int) -> Iterator[str]:
    """What a reader of the numbers has to know."""
    rate = report.rate
    if rate is None:
        return
    if report.tasks_fault:
        yield f"{report.tasks_fault}. Tasks count as independent of each other, and there are no rates by evaluator"
    elif known < rate.tasks:
        yield "the run folder does not say what the tasks are: they count as independent, without rates by evaluator"
    if 1 < rate.templates < rate.tasks and rate.templates < FEW_TEMPLATES:
        yield f"the tasks come from only {rate.templates} templates: the interval is narrower than 95 % should be"
    elif rate.templates == 1 < rate.tasks:
        yield "all tasks come from one template: the interval takes them for independent, so that it is too narrow"
    few = min(rate.passed, rate.planned - rate.passed) * rate.tasks / rate.planned
    if rate.templates < rate.tasks and few < FEW_OUTCOMES:
        told = "passed" if rate.value < 0.5 else "did not pass"
        yield f"few tasks {told}: where tasks of a template are alike, the interval is narrower than 95 % should be"
