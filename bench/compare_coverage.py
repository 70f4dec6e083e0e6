"""How often the interval of `wa-run compare` holds the true difference: pairs of runs drawn from a seed.

The templates of both runs have rates of their own, easy ones and hard ones; the second run is better by 5 points on
average, by 0 to 10 at each template. The interval is the product's own. `worse`: how often, of two runs of one agent,
the second is called worse, as by --fail-if-worse; it should be 2.5 % at most.
Run it with: .venv/bin/python -m bench.compare_coverage [--runs 1000] [--seed 1]
"""

import argparse
from itertools import count

import numpy as np
from numpy.typing import NDArray

from tests.log.records import make_result
from webarena_runner.report.comparison.difference import interval_of, mcnemar_of, verdict_of
from webarena_runner.report.comparison.pairs import Pair

OUTCOMES = (make_result(1, 0.0), make_result(1, 1.0))
CLUSTERS = (190, 100, 50, 30, 20, 12, 8)
# WebArena has 812 tasks of 190 templates.
TASKS_OF_A_TEMPLATE = {"templates": 812 / 190, "single tasks": 1.0}
BETTER = 0.05
Rates = NDArray[np.float64]


def drawn(draw: np.random.Generator, first: Rates, second: Rates, sizes: list[int]) -> list[Pair]:
    tasks = count()
    return [
        Pair((next(tasks), 0), "", ("template", template), OUTCOMES[ours], OUTCOMES[theirs])
        for template, size in enumerate(sizes)
        for ours, theirs in zip(
            draw.binomial(1, first[template], size), draw.binomial(1, second[template], size), strict=True
        )
    ]


def covered(draw: np.random.Generator, clusters: int, mean_size: float, runs: int) -> tuple[float, float]:
    """How often the true difference is held, and how often an equal run is called worse."""
    held = worse = 0
    for _ in range(runs):
        rates = draw.beta(0.6, 1.2, clusters) * (1 - 2 * BETTER)
        sizes = (1 + draw.poisson(mean_size - 1, clusters)).tolist()
        better = interval_of(drawn(draw, rates, rates + draw.uniform(0, 2 * BETTER, clusters), sizes))
        held += better is not None and better.low <= BETTER <= better.high
        equal = drawn(draw, rates, rates, sizes)
        worse += verdict_of(interval_of(equal), mcnemar_of(equal)) == "worse"
    return held / runs, worse / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw = np.random.default_rng(given.seed)
    heads = " | ".join(f"{name}: holds | worse" for name in TASKS_OF_A_TEMPLATE)
    print(f"| clusters | {heads} |\n|---|{'---|' * 2 * len(TASKS_OF_A_TEMPLATE)}")
    for clusters in CLUSTERS:
        shares = [each for size in TASKS_OF_A_TEMPLATE.values() for each in covered(draw, clusters, size, given.runs)]
        print(f"| {clusters} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main()
