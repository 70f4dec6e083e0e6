"""Reading run folders: of any format up to the present one, with keys that this version does not know left out."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from webarena_runner.errors import DamagedRecord, NewerFormat, StoreError
from webarena_runner.log.config import faults_in
from webarena_runner.log.files import is_file, read_bytes, sha256_of, sha256_of_json
from webarena_runner.log.format import Kind, Raw
from webarena_runner.log.paths import AttemptPaths, Key, RunPaths, is_run, task_name
from webarena_runner.log.places import VERBATIM_KEY, by_url
from webarena_runner.log.steps import unpack_page, unpack_step
from webarena_runner.log.texts import Texts
from webarena_runner.log.upgrade import upgraded
from webarena_runner.log.wellformed import HALF_IN_JSON, nesting, well_formed_value
from webarena_runner.types import (
    Completion,
    EpisodeResult,
    LastPage,
    Record,
    RunManifest,
    SiteReset,
    Step,
    Task,
    TaskId,
)

log = logging.getLogger(__name__)
R = TypeVar("R", bound=Record)
# Of a task's record there are a hundred at most.
MAX_NESTING = 150


def read_manifest(folder: Path) -> RunManifest:
    """Raises StoreError: no run folder, of a newer format, or damaged."""
    return read_manifest_file(_manifest_of(folder))


def read_manifest_file(path: Path) -> RunManifest:
    """A manifest wherever it is. Raises StoreError: of a newer format, or damaged."""
    return _read_manifest(path)[0]


def read_checked_manifest(folder: Path) -> tuple[RunManifest, DamagedRecord | None]:
    """A run's manifest, and what is wrong with its settings when they are not those that the run began with.

    Raises:
        StoreError: no run folder, of a newer format, or damaged.
    """
    path = _manifest_of(folder)
    manifest, raw = _read_manifest(path)
    return manifest, _settings_fault(raw, path)


def require_settings_as_written(folder: Path) -> None:
    """Raises DamagedRecord when the run's settings in the manifest are not those that it began with."""
    path = RunPaths(folder).manifest
    if fault := _settings_fault(read_json(path), path):
        raise fault


def _manifest_of(folder: Path) -> Path:
    if not is_run(folder):
        raise StoreError(f"{folder} is no run folder: there is no {RunPaths(folder).manifest.name} in it")
    return RunPaths(folder).manifest


def _read_manifest(path: Path) -> tuple[RunManifest, Raw]:
    """And what it was read from."""
    try:
        raw = read_json(path)
        manifest = _validated(RunManifest, "manifest", raw, where=str(path))
        if missing := _missing_in(manifest):
            raise DamagedRecord(f"{path}: is damaged: it lacks {', '.join(missing[:5])}")
    except DamagedRecord as error:
        raise DamagedRecord(
            f"{error}; put the one that was written back, or start a new run under another --run-id: without it "
            f"nothing can be said of what is in {path.parent}"
        ) from error
    return manifest, raw


def _settings_fault(raw: Raw, path: Path) -> DamagedRecord | None:
    if sha256_of_json(raw.get("config")) == raw.get("config_sha256"):
        return None
    return DamagedRecord(
        f"{path}: 'config' has changed since the run began (config_sha256 is that of another); put the old one back, "
        "or start a new run"
    )


def read_tasks(folder: Path, manifest: RunManifest | None = None) -> tuple[Task, ...] | None:
    """The chosen tasks as they were when the run began; None: a folder of format 0, which has none.

    `manifest` is the run's where it has been read.

    Raises:
        StoreError: they are not those that the manifest was written with.
    """
    lines = task_lines(folder, manifest or read_manifest(folder))
    if lines is None:
        return None
    return tuple(_validated(Task, "task", _parsed(line, where), where=where) for line, where in lines)


def task_lines(folder: Path, manifest: RunManifest) -> list[tuple[bytes, str]] | None:
    """A record a line, with its place. None, and raises, as `read_tasks` does."""
    path = RunPaths(folder).tasks
    if not manifest.tasks_sha256:
        return None
    data = read_bytes(path)
    if sha256_of(data) != manifest.tasks_sha256:
        raise DamagedRecord(f"{path}: has changed since the run began; put the old one back, or start a new run")
    return list(_lines(data, path))


def read_results(folder: Path) -> dict[Key, EpisodeResult]:
    """The latest attempt's result of each (task id, trial) that has one, errors included.

    Raises:
        StoreError: one cannot be read.
    """
    results, damaged = readable_results(folder)
    if damaged:
        raise damaged[0]
    return results


def readable_results(folder: Path) -> tuple[dict[Key, EpisodeResult], list[DamagedRecord]]:
    """Those results, and what is wrong with each that is damaged.

    Raises:
        StoreError: a newer version wrote one.
    """
    results: dict[Key, EpisodeResult] = {}
    damaged = []
    for paths in RunPaths(folder).episodes():
        if not is_file(paths.result):
            continue
        try:
            result = read_result(paths)
        except DamagedRecord as error:
            damaged.append(error)
        else:
            results[result.task_id, result.trial] = result
    return results, damaged


