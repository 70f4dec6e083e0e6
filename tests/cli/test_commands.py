"""What the commands print."""

import json
import re
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Invoke, own_task
from tests.tasksets.records import program_html, record, write
from webarena_runner.running.run import prepare
from webarena_runner.settings.loading import CliOptions, load_run_config

REMOTE = "{base_url: http://models.invalid/v1}"


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
    record = json.loads(invoke("tasks", "show", "7", "--task-set", str(own_tasks), "--json").out)
    assert (record["task_id"], record["raw"]["storage_state"]) == (7, "./.auth/reddit_state.json")


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
    assert done.out.startswith("would not start\n")
    assert re.search("sites missing +reddit 2", done.out)
    assert "error: would not start: " in done.err
    assert "export REDDIT=" in done.err


@pytest.mark.parametrize(
    ("model", "options", "told"),
    [
        ("options: {base_url: http://models.invalid/v1, tokeniser: estimate}", (), "did you mean tokenizer"),
        ("options: {base_url: http://models.invalid/v1, api_key_env: NO_SUCH_KEY}", (), "NO_SUCH_KEY with the API key"),
        ("options: {base_url: http://127.0.0.1:9/v1}", (), "model 'mine': no server at http://127.0.0.1:9/v1"),
        ("options: {}", (), "model 'mine': needs a server"),
        (
            f"options: {REMOTE}",
            ("--prompt", "none"),
            "none: no such file in configs/prompts",
        ),
        (
            f"options: {REMOTE}",
            ("--prompt", "cot_playwright"),
            "describes the action set 'playwright', and this run has 'id'",
        ),
        (
            f"options: {REMOTE}",
            ("--judge", "gpt-4o", "--tasks", "mini"),
            "model 'gpt-4o': the environment variable OPENAI_API_KEY",
        ),
        (
            f"options: {REMOTE}",
            ("-o", "browser.executable=/nonexistent/chromium"),
            "browser.executable is /nonexistent/chromium",
        ),
        (
            f"options: {REMOTE}",
            ("-o", "exporters=[leaderboard=/tmp]"),
            "leaderboard=/tmp: is a folder",
        ),
        (
            f"options: {REMOTE}",
            ("--out", "/proc/nowhere"),
            "give a writable folder with --out",
        ),
    ],
)
def test_a_dry_run_finds_what_a_start_would(
    invoke: Invoke, workdir: Path, monkeypatch: pytest.MonkeyPatch, model: str, options: tuple[str, ...], told: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (workdir / "mine.yaml").write_text(f"backend: openai_chat\nmodel: m\n{model}\n")
    tasks = () if "--tasks" in options else ("--tasks", "smoke")
    done = invoke("--model", "./mine.yaml", *tasks, *options, "--json", "--dry-run")
    assert done.code == 2
    plan = json.loads(done.out)
    assert (plan["would_start"], len(plan["faults"])) == (False, 1)
    assert told in plan["faults"][0]
    assert told in done.err
    assert not Path("results").exists()


def test_a_dry_run_for_programs_has_the_plan(invoke: Invoke, own_tasks: Path) -> None:
    done = invoke("--model", "oracle", "--task-set", str(own_tasks), "--sites", "embedded", "--dry-run", "--json")
    assert done.code == 0, done
    plan = json.loads(done.out)
    assert (plan["would_start"], plan["faults"], plan["tasks"], plan["episodes"]) == (True, [], [7, 8], 2)
    assert plan["by_evaluator"] == {"string_match": 2}
    assert plan["config"]["settings"]["agent"] == "oracle"
    assert plan["workers"] == {"start": 1, "most": 1, "bound_by": ""}


def test_a_dry_run_tells_programs_all_that_bounds_a_run(invoke: Invoke, own_tasks: Path) -> None:
    run = ("--model", "oracle", "--task-set", str(own_tasks), "--sites", "embedded")
    done = invoke(*run, "--max-time", "90s", "--fail-fast", "3", "--workers", "auto", "--dry-run", "--json")
    plan = json.loads(done.out)
    assert (plan["max_time_s"], plan["fail_fast"], plan["max_cost_per_episode_usd"]) == (90.0, 3, None)
    assert plan["workers"] == {"start": 2, "most": 2, "bound_by": "episodes"}


@pytest.mark.browser
def test_sites_status_fails_when_a_site_is_down(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WA_MAP", "http://127.0.0.1:9")
    done = invoke("sites", "status", "--limit", "5")
    assert done.code == 1
    assert "http://127.0.0.1:9" in done.out
    asked = invoke("sites", "status", "--limit", "5", "--json")
    assert asked.code == 1
    (site,) = json.loads(asked.out)
    assert (site["site"], site["url"], site["ok"]) == ("map", "http://127.0.0.1:9", False)
    assert site["checks"][0]["remedy"].startswith("publish it on another port than 9")


def test_sites_status_without_sites_says_how_to_set_them(workdir: Path, invoke: Invoke) -> None:
    done = invoke("sites", "status")
    assert done.code == 2
    assert "SHOPPING_ADMIN" in done.err
    Path("empty.yaml").write_text("")
    assert "--sites ./empty.yaml names none" in invoke("sites", "status", "--sites", "./empty.yaml").err


@pytest.mark.browser
def test_doctor_passes_where_the_tests_run(invoke: Invoke) -> None:
    done = invoke("doctor")
    assert done.code == 0, done
    assert "starts" in done.out
    assert "wa-run tasks fetch webarena" in done.out
    assert not Path("results").exists()


def test_doctor_fails_when_results_cannot_be_written(invoke: Invoke, workdir: Path) -> None:
    done = invoke("doctor", "--out", "/proc/nowhere/results", "--json")
    assert done.code == 1
    found = json.loads(done.out)
    assert not found["ok"]
    (check,) = (check for check in found["checks"] if check["level"] == "fail")
    assert (check["check"], check["remedy"]) == ("results folder", "give a writable folder with --out")


@pytest.mark.browser
def test_browser_install_names_the_browser_that_is_there(invoke: Invoke) -> None:
    done = invoke("browser", "install")
    assert done.code == 0
    assert Path(done.out.split(" (")[0]).is_file()


def _cases(shared: Path, name: str) -> str:
    return str(shared / "cases" / f"tasks-{name}.json")


def test_tasks_check_says_all_that_is_wrong_with_a_file(invoke: Invoke, shared: Path, own_tasks: Path) -> None:
    done = invoke("tasks", "check", _cases(shared, "one-bad-record"))
    assert done.code == 2
    assert "2 of 4 records can be run" in done.out
    assert "(task 1): eval.reference_answers.must_include: expected a list, found 'rosa'" in done.out
    assert "(task 3): eval.program_html[0].required_contents.fuzzy_match: no rule" in done.out
    assert invoke("tasks", "check", str(own_tasks)) == Done(0, f"{own_tasks}: 2 of 2 records can be run\n", "")


def test_tasks_check_says_what_is_not_done_and_which_hosts_are_written_out(invoke: Invoke, shared: Path) -> None:
    done = invoke("tasks", "check", _cases(shared, "keys-that-change-the-task"), "--json")
    found = json.loads(done.out)
    assert (done.code, found["records"], found["faults"]) == (0, 4, [])
    assert found["changed_by"] == {"image": [0], "policies": [1]}
    other = json.loads(invoke("tasks", "check", _cases(shared, "filled-other-host"), "--json").out)
    host = "shop.another-host.example:7770"
    assert (other["begin_at"], other["check_at"]) == ({host: [0, 1]}, {host: [1]})


DRY = ("--model", "always-na", "--dry-run", "--task-set")
EMBEDDED = ("--sites", "embedded", *DRY)


def test_a_start_at_a_host_that_is_no_site_of_the_tasks_is_refused(
    invoke: Invoke, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = invoke(*EMBEDDED, _cases(shared, "filled-other-host"))
    assert done.code == 2
    assert (
        "2 of 2 tasks name hosts that are no site of theirs: they begin at shop.another-host.example:7770 (2 tasks)"
        in done.err
    )
    assert "and check shop.another-host.example:7770 (1 tasks)" in done.err
    # There they are, where the site is served at that address.
    monkeypatch.setenv("SHOPPING", "http://shop.another-host.example:7770")
    served = invoke(
        *("--model", "always-na", "--sites", "static", "--dry-run", "--task-set"), _cases(shared, "filled-other-host")
    )
    assert (served.code, "no site of theirs" in served.out) == (0, False)


def test_a_task_that_needs_a_judge_is_said_so_before_the_start(invoke: Invoke, shared: Path) -> None:
    assert invoke("tasks", "check", _cases(shared, "judge")).code == 0
    done = invoke(*EMBEDDED, _cases(shared, "judge"))
    assert "need a judge      1 (there is none: pass --judge)" in done.out


def test_every_recorded_task_file_is_tried_by_some_test(shared: Path) -> None:
    """Here, and in tests/tasksets: a file that comes in is to be tried too."""
    assert {path.name.removeprefix("tasks-").removesuffix(".json") for path in (shared / "cases").glob("tasks-*")} == {
        *("filled-other-host", "judge", "keys-that-change-the-task", "no-template-id", "one-bad-record"),
        "single-record",
    }


def test_a_check_of_a_host_that_is_no_site_is_said_before_the_start(invoke: Invoke, workdir: Path) -> None:
    task = own_task(1, expected="x", said="x")
    task["eval"] |= {
        "eval_types": ["url_match"],
        "reference_url": "http://elsewhere.example/x",
        "url_note": "GOLD in PRED",
    }
    (workdir / "elsewhere.json").write_text(json.dumps([task, own_task(2, expected="x", said="x")]))
    done = invoke(*EMBEDDED, "elsewhere.json")
    assert done.code == 0
    assert "1 of 2 tasks name hosts that are no site of theirs: they check elsewhere.example (1 tasks)" in done.out


def test_wishes_of_tasks_that_nobody_grants_are_said_before_the_start(
    invoke: Invoke, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [own_task(1, expected="x", said="x") | {"require_reset": True}, own_task(2, expected="x", said="x")]
    (workdir / "wishes.json").write_text(json.dumps([tasks[0], tasks[1] | {"depends_on": [1]}]))
    fresh = invoke(*EMBEDDED, "wishes.json")
    assert "1 of 2 tasks ask for others to be run before them (depends_on); nothing waits for these" in fresh.out
    assert "require_reset" not in fresh.out
    monkeypatch.setenv("REDDIT", "http://127.0.0.1:9")
    static = invoke(*DRY, "wishes.json", "--sites", "static")
    assert "1 of 2 tasks ask for sites that were reset (require_reset), and get what --reset says" in static.out


def test_keys_that_change_a_task_are_refused_unless_they_are_ignored(invoke: Invoke, shared: Path) -> None:
    cases = _cases(shared, "keys-that-change-the-task")
    refused = invoke(*EMBEDDED, cases)
    assert refused.code == 2
    assert "policies: rules that the task is scored by too" in refused.err
    assert "image:" not in refused.err, "an agent that looks at nothing goes without nothing"
    blind = invoke("--model", "gpt-4o", "-o", "model.images=none", *EMBEDDED[:2], *DRY[2:], cases)
    assert "image: pictures that belong to the intent" in blind.err
    assert invoke(*EMBEDDED, cases, "--tasks", "2,3").code == 0
    done = invoke(*EMBEDDED, cases, "--ignore-keys", "image,policies")
    assert done.code == 0
    assert "played without what keys of their records ask for: image, policies" in done.out


def test_what_tasks_were_played_without_is_in_the_manifest(shared: Path, tmp_path: Path) -> None:
    cases = _cases(shared, "keys-that-change-the-task")
    options = CliOptions(
        model="always-na", task_set=cases, tasks="0,3", ignore_keys=("image",), sites="embedded", served_by=None
    )
    config, _ = load_run_config(options, {})
    manifest = prepare(config, out=tmp_path).manifest
    assert manifest.config["tasks"]["ignore_keys"] == ["image"]
    assert manifest.scope.endswith("without image")
    assert "ask for: image" in manifest.caution


def test_ctrl_c_where_nothing_is_to_be_finished_is_no_traceback(invoke: Invoke) -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        done = invoke("tasks", "list", "--task-set", "mini", "--json")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert done.code == 130
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("order", "on_one", "on_two"), [("official", 4, 2), ("free", 3, 2)])
def test_a_plan_says_how_many_tasks_that_change_a_site_wait_for_each_other(
    invoke: Invoke, tmp_path: Path, order: str, on_one: int, on_two: int
) -> None:
    """reddit, reddit and gitlab, gitlab, gitlab: in this order one after another."""
    asked = [("reddit",), ("reddit", "gitlab"), ("gitlab",), ("gitlab",)]
    changing = [
        record(number, sites=sites, start_url=f"__{sites[0].upper()}__", storage_state=None, eval=program_html())
        for number, sites in enumerate(asked, 1)
    ]
    task_set = str(write(tmp_path / "own.json", changing))
    for number, in_a_row in ((1, on_one), (2, on_two)):
        copies = [{"urls": {site: f"http://{site}{n}" for site in ("reddit", "gitlab")}} for n in range(number)]
        options = ("--order", order, "-o", f"sites.options.instances={json.dumps(copies)}", "--dry-run", "--json")
        done = invoke("--model", "always-na", "--task-set", task_set, "--sites", "static", *options)
        plan = json.loads(done.out)
        assert plan["side_by_side"] == {"copies": {"reddit": number, "gitlab": number}, "in_a_row": in_a_row}
        assert plan["config"]["settings"]["order"] == order
