"""Results read at once say what the careful reader says of each, whatever is in the files."""

import copy
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.log.records import make_manifest, make_result, make_task, write_run
from webarena_runner.actions.thoughts import has_thoughts
from webarena_runner.errors import DamagedRecord, StoreError
from webarena_runner.log import quick, reading
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.writing import RunFolder
from webarena_runner.report.summary import NotPassed, not_passed
from webarena_runner.types import EpisodeResult, Failure, Score, Verdict

COUNTED = ("task_id", "trial", "attempt", "ending", "value", "steps", "prompt_tokens", "completion_tokens") + (
    "cached_tokens", "cut_replies", "thought_replies", "cost_usd", "started_at", "wall_s",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 7.0, 7.5, 1e300, 2**70, "", "7", "x", "true", "2026-01-01", "2026-01-01T00:00:00",
    "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+25:00", "2026-01-01 00:00:00Z",
    "__SHOPPING__/a", "\x01",
    [], [None], [["a"]], {}, {"verbatim": "__SHOPPING__"}, {"a": 1}, {"a": {"b": []}}, ["a", 1],
)  # fmt: skip
URLS = {"shopping": "http://127.0.0.1:7770"}


def whole_result() -> EpisodeResult:
    """With something in every field."""
    verdict = Verdict(kind="fuzzy", reference="r", question="q", reply="correct", score=0.5, judge="j", cached=True)
    score = Score(
        evaluator="url_match",
        value=0.0,
        explanation="found 'http://127.0.0.1:7770/b'",
        evidence={"urls": {"a": "http://127.0.0.1:7770"}, "seen": [1, None, "x"]},
        verdicts=(verdict,),
        flags=("judge_unclear",),
    )
    failure = Failure(error_class="site", message="refused: http://127.0.0.1:7770/", traceback="t", may_retry=True)
    return make_result(
        1,
        0.0,
        scores=(score,),
        failure=failure,
        site_urls=URLS,
        timings_ms={"agent": 1.5},
        deviations=("d",),
        cost_usd=0.25,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path, make_manifest(task_ids=(1, 2)), [whole_result(), make_result(2, cost_usd=0.5)])


def told(folder: Path) -> tuple[Any, Any]:
    """By the careful reader and at once: results, what is damaged, cost; or the error."""
    try:
        results, damaged = reading.readable_results(folder)
        careful: Any = results, list(map(str, damaged)), reading.cost_usd(folder)
    except StoreError as error:
        careful = str(error)
    try:
        found = quick.read_run(folder)
        at_once: Any = dict(found.results), list(map(str, found.damaged)), reading.total_usd(found.costs_usd)
    except StoreError as error:
        return careful, str(error)
    for key, head in found.results.heads.items():
        assert counted(head) == counted(found.results[key])
    return careful, at_once


