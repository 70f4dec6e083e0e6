"""Run folders whose scores were made by the evaluators themselves, from answers and pages that a test gives."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.evaluators.fakes import GOLDEN_URLS, Page, SayingJudge, Spec, task_of
from tests.export.runs import a_step
from tests.log.records import make_manifest, make_result
from webarena_runner.errors import EpisodeError
from webarena_runner.evaluators import load_evaluators, score
from webarena_runner.interfaces import EpisodeEnd, SiteLease
from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.writing import RunFolder
from webarena_runner.official.sites import sites_needed
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Ending, EpisodeResult, Failure, Observation, RunManifest, Task, TaskId


@dataclass(frozen=True)
class Played:
    """One episode: the task's checks, what the agent answered, where it ended, what locators gave, the judge's replies.

    `way` are the addresses that it acted on before it answered. Without replies of the judge there was none. `task`
    replaces the one that is made of the specs.
    """

    task_id: TaskId
    specs: Sequence[Spec] = ()
    answer: str = ""
    url: str = "http://localhost:7770/"
    selected: Sequence[Any] = ()
    way: Sequence[str] = ()
    judge: Sequence[str] = ()
    task: Task | None = None
    trial: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def as_task(self) -> Task:
        return self.task or task_of(*self.specs, task_id=self.task_id)  # type: ignore[arg-type]


async def result_of(played: Played, scoring: ScoringSettings) -> EpisodeResult:
    """As `running.episode` makes it, the judge's failure included."""
    task = played.as_task
    judge = SayingJudge(list(played.judge)) if played.judge else None
    page = Page(url=played.url, answers=list(played.selected))
    end = EpisodeEnd(task=task, answer=played.answer, lease=SiteLease(GOLDEN_URLS), page=page)
    common: dict[str, Any] = {
        "task_set": task.task_set,
        "trial": played.trial,
        "final_url": played.url,
        "site_urls": dict(GOLDEN_URLS),
    } | played.changes
    try:
        value, scores = await score(task, end, load_evaluators(scoring), judge)
    except EpisodeError as error:
        failure = Failure(error_class=error.error_class, message=str(error), traceback="", may_retry=False)
        return make_result(task.task_id, None, **common | {"failure": failure, "ending": Ending.ERROR})  # type: ignore[arg-type]
    return make_result(task.task_id, value, **common | {"answer": played.answer, "scores": scores})  # type: ignore[arg-type]


def manifest_for(run_id: str, episodes: Sequence[Played], **changes: Any) -> RunManifest:
    scoring = changes.pop("scoring", ScoringSettings())
    config = {
        "settings": {"trials": 1, "seed": 0, "scoring": scoring.model_dump(mode="json"), "limits": {"max_steps": 30}},
        "model": None,
        "tasks": {"expression": "all", "task_set": "test"},
        "sites": {"provider": "static"},
    }
    tasks = [each.as_task for each in episodes]
    fields = {
        "config": config,
        "config_sha256": sha256_of_json(config),
        "task_set": "test",
        "judge": "saying-judge",
        "planned": tuple((each.task_id, played.trial) for each, played in zip(tasks, episodes, strict=True)),
        "task_sites": {str(each.task_id): "+".join(sites_needed(each)) for each in tasks},
    }
    return make_manifest(run_id, **fields | changes)


async def written(out: Path, episodes: Sequence[Played], run_id: str = "r1", **changes: Any) -> Path:
    """The folder of a run of these episodes, each with a step that gives its answer."""
    scoring = changes.get("scoring", ScoringSettings())
    tasks = list({each.task_id: each.as_task for each in episodes}.values())
    run = RunFolder.create(out / run_id, manifest_for(run_id, episodes, **changes), tasks)
    for each in episodes:
        log = run.begin(each.task_id, each.trial)
        for index, url in enumerate(each.way):
            log.append(a_step(index, observation=Observation(url=url, tabs=("A",), text="")))
        last = {"observation": Observation(url=each.url, tabs=("A",), text="")} if each.way else {}
        log.append(a_step(len(each.way), answer=each.answer, **last))
        run.put(await result_of(each, scoring))
    run.close()
    return out / run_id


def write_played(out: Path, episodes: Sequence[Played], run_id: str = "r1", **changes: Any) -> Path:
    """The same, for tests that are no coroutines: commands bring an event loop of their own."""
    return asyncio.run(written(out, episodes, run_id, **changes))
