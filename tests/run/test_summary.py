"""Counting a run, and its row in the leaderboard CSV."""

import csv
import io
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.run.conftest import MakeManifest, MakeResult
from webarena_runner.cli.results import print_report
from webarena_runner.errors import ConfigError
from webarena_runner.export.leaderboard import COLUMNS, LeaderboardCsv, row_of
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.markdown import as_markdown
from webarena_runner.report.statistics import success_interval
from webarena_runner.report.summary import Counts, RunReport
from webarena_runner.report.threshold import read_threshold
from webarena_runner.running.plan import caution, scope
from webarena_runner.settings.records import SitesSpec
from webarena_runner.types import EpisodeResult, Failure, RunManifest, Score, Verdict

NOT = "it is not WebArena"


def report_of(manifest: RunManifest, *results: EpisodeResult, folder: Path | None = None) -> RunReport:
    return RunReport(
        folder or Path("results", manifest.run_id),
        manifest,
        {(result.task_id, result.trial): result for result in results},
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_errors_and_missing_episodes_stay_in_the_denominator(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    report = report_of(make_manifest(task_ids=(1, 2, 3, 4)), make_result(1), make_result(2, 0.0), make_result(3, None))
    assert report.total == Counts(planned=4, passed=1, failed=1, errored=1)
    assert report.total.missing == 1
    assert report.total.success_rate == 0.25


def test_sites_add_up_to_the_total(make_manifest: MakeManifest, make_result: MakeResult) -> None:
    report = report_of(make_manifest(), make_result(1), make_result(2), make_result(3, 0.0))
    assert report.by_site["shopping"] == Counts(planned=2, passed=1, failed=1, errored=0)
    assert report.by_site["reddit"] == Counts(planned=1, passed=1, failed=0, errored=0)


def test_wall_time_leaves_out_the_pause_before_a_resume(make_manifest: MakeManifest, make_result: MakeResult) -> None:
    report = report_of(make_manifest(), make_result(1), make_result(2, start_s=5), make_result(3, start_s=1000))
    assert report.wall_s == pytest.approx(25.0)


def test_cached_tokens_are_a_share_of_the_prompt(make_manifest: MakeManifest, make_result: MakeResult) -> None:
    cached = make_result(1, prompt_tokens=900, cached_tokens=600)
    report = report_of(make_manifest(), cached, make_result(2, prompt_tokens=100))
    assert report.cached_share == pytest.approx(0.6)
    assert report_of(make_manifest(), make_result(1)).cached_share is None


def test_the_table_says_what_the_run_cost_and_what_was_cached(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    console = Console(file=io.StringIO(), record=True, width=160)
    cached = make_result(1, prompt_tokens=1000, cached_tokens=630)
    print_report(replace(report_of(make_manifest(), cached), cost_usd=1.5), console)
    assert "1005 tokens, 10 s, $1.5000; prefix cache hits: 63 % of prompt tokens" in console.export_text()


def test_the_table_counts_replies_that_say_nothing_or_not_all_and_verdicts_from_before(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    verdict = Verdict(kind="fuzzy", reference="two", reply="correct", score=1.0, judge="j", cached=False)
    verdicts = (verdict, verdict.model_copy(update={"cached": True}))
    judged = make_result(1, scores=(Score(evaluator="string_match", value=1.0, verdicts=verdicts),), cut_replies=3)
    failure = Failure(error_class="model", message="m", traceback="", may_retry=False, cause="reply limit")
    report = report_of(make_manifest(), judged, make_result(2, None, failure=failure))
    console = Console(file=io.StringIO(), record=True, width=160)
    print_report(report, console)
    shown = console.export_text()
    assert "errors because the model gave no answer: reply limit 1\n" in shown
    assert "3 replies were cut at their limit" in shown
    assert "1 of 2 verdicts of the judge were kept from the same question asked before" in shown
    summary = report.summary()
    assert (summary["cut_replies"], summary["unanswered"]) == (3, {"reply limit": 1})
    assert summary["judge_verdicts"] == {"all": 2, "kept": 1}


@pytest.mark.parametrize(("cost_usd", "shown"), [(None, ""), (0.0, "0.0000"), (12.34567, "12.3457")])
def test_the_row_has_the_cost_when_there_are_prices(
    make_manifest: MakeManifest, cost_usd: float | None, shown: str
) -> None:
    report = replace(report_of(make_manifest()), cost_usd=cost_usd)
    assert row_of(report)["Cost (USD)"] == shown


def test_trials_of_a_task_are_no_further_tasks_to_the_interval(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    ids = (1, 2, 3, 4, 5)
    planned = tuple((task_id, trial) for trial in range(3) for task_id in ids)
    results = [make_result(task_id, float(task_id < 3), trial=trial) for task_id, trial in planned]
    config = {"settings": {"trials": 3, "seed": 0}, "model": None, "tasks": {"expression": "all"}}
    report = report_of(make_manifest(task_ids=ids, planned=planned, config=config), *results)
    assert report.interval == pytest.approx(success_interval(2, 5))
    console = Console(file=io.StringIO(), record=True, width=160)
    print_report(report, console)
    assert (
        "6 of 15 planned = 40.0 % (95 % interval 11.8 to 76.9 by 5 tasks, clustered SE 21.9)" in console.export_text()
    )
    assert row_of(report)["CI"] == "11.76-76.93"
    interval = report.as_json()["interval"]
    assert (interval["low"], interval["high"]) == pytest.approx((0.1176, 0.7693), abs=1e-4)
    assert (interval["level"], interval["tasks"], interval["templates"]) == (0.95, 5, 5)


def test_the_table_comes_after_all_that_failed_with_the_reason(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    ids = tuple(range(1, 11))
    why = Score(evaluator="string_match", value=0, explanation="'bye' is\nnot 'hello'")
    failed = make_result(2, 0.0, scores=(why,))
    errors = [make_result(number, None) for number in range(3, 10)]
    drawn = io.StringIO()
    console = Console(file=drawn, width=160)
    print_report(report_of(make_manifest(task_ids=ids), make_result(1), failed, *errors), console)
    lines = drawn.getvalue().splitlines()
    assert lines[1:9] == [
        "failed task 2 trial 0: string_match: 'bye' is not 'hello'",
        *(f"errored task {number} trial 0: site: connection refused" for number in range(3, 10)),
    ]
    assert lines[9].startswith("sites")
    assert "task 10" not in drawn.getvalue()


def _run_of(
    prompt: str = "cot", sha256: str = "p" * 64, action_set: str = "id", trials: int = 1, seed: int = 0
) -> dict[str, Any]:
    settings = {"prompt": prompt, "actions": {"action_set": action_set}, "trials": trials, "seed": seed}
    config = {"settings": settings, "model": {"name": "m"}, "tasks": {"expression": "all"}}
    return {"config": config, "prompt_sha256": sha256}


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"agent": "planner"}, "Agent"),
        (_run_of(prompt="direct"), "Prompt"),
        (_run_of(sha256="q" * 64), "Prompt"),
        (_run_of(action_set="playwright"), "Action Set"),
        (_run_of(trials=3), "Trials"),
        (_run_of(seed=1), "Seed"),
        ({"started_at": datetime(2026, 2, 1, tzinfo=UTC)}, "Started"),
        ({"config_sha256": "d"}, "Config"),
        ({"profile_overrides": ("limits.max_steps=5",)}, "Profile"),
        ({"judge": "j"}, "Judge"),
    ],
)
def test_runs_that_differ_have_rows_that_differ(
    make_manifest: MakeManifest, changes: dict[str, Any], column: str
) -> None:
    first, second = (row_of(report_of(make_manifest(**_run_of() | more))) for more in ({}, changes))
    assert [name for name in COLUMNS if first[name] != second[name]] == [column]


def test_judges_of_one_name_that_are_other_ones_have_rows_that_differ(make_manifest: MakeManifest) -> None:
    specs = [{"name": "j", "options": {"base_url": f"http://127.0.0.1:{port}/v1"}} for port in (1, 2)]
    first, second = (row_of(report_of(make_manifest(judge="j", judge_model=spec))) for spec in specs)
    assert [name for name in COLUMNS if first[name] != second[name]] == ["Judge"]
    assert re.fullmatch(r"j \(sha256 [0-9a-f]{12}\)", first["Judge"])


def test_the_row_says_which_part_of_the_tasks_was_chosen(make_manifest: MakeManifest) -> None:
    tasks = {"expression": "all", "limit": 10, "shard": [1, 4]}
    config = {"settings": {"trials": 1}, "model": {"name": "m"}, "tasks": tasks}
    report = report_of(make_manifest(config=config, caution="", expected_count=812))
    assert row_of(report)["Note"].split("; ")[0] == "subset: all, the first 10, shard 1 of 4"


def test_the_row_says_by_which_prompt(make_manifest: MakeManifest) -> None:
    row = row_of(report_of(make_manifest(**_run_of())))
    assert (row["Prompt"], row["Action Set"]) == ("cot (sha256 pppppppppppp)", "id")
    assert (row["Trials"], row["Seed"], row["Started"]) == ("1", "0", "2026-01-01T00:00:00Z")
    assert row_of(report_of(make_manifest()))["Prompt"] == ""


OLD_HEAD = (
    "Release Date,Open?,Model Size (billion),Model,Success Rate (%),Result Source,Work,Traj,Note,Run ID,Task Set,"
    "Profile,N Planned,N Passed,N Errored,Judge,Steps,Tokens,Cost (USD),Wall Time (s)"
)
OLD_ROW = ',,,m,50.00,webarena-runner 0.1.0,,results/old,"subset: 1,2",old,webarena,webarena,2,1,0,,6,30,,20.0'


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rows_of_an_earlier_version_stay_and_are_empty_in_new_columns(
    tmp_path: Path, make_manifest: MakeManifest, mark: str
) -> None:
    path = tmp_path / "leaderboard.csv"
    path.write_text(f"{mark}{OLD_HEAD}\n{OLD_ROW}\n", encoding="utf-8")
    LeaderboardCsv(path).add(report_of(make_manifest()))
    old, new = rows_of(path)
    assert tuple(old) == COLUMNS
    assert {name: old[name] for name in OLD_HEAD.split(",")} == next(csv.DictReader([OLD_HEAD, OLD_ROW]))
    assert (old["Agent"], old["CI"], new["Agent"]) == ("", "", "oracle")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name;value\na;1\n", "has neither 'Run ID' nor 'Model' as a column"),
        (f"{OLD_HEAD}\n{OLD_ROW},too,many\n", "no row can be added to this file"),
        ("\x00\x01\xff", "no row can be added to this file"),
    ],
)
def test_a_file_that_is_no_leaderboard_is_refused_before_the_run_and_stays(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "leaderboard.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=told):
        LeaderboardCsv.build(ExportSetup("", tmp_path, {}))
    assert path.read_text(encoding="latin-1") == text


def test_an_empty_file_becomes_a_leaderboard(tmp_path: Path, make_manifest: MakeManifest) -> None:
    path = tmp_path / "leaderboard.csv"
    path.write_text("")
    LeaderboardCsv.build(ExportSetup(str(path), tmp_path, {})).add(report_of(make_manifest()))
    assert len(rows_of(path)) == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("50%", ""),
        ("66.6 %", ""),
        ("67%", "2 of 3 planned passed, 66.7 %: under --fail-under 67%"),
        ("2", ""),
        ("3", "2 of 3 planned passed, 66.7 %: under --fail-under 3"),
        ("100%", "2 of 3 planned passed, 66.7 %: under --fail-under 100%"),
        ("0", ""),
    ],
)
def test_too_little_passed_is_told(text: str, fault: str) -> None:
    assert read_threshold(text).fault(Counts(planned=3, passed=2, failed=0, errored=1)) == fault


