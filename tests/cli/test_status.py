"""How a run stands, told from outside while it goes on, when it has been killed, and after."""

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import pytest

from tests.cli.conftest import Done, Invoke, own_task, start
from tests.cli.test_stop_and_resume import LIMIT_S, STOP, serving
from tests.log.records import make_manifest, make_result, write_run
from tests.models.fake_openai import HANG, Server
from webarena_runner.log.status import STALE_S, read_status, standing, write_status
from webarena_runner.log.writing import RunFolder
from webarena_runner.running.status import ending
from webarena_runner.types import RunStatus

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
# No process has this number, which Linux does not give.
GONE = 2**22 + 1


@pytest.fixture
def arguments(workdir: Path) -> Callable[[Server], list[str]]:
    tasks = workdir / "tasks.json"
    tasks.write_text(json.dumps([own_task(number, expected="hello", said="hello") for number in range(3)]))

    def of(server: Server) -> list[str]:
        model = [
            "--model",
            "openai-compatible",
            "-o",
            f"model.options.base_url={server.base_url}",
            "--prompt",
            "direct",
        ]
        model += ["-o", "model.options.probe=false"]
        return [*model, "--task-set", str(tasks), "--sites", "embedded", "--run-id", "r", "--out", "results"]

    return of


def until(invoke: Invoke, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The status as soon as it is so."""
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit:
        if Path("results/r/status.json").exists():
            found: dict[str, Any] = json.loads(invoke("status", "r", "--json").out)
            if holds(found):
                return found
        time.sleep(0.05)
    raise AssertionError(f"not within {LIMIT_S} s")


def ended(process: "Popen[str]") -> None:
    process.communicate(timeout=LIMIT_S)


@pytest.mark.browser
@pytest.mark.long
def test_a_run_says_what_it_does_and_whoever_reads_it_sees_that_it_was_killed(
    invoke: Invoke, arguments: Callable[[Server], list[str]]
) -> None:
    with serving(Server()) as server:
        server.replies.extend([STOP, HANG])
        process = start(*arguments(server))
        try:
            found = until(invoke, lambda said: said["done"] == 1 and bool(said["under_way"]))
            assert (found["state"], found["passed"], found["left"], found["total"]) == ("running", 1, 2, 3)
            assert (found["pid"], found["tokens"], found["cost_usd"]) == (process.pid, 35, None)
            (episode,) = found["under_way"]
            assert (episode["task_id"], episode["steps"]) == (1, 0)
            assert "task 0 trial 0: passed" in found["last_event"]
            shown = invoke("status", "r")
            assert f"r: running, process {process.pid} on " in shown.out
            assert "1/3 done: 1 passed, 0 failed, 0 errored; 2 left" in shown.out
            assert "worker 0: task 1 trial 0 attempt 1, step 0" in shown.out
            process.kill()
        finally:
            ended(process)
    killed = invoke("status", "results/r")
    assert killed.code == 0
    assert f"r: interrupted: process {process.pid} has ended without a word" in killed.out
    assert "go on with: wa-run resume results/r" in killed.out


@pytest.mark.browser
@pytest.mark.long
def test_what_a_killed_run_left_in_its_folder_for_temporary_files_is_cleared_by_the_next(
    invoke: Invoke, arguments: Callable[[Server], list[str]], tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environ = {**os.environ, "TMPDIR": str(temporary)}
    with serving(Server()) as server:
        server.replies.append(HANG)
        process = start(*arguments(server), env=environ)
        try:
            until(invoke, lambda said: bool(said["under_way"] and server.chats))
            # A driver that only loses its run would clear up.
            process.send_signal(signal.SIGSTOP)
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
        finally:
            ended(process)
        (left,) = (path for path in (temporary / f"wa-run-{os.getuid()}").iterdir() if path.is_dir())
        assert any(left.glob("playwright*"))
        server.replies.extend([STOP] * 3)
        resumed = start("resume", "r", env=environ)
        ended(resumed)
    assert resumed.returncode == 0
    assert [path.name for path in (temporary / f"wa-run-{os.getuid()}").iterdir()] == [".lock"]


@pytest.mark.browser
@pytest.mark.long
def test_a_signal_a_budget_and_the_end_are_told_apart(invoke: Invoke, arguments: Callable[[Server], list[str]]) -> None:
    def state() -> tuple[str, str, int]:
        said = json.loads(invoke("status", "r", "--json").out)
        return said["state"], said["why"], said["left"]

    with serving(Server()) as server:
        server.replies.append(HANG)
        process = start(*arguments(server))
        try:
            until(invoke, lambda said: bool(said["under_way"] and server.chats))
            process.terminate()
        finally:
            ended(process)
        assert state() == ("interrupted", "", 3)
        server.replies.append(STOP)
        invoke("resume", "r", "--max-tokens", "1")
        why = "the run has used 35 tokens, and --max-tokens allows 1; to resume it, give a higher --max-tokens"
        assert state() == ("stopped", why, 2)
        server.replies.extend([STOP, STOP])
        resumed: Done = invoke("resume", "r")
        assert resumed.code == 0, resumed
    assert state() == ("finished", "", 0)
    said = read_status(Path("results/r"))
    assert said is not None
    assert (said.passed, said.done, said.tokens) == (3, 3, 105)
    assert not list(Path("results/r").glob(".status*"))

    as_if_killed_before_its_results_were_written(Path("results/r"))
    told = invoke("status", "r").out
    assert f"interrupted: process {GONE} has ended without a word" in told
    assert "go on with: wa-run resume" in told
    assert invoke("resume", "r").code == 0
    assert state() == ("finished", "", 0)
    assert Path("results/leaderboard.csv").read_text().count(",r,") == 1
    assert json.loads(Path("results/r/manifest.json").read_text())["finished_at"]

    Path("results/r/status.json").unlink()
    assert state() == ("finished", "", 0), "a run of an earlier version has its results alone"
    assert json.loads(invoke("status", "r", "--json").out)["tokens"] == 105


def as_if_killed_before_its_results_were_written(run: Path) -> None:
    for name, changes in (("status", {"state": "running", "pid": GONE}), ("manifest", {"finished_at": None})):
        path = run / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    (run.parent / "leaderboard.csv").unlink()


def test_a_run_that_was_killed_before_it_told_of_its_last_results_is_counted_by_them(
    tmp_path: Path, invoke: Invoke, said: Callable[..., RunStatus]
) -> None:
    results = [make_result(1), make_result(2, 0.0), make_result(3, None)]
    run = write_run(tmp_path / "r", make_manifest(task_ids=(1, 2, 3, 4)), results)
    write_status(run, said(total=4, done=1, passed=1, left=3, eta_s=9))
    found = json.loads(invoke("status", str(run), "--json").out)
    counted = {"total": 4, "done": 3, "passed": 1, "failed": 1, "errored": 1, "left": 1, "eta_s": None}
    assert counted.items() <= found.items()
    assert found["state"] == "interrupted"
    with ending(run, "a budget is used up"):
        pass
    ended = read_status(run)
    assert ended is not None
    assert (ended.state, ended.done, ended.left, ended.why) == ("stopped", 3, 1, "a budget is used up")


@pytest.fixture
def said() -> Callable[..., RunStatus]:
    def make(**changes: Any) -> RunStatus:
        import socket

        given = {"run_id": "r", "state": "running", "pid": GONE, "host": socket.gethostname()}
        return RunStatus.model_validate({**given, "started_at": NOW, "heartbeat_at": NOW, **changes})

    return make


def test_what_holds_its_run_and_says_nothing_is_silent(tmp_path: Path, said: Callable[..., RunStatus]) -> None:
    late = NOW + timedelta(seconds=STALE_S + 1)
    folder = RunFolder.create(tmp_path / "r", make_manifest(), [])
    assert standing(folder.path, said(), NOW).state == "running"
    found = standing(folder.path, said(), late)
    assert (found.state, found.why) == ("silent", "no heartbeat for 61 s; it still holds the run")
    folder.close()
    assert standing(folder.path, said(), NOW).state == "interrupted"
    writing_results = said(pid=os.getpid(), started_at=datetime.now(UTC))
    assert standing(folder.path, writing_results, NOW).state == "running"


def test_of_another_machine_only_the_heartbeat_tells(tmp_path: Path, said: Callable[..., RunStatus]) -> None:
    status = said(host="node-17")
    assert standing(tmp_path, status, NOW).state == "running"
    found = standing(tmp_path, status, NOW + timedelta(hours=1))
    assert (found.state, found.why) == ("silent", "no heartbeat for 3600 s; look for process 4194305 on node-17")


def test_a_newer_version_may_say_more_and_what_is_damaged_is_told(
    tmp_path: Path, invoke: Invoke, said: Callable[..., RunStatus]
) -> None:
    folder = RunFolder.create(tmp_path / "r", make_manifest(), [])
    folder.close()
    write_status(folder.path, said(state="stopped", why="enough"))
    path = folder.path / "status.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw | {"temperature_c": 60}))
    assert read_status(folder.path) == said(state="stopped", why="enough")
    path.write_text(json.dumps(raw | {"pid": "none"}))
    done = invoke("status", str(folder.path))
    assert (done.code, "status.json is not a status" in done.err) == (2, True)
