"""The charts of the overview, drawn when a page is made."""

from collections import Counter
from collections.abc import Sequence
from math import ceil

from markupsafe import Markup

from webarena_runner.report.html.svg import INKS, as_markup, drawn
from webarena_runner.report.units import percent

MAX_BINS = 40


def steps_chart(passed: Sequence[int], others: Sequence[int]) -> Markup:
    """How many steps episodes took, those that passed below the others."""
    most = max([*passed, *others, 1])
    width = ceil((most + 1) / MAX_BINS)
    starts = range(0, most + 1, width)
    low, high = (_binned(values, width, len(starts)) for values in (passed, others))
    with drawn(660, 190) as (figure, axes):
        places = [start + (width - 1) / 2 for start in starts]
        axes.bar(places, low, width=0.86 * width, color=INKS["passed"])
        axes.bar(places, high, width=0.86 * width, bottom=low, color=INKS["not-run"])
        axes.set_xlabel("steps", color=INKS["muted"], loc="right")
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)  # type: ignore[call-arg]
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=10)  # type: ignore[call-arg]
        return as_markup(figure, f"Episodes by steps: from {min([*passed, *others])} to {most}")


def templates_chart(rates: Sequence[float]) -> Markup:
    """The success rate of each template, the best first."""
    ordered = sorted(rates, reverse=True)
    with drawn(660, 190) as (figure, axes):
        axes.stairs(ordered, fill=True, color=INKS["accent"])
        axes.set_ylim(0, 1)
        axes.set_xlim(0, len(ordered))
        axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=8)  # type: ignore[call-arg]
        axes.set_xlabel("templates", color=INKS["muted"], loc="right")
        never = sum(rate == 0 for rate in ordered)
        mean = sum(ordered) / len(ordered)
        return as_markup(
            figure, f"Success rates of {len(ordered)} templates, on average {percent(mean)}; {never} never pass"
        )


def _binned(values: Sequence[int], width: int, bins: int) -> list[int]:
    counts = Counter(value // width for value in values)
    return [counts[number] for number in range(bins)]
