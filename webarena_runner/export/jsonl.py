"""`jsonl`: a run as lines of JSON, for scripts and other tools."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from webarena_runner.errors import ConfigError, StoreError
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.log.files import place_in, replacing
from webarena_runner.log.lines import printable
from webarena_runner.log.paths import Key, RunPaths
from webarena_runner.log.places import placed
from webarena_runner.log.reading import read_steps
from webarena_runner.report.summary import RunReport, load_run, not_passed
from webarena_runner.settings.options import PlugInOptions
from webarena_runner.types import Step

Line = dict[str, Any]
# What evaluators and judge looked at is in the run folder, and as long as the pages were.
_LEFT_OUT = {"evidence", "verdicts"}


class JsonlOptions(PlugInOptions):
    """What `-o NAME=VALUE` sets."""

    steps: bool = False
    """write a second file with a line for each step: NAME.steps.jsonl beside NAME.jsonl"""


class Jsonl:
    """JSON Lines: a line for each task and trial, in TARGET or in RUN.jsonl beside the run; as an option its steps."""

    Options = JsonlOptions

    def __init__(self, target: Path | None, out: Path, options: JsonlOptions) -> None:
        self._target, self._out, self._options = target, out, options

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError when the target is a folder."""
        target = Path(setup.target).expanduser() if setup.target else None
        if target and target.is_dir():
            raise ConfigError(f"jsonl={target}: is a folder; expected a file, such as {target / 'run.jsonl'}")
        return cls(target, setup.out, setup.options)

    def export(self, folder: Path) -> str:
        report = load_run(folder)
        target = self._target or self._out / f"{report.run_id}.jsonl"
        faults = faults_of(report)
        said = f"{target}: {_write(target, episode_lines(report))} episodes"
        if self._options.steps:
            beside = target.with_name(f"{target.stem}.steps.jsonl")
            said += f"; {beside}: {_write(beside, step_lines(report, faults))} steps"
        return "\n".join((said, *(f"  damaged: {fault}" for fault in faults)))


def _write(path: Path, lines: Iterable[Line]) -> int:
    """Returns how many there are. Raises StoreError."""
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            for line in lines:
                # What a terminal would obey is escaped, which in JSON means the same.
                file.write(printable(json.dumps(line, ensure_ascii=False)).encode() + b"\n")
                count += 1
    except OSError as error:
        raise StoreError(f"cannot write {place_in(error, path)}: {error.strerror}") from error
    return count


def faults_of(report: RunReport) -> list[str]:
    """What of the run, its steps apart, cannot be read."""
    return [*report.damaged, *([report.tasks_fault] if report.tasks_fault else ())]


def episode_lines(report: RunReport) -> Iterator[Line]:
    """In the order of the plan; a result's keys are those of result.json, addresses as `__SITE__` and path."""
    manifest = report.manifest
    run = {"run_id": report.run_id} | manifest.model_dump(include={"model", "agent", "profile", "judge", "task_set"})
    for key in manifest.planned:
        result, task = report.results.get(key), report.task(key[0])
        passed = result is not None and result.value == 1
        became = None if passed else not_passed(key, result)
        line: Line = {
            **run,
            "task_id": key[0],
            "trial": key[1],
            "sites": report.sites_of(key[0]).split("+"),
            "template_id": task.template_id if task else None,
            "intent": task.intent if task else None,
            "became": became.became if became else "passed",
            "why": became.why if became else "",
        }
        if result is not None:
            raw = placed(result)
            line |= raw | {"scores": [_without(score, _LEFT_OUT) for score in raw["scores"]]}
        yield line


def step_lines(report: RunReport, faults: list[str]) -> Iterator[Line]:
    """Of the latest attempt of each task and trial; steps that cannot be read are told in `faults`."""
    paths = RunPaths(report.folder)
    for key in report.manifest.planned:
        attempt = paths.episode(*key)
        try:
            for step in read_steps(attempt.folder):
                yield {"run_id": report.run_id, **_step_line(key, attempt.folder.relative_to(report.folder), step)}
        except StoreError as error:
            faults.append(str(error))


def _step_line(key: Key, folder: Path, step: Step) -> Line:
    raw, decision = step.model_dump(mode="json", exclude={"observation", "decision"}), step.decision
    screenshot = raw.pop("screenshot_file")
    reply = decision.completion.model_dump(mode="json") if decision.completion else None
    return {
        "task_id": key[0],
        "trial": key[1],
        **raw,
        "url": step.observation.url,
        "tabs": list(step.observation.tabs),
        "observation": step.observation.text,
        "screenshot": screenshot and (folder / screenshot).as_posix(),
        "action": decision.action.model_dump(mode="json"),
        "note": decision.note,
        "reply": reply,
    }


def _without(values: Line, names: set[str]) -> Line:
    return {name: value for name, value in values.items() if name not in names}
