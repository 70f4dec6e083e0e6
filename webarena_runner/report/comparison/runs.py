"""Runs compared on the tasks that they have in common: every further run against the first one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from statistics import fmean
from string import ascii_uppercase
from typing import Any

from webarena_runner.errors import UsageError
from webarena_runner.log.paths import Key
from webarena_runner.report.comparison.difference import Interval, McNemar, Verdict, interval_of, mcnemar_of, verdict_of
from webarena_runner.report.comparison.manifests import Differs, differences, incomparable
from webarena_runner.report.comparison.pairs import Pair, Paired, Tally, by_site, pair_runs, tally
from webarena_runner.report.statistics import LEVEL
from webarena_runner.report.summary import RunReport, load_run, not_passed
from webarena_runner.types import EpisodeResult


@dataclass(frozen=True)
class Difference:
    """Success rate of the second run minus that of the first, over some of their pairs."""

    tally: Tally
    interval: Interval | None

    def as_json(self) -> dict[str, Any]:
        first, second = self.tally.rates
        return {
            "pairs": self.tally.pairs,
            **asdict(self.tally),
            "first_rate": first,
            "second_rate": second,
            "difference": self.tally.difference,
            "interval": self.interval and {"level": LEVEL, **asdict(self.interval), "narrow": self.interval.is_narrow},
        }


@dataclass(frozen=True)
class Spent:
    """Means of the pairs that are compared; `cost_usd` is None when some of them have no price."""

    steps: float
    tokens: float
    wall_s: float
    cost_usd: float | None


@dataclass(frozen=True)
class Comparison:
    """Two runs; everything is of the pairs with a score in both, unless it says otherwise."""

    first: RunReport
    second: RunReport
    paired: Paired

    @cached_property
    def warnings(self) -> list[str]:
        return incomparable(self.first, self.second, self.paired)

    @cached_property
    def scored(self) -> Difference:
        return _difference(self.paired.scored)

    @cached_property
    def ended(self) -> Difference | None:
        """With errors counted as not passed; None when no pair has one."""
        if len(self.paired.ended) == len(self.paired.scored):
            return None
        return _difference(self.paired.ended)

    @cached_property
    def mcnemar(self) -> McNemar:
        return mcnemar_of(self.paired.scored)

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.scored.interval, self.mcnemar)

    @cached_property
    def by_site(self) -> dict[str, Difference]:
        return {site: _difference(pairs) for site, pairs in by_site(self.paired.scored)}

    @cached_property
    def flipped(self) -> tuple[list[Pair], list[Pair]]:
        """What only the first run passes, and what only the second does."""
        pairs = self.paired.scored
        return [pair for pair in pairs if pair.change < 0], [pair for pair in pairs if pair.change > 0]

    @cached_property
    def spent(self) -> tuple[Spent, Spent] | None:
        """None when no pair has a score in both."""
        pairs = self.paired.scored
        if not pairs:
            return None
        return _spent([pair.first for pair in pairs]), _spent([pair.second for pair in pairs])

    @property
    def trials(self) -> bool:
        """Whether some task is in several pairs."""
        return len({pair.key[0] for pair in self.paired.scored}) < len(self.paired.scored)

    def as_json(self) -> dict[str, Any]:
        paired, spent = self.paired, self.spent
        return {
            "warnings": self.warnings,
            **self.scored.as_json(),
            "verdict": self.verdict,
            "mcnemar": asdict(self.mcnemar),
            "errors_as_not_passed": self.ended and self.ended.as_json(),
            "unscored": [
                {"first": became[0], "second": became[1], "pairs": n} for became, n in paired.unscored.items()
            ],
            "only_planned": {"first": _keys(paired.only_first), "second": _keys(paired.only_second)},
            "other_tasks": list(paired.other_tasks),
            "changed_tasks": list(paired.changed),
            "by_site": {site: each.as_json() for site, each in self.by_site.items()},
            "means": spent and {"first": asdict(spent[0]), "second": asdict(spent[1])},
            "flipped": [
                {"passes": side} | _flip_json(pair)
                for side, pairs in zip(("first", "second"), self.flipped, strict=True)
                for pair in pairs
            ],
        }


@dataclass(frozen=True)
class Compared:
    """Two or more runs, each with its letter; `comparisons` are of every further one against the first."""

    reports: tuple[RunReport, ...]
    differences: tuple[Differs, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(ascii_uppercase[: len(self.reports)])

    @cached_property
    def matrix(self) -> dict[tuple[str, str], Comparison]:
        """Each run against each earlier one, by their letters, the earlier one first."""
        known = {(0, at): each for at, each in enumerate(self.comparisons, start=1)}
        found = {}
        for first, second in combinations(range(len(self.reports)), 2):
            ours, theirs = self.reports[first], self.reports[second]
            each = known.get((first, second)) or Comparison(ours, theirs, pair_runs(ours, theirs))
            found[self.labels[first], self.labels[second]] = each
        return found

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": [
                {"label": label, **_run_json(report)} for label, report in zip(self.labels, self.reports, strict=True)
            ],
            "differences": [asdict(each) for each in self.differences],
            "comparisons": [
                {"first": "A", "second": label, **each.as_json()}
                for label, each in zip(self.labels[1:], self.comparisons, strict=True)
            ],
            "matrix": [
                {"first": first, "second": second, **each.scored.as_json(), "verdict": each.verdict}
                for (first, second), each in self.matrix.items()
            ],
        }


def compare_runs(folders: Sequence[Path]) -> Compared:
    """Raises UsageError when it is not two runs or more, or a further one has no task in common with the first."""
    if not 2 <= len(folders) <= len(ascii_uppercase):
        raise UsageError(f"{len(folders)} run(s) given: expected 2 to {len(ascii_uppercase)} to compare")
    seen: dict[Path, Path] = {}
    for folder in folders:
        if (same := seen.setdefault(folder.resolve(), folder)) is not folder:
            raise UsageError(f"{same} is given twice; name two runs, or a copy of the folder")
    reports = tuple(load_run(folder) for folder in folders)
    comparisons = tuple(_compared(reports[0], report) for report in reports[1:])
    return Compared(reports, tuple(differences(reports)), comparisons)


def _compared(first: RunReport, second: RunReport) -> Comparison:
    paired = pair_runs(first, second)
    if not paired.pairs:
        raise UsageError(_nothing_in_common(first, second, paired))
    return Comparison(first, second, paired)


def _nothing_in_common(first: RunReport, second: RunReport, paired: Paired) -> str:
    each = ", ".join(f"{one.run_id} has {one.tasks} tasks of {one.manifest.task_set}" for one in (first, second))
    why = f"; {len(paired.other_tasks)} ids are in both, but of other tasks" if paired.other_tasks else ""
    return (
        f"{first.folder} and {second.folder} have no task in common: {each}{why}. Runs are compared on tasks that both "
        "of them planned: run the same --task-set and --tasks"
    )


def _difference(pairs: Sequence[Pair]) -> Difference:
    return Difference(tally(pairs), interval_of(pairs))


def _spent(results: Sequence[EpisodeResult | None]) -> Spent:
    ran = [result for result in results if result is not None]
    costs = [result.cost_usd for result in ran]
    known = [cost for cost in costs if cost is not None]
    return Spent(
        steps=fmean(result.steps for result in ran),
        tokens=fmean(result.prompt_tokens + result.completion_tokens for result in ran),
        wall_s=fmean(result.wall_s for result in ran),
        cost_usd=fmean(known) if len(known) == len(costs) else None,
    )


def _keys(keys: Sequence[Key]) -> list[list[Any]]:
    return [list(key) for key in keys]


def _run_json(report: RunReport) -> dict[str, Any]:
    manifest = report.manifest
    return {
        "run_id": report.run_id,
        "folder": str(report.folder),
        **manifest.model_dump(mode="json", include={"model", "agent", "judge", "task_set", "profile", "started_at"}),
        "total": report.total.as_json(),
        "damaged": [line for line in (*report.damaged, report.tasks_fault) if line],
    }


def _flip_json(pair: Pair) -> dict[str, Any]:
    task_id, trial = pair.key
    return {
        "task_id": task_id,
        "trial": trial,
        "site": pair.site,
        "first": _side_json(pair.key, pair.first),
        "second": _side_json(pair.key, pair.second),
    }


def _side_json(key: Key, result: EpisodeResult | None) -> dict[str, Any] | None:
    if result is None:
        return None
    said = "" if result.value == 1 else not_passed(key, result).why
    return result.model_dump(mode="json", include={"ending", "value", "steps", "answer"}) | {"why": said}
