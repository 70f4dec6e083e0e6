"""Traces as a run: an episode each, without a score."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from webarena_runner import __version__
from webarena_runner.errors import UsageError
from webarena_runner.importers.playwright.archive import Archive, open_archive
from webarena_runner.importers.playwright.events import read_events
from webarena_runner.importers.playwright.steps import Recording
from webarena_runner.importers.run import ImportedEpisode, ImportedRun
from webarena_runner.importers.tasks import about_tasks, bare_task, load_known, note_on
from webarena_runner.importers.unscored import unscored
from webarena_runner.log.files import sha256_of_json
from webarena_runner.tasksets.selection import select
from webarena_runner.types import Ending, EpisodeResult, Imported, RunManifest, TaskId, id_order

KIND, AGENT = "playwright", "human"
UNKNOWN = ("scores", "answers", "accessibility trees", "thoughts of whoever did it")
_SUFFIXES = (".zip", ".trace")
_NUMBER = re.compile(r"\d+")
Key = tuple[TaskId, int]


def read_traces(
    paths: Sequence[Path], run_id: str, *, task_set: str, expression: str | None, mapped: Sequence[str]
) -> ImportedRun:
    """`mapped` has NAME=TASK of traces whose names do not say which task they are of.

    Raises:
        UsageError: one is no trace, or of no task that is known, or the task set or the expression is none.
    """
    known, given = load_known(task_set), _given(mapped)
    by_key = _by_key(paths, given)
    first = {path: _first_look(path) for path in paths}
    if expression is not None and known.loaded is None:
        raise UsageError(f"--tasks {expression}: {known.fault}")
    wanted = select(expression, known.loaded, seed=0) if expression is not None and known.loaded else ()
    ids = {*(task_id for task_id, _ in by_key), *(task.task_id for task in wanted)}
    tasks = tuple(known.by_id.get(each) or bare_task(known.name, each) for each in sorted(ids, key=id_order))
    planned = [*by_key, *((each, 0) for each in ids - {task_id for task_id, _ in by_key})]
    config = _config(expression, trials=1 + max(trial for _, trial in by_key))
    manifest = RunManifest(
        run_id=run_id,
        started_at=min(recording.span[0] for recording in first.values()),
        profile="recorded",
        profile_overrides=(),
        config=config,
        config_sha256=sha256_of_json(config),
        prompt_sha256="",
        model=AGENT,
        agent=AGENT,
        agent_note="people's own actions",
        judge="",
        sites=config["sites"]["provider"],
        versions=_versions(first.values()),
        imported=Imported(kind=KIND, source=_source(paths), sha256=_sha256(by_key), unknown=UNKNOWN),
        **about_tasks(known, tasks, planned),
    )
    return ImportedRun(manifest, tasks, _episodes(by_key, known.name), note_on(known))


def _episodes(by_key: Mapping[Key, Path], task_set: str) -> Iterator[ImportedEpisode]:
    for key, path in by_key.items():
        with open_archive(path) as archive:
            recording = _recording(archive)
            steps, (started_at, finished_at) = tuple(recording.steps()), recording.span
            last_page = recording.last_page()
        result = EpisodeResult(
            task_set=task_set,
            task_id=key[0],
            trial=key[1],
            attempt=1,
            ending=Ending.ERROR,
            answer="",
            final_url=last_page.url if last_page else "",
            value=None,
            scores=(),
            steps=len(steps),
            prompt_tokens=0,
            completion_tokens=0,
            cached_tokens=0,
            started_at=started_at,
            finished_at=finished_at,
            wall_s=max((finished_at - started_at).total_seconds(), 0.0),
            failure=unscored("a trace of Playwright has no score"),
        )
        yield ImportedEpisode(result, steps, last_page)


def _first_look(path: Path) -> Recording:
    """Refuses what is no trace before anything is written. Raises UsageError."""
    with open_archive(path) as archive:
        recording = _recording(archive)
    if not recording.trace.calls:
        raise UsageError(f"{path}: is a trace without any call: nothing was done while it was recorded")
    return recording


def _recording(archive: Archive) -> Recording:
    """Of the browser context in which most was done, where there are several."""
    recordings = [Recording(read_events(archive.events(name)), archive, name) for name in archive.contexts()]
    return max(recordings, key=lambda recording: len(recording.trace.calls))


def _by_key(paths: Sequence[Path], given: Mapping[str, TaskId]) -> dict[Key, Path]:
    """Traces of one task are its trials, in the order in which they are named. Raises UsageError."""
    known = {name for path in paths for name in (path.name, _bare(path))}
    if unused := [name for name in given if name not in known]:
        raise UsageError(f"--map {unused[0]}=...: there is no trace of this name among the {len(paths)}")
    trials: Counter[TaskId] = Counter()
    found: dict[Key, Path] = {}
    for path in paths:
        task_id = given.get(path.name, given.get(_bare(path)))
        task_id = _named(path) if task_id is None else task_id
        found[task_id, trials[task_id]] = path
        trials[task_id] += 1
    return dict(sorted(found.items(), key=lambda item: (id_order(item[0][0]), item[0][1])))


def _given(mapped: Sequence[str]) -> dict[str, TaskId]:
    found: dict[str, TaskId] = {}
    for text in mapped:
        name, equals, task = text.partition("=")
        if not (equals and name and task):
            raise UsageError(f"--map {text}: expected NAME=TASK, such as --map login=27")
        found[name] = int(task) if task.isdecimal() else task
    return found


def _named(path: Path) -> TaskId:
    """The only number in the name, as in `4.trace.zip` or `task_4.zip`."""
    numbers = _NUMBER.findall(_bare(path))
    if len(numbers) != 1:
        said = "has no number" if not numbers else f"has {len(numbers)} numbers"
        raise UsageError(f"{path}: of which task is it? Its name {said}; give --map {_bare(path)}=TASK")
    return int(numbers[0])


def _bare(path: Path) -> str:
    name = path.name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _config(expression: str | None, *, trials: int) -> dict[str, Any]:
    return {
        "settings": {"trials": trials, "seed": 0, "actions": {"action_set": "playwright"}},
        "model": None,
        "tasks": {"expression": expression or "as in the traces"},
        "sites": {"provider": "recorded"},
    }


def _versions(recordings: Any) -> dict[str, str]:
    traces = [recording.trace for recording in recordings]
    found = {
        "playwright": ", ".join(sorted({trace.playwright for trace in traces if trace.playwright})),
        "browser": ", ".join(sorted({trace.browser for trace in traces if trace.browser})),
        "imported by": f"webarena-runner {__version__}",
    }
    return {name: version for name, version in found.items() if version}


def _source(paths: Sequence[Path]) -> str:
    return str(paths[0].resolve()) if len(paths) == 1 else f"{len(paths)} traces in {paths[0].resolve().parent}"


def _sha256(by_key: Mapping[Key, Path]) -> str:
    return sha256_of_json([[str(key[0]), key[1], _sha256_of(path)] for key, path in by_key.items()])


def _sha256_of(path: Path) -> str:
    with open_archive(path) as archive:
        return archive.sha256
