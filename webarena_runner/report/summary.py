"""What a run folder says, counted: totals, sites, time and tokens. The denominator is what was planned."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webarena_runner.actions.thoughts import has_thoughts
from webarena_runner.errors import JudgeError, StoreError
from webarena_runner.log import quick, reading
from webarena_runner.log.paths import Key, task_name
from webarena_runner.log.places import placed
from webarena_runner.report.breakdown import RunStatistics, break_down, planned_trials
from webarena_runner.report.statistics import LEVEL, Rate, Trial, rate_of
from webarena_runner.settings import datafiles
from webarena_runner.types import Ending, EpisodeResult, RunManifest, SiteReset, Task, TaskId, Verdict, id_order

if TYPE_CHECKING:
    from webarena_runner.rescoring.errata import Corrected


@dataclass(frozen=True)
class Counts:
    """Planned (task, trial) pairs by what became of them; `missing` has not run or was interrupted."""

    planned: int
    passed: int
    failed: int
    errored: int

    @property
    def missing(self) -> int:
        return self.planned - self.passed - self.failed - self.errored

    @property
    def success_rate(self) -> float:
        """Passed of planned, in [0, 1]; errored and missing ones count as not passed. 0 when nothing was planned."""
        return self.passed / self.planned if self.planned else 0.0

    def as_json(self) -> dict[str, float]:
        return asdict(self) | {"missing": self.missing, "success_rate": self.success_rate}


@dataclass(frozen=True)
class NotPassed:
    """A planned (task, trial) pair that did not pass; `became` is failed, errored or not run.

    `why` is what the evaluators say, or the error; "" when there is nothing to say.
    """

    task_id: TaskId
    trial: int
    became: str
    why: str = ""


@dataclass(frozen=True)
class AskedHost:
    """An address outside the sites of the episodes that asked for it."""

    host: str
    requests: int
    episodes: int


@dataclass(frozen=True)
class RunReport:
    """One run as it stands on disk, finished or not.

    `results` are of the latest attempts; `cost_usd` is of all attempts, None when no model of the run has prices.
    `damaged` says of each result that cannot be read what is wrong and what to do; it counts as not run. So it does of
    settings that are not those that the run began with. `away` counts the attempts, of all, that each shared site took
    with it when it was down.
    """

    folder: Path
    manifest: RunManifest
    results: Mapping[Key, EpisodeResult]
    cost_usd: float | None = None
    damaged: tuple[str, ...] = ()
    away: Mapping[str, int] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """The folder's name: a copy, or a run that was renamed, is told from the one that it was."""
        return self.folder.resolve().name

    @property
    def heads(self) -> Mapping[Key, EpisodeResult]:
        """The results for whoever only counts them: see `quick.Results`."""
        return quick.heads_of(self.results)

    @cached_property
    def total(self) -> Counts:
        return _counts(self.manifest.planned, self.heads)

    @cached_property
    def by_site(self) -> dict[str, Counts]:
        """Counts by site combination (`shopping`, `reddit+shopping`), so that the rows add up to the total."""
        groups: dict[str, list[Key]] = {}
        for key in self.manifest.planned:
            groups.setdefault(self.sites_of(key[0]), []).append(key)
        return {name: _counts(keys, self.heads) for name, keys in sorted(groups.items())}

    def sites_of(self, task_id: TaskId) -> str:
        """Of a planned task, joined by "+"; "" for none."""
        return self.manifest.task_sites[task_name(task_id)]

    @cached_property
    def undecided(self) -> int:
        """How many of the errored ones are so because only a judge could score them, and the run has none."""
        judge = JudgeError.error_class
        return (
            0
            if self.manifest.judge
            else sum(error.failure.error_class == judge for error in self.errors if error.failure)
        )

    @cached_property
    def passed(self) -> list[Key]:
        passed = (key for key, result in self.heads.items() if result.value == 1)
        return sorted(passed, key=lambda key: (id_order(key[0]), key[1]))

    @cached_property
    def not_passed(self) -> list[NotPassed]:
        """In the order of the plan."""
        found = ((key, self.heads.get(key)) for key in self.manifest.planned)
        return [not_passed(key, result) for key, result in found if result is None or result.value != 1]

    @cached_property
    def tasks(self) -> int:
        """How many different tasks were planned."""
        return len({task_id for task_id, _ in self.manifest.planned})

    def task(self, task_id: TaskId) -> Task | None:
        """The task as it was when the run began; None where the folder does not say, and `tasks_fault` why."""
        return self._chosen[0].get(task_id)

    @property
    def tasks_fault(self) -> str:
        """Why the folder's tasks cannot be read; "" when they can, or are not there, as in folders of format 0."""
        return self._chosen[1]

    @cached_property
    def _chosen(self) -> tuple[dict[TaskId, Task], str]:
        try:
            tasks = reading.read_tasks(self.folder, self.manifest)
        except StoreError as error:
            return {}, str(error)
        return {task.task_id: task for task in tasks or ()}, ""

    @cached_property
    def corrected(self) -> "Corrected | None":
        """The run by the errata of its task set, as far as its evidence allows; None where none are kept."""
        if self.manifest.task_set not in datafiles.names("errata"):
            return None
        # They need the evaluators, which no other part of a report does.
        from webarena_runner.rescoring.errata import corrected_report

        return corrected_report(self.manifest, self.results, self._chosen[0], self.folder)

    @cached_property
    def templates(self) -> dict[TaskId, int]:
        """The templates of the tasks that have one, by task id; none where `tasks_fault` says why."""
        try:
            return quick.read_templates(self.folder, self.manifest)
        except StoreError:
            return {}

    @cached_property
    def trials(self) -> dict[Key, Trial]:
        return planned_trials(self)

    @cached_property
    def rate(self) -> Rate | None:
        """The success rate over what was planned, with its interval; None when nothing was planned."""
        return rate_of(self.trials.values())

    @cached_property
    def scored_rate(self) -> Rate | None:
        """Over the episodes that have a score: without what errored or did not run."""
        scored = (key for key, result in self.heads.items() if result.value is not None)
        return rate_of(self.trials[key] for key in scored if key in self.trials)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the success rate, with tasks clustered by their templates; None when nothing was planned."""
        return self.rate.interval if self.rate else None

    @cached_property
    def statistics(self) -> RunStatistics:
        return break_down(self)

    @cached_property
    def errors(self) -> list[EpisodeResult]:
        return [result for result in self.heads.values() if result.failure]

    @cached_property
    def steps(self) -> int:
        return sum(result.steps for result in self.heads.values())

    @cached_property
    def tokens(self) -> int:
        """Prompt and completion tokens together, as the servers counted them."""
        return sum(result.prompt_tokens + result.completion_tokens for result in self.heads.values())

    @cached_property
    def cached_share(self) -> float | None:
        """The part of the prompt tokens that servers had in their prefix cache, in [0, 1]; None when none said."""
        cached = sum(result.cached_tokens for result in self.heads.values())
        prompts = sum(result.prompt_tokens for result in self.heads.values())
        # A server may count the one without the other.
        return cached / prompts if cached and prompts else None

    @cached_property
    def cut_replies(self) -> int:
        """How many replies of the model ended at their limit."""
        return sum(result.cut_replies for result in self.heads.values())

    @cached_property
    def thought_replies(self) -> int:
        """How many replies of the model hold thoughts in which the profile looks for the action too."""
        skipped = self._setting("actions", "skip_thoughts")
        return 0 if skipped else sum(result.thought_replies for result in self.heads.values())

    @cached_property
    def thought_verdicts(self) -> int:
        """How many replies of the judge hold thoughts in which the profile looks for the verdict too."""
        skipped = self._setting("scoring", "judge_skip_thoughts")
        return 0 if skipped else sum(has_thoughts(verdict.reply) for verdict in self._verdicts)

    @cached_property
    def busy_steps(self) -> int:
        """How many steps led to a page that was still busy when the wait for it ended at its limit."""
        return sum(result.busy_steps for result in self.heads.values())

    @cached_property
    def starved_steps(self) -> int:
        """How many steps led to a page that was read before it had its time, since the machine was too busy."""
        return sum(result.starved_steps for result in self.heads.values())

    @cached_property
    def recovered(self) -> int:
        """How many scored episodes met a page that a site failed to give, and the site was there again."""
        return sum(bool(result.site_failures) for result in self.heads.values() if result.value is not None)

    @property
    def resets(self) -> Sequence[SiteReset]:
        """Of shared sites, in the order in which they ended; none where `resets_fault` says why."""
        return self._resets[0]

    @property
    def resets_fault(self) -> str:
        """Why they cannot be read; "" when they can, or there were none."""
        return self._resets[1]

    @cached_property
    def _resets(self) -> tuple[Sequence[SiteReset], str]:
        try:
            return reading.read_resets(self.folder), ""
        except StoreError as error:
            return (), str(error)

    @cached_property
    def disturbed(self) -> int:
        """How many scored episodes read a site that a task which was to read it only changed meanwhile."""
        return sum(bool(result.disturbed) for result in self.heads.values() if result.value is not None)

    @cached_property
    def blocked_hosts(self) -> list[AskedHost]:
        """What the fence refused, the host that most episodes asked for first."""
        return _hosts(result.blocked_hosts for result in self.heads.values())

    @cached_property
    def visited_hosts(self) -> list[AskedHost]:
        """What it let pass beside the sites, in the same order."""
        return _hosts(result.visited_hosts for result in self.heads.values())

    @cached_property
    def left(self) -> int:
        """How many episodes ended because they left the sites."""
        return sum(result.ending == Ending.OFFSITE for result in self.heads.values())

    @cached_property
    def apart(self) -> int:
        """In how many episodes the cookies of sites on one host name were kept apart."""
        return sum(bool(result.cookies_apart) for result in self.heads.values())

    @cached_property
    def saw_login_page(self) -> int:
        """How many scored episodes came to a log-in page of a site that they began logged in to."""
        return sum(bool(result.login_pages) for result in self.heads.values() if result.value is not None)

    def _setting(self, group: str, name: str) -> Any:
        return self.manifest.config.get("settings", {}).get(group, {}).get(name)

    @cached_property
    def unanswered(self) -> dict[str, int]:
        """How many episodes ended because the model gave no answer, by cause: filter, refusal, reply limit."""
        return dict(Counter(error.failure.cause for error in self.errors if error.failure and error.failure.cause))

    @cached_property
    def verdicts(self) -> int:
        """How many verdicts of the judge the scores rest on."""
        return len(self._verdicts)

    @cached_property
    def kept_verdicts(self) -> int:
        """How many of them are the answer to a question that was asked before, in this run or into the same folder."""
        return sum(verdict.cached for verdict in self._verdicts)

    @cached_property
    def _verdicts(self) -> list[Verdict]:
        return [verdict for result in self.heads.values() for score in result.scores for verdict in score.verdicts]

    @cached_property
    def wall_s(self) -> float:
        """Seconds in which at least one episode was running; pauses between an interrupt and a resume are left out."""
        return _covered_s(self.heads.values())

    def summary(self) -> dict[str, Any]:
        """What was run, counts, totals, and what did not pass, as JSON values."""
        manifest = self.manifest
        return {
            "run_id": manifest.run_id,
            "folder": str(self.folder),
            **manifest.model_dump(include={"model", "agent", "judge", "task_set", "profile", "caution"}),
            "total": self.total.as_json(),
            "interval": self.rate and {"level": LEVEL} | self.rate.as_json(),
            "statistics": self.statistics.as_json(),
            "corrected": self.corrected and self.corrected.as_json(),
            "by_site": {name: counts.as_json() for name, counts in self.by_site.items()},
            "not_passed": [asdict(each) for each in self.not_passed],
            "steps": self.steps,
            "tokens": self.tokens,
            "cut_replies": self.cut_replies,
            "thought_replies": self.thought_replies,
            "thought_verdicts": self.thought_verdicts,
            "unanswered": self.unanswered,
            "busy_steps": self.busy_steps,
            "starved_steps": self.starved_steps,
            "recovered": self.recovered,
            "away": dict(self.away),
            "blocked_hosts": [asdict(each) for each in self.blocked_hosts],
            "visited_hosts": [asdict(each) for each in self.visited_hosts],
            "left_sites": self.left,
            "cookies_apart": self.apart,
            "saw_login_page": self.saw_login_page,
            "resets": [each.model_dump(mode="json") for each in self.resets],
            "disturbed": self.disturbed,
            "judge_verdicts": {"all": self.verdicts, "kept": self.kept_verdicts},
            "wall_s": self.wall_s,
            "cost_usd": self.cost_usd,
            "damaged": list(self.damaged),
        }

    def as_json(self) -> dict[str, Any]:
        """The summary, the manifest and all results, as JSON values."""
        return self.summary() | {
            "manifest": self.manifest.model_dump(mode="json"),
            "results": [placed(result) for result in self.results.values()],
        }


@quick.without_collection()
def load_run(folder: Path) -> RunReport:
    """Raises StoreError when the folder is no run, its manifest is damaged, or a newer version wrote into it."""
    manifest, fault = reading.read_checked_manifest(folder)
    found = quick.read_run(folder)
    damaged = [*([fault] if fault else []), *found.damaged]
    cost_usd = reading.total_usd(found.costs_usd)
    return RunReport(folder, manifest, found.results, cost_usd, tuple(map(str, damaged)), found.away)


def _counts(keys: Sequence[Key], results: Mapping[Key, EpisodeResult]) -> Counts:
    ended = [results[key] for key in keys if key in results]
    errored = sum(result.value is None for result in ended)
    passed = sum(result.value == 1 for result in ended)
    return Counts(planned=len(keys), passed=passed, failed=len(ended) - passed - errored, errored=errored)


def _hosts(counts: Iterable[Mapping[str, int]]) -> list[AskedHost]:
    """By host: all requests, and how many episodes made some."""
    requests: Counter[str] = Counter()
    episodes: Counter[str] = Counter()
    for count in counts:
        requests.update(count)
        episodes.update(count.keys())
    found = [AskedHost(host, requests[host], episodes[host]) for host in requests]
    return sorted(found, key=lambda each: (-each.episodes, -each.requests, each.host))


def not_passed(key: Key, result: EpisodeResult | None) -> NotPassed:
    """Of a pair whose result, None when there is none, is no pass."""
    if result is None:
        return NotPassed(*key, became="not run")
    if result.failure:
        said = result.failure.message.partition("\n")[0]
        return NotPassed(*key, became="errored", why=f"{result.failure.error_class}: {said}")
    if result.ending == Ending.OFFSITE:
        return NotPassed(*key, became="failed", why=f"left the sites: {', '.join(result.left_to[:1])}")
    reasons = (f"{score.evaluator}: {score.explanation}" for score in result.scores if score.value != 1)
    return NotPassed(*key, became="failed", why="; ".join(reasons) or f"ended by {result.ending}")


def _covered_s(results: Iterable[EpisodeResult]) -> float:
    spans = sorted((result.started_at.timestamp(), result.started_at.timestamp() + result.wall_s) for result in results)
    covered, reached = 0.0, -math.inf
    for start, end in spans:
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
