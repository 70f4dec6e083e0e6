"""A run's statistics as tables of texts, for whoever lays them out: a terminal, Markdown, a page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from webarena_runner.report.breakdown import RunStatistics, Spent
from webarena_runner.report.statistics import Mean, Rate
from webarena_runner.report.units import percent

INTERVAL = "95 % interval"
RATE_HEAD = ("passed", "planned", "tasks", "templates", "rate", INTERVAL, "SE", "design effect")
_UNKNOWN = "-"
_UNITS = {"steps": "steps", "tokens": "tokens", "cost_usd": "cost (USD)", "wall_s": "episode time (s)"}


@dataclass(frozen=True)
class StatisticsTable:
    """The first column is a name, which may be a text of a task file; the others are numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def statistics_tables(statistics: RunStatistics, *, with_times: bool = True) -> Iterator[StatisticsTable]:
    """Those that have a row; `with_times`: also where the time went."""
    groups: Iterable[tuple[str, str, Mapping[str, Rate]]] = (
        ("success rate", "of", _overall(statistics)),
        ("by site", "sites", statistics.by_site),
        ("by evaluator", "evaluators", statistics.by_evaluator),
        ("by what can be done", "tasks", _by_achievable(statistics)),
        ("by trial", "trial", {str(trial): rate for trial, rate in statistics.by_trial.items()}),
    )
    for title, of, rates in groups:
        if rates:
            rows = tuple((name or "none", *_rate(rate)) for name, rate in rates.items())
            yield StatisticsTable(title, (of, *RATE_HEAD), rows)
    means = _means(statistics)
    if means:
        yield StatisticsTable("averages", ("average", "%", "SE", "of"), tuple(means))
    if statistics.spent:
        rows = tuple((_UNITS[name], *_spent(spent)) for name, spent in statistics.spent.items())
        head = ("spent", "in all", "per task (mean)", "per task (median)", "per pass")
        yield StatisticsTable("what it took", head, rows)
    if with_times and statistics.times:
        rows = tuple((part.name, f"{part.amount:.4g}", percent(part.share)) for part in statistics.times)
        yield StatisticsTable("where the time of the episodes went", ("part", "seconds", "share"), rows)


def rate_line(rate: Rate, *, of: str) -> str:
    """The rate with its uncertainty, in one line; `of` says what the denominator is."""
    low, high = rate.interval
    # Trials of a task are no further tasks, and tasks of a template not as many as they are.
    if rate.templates < rate.tasks:
        by = f" by {_count(rate.templates, 'template')} of {rate.tasks} tasks"
    else:
        by = f" by {rate.tasks} tasks" if rate.tasks < rate.planned else ""
    se = "" if rate.clustered_se is None else f", clustered SE {100 * rate.clustered_se:.1f}"
    shown = f"{rate.passed} of {rate.planned} {of} = {percent(rate.value)}"
    return f"{shown} (95 % interval {100 * low:.1f} to {100 * high:.1f}{by}{se})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _overall(statistics: RunStatistics) -> dict[str, Rate]:
    rates = {"planned": statistics.overall, "scored": statistics.scored}
    return {name: rate for name, rate in rates.items() if rate}


def _by_achievable(statistics: RunStatistics) -> dict[str, Rate]:
    rates = {"achievable": statistics.achievable, "not achievable": statistics.unachievable}
    return {name: rate for name, rate in rates.items() if rate}


def _means(statistics: RunStatistics) -> list[tuple[str, ...]]:
    average = statistics.template_average
    rows = [("over templates", *_mean(average, "templates"))] if average else []
    if len(statistics.pass_at) > 1:
        rows += [(f"pass@{k}", *_mean(mean, "tasks")) for k, mean in statistics.pass_at.items()]
        rows += [(f"pass^{k}", *_mean(mean, "tasks")) for k, mean in statistics.pass_hat.items()]
    return rows


def _rate(rate: Rate) -> tuple[str, ...]:
    low, high = rate.interval
    se, effect = rate.clustered_se, rate.design_effect
    return (
        *map(str, (rate.passed, rate.planned, rate.tasks, rate.templates)),
        percent(rate.value),
        f"{100 * low:.1f} to {100 * high:.1f}",
        _UNKNOWN if se is None else f"{100 * se:.2f}",
        _UNKNOWN if effect is None else f"{effect:.2f}",
    )


def _mean(mean: Mean, of: str) -> tuple[str, ...]:
    return f"{100 * mean.value:.1f}", _UNKNOWN if mean.se is None else f"{100 * mean.se:.2f}", f"{mean.of} {of}"


def _spent(spent: Spent) -> tuple[str, ...]:
    return tuple(
        _UNKNOWN if each is None else f"{each:.4g}" if each < 1000 else f"{each:,.0f}"
        for each in (spent.total, spent.mean, spent.median, spent.per_pass)
    )
