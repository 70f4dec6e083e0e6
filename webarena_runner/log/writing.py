"""Writing run folders: what is finished is on disk whole, whatever happens to the process."""

import contextlib
import fcntl
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from webarena_runner.errors import StoreError
from webarena_runner.log.files import clear_unfinished, place_in, sha256_of, write_atomically
from webarena_runner.log.format import FORMAT, Raw
from webarena_runner.log.paths import AttemptPaths, RunPaths, is_run
from webarena_runner.log.places import placed
from webarena_runner.log.reading import attempts_in_order, read_json, read_manifest
from webarena_runner.log.steps import pack_observation, pack_step
from webarena_runner.log.texts import Texts
from webarena_runner.types import (
    AutoWorkers,
    EpisodeResult,
    LastPage,
    Observation,
    RunManifest,
    SiteReset,
    Step,
    Task,
    TaskId,
)

if TYPE_CHECKING:
    import filelock

LOCK_LIMIT_S = 0.5


@dataclass(frozen=True)
class EpisodeLog:
    """The folder of one attempt, written as it happens; `texts` are those of its run, None: its own object."""

    folder: Path
    attempt: int
    texts: Texts | None = None

    def append(self, step: Step, screenshot: bytes | None = None) -> None:
        paths = AttemptPaths(self.folder)
        with writing_below(self.folder):
            # What a line names is there before it.
            line = text_of(pack_step(step, self.texts or Texts(paths.texts)))
            if screenshot is not None and step.screenshot_file is not None:
                (self.folder / step.screenshot_file).write_bytes(screenshot)
            with paths.steps.open("a", encoding="utf-8") as lines:
                lines.write(line + "\n")

    def keep_last_page(self, observation: Observation) -> None:
        """The page that the episode ended on without a step on it."""
        paths, picture = AttemptPaths(self.folder), observation.screenshot
        name = paths.screenshot(None, observation.screenshot_type) if picture is not None else None
        page = LastPage(observation=observation, screenshot_file=name)
        with writing_below(self.folder):
            if picture is not None and name is not None:
                (self.folder / name).write_bytes(picture)
            raw = page.model_dump(mode="json", exclude={"observation"})
            # As lasting as the steps: the result after it is what waits for the disk.
            page_text = text_of(raw | {"observation": pack_observation(observation)})
            write_atomically(paths.last_page, page_text, durable=False)


@dataclass
class EpisodeFolders:
    """The episodes of a run, written by whoever plays them: also by several processes, each with episodes of its own.

    The process that started the run holds its `RunFolder` open meanwhile.
    """

    path: Path

    @cached_property
    def texts(self) -> Texts:
        return Texts(RunPaths(self.path).texts)

    def begin(self, task_id: TaskId, trial: int) -> EpisodeLog:
        """An empty folder for a new attempt; what an earlier attempt left is kept under attempts/."""
        paths = RunPaths(self.path)
        folder = paths.episode(task_id, trial).folder
        with writing_below(self.path):
            attempt = paths.next_attempt(task_id, trial)
            if folder.exists():
                folder.rename(paths.earlier_attempt(task_id, trial, attempt).folder)
                attempt += 1
            folder.mkdir()
        return EpisodeLog(folder, attempt, self.texts)

    def put(self, result: EpisodeResult) -> None:
        """Atomic: after a crash the result is there whole or not at all, and what its steps name is there before it.

        Waits for the disk.
        """
        paths = RunPaths(self.path).episode(result.task_id, result.trial)
        with writing_below(paths.folder):
            self.texts.sync()
            write_atomically(paths.result, text_of(placed(result), indent=2))


