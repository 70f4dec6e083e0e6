"""What the pages of a comparison show: which tasks flipped, and both trajectories of each beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from webarena_runner.log.paths import Key, RunPaths, episode_name
from webarena_runner.report.comparison.alignment import align, parted_at
from webarena_runner.report.comparison.pairs import Pair
from webarena_runner.report.comparison.runs import Compared, Comparison
from webarena_runner.report.html import links
from webarena_runner.report.html.episode import EpisodeView, episode_view
from webarena_runner.report.html.rows import Row, row
from webarena_runner.report.html.steps import Shot, Shown, Unreadable
from webarena_runner.report.summary import RunReport


@dataclass(frozen=True)
class Flip:
    """A pair that one of two runs passes: the run of `label`, or A. `page` is relative to the comparison's folder."""

    label: str
    comparison: Comparison
    pair: Pair
    page: str
    rows: tuple[Row, Row]

    @property
    def passes(self) -> str:
        return "A" if self.pair.change < 0 else self.label

    @property
    def key(self) -> Key:
        return self.pair.key


@dataclass(frozen=True)
class Side:
    """One of the two trajectories; its pictures are in a folder of their own."""

    label: str
    report: RunReport
    view: EpisodeView


@dataclass(frozen=True)
class Beside:
    """A row of the page of both: a step of each, None where only the other has one; `same`: they do the same."""

    number: int
    first: Shown | Unreadable | None
    second: Shown | Unreadable | None
    same: bool


@dataclass(frozen=True)
class FlipView:
    """`parted` is the number of the first row in which they do not do the same, None where there is none."""

    flip: Flip
    sides: tuple[Side, Side]
    rows: Sequence[Beside]
    parted: int | None
    before: Flip | None
    after: Flip | None


def flips(compared: Compared) -> Iterator[Flip]:
    """Of every comparison: first what only A passes, then what only the other does."""
    for label, comparison in zip(compared.labels[1:], compared.comparisons, strict=True):
        for pair in (pair for pairs in comparison.flipped for pair in pairs):
            page = f"{links.TASKS}/{label.lower()}-{episode_name(*pair.key)}.html"
            yield Flip(label, comparison, pair, page, _rows(comparison, pair, page))


def flip_view(flip: Flip, *, before: Flip | None = None, after: Flip | None = None) -> FlipView:
    """Reads both trajectories."""
    reports = flip.comparison.first, flip.comparison.second
    labels = "A", flip.label
    ours, theirs = (_side(label, report, flip.key) for label, report in zip(labels, reports, strict=True))
    rows = align(
        [shown.step for shown in ours.view.steps],
        [shown.step for shown in theirs.view.steps],
        first_urls=_urls(ours),
        second_urls=_urls(theirs),
    )
    beside = [
        Beside(
            number,
            None if each.first is None else ours.view.steps[each.first],
            None if each.second is None else theirs.view.steps[each.second],
            each.same,
        )
        for number, each in enumerate(rows)
    ]
    return FlipView(flip, (ours, theirs), beside, parted_at(rows), before, after)


def _rows(comparison: Comparison, pair: Pair, page: str) -> tuple[Row, Row]:
    return row(comparison.first, pair.key, page), row(comparison.second, pair.key, page)


def _side(label: str, report: RunReport, key: Key) -> Side:
    view = episode_view(report, RunPaths(report.folder).episode(*key), (key,))
    return Side(label, report, _moved(view, links.run_folder(label)))


def _moved(view: EpisodeView, folder: str) -> EpisodeView:
    """With its pictures in this folder."""

    def moved(shot: Shot) -> Shot:
        picture = shot.picture and replace(shot.picture, page_path=f"{folder}/{shot.picture.page_path}")
        return replace(shot, picture=picture)

    steps = tuple(replace(each, shot=moved(each.shot)) if isinstance(each, Shown) else each for each in view.steps)
    return replace(view, steps=steps, last_shot=view.last_shot and moved(view.last_shot))


def _urls(side: Side) -> dict[str, str]:
    return side.view.result.site_urls if side.view.result else {}
