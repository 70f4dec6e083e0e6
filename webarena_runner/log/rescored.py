"""Re-scorings in a run folder: each in a folder of its own, and none of them is ever written over."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from webarena_runner.errors import DamagedRecord
from webarena_runner.log.files import is_file, read_bytes, write_atomically
from webarena_runner.log.paths import Key, RescoringPaths, RunPaths
from webarena_runner.log.places import by_site
from webarena_runner.log.reading import read_json
from webarena_runner.log.writing import text_of, writing_below
from webarena_runner.types import RescoredEpisode, Rescoring

# Differs between a verdict that was paid for and the same one when it is found again.
_OF_THE_CALL = ("cached", "cost_usd")


def place_for(run: RunPaths, name: str) -> RescoringPaths:
    """A folder for a re-scoring of this name: a new one, or one that was begun and not finished."""
    return next(paths for paths in _places(run, name) if not is_file(paths.record))


def keep_rescoring(
    run: RunPaths,
    place: RescoringPaths,
    rescoring: Rescoring,
    episodes: Sequence[RescoredEpisode],
    urls: Mapping[Key, Mapping[str, str]],
) -> RescoringPaths:
    """Writes it, unless one that came to the same is there already; `urls` are those of each episode's sites.

    Raises:
        StoreError: it cannot be written.
    """
    lines = [by_site(each.model_dump(mode="json"), urls.get((each.task_id, each.trial), {})) for each in episodes]
    record = rescoring.model_dump(mode="json")
    for paths in _places(run, rescoring.name):
        if not is_file(paths.record):
            break
        if _same(paths, record, lines):
            return paths
    with writing_below(run.folder):
        place.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(place.episodes, "".join(text_of(line) + "\n" for line in lines))
        # Last: a folder without a record is not finished.
        write_atomically(place.record, text_of(record | {"name": place.folder.name}, indent=2))
    return place


def _places(run: RunPaths, name: str) -> "Sequence[RescoringPaths]":
    """NAME, NAME-2 and so on, up to the first that is not finished."""
    found = [run.rescoring(name)]
    while is_file(found[-1].record):
        found.append(run.rescoring(f"{name}-{len(found) + 1}"))
    return found


def _same(paths: RescoringPaths, record: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> bool:
    apart = {"name", "format", "cost_usd"}
    try:
        before = read_json(paths.record)
        kept = [json.loads(line) for line in read_bytes(paths.episodes).splitlines()]
    except (DamagedRecord, ValueError):
        return False
    return {key: before[key] for key in before.keys() - apart} == {
        key: record[key] for key in record.keys() - apart
    } and [_essence(line) for line in kept] == [_essence(line) for line in lines]


def _essence(value: Any) -> Any:
    match value:
        case list() | tuple():
            return [_essence(each) for each in value]
        case dict():
            return {key: _essence(each) for key, each in value.items() if key not in (*_OF_THE_CALL, "format")}
    return value
