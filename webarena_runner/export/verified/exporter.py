"""The exporter `verified`: OUT/TASK/agent_response.json and network.har, the configuration, and what to run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from webarena_runner.errors import DamagedRecord, JudgeError, StoreError
from webarena_runner.export.recordings import folder_of
from webarena_runner.export.verified.addresses import Stable
from webarena_runner.export.verified.answers import agent_response, own_response
from webarena_runner.export.verified.known import known_of, read_dataset
from webarena_runner.export.verified.readme import readme
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import is_file, place_in, write_atomically
from webarena_runner.log.har import har_text, read_har
from webarena_runner.log.paths import AttemptPaths, Key, RunPaths, task_name
from webarena_runner.log.reading import read_steps, read_tasks
from webarena_runner.official.sites import OFFICIAL_SITES, in_order
from webarena_runner.report.summary import RunReport, load_run
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.types import Ending, EpisodeResult, Stop, Task, TaskId, id_order

RESPONSE, NETWORK, CONFIG, README = "agent_response.json", "network.har", "config.json", "README.md"
# Of the sites that webarena-verified knows.
_NOT_THERE = ("classifieds",)


@dataclass
class Written:
    """What became of the episodes of one folder."""

    protocol: int = 0
    tasks: int = 0
    left_out: list[str] = field(default_factory=list)
    environments: dict[str, set[str]] = field(default_factory=dict)


class Verified:
    """What webarena-verified 1.2.3 scores: responses and network logs, in the folder verified/RUN or in TARGET."""

    class Options(PlugInOptions):
        """What `-o NAME=VALUE` sets."""

        dataset: Path | None = None
        """webarena-verified's task file, which says what each task asks for; null: the task's own checks do"""
        errored: bool = False
        """write episodes that ended in an error too, which score 0 there; false: leave them out, and say so"""

    def __init__(self, target: Path | None, out: Path, options: Options) -> None:
        self._target, self._out, self._options = target, out, options
        self._known = read_dataset(options.dataset) if options.dataset else {}

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a file, or the data set is none."""
        return cls(folder_of(setup, "verified"), setup.out, setup.options or cls.Options())

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        _require_logs(report)
        tasks, lines = _tasks_of(folder)
        target = self._target or self._out / "verified" / report.run_id
        trials = sorted({trial for _, trial in report.manifest.planned})
        try:
            for trial in trials:
                into = target / f"trial-{trial}" if len(trials) > 1 else target
                written = self._trial(report, trial, into, tasks)
                lines += _lines(written, into, len([key for key in report.manifest.planned if key[1] == trial]))
        except OSError as error:
            raise StoreError(f"cannot write {place_in(error, target)}: {error.strerror}") from error
        return "\n".join(lines)

    def _trial(self, report: RunReport, trial: int, into: Path, tasks: Mapping[TaskId, Task]) -> Written:
        into.mkdir(parents=True, exist_ok=True)
        written = Written()
        planned = sorted({key for key in report.manifest.planned if key[1] == trial}, key=lambda key: id_order(key[0]))
        for key in planned:
            fault = self._episode(report, key, into, tasks.get(key[0]), written)
            if fault:
                for name in (RESPONSE, NETWORK):
                    # Of an earlier export.
                    (into / task_name(key[0]) / name).unlink(missing_ok=True)
                written.left_out.append(f"task {key[0]}: {fault}")
        config = _config(written.environments, self._options.dataset)
        write_atomically(into / CONFIG, json.dumps(config, indent=2) + "\n")
        write_atomically(into / README, readme(report, trial, len(planned), written.tasks, written.left_out))
        return written

    def _episode(self, report: RunReport, key: Key, into: Path, task: Task | None, written: Written) -> str:
        """Why it is left out; "" when it was written."""
        result = report.results.get(key)
        if not isinstance(key[0], int):
            return "its id is a text, and webarena-verified knows numbers only"
        if result is None:
            return "it has no result: it did not run, or was interrupted"
        paths = RunPaths(report.folder)
        try:
            result = _without_judge(result, paths.episode(*key))
            if result.ending == Ending.ERROR and not self._options.errored:
                why = result.failure.error_class if result.failure else "error"
                return f"it ended in an error ({why}), which is no score; -o errored=true writes it all the same"
            har = _log_of(paths, key)
        except DamagedRecord as error:
            return str(error)
        if har is None:
            return "it has no network log, or an empty one"
        stable = Stable(result.site_urls)
        self._write(into / str(key[0]), result, task, stable.value(har), stable)
        written.tasks += 1
        written.protocol += own_response(result.answer) is not None
        for site, url in stable.environments.items():
            written.environments.setdefault(site, set()).add(url)
        return ""

    def _write(
        self, folder: Path, result: EpisodeResult, task: Task | None, har: dict[str, Any], stable: Stable
    ) -> None:
        listed = self._known.get(result.task_id) if isinstance(result.task_id, int) else None
        response = agent_response(result, task, listed or (known_of(task.raw) if task else None))
        folder.mkdir(exist_ok=True)
        text = json.dumps(stable.value(response), ensure_ascii=False, indent=2)
        write_atomically(folder / RESPONSE, text + "\n")
        write_atomically(folder / NETWORK, har_text(har))


def _tasks_of(folder: Path) -> tuple[Mapping[TaskId, Task], list[str]]:
    """By id, and what is to be said where they cannot be read."""
    try:
        return {task.task_id: task for task in read_tasks(folder) or ()}, []
    except DamagedRecord as error:
        return {}, [f"what a task asks for is not known without -o dataset=FILE, and RETRIEVE is written: {error}"]


def _require_logs(report: RunReport) -> None:
    """Raises StoreError when no episode was recorded."""
    paths = RunPaths(report.folder)
    if not any(is_file(paths.episode(*key).har) for key in report.manifest.planned):
        raise StoreError(
            f"{report.folder}: none of its episodes has a network log, by which webarena-verified scores: it is "
            "recorded with --record har, which has to be given when the run begins"
        )


def _without_judge(result: EpisodeResult, paths: AttemptPaths) -> EpisodeResult:
    """One that only lacks a judge's word as it was played: webarena-verified asks no judge."""
    if result.failure is None or result.failure.error_class != JudgeError.error_class:
        return result
    action = next((step.decision.action for step in reversed(list(read_steps(paths.folder)))), None)
    if not isinstance(action, Stop):
        return result
    return result.model_copy(update={"ending": Ending.ANSWERED, "answer": action.answer})


def _log_of(paths: RunPaths, key: Key) -> dict[str, Any] | None:
    path = paths.episode(*key).har
    if not is_file(path):
        return None
    har = read_har(path)
    return har if har["log"]["entries"] else None


def _config(environments: Mapping[str, set[str]], dataset: Path | None) -> dict[str, Any]:
    """Every site that webarena-verified knows, since it refuses tasks of a site that is not named."""
    known = [site for site in OFFICIAL_SITES if site not in _NOT_THERE]
    named = {site: sorted(environments.get(site) or {OFFICIAL_SITES[site].public_url}) for site in in_order(known)}
    config: dict[str, Any] = {"environments": {f"__{site.upper()}__": {"urls": urls} for site, urls in named.items()}}
    if dataset is not None:
        config["test_data_file"] = str(dataset.expanduser().resolve())
    return config


def _lines(written: Written, into: Path, planned: int) -> list[str]:
    guessed = written.tasks - written.protocol
    how = f"; {guessed} responses made from plain answers (a heuristic)" if guessed else ""
    return [
        f"{into} ({written.tasks} of {planned} planned tasks{how}); {README} says what to run",
        *(f"  left out: {each}" for each in written.left_out),
    ]