def counted(result: EpisodeResult) -> tuple[list[Any], list[Any], NotPassed | None]:
    """All that counting looks at."""
    verdicts = [(has_thoughts(each.reply), each.cached) for score in result.scores for each in score.verdicts]
    why = not_passed((result.task_id, result.trial), result) if result.value != 1 else None
    return [getattr(result, name) for name in COUNTED], verdicts, why


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(each, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value there; `...`: without it."""
    if not path:
        return new
    value = copy.deepcopy(value)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    if new is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return value


def test_whatever_is_in_a_result_is_told_alike(folder: Path) -> None:
    path = RunPaths(folder).episode(1, 0).result
    record = json.loads(path.read_text())
    damaged = 0
    draw = random.Random(3)
    for place in places(record):
        for new in (..., *draw.sample(ODD, 9)):
            if place or new is not ...:
                path.write_text(json.dumps(changed(record, place, new)))
                careful, at_once = told(folder)
                assert at_once == careful, f"{place} is {new!r}"
                damaged += isinstance(careful, str) or bool(careful[1])
    # The test would say nothing if all were taken, or nothing was.
    assert damaged > 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        "{}".encode("utf-16"),
        b'{"format":1,"format":99}',
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b"[" * 100_000,
    ],
)
def test_what_is_no_result_is_told_alike(content: bytes, folder: Path) -> None:
    RunPaths(folder).episode(1, 0).result.write_bytes(content)
    careful, at_once = told(folder)
    assert at_once == careful


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (b'"t"', b'"\x01"'),
        (b'"t"', b'"\xff"'),
        (b'"t"', rb'"\ud800"'),
        (b'"t"', rb'"\uD83D\uDE00"'),
        (b'"t"', rb'"\u0041\u0000"'),
        (b'"seen"', rb'"\u0076erbatim"'),
        (b'"wall_s": 10.0', b'"wall_s": NaN'),
        (b'"wall_s": 10.0', b'"wall_s": Infinity'),
        (b'"wall_s": 10.0', b'"wall_s": 1e999'),
        (b'"wall_s": 10.0', b'"wall_s": 010'),
        (b'"wall_s": 10.0', b'"wall_s": 1, "wall_s": 2'),
        (b'"steps": 3', b'"steps": 1' + b"0" * 5000),
        (b'"format": 1', b'"format": 2'),
        (b'"format": 1', b'"format": true'),
        (b'"format": 1', b'"later": {"key": [1]}, "format": 1'),
        (b'"seen": [', b'"seen": [' + b"[" * 160 + b"]" * 160 + b", "),
        (b'"seen": [', b'"seen": [' + b"[], " * 160),
        (b"}\n}", b"}\n} x"),
    ],
)
def test_odd_json_is_told_alike(text: bytes, new: bytes, folder: Path) -> None:
    path = RunPaths(folder).episode(1, 0).result
    data = path.read_bytes() if text in path.read_bytes() else path.read_bytes().rstrip()
    assert text in data
    path.write_bytes(data.replace(text, new, 1))
    careful, at_once = told(folder)
    assert at_once == careful


def test_a_result_of_format_0_is_told_alike(folder: Path) -> None:
    path = RunPaths(folder).episode(1, 0).result
    record = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in record.items() if key not in ("format", "finished_at")}))
    careful, at_once = told(folder)
    assert at_once == careful
    assert len(careful[0]) == 2


def test_what_is_no_file_holds_nobody_up(folder: Path) -> None:
    paths = RunPaths(folder)
    paths.episode(1, 0).result.unlink()
    os.mkfifo(paths.episode(1, 0).result)
    paths.episode(2, 0).result.unlink()
    paths.episode(2, 0).result.mkdir()
    careful, at_once = told(folder)
    assert at_once == careful == ({}, [], None)


def test_earlier_attempts_and_interrupted_ones_cost_what_they_have(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(task_ids=(1, 2)), ())
    for result in (make_result(1, None, cost_usd=0.25), make_result(1, cost_usd=0.5)):
        run.begin(1, 0)
        run.put(result)
    run.begin(2, 0)
    run.close()
    careful, at_once = told(run.path)
    assert at_once == careful
    assert careful[2] == 0.75


def test_a_long_result_is_read_whole(tmp_path: Path) -> None:
    long = make_result(1, answer="a" * 200_000)
    exact = make_result(2)
    folder = write_run(tmp_path, make_manifest(task_ids=(1, 2)), [long, exact])
    path = RunPaths(folder).episode(2, 0).result
    path.write_bytes(path.read_bytes().ljust(1 << 16))
    found = quick.read_run(folder).results
    assert found[1, 0].answer == "a" * 200_000
    assert found[2, 0] == exact


def test_results_are_those_that_were_there_when_they_were_read(folder: Path) -> None:
    found = quick.read_run(folder).results
    RunPaths(folder).episode(1, 0).result.unlink()
    assert found[1, 0] == whole_result()
    assert sorted(found) == [(1, 0), (2, 0)]


def test_templates_are_of_the_tasks_that_have_one(tmp_path: Path) -> None:
    tasks = (make_task(1, 7), make_task(2))
    folder = write_run(tmp_path, make_manifest(task_ids=(1, 2)), tasks=tasks)
    manifest = reading.read_manifest(folder)
    assert quick.read_templates(folder, manifest) == {1: 7}
    assert quick.read_templates(folder, manifest.model_copy(update={"tasks_sha256": ""})) == {}
    RunPaths(folder).tasks.write_text("{}\n")
    with pytest.raises(DamagedRecord, match="has changed since the run began"):
        quick.read_templates(folder, manifest)
