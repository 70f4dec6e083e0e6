"""The errata of a task set, `configs/errata/NAME.yaml`: what is wrong with official references, and what that changes.

The official score stays what it is. The corrected one stands beside it, as far as a run's evidence allows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator

from webarena_runner.errors import ConfigError, TaskFileError
from webarena_runner.log.paths import Key
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.past import PastRun
from webarena_runner.settings import datafiles
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.settings.yaml import describe, read_yaml
from webarena_runner.tasksets.ids import listed_ids
from webarena_runner.types import EpisodeResult, Record, RescoredEpisode, RunManifest, Standing, Task, TaskId


class Erratum(Record):
    """`replace`: in the texts of the check, by regular expression; `scoring`: rules for these tasks.

    Neither: the reference is suspect, and what would be right cannot be said.
    """

    tasks: tuple[TaskId, ...]
    fault: str
    source: str
    replace: dict[str, str] = {}
    scoring: dict[str, bool] = {}

    @field_validator("replace")
    @classmethod
    def _expressions(cls, replace: dict[str, str]) -> dict[str, str]:
        for pattern in replace:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return replace

    @field_validator("scoring")
    @classmethod
    def _switches(cls, scoring: dict[str, bool]) -> dict[str, bool]:
        ScoringSettings.model_validate(scoring)
        return scoring

    @property
    def corrects(self) -> bool:
        return bool(self.replace or self.scoring)


class Errata(Record):
    """One file."""

    task_set: str
    entries: tuple[Erratum, ...]

    @property
    def by_task(self) -> dict[TaskId, Erratum]:
        return {task_id: entry for entry in self.entries for task_id in entry.tasks}


@dataclass(frozen=True)
class Corrected:
    """A run by the errata: `known` are those of its planned tasks, by task.

    `passed` counts the corrected scores; an episode in `open`, whose correction its evidence cannot decide, counts by
    its official score. `changed` are the others whose score is not the official one. `unlike` are tasks that are not as
    the errata have them, and so were left alone.
    """

    known: Mapping[TaskId, Erratum]
    planned: int
    passed: int
    passed_officially: int
    changed: tuple[RescoredEpisode, ...] = ()
    open: tuple[RescoredEpisode, ...] = ()
    unlike: tuple[TaskId, ...] = ()
    fault: str = ""

    @property
    def suspect(self) -> tuple[TaskId, ...]:
        """Planned tasks whose reference is suspect, without a correction."""
        return tuple(task_id for task_id, erratum in self.known.items() if not erratum.corrects)

    def as_json(self) -> dict[str, Any]:
        return {
            "tasks": len(self.known),
            "suspect": list(self.suspect),
            "unlike": list(self.unlike),
            "planned": self.planned,
            "passed_officially": self.passed_officially,
            "passed": self.passed,
            "success_rate": self.passed / self.planned if self.planned else 0.0,
            "changed": [self._entry(each) for each in self.changed],
            "open": [self._entry(each) for each in self.open],
            "fault": self.fault,
        }

    def lines(self) -> list[str]:
        """For people: both numbers, then what makes the difference and what is left open."""
        if self.fault:
            return [f"the errata cannot be applied: {self.fault}"]
        if not self.known:
            return []
        rates = [f"{100 * passed / self.planned:.1f} %" for passed in (self.passed_officially, self.passed)]
        undecided = f", {len(self.open)} of them undecided" if self.open else ""
        found = [
            f"errata: the reference of {len(self.known)} planned tasks is known or suspected to be wrong; corrected, "
            f"{self.passed} of {self.planned} pass = {rates[1]} (officially {self.passed_officially} = {rates[0]})"
            f"{undecided}"
        ]
        for each in self.changed:
            found.append(
                f"corrected task {each.task_id} trial {each.trial}: {_number(each.before)} -> {_number(each.value)}: "
                f"{self.known[each.task_id].fault}"
            )
        if self.open:
            found.append(
                f"undecided: task {listed_ids({each.task_id for each in self.open})}, whose corrected checks need a "
                "judge (wa-run rescore RUN --errata --judge NAME) or a live check"
            )
        if self.suspect:
            found.append(f"suspect, without a correction: task {listed_ids(self.suspect)}")
        if self.unlike:
            found.append(f"not as the errata have them, so left as they are: task {listed_ids(self.unlike)}")
        return found

    def _entry(self, episode: RescoredEpisode) -> dict[str, Any]:
        erratum = self.known[episode.task_id]
        return {
            "task_id": episode.task_id,
            "trial": episode.trial,
            "official": episode.before,
            "corrected": episode.value,
            "standing": episode.standing,
            "why": episode.why,
            "fault": erratum.fault,
            "source": erratum.source,
        }


@dataclass
class Corrections:
    """Tasks with corrected checks, the rules of those that have their own, and tasks that are not as expected."""

    tasks: dict[TaskId, Task] = field(default_factory=dict)
    scoring: dict[TaskId, ScoringSettings] = field(default_factory=dict)
    unlike: list[TaskId] = field(default_factory=list)


def load_errata(task_set: str) -> Errata | None:
    """None where no errata of such a task set are kept. Raises ConfigError: the file is wrong."""
    if task_set not in datafiles.names("errata"):
        return None
    document = read_yaml(datafiles.find("errata", task_set))
    try:
        errata = Errata.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(describe(error, document)) from error
    listed = [task_id for entry in errata.entries for task_id in entry.tasks]
    if twice := sorted({str(task_id) for task_id in listed if listed.count(task_id) > 1}):
        raise ConfigError(f"{document.path}: task {', '.join(twice)} has more than one entry; put them together")
    return errata


def corrections(errata: Errata, tasks: Mapping[TaskId, Task], scoring: ScoringSettings) -> Corrections:
    """Of these tasks; `scoring` are the rules that those of single tasks add to."""
    found = Corrections()
    for task_id, erratum in errata.by_task.items():
        task = tasks.get(task_id)
        if task is None or not erratum.corrects:
            continue
        try:
            found.tasks[task_id] = corrected_task(task, erratum)
        except TaskFileError:
            found.unlike.append(task_id)
            continue
        if erratum.scoring:
            found.scoring[task_id] = scoring.model_copy(update=erratum.scoring)
    return found


def corrected_task(task: Task, erratum: Erratum) -> Task:
    """The task with its checks corrected. Raises TaskFileError when there is nothing in them to correct."""
    checks = task.checks
    for pattern, text in erratum.replace.items():
        before = checks
        checks = tuple(check.model_copy(update={"spec": _replaced(check.spec, pattern, text)}) for check in checks)
        if checks == before:
            raise TaskFileError(f"task {task.task_id}: its checks have nothing that {pattern!r} finds")
    return task.model_copy(update={"checks": checks})


def corrected_run(run: PastRun) -> Corrected | None:
    """None for runs of other task sets. Raises ConfigError: the file is wrong, or a kind of check has no evaluator."""
    errata = load_errata(run.manifest.task_set)
    if errata is None:
        return None
    planned: tuple[Key, ...] = run.manifest.planned
    ids = {task_id for task_id, _ in planned}
    known = {task_id: erratum for task_id, erratum in errata.by_task.items() if task_id in ids}
    found = corrections(errata, {task_id: task for task_id, task in run.tasks.items() if task_id in ids}, run.scoring)
    rescorer = Rescorer(run, run.scoring, {**run.tasks, **found.tasks}, settings=found.scoring)
    rescored = [rescorer.by_record(key) for key in planned if key[0] in found.tasks]
    changed = tuple(each for each in rescored if each.changed)
    undecided = (Standing.NEEDS_JUDGE, Standing.NEEDS_LIVE_CHECK)
    officially = sum(run.results[key].value == 1 for key in planned if key in run.results)
    gained = sum((each.value == 1) - (each.before == 1) for each in changed)
    return Corrected(
        known=known,
        planned=len(planned),
        passed=officially + gained,
        passed_officially=officially,
        changed=changed,
        open=tuple(each for each in rescored if each.standing in undecided),
        unlike=tuple(found.unlike),
    )


def corrected_report(
    manifest: RunManifest, results: Mapping[Key, EpisodeResult], tasks: Mapping[TaskId, Task], folder: Path
) -> Corrected | None:
    """The same of a run that is read already; what is wrong with its settings or with the errata is its `fault`."""
    try:
        return corrected_run(PastRun(folder, manifest, tasks, results))
    except ConfigError as error:
        return Corrected({}, len(manifest.planned), 0, 0, fault=str(error))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _replaced(value: Any, pattern: str, text: str) -> Any:
    """A JSON value with this in all of its texts, keys apart."""
    match value:
        case str():
            return re.sub(pattern, text, value)
        case list() | tuple():
            return [_replaced(each, pattern, text) for each in value]
        case dict():
            return {key: _replaced(each, pattern, text) for key, each in value.items()}
    return value
