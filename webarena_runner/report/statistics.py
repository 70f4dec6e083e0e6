"""How sure a success rate is: formulas of docs/statistics.md, on planned trials whose tasks come from templates.

They are written out, and tests hold them against statsmodels and SciPy: importing those takes longer than the whole
result table does.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist, fmean, stdev
from typing import Any, NamedTuple

from webarena_runner.types import TaskId

LEVEL = 0.95


class Trial(NamedTuple):
    """A planned (task, trial); `template` is what the task shares with tasks like it, or itself where it has none."""

    task_id: TaskId
    template: Hashable
    passed: bool


@dataclass(frozen=True)
class Rate:
    """A success rate over trials that were planned, and how sure it is; `trials` is never empty."""

    trials: tuple[Trial, ...]

    @cached_property
    def planned(self) -> int:
        return len(self.trials)

    @cached_property
    def passed(self) -> int:
        return sum(trial.passed for trial in self.trials)

    @cached_property
    def value(self) -> float:
        return self.passed / self.planned

    @cached_property
    def tasks(self) -> int:
        return len({trial.task_id for trial in self.trials})

    @cached_property
    def templates(self) -> int:
        return len({trial.template for trial in self.trials})

    @cached_property
    def clustered_se(self) -> float | None:
        """Miller 2024's standard error, clustered by template; None where it says nothing: all passed, or none did."""
        if self.passed in (0, self.planned):
            return None
        return clustered_se([trial.passed for trial in self.trials], [trial.template for trial in self.trials])

    @cached_property
    def design_effect(self) -> float | None:
        """How often the variance is that of as many tasks which have nothing to do with each other.

        None where the trials do not tell: all of one template, all passed, or none did.
        """
        if self.clustered_se is None:
            return None
        return self.clustered_se**2 / (self.value * (1 - self.value) / self.tasks)

    @cached_property
    def effective_tasks(self) -> float:
        """How many independent tasks would say as much."""
        return self.tasks / max(1.0, self.design_effect or 1.0)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95 % interval: Wilson's, of so many tasks as those are worth."""
        return success_interval(self.value * self.effective_tasks, self.effective_tasks)

    def as_json(self) -> dict[str, Any]:
        low, high = self.interval
        counts = {"passed": self.passed, "planned": self.planned, "tasks": self.tasks, "templates": self.templates}
        return counts | {
            "rate": self.value,
            "low": low,
            "high": high,
            "clustered_se": self.clustered_se,
            "design_effect": self.design_effect,
            "effective_tasks": self.effective_tasks,
        }


@dataclass(frozen=True)
class Mean:
    """A mean of rates, with its clustered standard error (None: not known) and how many values it is of."""

    value: float
    se: float | None
    of: int

    def as_json(self) -> dict[str, Any]:
        return {"value": self.value, "se": self.se, "of": self.of}


def rate_of(trials: Iterable[Trial]) -> Rate | None:
    """None without a trial."""
    kept = tuple(trials)
    return Rate(kept) if kept else None


def clustered_se(values: Sequence[float], clusters: Sequence[Hashable]) -> float | None:
    """Standard error of the mean of values that are alike within clusters; None with a single cluster.

    Miller 2024 (arXiv 2411.00640): the root of the sum over clusters of the squared sum of what its values differ from
    the mean by, over the number of values. That of OLS on a constant, `cov_type="cluster"`, `use_correction=False`.
    """
    mean = sum(values) / len(values)
    sums: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - mean
    return None if len(sums) < 2 else math.sqrt(sum(each * each for each in sums.values())) / len(values)


def success_interval(passed: float, planned: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Wilson score interval of a success rate; bounds lie in [0, 1]. Source: Wilson 1927, eq. 5.

    Takes outcomes for independent: `planned` is the number of such outcomes that those there are worth, and need not
    be whole.

    Raises:
        ValueError: nothing was planned.
    """
    if planned <= 0:
        raise ValueError("a success rate needs at least one planned episode")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    rate, denominator = passed / planned, 1 + z * z / planned
    centre = (rate + z * z / (2 * planned)) / denominator
    half = z * math.sqrt(max(0.0, rate * (1 - rate)) / planned + z * z / (4 * planned * planned)) / denominator
    return max(0.0, centre - half), min(1.0, centre + half)


def template_average(trials: Sequence[Trial]) -> Mean | None:
    """The mean of the templates' success rates, each counting once; None without a trial."""
    by_template: dict[Hashable, list[bool]] = defaultdict(list)
    for trial in trials:
        by_template[trial.template].append(trial.passed)
    rates = [fmean(passed) for passed in by_template.values()]
    if not rates:
        return None
    return Mean(fmean(rates), stdev(rates) / math.sqrt(len(rates)) if len(rates) > 1 else None, len(rates))


def pass_at_k(trials: int, passed: int, k: int) -> float:
    """Chance that of k of a task's trials at least one passed: Chen et al. 2021 (arXiv 2107.03374), eq. 1, unbiased."""
    return 1 - math.comb(trials - passed, k) / math.comb(trials, k)


def pass_hat_k(trials: int, passed: int, k: int) -> float:
    """Chance that k of a task's trials all passed: Yao et al. 2024 (arXiv 2406.12045), section 2."""
    return math.comb(passed, k) / math.comb(trials, k)


def over_tasks(trials: Iterable[Trial], chance: Callable[[int, int, int], float]) -> dict[int, Mean]:
    """The mean of such a chance over the tasks with at least k trials, by k from 1 to the most that a task has."""
    by_task: dict[tuple[TaskId, Hashable], list[bool]] = defaultdict(list)
    for trial in trials:
        by_task[trial.task_id, trial.template].append(trial.passed)
    most = max(map(len, by_task.values()), default=0)
    found = {}
    for k in range(1, most + 1):
        tasks = {key: passed for key, passed in by_task.items() if len(passed) >= k}
        chances = [chance(len(passed), sum(passed), k) for passed in tasks.values()]
        se = clustered_se(chances, [template for _, template in tasks])
        found[k] = Mean(fmean(chances), se, len(chances))
    return found
