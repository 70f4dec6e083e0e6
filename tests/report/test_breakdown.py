"""The statistics of a run folder, in every form that a report has."""

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.conftest import Invoke
from tests.log.records import make_manifest, make_result, make_task, write_run
from webarena_runner.cli.results import print_statistics
from webarena_runner.export.leaderboard import row_of
from webarena_runner.log.paths import RunPaths
from webarena_runner.report.markdown import as_markdown
from webarena_runner.report.statistics import success_interval
from webarena_runner.report.summary import load_run
from webarena_runner.types import Failure

# Two templates of three tasks whose tasks do alike, and two tasks without a template, one of which cannot be done.
TASKS = (
    *(make_task(number, 10, kinds=("string_match", "url_match")) for number in (1, 2, 3)),
    *(make_task(number, 20, kinds=("program_html",)) for number in (4, 5, 6)),
    make_task(7, kinds=("string_match",)),
    make_task(8, kinds=("impossible",)),
)
IDS = tuple(int(task.task_id) for task in TASKS)
PASSED = {1, 2, 3, 7}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two trials a task, alike within a template; in the second one task 7 errors and 8 is not run."""
    planned = tuple((task_id, trial) for trial in (0, 1) for task_id in IDS)
    sites = {str(task_id): "shopping" if task_id < 4 else "reddit" for task_id in IDS}
    results = [
        make_result(
            task_id,
            None if (task_id, trial) == (7, 1) else float(task_id in PASSED),
            trial=trial,
            cost_usd=0.5,
            steps=task_id,
        )
        for task_id, trial in planned
        if (task_id, trial) != (8, 1)
    ]
    return write_run(tmp_path, make_manifest(task_ids=IDS, planned=planned, task_sites=sites), results, TASKS)


def test_rates_are_by_what_the_tasks_are(folder: Path) -> None:
    found = load_run(folder).statistics
    assert found.overall is not None
    assert (found.overall.passed, found.overall.planned, found.overall.tasks, found.overall.templates) == (7, 16, 8, 4)
    assert found.scored is not None
    assert (found.scored.passed, found.scored.planned) == (7, 14)
    assert {name: rate.passed for name, rate in found.by_site.items()} == {"shopping": 6, "reddit": 1}
    assert {name: (rate.passed, rate.planned) for name, rate in found.by_evaluator.items()} == {
        "program_html": (0, 6),
        "string_match": (1, 4),
        "string_match+url_match": (6, 6),
    }
    assert found.unachievable is not None
    assert (found.unachievable.passed, found.unachievable.planned) == (0, 2)
    assert found.achievable is not None
    assert (found.achievable.passed, found.achievable.planned) == (7, 14)
    assert {trial: rate.passed for trial, rate in found.by_trial.items()} == {0: 4, 1: 3}
    assert found.template_average is not None
    assert found.template_average.value == pytest.approx((1 + 0 + 0.5 + 0) / 4)
    assert found.pass_at[2].value == pytest.approx(4 / 8)
    assert found.pass_hat[2].value == pytest.approx(3 / 8)


def test_what_episodes_took_is_by_task_and_by_pass(folder: Path) -> None:
    spent = load_run(folder).statistics.spent
    steps = 2 * sum(IDS) - 8
    assert (spent["steps"].total, spent["steps"].per_pass) == (steps, steps / 7)
    assert (spent["cost_usd"].mean, spent["cost_usd"].per_pass) == (0.5, pytest.approx(15 * 0.5 / 7))
    assert spent["wall_s"].median == 10


def test_every_form_has_the_same_interval(folder: Path, invoke: Invoke) -> None:
    report = load_run(folder)
    assert report.interval is not None
    shown = f"{100 * report.interval[0]:.1f} to {100 * report.interval[1]:.1f}"
    plain = success_interval(7 / 2, 8)
    assert report.interval[1] - report.interval[0] > plain[1] - plain[0]
    table = invoke("report", str(folder)).out
    assert f"7 of 16 planned = 43.8 % (95 % interval {shown} by 4 templates of 8 tasks, clustered SE " in table
    assert "7 of 14 scored = 50.0 % (95 % interval " in table
    assert f"(95 % interval {shown} by 4 templates of 8 tasks" in as_markdown(report)
    assert row_of(report)["CI"] == f"{100 * report.interval[0]:.2f}-{100 * report.interval[1]:.2f}"
    printed = json.loads(invoke("report", str(folder), "--json").out)
    assert (printed["interval"]["low"], printed["interval"]["high"]) == report.interval
    assert printed["statistics"]["overall"]["low"] == report.interval[0]
    assert printed["statistics"]["pass_hat_k"]["2"]["value"] == pytest.approx(3 / 8)


def test_the_long_part_is_shown_when_it_is_asked_for(folder: Path, invoke: Invoke) -> None:
    short, table, markdown = (
        invoke("report", str(folder), *more).out for more in ((), ("--stats",), ("--stats", "--format", "markdown"))
    )
    assert "by evaluator" not in short
    for part in ("by evaluator", "not achievable", "over templates", "pass@2", "per pass", "design effect"):
        assert part in table
    assert r"| string\_match+url\_match | 6 | 6 |" in markdown
    assert r"| pass^2 | 37.5 |" in markdown
    assert "the tasks come from only 4 templates: the interval is narrower than 95 % should be" in table


def test_the_long_part_fits_a_narrow_terminal(folder: Path) -> None:
    drawn = io.StringIO()
    print_statistics(load_run(folder), Console(file=drawn, width=80))
    lines = drawn.getvalue().splitlines()
    # Notes are sentences, which a terminal may break anywhere.
    assert [line for line in lines if len(line) > 80 and "  " in line] == []
    assert any(line.startswith("string_match+url_match") and line.count(" to ") == 1 for line in lines)
    assert "…" not in drawn.getvalue()


def test_tasks_that_were_changed_are_told_and_count_as_independent(folder: Path, invoke: Invoke) -> None:
    RunPaths(folder).tasks.write_text("{}\n")
    report = load_run(folder)
    assert report.interval == pytest.approx(success_interval(7 / 2, 8))
    for form in ((), ("--format", "markdown")):
        shown = invoke("report", str(folder), *form).out
        assert "has changed since the run began" in shown.replace("\\", "")
        assert "The interval takes the tasks for independent of each other" in shown
    assert report.statistics.by_evaluator == {}
    assert "no rates by evaluator" in report.statistics.notes[0]


def test_markdown_has_the_notes_of_the_table(tmp_path: Path) -> None:
    failure = Failure(error_class="model", message="m", traceback="", may_retry=False, cause="reply limit")
    results = [make_result(1, cut_replies=3, thought_replies=2), make_result(2, None, failure=failure)]
    text = as_markdown(load_run(write_run(tmp_path, make_manifest(task_set_modified=True), results)))
    assert "errors because the model gave no answer: reply limit 1" in text
    assert "3 replies were cut at their limit" in text
    assert "2 replies hold thoughts" in text
    assert "the task file is not the official one: do not compare with WebArena numbers" in text


@pytest.mark.parametrize("errored", [False, True])
def test_a_run_without_a_score_has_statistics(tmp_path: Path, errored: bool, invoke: Invoke) -> None:
    results = [make_result(task_id, None) for task_id in (1, 2, 3) if errored]
    folder = write_run(tmp_path, make_manifest(), results, TASKS[:3])
    found = load_run(folder).statistics
    assert found.overall is not None
    assert found.overall.interval == pytest.approx(success_interval(0, 3))
    assert found.scored is None
    shown = invoke("report", str(folder), "--stats").out
    assert "0 of 3 planned = 0.0 % (95 % interval 0.0 to 56.1 by 1 template of 3 tasks)" in shown
    assert ("what it took" in shown) == errored


def test_a_run_that_planned_nothing_has_no_rate(tmp_path: Path, invoke: Invoke) -> None:
    folder = write_run(tmp_path, make_manifest(task_ids=()))
    report = load_run(folder)
    assert (report.interval, report.statistics.overall, report.statistics.pass_at) == (None, None, {})
    assert row_of(report)["CI"] == ""
    assert invoke("report", str(folder), "--stats").code == 0
    assert json.loads(invoke("report", str(folder), "--json").out)["interval"] is None


def test_the_row_of_a_leaderboard_has_the_interval(folder: Path, tmp_path: Path, invoke: Invoke) -> None:
    path = tmp_path / "leaderboard.csv"
    invoke("report", str(folder), "--csv", str(path))
    (row,) = csv.DictReader(io.StringIO(path.read_text()))
    low, high = load_run(folder).interval or (0, 0)
    assert row["CI"] == f"{100 * low:.2f}-{100 * high:.2f}"
