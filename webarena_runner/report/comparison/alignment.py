"""Two trajectories beside each other: steps on the same page in one row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.log.places import by_site
from webarena_runner.types import Step

Urls = Mapping[str, str]
# What two steps in one row are worth, and what it costs to leave a side empty for a step.
SAME, SAME_PAGE, GAP = 2.0, 1.0, 0.6


@dataclass(frozen=True)
class Aligned:
    """Places of a step in each trajectory, None where only the other has one; `same`: both do the same there."""

    first: int | None
    second: int | None
    same: bool


def align(
    first: Sequence[Step | None], second: Sequence[Step | None], *, first_urls: Urls, second_urls: Urls
) -> list[Aligned]:
    """Every step once, in order; None is a step that cannot be read. The URLs are those of each episode's sites."""
    did, theirs_did = [_did(step, first_urls) for step in first], [_did(step, second_urls) for step in second]
    gains = [[_gain(ours, theirs) for theirs in theirs_did] for ours in did]
    return [
        Aligned(ours, theirs, ours is not None and theirs is not None and gains[ours][theirs] == SAME)
        for ours, theirs in _rows(gains, len(first), len(second))
    ]


def parted_at(rows: Sequence[Aligned]) -> int | None:
    """The index of the first row in which they do not do the same; None: there is none."""
    return next((at for at, row in enumerate(rows) if not row.same), None)


def _rows(gains: Sequence[Sequence[float]], first: int, second: int) -> Iterator[tuple[int | None, int | None]]:
    """The alignment of most gain, as Needleman and Wunsch 1970 find it; gaps at the end cost nothing."""
    best = [[0.0] * (second + 1) for _ in range(first + 1)]
    for ours in range(first - 1, -1, -1):
        for theirs in range(second - 1, -1, -1):
            best[ours][theirs] = max(
                best[ours + 1][theirs + 1] + gains[ours][theirs],
                best[ours + 1][theirs] - GAP,
                best[ours][theirs + 1] - GAP,
            )
    ours = theirs = 0
    while ours < first and theirs < second:
        if best[ours][theirs] == best[ours + 1][theirs + 1] + gains[ours][theirs]:
            yield ours, theirs
            ours, theirs = ours + 1, theirs + 1
        elif best[ours][theirs] == best[ours + 1][theirs] - GAP:
            yield ours, None
            ours += 1
        else:
            yield None, theirs
            theirs += 1
    yield from ((at, None) for at in range(ours, first))
    yield from ((None, at) for at in range(theirs, second))


def _gain(ours: Any, theirs: Any) -> float:
    if ours is None or theirs is None:
        return 0.0
    return SAME if ours == theirs else SAME_PAGE if ours[0] == theirs[0] else 0.0


def _did(step: Step | None, urls: Urls) -> Any:
    """Page and action, whatever ports the sites had, and by the element's line, since ids are others in every run."""
    if step is None:
        return None
    action = step.decision.action.model_dump(mode="json")
    if step.acted_on:
        action["element_id"] = step.acted_on.line
    return by_site(step.observation.url, urls), by_site(action, urls)
