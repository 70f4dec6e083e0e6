"""The run folder: everything that resume, report and re-scoring read.

    RUN/manifest.json                    what the run is
    RUN/run.log                          one line per episode
    RUN/episodes/TASK.TRIAL/             the latest attempt: steps.jsonl, step-000.jpg ..., result.json
    RUN/attempts/TASK.TRIAL.ATTEMPT/     earlier attempts that were interrupted or ended in an error

An attempt without result.json was interrupted. A result counts when its value is not null.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import filelock
from pydantic import ValidationError

from webarena_runner.errors import StoreError
from webarena_runner.log.files import write_atomically
from webarena_runner.settings.old_forms import nested_config
from webarena_runner.types import EpisodeResult, Record, RunManifest, Step, TaskId

MANIFEST = "manifest.json"
RESULT = "result.json"
STEPS = "steps.jsonl"
Key = tuple[TaskId, int]
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class EpisodeLog:
    """The folder of one attempt, written as it happens."""

    folder: Path
    attempt: int

    def append(self, step: Step, screenshot: bytes | None = None) -> None:
        with _writing(self.folder):
            if screenshot is not None and step.screenshot_file is not None:
                (self.folder / step.screenshot_file).write_bytes(screenshot)
            with (self.folder / STEPS).open("a", encoding="utf-8") as lines:
                lines.write(step.model_dump_json() + "\n")


@dataclass
class EpisodeFolders:
    """The episodes of a run, written by whoever plays them: also by several processes, each with episodes of its own.

    The process that started the run holds its `RunFolder` open meanwhile.
    """

    path: Path

    def begin(self, task_id: TaskId, trial: int) -> EpisodeLog:
        """An empty folder for a new attempt; what an earlier attempt left is kept under attempts/."""
        name = f"{task_id}.{trial}"
        folder = self.path / "episodes" / name
        with _writing(self.path):
            earlier = len(list((self.path / "attempts").glob(f"{name}.*")))
            if folder.exists():
                earlier += 1
                folder.rename(self.path / "attempts" / f"{name}.{earlier}")
            folder.mkdir()
        return EpisodeLog(folder, earlier + 1)

    def put(self, result: EpisodeResult) -> None:
        """Atomic: after a crash the result is there whole or not at all."""
        folder = self.path / "episodes" / f"{result.task_id}.{result.trial}"
        with _writing(folder):
            write_atomically(folder / RESULT, result.model_dump_json(indent=2))


@dataclass
class RunFolder(EpisodeFolders):
    """An open run. Holding it open excludes other processes from the same run."""

    manifest: RunManifest
    _lock: filelock.BaseFileLock = field(repr=False)

    @classmethod
    def create(cls, path: Path, manifest: RunManifest) -> "RunFolder":
        """Raises StoreError when the folder holds a run already or cannot be written."""
        require_no_run(path)
        with _writing(path):
            (path / "episodes").mkdir(parents=True, exist_ok=True)
            (path / "attempts").mkdir(exist_ok=True)
            lock = _locked(path)
            write_atomically(path / MANIFEST, manifest.model_dump_json(indent=2))
        return cls(path, manifest, lock)

    @classmethod
    def reopen(cls, path: Path) -> "RunFolder":
        """Raises StoreError when it is not a run, or another process works on it."""
        manifest = read_manifest(path)
        with _writing(path):
            lock = _locked(path)
        return cls(path, manifest, lock)

    def close(self) -> None:
        self._lock.release()


def require_no_run(path: Path) -> None:
    """Raises StoreError when the folder holds a run already."""
    if (path / MANIFEST).exists():
        raise StoreError(
            f"{path} holds a run already; continue it with: wa-run resume {path}, or give another --run-id"
        )


def read_manifest(path: Path) -> RunManifest:
    """Raises StoreError naming the file and what is wrong with it."""
    manifest = _read(path / MANIFEST, RunManifest, f"{path} is not a run folder: it has no readable {MANIFEST}")
    config = nested_config(manifest.config, allow_modified=manifest.task_set_modified)
    return manifest.model_copy(update={"config": config})


def read_results(path: Path) -> dict[Key, EpisodeResult]:
    """The latest attempt's result of each (task id, trial) that has one, errors included."""
    results = {}
    for file in sorted((path / "episodes").glob(f"*/{RESULT}")):
        result = _read(file, EpisodeResult, _damaged(file))
        results[result.task_id, result.trial] = result
    return results


def cost_usd(path: Path) -> float | None:
    """What all attempts of a run have cost, interrupted and errored ones too; None when nothing in it has a price."""
    costs: list[float | None] = []
    for kind in ("episodes", "attempts"):
        for folder in sorted((path / kind).glob("*")):
            if (folder / RESULT).exists():
                costs.append(_read(folder / RESULT, EpisodeResult, _damaged(folder / RESULT)).cost_usd)
            else:
                completions = [step.decision.completion for step in read_steps(folder)]
                costs += [completion.cost_usd for completion in completions if completion]
    return total_usd(costs)


def total_usd(costs: Iterable[float | None]) -> float | None:
    """The sum of those that are known; None when none is."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def read_steps(folder: Path) -> list[Step]:
    """Steps of one attempt; a last line that a crash cut off is left out."""
    file = folder / STEPS
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")
    return [Step.model_validate_json(line) for line in lines[:-1]]


def _locked(path: Path) -> filelock.BaseFileLock:
    lock = filelock.FileLock(path / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise StoreError(f"another process is working on {path}; wait for it, or stop it") from error
    return lock


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write {error.filename or path}: {error.strerror}; make room or get rights there, or give another "
            "--out. What was finished is kept"
        ) from error


def _damaged(file: Path) -> str:
    return f"{file} is damaged; delete its folder to have the episode run again"


def _read(file: Path, kind: type[R], problem: str) -> R:
    try:
        return kind.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise StoreError(f"{problem} ({error})") from error
