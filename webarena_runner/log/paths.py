"""Where everything of a run is. No other module knows a file name of a run folder."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from webarena_runner.errors import StoreError
from webarena_runner.log.files import is_file, is_folder, no_right
from webarena_runner.types import TaskId

MANIFEST = "manifest.json"
STATUS = "status.json"
RESCORED = "rescored"
PICTURES = (".jpeg", ".png", ".webp")
RESULT = "result.json"
BUNDLE_SUFFIX = ".tar.zst"
_NUMBER = re.compile(r"-?[0-9]+")
# File systems allow 255 bytes; trial and attempt come after it.
_MAX_NAME = 200
Key = tuple[TaskId, int]


def task_name(task_id: TaskId) -> str:
    """A task id as part of a file name: numbers as they are, texts with what is no letter, digit, `-`, `_` as `%HH`.

    Raises:
        StoreError: it is too long for a file name, or empty.
    """
    if isinstance(task_id, int):
        return str(task_id)
    name = quote(task_id, safe="").replace(".", "%2E").replace("~", "%7E")
    if _NUMBER.fullmatch(name):
        # The text "7" is another id than the number 7.
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if not 0 < len(name) <= _MAX_NAME:
        raise StoreError(f"task id {task_id!r:.100}: expected 1 to {_MAX_NAME} characters, %HH counted as three")
    return name


def task_id_of(name: str) -> TaskId:
    """The task id that `task_name` made the name of."""
    return int(name) if _NUMBER.fullmatch(name) else unquote(name)


def safe_name(text: str) -> str:
    """A file name of what people call something: other characters than letters, digits and `.+_-` become dashes."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip(".-")[:_MAX_NAME] or "unnamed"


def episode_name(task_id: TaskId, trial: int) -> str:
    return f"{task_name(task_id)}.{trial}"


@dataclass(frozen=True)
class AttemptPaths:
    """The folder of one attempt."""

    folder: Path

    @property
    def steps(self) -> Path:
        return self.folder / "steps.jsonl"

    @property
    def result(self) -> Path:
        return self.folder / RESULT

    @property
    def last_page(self) -> Path:
        return self.folder / "last.json"

    @property
    def har(self) -> Path:
        """The network log, of an episode that was recorded with it."""
        return self.folder / "network.har"

    @property
    def trace(self) -> Path:
        """Playwright's trace, of an episode that was recorded with one."""
        return self.folder / "trace.zip"

    @property
    def texts(self) -> Path:
        """Of the run that the attempt belongs to."""
        return self.folder.parent.parent / "texts"

    @property
    def key(self) -> Key:
        """Task id and trial, by the folder's name."""
        name, trial = self.folder.name.split(".")[:2]
        return task_id_of(name), int(trial)

    @property
    def number(self) -> int | None:
        """Of an earlier attempt; None: the latest."""
        parts = self.folder.name.split(".")
        return int(parts[2]) if len(parts) > 2 else None

    def task_picture(self, index: int, suffix: str) -> Path:
        """One of those that belong to the task's intent, from 0."""
        return self.folder / f"task-{index}.{suffix}"

    def task_pictures(self) -> list[str]:
        """The names of those that are there, in order."""
        found = (re.fullmatch(r"task-([0-9]+)\.[a-z]+", path.name) for path in self.folder.glob("task-*.*"))
        return [name[0] for name in sorted(filter(None, found), key=lambda name: int(name[1]))]

    @staticmethod
    def screenshot(index: int | None, kind: str) -> str:
        """File name of a step's screenshot; None: of the last page."""
        return f"last.{kind}" if index is None else f"step-{index:03d}.{kind}"


@dataclass(frozen=True)
class RescoringPaths:
    """The folder of one re-scoring of a run."""

    folder: Path

    @property
    def record(self) -> Path:
        """How it was done, and what came of it in sum."""
        return self.folder / "rescoring.json"

    @property
    def episodes(self) -> Path:
        """A line for each planned episode."""
        return self.folder / "episodes.jsonl"

    @property
    def verdicts(self) -> Path:
        """What the judge said, where another one was asked."""
        return self.folder / "judge"


