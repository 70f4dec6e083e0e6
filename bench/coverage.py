"""How often the interval of a run holds the true success rate: runs drawn from a seed, with tasks that are alike.

Each template has a rate of its own, drawn from a beta distribution whose mean is the true rate and whose spread makes
the correlation of two tasks of a template (ICC) what is asked; the trials of a task succeed by a rate drawn about that
in turn. The interval is the product's own. Beside it: Wilson's of as many tasks, as if they were independent, and the
mean plus and minus 1.96 clustered standard errors.
Run it with: .venv/bin/python -m bench.coverage [--runs 2000] [--seed 1] [--sets webarena,mini]
"""

import argparse
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from webarena_runner.report.statistics import Rate, Trial, success_interval

# How many templates have so many tasks: the official 812 tasks, the embedded mini set, and small choices.
SETS: dict[str, dict[int, int]] = {
    "webarena": {1: 24, 2: 10, 3: 10, 4: 13, 5: 119, 6: 10, 7: 3, 10: 1},
    "mini": {1: 104, 2: 30, 3: 4},
    "40 of 4": {4: 40},
    "10 of 4": {4: 10},
    "12 of 1": {1: 12},
}
RATES = (0.02, 0.05, 0.15, 0.3, 0.5, 0.8, 0.95)
ICCS = (0.0, 0.3, 0.5, 0.8)
# Of the trials of one task, once its template's rate is known.
TRIAL_ICC = 0.6
Z = 1.959964


@dataclass(frozen=True)
class Case:
    """Runs of one kind: which set, how many trials, the true success rate, how alike tasks of a template are."""

    task_set: str
    trials: int
    rate: float
    icc: float


@dataclass(frozen=True)
class Coverage:
    """What part of the intervals held the true rate: the product's, plain Wilson ones, and mean +- 1.96 SE."""

    interval: float
    plain_wilson: float
    normal: float


def covered(case: Case, runs: int, draw: np.random.Generator) -> Coverage:
    sizes = np.repeat(*zip(*SETS[case.task_set].items(), strict=True)).tolist()
    templates = [template for template, size in enumerate(sizes) for _ in range(size)]
    held: list[tuple[bool, bool, bool]] = []
    for _ in range(runs):
        rate = Rate(tuple(_run(case, len(sizes), templates, draw)))
        low, high = rate.interval
        plain = success_interval(rate.value * rate.tasks, rate.tasks)
        half = Z * (rate.clustered_se or 0.0)
        held.append(
            (
                low <= case.rate <= high,
                plain[0] <= case.rate <= plain[1],
                abs(rate.value - case.rate) <= half,
            )
        )
    return Coverage(*(fmean(column) for column in zip(*held, strict=True)))


def _run(case: Case, count: int, templates: list[int], draw: np.random.Generator) -> Iterator[Trial]:
    of_template = _about(np.full(count, case.rate), case.icc, draw)
    of_task = of_template[templates]
    if case.trials > 1:
        of_task = _about(of_task, TRIAL_ICC, draw)
    passed = draw.random((case.trials, len(templates))) < of_task
    for trial in passed.tolist():
        for task_id, (template, each) in enumerate(zip(templates, trial, strict=True)):
            yield Trial(task_id, template, each)


def _about(means: np.ndarray, icc: float, draw: np.random.Generator) -> np.ndarray:
    """Rates whose outcomes have this correlation."""
    if not icc:
        return means
    weight = 1 / icc - 1
    return draw.beta(np.maximum(means * weight, 1e-9), np.maximum((1 - means) * weight, 1e-9))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", default=",".join(SETS), help="of " + ", ".join(SETS))
    given = parser.parse_args()
    error = 100 * math.sqrt(0.95 * 0.05 / given.runs)
    print(f"{given.runs} runs a cell, seed {given.seed}; standard error of a coverage near 95 %: {error:.1f} points")
    print("each cell: the interval (plain Wilson; mean +- 1.96 SE), by true rate\n")
    print(f"| set | trials | ICC | {' | '.join(f'{100 * rate:.0f} %' for rate in RATES)} |")
    print("|---|---:|---:|" + "---:|" * len(RATES))
    draw = np.random.default_rng(given.seed)
    for task_set, trials, icc in itertools.product(given.sets.split(","), (1, 3), ICCS):
        found = [covered(Case(task_set, trials, rate, icc), given.runs, draw) for rate in RATES]
        cells = (f"{100 * c.interval:.1f} ({100 * c.plain_wilson:.1f}; {100 * c.normal:.1f})" for c in found)
        print(f"| {task_set} | {trials} | {icc} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
