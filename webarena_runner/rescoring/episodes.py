"""One episode of a run, scored again from what its folder has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import EvidenceMissing, JudgeUnusable, SiteError, StoreError, TaskFileError
from webarena_runner.evaluators.again import Scores, Scoring, by_record, evidence_of_past, score_again
from webarena_runner.evaluators.combine import evaluator_of, load_evaluators
from webarena_runner.interfaces import Evaluator
from webarena_runner.log.paths import Key, RunPaths
from webarena_runner.official.notation import render
from webarena_runner.pictures import KeptPictures
from webarena_runner.rescoring.past import PastRun, lacks_only_verdicts
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Ending, EpisodeResult, RescoredEpisode, Score, Standing, Task, TaskId, Verdict

OTHER_TAB = {
    "agent_tab": "its pages were opened in fresh tabs, and these rules look at them in the agent's tab",
    "fresh_tab": "its pages were opened in the agent's tab, and these rules look at them in fresh tabs",
}


@dataclass(frozen=True)
class Open:
    """An episode that can be scored as soon as its questions are answered; `intent` is for the judge."""

    scoring: Scoring
    intent: str
    verdicts: tuple[Verdict, ...]
    pictures: KeptPictures
    caveat: str = ""


class Rescorer:
    """Scores the episodes of one run by other settings, or by the checks of other tasks (None: by its own).

    `settings` of single tasks may differ (errata). `unusable` says of tasks that are not among the others why.
    """

    def __init__(
        self,
        run: PastRun,
        scoring: ScoringSettings,
        tasks: Mapping[TaskId, Task] | None = None,
        *,
        settings: Mapping[TaskId, ScoringSettings] | None = None,
        unusable: Mapping[TaskId, str] | None = None,
    ) -> None:
        self._run = run
        self._scoring = scoring
        self._unusable = unusable or {}
        self._tasks = run.tasks if tasks is None else tasks
        self._evaluators = load_evaluators(scoring)
        self._of_tasks: Mapping[TaskId, Mapping[str, Evaluator]] = {
            task_id: load_evaluators(own) for task_id, own in (settings or {}).items()
        }

    def begin(self, key: Key) -> Open | RescoredEpisode:
        """What can be scored, or why it cannot be.

        Raises:
            ConfigError: a kind of check has no evaluator here.
        """
        result, played, task = self._run.results.get(key), self._run.tasks.get(key[0]), self._tasks.get(key[0])
        if result is None or task is None or played is None:
            return without_task(
                self._run, key, self._unusable.get(key[0], "the tasks to score by have no task of this id")
            )
        if decided := decided_before(result):
            return decided
        if not task.checks:
            return self._stays(key, Standing.NEEDS_LIVE_CHECK, "what its checks are is not known")
        in_own_way = result.scores and not self._run.manifest.imported
        if in_own_way and [each.evaluator for each in result.scores] != [check.kind for check in played.checks]:
            why = f"environment '{self._run.manifest.environment}' has scored it in a way of its own"
            return self._stays(key, Standing.NEEDS_LIVE_CHECK, why)
        evaluators = self._of_tasks.get(key[0], self._evaluators)
        try:
            past = self._run.past(key)
            evidence = evidence_of_past(task, played.checks, result.scores, past, evaluators)
            intent = render(task.intent, past.urls)
        except (EvidenceMissing, StoreError, SiteError) as error:
            return self._stays(key, Standing.NEEDS_LIVE_CHECK, str(error))
        kept = [verdict for score in result.scores for verdict in score.verdicts]
        return Open(
            score_again(task, evidence, evaluators),
            intent,
            # A verdict on another question is none on this one.
            tuple(kept) if task.intent == played.intent else (),
            KeptPictures(RunPaths(self._run.folder).episode(*key).folder),
            self._caveat(task, evaluators),
        )

    def by_record(self, key: Key) -> RescoredEpisode:
        """With the verdicts that the run has recorded. Raises ConfigError as `begin`."""
        opened = self.begin(key)
        if isinstance(opened, RescoredEpisode):
            return opened
        try:
            return self.scored(key, opened, by_record(opened.scoring, opened.verdicts))
        except JudgeUnusable as error:
            return self._stays(key, Standing.NEEDS_JUDGE, str(error))
        except (EvidenceMissing, TaskFileError) as error:
            return self._stays(key, Standing.NEEDS_LIVE_CHECK, str(error))

    def scored(self, key: Key, opened: Open, scores: Scores) -> RescoredEpisode:
        value, found = scores
        before = self._run.results[key]
        return RescoredEpisode(
            task_id=key[0],
            trial=key[1],
            standing=Standing.SCORED,
            before=before.value,
            value=value,
            scores=found,
            why=reasons(found),
            was=_said_before(before),
            caveat=opened.caveat,
        )

    def judge_failed(self, key: Key, message: str) -> RescoredEpisode:
        """Of an episode whose questions the judge did not answer: an error, and no score."""
        return self._stays(key, Standing.JUDGE_FAILED, message)

    def lacks_evidence(self, key: Key, message: str) -> RescoredEpisode:
        return self._stays(key, Standing.NEEDS_LIVE_CHECK, message)

    def _stays(self, key: Key, standing: Standing, why: str) -> RescoredEpisode:
        return without_score(key, self._run.results.get(key), standing, why)

    def _caveat(self, task: Task, evaluators: Mapping[str, Evaluator]) -> str:
        """What the evidence has not shown: pages as another tab would have had them."""
        if self._scoring.page_checks == self._run.scoring.page_checks:
            return ""
        opens = any(_opens_pages(*evaluator_of(task, check, evaluators)) for check in task.checks)
        return OTHER_TAB[self._scoring.page_checks] if opens else ""


def without_task(run: PastRun, key: Key, why: str) -> RescoredEpisode:
    """Of an episode that was not run, or that there is no task to score by: `why`."""
    result = run.results.get(key)
    if result is None:
        return without_score(key, None, Standing.NOT_RUN, "")
    return without_score(key, result, Standing.NO_TASK, why)


def decided_before(result: EpisodeResult) -> RescoredEpisode | None:
    """Of an episode in which no check has a say, by whatever rules; None of another."""
    if result.failure and not lacks_only_verdicts(result):
        return without_score(
            (result.task_id, result.trial), result, Standing.ERRORED, result.failure.message.partition("\n")[0]
        )
    if result.ending == Ending.OFFSITE:
        return nothing_passed(result, f"left the sites: {', '.join(result.left_to[:1])}")
    return None


def nothing_passed(result: EpisodeResult, why: str) -> RescoredEpisode:
    """A score of 0 that is not by its checks."""
    return RescoredEpisode(
        task_id=result.task_id,
        trial=result.trial,
        standing=Standing.SCORED,
        before=result.value,
        value=0.0,
        why=why,
        was=_said_before(result) or why,
    )


def without_score(key: Key, result: EpisodeResult | None, standing: Standing, why: str) -> RescoredEpisode:
    before, was = (result.value, _said_before(result)) if result else (None, "")
    return RescoredEpisode(task_id=key[0], trial=key[1], standing=standing, before=before, why=why, was=was)


def reasons(scores: tuple[Score, ...]) -> str:
    """What the evaluators say of their scores."""
    return "; ".join(f"{score.evaluator}: {score.explanation}" for score in scores)


def _said_before(result: EpisodeResult) -> str:
    failure = result.failure
    return f"{failure.error_class}: {failure.message.partition(chr(10))[0]}" if failure else reasons(result.scores)


def _opens_pages(evaluator: Any, spec: Any) -> bool:
    opens = getattr(evaluator, "opens_pages", None)
    return bool(opens and opens(spec))
