"""What the commands print."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke


def test_tasks_list_for_people_and_for_programs(invoke: Invoke, own_tasks: Path) -> None:
    shown = invoke("tasks", "list", "--task-set", str(own_tasks), "--tasks", "8").out
    assert "Say hello" in shown
    assert "string_match" in shown
    assert shown.splitlines()[-1] == "1 tasks"
    (task,) = json.loads(invoke("tasks", "list", "--task-set", str(own_tasks), "--tasks", "8", "--json").out)
    assert task == {
        "task_id": 8,
        "task_set": "own",
        "sites": ["reddit"],
        "login_sites": ["reddit"],
        "start_urls": ["__REDDIT__"],
        "template_id": 1,
        "evaluators": ["string_match"],
        "writes": False,
        "judge": False,
        "reset_before": False,
        "depends_on": [],
        "images": [],
        "intent": "Say hello",
    }


def test_tasks_show_has_both_views(invoke: Invoke, own_tasks: Path) -> None:
    shown = invoke("tasks", "show", "7", "--task-set", str(own_tasks)).out
    assert "typed view" in shown
    assert '"storage_state": "./.auth/reddit_state.json"' in shown


def test_the_official_file_is_fetched_and_listed(invoke: Invoke, shared: Path) -> None:
    done = invoke("tasks", "fetch", "webarena", "--from", str(shared / "data" / "webarena" / "test.raw.json"))
    assert done.code == 0
    assert done.out.strip().endswith("test.raw.json")
    found = json.loads(invoke("tasks", "list", "--tasks", "site:gitlab & eval:program_html", "--json").out)
    assert len(found) == 134
    assert {"gitlab"} <= set(found[0]["sites"])


def test_a_dry_run_prints_the_plan_and_writes_nothing(invoke: Invoke, own_tasks: Path) -> None:
    done = invoke(
        *("--model", "oracle", "--task-set", str(own_tasks), "--sites", "embedded"),
        *("--trials", "3", "--max-steps", "5", "--dry-run"),
    )
    assert done.code == 0
    plan = dict(line.split(maxsplit=1) for line in done.out.splitlines() if line and not line.startswith(" "))
    assert plan["model"].strip() == "none"
    assert "limits.max_steps=5" in plan["profile"]
    assert "6 episodes, 30 steps" in done.out
    assert "reddit 2" in done.out
    words = ("--model", "oracle", "--task-set", str(own_tasks), "--sites", "embedded", "--trials", "3")
    assert invoke("run", *words, "--max-steps", "5", "--dry-run").out == done.out
    assert not Path("results").exists()


def test_a_dry_run_names_what_would_keep_the_run_from_starting(invoke: Invoke, own_tasks: Path) -> None:
    done = invoke("--model", "oracle", "--task-set", str(own_tasks), "--dry-run")
    assert done.code == 2
    assert re.search("sites missing +reddit 2", done.out)
    assert "export REDDIT=" in done.err


def test_sites_status_fails_when_a_site_is_down(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WA_MAP", "http://127.0.0.1:9")
    done = invoke("sites", "status", "--limit", "5")
    assert done.code == 1
    assert "http://127.0.0.1:9" in done.out


def test_sites_status_without_sites_says_how_to_set_them(invoke: Invoke) -> None:
    done = invoke("sites", "status")
    assert done.code == 2
    assert "SHOPPING_ADMIN" in done.err


@pytest.mark.browser
def test_doctor_passes_where_the_tests_run(invoke: Invoke) -> None:
    done = invoke("doctor")
    assert done.code == 0, done
    assert "starts" in done.out
    assert "wa-run tasks fetch webarena" in done.out
    assert not Path("results").exists()


def test_doctor_fails_when_results_cannot_be_written(invoke: Invoke, workdir: Path) -> None:
    done = invoke("doctor", "--out", "/proc/nowhere/results")
    assert done.code == 1
    assert "give a writable folder with --out" in done.out


@pytest.mark.browser
def test_browser_install_names_the_browser_that_is_there(invoke: Invoke) -> None:
    done = invoke("browser", "install")
    assert done.code == 0
    assert Path(done.out.split(" (")[0]).is_file()