def test_a_share_is_counted_exactly() -> None:
    assert read_threshold("29%").fault(Counts(planned=100, passed=29, failed=71, errored=0)) == ""


@pytest.mark.parametrize("text", ["90 percent", "0.9", "101%", "-1", "", "nan%", "%"])
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--fail-under .*expected a share such as 90%"):
        read_threshold(text)


def test_a_threshold_above_what_is_planned_is_refused() -> None:
    read_threshold("3").require_possible(3)
    with pytest.raises(ConfigError, match="only 3 episodes are planned"):
        read_threshold("4").require_possible(3)


def test_markdown_lists_what_did_not_pass_and_takes_no_markup_from_texts(
    make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    failed = make_result(
        2, 0.0, scores=(Score(evaluator="string_match", value=0, explanation="a|b\n<img src=x> @all"),)
    )
    text = as_markdown(report_of(make_manifest(task_ids=(1, 2, 3, 4)), make_result(1), failed, make_result(3, None)))
    assert text.splitlines()[0] == "### oracle on mini: 1 of 4 passed"
    assert "| **all** | 4 | 1 | 1 | 1 | 1 | 25.0 % |" in text.splitlines()
    assert r"| 2 | 0 | failed | string\_match: a\|b \<img src=x\> \@all |" in text.splitlines()
    assert "| 3 | 0 | errored | site: connection refused |" in text.splitlines()
    assert "| 4 | 0 | not run |  |" in text.splitlines()
    assert "mini is not WebArena" in text


def test_the_row_has_the_official_columns_first_and_says_what_it_is_not(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    path = tmp_path / "leaderboard.csv"
    LeaderboardCsv(path).add(report_of(make_manifest(), make_result(1), make_result(2), make_result(3, None)))
    (row,) = rows_of(path)
    assert tuple(row) == COLUMNS
    assert row["Success Rate (%)"] == "66.67"
    assert (row["N Planned"], row["N Passed"], row["N Errored"]) == ("3", "2", "1")
    assert row["Note"] == "mini: not WebArena; reference actions, no model; 1 errored"


@pytest.mark.parametrize(
    ("loaded", "sites", "note"),
    [
        (LoadedTasks("webarena", (), "", "", official=True, expected_count=812), "static", "subset: all"),
        (LoadedTasks("webarena", (), "", "", official=True, expected_count=3), "static", ""),
        (LoadedTasks("webarena", (), "", "", official=True), "embedded", "webarena on embedded sites: not WebArena"),
        (LoadedTasks("mini", (), "", "", served_by="embedded", caution=NOT), "embedded", "mini: not WebArena"),
        (LoadedTasks("mini", (), "", "", served_by="embedded", caution=NOT), "static", "mini: not WebArena"),
        (LoadedTasks("own", (), "", "", caution=NOT), "static", "own: not WebArena"),
    ],
)
def test_only_the_official_tasks_on_sites_that_are_not_ours_are_webarena(
    make_manifest: MakeManifest, make_result: MakeResult, loaded: LoadedTasks, sites: str, note: str
) -> None:
    config = {"settings": {"trials": 1}, "model": {"name": "m"}, "tasks": {"expression": "all"}}
    where = SitesSpec(provider=sites)
    said = {"scope": scope(loaded, where), "caution": caution(loaded, where), "expected_count": loaded.expected_count}
    report = report_of(make_manifest(config=config, **said), *(make_result(each) for each in (1, 2, 3)))
    assert row_of(report)["Note"].split("; ")[0] == note
    console = Console(record=True, file=io.StringIO(), width=200)
    print_report(report, console)
    assert ("is not WebArena" in console.export_text()) == ("not WebArena" in note)


def test_a_resumed_run_replaces_its_row_and_foreign_columns_stay(
    tmp_path: Path, make_manifest: MakeManifest, make_result: MakeResult
) -> None:
    path = tmp_path / "leaderboard.csv"
    LeaderboardCsv(path).add(report_of(make_manifest("other")))
    LeaderboardCsv(path).add(report_of(make_manifest()))
    path.write_text(path.read_text().replace("Wall Time (s)\n", "Wall Time (s),Mine\n").replace(",0.0\n", ",0.0,x\n"))
    LeaderboardCsv(path).add(report_of(make_manifest(), make_result(1), make_result(2), make_result(3)))
    rows = rows_of(path)
    assert [row["Run ID"] for row in rows] == ["other", "r1"]
    assert rows[1]["Success Rate (%)"] == "100.00"
    assert [row["Mine"] for row in rows] == ["x", ""]


def _write(manifest: RunManifest, path: Path) -> None:
    LeaderboardCsv(path).add(report_of(manifest))


def test_runs_that_finish_together_each_get_a_row(tmp_path: Path, make_manifest: MakeManifest) -> None:
    path = tmp_path / "leaderboard.csv"
    manifests = [make_manifest(f"r{number}") for number in range(8)]
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(_write, manifests, [path] * len(manifests)))
    assert sorted(row["Run ID"] for row in rows_of(path)) == [manifest.run_id for manifest in manifests]
