"""In which order tasks of shared sites stand in the queue: so that the last ones need not wait for each other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from webarena_runner.official.sites import sites_needed
from webarena_runner.sites.allocation import Request
from webarena_runner.types import Task

Todo = Sequence[tuple[Task, int]]


def longest_chain_first(todo: Todo) -> Todo:
    """Those first that most writers come after, one after another; on each site the order is as before.

    What tasks of one site find there is what they would have found in the order before, and trials stay apart.
    """
    ordered: list[tuple[Task, int]] = []
    for _, trial in groupby(todo, key=lambda each: each[1]):
        episodes = list(trial)
        behind = _writers_behind([task for task, _ in episodes])
        ordered += (episodes[index] for index in sorted(range(len(episodes)), key=lambda index: -behind[index]))
    return ordered


def _writers_behind(tasks: Sequence[Task]) -> list[int]:
    """The longest chain of writers from each task on, itself among them, where sites have one at a time, in order."""
    chain: dict[str, int] = {}
    behind = []
    for task in reversed(tasks):
        shared = Request(sites_needed(task)).shared
        length = _longest(chain, shared) + bool(task.writes and shared)
        chain.update(dict.fromkeys(shared, length))
        behind.append(length)
    return behind[::-1]


def _longest(chain: dict[str, int], sites: Iterable[str]) -> int:
    return max((chain.get(site, 0) for site in sites), default=0)


def writers_chain(tasks: Sequence[Task], *, free: bool = False) -> int:
    """How many writers run one after another where there is one copy of each site; `free`: in any order."""
    writers = [task for task in tasks if task.writes]
    if free:
        counts = Counter(site for task in writers for site in Request(sites_needed(task)).shared)
        return max(counts.values(), default=0)
    return max(_writers_behind(writers), default=0)
