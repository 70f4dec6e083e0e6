"""How sure the difference between two runs on the same tasks is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from webarena_runner.report.breakdown import FEW_TEMPLATES
from webarena_runner.report.comparison.pairs import Cluster, Pair
from webarena_runner.report.statistics import LEVEL
from webarena_runner.types import TaskId

# Of the second run.
Verdict = Literal["better", "worse", "unclear"]
RESAMPLES = 9999
# The same runs have the same interval.
SEED = 0


@dataclass(frozen=True)
class Interval:
    """Of the second run's success rate minus the first one's; so many `clusters` were resampled, which are `units`."""

    low: float
    high: float
    clusters: int
    units: str

    @property
    def is_narrow(self) -> bool:
        """Too narrow to be trusted, because there are few clusters."""
        return self.clusters < FEW_TEMPLATES

    @property
    def is_point(self) -> bool:
        """All clusters differ alike, and so do all resamples: nothing is known of how sure that is."""
        return self.low == self.high


@dataclass(frozen=True)
class McNemar:
    """Tasks that one run passed in more of their trials than the other, and the exact two-sided probability of that."""

    first: int
    second: int
    p_value: float


def verdict_of(interval: Interval | None, test: McNemar, *, level: float = LEVEL) -> Verdict:
    """Which way the difference is shown to be: by the interval, and where that is narrow by McNemar's test too."""
    if interval is None or interval.low <= 0 <= interval.high:
        return "unclear"
    if interval.is_narrow and test.p_value >= 1 - level:
        return "unclear"
    return "worse" if interval.high < 0 else "better"


def interval_of(pairs: Sequence[Pair], *, level: float = LEVEL) -> Interval | None:
    """Paired cluster bootstrap of the difference; None with fewer than two clusters.

    Clusters are resampled whole, so that tasks of one template, and trials of one task, count as alike as they are.
    Percentiles are expanded for their number. Source: Hesterberg 2015, "What Teachers Should Know About the Bootstrap".
    """
    changes: dict[Cluster, list[int]] = defaultdict(list)
    for pair in pairs:
        changes[pair.cluster].append(pair.change)
    clusters = len(changes)
    if clusters < 2:
        return None
    sums = np.array([sum(each) for each in changes.values()])
    sizes = np.array([len(each) for each in changes.values()])
    found = stats.bootstrap(
        (sums, sizes),
        _rate,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        # In one piece ten thousand tasks would take 800 MB.
        batch=1000,
        method="percentile",
        confidence_level=_expanded(level, clusters),
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    units = "templates" if any(kind == "template" for kind, _ in changes) else "tasks"
    return Interval(float(found.low), float(found.high), clusters, units)


def mcnemar_of(pairs: Sequence[Pair]) -> McNemar:
    """Exact, by task: of several trials the run counts that passed more of them, and neither when they are even.

    With one trial a task that is McNemar's test on pairs.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    changes: dict[TaskId, int] = defaultdict(int)
    for pair in pairs:
        changes[pair.key[0]] += pair.change
    first = sum(change < 0 for change in changes.values())
    second = sum(change > 0 for change in changes.values())
    return McNemar(first, second, float(mcnemar([[0, first], [second, 0]], exact=True).pvalue))


def _rate(sums: Any, sizes: Any, axis: int = -1) -> Any:
    return sums.sum(axis=axis) / sizes.sum(axis=axis)


def _expanded(level: float, clusters: int) -> float:
    quantile = np.sqrt(clusters / (clusters - 1)) * stats.t.ppf(0.5 + level / 2, clusters - 1)
    return float(2 * stats.norm.cdf(quantile) - 1)
