"""What webarena-verified says of a past run, by the answers and network logs in its folder."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import JudgeError, StoreError, UsageError
from webarena_runner.evaluators.verified import AgentResponse, NetworkEvent, evidence_in
from webarena_runner.export.verified.answers import agent_response, own_response
from webarena_runner.export.verified.known import known_of
from webarena_runner.log.files import is_file
from webarena_runner.log.har import read_har
from webarena_runner.log.paths import Key, RunPaths
from webarena_runner.official.families import VERIFIED
from webarena_runner.rescoring.episodes import decided_before, nothing_passed, reasons, without_score, without_task
from webarena_runner.rescoring.past import PastRun
from webarena_runner.tasksets import load_task_set
from webarena_runner.types import Ending, RescoredEpisode, Score, Standing, Task, TaskId
from webarena_runner.verified.evaluator import Job, verdicts_on

# Sets whose tasks another one has in webarena-verified's form, by the same ids.
FORMS: Mapping[str, str] = {"mini": "mini-verified", "webarena": VERIFIED.name}
FROM_PLAIN = "its response was made from a plain answer, by a heuristic"
_EVALUATORS = {"AgentResponseEvaluator": AgentResponse(), "NetworkEventEvaluator": NetworkEvent()}


@dataclass(frozen=True)
class Asked:
    """An episode that the package can score; `caveat` is what its answer takes for granted."""

    job: Job
    caveat: str = ""


async def by_verified(run: PastRun, *, as_browsergym: bool = False) -> list[RescoredEpisode]:
    """In the order of the plan. `as_browsergym`: the mean over the checks, by a log without the text of what was sent.

    Raises:
        UsageError: the run's tasks are not in that form, or the package cannot be installed.
    """
    records = records_of(run)
    begun = [_begin(run, key, records, as_browsergym=as_browsergym) for key in run.manifest.planned]
    jobs = [each.job for each in begun if isinstance(each, Asked)]
    verdicts = iter(await verdicts_on(jobs) if jobs else [])
    found = []
    for key, each in zip(run.manifest.planned, begun, strict=True):
        if isinstance(each, Asked):
            each = _scored(run, key, each, next(verdicts), as_browsergym=as_browsergym)
        found.append(each)
    return found


def column(run: PastRun, *, as_browsergym: bool = False) -> list[RescoredEpisode]:
    """The same, where no event loop runs."""
    return asyncio.run(by_verified(run, as_browsergym=as_browsergym))


def records_of(run: PastRun) -> Mapping[TaskId, Mapping[str, Any]]:
    """The tasks of a run in webarena-verified's form, by id.

    Raises:
        UsageError: there are none, or they are not on this machine.
    """
    own = {task_id: task.raw for task_id, task in run.tasks.items() if _is_of_package(task)}
    if own:
        return own
    form = FORMS.get(run.manifest.task_set)
    if form is None:
        raise UsageError(
            f"--rules verified: the tasks of '{run.manifest.task_set}' are not in webarena-verified's form, and no set "
            f"is known that has them so (of {', '.join(FORMS)} one is); leave it out"
        )
    return {task.task_id: task.raw for task in load_task_set(form).load().tasks}


def _is_of_package(task: Task) -> bool:
    return any(check.kind in (AgentResponse.name, NetworkEvent.name) for check in task.checks)


def _begin(
    run: PastRun, key: Key, records: Mapping[TaskId, Mapping[str, Any]], *, as_browsergym: bool
) -> Asked | RescoredEpisode:
    result, record = run.results.get(key), records.get(key[0])
    if result is None or record is None:
        return without_task(run, key, "no task of this id is in webarena-verified's form")
    if decided := decided_before(result):
        return decided
    if as_browsergym and result.ending != Ending.ANSWERED and not result.failure:
        return nothing_passed(result, "it did not stop, and only then BrowserGym evaluates")
    try:
        answer, entries = run.past(key).answer, _entries(run, key)
    except StoreError as error:
        return without_score(key, result, Standing.NEEDS_LIVE_CHECK, str(error))
    if not entries:
        why = "it has no network log, which --record har keeps of a run as it begins"
        return without_score(key, result, Standing.NEEDS_LIVE_CHECK, why)
    task = run.tasks.get(key[0])
    plain = (task is None or not _is_of_package(task)) and own_response(answer) is None
    said: Any = answer
    if plain:
        ended = {"answer": answer} | ({"ending": Ending.ANSWERED} if result.failure else {})
        said = agent_response(result.model_copy(update=ended), task, known_of(record))
    official = run.manifest.task_set in (VERIFIED.name, "webarena")
    job = Job(record, said, entries, result.site_urls, official=official, without_bodies=as_browsergym)
    return Asked(job, FROM_PLAIN if plain else "")


def _entries(run: PastRun, key: Key) -> Sequence[Mapping[str, Any]]:
    """Raises DamagedRecord."""
    path = RunPaths(run.folder).episode(*key).har
    found: Sequence[Mapping[str, Any]] = read_har(path)["log"]["entries"] if is_file(path) else ()
    return found


def _scored(
    run: PastRun, key: Key, asked: Asked, verdict: dict[str, Any] | JudgeError, *, as_browsergym: bool
) -> RescoredEpisode:
    before = run.results[key]
    if isinstance(verdict, JudgeError):
        return without_score(key, before, Standing.JUDGE_FAILED, str(verdict))
    scores = tuple(_score(each, verdict, index) for index, each in enumerate(asked.job.task["eval"]))
    value = sum(each.value for each in scores) / len(scores) if as_browsergym else verdict["score"]
    return RescoredEpisode(
        task_id=key[0],
        trial=key[1],
        standing=Standing.SCORED,
        before=before.value,
        value=value,
        scores=scores,
        why=reasons(tuple(each for each in scores if each.value < 1) or scores),
        was=reasons(before.scores),
        caveat=asked.caveat,
    )


def _score(check: Mapping[str, Any], verdict: Mapping[str, Any], index: int) -> Score:
    evaluator = _EVALUATORS[check["evaluator"]]
    return evaluator.score(evaluator.Spec(check=dict(check)), evidence_in(verdict, index))