def read_finished(folder: Path) -> dict[Key, EpisodeResult]:
    """Results that need no further attempt. One that is damaged is none: the episode is run again."""
    results, damaged = readable_results(folder)
    for error in damaged:
        log.warning("%s", error)
    return {key: result for key, result in results.items() if result.value is not None}


def read_result(paths: AttemptPaths) -> EpisodeResult:
    """Raises StoreError."""
    return result_from(paths)


def result_from(paths: AttemptPaths, data: bytes | None = None) -> EpisodeResult:
    """The result of an attempt; `data` is what its file held, where that has been read. Raises StoreError."""
    path = paths.result
    try:
        read = read_bytes(path) if data is None else data
        raw = upgraded("result", _parsed(read, str(path)), where=str(path))
        urls = _urls(raw, where=str(path))
        return _model(EpisodeResult, by_url({**raw, "site_urls": {}}, urls) | {"site_urls": urls}, where=str(path))
    except DamagedRecord as error:
        task_id, trial = paths.key
        raise DamagedRecord(
            f"{error}. The score of task {task_id} trial {trial} is lost; its steps are still there. "
            "`wa-run resume` runs this episode again and keeps this folder under attempts/"
        ) from error


def read_steps(folder: Path) -> Iterator[Step]:
    """Steps of one attempt, as they were taken; a last line that a crash cut off is left out.

    Raises:
        StoreError: another line cannot be read.
    """
    paths = AttemptPaths(folder)
    if not is_file(paths.steps):
        return
    texts = Texts(paths.texts)
    for line, where in _lines(read_bytes(paths.steps), paths.steps):
        yield _step(line, texts, where)


def read_last_step(folder: Path) -> Step | None:
    """The last whole step of an attempt without the page's `nodes`, None before the first. Raises StoreError."""
    paths = AttemptPaths(folder)
    lines = list(_lines(read_bytes(paths.steps), paths.steps)) if is_file(paths.steps) else []
    return _step(lines[-1][0], Texts(paths.texts), lines[-1][1], nodes=False) if lines else None


def readable_steps(folder: Path) -> Iterator[Step | StoreError]:
    """Those steps without the page's `nodes`, for showing; in the place of a line that cannot be read, why not.

    A last line that a crash cut off is such a line too.
    """
    paths = AttemptPaths(folder)
    try:
        data = read_bytes(paths.steps) if is_file(paths.steps) else b""
    except StoreError as error:
        yield error
        return
    texts = Texts(paths.texts)
    for line, where in _lines(data, paths.steps):
        try:
            yield _step(line, texts, where, nodes=False)
        except StoreError as error:
            yield error
    if data and not data.endswith(b"\n"):
        yield DamagedRecord(f"{paths.steps}: its last line is cut off: it was being written when the run ended, or now")


def _step(line: bytes, texts: Texts, where: str, *, nodes: bool = True) -> Step:
    raw = upgraded("step", _parsed(line, where), where=where)
    seen = raw.get("observation")
    if not nodes and isinstance(seen, dict):
        raw["observation"] = {key: value for key, value in seen.items() if key != "nodes"}
    return _model(Step, unpack_step(raw, texts, where), where=where)


def read_last_page(folder: Path) -> LastPage | None:
    """The page that an episode ended on, when no step was taken on it. Raises StoreError."""
    path = AttemptPaths(folder).last_page
    if not is_file(path):
        return None
    where = str(path)
    raw = upgraded("page", read_json(path), where=where)
    return _model(LastPage, unpack_page(raw, where), where=where)


def attempts_in_order(run: RunPaths) -> list[tuple[TaskId, int, int]]:
    """Task id, trial and number of each attempt with a readable result, by the time at which it began."""
    found = []
    for paths in run.all_attempts():
        # A number of an attempt that is none is told by whoever reads the result.
        with suppress(StoreError, TypeError, ValueError):
            if is_file(paths.result):
                raw = read_json(paths.result)
                found.append((str(raw.get("started_at")), *paths.key, int(raw.get("attempt", 1))))
    return [(task_id, trial, attempt) for _, task_id, trial, attempt in sorted(found, key=lambda each: each[0])]


def cost_usd(folder: Path) -> float | None:
    """What all attempts of a run have cost, interrupted and errored ones too; None when nothing in it has a price."""
    return used(folder)[0]


def used(folder: Path) -> tuple[float | None, int]:
    """US dollars, as `cost_usd`, and tokens of all attempts of a run."""
    found = [each for paths in RunPaths(folder).all_attempts() for each in _used_by(paths)]
    return total_usd(cost for cost, _ in found), sum(tokens for _, tokens in found)


