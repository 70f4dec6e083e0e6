"""The results of a whole run at once, for whoever counts them: checked as `reading` does, and some ten times as fast.

A file of the present format is decoded by the shape of its record, in one go. Whatever is not exactly of that shape is
left to `reading`, which says what is wrong with it, or knows how to take it.
"""

import gc
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import msgspec
from pydantic import AwareDatetime, FiniteFloat, JsonValue

from webarena_runner.errors import DamagedRecord
from webarena_runner.log import reading
from webarena_runner.log.files import is_file
from webarena_runner.log.format import FORMAT
from webarena_runner.log.paths import RESULT, AttemptPaths, Key, RunPaths
from webarena_runner.official.notation import to_urls
from webarena_runner.types import EpisodeResult, Record, RunManifest, Task, TaskId

_PLACE = "__"
# What a field says of itself that keeps nothing out: no JSON has a number that is not finite.
_FREE = {"union_mode": "left_to_right"}, {"allow_inf_nan": False}
_CHUNK_BYTES = 1 << 16
_PLAIN: Mapping[Any, Any] = {each: each for each in (str, int, float, bool, datetime, NoneType)} | {
    Any: Any,
    JsonValue: Any,
    FiniteFloat: float,
    AwareDatetime: Annotated[datetime, msgspec.Meta(tz=True)],
}


class Results(Mapping[Key, EpisodeResult]):
    """The results of a run by key, as they were when it was read; each is made a whole record when it is asked for.

    `heads` are there at once, and have the attributes of whole records but none of their methods. Their texts are as on
    disk, apart from those that are told or counted.
    """

    def __init__(self) -> None:
        self.heads: dict[Key, EpisodeResult] = {}
        self._whole: dict[Key, EpisodeResult] = {}
        self._data: dict[Key, tuple[str, bytes]] = {}

    def add(self, head: EpisodeResult, folder: str, data: bytes) -> None:
        """`data` is what the head was read from, in that folder of an attempt."""
        key = head.task_id, head.trial
        self.heads[key], self._data[key] = head, (folder, data)

    def add_whole(self, result: EpisodeResult) -> None:
        key = result.task_id, result.trial
        self.heads[key] = self._whole[key] = result

    def __getitem__(self, key: Key) -> EpisodeResult:
        if key not in self._whole:
            folder, data = self._data[key]
            self._whole[key] = reading.result_from(AttemptPaths(Path(folder)), data)
        return self._whole[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.heads)

    def __len__(self) -> int:
        return len(self.heads)


@dataclass
class Found:
    """What a run folder has: results, what is wrong with each that cannot be read, and costs of all attempts.

    `away` counts the attempts that each shared site took with it when it was down.
    """

    results: Results = field(default_factory=Results)
    damaged: list[DamagedRecord] = field(default_factory=list)
    costs_usd: list[float | None] = field(default_factory=list)
    away: Counter[str] = field(default_factory=Counter)


def read_run(folder: Path) -> Found:
    """Raises StoreError: a newer version wrote a result, the episodes are missing, or may not be read."""
    paths, found = RunPaths(folder), Found()
    for attempt in paths.latest_folders():
        _take(attempt, found)
    for attempt in paths.earlier_folders():
        head, _ = _read_head(attempt)
        found.costs_usd += reading.costs_of(AttemptPaths(Path(attempt))) if head is None else [head.cost_usd]
        _count_away(head, found)
    return found


def read_templates(folder: Path, manifest: RunManifest) -> dict[TaskId, int]:
    """The intent templates of those tasks that have one.

    Raises:
        StoreError: the tasks are not those that the manifest was written with.
    """
    lines = reading.task_lines(folder, manifest) or []
    try:
        heads = [_task_decoder().decode(line) for line, _ in lines]
    except (msgspec.DecodeError, UnicodeDecodeError):
        heads = list(reading.read_tasks(folder, manifest) or ())
    return {head.task_id: head.template_id for head in heads if head.template_id is not None}


def _count_away(head: EpisodeResult | None, found: Found) -> None:
    if head is not None and head.failure is not None:
        found.away.update(head.failure.away)


def heads_of(results: Mapping[Key, EpisodeResult]) -> Mapping[Key, EpisodeResult]:
    """What to count, without making whole records of it."""
    return results.heads if isinstance(results, Results) else results


