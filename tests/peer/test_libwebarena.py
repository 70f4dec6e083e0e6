"""The embedded sites as the public package `libwebarena` finds them: its log-in, its evaluators, its observation.

`make peer-test` sets up the package in an environment of its own and runs this; PEER_TASKS='site:map' plays some tasks.
"""

import asyncio
import os
from collections import deque
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.peer.paired import Pair, Paired, Side, Texts
from tests.peer.playing import play_in_package
from tests.peer.served import PYTHON, shared_sites
from webarena_runner.agents.controls import DoNothing
from webarena_runner.agents.oracle import Oracle
from webarena_runner.browser.session import BrowserSession
from webarena_runner.evaluators import load_evaluators
from webarena_runner.interfaces import Agent
from webarena_runner.running.browsing import BrowserEnvironments
from webarena_runner.running.episode import Episode, Harness, run_episode
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import RunConfig
from webarena_runner.tasksets.mini import Mini
from webarena_runner.tasksets.selection import select
from webarena_runner.types import EpisodeResult, Step, Task

pytestmark = [
    pytest.mark.peer,
    pytest.mark.browser,
    pytest.mark.skipif(not PYTHON.exists(), reason=f"{PYTHON} is absent: `make peer-test` sets it up"),
]
WORKERS = 2
LOADED = Mini().load()
TASKS = select(os.environ.get("PEER_TASKS", "all"), LOADED, seed=0)


@pytest.fixture(scope="module")
def config() -> RunConfig:
    options = CliOptions(
        **{"model": "oracle", "tasks": "mini", "task_set": "mini", "served_by": "embedded", "profile": "libwebarena"},
        assignments=("settle.limit_s=10", "browser.screenshots=false", "observation.ax_properties=browser"),
    )
    return load_run_config(options, {})[0]


def needs_judge(task: Task, answer: str) -> bool:
    """Whether an answer to the task is more than a comparison of texts."""
    answers = [check.spec["reference_answers"] for check in task.checks if check.kind == "string_match"]
    return any("fuzzy_match" in given and given["fuzzy_match"] != answer for given in answers)


class NoLog:
    attempt = 1

    def append(self, step: Step, screenshot: bytes | None = None) -> None: ...


async def play_all(
    agent: Agent, config: RunConfig, folder: Path
) -> tuple[dict[int, EpisodeResult], list[Pair], list[Texts]]:
    """All tasks, each on sites that were reset before and that the package has logged in to."""
    queue, results, sides = deque(TASKS), {}, []

    async def work(side: Side) -> None:
        ours = load_evaluators(config.settings.scoring)
        paired = {name: Paired(evaluator, name, side) for name, evaluator in ours.items()}
        environments = BrowserEnvironments(config.settings, sites=side.shared, browser=side, evaluators=paired)
        harness = Harness(config.settings, agent, environments)
        while queue:
            task = queue.popleft()
            results[task.task_id] = await run_episode(harness, Episode(task, 0, NoLog(), lambda step: None))

    async with AsyncExitStack() as stack:
        for number in range(WORKERS):
            shared = await stack.enter_async_context(shared_sites(folder / str(number)))
            session = BrowserSession(config.settings.browser, config.settings.observation, config.settings.settle)
            sides.append(Side(await stack.enter_async_context(session), shared))
        async with asyncio.TaskGroup() as group:
            for side in sides:
                group.create_task(work(side))
    return results, [pair for side in sides for pair in side.pairs], [each for side in sides for each in side.texts]


async def test_its_log_in_reaches_every_site_that_needs_one(tmp_path: Path) -> None:
    """The package raises when a cookie of one of the combinations that it knows is no good."""
    async with shared_sites(tmp_path) as shared:
        states = (await shared.package.ask("log_in_everywhere"))["states"]
    assert {"gitlab_state.json", "reddit_state.json", "shopping_state.json", "shopping_admin_state.json"} <= set(states)
    assert "gitlab.reddit_state.json" in states


async def test_its_scores_and_observations_of_all_end_states_of_the_oracle_are_ours(
    config: RunConfig, tmp_path: Path
) -> None:
    results, pairs, texts = await play_all(Oracle(), config, tmp_path)
    told = {task_id: result.failure.message for task_id, result in results.items() if result.failure}
    assert told == {}
    assert [pair for pair in pairs if pair.ours != pair.theirs] == []
    assert len(pairs) == sum(len(task.checks) for task in TASKS)
    assert {task_id for task_id, result in results.items() if result.value != 1} == set()
    assert len(texts) == len(TASKS)
    assert {each.task_id: each.difference for each in texts if each.difference} == {}


async def test_its_scores_where_nothing_was_done_are_ours(config: RunConfig, tmp_path: Path) -> None:
    results, pairs, _ = await play_all(DoNothing(), config, tmp_path)
    assert [pair for pair in pairs if pair.ours != pair.theirs] == []
    undecided = {pair.task_id for pair in pairs if pair.theirs is None}
    assert undecided == {task.task_id for task in TASKS if needs_judge(task, "")}
    assert {task_id for task_id, result in results.items() if result.value is None} == undecided
    assert {result.value for result in results.values()} == {0, None}


async def test_the_package_plays_the_smoke_tasks_in_its_own_environment(config: RunConfig, tmp_path: Path) -> None:
    tasks = select("smoke", LOADED, seed=0)
    async with shared_sites(tmp_path) as shared:
        scores = {task.task_id: await play_in_package(task, shared) for task in tasks}
    assert scores == dict.fromkeys((task.task_id for task in tasks), 1.0)
