"""How wide the official tasks run on copies of the sites, by the rules that runs go by, and in which order."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.schedule import INSTANCES, graph, simulate, simulate_graph
from webarena_runner.running.gate import request_of
from webarena_runner.running.order import longest_chain_first, writers_chain
from webarena_runner.sites.allocation import Grant
from webarena_runner.tasksets.file import load_task_file
from webarena_runner.types import Task

CHAIN = 176
# The readers that stand before a site's first writer run before it, all together.
READERS_FIRST = 1


@pytest.fixture(scope="module")
def official(shared: Path) -> tuple[Task, ...]:
    return load_task_file(shared / "data" / "webarena" / "test.raw.json").tasks


def require_rules(running: Sequence[Grant]) -> None:
    held: dict[tuple[str, str], list[bool]] = {}
    for grant in running:
        for site in grant.request.shared:
            held.setdefault((grant.instance, site), []).append(grant.request.writes)
    assert all(len(writes) == 1 or not any(writes) for writes in held.values())


@pytest.mark.parametrize("instances", INSTANCES)
def test_the_official_tasks_run_as_wide_as_their_writers_let_them(official: tuple[Task, ...], instances: int) -> None:
    found = simulate(official, instances, watch=require_rules)
    assert writers_chain(official) == CHAIN
    assert found.tasks == 812
    assert found.width >= 8 * instances
    assert found.length <= -(-(CHAIN + READERS_FIRST) // instances)


@pytest.mark.parametrize("instances", [1, 4])
def test_eight_workers_a_copy_lose_little_against_any_number(official: tuple[Task, ...], instances: int) -> None:
    found = simulate(official, instances, workers=8 * instances, watch=require_rules)
    assert found.width == 8 * instances
    assert found.length <= 1.1 * -(-(CHAIN + READERS_FIRST) // instances)


def test_in_any_order_the_writers_of_one_site_are_the_longest_chain(official: tuple[Task, ...]) -> None:
    most = max(
        sum(task.writes and site in request_of(task).shared for task in official) for site in ("gitlab", "reddit")
    )
    assert simulate(official, 1, free=True, watch=require_rules).length == most + READERS_FIRST


def test_the_dependency_graph_of_others_has_five_chains(official: tuple[Task, ...]) -> None:
    waits = graph(official)
    assert sum(map(len, waits.values())) == 813
    assert [task for task in waits if not waits[task]] == [0, 7, 21, 27, 44]
    found = simulate_graph(waits)
    assert (found.width, found.length) == (5, 246)


def a_task(task_id: int, *sites: str, writes: bool = False) -> Task:
    given: dict[str, Any] = {"start_urls": (), "login_sites": (), "checks": (), "raw": {}}
    return Task(task_set="own", task_id=task_id, intent="", template_id=1, sites=sites, writes=writes, **given)


def test_what_a_chain_of_writers_waits_for_comes_first_and_sites_keep_their_order() -> None:
    tasks = [
        a_task(1, "shopping"),
        a_task(2, "map", writes=True),
        a_task(3, "shopping", writes=True),
        a_task(4, "reddit", writes=True),
        a_task(5, "reddit"),
        a_task(6, "reddit", "gitlab", writes=True),
        a_task(7, "gitlab", writes=True),
    ]
    assert [task.task_id for task, _ in longest_chain_first([(task, 0) for task in tasks])] == [4, 5, 6, 1, 3, 7, 2]


def test_trials_stay_apart() -> None:
    todo = [(a_task(task_id, "reddit", writes=task_id == 2), trial) for trial in (0, 1) for task_id in (1, 2, 3)]
    ordered = [(task.task_id, trial) for task, trial in longest_chain_first(todo)]
    assert ordered == [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 1)]
