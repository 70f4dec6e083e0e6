"""Whatever form task files have on disk, they are task sets by their path."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasksets.records import record
from webarena_runner.errors import ConfigError, TaskFileError
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets import content, load_task_set

Records = list[dict[str, Any]]


def _as_list(folder: Path, records: Records) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(records))
    return path


def _as_lines(folder: Path, records: Records) -> Path:
    path = folder / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n\n")
    return path


def _as_lines_by_another_name(folder: Path, records: Records) -> Path:
    return _as_lines(folder, records).rename(folder / "mine.json")


def _as_packed_list(folder: Path, records: Records) -> Path:
    path = folder / "mine.json.gz"
    path.write_bytes(gzip.compress(json.dumps(records).encode()))
    return path


def _as_packed_lines(folder: Path, records: Records) -> Path:
    path = folder / "mine.jsonl.gz"
    path.write_bytes(gzip.compress(_as_lines(folder, records).read_bytes()))
    return path


def _as_folder(folder: Path, records: Records) -> Path:
    path = folder / "mine"
    path.mkdir()
    for each in records:
        (path / f"{each['task_id']}.json").write_text(json.dumps(each))
    (path / "test.raw.json").write_text(json.dumps(records))
    (path / "readme.md").write_text("not a task")
    return path


FORMS: list[Callable[[Path, Records], Path]] = [
    *(_as_list, _as_lines, _as_lines_by_another_name, _as_packed_list, _as_packed_lines, _as_folder)
]


@pytest.mark.parametrize("write", FORMS)
def test_the_same_tasks_in_every_form(
    write: Callable[[Path, Records], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, [record(2), record(10), record(3)])
    monkeypatch.chdir(tmp_path)
    for name in (str(path), path.name):
        task_set = load_task_set(name)
        tasks = task_set.load()
        assert (task_set.name, tasks.name, tasks.unusable) == ("mine", "mine", ())
        in_order = [2, 3, 10] if path.is_dir() else [2, 10, 3]
        assert [task.task_id for task in tasks.tasks] == in_order
        assert {task.raw["intent"] for task in tasks.tasks} == {"How many orders?"}


def test_one_record_is_a_task_file(shared: Path) -> None:
    tasks = load_task_set(str(shared / "cases" / "tasks-single-record.json")).load()
    assert [task.task_id for task in tasks.tasks] == [0]


def test_a_packed_file_has_the_checksum_of_what_is_in_it(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "test.raw.json.gz"
    path.write_bytes(gzip.compress((shared / "data" / "webarena" / "test.raw.json").read_bytes(), compresslevel=1))
    assert load_task_set(str(path)).load().sha256 == WEBARENA.sha256


def test_the_checksum_of_a_folder_is_of_its_tasks(tmp_path: Path) -> None:
    path = _as_folder(tmp_path, [record(1), record(2)])
    before = load_task_set(str(path)).load().sha256
    (path / "notes.txt").write_text("no task")
    assert load_task_set(str(path)).load().sha256 == before
    (path / "2.json").write_text(json.dumps(record(2, intent="Another")))
    assert load_task_set(str(path)).load().sha256 != before


def test_faults_name_the_file_or_the_line(tmp_path: Path) -> None:
    folder = _as_folder(tmp_path, [record(1), record(2, intent="")])
    assert "mine/2.json (task 2): intent" in load_task_set(str(folder)).load().unusable[0].faults[0]
    lines = _as_lines(tmp_path, [record(1), record(2, intent="")])
    assert "mine.jsonl, line 2 (task 2): intent" in load_task_set(str(lines)).load().unusable[0].faults[0]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("empty.jsonl", b"\n\n", "empty.jsonl: expected a JSON list of at least one task record"),
        ("bad.jsonl", b'{"task_id": 1}\n[\n', "bad.jsonl, line 2, column 2: not JSON"),
        ("cut.json.gz", gzip.compress(b"[1, 2, 3]", mtime=0)[:-6], "broken gzip data"),
        ("bomb.json.gz", gzip.compress(b" " * 20_000, mtime=0), "larger than 0 MiB"),
        ("large.json", b" " * 20_000, "larger than 0 MiB"),
    ],
)
def test_what_holds_no_tasks_is_told(
    name: str, data: bytes, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MAX_BYTES", 10_000)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TaskFileError, match=told):
        load_task_set(str(tmp_path / name)).load()


def test_folders_without_tasks_are_told(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(TaskFileError, match="none: expected a folder of ID.json"):
        load_task_set(str(tmp_path / "none")).load()
    _as_list(tmp_path, [record(1)])
    with pytest.raises(TaskFileError, match=r"it holds lists of tasks \(mine.json\): name one"):
        load_task_set(str(tmp_path)).load()


@pytest.mark.parametrize("name", ["~nobody-of-that-name/tasks.json", "x" * 5000, "nul\0", "webarenaa"])
def test_names_of_nothing_are_told(name: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown task set|home directory"):
        load_task_set(name)
