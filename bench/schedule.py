"""How wide the 812 official tasks can run, and how long that takes at least, on 1, 2, 4 and 8 copies of the sites.

Every task takes one unit of time, and as soon as one ends the next that may start does: by the rules of
`webarena_runner.sites.allocation`, in the order of `webarena_runner.running.order`. `graph` is the dependency graph
that BrowserGym and AgentLab use: on each site all tasks one after another by their number, whether they write or not,
in one copy of the sites.
Run it with: .venv/bin/python -m bench.schedule [--task-set webarena|FILE] [--workers 4,8,16,32]
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from webarena_runner.running.gate import request_of
from webarena_runner.running.order import longest_chain_first, writers_chain
from webarena_runner.sites.allocation import Allocation, Grant, Look
from webarena_runner.tasksets import load_task_set
from webarena_runner.tasksets.file import load_task_file
from webarena_runner.types import Task, TaskId

INSTANCES = (1, 2, 4, 8)
UNBOUNDED = 10**9
# No chain of its own in that graph: all of its tasks are of another site too, or come after none.
NOT_IN_GRAPH = ("wikipedia",)


@dataclass(frozen=True)
class Simulated:
    """`width` is the most tasks at once, `length` the time for all: the critical path, with workers without end."""

    width: int
    length: int
    tasks: int

    @property
    def mean_width(self) -> float:
        return self.tasks / self.length


def simulate(
    tasks: Sequence[Task],
    instances: int,
    *,
    workers: int = UNBOUNDED,
    free: bool = False,
    watch: Callable[[Sequence[Grant]], None] = lambda running: None,
) -> Simulated:
    """`watch` is shown what is running whenever something has started."""
    sites = frozenset(site for task in tasks for site in request_of(task).sites)
    rules = Allocation({str(number): sites for number in range(instances)})
    queue = [task for task, _ in longest_chain_first([(task, 0) for task in tasks])]
    running: list[Grant] = []
    width = length = 0
    while queue:
        started = _start(queue, rules, workers - len(running), free=free)
        if not started:
            raise RuntimeError("nothing is running, and nothing may start")
        running += started
        watch(running)
        width, length = max(width, len(running)), length + 1
        for grant in running:
            rules.end(grant)
        running = []
    return Simulated(width, length, len(tasks))


def _start(queue: list[Task], rules: Allocation, free_workers: int, *, free: bool) -> list[Grant]:
    """What may start now, taken from the queue as a schedule takes it: one after the other, each in a look of its own.

    Nothing ends meanwhile, so that all of it is one look: what had to wait in it still has to.
    """
    look, started, left = Look(rules, free=free), [], []
    for task in queue:
        request = request_of(task)
        instance = look.instance_for(request) if len(started) < free_workers else None
        if instance is None:
            left.append(task)
        else:
            started.append(rules.start(request, instance))
    queue[:] = left
    return started


def graph(tasks: Sequence[Task]) -> Mapping[TaskId, frozenset[TaskId]]:
    """What each task waits for in the dependency graph that others use."""
    last: dict[str, TaskId] = {}
    waits: dict[TaskId, frozenset[TaskId]] = {}
    for task in tasks:
        sites = [site for site in task.sites if site not in NOT_IN_GRAPH]
        waits[task.task_id] = frozenset(last[site] for site in sites if site in last)
        last.update(dict.fromkeys(sites, task.task_id))
    return waits


def simulate_graph(waits: Mapping[TaskId, frozenset[TaskId]], *, workers: int = UNBOUNDED) -> Simulated:
    queue, done, width, length = list(waits), set[TaskId](), 0, 0
    while queue:
        started = [task for task in queue if waits[task] <= done][:workers]
        queue = [task for task in queue if task not in set(started)]
        done.update(started)
        width, length = max(width, len(started)), length + 1
    return Simulated(width, length, len(waits))


def _row(name: str, width: Simulated, limited: Sequence[Simulated]) -> str:
    cells = (name, width.width, width.length, f"{width.mean_width:.1f}", *(each.length for each in limited))
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--task-set", default="webarena", help="name or file")
    parser.add_argument("--workers", default="4,8,16,32", help="with commas between")
    given = parser.parse_args()
    is_file = Path(given.task_set).is_file()
    tasks = (load_task_file(given.task_set) if is_file else load_task_set(given.task_set).load()).tasks
    workers = [int(number) for number in given.workers.split(",")]
    print(f"{len(tasks)} tasks, {sum(task.writes for task in tasks)} write; chain of writers: {writers_chain(tasks)}\n")
    print(f"| copies, order | width | critical path | mean | {' | '.join(f'{number} workers' for number in workers)} |")
    print("|---" * (4 + len(workers)) + "|")
    for free in (False, True):
        for instances in INSTANCES:
            limited = [simulate(tasks, instances, workers=number, free=free) for number in workers]
            name = f"{instances}, {'free' if free else 'official'}"
            print(_row(name, simulate(tasks, instances, free=free), limited))
    waits = graph(tasks)
    print(_row("graph", simulate_graph(waits), [simulate_graph(waits, workers=number) for number in workers]))


if __name__ == "__main__":
    main()
