"""Two runs, episode by episode: the same task, the same trial."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from webarena_runner.log.paths import Key
from webarena_runner.report.summary import RunReport
from webarena_runner.types import EpisodeResult, TaskId, id_order

Became = Literal["scored", "errored", "not run"]
# Tasks of one intent template, or a task that has none.
Cluster = tuple[str, TaskId]


@dataclass(frozen=True)
class Pair:
    """One (task, trial) that both runs planned; a result is None where the episode has not run."""

    key: Key
    site: str
    cluster: Cluster
    first: EpisodeResult | None
    second: EpisodeResult | None

    @property
    def became(self) -> tuple[Became, Became]:
        return _became(self.first), _became(self.second)

    @property
    def passed(self) -> tuple[bool, bool]:
        return passes(self.first), passes(self.second)

    @property
    def change(self) -> int:
        """1: only the second passes, -1: only the first, 0: they agree."""
        return int(self.passed[1]) - int(self.passed[0])


@dataclass(frozen=True)
class Paired:
    """What two runs have in common, and what is only in one of them.

    `other_tasks` have the same id in both, but are of two task sets and not the same record: no pairs. `changed` are of
    one task set, whose record of them is not the same: pairs all the same. Of tasks in `unknown` no record is there to
    hold against the other.
    """

    pairs: tuple[Pair, ...]
    only_first: tuple[Key, ...]
    only_second: tuple[Key, ...]
    other_tasks: tuple[TaskId, ...]
    changed: tuple[TaskId, ...]
    unknown: tuple[TaskId, ...]

    @cached_property
    def scored(self) -> tuple[Pair, ...]:
        """Those with a score in both: what can be compared."""
        return tuple(pair for pair in self.pairs if pair.became == ("scored", "scored"))

    @cached_property
    def ended(self) -> tuple[Pair, ...]:
        """Those that have a score or an error in both."""
        return tuple(pair for pair in self.pairs if "not run" not in pair.became)

    @cached_property
    def unscored(self) -> dict[tuple[Became, Became], int]:
        """How many are left out, by what became of them in the first and in the second run."""
        return dict(Counter(pair.became for pair in self.pairs if pair.became != ("scored", "scored")))


def pair_runs(first: RunReport, second: RunReport) -> Paired:
    """In the order of task ids."""
    plan, other = set(first.manifest.planned), set(second.manifest.planned)
    same_set = first.manifest.task_set == second.manifest.task_set
    records = {task_id: _same_record(first, second, task_id) for task_id, _ in plan & other}
    apart = {task_id for task_id, same in records.items() if not same and not same_set}
    shared = sorted((key for key in plan & other if key[0] not in apart), key=_key_order)
    return Paired(
        pairs=tuple(_pair(first, second, key) for key in shared),
        only_first=tuple(sorted(plan - other, key=_key_order)),
        only_second=tuple(sorted(other - plan, key=_key_order)),
        other_tasks=_in_order(apart),
        changed=_in_order(task_id for task_id, same in records.items() if same is False and same_set),
        unknown=_in_order(task_id for task_id, same in records.items() if same is None and same_set),
    )


def passes(result: EpisodeResult | None) -> bool:
    return result is not None and result.value == 1


@dataclass(frozen=True)
class Tally:
    """Pairs by who passes."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def pairs(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def rates(self) -> tuple[float, float]:
        """Success rates in [0, 1]; 0 without a pair."""
        passed = (self.both + self.only_first, self.both + self.only_second)
        return passed[0] / (self.pairs or 1), passed[1] / (self.pairs or 1)

    @property
    def difference(self) -> float:
        return (self.only_second - self.only_first) / (self.pairs or 1)


def tally(pairs: Iterable[Pair]) -> Tally:
    counts = Counter(pair.passed for pair in pairs)
    return Tally(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def by_site(pairs: Sequence[Pair]) -> Iterator[tuple[str, list[Pair]]]:
    for site in sorted({pair.site for pair in pairs}):
        yield site, [pair for pair in pairs if pair.site == site]


def _pair(first: RunReport, second: RunReport, key: Key) -> Pair:
    task = first.task(key[0]) or second.task(key[0])
    template = task.template_id if task else None
    cluster: Cluster = ("task", key[0]) if template is None else ("template", template)
    return Pair(key, first.sites_of(key[0]), cluster, first.results.get(key), second.results.get(key))


def _same_record(first: RunReport, second: RunReport, task_id: TaskId) -> bool | None:
    """None: one of the folders does not have it."""
    ours, theirs = first.task(task_id), second.task(task_id)
    return None if ours is None or theirs is None else ours.raw == theirs.raw


def _became(result: EpisodeResult | None) -> Became:
    if result is None:
        return "not run"
    return "errored" if result.value is None else "scored"


def _key_order(key: Key) -> tuple[tuple[bool, int, str], int]:
    return id_order(key[0]), key[1]


def _in_order(task_ids: Iterable[TaskId]) -> tuple[TaskId, ...]:
    return tuple(sorted(task_ids, key=id_order))
