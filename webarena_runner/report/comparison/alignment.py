"""Two trajectories beside each other: steps on the same page in one row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from webarena_runner.log.places import by_site
from webarena_runner.types import Step

Urls = Mapping[str, str]


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
    did = [_did(step, first_urls) for step in first], [_did(step, second_urls) for step in second]
    return [
        Aligned(ours, theirs, _is_same(did, ours, theirs))
        for ours, theirs in _rows(
            [_page(step, first_urls) for step in first], [_page(step, second_urls) for step in second]
        )
    ]


def parted_at(rows: Sequence[Aligned]) -> int | None:
    """The index of the first row in which they do not do the same; None: there is none."""
    return next((at for at, row in enumerate(rows) if not row.same), None)


def _rows(first: Sequence[Any], second: Sequence[Any]) -> Iterator[tuple[int | None, int | None]]:
    matched = SequenceMatcher(None, first, second, autojunk=False)
    for _, start, end, other_start, other_end in matched.get_opcodes():
        yield from zip_longest(range(start, end), range(other_start, other_end))


def _page(step: Step | None, urls: Urls) -> Any:
    """Where the step was taken, whatever ports the sites had."""
    return step and str(by_site(step.observation.url, urls))


def _did(step: Step | None, urls: Urls) -> Any:
    """What was done: to which element, not by which id, since ids are others in every run."""
    if step is None:
        return None
    action = step.decision.action.model_dump(mode="json")
    if step.acted_on:
        action["element_id"] = step.acted_on.line
    return _page(step, urls), by_site(action, urls)


def _is_same(did: tuple[list[Any], list[Any]], ours: int | None, theirs: int | None) -> bool:
    if ours is None or theirs is None:
        return False
    return did[0][ours] is not None and did[0][ours] == did[1][theirs]
