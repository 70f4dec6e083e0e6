"""What is asked of a re-scoring, and what it came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from webarena_runner import __version__
from webarena_runner.errors import ConfigError
from webarena_runner.log.paths import Key, RunPaths, safe_name
from webarena_runner.rescoring.agreement import agreement
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.errata import corrections, load_errata
from webarena_runner.rescoring.past import PastRun
from webarena_runner.rescoring.verdicts import KeptVerdicts, kept_verdicts
from webarena_runner.rescoring.whole import Questions, count_questions
from webarena_runner.settings.loading import load_model_spec
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import ModelSpec, ScoringSettings
from webarena_runner.tasksets.file import load_task_file
from webarena_runner.types import RescoredEpisode, Rescoring, Standing, Task, TaskId

SAME = "again"
_INCOMPLETE = (Standing.NEEDS_LIVE_CHECK, Standing.NEEDS_JUDGE, Standing.JUDGE_FAILED, Standing.NO_TASK)


@dataclass(frozen=True)
class Request:
    """`judge` None: the recorded verdicts. `judge_file` is the judge as it was named, `max_cost_usd` what it may cost.

    `tasks` None: the run's own checks; `unusable` says of those that the file has, and that cannot be read, why.
    `own_scoring` are rules of single tasks; `unlike` those that the errata name and
    that are not as they have them. `peer` decides by more than these settings: one of `rules.PEERS`.
    """

    run: PastRun
    profile: str
    scoring: ScoringSettings
    tasks: Mapping[TaskId, Task] | None = None
    tasks_file: str = ""
    tasks_sha256: str = ""
    unusable: Mapping[TaskId, str] = field(default_factory=dict)
    errata: bool = False
    own_scoring: Mapping[TaskId, ScoringSettings] | None = None
    unlike: tuple[TaskId, ...] = ()
    peer: str = ""
    judge: ModelSpec | None = None
    judge_file: str = ""
    max_cost_usd: float | None = None

    @classmethod
    def of(
        cls,
        run: PastRun,
        *,
        profile: str | None = None,
        peer: str = "",
        judge: str | None = None,
        tasks_file: str | None = None,
        errata: bool = False,
        max_cost_usd: float | None = None,
    ) -> "Request":
        """Raises UsageError: no such profile, model or task file, no errata of the task set, or no prices to count."""
        chosen = load_profile(profile) if profile else None
        scoring = chosen.settings.scoring if chosen else run.scoring
        spec = load_model_spec(judge) if judge else None
        if spec and spec.prices is None and max_cost_usd is not None:
            raise ConfigError(
                f"--max-cost: judge '{spec.name}' has no prices, so nothing would be counted; leave it out"
            )
        parts: dict[str, Any] = {}
        if tasks_file:
            loaded = load_task_file(tasks_file)
            tasks = {task.task_id: task for task in loaded.tasks}
            parts = {
                "tasks": tasks,
                "tasks_file": Path(tasks_file).name,
                "tasks_sha256": loaded.sha256,
                "unusable": {each.task_id: "; ".join(each.faults) for each in loaded.unusable},
            }
        if errata:
            parts = _by_errata(run, scoring)
        return cls(
            run,
            peer or (chosen.name if chosen else run.manifest.profile),
            scoring,
            peer=peer,
            judge=spec,
            judge_file=judge or "",
            max_cost_usd=max_cost_usd,
            **parts,
        )

    @property
    def name(self) -> str:
        """Of its folder: what is other than in the run."""
        parts = [
            self.profile if self.peer or self.scoring != self.run.scoring else "",
            f"judge-{self.judge.name}" if self.judge else "",
            f"tasks-{Path(self.tasks_file).name.partition('.')[0]}" if self.tasks_file else "",
            "errata" if self.errata else "",
        ]
        return safe_name("+".join(filter(None, parts)) or SAME)

    @property
    def judge_name(self) -> str:
        """As manifests have it; "" where recorded verdicts are taken."""
        return self.judge.label if self.judge else ""

    @cached_property
    def rescorer(self) -> Rescorer:
        return Rescorer(self.run, self.scoring, self.tasks, settings=self.own_scoring, unusable=self.unusable)

    @property
    def keys(self) -> tuple[Key, ...]:
        return self.run.manifest.planned

    @cached_property
    def kept(self) -> KeptVerdicts:
        if self.judge is None:
            return KeptVerdicts({})
        return kept_verdicts(RunPaths(self.run.folder), self.judge, self.scoring)

    @cached_property
    def questions(self) -> Questions:
        return count_questions(self.rescorer, self.keys, self.kept) if self.judge else Questions(0, 0)

    def what_is_asked(self) -> str:
        """A sentence for whoever pays for it."""
        found = self.questions
        limit = "" if self.max_cost_usd is None else f", for at most ${self.max_cost_usd:g}"
        kept = f"; the answers to {found.kept} are kept from before" if found.kept else ""
        if not found.open:
            return f"judge {self.judge_name}: nothing has to be asked{kept}"
        questions = "1 question is" if found.open == 1 else f"{found.open} questions are"
        return f"judge {self.judge_name}: at most {questions} asked{limit}{kept}"

    def record(self, episodes: Sequence[RescoredEpisode], *, cost_usd: float | None) -> Rescoring:
        judged = self.judge and agreement(
            self.run.results,
            episodes,
            self.scoring,
            judge_before=self.run.manifest.judge,
            judge_after=self.judge_name,
        )
        return Rescoring(
            name=self.name,
            run_id=self.run.run_id,
            profile=self.profile,
            scoring=self.scoring.model_dump(mode="json"),
            judge=self.judge_name,
            tasks_file=self.tasks_file,
            tasks_sha256=self.tasks_sha256,
            errata=self.errata,
            version=__version__,
            planned=len(self.keys),
            passed_before=sum(each.before == 1 for each in episodes),
            passed=sum(each.value == 1 for each in episodes),
            standings=dict(sorted(Counter(each.standing for each in episodes).items())),
            cost_usd=cost_usd,
            agreement=judged or None,
        )


@dataclass(frozen=True)
class Done:
    """`is_new`: no re-scoring before came to the same."""

    request: Request
    rescoring: Rescoring
    episodes: tuple[RescoredEpisode, ...]
    folder: Path
    is_new: bool = True

    @property
    def incomplete(self) -> bool:
        """Whether episodes that have run could not be scored."""
        return any(each.standing in _INCOMPLETE for each in self.episodes)

    @property
    def changed(self) -> list[RescoredEpisode]:
        return [each for each in self.episodes if each.changed]


def as_json(done: Done) -> dict[str, Any]:
    return done.rescoring.model_dump(mode="json") | {
        "folder": str(done.folder),
        "is_new": done.is_new,
        "changed": [(each.task_id, each.trial) for each in done.changed],
        "unlike_errata": list(done.request.unlike),
        "damaged": list(done.request.run.damaged),
        "episodes": [each.model_dump(mode="json") for each in done.episodes],
    }


def _by_errata(run: PastRun, scoring: ScoringSettings) -> dict[str, Any]:
    errata = load_errata(run.manifest.task_set)
    if errata is None:
        raise ConfigError(
            f"--errata: none are known of task set '{run.manifest.task_set}' (configs/errata has those of others); "
            "leave it out"
        )
    found = corrections(errata, run.tasks, scoring)
    tasks = {**run.tasks, **found.tasks}
    return {"tasks": tasks, "errata": True, "own_scoring": found.scoring, "unlike": tuple(found.unlike)}