@dataclass
class RunFolder(EpisodeFolders):
    """An open run. Holding it open excludes other processes from the same run.

    `auto_workers`, once it is set, is noted when the folder is closed.
    """

    manifest: RunManifest
    _lock: "filelock.BaseFileLock" = field(repr=False)
    auto_workers: AutoWorkers | None = None

    @classmethod
    def create(cls, path: Path, manifest: RunManifest, tasks: Sequence[Task], *, prompt: str = "") -> "RunFolder":
        """`prompt` is the text of the run's prompt file, for readers of the folder.

        Raises:
            StoreError: the folder holds a run already or cannot be written.
        """
        require_no_run(path)
        paths = RunPaths(path)
        with writing_below(path):
            for folder in paths.subfolders:
                folder.mkdir(parents=True, exist_ok=True)
            lock = _locked(paths)
            _clear_unfinished(paths)
            if prompt:
                texts = Texts(paths.texts)
                texts.add(prompt)
                texts.sync()
            manifest = _with_tasks(paths, manifest, tasks)
            # Last: a folder without a manifest is no run, and may be used again.
            write_atomically(paths.manifest, text_of(manifest.model_dump(mode="json"), indent=2))
        return cls(path, manifest, lock)

    @classmethod
    def reopen(cls, path: Path, tasks: Sequence[Task]) -> "RunFolder":
        """`tasks` are written when the folder, of an earlier format, has none; its manifest is kept beside the new one.

        Raises:
            StoreError: it is not a run, or another process works on it.
        """
        manifest, paths = read_manifest(path), RunPaths(path)
        with writing_below(path):
            lock = _locked(paths)
            for folder in paths.subfolders:
                folder.mkdir(exist_ok=True)
            _clear_unfinished(paths)
            before = paths.manifest.read_bytes()
            if json.loads(before).get("format", 0) == FORMAT:
                _note_end(paths, None)
            else:
                manifest = _with_tasks(paths, manifest, tasks)
                write_atomically(paths.earlier_manifest, before)
                write_atomically(paths.manifest, text_of(manifest.model_dump(mode="json"), indent=2))
        return cls(path, manifest, lock)

    def close(self, *, finished_at: datetime | None = None) -> None:
        """Notes when this start of the run ended (None: now), and lets others at it."""
        try:
            with writing_below(self.path):
                _note_end(RunPaths(self.path), finished_at or datetime.now(UTC), self.auto_workers)
        finally:
            self._lock.release()


def add_reset(folder: Path, reset: SiteReset) -> None:
    """Of shared sites, to a run that is open. Raises StoreError."""
    path = RunPaths(folder).resets
    with writing_below(folder), path.open("a", encoding="utf-8") as lines:
        lines.write(text_of(reset.model_dump(mode="json")) + "\n")


def is_going_on(path: Path) -> bool:
    """Whether a process of this machine works on the run; False too where nobody lets us look."""
    try:
        with RunPaths(path).lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def require_no_run(path: Path) -> None:
    """Raises StoreError when the folder holds a run already, or what is left of one."""
    if is_run(path):
        read_manifest(path)
        raise StoreError(
            f"{path} holds a run already; continue it with: wa-run resume {path}, or give another --run-id"
        )


def require_writable(out: Path) -> None:
    """Raises StoreError when no folder can be made there: before anything is started for it."""
    place = next(each for each in (out.resolve(), *out.resolve().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            return
    except OSError as error:
        raise StoreError(
            f"{out}: run folders cannot be written there: {error.strerror}; give a writable folder with --out"
        ) from error


def _with_tasks(paths: RunPaths, manifest: RunManifest, tasks: Sequence[Task]) -> RunManifest:
    data = "".join(text_of(task.model_dump(mode="json")) + "\n" for task in tasks).encode()
    write_atomically(paths.tasks, data)
    return manifest.model_copy(update={"tasks_sha256": sha256_of(data)})


def _note_end(paths: RunPaths, finished_at: datetime | None, workers: AutoWorkers | None = None) -> None:
    # In what is there, not in the record: keys that a newer version has written stay.
    raw = read_json(paths.manifest) | {"finished_at": finished_at and finished_at.isoformat()}
    if finished_at:
        raw["order"] = attempts_in_order(paths)
    if workers:
        raw["auto_workers"] = _of_all_starts(workers, raw.get("auto_workers")).model_dump(mode="json")
    write_atomically(paths.manifest, text_of(raw, indent=2))


def _of_all_starts(now: AutoWorkers, before: Raw | None) -> AutoWorkers:
    if not before:
        return now
    return now.model_copy(update={"least": min(now.least, before["least"]), "most": max(now.most, before["most"])})


def text_of(raw: Raw, *, indent: int | None = None) -> str:
    """JSON of a record of the present format."""
    separators = (",", ":") if indent is None else None
    return json.dumps({"format": FORMAT} | raw, ensure_ascii=False, indent=indent, separators=separators)


def _clear_unfinished(paths: RunPaths) -> None:
    for folder in (paths.folder, paths.texts, paths.verdicts, *(each.folder for each in paths.episodes())):
        clear_unfinished(folder)


def _locked(paths: RunPaths) -> "filelock.BaseFileLock":
    # Not at import: its hook on what Python does is asked at each import and each file from then on.
    import filelock

    lock = filelock.FileLock(paths.lock)
    try:
        # Who only asks whether the run goes on holds it for a moment.
        lock.acquire(timeout=LOCK_LIMIT_S)
    except filelock.Timeout as error:
        raise StoreError(f"another process is working on {paths.folder}; wait for it, or stop it") from error
    return lock


@contextlib.contextmanager
def writing_below(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write {place_in(error, path)}: {error.strerror}; make room or get rights there, or give another "
            "--out. What was finished is kept"
        ) from error
