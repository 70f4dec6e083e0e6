"""Recordings copied out of a run folder, whole or damaged, finished or not."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.export.runs import small_run
from webarena_runner.log.har import HarFile
from webarena_runner.log.paths import RunPaths


def entry(url: str, began: str = "2026-01-01T00:00:00.000Z", **request: Any) -> dict[str, Any]:
    asked = {"method": "GET", "url": url, "headers": [], **request}
    return {"startedDateTime": began, "request": asked, "response": {"status": 200, "headers": []}}


def record(folder: Path, task_id: int, *entries: dict[str, Any]) -> Path:
    path = RunPaths(folder).episode(task_id, 0).har
    with HarFile(path) as har:
        for each in entries:
            har.add(each)
    return path


def test_the_logs_of_a_run_are_copied_out_in_order_and_a_cut_one_is_made_whole(invoke: Invoke, workdir: Path) -> None:
    folder = small_run(workdir / "results")
    record(folder, 1, entry("http://a/2", "2026-01-01T00:00:02Z"), entry("http://a/1", "2026-01-01T00:00:01Z"))
    cut = record(folder, 2, entry("http://a/1"), entry("http://a/2"))
    cut.write_bytes(cut.read_bytes()[:-30])
    done = invoke("export", "r1", "--to", "har")
    assert (done.code, done.out) == (0, "har: results/har/r1 (2 of 4 planned episodes)\n")
    logs = {path.name: json.loads(path.read_text()) for path in (workdir / "results" / "har" / "r1").iterdir()}
    urls = {name: [each["request"]["url"] for each in har["log"]["entries"]] for name, har in logs.items()}
    assert urls == {"1.0.har": ["http://a/1", "http://a/2"], "2.0.har": ["http://a/1"]}


def test_a_damaged_log_is_named_and_the_others_are_copied(invoke: Invoke, workdir: Path) -> None:
    folder = small_run(workdir / "results")
    record(folder, 1, entry("http://a/1"))
    record(folder, 2).write_text("{}")
    done = invoke("export", "r1", "--to", "har=logs")
    assert done.code == 0
    assert done.out.startswith("har: logs (1 of 4 planned episodes)\n  left out: ")
    assert [path.name for path in (workdir / "logs").iterdir()] == ["1.0.har"]


def test_traces_are_copied_as_they_are(invoke: Invoke, workdir: Path) -> None:
    folder = small_run(workdir / "results")
    RunPaths(folder).episode(2, 0).trace.write_bytes(b"PK zip")
    assert invoke("export", "r1", "--to", "trace=traces").code == 0
    assert (workdir / "traces" / "2.0.zip").read_bytes() == b"PK zip"


@pytest.mark.parametrize(("name", "option"), [("har", "har"), ("trace", "trace"), ("verified", "har")])
def test_a_run_without_recordings_is_told_how_to_make_them(
    name: str, option: str, invoke: Invoke, workdir: Path
) -> None:
    small_run(workdir / "results")
    done = invoke("export", "r1", "--to", name)
    assert done.code == 2
    assert f"--record {option}" in done.err
    assert not (workdir / "results" / name).exists()


@pytest.mark.parametrize("name", ["har", "trace", "verified"])
def test_a_target_that_is_a_file_is_refused(name: str, invoke: Invoke, workdir: Path) -> None:
    small_run(workdir / "results")
    (workdir / "there").write_text("mine")
    done = invoke("export", "r1", "--to", f"{name}=there")
    assert (done.code, done.out) == (2, "")
    assert f"{name}=there: is a file; expected a folder" in done.err