def _take(folder: str, found: Found) -> None:
    head, data = _read_head(folder)
    if head is not None:
        found.results.add(head, folder, data)
        found.costs_usd.append(head.cost_usd)
        _count_away(head, found)
        return
    paths = AttemptPaths(Path(folder))
    if is_file(paths.result):
        try:
            found.results.add_whole(reading.read_result(paths))
        except DamagedRecord as error:
            found.damaged.append(error)
    found.costs_usd += reading.costs_of(paths)


def _read_head(folder: str) -> tuple[EpisodeResult | None, bytes]:
    """None: there is no result, or one for `reading` to look at."""
    data = _bytes_of(f"{folder}/{RESULT}")
    if not data or not reading.is_plain(data):
        return None, b""
    try:
        head = _decoder().decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, b""
    if head.format != FORMAT:
        return None, b""
    _name_urls(head)
    # By its shape: see the tests.
    return cast(EpisodeResult, head), data


def _bytes_of(path: str) -> bytes:
    """Of a file; nothing where there is none, it cannot be read, or it is no file."""
    try:
        # A named pipe must not keep us waiting.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        data = os.read(descriptor, _CHUNK_BYTES)
        while len(data) % _CHUNK_BYTES == 0 and (more := os.read(descriptor, _CHUNK_BYTES)):
            data += more
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return data


def _name_urls(head: Any) -> None:
    """In the texts that counting looks at, as `places` does for all of a whole record."""
    urls = head.site_urls
    _put_urls(head, ("ending",) if isinstance(head.task_id, int) else ("ending", "task_id"), urls)
    if head.value != 1:
        for score in head.scores:
            _put_urls(score, ("evaluator", "explanation"), urls)
    if head.failure is not None:
        _put_urls(head.failure, ("error_class", "message", "cause"), urls)


def _put_urls(record: Any, names: tuple[str, ...], urls: Mapping[str, str]) -> None:
    for name in names:
        if _PLACE in (text := getattr(record, name)):
            setattr(record, name, to_urls(text, urls))


@cache
def _decoder() -> Any:
    head = _shape_of(EpisodeResult, more=[("format", int, 0)])
    return msgspec.json.Decoder(head)


@cache
def _task_decoder() -> Any:
    wanted = [(name, _type_of(Task.model_fields[name].annotation)) for name in ("task_id", "template_id")]
    return msgspec.json.Decoder(msgspec.defstruct("TaskHead", wanted, gc=False))


def _shape_of(record: type[Record], *, more: list[tuple[str, Any, Any]] | None = None) -> Any:
    fields: list[Any] = []
    for name, info in record.model_fields.items():
        default = () if info.is_required() else (info.get_default(call_default_factory=True),)
        fields.append((name, _type_of(info.annotation, _limits(info.metadata)), *default))
    return msgspec.defstruct(record.__name__, [*fields, *(more or [])], kw_only=True, gc=False)


def _limits(metadata: list[Any]) -> dict[str, Any]:
    """By the names that both libraries have for them."""
    limits: dict[str, Any] = {}
    for each in metadata:
        found = {name: getattr(each, name) for name in ("ge", "gt", "le", "lt") if hasattr(each, name)}
        if not found and getattr(each, "__dict__", None) not in _FREE:
            raise TypeError(f"{each}: is no limit that this reader knows")
        limits |= found
    return limits


def _type_of(annotation: Any, limits: Mapping[str, Any] | None = None) -> Any:
    """The type that takes no more JSON than the annotation does; `limits` are of the numbers in it."""
    if limits and annotation in (int, float):
        return Annotated[annotation, msgspec.Meta(**limits)]
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return Union[tuple(_type_of(each, limits) for each in arguments)]  # noqa: UP007 - made of what is found
    if origin is dict:
        return dict[str, _type_of(arguments[1])]  # type: ignore[misc]
    if origin is tuple and arguments[1:] == (...,):
        return tuple[_type_of(arguments[0]), ...]  # type: ignore[misc]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return str
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return _shape_of(annotation)
    raise TypeError(f"{annotation}: is of no kind that this reader knows")


@contextmanager
def without_collection() -> Iterator[None]:
    """Meanwhile nobody looks for cycles among ten thousand records, which have none: it takes longer than to read them.

    Only for what ends soon.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
