"""What is to be said of a comparison in words, in a terminal and on a page alike."""

from webarena_runner.report.comparison.difference import Interval
from webarena_runner.report.comparison.pairs import Pair, passes
from webarena_runner.report.comparison.runs import Comparison, Difference, Spent
from webarena_runner.report.summary import not_passed
from webarena_runner.report.units import money, number
from webarena_runner.types import EpisodeResult


def lines_of(comparison: Comparison, label: str) -> list[str]:
    """One sentence each: what is left out, the difference, the test, and what the episodes took."""
    lines = [left_out(comparison, label)]
    if not comparison.scored.tally.pairs:
        return [*lines, "no pair has a score in both runs yet: nothing can be compared"]
    test = comparison.mcnemar
    by = ", each to the run that passed more of its trials" if comparison.trials else ""
    lines += [
        f"{label} - A = {with_interval(comparison.scored)}: {verdict(comparison, label)}",
        f"exact McNemar: p = {test.p_value:.2g} ({test.first} tasks for A, {test.second} for {label}{by}; it takes "
        "tasks for independent, which those of one template are not)",
    ]
    if comparison.ended:
        lines.append(f"with errors counted as not passed: {label} - A = {with_interval(comparison.ended)}")
    if comparison.spent:
        lines.append(f"means, A and {label}: {means(*comparison.spent)}")
    return [line for line in lines if line]


def ended(pair: Pair, result: EpisodeResult | None) -> str:
    """How one of a pair that flipped ended, and why it is no pass where it is none."""
    if result is None:
        return "not run"
    said = f"{result.ending}, {result.steps} step{'s' * (result.steps != 1)}"
    return said if passes(result) else f"{said}: {why_not(pair)}"


def why_not(pair: Pair) -> str:
    """Of a pair that flipped: why the one is no pass."""
    failing = pair.second if pair.change < 0 else pair.first
    return " ".join(not_passed(pair.key, failing).why.split())


def points(difference: float) -> str:
    """Of a difference between two rates: percentage points with their sign."""
    return f"{100 * difference:+.1f}"


def left_out(comparison: Comparison, label: str) -> str:
    paired = comparison.paired
    parts = [f"{n} {first} in A, {second} in {label}" for (first, second), n in paired.unscored.items()]
    parts += [
        f"{len(keys)} planned in {run} only"
        for run, keys in (("A", paired.only_first), (label, paired.only_second))
        if keys
    ]
    if paired.other_tasks:
        parts.append(f"{len(paired.other_tasks)} ids that are other tasks in each")
    return f"pairs left out: {'; '.join(parts)}" if parts else ""


def with_interval(each: Difference) -> str:
    interval, said = each.interval, f"{points(each.tally.difference)} points"
    if interval is None or interval.is_point:
        return f"{said} (no interval: {_why_none(interval)})"
    few = ", which may be too few" if interval.is_narrow else ""
    bounds = f"{points(interval.low)} to {points(interval.high)}"
    return f"{said} (95 % interval {bounds} by {interval.clusters} {interval.units}{few})"


def _why_none(interval: Interval | None) -> str:
    if interval is None:
        return "it takes two templates or tasks"
    return f"all {interval.clusters} {interval.units} differ alike"


def verdict(comparison: Comparison, label: str) -> str:
    match comparison.verdict:
        case "worse":
            return f"{label} passes less than A"
        case "better":
            return f"{label} passes more than A"
    return "no difference is shown"


def means(first: Spent, second: Spent) -> str:
    parts = [
        f"{first.steps:.1f} and {second.steps:.1f} steps",
        f"{number(round(first.tokens))} and {number(round(second.tokens))} tokens",
        f"{first.wall_s:.1f} and {second.wall_s:.1f} s",
    ]
    if first.cost_usd is not None and second.cost_usd is not None:
        parts.append(f"{money(first.cost_usd)} and {money(second.cost_usd)}")
    return ", ".join(parts)