def total_usd(costs: Iterable[float | None]) -> float | None:
    """The sum of those that are known; None when none is."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def read_resets(folder: Path) -> list[SiteReset]:
    """Of shared sites, in the order in which they ended; a last line that a crash cut off is left out.

    Raises:
        StoreError: another line cannot be read.
    """
    path = RunPaths(folder).resets
    lines = _lines(read_bytes(path), path) if is_file(path) else ()
    return [_validated(SiteReset, "reset", _parsed(line, where), where=where) for line, where in lines]


def read_json(path: Path) -> Raw:
    """Raises DamagedRecord when it is no JSON object, StoreError when it cannot be read."""
    return _parsed(read_bytes(path), str(path))


def _missing_in(manifest: RunManifest) -> list[str]:
    """Keys below those of the record that every version writes, and that readers count on, where they are not right."""
    missing = list(faults_in(manifest.config))
    names = dict.fromkeys(task_name(task_id) for task_id, _ in manifest.planned)
    return missing + [f"task_sites.{name}" for name in names if name not in manifest.task_sites]


def costs_of(paths: AttemptPaths) -> list[float | None]:
    """Of an attempt without a readable result: of those of its replies that are on disk and can be read."""
    return [cost for cost, _ in _used_by(paths)]


def _used_by(paths: AttemptPaths) -> list[tuple[float | None, int]]:
    """US dollars and tokens, as `costs_of` has it."""
    if is_file(paths.result):
        try:
            return [_used_for(read_result(paths))]
        except DamagedRecord as error:
            log.debug("counting the steps: %s", error)
    if not is_file(paths.steps):
        return []
    found: list[tuple[float | None, int]] = []
    for line, where in _lines(read_bytes(paths.steps), paths.steps):
        try:
            raw = upgraded("step", _parsed(line, where), where=where)
            completion = raw["decision"].get("completion")
            if completion is not None:
                found.append(_used_for(_model(Completion, completion, where=where)))
        except DamagedRecord as error:
            log.warning("the cost of a step is not counted: %s", error)
        except (KeyError, TypeError, AttributeError) as error:
            log.warning("the cost of a step is not counted: %s: is no step: %r", where, error)
    return found


def _used_for(what: EpisodeResult | Completion) -> tuple[float | None, int]:
    return what.cost_usd, what.prompt_tokens + what.completion_tokens


def _urls(raw: Raw, *, where: str) -> dict[str, str]:
    """Of a result's sites, by which its texts are read; before anything of it is."""
    urls = raw.get("site_urls", {})
    if not isinstance(urls, dict) or not all(isinstance(url, str) for url in urls.values()):
        raise DamagedRecord(f"{where}: is damaged: site_urls: expected a URL a site, found {urls!r:.80}")
    return urls


def _lines(data: bytes, path: Path) -> Iterator[tuple[bytes, str]]:
    """Whole lines, each with its place; a crash may have cut the last one, which then has no line end."""
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        yield line, f"{path}, line {number}"


def _parsed(data: bytes, where: str) -> Raw:
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedRecord(f"{where}: is damaged: no JSON ({error})") from error
    if not isinstance(raw, dict):
        raise DamagedRecord(f"{where}: is damaged: expected a JSON object, found {type(raw).__name__}")
    if _openings(data) > MAX_NESTING and nesting(raw) > MAX_NESTING:
        raise DamagedRecord(f"{where}: is damaged: nested deeper than {MAX_NESTING} levels")
    # We write no half of a surrogate pair, but what is read must be fit to be printed.
    return dict(well_formed_value(raw)) if HALF_IN_JSON.search(data) else raw


def is_plain(data: bytes) -> bool:
    """Whether JSON means what its texts are, so that it needs no more than to be parsed.

    It is not nested too deep, has no halves of surrogate pairs, and no texts that `places` has in another form.
    """
    return _openings(data) <= MAX_NESTING and b"\\u" not in data and VERBATIM_KEY not in data


def _openings(data: bytes) -> int:
    """There are at least as many as levels."""
    return data.count(b"{") + data.count(b"[")


def _validated(model: type[R], kind: Kind, raw: Raw, *, where: str) -> R:
    return _model(model, upgraded(kind, raw, where=where), where=where)


def _model(model: type[R], raw: Mapping[str, object], *, where: str) -> R:
    try:
        return model.model_validate(raw, extra="ignore")
    except ValidationError as error:
        found = error.errors(include_url=False)
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in found]
        if all(fault["type"] == "literal_error" and isinstance(fault["input"], str) for fault in found):
            # Not damage, which would have the episode run and paid for again.
            raise NewerFormat(
                f"{where}: has a word that this version does not know ({'; '.join(faults[:3])}); "
                "upgrade webarena-runner to read it"
            ) from error
        raise DamagedRecord(f"{where}: is damaged: {'; '.join(faults[:3])}") from error
