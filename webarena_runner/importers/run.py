"""A run that something else recorded, and how it becomes a run folder: whole or not at all, and the same only once."""

import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from webarena_runner.errors import StoreError
from webarena_runner.log.files import is_folder
from webarena_runner.log.paths import RunPaths, is_run
from webarena_runner.log.reading import read_manifest
from webarena_runner.log.writing import RunFolder, require_writable
from webarena_runner.types import EpisodeResult, Observation, RunManifest, Step, Task

OnEpisode = Callable[[], None]


@dataclass(frozen=True)
class ImportedEpisode:
    """Steps with their pictures, what became of them, and the page after the last where that is known."""

    result: EpisodeResult
    steps: tuple[tuple[Step, bytes | None], ...]
    last_page: Observation | None = None


@dataclass(frozen=True)
class ImportedRun:
    """`episodes` are read as they are asked for: their pictures need not be in memory together.

    `notes` are sentences for whoever imports it.
    """

    manifest: RunManifest
    tasks: tuple[Task, ...]
    episodes: Iterable[ImportedEpisode]
    notes: tuple[str, ...]


def is_imported(folder: Path, run: RunManifest) -> bool:
    """Whether the folder holds this import already.

    Raises:
        StoreError: it holds something else.
    """
    if is_run(folder):
        there = read_manifest(folder)
        if there.imported and run.imported and there.imported.sha256 == run.imported.sha256:
            return True
        whose = f"imported from {there.imported.source}" if there.imported else "a run"
        raise StoreError(
            f"{folder} holds something else already ({whose}), and is not overwritten; give another --run-id, or move "
            "it away"
        )
    if is_folder(folder) and any(folder.iterdir()):
        raise StoreError(f"{folder} is no run folder, and not empty; give another --run-id, or move it away")
    return False


def write_run(run: ImportedRun, folder: Path, on_episode: OnEpisode) -> None:
    """Raises StoreError when it cannot be written; nothing is left then."""
    require_writable(folder.parent)
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        store = RunFolder.create(new, run.manifest, run.tasks)
        finished_at: datetime | None = None
        try:
            for episode in run.episodes:
                _put(store, episode)
                finished_at = max(filter(None, (finished_at, episode.result.finished_at)))
                on_episode()
        finally:
            store.close(finished_at=finished_at)
        RunPaths(new).lock.unlink(missing_ok=True)
        _move(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _put(store: RunFolder, episode: ImportedEpisode) -> None:
    log = store.begin(episode.result.task_id, episode.result.trial)
    for step, picture in episode.steps:
        log.append(step, picture)
    if episode.last_page:
        log.keep_last_page(episode.last_page)
    store.put(episode.result)


def _move(new: Path, folder: Path) -> None:
    try:
        new.rename(folder)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror}; make room or get rights there") from error
