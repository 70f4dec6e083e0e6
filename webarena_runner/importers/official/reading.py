"""A result folder of the official harness as a run."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from webarena_runner import __version__
from webarena_runner.errors import UsageError
from webarena_runner.importers.official.episodes import episode_of
from webarena_runner.importers.official.logs import ERRORS, LOG_LIST, MERGED, Logged, find_logs, read_logs
from webarena_runner.importers.official.render import Rendered, read_render
from webarena_runner.importers.official.settings import FILE, HarnessSettings, read_settings
from webarena_runner.importers.run import ImportedEpisode, ImportedRun
from webarena_runner.importers.tasks import KnownTasks, about_tasks, bare_task, load_known, note_on
from webarena_runner.log.files import is_file, read_bytes, sha256_of_json
from webarena_runner.tasksets.ids import listed_ids
from webarena_runner.tasksets.selection import select
from webarena_runner.types import Imported, RunManifest, Task, TaskId, id_order

KIND = "official"
UNKNOWN = (
    "evidence of the scores",
    "the judge",
    "tokens and cost",
    "the time of each step",
    "errors of actions",
    "where elements are on the page",
    "versions of browser and packages",
)
_RENDER = re.compile(r"render_(\d{1,9})\.html")
# The task's settings come first; of a page of pictures not all has to be read for them.
_HEAD_BYTES = 200_000


@dataclass(frozen=True)
class ResultFolder:
    """What is in one: render files by task id, what its logs say, its settings."""

    path: Path
    renders: Mapping[int, Path]
    logs: Sequence[Path]
    logged: Mapping[str, Logged]
    settings: HarnessSettings
    notes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of the names and sizes of the render files, and of what the logs and settings say."""
        digest = hashlib.sha256()
        for task_id, path in sorted(self.renders.items()):
            digest.update(f"{task_id} {path.stat().st_size}\n".encode())
        for path in (*self.logs, *(self.path / name for name in (FILE, ERRORS))):
            digest.update(read_bytes(path) if is_file(path) else b"\n")
        return digest.hexdigest()

    def of(self, task_id: TaskId) -> Logged:
        return self.logged.get(str(task_id), Logged())


def read_folder(path: Path, logs: Sequence[Path] = ()) -> ResultFolder:
    """`logs` are further ones. Raises UsageError when it is no such folder."""
    if not path.is_dir():
        raise UsageError(f"{path}: is no folder; expected a result folder of the official harness (its --result_dir)")
    found = {int(name[1]): each for each in path.iterdir() if (name := _RENDER.fullmatch(each.name))}
    there, missing = find_logs(path, logs)
    settings, fault = read_settings(path)
    if not found and not there:
        raise UsageError(
            f"{path}: is no result folder of the official harness: there is neither a render_ID.html nor one of "
            f"{', '.join((*MERGED, LOG_LIST))} in it"
        )
    notes = [fault] if fault else []
    if missing:
        notes.append(
            f"{len(missing)} logs that {LOG_LIST} names are not there, such as {missing[0]!r:.100}; give them with "
            "--log, or put them beside the folder in log_files/"
        )
    return ResultFolder(path, found, there, read_logs(path, there), settings, tuple(notes))


def read_run(folder: ResultFolder, run_id: str, *, task_set: str, expression: str | None) -> ImportedRun:
    """`expression` says which tasks were planned; None: those that the folder names.

    Raises:
        UsageError: the task set or the expression is none.
    """
    known = load_known(task_set)
    tasks = _tasks(folder, known, expression)
    planned = [(task.task_id, 0) for task in tasks]
    scored = sum(folder.of(task.task_id).passed is not None for task in tasks)
    unscored = [task_id for task_id in folder.renders if folder.of(task_id).passed is None]
    notes = [*folder.notes, *note_on(known)]
    if unscored:
        notes.append(f"no score in the logs for task {listed_ids(unscored)}: counted as errors")
    notes.append(f"{scored} of {len(tasks)} tasks have a score")
    return ImportedRun(
        manifest=_manifest(folder, run_id, known, tasks, planned, expression),
        tasks=tasks,
        episodes=_episodes(folder, known.name),
        notes=tuple(notes),
    )


def _manifest(
    folder: ResultFolder,
    run_id: str,
    known: KnownTasks,
    tasks: Sequence[Task],
    planned: Sequence[tuple[TaskId, int]],
    expression: str | None,
) -> RunManifest:
    config = folder.settings.as_config(expression or "as in the folder")
    times = [logged.started_at for logged in folder.logged.values() if logged.started_at]
    agent = folder.settings.agent
    return RunManifest(
        run_id=run_id,
        started_at=min(times, default=datetime.fromtimestamp(folder.path.stat().st_mtime, UTC)),
        profile="webarena",
        profile_overrides=(),
        config=config,
        config_sha256=sha256_of_json(config),
        prompt_sha256="",
        model=folder.settings.model or "unknown",
        agent=agent,
        judge="",
        sites=config["sites"]["provider"],
        versions={"imported by": f"webarena-runner {__version__}"},
        imported=Imported(kind=KIND, source=str(folder.path.resolve()), sha256=folder.sha256, unknown=UNKNOWN),
        **about_tasks(known, tasks, planned),
    )


def _tasks(folder: ResultFolder, known: KnownTasks, expression: str | None) -> tuple[Task, ...]:
    """Those that were planned, and all that the folder has something of."""
    by_id = known.by_id
    wanted: set[TaskId] = {*folder.renders, *(int(name) for name in folder.logged if name.isdecimal())}
    if expression is not None:
        if known.loaded is None:
            raise UsageError(f"--tasks {expression}: {known.fault}")
        wanted |= {task.task_id for task in select(expression, known.loaded, seed=0)}
    else:
        wanted |= {task_id for task_id in folder.settings.tasks if task_id in by_id}
    return tuple(_task(folder, known, by_id, task_id) for task_id in sorted(wanted, key=id_order))


def _task(folder: ResultFolder, known: KnownTasks, by_id: Mapping[TaskId, Task], task_id: TaskId) -> Task:
    task = by_id.get(task_id)
    path = folder.renders.get(task_id) if isinstance(task_id, int) else None
    rendered = _head(path) if path else None
    if rendered is None:
        return task or bare_task(known.name, task_id)
    said = rendered.settings
    if task and task.intent == said.get("intent", task.intent):
        return task
    template = said.get("intent_template_id", "")
    return bare_task(
        known.name,
        task_id,
        intent=said.get("intent", ""),
        sites=rendered.sites,
        template_id=int(template) if template.isdecimal() and len(template) < 10 else None,
        raw=said,
    )


def _episodes(folder: ResultFolder, task_set: str) -> Iterator[ImportedEpisode]:
    """Of each task that the folder has something of; the others have not run."""
    named = {int(name) for name in folder.logged if name.isdecimal()}
    for task_id in sorted({*folder.renders, *named}):
        path = folder.renders.get(task_id)
        rendered = read_render(_text(path)) if path else None
        yield episode_of(task_id, task_set, rendered, folder.of(task_id), path)


def _head(path: Path) -> Rendered | None:
    return read_render(_text(path, _HEAD_BYTES))


def _text(path: Path, limit: int = -1) -> str:
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
