"""A project's milestones: what each release was, then four that were planned, the first of which is over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.sites.codehost.seed.history import History
from webarena_mini.sites.codehost.seed.reading import Goal, ProjectSpec

PLANNED = 4


@dataclass(frozen=True)
class SeedMilestone:
    title: str
    text: str
    start: int
    end: int
    closed: bool


def make_milestones(spec: ProjectSpec, history: History, goals: Sequence[Goal], random: Random) -> list[SeedMilestone]:
    """In order of time; the planned ones are the last `PLANNED`."""
    planned = []
    chosen = random.sample(goals, PLANNED)
    start = TODAY - random.randint(90, 130) * DAY_S
    for number, goal in enumerate(chosen):
        end = start + random.randint(30, 75) * DAY_S
        text = goal.text.replace("«name»", spec.name)
        planned.append(SeedMilestone(goal.title_at(_months(start, end)), text, start, end, closed=number == 0))
        start = end + DAY_S
    return [*_releases(spec, history, until=planned[0].start), *planned]


def fitting(milestones: Sequence[SeedMilestone], chosen: int, closed_at: int | None) -> int | None:
    """The place of a planned milestone; for what was done before it began, of the one of that time, if there is one."""
    place = len(milestones) - PLANNED + chosen
    if closed_at is None or closed_at >= milestones[place].start:
        return place
    return next((at for at, each in enumerate(milestones) if each.start <= closed_at <= each.end), None)


def _releases(spec: ProjectSpec, history: History, *, until: int) -> Iterator[SeedMilestone]:
    start = history.commits[0].created_at
    for tag, place in history.tags:
        end = history.commits[place].created_at
        if end >= until:
            return
        version = tag.removeprefix("v")
        yield SeedMilestone(f"Version {version}", f"What went into {spec.name} {version}.", start, end, closed=True)
        start = end + DAY_S


def _months(start: int, end: int) -> set[int]:
    return {datetime.fromtimestamp(day, UTC).month for day in range(start, end + 1, DAY_S)}
