"""What became of a run that was disturbed, beside the same run undisturbed."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.chaos.run import WA_RUN, Run
from webarena_runner.errors import StoreError
from webarena_runner.log.paths import AttemptPaths, RunPaths
from webarena_runner.log.reading import read_results, read_steps

NOISE = ("Traceback", "never retrieved", "was destroyed", "Logging error")
PORT = re.compile(r"(?<=//127\.0\.0\.1:)\d+|(?<=//localhost:)\d+")
# What stays in a run's folder, beside it and in its place for temporary files; a server's log is there to be read.
STAYS = re.compile(r".*\.lock|wa-run-server-.*\.log")
# Name of an episode's folder: value, ending, answer, actions.
Outcomes = Mapping[str, Any]


@dataclass
class Row:
    """One kind of disturbance, over all runs that it was done to."""

    name: str
    moments: int = 0
    runs: int = 0
    resumes: int = 0
    planned: int = 0
    attempts: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    standstills_s: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    left_out: str = ""

    @property
    def faults(self) -> dict[str, list[str]]:
        kinds = ("stuck", "lost", "repeated", "other", "orphans", "files", "unread", "noise")
        return {kind: found for kind in kinds if (found := getattr(self, kind))}

    @property
    def standstill_s(self) -> float:
        return max(self.standstills_s, default=0.0)


def outcomes_of(folder: Path) -> dict[str, Any]:
    """By the name of each episode that has a score, what must not depend on what happened to the run."""
    found = {}
    for result in read_results(folder).values():
        paths = RunPaths(folder).episode(result.task_id, result.trial)
        if result.value is not None:
            actions = [step.decision.action.model_dump() for step in read_steps(paths.folder)]
            found[paths.folder.name] = json.loads(
                PORT.sub("PORT", json.dumps([result.value, result.ending, result.answer, actions]))
            )
    return found


def finished_in(folder: Path) -> dict[str, int]:
    """When the result of each episode that has a score was written, in ns."""
    found = {}
    for path in folder.glob("episodes/*/result.json"):
        try:
            if json.loads(path.read_text())["value"] is not None:
                found[path.parent.name] = path.stat().st_mtime_ns
        except FileNotFoundError:
            continue
    return found


def examine(row: Row, run: Run, seen: Mapping[str, int], undisturbed: Outcomes) -> None:
    """Adds what is wrong with a run that has ended; `seen` are the finished episodes that it had at some time."""
    last, outcomes = finished_in(run.folder), outcomes_of(run.folder)
    row.planned += len(undisturbed)
    row.lost += [f"{run.folder}: {name}" for name in undisturbed.keys() - outcomes.keys()]
    row.repeated += [f"{run.folder}: {name}" for name in seen if name in last and last[name] != seen[name]]
    row.repeated += [f"{paths.folder}: has a score too" for paths in _earlier(run.folder) if _has_score(paths)]
    row.other += [
        f"{name}: {outcomes[name]}, undisturbed {undisturbed.get(name)}"
        for name in outcomes
        if outcomes[name] != undisturbed.get(name)
    ]
    row.attempts += len(RunPaths(run.folder).all_attempts())
    row.files += [str(path) for path in _left_in(run)]
    row.unread += _unread(run.folder)


def _earlier(folder: Path) -> list[AttemptPaths]:
    return [AttemptPaths(Path(path)) for path in RunPaths(folder).earlier_folders()]


def _has_score(paths: AttemptPaths) -> bool:
    return paths.result.exists() and json.loads(paths.result.read_text())["value"] is not None


def _left_in(run: Run) -> list[Path]:
    """Files that nobody has a use for when the run is finished."""
    hidden = [path for path in run.out.rglob(".*") if not STAYS.fullmatch(path.name)]
    return hidden + [path for path in run.temporary.rglob("*") if path.is_file() and not STAYS.fullmatch(path.name)]


def _unread(folder: Path) -> list[str]:
    """What a reader chokes on: of the steps of all attempts, and of the whole run."""
    found = []
    for paths in RunPaths(folder).all_attempts():
        try:
            list(read_steps(paths.folder))
        except StoreError as error:
            found.append(str(error))
    told = subprocess.run([*WA_RUN, "report", str(folder), "--check"], capture_output=True, text=True, check=False)
    return found + ([f"wa-run report: {told.stderr or told.stdout}"] if told.returncode else [])


def noise_of(run: Run, words: tuple[str, ...]) -> list[str]:
    return [line for line in run.output.splitlines() if any(word in line for word in (*NOISE, *words))]
