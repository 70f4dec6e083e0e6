"""A run as its folder has it, with what is needed to score its episodes again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from webarena_runner.actions.stops import early_stop
from webarena_runner.errors import ConfigError, JudgeError, StoreError
from webarena_runner.interfaces import Past
from webarena_runner.log import reading
from webarena_runner.log.paths import Key, RunPaths
from webarena_runner.settings.records import LimitSettings, ScoringSettings, TaskChoice
from webarena_runner.tasksets import load_task_set
from webarena_runner.types import UNSCORED, EpisodeResult, RunManifest, Stop, Task, TaskId

S = TypeVar("S", ScoringSettings, LimitSettings)


@dataclass(frozen=True)
class PastRun:
    """`tasks` are those that it was played with; `damaged` says of results that cannot be read what is wrong."""

    folder: Path
    manifest: RunManifest
    tasks: Mapping[TaskId, Task]
    results: Mapping[Key, EpisodeResult] = field(repr=False)
    damaged: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        """The folder's name, as reports have it."""
        return self.folder.resolve().name

    @property
    def scoring(self) -> ScoringSettings:
        """The rules that it was scored by. Raises ConfigError for rules that only another version has."""
        return _settings(ScoringSettings, self, "scoring")

    def past(self, key: Key) -> Past:
        """What the episode left; of one that no judge could score, the answer is read from its steps.

        Raises:
            StoreError: the steps cannot be read.
        """
        result = self.results[key]
        answer = self._answer(key) if result.failure and not result.answer else result.answer
        return Past(answer, result.final_url, result.site_urls)

    def _answer(self, key: Key) -> str:
        steps = reading.read_steps(RunPaths(self.folder).episode(*key).folder)
        actions = [step.decision.action for step in steps]
        if actions and isinstance(actions[-1], Stop):
            return actions[-1].answer
        stopped = early_stop(actions, _settings(LimitSettings, self, "limits"))
        if stopped is None:
            raise StoreError(f"the steps of task {key[0]} trial {key[1]} do not say how it ended")
        return stopped[1]


def load_past(folder: Path) -> PastRun:
    """Raises StoreError: no run, tasks that are not those that it began with, or a newer version wrote it."""
    manifest = reading.read_manifest(folder)
    results, damaged = reading.readable_results(folder)
    tasks = {task.task_id: task for task in tasks_of(folder, manifest)}
    return PastRun(folder, manifest, tasks, results, tuple(map(str, damaged)))


def tasks_of(folder: Path, manifest: RunManifest) -> tuple[Task, ...]:
    """The planned tasks as they were when the run began; a folder of format 0 has only the checksum of their file.

    Raises:
        StoreError: they have changed since.
        UsageError: the task file of such a folder is not there.
    """
    if (kept := reading.read_tasks(folder)) is not None:
        return kept
    try:
        choice = TaskChoice.model_validate(manifest.config["tasks"])
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(("config", "tasks", *map(str, fault["loc"])))
        raise StoreError(f"{RunPaths(folder).manifest}: {where}: {fault['msg']}") from error
    loaded = load_task_set(choice.task_set).load(allow_modified=choice.allow_modified)
    if loaded.sha256 != manifest.task_set_sha256:
        raise StoreError(
            f"run {manifest.run_id} began with another task file (sha256 {manifest.task_set_sha256[:12]}, now "
            f"{loaded.sha256[:12]}), and its folder, of an older version, has no copy; put the old one back"
        )
    wanted = {task_id for task_id, _ in manifest.planned}
    return tuple(task for task in loaded.tasks if task.task_id in wanted)


def lacks_only_verdicts(result: EpisodeResult) -> bool:
    """Whether it has no score because no judge, or nobody at all, has scored it, and came to its end all the same."""
    return result.failure is not None and result.failure.error_class in (JudgeError.error_class, UNSCORED)


def _settings(record: type[S], run: PastRun, section: str) -> S:
    try:
        return record.model_validate(run.manifest.config["settings"].get(section, {}))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
        raise ConfigError(
            f"{RunPaths(run.folder).manifest}: settings.{section}: this version does not know them "
            f"({'; '.join(faults[:3])}); use the version that made the run, "
            f"{run.manifest.versions.get('webarena-runner', 'not recorded')}"
        ) from error
