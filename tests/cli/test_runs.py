"""Whole runs from the command line: the oracle on the embedded forum, in a real browser."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Invoke, own_task, start

pytestmark = pytest.mark.browser
LIMIT_S = 90
WITHOUT_A_LOOK = ("--skip-doctor", "-o", "outages.replays=0")


def leaderboard() -> list[dict[str, str]]:
    with Path("results/leaderboard.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_run_leaves_a_table_a_folder_and_a_row(invoke: Invoke, own_tasks: Path) -> None:
    done = invoke("--model", "oracle", "--task-set", str(own_tasks), "--sites", "embedded", "--run-id", "first")
    assert done.code == 0, done
    assert re.search(r"^all +2 +1 +1 +0 +0 +50.0 %$", done.out, re.MULTILINE)
    assert "task 7 trial 0: passed" in done.err
    assert "task 8 trial 0: failed" in done.err
    (row,) = leaderboard()
    assert (row["Run ID"], row["N Planned"], row["N Passed"], row["N Errored"]) == ("first", "2", "1", "0")
    assert json.loads(Path("results/first/manifest.json").read_text())["profile_overrides"] == []
    for episode in Path("results/first/episodes").iterdir():
        steps = (episode / "steps.jsonl").read_text().count("\n")
        shots = [episode / f"step-{index:03d}.jpeg" for index in range(steps)]
        assert steps == 2
        assert all(shot.read_bytes().startswith(b"\xff\xd8") for shot in shots)

    assert invoke("report", "first").out.splitlines()[:4] == done.out.splitlines()[:4]

    again = invoke("--model", "oracle", "--task-set", str(own_tasks), "--sites", "embedded", "--run-id", "first")
    assert again.code == 2
    assert "wa-run resume" in again.err

    resumed = invoke("resume", "results/first", "--json", "--fail-under", "100%")
    assert resumed.code == 1
    assert "1 of 2 planned passed, 50.0 %: under --fail-under 100%" in resumed.err
    assert "task 7" not in resumed.err
    outcome = json.loads(resumed.out)
    assert (outcome["run_id"], outcome["exit_code"], outcome["interrupted"]) == ("first", 1, False)
    assert (outcome["total"]["passed"], outcome["total"]["planned"]) == (1, 2)
    assert [(each["task_id"], each["became"]) for each in outcome["not_passed"]] == [(8, "failed")]
    assert [line.partition(":")[0] for line in outcome["exported"]] == ["leaderboard"]
    assert invoke("report", "first", "--check").code == 0
    assert invoke("report", "first", "--fail-under", "1", "--format", "markdown").out.startswith("### oracle on own: 1")
    assert invoke("report", "first", "--check", "--fail-under", "51%").code == 1
    assert len(leaderboard()) == 1


def test_a_run_with_errors_exits_1(invoke: Invoke, own_tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT", "http://127.0.0.1:9")
    once = ("-o", "limits.retries=0", *WITHOUT_A_LOOK)
    done = invoke("--model", "oracle", "--task-set", str(own_tasks), "--tasks", "7", *once)
    assert done.code == 1, done
    assert re.search(r"^all +1 +0 +0 +1 +0 +0.0 %$", done.out, re.MULTILINE)
    assert "errored (site: " in done.err
    (run,) = (path for path in Path("results").iterdir() if path.is_dir())
    assert (invoke("report", str(run)).code, invoke("report", str(run), "--check").code) == (0, 1)


@pytest.mark.long
@pytest.mark.parametrize(
    ("moment", "sent"),
    [("6 to run", [signal.SIGTERM]), ("passed", [signal.SIGINT, signal.SIGINT])],
    ids=["as episodes begin", "Ctrl-C that comes twice"],
)
def test_a_signal_to_the_whole_group_ends_a_run_cleanly_and_it_can_be_resumed(
    moment: str, sent: list[signal.Signals], workdir: Path
) -> None:
    tasks = workdir / "many.json"
    tasks.write_text(json.dumps([own_task(number, expected="a", said="a", scrolls=1) for number in range(6)]))
    run = start(
        *("--model", "oracle", "--task-set", str(tasks), "--sites", "embedded", "--workers", "2", "--run-id", "cut"),
        start_new_session=True,
    )
    assert run.stderr is not None
    assert any(moment in line for line in run.stderr)
    for each in sent:
        # As terminals, `timeout` and CI runners send it: to the driver and to Chromium's parents too.
        os.killpg(run.pid, each)
        time.sleep(0.02)
    out, err = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 130, err
    assert err.splitlines()[-1] == "interrupted; go on with: wa-run resume results/cut"
    assert not re.search("Traceback|never retrieved|errored|WARNING|ERROR", err)
    (missing,) = re.findall(r"^all +6 +(\d+) +0 +0 +(\d+) ", out, re.MULTILINE)
    assert int(missing[1]) >= 1
    if moment == "6 to run":
        return

    rest = start("resume", "results/cut")
    out, err = rest.communicate(timeout=LIMIT_S)
    assert rest.returncode == 0, err
    assert re.search(r"^all +6 +6 +0 +0 +0 +100.0 %$", out, re.MULTILINE)
    assert err.count(": passed") == int(missing[1])


def test_sites_serve_prints_urls_that_answer_until_ctrl_c(workdir: Path) -> None:
    serving = start("sites", "serve", "--sites", "reddit", stderr=subprocess.DEVNULL)
    assert serving.stdout is not None
    name, _, url = serving.stdout.readline().strip().removeprefix("export ").partition("=")
    assert name == "REDDIT"
    assert httpx.get(url, trust_env=False).status_code == 200
    serving.send_signal(signal.SIGINT)
    serving.communicate(timeout=LIMIT_S)
    assert serving.returncode == 0
