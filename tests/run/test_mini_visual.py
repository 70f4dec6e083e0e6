"""The tasks about pictures end to end: real sites, a real browser, pictures that are fetched, compared and kept."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.run.playing import play_all
from webarena_runner.agents.controls import AlwaysNotAchievable
from webarena_runner.agents.oracle import Oracle
from webarena_runner.evaluators import load_evaluators, rescore
from webarena_runner.interfaces import Agent
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.writing import RunFolder
from webarena_runner.official.sites import SITES
from webarena_runner.pictures import KeptPictures
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.past import load_past
from webarena_runner.rescoring.whole import rescored_offline
from webarena_runner.running.episode import Harness
from webarena_runner.running.plan import make_manifest
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.tasksets.mini import MiniVisual
from webarena_runner.types import EpisodeResult, Score, Standing, Task

# Of the profile.
VIEWPORT = (1280, 2048)


async def play(agent: Agent, tasks: Sequence[Task], folder: Path) -> dict[int | str, EpisodeResult]:
    assignments = ("workers=4", "browser.screenshots=false")
    chosen = {"tasks": "all", "task_set": "mini-visual", "served_by": "embedded", "profile": "visualwebarena"}
    options = CliOptions(model="oracle", assignments=assignments, **chosen)
    config = load_run_config(options, {})[0]
    manifest = make_manifest(config, MiniVisual().load(), tasks, run_id="run", prompt_sha256="", profile_overrides=())
    run = RunFolder.create(folder, manifest, tasks)
    async with open_environments(config.settings, config.sites, {}) as environments:
        results, _ = await play_all(Harness(config.settings, agent, environments), folder, tasks)
    run.close()
    return {result.task_id: result for result in results}


@pytest.mark.browser
@pytest.mark.long
@pytest.mark.alone
@pytest.mark.parametrize("which", ["quick", pytest.param("all", marks=pytest.mark.slow)])
async def test_the_oracle_passes_and_who_does_nothing_does_not(which: str, tmp_path: Path) -> None:
    loaded = MiniVisual().load()
    tasks = [task for task in loaded.tasks if which == "all" or task.task_id in loaded.subsets["quick"]]
    results = await play(Oracle(viewport=VIEWPORT), tasks, tmp_path / "oracle")
    unsolved = {task_id: result for task_id, result in results.items() if result.value != 1}
    assert unsolved == {}
    assert len(results) == len(tasks)
    for task in tasks:
        folder = RunPaths(tmp_path / "oracle").episode(task.task_id, 0)
        assert len(folder.task_pictures()) == len(task.images)
        for score in results[task.task_id].scores:
            for query in score.evidence.get("queries", ()):
                for seen in (*query["pictures"], *query["compared_with"]):
                    KeptPictures(folder.folder).read(seen["file"])
    again = rescored_offline(Rescorer(load_past(tmp_path / "oracle"), ScoringSettings()), [(key, 0) for key in results])
    assert {(each.standing, each.value) for each in again} == {(Standing.SCORED, 1.0)}
    looked_at = [task for task in tasks if {check.kind for check in task.checks} != {"string_match"}]
    refused = await play(AlwaysNotAchievable(), looked_at, tmp_path / "na")
    assert {result.value for result in refused.values()} == {0.0}


@pytest.mark.parametrize("answer", ["", "N/A", None])
def test_no_question_is_answered_by_who_does_not_look(answer: str | None) -> None:
    """None: by its own words."""
    evaluators = load_evaluators(ScoringSettings())
    for task in MiniVisual().load().tasks:
        if [check.kind for check in task.checks] == ["string_match"]:
            evidence = {"answer": task.intent if answer is None else answer, "urls": dict.fromkeys(SITES, "http://s")}
            value, _ = rescore(task, [Score(evaluator="string_match", value=0, evidence=evidence)], evaluators)
            assert value == 0, task.intent
