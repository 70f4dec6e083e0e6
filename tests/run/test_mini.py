"""The embedded benchmark end to end: real sites, a real browser, real scores."""

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from tests.run.playing import play_all
from webarena_runner.agents.controls import AlwaysNotAchievable
from webarena_runner.agents.oracle import Oracle
from webarena_runner.errors import JudgeUnusable
from webarena_runner.evaluators import load_evaluators, rescore
from webarena_runner.evaluators.text import clean
from webarena_runner.interfaces import Agent
from webarena_runner.log.reading import read_steps
from webarena_runner.log.writing import RunFolder
from webarena_runner.official.sites import SITES
from webarena_runner.running.episode import Harness
from webarena_runner.running.plan import make_manifest
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import RunConfig, ScoringSettings
from webarena_runner.tasksets.mini import Mini
from webarena_runner.types import Ending, EpisodeResult, Score, Task

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.alone]
Play = Callable[[Agent, Sequence[Task]], Awaitable[dict[int, EpisodeResult]]]


@pytest.fixture(scope="module")
def tasks() -> tuple[Task, ...]:
    return Mini().load().tasks


@pytest.fixture
def config() -> RunConfig:
    # A tenth of the time goes into screenshots, which a test of the command line looks at.
    assignments = ("workers=4", "browser.screenshots=false")
    options = CliOptions(model="oracle", tasks="mini", task_set="mini", served_by="embedded", assignments=assignments)
    return load_run_config(options, {})[0]


@pytest.fixture
def play(tmp_path: Path, config: RunConfig) -> Play:
    async def play(agent: Agent, tasks: Sequence[Task]) -> dict[int, EpisodeResult]:
        manifest = make_manifest(config, Mini().load(), tasks, run_id="run", prompt_sha256="", profile_overrides=())
        folder = RunFolder.create(tmp_path / "run", manifest, tasks)
        async with open_environments(config.settings, config.sites, {}) as environments:
            results, _ = await play_all(Harness(config.settings, agent, environments), folder.path, tasks)
        folder.close()
        return {result.task_id: result for result in results}

    return play


def is_unachievable(task: Task) -> bool:
    return any(check.spec.get("reference_answers", {}).get("fuzzy_match") == "N/A" for check in task.checks)


@pytest.mark.parametrize("each", ["template", pytest.param("task", marks=pytest.mark.slow)])
async def test_the_oracle_passes(each: str, play: Play, tasks: Sequence[Task], tmp_path: Path) -> None:
    """Tasks of one template take the same way through the same pages, with other names and numbers in it."""
    if each == "template":
        tasks = tuple({task.template_id: task for task in reversed(tasks)}.values())
    results = await play(Oracle(), tasks)
    unsolved = {
        task_id: (result.ending, result.failure.message if result.failure else result.scores)
        for task_id, result in results.items()
        if result.value != 1
    }
    assert unsolved == {}
    assert len(results) == len(tasks) >= 130
    for result in results.values():
        folder = tmp_path / "run" / "episodes" / f"{result.task_id}.0"
        steps = list(read_steps(folder))
        assert len(steps) == result.steps
        assert json.loads((folder / "result.json").read_text())["value"] == 1


def scored(answer: str, task: Task, seen: Sequence[Score]) -> float | None:
    """The task's value with this answer, by what was seen of the pages; None: only a judge could tell."""
    recorded = [
        score.model_copy(update={"evidence": dict(score.evidence) | {"answer": clean(answer)}})
        if score.evaluator == "string_match"
        else score
        for score in seen
    ]
    try:
        return rescore(task, recorded, load_evaluators(ScoringSettings()))[0]
    except JudgeUnusable:
        return None


async def test_answers_of_those_who_do_not_look_pass_exactly_what_cannot_be_done(
    play: Play, tasks: Sequence[Task]
) -> None:
    """Who only answers leaves the sites as they were: a task whose pages are looked at is played once for all answers,
    and one that is scored by its answer alone not at all.
    """
    played = [task for task in tasks if {check.kind for check in task.checks} != {"string_match"}]
    results = await play(AlwaysNotAchievable(), played)
    assert all(result.ending is Ending.ANSWERED for result in results.values())
    assert len(results) == len(played) >= 80
    nothing_seen = [Score(evaluator="string_match", value=0, evidence={"urls": dict.fromkeys(SITES, "http://site")})]
    seen = {task.task_id: nothing_seen for task in tasks} | {key: result.scores for key, result in results.items()}
    unachievable = {task.task_id for task in tasks if is_unachievable(task)}
    for answer_to in (lambda task: "N/A", lambda task: "", lambda task: task.intent):
        values = {task.task_id: scored(answer_to(task), task, seen[task.task_id]) for task in tasks}
        passes = unachievable if answer_to(tasks[0]) == "N/A" else set()
        assert {task_id for task_id, value in values.items() if value} == passes
        # Whether another answer is a reason for "unachievable" is a judge's question.
        assert {task_id for task_id, value in values.items() if value is None} == unachievable - passes