@dataclass(frozen=True)
class RunPaths:
    """The folder of a run."""

    folder: Path

    @property
    def manifest(self) -> Path:
        return self.folder / MANIFEST

    @property
    def earlier_manifest(self) -> Path:
        """What the manifest was before the run was brought to the present format."""
        return self.folder / "manifest.before.json"

    @property
    def tasks(self) -> Path:
        return self.folder / "tasks.jsonl"

    @property
    def texts(self) -> Path:
        return self.folder / "texts"

    @property
    def verdicts(self) -> Path:
        """What the judge said in this run, a file for each question."""
        return self.folder / "judge"

    @property
    def rescorings(self) -> list[RescoringPaths]:
        """All that were begun, by name."""
        return [RescoringPaths(path) for path in sorted((self.folder / RESCORED).glob("*")) if is_folder(path)]

    def rescoring(self, name: str) -> RescoringPaths:
        """Beside the originals, which no re-scoring touches."""
        return RescoringPaths(self.folder / RESCORED / name)

    @property
    def log(self) -> Path:
        return self.folder / "run.log"

    @property
    def resets(self) -> Path:
        """Of shared sites, a line for each."""
        return self.folder / "resets.jsonl"

    @property
    def status(self) -> Path:
        """How the run stands, as it says itself."""
        return self.folder / STATUS

    @property
    def lock(self) -> Path:
        return self.folder / ".lock"

    @property
    def subfolders(self) -> tuple[Path, ...]:
        """What a run without any episode has already."""
        return self._episodes, self._attempts, self.texts

    @property
    def _episodes(self) -> Path:
        return self.folder / "episodes"

    @property
    def _attempts(self) -> Path:
        return self.folder / "attempts"

    def episode(self, task_id: TaskId, trial: int) -> AttemptPaths:
        """The latest attempt."""
        return AttemptPaths(self._episodes / episode_name(task_id, trial))

    def earlier_attempt(self, task_id: TaskId, trial: int, attempt: int) -> AttemptPaths:
        return AttemptPaths(self._attempts / f"{episode_name(task_id, trial)}.{attempt}")

    def attempt(self, name: str) -> AttemptPaths | None:
        """Of an attempt, begun or not, by its folder's name: `7.0`, an earlier one `7.0.1`; None: no such name."""
        if not re.fullmatch(r"[^./\\]+\.[0-9]+(\.[0-9]+)?", name):
            return None
        return AttemptPaths((self._episodes if name.count(".") == 1 else self._attempts) / name)

    def earlier_attempts(self, task_id: TaskId, trial: int) -> list[AttemptPaths]:
        found = _folders(self._attempts, rf"{re.escape(episode_name(task_id, trial))}\.[0-9]+")
        return [AttemptPaths(Path(folder)) for folder in found]

    def next_attempt(self, task_id: TaskId, trial: int) -> int:
        """Number of the next attempt to be kept, higher than all before, also when some of them were taken away."""
        kept = (paths.number or 0 for paths in self.earlier_attempts(task_id, trial))
        return max(kept, default=0) + 1

    def episodes(self) -> list[AttemptPaths]:
        """The latest attempt of each episode that was begun. Raises StoreError as `latest_folders` does."""
        return [AttemptPaths(Path(folder)) for folder in self.latest_folders()]

    def latest_folders(self) -> list[str]:
        """Of the latest attempts, as texts, of which there may be ten thousand.

        Raises:
            StoreError: the folder of all of them is not there, or not to be read: what was finished is not known.
        """
        if not is_folder(self._episodes):
            raise StoreError(
                f"{self._episodes} is missing, and with it what the run has finished: put it back, or make an empty "
                "folder of that name to run everything again"
            )
        return _folders(self._episodes, r"[^.]+\.[0-9]+")

    def earlier_folders(self) -> list[str]:
        """Of the attempts before the latest ones."""
        return _folders(self._attempts, r"[^.]+\.[0-9]+\.[0-9]+")

    def files(self) -> list[Path]:
        """All that was written of the run, sorted: no locks, no files that are being written, and no links."""
        single = [self.manifest, self.earlier_manifest, self.tasks, self.log, self.resets]
        folders = [self.texts, self.verdicts, self._episodes, self._attempts, self.folder / RESCORED]
        found = [*single, *(path for folder in folders for path in folder.rglob("*"))]
        return sorted(path for path in found if not path.is_symlink() and is_file(path) and path.name[0] != ".")

    def all_attempts(self) -> list[AttemptPaths]:
        """The latest and the earlier attempts of all episodes."""
        return [AttemptPaths(Path(folder)) for folder in self.latest_folders() + self.earlier_folders()]


def is_run(folder: Path) -> bool:
    """Raises StoreError where nobody lets us look."""
    return is_file(RunPaths(folder).manifest)


def runs_in(folder: Path) -> Iterator[Path]:
    """Run folders directly below a folder."""
    return (path.parent for path in folder.glob(f"*/{MANIFEST}"))


def find_run(run: str, out: Path) -> Path:
    """The folder of a run given by path, or by its id below `out`. Raises StoreError that lists the runs there are."""
    places = list(dict.fromkeys((Path(run).expanduser(), out / run)))
    for folder in places:
        if is_run(folder):
            return folder
    if Path(run).name.endswith(BUNDLE_SUFFIX):
        raise StoreError(
            f"{run}: is a bundle and no run folder; unpack it with `wa-run verify {run} --unpack FOLDER`, "
            "and give the folder that this prints"
        )
    known = sorted((folder.name for folder in runs_in(out)), reverse=True)[:5]
    listed = f"the latest in {out}: {', '.join(known)}" if known else f"there are no runs in {out}"
    raise StoreError(f"{run}: no run folder (no {MANIFEST} in {' or in '.join(map(str, places))}); {listed}")


def _folders(parent: Path, name: str) -> list[str]:
    """Folders whose whole name is so: not copies that somebody keeps beside them, such as `7.0.bak`."""
    wanted = re.compile(name)
    try:
        with os.scandir(parent) as entries:
            return sorted(entry.path for entry in entries if wanted.fullmatch(entry.name) and _is_folder(entry))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError as error:
        raise StoreError(no_right(parent)) from error


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    return is_folder(Path(entry.path)) if entry.is_symlink() else entry.is_dir()
